package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
)

// router knows who could review, and how much each has to do.
type router struct {
	people []Person
	open   map[Username]int // reviews not yet handed in
	now    time.Time
}

// router reads the people and their open work.
func (s *Service) router(ctx context.Context) (router, error) {
	people, err := s.everybody(ctx)
	if err != nil {
		return router{}, err
	}
	open := map[Username]int{}
	q := RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed}, Limit: 10_000}
	requests, err := s.Store.Requests(ctx, q)
	if err != nil {
		return router{}, err
	}
	rt := router{people, open, s.Now()}
	for i := range requests {
		rt.count(&requests[i], 1)
	}
	return rt, nil
}

// count adds, by 1 or -1, a request to what its checkers have still to hand in.
func (rt router) count(r *Request, by int) {
	if r.Phase() != Independent {
		return
	}
	for _, seat := range r.Seats {
		if seat.Submitted.IsZero() {
			rt.open[seat.Checker] += by
		}
	}
}

// person returns somebody by name, or nil.
func (rt router) person(name Username) *Person {
	for i := range rt.people {
		if rt.people[i].Username == name {
			return &rt.people[i]
		}
	}
	return nil
}

// unfit says why a person may not hold a seat on the request, in words that end
// a sentence about them; "" when they may. Whoever holds a seat already and is
// away keeps it, but is given no new one.
func (rt router) unfit(r *Request, p *Person) string {
	switch {
	case p == nil:
		return "is not known"
	case p.Disabled:
		return "can no longer sign in"
	case !slices.Contains(p.RolesIn(r.Project), policy.Checker):
		return "is not an output checker"
	case p.Username == r.Author:
		return "is the author"
	case p.In(r.Project):
		return "belongs to the project"
	case p.Helps(r.Project):
		return "helps the project as its copilot"
	case !p.TrainedUntil.After(rt.now):
		return "has no current training"
	}
	return ""
}

// eligible are the people who may take a new seat on the request, by the rule:
// least open work first; among equals, who has the skills that the request's
// files ask for; then by a hash of request and name, so that it is not always
// the same pair and an auditor can recompute the order.
func (rt router) eligible(r *Request, uses []string) []Person {
	var out []Person
	for i := range rt.people {
		p := &rt.people[i]
		if rt.unfit(r, p) == "" && !p.Away(rt.now) && r.Seat(p.Username) == nil {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b Person) int {
		return cmp.Or(
			cmp.Compare(rt.open[a.Username], rt.open[b.Username]),
			cmp.Compare(skills(&b, uses), skills(&a, uses)),
			cmp.Compare(digestOf(string(r.ID), string(a.Username)), digestOf(string(r.ID), string(b.Username))))
	})
	return out
}

// skills counts the uses that the person is trained for.
func skills(p *Person, uses []string) int {
	n := 0
	for _, u := range uses {
		if slices.Contains(p.Skills, u) {
			n++
		}
	}
	return n
}

// seat fills the free seats of a submitted request and returns the events. With
// too few eligible checkers a seat stays free, which the status page shows, and
// is filled as soon as somebody is there: see Service.Route.
func (s *Service) seat(a Actor, r *Request, rt router) []Event {
	var events []Event
	candidates := rt.eligible(r, s.uses(r))
	for len(r.pair()) < s.Policy.Review.Approvals && len(candidates) > 0 {
		p := candidates[0]
		why := chosenFor(rt.open[p.Username], len(candidates))
		r.Seats = append(r.Seats, Seat{Checker: p.Username, Assigned: s.Now(), Why: why})
		events = append(events, s.routed(a, r, EvRouted, p.Username, why))
		candidates = candidates[1:]
	}
	return append(events, s.seatFiles(a, r, candidates)...)
}

// chosenFor is why somebody with so many open reviews came first of so many who
// could review it.
func chosenFor(open, of int) string {
	if of == 1 {
		return counted(open, "open review") + ", the only eligible checker left"
	}
	return fmt.Sprintf("%s, the fewest of %d eligible checkers", counted(open, "open review"), of)
}

// vacant reports whether the request, or a file of it, lacks a checker.
func (s *Service) vacant(r *Request) bool {
	if len(r.pair()) < s.Policy.Review.Approvals {
		return true
	}
	for _, f := range r.Outputs() {
		if len(f.Checkers) == 1 {
			return true
		}
	}
	return false
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// routed is an event about one checker's seat.
func (s *Service) routed(a Actor, r *Request, t EventType, checker Username, why string) Event {
	e := s.event(a, t, r)
	e.Detail = map[string]string{"checker": string(checker), "why": why}
	return e
}

// uses are the kinds of file that are to leave with the request.
func (s *Service) uses(r *Request) []string {
	seen := map[string]bool{}
	for _, f := range r.Outputs() {
		seen[s.useOf(f.Path)] = true
	}
	var out []string
	for u := range seen {
		out = append(out, u)
	}
	return out
}

// system is the actor of what the service does by itself.
func system() Actor { return Actor{Person: &Person{Username: "system", Name: "Sallyport"}} }

// Route keeps every open request with two checkers who may review it. A checker
// who left, lost the role or joined the project gives the seat back, with their
// unsubmitted votes; free seats are filled by the rule.
func (s *Service) Route(ctx context.Context) error {
	rt, err := s.router(ctx)
	if err != nil {
		return err
	}
	open, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed, Reviewed}, Limit: 10_000})
	if err != nil {
		return err
	}
	for i := range open {
		if !s.mayNeedRouting(&open[i], rt) {
			continue
		}
		routed, err := s.update(ctx, open[i].ID, func(r *Request) (Change, error) {
			var c Change
			if !s.needsRouting(r, rt) {
				return c, errNothing
			}
			s.vacate(system(), r, &c, rt)
			c.Events = append(c.Events, s.seat(system(), r, rt)...)
			if len(c.Events) == 0 {
				return c, errNothing
			}
			r.Updated = s.Now()
			return c, nil
		})
		if errors.Is(err, errNothing) {
			continue
		}
		if err != nil {
			return err
		}
		rt.count(&open[i], -1)
		rt.count(routed, 1)
	}
	return nil
}

// mayNeedRouting decides from a listed request, which has no files: one with a
// specialist is looked at whole.
func (s *Service) mayNeedRouting(r *Request, rt router) bool {
	return s.needsRouting(r, rt) || r.Phase() == Independent && slices.ContainsFunc(r.Seats, func(x Seat) bool { return x.Specialist })
}

func (s *Service) needsRouting(r *Request, rt router) bool {
	if r.Phase() == Independent && s.vacant(r) {
		return true
	}
	return slices.ContainsFunc(r.Seats, func(seat Seat) bool { return s.mustLeave(r, seat, rt) })
}

// mustLeave reports whether a checker may no longer hold the seat. A submitted
// review stands when its checker's role or training ends afterwards; it does
// not when they have come to belong to the project.
func (s *Service) mustLeave(r *Request, seat Seat, rt router) bool {
	p := rt.person(seat.Checker)
	if r.Phase() == NoReview || rt.unfit(r, p) == "" {
		return false
	}
	return seat.Submitted.IsZero() || p != nil && p.partOf(r.Project)
}

// vacate takes their seats from those who may no longer hold them. When a
// submitted review goes with it, the request waits for a new one.
func (s *Service) vacate(a Actor, r *Request, c *Change, rt router) {
	for _, seat := range slices.Clone(r.Seats) {
		if !s.mustLeave(r, seat, rt) {
			continue
		}
		p := rt.person(seat.Checker)
		why := rt.unfit(r, p)
		c.Events = append(c.Events, s.routed(a, r, EvSeatVacated, seat.Checker, why))
		s.unseat(a, r, c, seat.Checker)
	}
}

// unseat takes a checker off the request: the seat, the standing votes and
// answers (each on record), and the files routed to them, which fall back to
// the request's pair. A request whose review is then missing again is open for
// it: SUBMITTED or PARTIALLY_REVIEWED, by what is in.
func (s *Service) unseat(a Actor, r *Request, c *Change, checker Username) {
	for g, f := range r.Outputs() {
		if v := f.VoteOf(checker); v != nil && v.Decision != Undecided {
			e := s.fileEvent(a, EvVoteVoided, r, g, f)
			e.Detail = map[string]string{"checker": string(checker), "was": string(v.Decision), "why": "no longer routed to them"}
			c.Events = append(c.Events, e)
			f.keepPast(*v)
		}
		f.Votes = slices.DeleteFunc(f.Votes, func(v Vote) bool { return v.Checker == checker })
		f.Checkers = slices.DeleteFunc(f.Checkers, func(c Username) bool { return c == checker })
		for i := range f.Exceptions {
			f.Exceptions[i].Answers = withoutAnswer(f.Exceptions[i].Answers, checker)
		}
	}
	for i := range r.Acknowledgements {
		r.Acknowledgements[i].Answers = withoutAnswer(r.Acknowledgements[i].Answers, checker)
	}
	r.Seats = slices.DeleteFunc(r.Seats, func(x Seat) bool { return x.Checker == checker })
	r.dropIdleSpecialists()
	s.reopen(a, r, c)
}

func withoutAnswer(answers []Answer, checker Username) []Answer {
	return slices.DeleteFunc(answers, func(x Answer) bool { return x.Checker == checker })
}

// dropIdleSpecialists removes specialists whom no file names any more.
func (r *Request) dropIdleSpecialists() {
	named := map[Username]bool{}
	for _, f := range r.Outputs() {
		for _, c := range f.Checkers {
			named[c] = true
		}
	}
	r.Seats = slices.DeleteFunc(r.Seats, func(x Seat) bool { return x.Specialist && !named[x.Checker] })
}

// reopen puts the status right after a seat changed hands. It moves only when a
// review that was in no longer counts, because its checker has come to belong
// to the project: the one way back, from REVIEWED to PARTIALLY_REVIEWED and from
// there to SUBMITTED.
func (s *Service) reopen(a Actor, r *Request, c *Change) {
	if r.Phase() == NoReview {
		return
	}
	want := s.reviewStatus(r)
	if want == r.Status {
		return
	}
	e := s.event(a, EvReopened, r)
	r.Status = want
	e.To = want
	c.Events = append(c.Events, e)
}

// reviewStatus is the status that the submitted reviews make.
func (s *Service) reviewStatus(r *Request) Status {
	in := 0
	for _, seat := range r.Seats {
		if !seat.Submitted.IsZero() {
			in++
		}
	}
	switch {
	case in == 0:
		return Submitted
	case in < len(r.Seats) || s.vacant(r):
		return PartiallyReviewed
	default:
		return Reviewed
	}
}

// TookSeat is why a checker who took a free seat has it.
const TookSeat = "took a free seat"

// Claim takes a free seat of a submitted request.
func (s *Service) Claim(ctx context.Context, a Actor, id RequestID) error {
	rt, err := s.router(ctx)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.ReviewClaim, func(r *Request, c *Change) error {
		if r.Phase() != Independent || len(r.pair()) >= s.Policy.Review.Approvals || rt.unfit(r, a.Person) != "" {
			return errNoRequest() // what is not routed to a checker does not exist for them
		}
		r.Seats = append(r.Seats, Seat{Checker: a.Username, Assigned: s.Now(), Why: TookSeat})
		c.Events = append(c.Events, s.routed(a, r, EvClaimed, a.Username, TookSeat))
		return nil
	})
	return err
}

// HandOver gives the actor's seat to another eligible checker, or to whom the
// rule chooses when to is empty. Only before the actor's review is submitted;
// their votes of it are void.
func (s *Service) HandOver(ctx context.Context, a Actor, id RequestID, to Username, reason string) error {
	return s.moveSeat(ctx, a, id, policy.ReviewHandOver, a.Username, to, reason, EvHandedOver)
}

// Reassign is a lead's: it moves a checker's seat to another before their
// review is submitted.
func (s *Service) Reassign(ctx context.Context, a Actor, id RequestID, from, to Username, reason string) error {
	return s.moveSeat(ctx, a, id, policy.ReviewReassign, from, to, reason, EvReassigned)
}

func (s *Service) moveSeat(ctx context.Context, a Actor, id RequestID, action policy.Action, from, to Username, reason string, t EventType) error {
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	rt, err := s.router(ctx)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, action, func(r *Request, c *Change) error {
		if err := requireStatus(r, Submitted, PartiallyReviewed); err != nil {
			return err
		}
		seat := r.Seat(from)
		if seat == nil || seat.Specialist {
			return Errorf(NotFound, "There is no such seat.")
		}
		if !seat.Submitted.IsZero() {
			return Errorf(Conflict, "The review is submitted already, so the seat can no longer change hands.")
		}
		if err := rt.mayTake(r, to); err != nil {
			return err
		}
		e := s.routed(a, r, t, from, reason)
		e.Detail["to"] = string(to)
		c.Events = append(c.Events, e)
		s.unseat(a, r, c, from)
		if to == "" {
			rt.people = slices.DeleteFunc(slices.Clone(rt.people), func(p Person) bool { return p.Username == from })
			c.Events = append(c.Events, s.seat(a, r, rt)...)
			return nil
		}
		r.Seats = append(r.Seats, Seat{Checker: to, Assigned: s.Now(), Why: fmt.Sprintf("from %s: %s", from, reason)})
		c.Events = append(c.Events, s.routed(a, r, EvRouted, to, reason))
		return nil
	})
	return err
}

// mayTake says why a person cannot take a seat on the request; "" is nobody in
// particular.
func (rt router) mayTake(r *Request, to Username) error {
	if to == "" {
		return nil
	}
	p := rt.person(to)
	if why := rt.unfit(r, p); why != "" {
		return Errorf(Invalid, "It cannot be routed to %s, who %s.", to, why)
	}
	if p.Away(rt.now) {
		return Errorf(Invalid, "It cannot be routed to %s, who is away.", to)
	}
	if r.Seat(to) != nil {
		return Errorf(Conflict, "%s reviews this request already.", to)
	}
	return nil
}

func reasonOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", Errorf(Invalid, "Give a reason.").with("reason", "Give a reason.")
	}
	return text, checkLengths(map[string]string{"reason": text}, maxText)
}
