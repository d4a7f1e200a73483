package review_test

import (
	"context"
	"slices"
	"testing"

	"sallyport/review"
)

// released plays a request to its release and returns its record.
func releasedRecord(t *testing.T) *review.Record {
	t.Helper()
	w := newWorld(t)
	ctx := context.Background()
	id, one, two := submitted(t, w)
	r := stored(t, w, id)
	for _, a := range []review.Actor{one, two} {
		for _, f := range r.Outputs() {
			_, err := w.FileContent(ctx, a, id, f.ID)
			must(t, err)
		}
		voteAll(t, w, a, id, review.Approve)
		must(t, w.SubmitReview(ctx, a, id))
	}
	must(t, w.Release(ctx, one, id))
	rec, err := w.Record(ctx, w.As(t, "aud"), id)
	must(t, err)
	return rec
}

func TestIndependenceShown(t *testing.T) {
	rec := releasedRecord(t)
	p := rec.Independence
	for _, c := range p.Claims {
		if c.Verdict != review.Shown || len(c.Events) == 0 {
			t.Errorf("%s: %s (%s) by %v", c.Text, c.Verdict, c.Why, c.Events)
		}
	}
	if p.Verdict != review.Shown || len(p.Checkers) != 2 || len(p.Notes) != 0 {
		t.Errorf("verdict %s, %d checkers, notes %q", p.Verdict, len(p.Checkers), p.Notes)
	}
	for _, b := range p.Checkers {
		if b.Routed == nil || b.Submitted == nil || len(b.Votes) != 3 || len(b.Views) != 3 || b.Submitted.Seq > p.Opened {
			t.Errorf("the trace of %s: %+v", b.Checker, b)
		}
	}
}

// Whatever event the proof rests on is taken away: it is never shown any more.
func TestIndependenceNeedsItsEvents(t *testing.T) {
	rec := releasedRecord(t)
	needed := map[int64]bool{}
	for _, c := range rec.Independence.Claims {
		for _, seq := range c.Events {
			needed[seq] = true
		}
	}
	if len(needed) < 10 {
		t.Fatalf("the proof names only %d events", len(needed))
	}
	for seq := range needed {
		left := slices.DeleteFunc(slices.Clone(rec.Events), func(e review.Event) bool { return e.Seq == seq })
		if p := review.ProveIndependence(left, rec.Release); p.Verdict == review.Shown {
			t.Errorf("without event %d it is still shown", seq)
		}
	}
	if p := review.ProveIndependence(nil, rec.Release); p.Verdict != review.Unprovable {
		t.Errorf("without any event: %s", p.Verdict)
	}
}

// Histories that were tampered with.
func TestIndependenceRefuted(t *testing.T) {
	rec := releasedRecord(t)
	p := rec.Independence
	one, two := p.Checkers[0], p.Checkers[1]
	at := func(events []review.Event, seq int64) *review.Event {
		return &events[slices.IndexFunc(events, func(e review.Event) bool { return e.Seq == seq })]
	}
	for name, c := range map[string]struct {
		tamper func([]review.Event) []review.Event
		want   review.Verdict
	}{
		"the second review after the opening": {func(ev []review.Event) []review.Event {
			x, y := at(ev, two.Submitted.Seq), at(ev, p.Opened)
			x.Seq, y.Seq = y.Seq, x.Seq
			return ev
		}, review.Refuted},
		"a vote in consolidation before handing in": {func(ev []review.Event) []review.Event {
			e := at(ev, one.Votes[0].Seq)
			e.Detail = map[string]string{"decision": "approve", "phase": "consolidation"}
			return ev
		}, review.Refuted},
		"a look at the request when both were in": {func(ev []review.Event) []review.Event {
			at(ev, two.Views[0].Seq).From = review.Reviewed
			return ev
		}, review.Refuted},
		"a record exported by the checker": {func(ev []review.Event) []review.Event {
			e := at(ev, two.Views[0].Seq)
			e.Type, e.Detail = review.EvExported, map[string]string{"export": "record xlsx"}
			return ev
		}, review.Refuted},
		"the author reviewed": {func(ev []review.Event) []review.Event {
			for i := range ev {
				if ev[i].Type == review.EvRequestCreated {
					ev[i].Actor = one.Checker
				}
			}
			return ev
		}, review.Refuted},
		"other bytes approved": {func(ev []review.Event) []review.Event {
			at(ev, one.Votes[1].Seq).Digest = "00"
			return ev
		}, review.Refuted},
		"a vote against": {func(ev []review.Event) []review.Event {
			at(ev, one.Votes[1].Seq).Detail = map[string]string{"decision": "reject", "phase": "independent"}
			return ev
		}, review.Refuted},
		"the seat had been given back": {func(ev []review.Event) []review.Event {
			e := at(ev, two.Views[0].Seq)
			e.Type, e.Detail = review.EvSeatVacated, map[string]string{"checker": string(two.Checker)}
			return ev
		}, review.Refuted},
		"a vote of somebody else": {func(ev []review.Event) []review.Event {
			at(ev, one.Votes[0].Seq).Actor = "mallory"
			return ev
		}, review.Unprovable},
		"nobody says who belonged": {func(ev []review.Event) []review.Event {
			delete(at(ev, p.Decided).Detail, "independent")
			return ev
		}, review.Unprovable},
		"events of another request": {func(ev []review.Event) []review.Event {
			for i := range ev {
				ev[i].Request = "other"
			}
			return ev
		}, review.Unprovable},
	} {
		t.Run(name, func(t *testing.T) {
			events := slices.Clone(rec.Events)
			for i := range events {
				detail := map[string]string{}
				for k, v := range events[i].Detail {
					detail[k] = v
				}
				events[i].Detail = detail
			}
			if got := review.ProveIndependence(c.tamper(events), rec.Release); got.Verdict != c.want {
				t.Errorf("%s, want %s: %+v", got.Verdict, c.want, got.Claims)
			}
		})
	}
}

// After a return, the earlier opening is said.
func TestIndependenceOfLaterTurn(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	id, one, two := submitted(t, w)
	for i, a := range []review.Actor{one, two} {
		voteAll(t, w, a, id, []review.Decision{review.Approve, review.RequestChanges}[i])
		must(t, w.SubmitReview(ctx, a, id))
	}
	r := stored(t, w, id)
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, one, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "round it"}))
	}
	must(t, w.Return(ctx, one, id))
	for _, g := range r.Groups {
		must(t, w.Comment(ctx, w.As(t, "ann"), id, review.CommentInput{Group: g.ID, Text: "it is"}))
	}
	submit(t, w, id)
	voteAll(t, w, two, id, review.Approve)
	must(t, w.SubmitReview(ctx, two, id))
	must(t, w.SubmitReview(ctx, one, id)) // the approvals of the first turn stand
	must(t, w.Release(ctx, two, id))
	rec, err := w.Record(ctx, w.As(t, "aud"), id)
	must(t, err)
	if p := rec.Independence; p.Verdict != review.Shown || len(p.Notes) != 1 {
		t.Errorf("verdict %s, notes %q, claims %+v", p.Verdict, p.Notes, p.Claims)
	}
}
