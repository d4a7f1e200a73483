package review_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// manyTables is a world whose service adds all but the first three of many files
// behind, a draft in it, and files of which the one before the last is a link.
func manyTables(t *testing.T) (w *reviewtest.World, id review.RequestID, add []review.AddFile) {
	t.Helper()
	w = newWorld(t)
	w.Service.Behind = &review.Behind{From: 3}
	id, err := w.CreateRequest(t.Context(), w.As(t, "ann"), reviewtest.Cohort)
	must(t, err)
	add = tables(w, 9)
	add[7].Path = "release/nothing.csv"
	return w, id, add
}

// paths are those of the files of a request, in order.
func paths(v *review.View) string {
	var out []string
	for _, g := range v.Groups {
		for _, f := range g.Files {
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(f.File.Path, "release/table"), ".csv"))
		}
	}
	return strings.Join(out, " ")
}

// TestAddingBehind adds many files: the first are there at the answer, the others
// behind it, and a second instance tells how far that is and does it. Until then
// nothing is submitted; what could not be added is told until it is over.
func TestAddingBehind(t *testing.T) {
	w, id, add := manyTables(t)
	ctx, ann := t.Context(), w.As(t, "ann")
	results, err := w.AddFilesBehind(ctx, ann, id, add)
	must(t, err)
	for i, r := range results {
		if r.Path != add[i].Path || r.Later != (i >= 3) || (r.File == "") != r.Later {
			t.Errorf("result %d: %+v", i, r)
		}
	}
	other := *w.Service
	other.Behind = &review.Behind{From: 3}
	v, err := other.Request(ctx, ann, id)
	must(t, err)
	if got := paths(v); got != "0 1 2" || !v.Adding.Going() || v.Adding.Done != 3 || v.Adding.Total != 9 {
		t.Fatalf("in the middle there are %s, and %+v", got, v.Adding)
	}
	if last := v.Missing[len(v.Missing)-1]; !strings.Contains(last.Message, "3 of 9") {
		t.Errorf("missing: %+v", last)
	}
	if err := w.Submit(ctx, ann, id, nil, ""); review.KindOf(err) != review.Conflict || !strings.Contains(err.Error(), "still being added") {
		t.Errorf("submitted in the middle: %v", err)
	}
	if _, err := w.AddFilesBehind(ctx, ann, id, add[4:]); review.KindOf(err) != review.Conflict {
		t.Errorf("others are added at the same time: %v", err)
	}
	finish(t, &other)
	v, err = w.Request(ctx, ann, id)
	must(t, err)
	if got := paths(v); got != "0 1 2 3 4 5 6 8" || v.Adding.Going() {
		t.Fatalf("afterwards there are %s, and %+v", got, v.Adding)
	}
	if r := v.Adding.Refused; len(r) != 1 || r[0].Path != add[7].Path || !strings.Contains(r[0].Problem, "no such file") {
		t.Errorf("refused: %+v", r)
	}
	if err := w.Submit(ctx, ann, id, nil, ""); review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
	w.Workspaces.Write(reviewtest.Cohort, add[7].Path, "region,count\nEast,9\n")
	results, err = w.AddFilesBehind(ctx, ann, id, add)
	must(t, err)
	w.Advance(time.Minute)
	finish(t, w.Service)
	if v, err = w.Request(ctx, ann, id); err != nil || v.Adding != nil || !results[0].Before {
		t.Errorf("added again: %v, %+v, %+v", err, v.Adding, results[0])
	}
	if n := added(t, w, id); n != 9 {
		t.Errorf("%d files were added, of 9", n)
	}
}

// TestWildcardBehind adds by a wildcard more files than the answer waits for, the
// first of which are refused: the group is named by it all the same.
func TestWildcardBehind(t *testing.T) {
	w, id, add := manyTables(t)
	ctx, ann := t.Context(), w.As(t, "ann")
	for i := range add[:3] {
		add[i].Kind, add[i].Group = review.Supporting, "beside them"
	}
	_, err := w.AddFiles(ctx, ann, id, add[:3])
	must(t, err)
	results, err := w.AddMatchingBehind(ctx, ann, id, "tables", review.GroupDetails{Pattern: "release/table*.csv", PatternCount: 9})
	must(t, err)
	for i, r := range results[:3] {
		if r.Problem == "" {
			t.Fatalf("result %d: %+v", i, r)
		}
	}
	finish(t, w.Service)
	v, err := w.Request(ctx, ann, id)
	must(t, err)
	if g := v.Groups[1].Group; g.Pattern != "release/table*.csv" || g.PatternCount != 9 || len(g.Files) != 6 {
		t.Errorf("the group has %d files and the wildcard %q of %d", len(g.Files), g.Pattern, g.PatternCount)
	}
	named, err := w.Store.Events(ctx, review.EventQuery{Request: id, Types: []review.EventType{review.EvGroupEdited}})
	must(t, err)
	if len(named) != 1 {
		t.Errorf("named %d times", len(named))
	}
}

// finish does every job that is due, at one instance.
func finish(t testing.TB, s *review.Service) {
	t.Helper()
	for {
		did, err := s.WorkOnce(t.Context())
		must(t, err)
		if !did {
			return
		}
	}
}

func added(t *testing.T, w *reviewtest.World, id review.RequestID) int {
	t.Helper()
	events, err := w.Store.Events(t.Context(), review.EventQuery{Request: id, Types: []review.EventType{review.EvFileAdded}})
	must(t, err)
	return len(events)
}

// dying is a store whose process is killed before, or after, one of its writes.
type dying struct {
	review.Store
	left  int
	after bool
}

var errKilled = errors.New("killed")

func (d *dying) write(do func() error) error {
	if d.left--; d.left < 0 {
		return errKilled
	}
	if d.left > 0 {
		return do()
	}
	if !d.after {
		return errKilled
	}
	return errors.Join(do(), errKilled)
}

func (d *dying) Update(ctx context.Context, id review.RequestID, change func(*review.Request) (review.Change, error)) (r *review.Request, err error) {
	err = d.write(func() (err error) { r, err = d.Store.Update(ctx, id, change); return err })
	return r, err
}

func (d *dying) BeginAdding(ctx context.Context, a *review.Adding, job review.Job) error {
	return d.write(func() error { return d.Store.BeginAdding(ctx, a, job) })
}

func (d *dying) TellAdding(ctx context.Context, a *review.Adding) error {
	return d.write(func() error { return d.Store.TellAdding(ctx, a) })
}

func (d *dying) EndAdding(ctx context.Context, id review.RequestID, run string) error {
	return d.write(func() error { return d.Store.EndAdding(ctx, id, run) })
}

func (d *dying) Enqueue(ctx context.Context, jobs ...review.Job) error {
	return d.write(func() error { return d.Store.Enqueue(ctx, jobs...) })
}

func (d *dying) NextJob(ctx context.Context, now, lease time.Time) (j *review.Job, err error) {
	err = d.write(func() (err error) { j, err = d.Store.NextJob(ctx, now, lease); return err })
	return j, err
}

func (d *dying) FinishJob(ctx context.Context, job *review.Job) error {
	return d.write(func() error { return d.Store.FinishJob(ctx, job) })
}

// TestKilledWhileAddingBehind kills the process at each of its writes, before and
// after it is kept. Another goes on: then either nothing of it is there and nothing
// waits, or every file is, once.
func TestKilledWhileAddingBehind(t *testing.T) {
	all := false
	for at := 1; !all; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after %t", at, after), func(t *testing.T) {
				w, id, add := manyTables(t)
				add = append(add[:7:7], add[8])
				ctx, ann := t.Context(), w.As(t, "ann")
				d := &dying{w.Store, at, after}
				killed := *w.Service
				killed.Store, killed.Checker = d, failing{} // checks are begun and come to nothing
				_, err := killed.AddFilesBehind(ctx, ann, id, add)
				for i := 0; err == nil && i < 2 && d.left > 0; i++ {
					_, err = killed.WorkOnce(ctx)
				}
				all = all || d.left > 0
				w.Advance(2 * time.Minute) // its leases end
				finish(t, w.Service)
				v, err := w.Request(ctx, ann, id)
				must(t, err)
				if n := added(t, w, id); v.Adding != nil || n != 0 && n != 8 || len(strings.Fields(paths(v))) != n {
					t.Errorf("there are %s, %d were added, and %+v waits", paths(v), n, v.Adding)
				}
			})
		}
	}
}

// TestAddingBehindIsGivenUp: where the storage does not come back, the author is told
// which files are not there, and goes on.
func TestAddingBehindIsGivenUp(t *testing.T) {
	w, id, add := manyTables(t)
	ctx, ann := t.Context(), w.As(t, "ann")
	_, err := w.AddFilesBehind(ctx, ann, id, add[:6])
	must(t, err)
	broken := *w.Service
	broken.Blobs = full{w.Blobs}
	for range 100 {
		_, err := broken.WorkOnce(ctx)
		must(t, err)
		w.Advance(time.Minute)
	}
	v, err := w.Request(ctx, ann, id)
	must(t, err)
	if v.Adding == nil || v.Adding.Going() || len(v.Adding.Refused) != 3 {
		t.Fatalf("given up: %+v", v.Adding)
	}
	if why := v.Adding.Refused[0].Problem; !strings.Contains(why, "The disk is full.") || !strings.Contains(why, "Add the file again") {
		t.Errorf("told: %s", why)
	}
	if err := w.Submit(ctx, ann, id, nil, ""); review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
	dead, err := w.Store.DeadJobs(ctx)
	must(t, err)
	if len(dead) == 0 || dead[0].Kind != review.JobAdd {
		t.Errorf("operators are shown %+v", dead)
	}
}

// full is a place for bytes that takes no more.
type full struct{ review.Blobs }

func (full) Put(context.Context, io.Reader, int64) (review.Digest, int64, error) {
	return "", 0, review.Errorf(review.Unavailable, "The disk is full.")
}
