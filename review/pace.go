package review

import (
	"context"
	"time"

	"sallyport/policy"
)

// Pace is how much of a kind of work was done in the last weeks.
type Pace struct {
	Since time.Time
	Days  int // working days from then until now
	Done  int
}

// What a pace is measured over, and how little of it says nothing.
const (
	paceWeeks = 4
	paceLeast = 3
	paceMost  = 2000 // events; so many in four weeks is fast enough
)

// DaysFor is how many working days so much work takes at this pace, rounded up.
// It is not known where fewer than three were done, or no working day has passed.
func (p Pace) DaysFor(n int) (days int, known bool) {
	if p.Done < paceLeast || p.Days <= 0 {
		return 0, false
	}
	return (n*p.Days + p.Done - 1) / p.Done, true
}

// MyPace counts the reviews that the actor handed in during the last four weeks,
// and nobody else's.
func (s *Service) MyPace(ctx context.Context, a Actor) (Pace, error) {
	if err := s.Authorise(ctx, a, policy.QueueView); err != nil {
		return Pace{}, err
	}
	return s.pace(ctx, EventQuery{Actor: a.Username, Types: []EventType{EvReviewSubmitted}})
}

// TeamPace counts the turns that ended during the last four weeks, by a return, a
// rejection or an approval. Reviews handed in are not counted: a lead who holds a
// seat would learn from them that the other review is in.
func (s *Service) TeamPace(ctx context.Context, a Actor) (Pace, error) {
	if err := s.Authorise(ctx, a, policy.QueueAll); err != nil {
		return Pace{}, err
	}
	return s.pace(ctx, EventQuery{Types: []EventType{EvReturned, EvRejected, EvApproved}})
}

func (s *Service) pace(ctx context.Context, q EventQuery) (Pace, error) {
	now := s.Now()
	p := Pace{Since: now.AddDate(0, 0, -7*paceWeeks)}
	q.Since, q.Newest, q.Limit = p.Since, true, paceMost
	list, err := s.Store.Events(ctx, q)
	if err != nil {
		return p, err
	}
	p.Days, p.Done = WorkingDays(s.Policy, p.Since, now), len(list)
	return p, nil
}
