package review_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// Repeat views go unlogged.
func TestEveryViewIsOnRecord(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w)
	f := stored(t, w, id).Groups[0].Files[0]
	for range 3 {
		_, err := w.FileContent(ctx, one, id, f.ID)
		must(t, err)
		_, _, err = w.Download(ctx, one, id, f.ID)
		must(t, err)
	}
	events, err := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvFileViewed, review.EvFileDownloaded}})
	must(t, err)
	if len(events) != 6 {
		t.Errorf("%d of 3 views and 3 downloads on record", len(events))
	}
}

// An uploader spins or retries forever without telling anyone.
func TestADeliveryThatKeepsFailingIsShown(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	w.Sink.Fail = func() error { return errors.New("no route to the outside") }
	for range 30 {
		_, err := w.WorkOnce(ctx)
		must(t, err)
		w.Advance(2 * time.Hour)
	}
	if w.Sink.Calls > 20 {
		t.Errorf("tried %d times", w.Sink.Calls)
	}
	st, err := w.Status(ctx, w.As(t, "ops"))
	must(t, err)
	if len(st.DeadJobs) != 1 || st.DeadJobs[0].Request != id {
		t.Errorf("dead letters shown: %+v", st.DeadJobs)
	}
}

// A review queue comes up empty.
func TestTheQueueHoldsWhatIsRouted(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, two := submitted(t, w)
	for _, a := range []review.Actor{one, two} {
		q, err := w.Queue(ctx, a)
		must(t, err)
		if len(q) != 1 || q[0].Request.ID != id || !q[0].YourTurn || q[0].Files != 3 {
			t.Errorf("queue of %s: %+v", a.Username, q)
		}
	}
	voteAll(t, w, one, id, review.Approve)
	must(t, w.SubmitReview(ctx, one, id))
	q, err := w.Queue(ctx, one)
	must(t, err)
	if len(q) != 1 || q[0].YourTurn || q[0].Mine != 3 {
		t.Errorf("queue after the review: %+v", q)
	}
}

// Context is edited under standing approvals: while the checkers own a request
// its author cannot touch it at all.
func TestNothingChangesUnderTheCheckersEyes(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, _, _ := submitted(t, w)
	ann, g := w.As(t, "ann"), stored(t, w, id).Groups[0]
	w.Workspaces.Write(reviewtest.Cohort, g.Files[0].Path, "changed")
	about, controls := reviewtest.Context()
	for name, err := range map[string]error{
		"context":  w.EditGroup(ctx, ann, id, g.ID, review.GroupDetails{Context: about, Controls: controls}),
		"details":  w.EditDetails(ctx, ann, id, review.RequestDetails{Purpose: "other"}),
		"update":   w.UpdateFile(ctx, ann, id, g.Files[0].ID),
		"withdraw": w.WithdrawFile(ctx, ann, id, g.Files[0].ID),
		"move":     w.MoveFile(ctx, ann, id, g.Files[0].ID, "elsewhere", review.Output),
	} {
		if review.KindOf(err) != review.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/b.csv", Kind: review.Output}}); review.KindOf(err) != review.Conflict {
		t.Errorf("add: %v", err)
	}
}

// Two active requests lock the author out: an ended one frees the workspace.
func TestAnEndedRequestFreesTheWorkspace(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id := draft(t, w)
	_, err := w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.Cohort)
	wantKind(t, err, review.Conflict)
	must(t, w.Withdraw(ctx, w.As(t, "ann"), id))
	_, err = w.CreateRequest(ctx, w.As(t, "ann"), reviewtest.Cohort)
	must(t, err)
}

// TestFaultsPage holds docs/faults.md and docs/failures.md to tests that exist.
func TestFaultsPage(t *testing.T) {
	source := testSource(t)
	for _, name := range []string{"faults.md", "failures.md"} {
		page, err := os.ReadFile("../docs/" + name)
		must(t, err)
		named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
		if len(named) < 20 {
			t.Fatalf("docs/%s names %d tests", name, len(named))
		}
		for _, m := range named {
			if !strings.Contains(source, "func "+m[1]+"(t *testing.T)") {
				t.Errorf("docs/%s names %s, and there is no such test", name, m[1])
			}
		}
	}
}

func testSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	must(t, filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, "_test.go") {
			b, err := os.ReadFile(p)
			all.Write(b)
			return err
		}
		return nil
	}))
	return all.String()
}
