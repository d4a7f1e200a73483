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

// mostSince bounds how far ahead of the last visit events are read.
const mostSince = 500

// Since says what happened to a request since the actor last did anything with
// it that is on record: edited, viewed a file, decided.
func (s *Service) Since(ctx context.Context, a Actor, id RequestID) (*Since, error) {
	_, rel, err := s.load(ctx, a, id, policy.RequestView)
	if err != nil {
		return nil, err
	}
	mine, err := s.Store.Events(ctx, EventQuery{Request: id, Actor: a.Username, Newest: true, Limit: 1})
	if err != nil || len(mine) == 0 {
		return &Since{}, err
	}
	out := &Since{Last: mine[0].At}
	list, err := s.Store.Events(ctx, EventQuery{Request: id, After: mine[0].Seq, Types: tellable(rel), Limit: mostSince})
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
