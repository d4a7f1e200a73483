package review_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// One place that fails holds up neither the other nor its record; given up, it
// is shown, and an operator has it tried again, on record.
func TestADeliveryThatWasGivenUpIsTriedAgain(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	other := reviewtest.NewSink()
	w.Sinks = append(w.Sinks, review.NamedSink{Name: "archive", Sink: other})
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	w.Sink.Fail = func() error { return errors.New("dial tcp 192.0.2.7: no route") }
	for range 60 {
		_, err := w.WorkOnce(ctx)
		must(t, err)
		w.Advance(2 * time.Hour)
	}
	if got := status(t, w, id); got != review.Approved || len(other.Delivered) != 1 {
		t.Errorf("status %s, %d packages at the place that works", got, len(other.Delivered))
	}
	v, err := w.Request(ctx, w.As(t, "ann"), id)
	must(t, err)
	if len(v.Deliveries) != 2 || v.Deliveries[0].State != review.JobDead || v.Deliveries[0].Failing.IsZero() ||
		v.Deliveries[0].Reason == "" || v.Deliveries[1].At.IsZero() {
		t.Errorf("deliveries shown: %+v", v.Deliveries)
	}
	if v.Deliveries[0].Reason != "An unexpected failure. The log has it, under the job's name." {
		t.Errorf("the reason tells what another machine said: %q", v.Deliveries[0].Reason)
	}
	ops := w.As(t, "ops")
	st, err := w.Status(ctx, ops)
	must(t, err)
	if len(st.DeadJobs) != 1 || st.DeadJobs[0].Target != "exports" {
		t.Fatalf("dead letters shown: %+v", st.DeadJobs)
	}
	wantKind(t, w.RetryDead(ctx, one, st.DeadJobs[0].ID), review.NotFound)
	wantKind(t, w.RetryDead(ctx, ops, "no such job"), review.NotFound)
	w.Sink.Fail = nil
	must(t, w.RetryDead(ctx, ops, st.DeadJobs[0].ID))
	wantKind(t, w.RetryDead(ctx, ops, st.DeadJobs[0].ID), review.NotFound)
	for range 10 {
		_, err := w.WorkOnce(ctx)
		must(t, err)
	}
	if got := status(t, w, id); got != review.Released {
		t.Errorf("after another try it is %s", got)
	}
	events, err := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvJobRevived, review.EvDelivered, review.EvReleased}})
	must(t, err)
	if len(events) != 4 {
		t.Errorf("%d events of one revival, two deliveries and one release", len(events))
	}
}

// What the other side refuses is given up after a few tries, and can be tried
// again as often once its cause is mended; what may pass is tried for longer.
func TestARefusalIsGivenUpSoon(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	tries := func() int {
		n := 0
		w.Sink.Fail = func() error {
			n++
			return &review.Error{Kind: review.Unavailable, Message: "It refused the token.", Err: review.ErrRefused}
		}
		for range 10 {
			_, err := w.WorkOnce(ctx)
			must(t, err)
			w.Advance(8 * time.Hour)
		}
		return n
	}
	ops := w.As(t, "ops")
	for round := range 2 {
		if n := tries(); n != 4 {
			t.Errorf("round %d: tried %d times, want 4", round, n)
		}
		st, err := w.Status(ctx, ops)
		must(t, err)
		if len(st.DeadJobs) != 1 || st.DeadJobs[0].Reason != "It refused the token." {
			t.Fatalf("dead letters: %+v", st.DeadJobs)
		}
		must(t, w.RetryDead(ctx, ops, st.DeadJobs[0].ID))
	}
	w.Sink.Fail = nil
	work(t, w)
	if got := status(t, w, id); got != review.Released {
		t.Errorf("after it was mended it is %s", got)
	}
}
