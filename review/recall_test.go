package review_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// released is a request whose package is out.
func released(t *testing.T, w *reviewtest.World) (review.RequestID, review.Actor, review.Actor) {
	t.Helper()
	id, one, two := reviewed(t, w)
	must(t, w.Release(context.Background(), one, id))
	work(t, w)
	if got := status(t, w, id); got != review.Released {
		t.Fatalf("status %s", got)
	}
	return id, one, two
}

// work does all jobs that are due.
func work(t *testing.T, w *reviewtest.World) {
	t.Helper()
	for range 50 {
		did, err := w.WorkOnce(context.Background())
		must(t, err)
		if !did {
			return
		}
	}
	t.Fatal("there is no end of jobs")
}

func breach(w *reviewtest.World, files ...string) review.BreachInput {
	return review.BreachInput{Files: files, Words: "A small count is shown in the second table.", Severity: review.RecallSerious, Discovered: w.Now()}
}

func releaseOf(t *testing.T, w *reviewtest.World, id review.RequestID) *review.Release {
	t.Helper()
	rel, err := w.Store.Release(context.Background(), id)
	must(t, err)
	return rel
}

// A checker of the release, a lead and an auditor may report; the report goes
// on record with the withdrawal, and nothing else of the release changes.
func TestRecall(t *testing.T) {
	for _, who := range []review.Username{"a checker", "lea", "aud"} {
		t.Run(string(who), func(t *testing.T) {
			w, ctx := newWorld(t), context.Background()
			id, one, _ := released(t, w)
			a := one
			if who != "a checker" {
				a = w.As(t, who)
			}
			before := releaseOf(t, w, id)
			in := breach(w)
			must(t, w.Recall(ctx, a, id, in))
			work(t, w)
			rel := releaseOf(t, w, id)
			if rel.Recalled == nil || !rel.Recalled.Whole || len(w.Sink.Delivered) != 0 || len(w.Sink.Withdrawn) != 1 {
				t.Fatalf("recalled %+v, withdrawn %v", rel.Recalled, w.Sink.Withdrawn)
			}
			b := rel.Recalled.Reports[0]
			if b.By != a.Username || b.Words != in.Words || len(b.Files) != 3 || len(b.Withdrawals) != 1 || !b.Withdrawals[0].Done {
				t.Errorf("the report: %+v", b)
			}
			rel.Recalled = nil
			if got, want := reviewtest.JSON(t, rel), reviewtest.JSON(t, before); got != want {
				t.Errorf("the record of the release changed:\n%s\n%s", got, want)
			}
			if status(t, w, id) != review.Released {
				t.Errorf("status %s", status(t, w, id))
			}
			for _, typ := range []review.EventType{review.EvRecalled, review.EvTakenBack} {
				got := onRecord(t, w, typ)
				if len(got) != 1 || got[0].Purpose != review.ForRecall || strings.Contains(fmt.Sprint(got[0].Detail), "second table") {
					t.Errorf("%s on record: %+v", typ, got)
				}
			}
			wantKind(t, w.Recall(ctx, a, id, breach(w)), review.Conflict) // all of it is
		})
	}
}

// Nobody else may report, nothing is reported before it left, and a report that
// tells data again is refused.
func TestRecallRefused(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	wantKind(t, w.Recall(ctx, one, id, breach(w)), review.Conflict)
	must(t, w.Release(ctx, one, id))
	work(t, w)
	wantKind(t, w.Recall(ctx, w.As(t, "ann"), id, breach(w)), review.Forbidden)
	wantKind(t, w.Recall(ctx, w.As(t, "abe"), id, breach(w)), review.Forbidden)
	for _, name := range []review.Username{"tim", "ops", "cyn"} {
		if err := w.Recall(ctx, w.As(t, name), id, breach(w)); err == nil {
			t.Errorf("%s recalled", name)
		}
	}
	for field, change := range map[string]func(*review.BreachInput){
		"words":      func(in *review.BreachInput) { in.Words = "Row 12 shows 3 people." },
		"severity":   func(in *review.BreachInput) { in.Severity = "dreadful" },
		"discovered": func(in *review.BreachInput) { in.Discovered = w.Now().Add(time.Hour) },
		"files":      func(in *review.BreachInput) { in.Files = []string{"release/none.csv"} },
	} {
		in := breach(w)
		change(&in)
		err := w.Recall(ctx, one, id, in)
		wantKind(t, err, review.Invalid)
		var e *review.Error
		if errors.As(err, &e); len(e.Fields) != 1 || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, e.Fields)
		}
	}
	if rel := releaseOf(t, w, id); rel.Recalled != nil || len(w.Sink.Delivered) != 1 {
		t.Error("something was recalled")
	}
	long := breach(w) // words are counted in characters, whatever their bytes
	long.Words = strings.Repeat("ä", 2001)
	wantKind(t, w.Recall(ctx, one, id, long), review.Invalid)
	long.Words = strings.Repeat("ä", 2000)
	must(t, w.Recall(ctx, one, id, long))
}

// A recall of single files marks those, and researchers lose them; a second
// report adds the rest, and a third finds nothing left.
func TestRecallOfFiles(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := released(t, w)
	r := stored(t, w, id)
	bad, good := r.Groups[0].Files[0], r.Groups[1].Files[0]
	must(t, w.Recall(ctx, one, id, breach(w, bad.Path)))
	ann := w.As(t, "ann")
	if _, _, err := w.Download(ctx, ann, id, bad.ID); review.KindOf(err) != review.Conflict {
		t.Errorf("download of a recalled file: %v", err)
	}
	if _, err := w.FileContent(ctx, ann, id, bad.ID); review.KindOf(err) != review.Conflict {
		t.Errorf("view of a recalled file: %v", err)
	}
	if _, _, err := w.Download(ctx, ann, id, good.ID); err != nil {
		t.Errorf("download of the other: %v", err)
	}
	if _, err := w.FileContent(ctx, two, id, bad.ID); err != nil {
		t.Errorf("view by a checker: %v", err)
	}
	v, err := w.Request(ctx, ann, id)
	must(t, err)
	if v.Recalled == nil || v.Recalled.Whole || !v.Recalled.Covers(bad.Path) || v.Recalled.Covers(good.Path) {
		t.Errorf("the author's view: %+v", v.Recalled)
	}
	wantKind(t, w.Recall(ctx, two, id, breach(w, bad.Path)), review.Conflict)
	must(t, w.Recall(ctx, two, id, breach(w)))
	work(t, w)
	if rel := releaseOf(t, w, id); !rel.Recalled.Whole || len(rel.Recalled.Reports) != 2 {
		t.Errorf("recalled: %+v", rel.Recalled)
	}
	// What was recalled by mistake is noted, and stays recalled.
	report := releaseOf(t, w, id).Recalled.Reports[0].ID
	wantKind(t, w.NoteRecall(ctx, one, id, report, "There were 5."), review.Invalid)
	wantKind(t, w.NoteRecall(ctx, ann, id, report, "I disagree."), review.Forbidden)
	must(t, w.NoteRecall(ctx, one, id, report, "This was a mistake: the count is of clinics."))
	if rel := releaseOf(t, w, id); !rel.Recalled.Covers(bad.Path) || len(rel.Recalled.Reports[0].Notes) != 1 {
		t.Errorf("after the note: %+v", rel.Recalled)
	}
}

// A release that is on its way is stopped as a whole, and the author's place is
// free again.
func TestRecallStopsWhatIsOnItsWay(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	must(t, w.Recall(ctx, one, id, breach(w, "release/a.csv")))
	work(t, w)
	if rel := releaseOf(t, w, id); status(t, w, id) != review.Rejected || !rel.Recalled.Whole || !rel.Delivered.IsZero() || len(w.Sink.Delivered) != 0 {
		t.Errorf("status %s, release %+v, delivered %v", status(t, w, id), rel, w.Sink.Delivered)
	}
	_, err := w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.Cohort)
	must(t, err)
}

// A recall in the middle of an upload: what got out is taken back.
func TestRecallDuringTheUpload(t *testing.T) {
	for _, at := range []string{"release.load", "release.verify", "release.deliver", "release.file", "release.mark", "job.finish"} {
		t.Run(at, func(t *testing.T) {
			w, ctx := newWorld(t), context.Background()
			id, one, _ := reviewed(t, w)
			must(t, w.Release(ctx, one, id))
			done := false
			w.Step = func(name string) {
				if name == at && !done {
					done = true
					must(t, w.Recall(ctx, one, id, breach(w)))
				}
			}
			work(t, w)
			w.Advance(2 * time.Hour)
			work(t, w)
			if st := status(t, w, id); !done || st != review.Released && st != review.Rejected || len(w.Sink.Delivered) != 0 {
				t.Errorf("status %s, delivered %v", st, w.Sink.Delivered)
			}
			if b := releaseOf(t, w, id).Recalled.Reports[0]; len(b.Withdrawals) != 1 {
				t.Errorf("withdrawals: %+v", b.Withdrawals)
			}
		})
	}
}

// A sink that cannot take back says so once, and one that fails is asked again.
func TestSinksThatCannotWithdraw(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.Sinks = append(w.Sinks, review.NamedSink{Name: "post", Sink: letterbox{}})
	id, one, _ := released(t, w)
	fails := 2
	must(t, w.Recall(ctx, one, id, breach(w)))
	w.Sink.Fail = func() error {
		if fails--; fails >= 0 {
			return errors.New("no route")
		}
		return nil
	}
	rep, err := w.RecallReport(ctx, w.As(t, "aud"), id)
	must(t, err)
	if len(rep.Waiting) != 2 || !rep.Withdrawn.IsZero() {
		t.Errorf("waiting for %v", rep.Waiting)
	}
	for range 4 {
		work(t, w)
		w.Advance(2 * time.Hour)
	}
	rep, err = w.RecallReport(ctx, w.As(t, "aud"), id)
	must(t, err)
	got := map[string]bool{}
	for _, x := range rep.Release.Recalled.Reports[0].Withdrawals {
		got[x.Sink] = x.Done
	}
	if len(got) != 2 || !got["exports"] || got["post"] || len(rep.Waiting) != 0 || !rep.Withdrawn.IsZero() {
		t.Errorf("withdrawals %v, waiting %v, withdrawn %v", got, rep.Waiting, rep.Withdrawn)
	}
	if len(onRecord(t, w, review.EvNotTakenBack)) != 1 {
		t.Error("that a place cannot is not on record")
	}
}

// letterbox delivers, and has no way back.
type letterbox struct{}

func (letterbox) Deliver(context.Context, *review.Package) (string, error) { return "posted", nil }
func (letterbox) Withdraw(context.Context, *review.Release, string) (string, error) {
	return "Ask the recipients to destroy it.", review.ErrCannotWithdraw
}

// The report says who has seen what was recalled, and in which order all came.
func TestRecallReport(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := released(t, w)
	r := stored(t, w, id)
	bad, good := r.Groups[0].Files[0], r.Groups[1].Files[0]
	_, _, err := w.Download(ctx, w.As(t, "ann"), id, bad.ID)
	must(t, err)
	_, err = w.FileContent(ctx, w.As(t, "aud"), id, bad.ID)
	must(t, err)
	_, err = w.FileContent(ctx, w.As(t, "aud"), id, good.ID)
	must(t, err)
	_, err = w.RecallReport(ctx, one, id)
	wantKind(t, err, review.NotFound)
	must(t, w.Recall(ctx, one, id, breach(w, bad.Path)))
	work(t, w)
	rep, err := w.RecallReport(ctx, one, id)
	must(t, err)
	var seen []string
	for _, s := range rep.Seen {
		seen = append(seen, fmt.Sprint(s.By, " ", s.What, " ", s.Path))
	}
	if want := "ann file.downloaded release/a.csv, aud file.viewed release/a.csv"; strings.Join(seen, ", ") != want {
		t.Errorf("seen: %v, want %s", seen, want)
	}
	for i := 1; i < len(rep.Timeline); i++ {
		if rep.Timeline[i].At.Before(rep.Timeline[i-1].At) {
			t.Errorf("out of order: %+v", rep.Timeline)
		}
	}
	if rep.Withdrawn.IsZero() || len(rep.Timeline) != 5 {
		t.Errorf("withdrawn %v, %d moments", rep.Withdrawn, len(rep.Timeline))
	}
	_, err = w.RecallReport(ctx, w.As(t, "ann"), id)
	wantKind(t, err, review.Forbidden)
}
