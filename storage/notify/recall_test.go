package notify_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
)

// recalled plays a request of ann's until its release is recalled.
func recalled(t *testing.T, w *reviewtest.World) {
	t.Helper()
	ctx, ann := t.Context(), w.As(t, "ann")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", "sex,n\nF,10\n")
	id, err := w.CreateRequest(ctx, ann, reviewtest.Cohort)
	must(err)
	must(w.EditDetails(ctx, ann, id, review.RequestDetails{Title: "Secret title", Purpose: "for the paper"}))
	_, err = w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/rates.csv", Kind: review.Output, Group: "one"}})
	must(err)
	v, err := w.Request(ctx, ann, id)
	must(err)
	about, controls := reviewtest.Context()
	must(w.EditGroup(ctx, ann, id, v.Groups[0].Group.ID, review.GroupDetails{Context: about, Controls: controls}))
	ticked, permitted := reviewtest.Checklist()
	must(w.Submit(ctx, ann, id, ticked, permitted))
	r, err := w.Store.Request(ctx, id)
	must(err)
	f := r.Groups[0].Files[0]
	for _, seat := range r.Seats {
		a := w.As(t, seat.Checker)
		must(w.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}))
		must(w.SubmitReview(ctx, a, id))
	}
	must(w.Release(ctx, w.As(t, r.Seats[0].Checker), id))
	drain(t, w)
	must(w.Recall(ctx, w.As(t, "aud"), id, review.BreachInput{
		Words: "a small count in the table of rates", Severity: review.RecallSerious, Discovered: w.Now(),
	}))
}

// drain does all that is due within a day.
func drain(t *testing.T, w *reviewtest.World) {
	t.Helper()
	for range 3 {
		for {
			did, err := w.WorkOnce(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !did {
				break
			}
		}
		w.Advance(time.Minute)
	}
}

// A recall reaches everybody it concerns by mail, through the outbox and a real
// server, and says nothing of what was found or in which file.
func TestARecallReachesPeople(t *testing.T) {
	store, err := storage.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w, box := reviewtest.NewWorld(t, store), newMailbox(t, false, "127.0.0.1")
	w.Notify = review.Notify{
		Channels:  []review.NamedChannel{{Name: "mail", Channel: mailer(t, box, nil), Personal: true}},
		PublicURL: "https://sallyport.example.org",
	}
	recalled(t, w)
	drain(t, w)
	told := map[string]int{}
	for _, m := range box.all() {
		subject := m.parse(t).Header.Get("Subject")
		if !strings.Contains(subject, "recalled") {
			continue
		}
		told[m.to]++
		if !m.secure {
			t.Errorf("the mail to %s was sent in the clear", m.to)
		}
		for media, text := range parts(t, m) {
			if !strings.Contains(text, "https://sallyport.example.org/") {
				t.Errorf("%s to %s has no link:\n%s", media, m.to, text)
			}
			for _, secret := range []string{"small count", "rates", "Secret title", "serious"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s to %s says %q:\n%s", media, m.to, secret, text)
				}
			}
		}
	}
	var seats []string
	list, err := w.Store.Requests(t.Context(), review.RequestQuery{Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	for _, s := range list[0].Seats {
		seats = append(seats, string(s.Checker))
	}
	for _, name := range slices.Concat([]string{"ann", "abe", "lea", "ops"}, seats) {
		if told[name+"@example.org"] != 1 {
			t.Errorf("%s was told %d times; all: %v", name, told[name+"@example.org"], told)
		}
	}
	for _, name := range []string{"aud", "tim"} { // who did it, and whom it does not concern
		if told[name+"@example.org"] != 0 {
			t.Errorf("%s was told", name)
		}
	}
}
