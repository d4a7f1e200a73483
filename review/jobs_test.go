package review_test

import (
	"context"
	"slices"
	"testing"

	"sallyport/checks/provenance"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// recorded are workspaces that say what ran in them.
type recorded struct {
	*reviewtest.Workspaces
}

func (recorded) Records(context.Context, review.WorkspaceName) (*review.Records, error) {
	job := func(id, commit string, day int, actions ...string) provenance.JobRequest {
		r := provenance.JobRequest{ID: id, Commit: commit, Repo: "https://example.org/o/r", Requested: actions}
		for _, a := range actions {
			r.Jobs = append(r.Jobs, provenance.Job{ID: id + a, Action: a})
		}
		r.Created = r.Created.AddDate(2025, 0, day)
		return r
	}
	return &review.Records{
		Sources: provenance.ReadSources(nil, nil),
		Recorded: map[string]provenance.JobRequest{
			"one": job("one", "c1", 1, "tables"), "two": job("two", "c2", 2, "figures"), "three": job("three", "c3", 3, "tables", "report"),
		},
	}, nil
}

// code is a repository in which every commit holds one file named after it.
type code struct{}

func (code) Tree(_ context.Context, _, commit string) ([]string, error) {
	return []string{commit + ".R"}, nil
}
func (code) File(_ context.Context, _, commit, _ string) ([]byte, error) { return []byte(commit), nil }
func (code) Compare(_ context.Context, _, from, to string) ([]review.CodeChange, error) {
	return []review.CodeChange{{Path: from + to}}, nil
}

func TestJobRequestsAreForThoseConcerned(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.Service.Workspaces, w.Service.Code = recorded{w.Workspaces}, code{}
	id, one, _ := submitted(t, w)
	allowed := []review.Username{"ann", "abe", "cyn", "aud", one.Username}
	for _, p := range reviewtest.People() {
		_, err := w.Job(ctx, w.As(t, p.Username), reviewtest.Cohort, "three")
		seat := stored(t, w, id).Seat(p.Username) != nil
		if want := slices.Contains(allowed, p.Username) || seat; (err == nil) != want {
			t.Errorf("%s: %v", p.Username, err)
		}
		if err != nil {
			wantKind(t, err, review.NotFound)
		}
	}
}

func TestTheCodeIsComparedWithThePreviousRunOfAnAction(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.Service.Workspaces, w.Service.Code = recorded{w.Workspaces}, code{}
	ann := w.As(t, "ann")
	page, err := w.Job(ctx, ann, reviewtest.Cohort, "three")
	must(t, err)
	if page.Previous == nil || page.Previous.ID != "one" {
		t.Fatalf("compared with %+v", page.Previous)
	}
	changes, err := w.CompareCode(ctx, ann, reviewtest.Cohort, page.Previous.Commit, page.Job.Commit)
	must(t, err)
	if len(changes) != 1 || changes[0].Path != "c1c3" {
		t.Errorf("changes %+v", changes)
	}
	src, err := w.CodeAt(ctx, ann, reviewtest.Cohort, "c3", "c3.R")
	must(t, err)
	if string(src.Text) != "c3" || len(src.Files) != 1 {
		t.Errorf("code %+v", src)
	}
	// A commit that no job ran is not shown, whatever the mirror holds.
	_, err = w.CodeAt(ctx, ann, reviewtest.Cohort, "c9", "c9.R")
	wantKind(t, err, review.NotFound)
}

func TestLogsAreOnRecordWhenRead(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.Workspaces.Write(reviewtest.Cohort, "metadata/tables.log", "done\n=============JOB SUMMARY=============\nstate: succeeded\n")
	l, err := w.JobLog(ctx, w.As(t, "ann"), reviewtest.Cohort, "tables")
	must(t, err)
	if l.Body != "done" || l.State != "succeeded" {
		t.Errorf("log %+v", l)
	}
	_, err = w.JobLog(ctx, w.As(t, "tim"), reviewtest.Cohort, "tables")
	wantKind(t, err, review.NotFound)
	seen, _ := w.Store.Events(ctx, review.EventQuery{Types: []review.EventType{review.EvLogViewed}})
	if len(seen) != 1 || seen[0].Workspace != reviewtest.Cohort {
		t.Errorf("on record %+v", seen)
	}
}
