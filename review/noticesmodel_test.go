package review_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"sallyport/policy"
	"sallyport/review"
)

// stand is who held a seat on a request, and in which status it was, up to a
// time.
type stand struct {
	until  time.Time
	status review.Status
	seats  []review.Username
}

func standOf(now time.Time, r *review.Request) stand {
	s := stand{until: now, status: r.Status}
	for _, x := range r.Seats {
		s.seats = append(s.seats, x.Checker)
	}
	return s
}

// noticesStayBlind makes everything that is to be told after a game, with
// everybody asking for all there is, and holds it against what was done: of what
// one checker does in a blind review the other is told nothing, and neither is a
// room in which checkers read. What is told of seats is no part of a review.
func (m *model) noticesStayBlind(rt *rapid.T) {
	m.w.Advance(time.Minute)
	for {
		if did, err := m.w.WorkOnce(m.ctx()); err != nil {
			rt.Fatal(err)
		} else if !did {
			break
		}
	}
	causes := map[time.Time][]review.Event{}
	events, err := m.w.Store.Events(m.ctx(), review.EventQuery{Limit: 100_000})
	if err != nil {
		rt.Fatal(err)
	}
	for _, e := range events {
		causes[e.At] = append(causes[e.At], e)
	}
	notices, err := m.w.Store.Notices(m.ctx(), review.NoticeQuery{Limit: 100_000})
	if err != nil {
		rt.Fatal(err)
	}
	aboutSeats := []review.EventType{
		review.EvRouted, review.EvClaimed, review.EvHandedOver, review.EvReassigned, review.EvSeatVacated, review.EvFileRouted,
		review.EvSubmitted, review.EvResubmitted, review.EvReminded,
	}
	for _, n := range notices {
		if n.Request == "" {
			continue
		}
		if len(causes[n.At]) == 0 {
			rt.Fatalf("a notice of %s tells of nothing that happened", n.Kind)
		}
		seated := n.Person == "" || slices.Contains(m.standAt(n).seats, n.Person)
		if seated && (n.Kind == review.NoticePartiallyReviewed || n.Kind == review.NoticeOverdue) {
			rt.Fatalf("%q, who reviews %s, is told: %s", n.Person, n.Request, n.Kind)
		}
		for _, e := range causes[n.At] {
			blind := e.Request == n.Request && (e.To == review.Submitted || e.To == review.PartiallyReviewed)
			if seated && blind && e.Actor != n.Person && !slices.Contains(aboutSeats, e.Type) {
				rt.Fatalf("%q is told %s by %s of %s, in a blind review", n.Person, n.Kind, e.Type, e.Actor)
			}
			if n.Kind == review.NoticeReminder && review.Username(e.Detail["checker"]) != n.Person {
				rt.Fatalf("%s is told of the reminder of %s", n.Person, e.Detail["checker"])
			}
		}
	}
}

// standAt is how a notice's request stood when what it tells of was done.
func (m *model) standAt(n review.Notice) stand {
	for _, s := range m.stands[n.Request] {
		if !s.until.Before(n.At) {
			return s
		}
	}
	return stand{}
}

// askForAll makes a checker a lead too, and has everybody ask for every notice
// there is, at once.
func (m *model) askForAll() {
	people, err := m.w.Store.People(m.ctx())
	must(m.t, err)
	for i := range people {
		p := &people[i]
		if p.Username == "chen" || p.Username == "carl" {
			p.Roles = append(p.Roles, policy.Lead)
		}
	}
	must(m.t, m.w.Store.SavePeople(m.ctx(), people, nil, review.Event{At: m.w.Now(), Type: review.EvPeopleChanged, Actor: "system"}))
	for _, p := range people {
		a := m.w.As(m.t, p.Username)
		mine, err := m.w.NoticeChoices(m.ctx(), a)
		must(m.t, err)
		c := review.NoticeChoices{When: map[string]review.When{}}
		for _, r := range mine.Rules {
			c.When[r.Key()] = review.AtOnce
		}
		if a.MaySomewhere(policy.NoticesChoose) {
			must(m.t, m.w.ChooseNotices(m.ctx(), a, c))
		}
	}
	m.w.Notify.Channels = []review.NamedChannel{{Name: "room", Channel: new(post)}} // what people are told is kept too
}
