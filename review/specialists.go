package review

import (
	"context"
	"slices"

	"sallyport/policy"
)

// RouteFile is a lead's: one output file goes to a specialist in the place of
// one of its two checkers, who keeps the rest of the request. Only while
// neither of them has submitted a review.
func (s *Service) RouteFile(ctx context.Context, a Actor, id RequestID, file FileID, from, to Username, reason string) error {
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	rt, err := s.router(ctx)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewReassign, func(r *Request, c *Change) error {
		if err := requireStatus(r, Submitted, PartiallyReviewed); err != nil {
			return err
		}
		g, f := r.File(file)
		if f == nil || !r.reviews(from, f) {
			return Errorf(NotFound, "There is no such file, or it is not routed to that checker.")
		}
		if err := rt.mayTakeFile(r, f, to); err != nil {
			return err
		}
		for _, name := range []Username{from, to} {
			if seat := r.Seat(name); seat != nil && !seat.Submitted.IsZero() {
				return Errorf(Conflict, "%s has submitted a review of this request already.", name)
			}
		}
		now := slices.Clone(r.CheckersOf(f))
		now[slices.Index(now, from)] = to
		f.Checkers = now
		e := s.fileEvent(a, EvFileRouted, r, g, f)
		e.Detail = map[string]string{"checker": string(to), "instead_of": string(from), "why": reason}
		c.Events = append(c.Events, e)
		if v := f.VoteOf(from); v != nil {
			f.keepPast(*v)
		}
		f.Votes = slices.DeleteFunc(f.Votes, func(v Vote) bool { return v.Checker == from })
		if r.Seat(to) == nil {
			r.Seats = append(r.Seats, Seat{Checker: to, Assigned: s.Now(), Why: reason, Specialist: true})
		}
		r.dropIdleSpecialists()
		return nil
	})
	return err
}

func (rt router) mayTakeFile(r *Request, f *File, to Username) error {
	if slices.Contains(r.CheckersOf(f), to) {
		return Errorf(Conflict, "The file is routed to %s already.", to)
	}
	if why := rt.unfit(r, rt.person(to)); why != "" {
		return Errorf(Invalid, "It cannot be routed to %s, who %s.", to, why)
	}
	return nil
}

// seatFiles fills the second place on files that are routed by themselves and
// have lost a checker: with one of the request's pair who has not submitted a
// review yet, or else with another specialist.
func (s *Service) seatFiles(a Actor, r *Request, candidates []Person) []Event {
	var events []Event
	for g, f := range r.Outputs() {
		if len(f.Checkers) != 1 {
			continue
		}
		name := s.secondFor(r, f, candidates)
		if name == "" {
			continue
		}
		f.Checkers = append(f.Checkers, name)
		if r.Seat(name) == nil {
			r.Seats = append(r.Seats, Seat{Checker: name, Assigned: s.Now(), Why: "in the place of a specialist who left", Specialist: true})
		}
		e := s.fileEvent(a, EvFileRouted, r, g, f)
		e.Detail = map[string]string{"checker": string(name), "why": "in the place of a checker who left"}
		events = append(events, e)
	}
	return events
}

func (s *Service) secondFor(r *Request, f *File, candidates []Person) Username {
	for _, seat := range r.Seats {
		if seat.Submitted.IsZero() && !slices.Contains(f.Checkers, seat.Checker) {
			return seat.Checker
		}
	}
	for _, p := range candidates {
		if r.Seat(p.Username) == nil {
			return p.Username
		}
	}
	return ""
}
