package review_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestRoutingRule(t *testing.T) {
	tests := []struct {
		name  string
		setup func(*testing.T, *reviewtest.World)
		never review.Username
	}{
		{"training expired", func(t *testing.T, w *reviewtest.World) {
			change(t, w, "carl", func(p *review.Person) { p.TrainedUntil = time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC) })
		}, "carl"},
		{"never trained", func(t *testing.T, w *reviewtest.World) {
			change(t, w, "cora", func(p *review.Person) { p.TrainedUntil = time.Time{} })
		}, "cora"},
		{"away", func(t *testing.T, w *reviewtest.World) {
			change(t, w, "chen", func(p *review.Person) {
				p.Absences = []review.Absence{{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}}
			})
		}, "chen"},
		{"an operator too", func(t *testing.T, w *reviewtest.World) {
			change(t, w, "chen", func(p *review.Person) { p.Roles = append(p.Roles, policy.Operator) })
		}, "chen"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.setup(t, w)
			id, _, _ := submitted(t, w)
			if stored(t, w, id).Seat(tt.never) != nil {
				t.Errorf("routed to %s", tt.never)
			}
			if got := stored(t, w, id).Seats[1].Why; got != "0 open reviews, the only eligible checker left" {
				t.Errorf("the last of those who could: %s", got)
			}
		})
	}
	t.Run("skills break ties", func(t *testing.T) {
		w := newWorld(t)
		change(t, w, "chen", func(p *review.Person) { p.Skills = []string{"report"} })
		id, _, _ := submitted(t, w)
		if got := stored(t, w, id).Seats[0].Checker; got != "chen" {
			t.Errorf("first seat %s, want the one trained for reports", got)
		}
	})
}

func TestACheckerWhoLeavesGivesTheRequestBack(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	next := third(t, w, stored(t, w, id))
	voteAll(t, w, one, id, review.Approve)
	change(t, w, one.Username, func(p *review.Person) { p.Roles = []policy.Role{policy.Researcher} })
	_, err := w.WorkOnce(ctx)
	must(t, err)
	r := stored(t, w, id)
	if r.Seat(one.Username) != nil || r.Seat(next) == nil || r.Seat(two.Username) == nil {
		t.Errorf("seats %+v", r.Seats)
	}
	for _, f := range r.Outputs() {
		if f.VoteOf(one.Username) != nil {
			t.Errorf("%s keeps a vote of %s", f.Path, one.Username)
		}
	}
}

func TestSubmittedReviewsWhenTheirCheckerChanges(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := reviewed(t, w)
	change(t, w, one.Username, func(p *review.Person) { p.TrainedUntil = time.Time{} })
	_, err := w.WorkOnce(ctx)
	must(t, err)
	if got := status(t, w, id); got != review.Reviewed {
		t.Fatalf("status %s after the training ended", got)
	}
	change(t, w, one.Username, func(p *review.Person) { p.Projects = []review.ProjectID{reviewtest.Study} })
	wantKind(t, w.Release(ctx, two, id), review.Conflict)
	_, err = w.WorkOnce(ctx)
	must(t, err)
	r := stored(t, w, id)
	if r.Status != review.PartiallyReviewed || r.Seat(one.Username) != nil || len(r.Seats) != 2 {
		t.Errorf("status %s, seats %+v", r.Status, r.Seats)
	}
}

// Requests that are given checkers in one go are shared out as those that come
// one by one: each seat counts for the next.
func TestWaitingRequestsAreSharedOut(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	away := func(until time.Time) {
		for _, name := range []review.Username{"carl", "cora", "chen"} {
			change(t, w, name, func(p *review.Person) {
				p.Absences = []review.Absence{{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: until}}
			})
		}
	}
	away(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	var waiting []review.RequestID
	for i := range 6 {
		id := review.RequestID(fmt.Sprintf("waiting%d", i))
		now := w.Now()
		must(t, w.Store.Create(ctx, &review.Request{
			ID: id, Workspace: reviewtest.Cohort, Project: reviewtest.Study, Author: review.Username(fmt.Sprintf("author%d", i)),
			Status: review.Submitted, Turn: 2, Created: now, Updated: now, Submitted: now, Due: now.AddDate(0, 0, 5),
		}, review.Event{At: now, Type: review.EvSubmitted, Request: id, Actor: "ann"}))
		waiting = append(waiting, id)
	}
	away(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	must(t, w.Route(ctx))
	open := map[review.Username]int{}
	for _, id := range waiting {
		for _, seat := range stored(t, w, id).Seats {
			open[seat.Checker]++
		}
	}
	if want := map[review.Username]int{"carl": 4, "cora": 4, "chen": 4}; !maps.Equal(open, want) {
		t.Errorf("open reviews %v, want %v", open, want)
	}
}

func TestHandingOverClaimingAndReassigning(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	next := third(t, w, stored(t, w, id))
	voteAll(t, w, one, id, review.Approve)
	wantKind(t, w.HandOver(ctx, one, id, next, ""), review.Invalid)
	wantKind(t, w.HandOver(ctx, one, id, two.Username, "busy"), review.Conflict)
	wantKind(t, w.HandOver(ctx, one, id, "cyn", "busy"), review.Invalid) // of the project
	must(t, w.HandOver(ctx, one, id, next, "busy"))
	if _, err := w.Request(ctx, w.As(t, one.Username), id); review.KindOf(err) != review.NotFound {
		t.Errorf("who handed over still sees it: %v", err)
	}
	lea := w.As(t, "lea")
	must(t, w.Reassign(ctx, lea, id, next, one.Username, "back again"))
	wantKind(t, w.Reassign(ctx, two, id, one.Username, next, "not a lead's"), review.Forbidden)
	voteAll(t, w, two, id, review.Approve)
	must(t, w.SubmitReview(ctx, two, id))
	wantKind(t, w.Reassign(ctx, lea, id, two.Username, next, "too late"), review.Conflict)
	wantKind(t, w.Claim(ctx, w.As(t, next), id), review.NotFound) // no free seat: it does not exist
}

func TestClaimingAFreeSeat(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	for _, name := range []review.Username{"cora", "chen"} {
		change(t, w, name, func(p *review.Person) {
			p.Absences = []review.Absence{{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}}
		})
	}
	id := draft(t, w)
	submit(t, w, id)
	free, err := w.Claimable(ctx, w.As(t, "cora"))
	must(t, err)
	if len(free) != 1 || free[0].Purpose != "" {
		t.Fatalf("claimable %+v", free)
	}
	must(t, w.Claim(ctx, w.As(t, "cora"), id)) // away, and here all the same
	if r := stored(t, w, id); len(r.Seats) != 2 {
		t.Errorf("seats %+v", r.Seats)
	}
	wantKind(t, w.Claim(ctx, w.As(t, "chen"), id), review.NotFound)
}

func TestAFileMayGoToASpecialist(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	r := stored(t, w, id)
	name := third(t, w, r)
	report := r.Groups[2].Files[0]
	must(t, w.RouteFile(ctx, w.As(t, "lea"), id, report.ID, one.Username, name, "reads HTML"))
	vote := func(a review.Actor, f review.File) error {
		return w.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release})
	}
	special := w.As(t, name)
	wantKind(t, vote(one, report), review.NotFound)
	wantKind(t, vote(special, r.Groups[0].Files[0]), review.NotFound)
	must(t, vote(special, report))
	must(t, w.SubmitReview(ctx, special, id))
	for i := range 2 {
		must(t, vote(one, r.Groups[i].Files[0]))
	}
	must(t, w.SubmitReview(ctx, one, id))
	if got := status(t, w, id); got != review.PartiallyReviewed {
		t.Fatalf("status %s with one review to come", got)
	}
	voteAll(t, w, two, id, review.Approve)
	must(t, w.SubmitReview(ctx, two, id))
	must(t, w.Release(ctx, two, id))
	rel, err := w.Store.Release(ctx, id)
	must(t, err)
	for _, f := range rel.Files {
		if len(f.Approvals) != 2 || f.Path == report.Path && f.Approvals[0].Checker != name {
			t.Errorf("%s approved by %v", f.Path, f.Approvals)
		}
	}
}
