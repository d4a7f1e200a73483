package review_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestSpoiltBytesStopEverything(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := reviewed(t, w)
	r, _ := w.Store.Request(ctx, id)
	f := r.Groups[0].Files[0]
	w.Blobs.Spoil(f.Release)
	if _, err := w.FileContent(ctx, one, id, f.ID); review.KindOf(err) != review.Unavailable {
		t.Errorf("view: %v", err)
	}
	wantKind(t, w.Vote(ctx, two, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}), review.Unavailable)
	wantKind(t, w.Release(ctx, one, id), review.Unavailable)
	st, err := w.Status(ctx, w.As(t, "ops"))
	must(t, err)
	if st.Integrity != 1 || len(st.Alarms) != 1 {
		t.Errorf("%d integrity failures on record and %d alarms, want one for all three", st.Integrity, len(st.Alarms))
	}
}

func TestADeliveryThatFailsIsTriedAgain(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	fails := 3
	w.Sink.Fail = func() error {
		if fails--; fails >= 0 {
			return fmt.Errorf("disk full")
		}
		return nil
	}
	for range 4 {
		drain(t, w)
		w.Advance(time.Hour)
	}
	if got := status(t, w, id); got != review.Released || w.Sink.Calls != 4 {
		t.Errorf("status %s after %d deliveries", got, w.Sink.Calls)
	}
	must(t, w.Release(ctx, one, id)) // a late double click is no error
}

func TestRoutingWaitsForEligibleCheckers(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	event := review.Event{At: time.Now(), Type: review.EvPeopleChanged, Actor: "system"}
	for _, name := range []review.Username{"cora", "chen"} {
		p := *w.As(t, name).Person
		p.Disabled = true
		must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, event))
	}
	id := draft(t, w)
	submit(t, w, id)
	st, err := w.Status(ctx, w.As(t, "ops"))
	must(t, err)
	if len(st.Unrouted) != 1 {
		t.Fatalf("%d unrouted requests shown", len(st.Unrouted))
	}
	p := reviewtest.People()[4]
	must(t, w.Store.SavePeople(ctx, []review.Person{p}, nil, event))
	_, err = w.WorkOnce(ctx)
	must(t, err)
	r, _ := w.Store.Request(ctx, id)
	if len(r.Seats) != 2 || r.Seats[1].Checker != p.Username {
		t.Errorf("seats %+v", r.Seats)
	}
}

func TestLeastOpenWorkFirst(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	w.Workspaces.Write(reviewtest.Arms, "release/t.csv", "n\n10\n")
	tim := w.As(t, "tim")
	next, err := w.CreateRequest(ctx, tim, reviewtest.Arms)
	must(t, err)
	must(t, w.EditDetails(ctx, tim, next, review.RequestDetails{Purpose: "p"}))
	_, err = w.AddFiles(ctx, tim, next, []review.AddFile{{Path: "release/t.csv", Kind: review.Output}})
	must(t, err)
	r, _ := w.Store.Request(ctx, next)
	about, controls := reviewtest.Context()
	must(t, w.EditGroup(ctx, tim, next, r.Groups[0].ID, review.GroupDetails{Context: about, Controls: controls}))
	ticked, permitted := reviewtest.Checklist()
	must(t, w.Submit(ctx, tim, next, ticked, permitted))
	r, _ = w.Store.Request(ctx, next)
	// cyn belongs to the first project, not to this one: she and the third
	// checker have nothing to do yet.
	for _, s := range r.Seats {
		if s.Checker == one.Username || s.Checker == two.Username {
			t.Errorf("routed to %s, who has a review open", s.Checker)
		}
	}
	_ = id
}

func TestDueAfterWorkingDays(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	// Friday 18 December 2026: Christmas Day is a Friday, Boxing Day is
	// observed on Monday the 28th.
	w.Advance(time.Date(2026, 12, 18, 9, 0, 0, 0, time.UTC).Sub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)))
	id, _, _ := submitted(t, w)
	r, _ := w.Store.Request(ctx, id)
	if got := r.Due.Format("2006-01-02"); got != "2026-12-29" {
		t.Errorf("due %s, want 2026-12-29", got)
	}
}

// forgetful is a store of the time before policies were kept.
type forgetful struct{ review.Store }

func (forgetful) Policy(context.Context, string) (*policy.Policy, error) {
	return nil, review.Errorf(review.NotFound, "This policy was never kept.")
}

// What was submitted before policies were kept still leaves, if its policy is known
// otherwise; if it is not, nothing is decided that could then not leave.
func TestReleaseUnderAPolicyThatWasNotKept(t *testing.T) {
	first, err := policy.First()
	must(t, err)
	own, err := policy.Load(append(bytes.Clone(first.Source), "# our own\n"...))
	must(t, err)
	for name, test := range map[string]struct {
		submitted, now *policy.Policy
		want           review.Status
	}{
		"the first one":         {first, policy.Default(), review.Released},
		"the one in force":      {own, own, review.Released},
		"one that is not known": {own, policy.Default(), review.Reviewed},
	} {
		t.Run(name, func(t *testing.T) {
			w, ctx := newWorld(t), context.Background()
			w.Service.Store = forgetful{w.Store}
			w.Policy = test.submitted
			id, one, _ := reviewed(t, w)
			w.Policy = test.now
			err := w.Release(ctx, one, id)
			if test.want == review.Reviewed {
				wantKind(t, err, review.Conflict)
			} else {
				must(t, err)
			}
			drain(t, w)
			if got := status(t, w, id); got != test.want {
				t.Errorf("the request is %s, want %s", got, test.want)
			}
		})
	}
}
