package review

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/policy"
)

// Remind puts a reminder on record for each checker whose review is due soon or
// late, once a day at most. The queue shows it, and notices carry it further.
func (s *Service) Remind(ctx context.Context) error {
	open, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed, Reviewed}, Limit: 10_000})
	if err != nil {
		return err
	}
	days := newCalendar(s.Policy)
	for i := range open {
		if !s.remindable(&open[i], days) {
			continue
		}
		_, err := s.update(ctx, open[i].ID, func(r *Request) (Change, error) {
			var c Change
			if !s.remindable(r, days) {
				return c, errNothing
			}
			for j := range r.Seats {
				if seat := &r.Seats[j]; s.forgotten(r, seat) {
					seat.Reminded = s.Now()
					c.Events = append(c.Events, s.routed(system(), r, EvReminded, seat.Checker, "due "+r.Due.Format(time.DateOnly)))
				}
			}
			return c, nil
		})
		if err != nil && !errors.Is(err, errNothing) {
			return err
		}
	}
	return nil
}

func (s *Service) remindable(r *Request, days calendar) bool {
	now := s.Now()
	if r.Phase() == NoReview || !days.IsWorkday(now) || now.Before(days.before(r.Due, s.Policy.Review.RemindDays)) {
		return false
	}
	return slices.ContainsFunc(r.Seats, func(x Seat) bool { return s.forgotten(r, &x) })
}

// forgotten reports whether a checker has something to do and was not reminded
// of it today.
func (s *Service) forgotten(r *Request, seat *Seat) bool {
	waiting := r.Status == Reviewed || seat.Submitted.IsZero()
	return waiting && seat.Reminded.UTC().Format(time.DateOnly) != s.Now().UTC().Format(time.DateOnly)
}

// Board is what a lead sees: all open reviews and everyone's load.
type Board struct {
	Requests []BoardRow // most urgent first
	Checkers []Load     // most open work first
}

// BoardRow is one open request, without what its people wrote.
type BoardRow struct {
	Request    Request
	AuthorName string // the full name, the username of somebody unknown
	Overdue    bool
	Unrouted   bool // a seat, or a file's second place, is free
}

// Load is one checker and what is routed to them.
type Load struct {
	Person  Person // without the password's hash
	Open    int    // reviews not yet submitted
	Overdue int
	Away    bool
	Trained bool // the training is current
}

// Board lists all open reviews and the load of every checker, for a lead. Whoever
// leads the checkers of some projects only sees the reviews of these, and whoever
// may check there or holds a seat on one of them; the number of open reviews is of
// all projects, as the rule of routing counts it.
func (s *Service) Board(ctx context.Context, a Actor) (*Board, error) {
	if err := s.Authorise(ctx, a, policy.QueueAll); err != nil {
		return nil, err
	}
	rt, err := s.router(ctx)
	if err != nil {
		return nil, err
	}
	q := RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed, Reviewed}, Limit: 10_000}
	all, in := a.span(policy.QueueAll)
	if !all {
		if q.Projects = in; len(in) == 0 {
			return &Board{}, nil
		}
	}
	open, err := s.Store.Requests(ctx, q)
	if err != nil {
		return nil, err
	}
	b := &Board{}
	late, names := map[Username]int{}, fullNames(rt.people)
	for i := range open {
		r := open[i]
		row := BoardRow{AuthorName: cmp.Or(names[r.Author], string(r.Author)), Overdue: rt.now.After(r.Due), Unrouted: s.vacant(&r)}
		for _, seat := range r.Seats {
			if row.Overdue && seat.Submitted.IsZero() {
				late[seat.Checker]++
			}
		}
		blind(&r, a, relation(a.Person, &r))
		r.bare()
		row.Request = r
		b.Requests = append(b.Requests, row)
	}
	slices.SortStableFunc(b.Requests, func(x, y BoardRow) int { return x.Request.Due.Compare(y.Request.Due) })
	for _, p := range rt.people {
		if p.Disabled || !all && !checksIn(&p, in, open) || !slices.Contains(policy.Effective(p.AllRoles()), policy.Checker) {
			continue
		}
		p.PasswordHash = ""
		b.Checkers = append(b.Checkers, Load{
			Person: p, Open: rt.open[p.Username], Overdue: late[p.Username], Away: p.Away(rt.now), Trained: p.TrainedUntil.After(rt.now),
		})
	}
	slices.SortStableFunc(b.Checkers, func(x, y Load) int { return cmp.Compare(y.Open, x.Open) })
	return b, nil
}

// Claimable lists submitted requests with a free seat that the actor may take.
func (s *Service) Claimable(ctx context.Context, a Actor) ([]Request, error) {
	if err := s.Authorise(ctx, a, policy.ReviewClaim); err != nil {
		return nil, err
	}
	rt, err := s.router(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed}, Limit: 10_000})
	if err != nil {
		return nil, err
	}
	var out []Request
	for i := range open {
		r := open[i]
		if len(r.pair()) < s.Policy.Review.Approvals && rt.unfit(&r, a.Person) == "" && r.Seat(a.Username) == nil {
			blind(&r, a, policy.Other)
			r.bare()
			out = append(out, r)
		}
	}
	return out, nil
}

// checksIn reports whether the person may check in one of the projects, or holds
// a seat on one of the requests.
func checksIn(p *Person, in []ProjectID, open []Request) bool {
	return slices.ContainsFunc(in, func(id ProjectID) bool { return slices.Contains(p.RolesIn(id), policy.Checker) }) ||
		slices.ContainsFunc(open, func(r Request) bool { return r.Seat(p.Username) != nil })
}
