package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"sallyport/policy"
)

// router knows who could review, and how much each has to do.
type router struct {
	people []Person
	open   map[Username]int // reviews not yet handed in
}

// router reads the people and their open work.
func (s *Service) router(ctx context.Context) (router, error) {
	people, err := s.Store.People(ctx)
	if err != nil {
		return router{}, err
	}
	open := map[Username]int{}
	q := RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed}, Limit: 10_000}
	requests, err := s.Store.Requests(ctx, q)
	if err != nil {
		return router{}, err
	}
	for _, r := range requests {
		for _, seat := range r.Seats {
			if seat.Submitted.IsZero() {
				open[seat.Checker]++
			}
		}
	}
	return router{people, open}, nil
}

// eligible are the people who may take a seat on the request, least open work
// first. Equals are ordered by a hash of request and name, so that it is not
// always the same pair, and the order can be recomputed by an auditor.
func (rt router) eligible(r *Request) []Person {
	var out []Person
	for _, p := range rt.people {
		if p.Has(policy.Checker) && !p.Disabled && p.Username != r.Author && !p.In(r.Project) && r.Seat(p.Username) == nil {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Person) int {
		return cmp.Or(
			cmp.Compare(rt.open[a.Username], rt.open[b.Username]),
			cmp.Compare(digestOf(string(r.ID), string(a.Username)), digestOf(string(r.ID), string(b.Username))))
	})
	return out
}

// seat fills the free seats of a submitted request and returns the events. With
// too few eligible checkers a seat stays free, which the status page shows, and
// is filled as soon as somebody is there: see Service.Work.
func (s *Service) seat(a Actor, r *Request, rt router) []Event {
	var events []Event
	candidates := rt.eligible(r)
	for len(r.Seats) < s.Policy.Review.Approvals && len(candidates) > 0 {
		p := candidates[0]
		why := fmt.Sprintf("%d open reviews, the fewest of %d eligible checkers", rt.open[p.Username], len(candidates))
		r.Seats = append(r.Seats, Seat{Checker: p.Username, Assigned: s.Now(), Why: why})
		e := s.event(a, EvRouted, r)
		e.Detail = map[string]string{"checker": string(p.Username), "why": why}
		events = append(events, e)
		candidates = candidates[1:]
	}
	return events
}

// system is the actor of what the service does by itself.
func system() Actor { return Actor{Person: &Person{Username: "system", Name: "Sallyport"}} }

// Route fills free seats of requests that wait for a checker.
func (s *Service) Route(ctx context.Context) error {
	waiting, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed}, Limit: 10_000})
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if len(w.Seats) >= s.Policy.Review.Approvals {
			continue
		}
		rt, err := s.router(ctx)
		if err != nil {
			return err
		}
		_, err = s.Store.Update(ctx, w.ID, func(r *Request) (Change, error) {
			if r.Status != Submitted && r.Status != PartiallyReviewed {
				return Change{}, errNothing
			}
			events := s.seat(system(), r, rt)
			if len(events) == 0 {
				return Change{}, errNothing
			}
			return Change{Events: events}, nil
		})
		if err != nil && !errors.Is(err, errNothing) {
			return err
		}
	}
	return nil
}
