package review_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func (m *model) recalledStays(rt *rapid.T, r *review.Request) {
	rel, err := m.w.Store.Release(m.ctx(), r.ID)
	if err != nil {
		return
	}
	was, known := m.released[r.ID]
	now := fmt.Sprint(rel.ID, rel.Files, rel.Approved, rel.By)
	if known && was.files != now {
		rt.Fatalf("the release changed from %s to %s", was.files, now)
	}
	reports := 0
	if rel.Recalled != nil {
		reports = len(rel.Recalled.Reports)
	}
	if known && reports < was.reports {
		rt.Fatalf("a recall was undone")
	}
	m.released[r.ID] = left{now, reports}
	if rel.Recalled == nil {
		return
	}
	if r.Status == review.Approved {
		rt.Fatal("a recalled release is on its way")
	}
	for _, b := range rel.Recalled.Reports {
		if len(b.Withdrawals) == 0 {
			return // its job is still to be done
		}
	}
	if m.w.Sink.Delivered[rel.ID] != nil {
		rt.Fatal("a recalled release is out")
	}
}

type left struct {
	files   string
	reports int
}

func (m *model) invariants(rt *rapid.T) {
	active := map[string]int{}
	for _, id := range m.requests {
		r, err := m.w.Store.Request(m.ctx(), id)
		if err != nil {
			rt.Fatal(err)
		}
		if m.seen[id] != r.Version {
			m.seen[id] = r.Version
			m.stands[id] = append(m.stands[id], standOf(m.w.Now(), r))
			m.chain(rt, r)
			m.recalledStays(rt, r)
			m.blindness(rt, r)
		}
		if r.Status.Active() {
			active[string(r.Author)+"/"+string(r.Workspace)]++
		}
		if last := m.last[id]; final(last) && r.Status != last {
			rt.Fatalf("%s after %s", r.Status, last)
		}
		m.last[id] = r.Status
	}
	for who, n := range active {
		if n > 1 {
			rt.Fatalf("%s has %d active requests", who, n)
		}
	}
}

func final(s review.Status) bool {
	return s == review.Released || s == review.Rejected || s == review.Withdrawn
}

func (m *model) chain(rt *rapid.T, r *review.Request) {
	events, err := m.w.Store.Events(m.ctx(), review.EventQuery{Request: r.ID, Limit: 100_000})
	if err != nil {
		rt.Fatal(err)
	}
	arrows := " >PENDING PENDING>SUBMITTED PENDING>WITHDRAWN RETURNED>SUBMITTED RETURNED>WITHDRAWN SUBMITTED>PARTIALLY_REVIEWED SUBMITTED>RETURNED " +
		"PARTIALLY_REVIEWED>REVIEWED PARTIALLY_REVIEWED>RETURNED REVIEWED>APPROVED REVIEWED>RETURNED REVIEWED>REJECTED APPROVED>RELEASED APPROVED>REJECTED " +
		"PARTIALLY_REVIEWED>SUBMITTED REVIEWED>PARTIALLY_REVIEWED " // a checker came to belong to the project
	var at review.Status
	for _, e := range events {
		if e.Type == review.EvDenied {
			continue
		}
		if e.From != at || e.From != e.To && !strings.Contains(arrows, " "+string(e.From)+">"+string(e.To)+" ") {
			rt.Fatalf("%s goes from %s to %s, after %s", e.Type, e.From, e.To, at)
		}
		at = e.To
	}
	if at != r.Status {
		rt.Fatalf("the events end in %s, the request is %s", at, r.Status)
	}
}

func (m *model) blindness(rt *rapid.T, r *review.Request) {
	if r.Phase() != review.Independent || len(r.Seats) < 2 {
		return
	}
	for i, s := range r.Seats {
		if m.w.As(m.t, s.Checker).In(r.Project) || !m.w.As(m.t, s.Checker).Has(policy.Checker) {
			continue
		}
		other := r.Seats[(i+1)%len(r.Seats)].Checker
		blindfolded := *m.w.Service
		blindfolded.Store = without{m.w.Store, r.ID, other}
		a := m.w.As(m.t, s.Checker)
		if got, want := m.fetch(rt, m.w.Service, a, r), m.fetch(rt, &blindfolded, a, r); got != want {
			rt.Fatalf("%s can tell what %s did:\n%s\n%s", a.Username, other, got, want)
		}
	}
}

func (m *model) fetch(rt *rapid.T, s *review.Service, a review.Actor, r *review.Request) string {
	v, err := s.Request(m.ctx(), a, r.ID)
	if err != nil {
		rt.Fatal(err)
	}
	q, err := s.Queue(m.ctx(), a)
	if err != nil {
		rt.Fatal(err)
	}
	out := reviewtest.JSON(m.t, v) + reviewtest.JSON(m.t, q)
	for _, f := range r.Outputs() {
		c, err := s.FileContent(m.ctx(), a, r.ID, f.ID)
		if err != nil {
			rt.Fatal(err)
		}
		out += reviewtest.JSON(m.t, c)
	}
	return out
}

type without struct {
	review.Store
	id    review.RequestID
	other review.Username
}

func (w without) Request(ctx context.Context, id review.RequestID) (*review.Request, error) {
	r, err := w.Store.Request(ctx, id)
	if err == nil && id == w.id {
		w.strip(r)
	}
	return r, err
}

func (w without) Requests(ctx context.Context, q review.RequestQuery) ([]review.Request, error) {
	list, err := w.Store.Requests(ctx, q)
	for i := range list {
		if list[i].ID == w.id {
			w.strip(&list[i])
		}
	}
	return list, err
}

func (w without) strip(r *review.Request) {
	r.Version += 17
	r.Updated = r.Updated.Add(time.Hour)
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			f := &r.Groups[i].Files[j]
			f.Votes = slices.DeleteFunc(f.Votes, func(v review.Vote) bool { return v.Checker == w.other })
			for k := range f.Exceptions {
				x := &f.Exceptions[k]
				x.Answers = slices.DeleteFunc(x.Answers, func(y review.Answer) bool { return y.Checker == w.other })
			}
		}
	}
	r.Comments = slices.DeleteFunc(r.Comments, func(c review.Comment) bool { return c.Author == w.other && c.Turn == r.Turn })
	if s := r.Seat(w.other); s != nil {
		s.Submitted = time.Time{}
	}
}
