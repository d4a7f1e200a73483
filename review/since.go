package review

import (
	"context"
	"time"

	"sallyport/policy"
)

// Since is what happened to a request after somebody last had to do with it.
type Since struct {
	Last time.Time // when they did; zero for never
	// Events are those of others, oldest first, of the kinds that the person may
	// know of while they know of the request: no vote, no comment, and no review
	// of one checker alone.
	Events []Event
}

// VisitStore keeps when people had the page of a request before them, which is no
// part of the record.
type VisitStore interface {
	// Visit keeps that somebody has a request before them now, and returns when
	// they last had it in an earlier sitting; zero when they never had. A sitting
	// ends with a gap longer than sitting. What comes within short of the visit
	// kept is that visit, and writes nothing.
	Visit(ctx context.Context, id RequestID, who Username, now time.Time, short, sitting time.Duration) (before time.Time, err error)
}

const (
	// sameVisit is within what time somebody who looks again is not written down
	// again.
	sameVisit = time.Minute
	// sitting is after what time away somebody comes back: what happened before
	// they went is no longer new to them.
	sitting = 30 * time.Minute
)

// mostSince bounds how far ahead of the last visit events are read.
const mostSince = 500

// Since says what happened to a request since the actor last had it before them:
// since their last sitting with its page, or since they last did anything with it
// that is on record (edited, viewed a file, decided), whichever is later. Asking is
// itself a visit.
func (s *Service) Since(ctx context.Context, a Actor, id RequestID) (*Since, error) {
	_, rel, err := s.load(ctx, a, id, policy.RequestView)
	if err != nil {
		return nil, err
	}
	before, err := s.Store.Visit(ctx, id, a.Username, s.Now(), sameVisit, sitting)
	if err != nil {
		return nil, err
	}
	q := EventQuery{Request: id, Since: before, Types: tellable(rel), Limit: mostSince}
	out := &Since{Last: before}
	mine, err := s.Store.Events(ctx, EventQuery{Request: id, Actor: a.Username, Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(mine) > 0 && mine[0].At.After(before) {
		out.Last, q.After = mine[0].At, mine[0].Seq
	}
	if out.Last.IsZero() {
		return out, nil
	}
	list, err := s.Store.Events(ctx, q)
	for _, e := range list {
		if e.Actor != a.Username {
			out.Events = append(out.Events, e)
		}
	}
	return out, err
}

// tellable are the kinds of event that each side of a request may know of as they
// happen. What a checker does alone is in neither list, but for the count of
// reviews that the status shows to all but the checkers.
func tellable(rel policy.Relation) []EventType {
	both := []EventType{EvReviewed, EvReturned, EvRejected, EvApproved, EvReleased, EvRecalled, EvWithdrawn, EvHeld, EvHoldLifted}
	if rel == policy.Author || rel == policy.Member {
		return append(both, EvSubmitted, EvResubmitted, EvPartiallyReviewed, EvExpiring)
	}
	return append(both, EvSubmitted, EvResubmitted, EvFileAdded, EvFileUpdated, EvFileMoved, EvFileWithdrawn,
		EvGroupEdited, EvRequestEdited, EvAcknowledged, EvExceptionAsked)
}
