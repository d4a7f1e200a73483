package review_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/pgtest"
)

func openStore(t testing.TB) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), pgtest.Address(t, filepath.Join(t.TempDir(), "sallyport.db"), schema), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// schema makes the schema of a test's database in PostgreSQL.
func schema(ctx context.Context, owner string) error {
	_, err := storage.Migrate(ctx, owner, time.Now, pgtest.AppRole)
	return err
}

func newWorld(t testing.TB) *reviewtest.World {
	t.Helper()
	return reviewtest.NewWorld(t, openStore(t))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind fails unless err is of the kind.
func wantKind(t testing.TB, err error, k review.Kind) {
	t.Helper()
	if err == nil || review.KindOf(err) != k {
		t.Fatalf("error %v of kind %d, want kind %d", err, review.KindOf(err), k)
	}
}

// draft makes a complete draft of ann's: two tables and an HTML report in three
// groups, all described.
func draft(t testing.TB, w *reviewtest.World) review.RequestID {
	t.Helper()
	ctx, ann := context.Background(), w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/a.csv", "sex,n\nF,10\n")
	w.Workspaces.Write(reviewtest.Cohort, "release/b.csv", "sex,n\nM,20\n")
	w.Workspaces.Write(reviewtest.Cohort, "release/r.html", "<p>report<script></p>")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(t, err)
	must(t, w.EditDetails(ctx, ann, id, review.RequestDetails{Title: "Tables", Purpose: "for the paper"}))
	results, err := w.AddFiles(ctx, ann, id, []review.AddFile{
		{Path: "release/a.csv", Kind: review.Output, Group: "one"},
		{Path: "release/b.csv", Kind: review.Output, Group: "two"},
		{Path: "release/r.html", Kind: review.Output, Group: "report"},
	})
	must(t, err)
	for _, r := range results {
		if r.Problem != "" {
			t.Fatalf("%s: %s", r.Path, r.Problem)
		}
	}
	describe(t, w, id)
	return id
}

// describe fills the context and controls of every group of ann's draft.
func describe(t testing.TB, w *reviewtest.World, id review.RequestID) {
	t.Helper()
	v, err := w.Request(context.Background(), w.As(t, "ann"), id)
	must(t, err)
	about, controls := reviewtest.Context()
	for _, g := range v.Groups {
		must(t, w.EditGroup(context.Background(), w.As(t, "ann"), id, g.Group.ID, review.GroupDetails{Context: about, Controls: controls}))
	}
}

func submit(t testing.TB, w *reviewtest.World, id review.RequestID) {
	t.Helper()
	ticked, permitted := reviewtest.Checklist()
	must(t, w.Submit(context.Background(), w.As(t, "ann"), id, ticked, permitted))
}

// submitted is a submitted request with its two checkers.
func submitted(t testing.TB, w *reviewtest.World) (review.RequestID, review.Actor, review.Actor) {
	t.Helper()
	id := draft(t, w)
	submit(t, w, id)
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	if len(r.Seats) != 2 {
		t.Fatalf("%d seats", len(r.Seats))
	}
	return id, w.As(t, r.Seats[0].Checker), w.As(t, r.Seats[1].Checker)
}

// voteAll votes the same on every output.
func voteAll(t testing.TB, w *reviewtest.World, a review.Actor, id review.RequestID, d review.Decision) {
	t.Helper()
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	for _, f := range r.Outputs() {
		must(t, w.Vote(context.Background(), a, id, review.VoteInput{File: f.ID, Decision: d, Reason: "because", Seen: f.Release}))
	}
}

// reviewed is a request with both reviews in, all approved.
func reviewed(t testing.TB, w *reviewtest.World) (review.RequestID, review.Actor, review.Actor) {
	t.Helper()
	id, one, two := submitted(t, w)
	for _, a := range []review.Actor{one, two} {
		voteAll(t, w, a, id, review.Approve)
		must(t, w.SubmitReview(context.Background(), a, id))
	}
	return id, one, two
}

func status(t testing.TB, w *reviewtest.World, id review.RequestID) review.Status {
	t.Helper()
	r, err := w.Store.Request(context.Background(), id)
	must(t, err)
	return r.Status
}

// drain does every job that is due.
func drain(t testing.TB, w *reviewtest.World) {
	t.Helper()
	finish(t, w.Service)
}
