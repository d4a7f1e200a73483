package review

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sallyport/policy"
)

// RecallReport is everything about a recalled release that a person who answers
// for it needs: what left, when, where to, who approved it, who has seen it
// here, and what could be taken back.
type RecallReport struct {
	Made    time.Time
	Request Request  // without what its people wrote but title and purpose
	Release *Release // with Recalled
	Names   map[Username]string
	// Seen are views and downloads of recalled files within the service, oldest
	// first.
	Seen     []Seen
	Timeline []Moment
	// Waiting are the sinks that have not answered yet.
	Waiting []string
	// Withdrawn is when the last sink had taken it back; zero while one has not
	// answered, or when one cannot.
	Withdrawn time.Time
}

// Seen is that a person was shown a recalled file, or downloaded it.
type Seen struct {
	At      time.Time
	By      Username
	Path    string
	Digest  Digest
	What    EventType // EvFileViewed or EvFileDownloaded
	Purpose Purpose
}

// Moment is one point of the timeline.
type Moment struct {
	At    time.Time
	What  EventType // "" for the discovery
	By    Username
	Where string // the sink, if one is concerned
	Words string
}

// RecallReport makes the report on a recalled release. NotFound when nothing of
// the request was recalled.
func (s *Service) RecallReport(ctx context.Context, a Actor, id RequestID) (*RecallReport, error) {
	r, _, err := s.load(ctx, a, id, policy.ReleaseRecall)
	if err != nil {
		return nil, err
	}
	rel, err := s.Store.Release(ctx, id)
	if err == nil && rel.Recalled == nil || KindOf(err) == NotFound {
		return nil, Errorf(NotFound, "Nothing of this request was recalled.")
	}
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	rep := &RecallReport{Made: s.Now(), Request: *r.clone(), Release: rel, Names: names}
	title, purpose := r.Title, r.Purpose
	rep.Request.bare()
	rep.Request.Title, rep.Request.Purpose = title, purpose
	if err := s.seen(ctx, rep); err != nil {
		return nil, err
	}
	rep.timeline()
	return rep, nil
}

// seen lists who opened what was recalled.
func (s *Service) seen(ctx context.Context, rep *RecallReport) error {
	const page = 1000
	q := EventQuery{Request: rep.Request.ID, Types: []EventType{EvFileViewed, EvFileDownloaded}, Limit: page}
	for {
		list, err := s.Store.Events(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range list {
			if rep.Release.Recalled.Covers(e.Path) {
				rep.Seen = append(rep.Seen, Seen{e.At, e.Actor, e.Path, e.Digest, e.Type, e.Purpose})
			}
			q.After = e.Seq
		}
		if len(list) < page {
			return nil
		}
	}
}

// timeline puts what happened in order.
func (rep *RecallReport) timeline() {
	rel := rep.Release
	add := func(m Moment) {
		if !m.At.IsZero() {
			rep.Timeline = append(rep.Timeline, m)
		}
	}
	add(Moment{At: rel.Approved, What: EvApproved, By: rel.By})
	for _, d := range rel.Deliveries {
		add(Moment{At: d.At, What: EvReleased, By: system().Username, Where: d.Sink, Words: d.Location})
	}
	cannot := false
	for _, b := range rel.Recalled.Reports {
		add(Moment{At: b.Discovered, By: b.By, Words: b.Words})
		add(Moment{At: b.At, What: EvRecalled, By: b.By, Words: b.Words})
		answered := map[string]bool{}
		for _, w := range b.Withdrawals {
			m := Moment{At: w.At, What: EvTakenBack, By: system().Username, Where: w.Sink, Words: w.Words}
			if !w.Done {
				m.What, cannot = EvNotTakenBack, true
			}
			add(m)
			answered[w.Sink] = true
			if w.At.After(rep.Withdrawn) {
				rep.Withdrawn = w.At
			}
		}
		for _, n := range b.Notes {
			add(Moment{At: n.At, What: EvRecallNoted, By: n.By, Words: n.Words})
		}
		for _, d := range rel.Deliveries {
			if !answered[d.Sink] && !slices.Contains(rep.Waiting, d.Sink) {
				rep.Waiting = append(rep.Waiting, d.Sink)
			}
		}
	}
	if cannot || len(rep.Waiting) > 0 {
		rep.Withdrawn = time.Time{}
	}
	slices.SortStableFunc(rep.Timeline, func(x, y Moment) int { return cmp.Compare(x.At.UnixNano(), y.At.UnixNano()) })
}

// RecalledRequests says of which requests something was recalled, and since
// when, for marking them in lists that the actor may see anyway.
func (s *Service) RecalledRequests(ctx context.Context, a Actor) (map[RequestID]time.Time, error) {
	if a.Person == nil {
		return nil, Errorf(Unauthenticated, "Sign in first.")
	}
	return s.Store.RecalledRequests(ctx)
}
