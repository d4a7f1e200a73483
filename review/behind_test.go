package review_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// stepwise is a checker that examines one file, tells of it, and waits to be let
// go on.
type stepwise struct {
	goOn  chan struct{}
	first chan struct{}
	runs  atomic.Int64
}

func (*stepwise) Engine() string { return checks.EngineVersion }

func (c *stepwise) Run(ctx context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error) {
	c.runs.Add(1)
	if set.Done == nil {
		return checks.Run(ctx, p, set)
	}
	rep, err := checks.Run(ctx, p, checks.Set{Files: set.Files[:1], Workspace: true})
	if err != nil {
		return nil, err
	}
	set.Done(0, &rep.Files[0])
	c.first <- struct{}{}
	select {
	case <-c.goOn:
		return checks.Run(ctx, p, set)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestChecksBehind adds many files: the answer does not wait for the checks, the
// first findings are there at once, the rest when they are made.
func TestChecksBehind(t *testing.T) {
	w := newWorld(t)
	c := &stepwise{goOn: make(chan struct{}), first: make(chan struct{}, 1)}
	w.Service.Checker, w.Service.Behind = c, &review.Behind{From: 3}
	author := w.As(t, "ann")
	id, err := w.CreateRequest(t.Context(), author, reviewtest.Cohort)
	must(t, err)
	if _, err := w.AddFiles(t.Context(), author, id, tables(w, 5)); err != nil {
		t.Fatal(err)
	}
	<-c.first
	v, err := w.Request(t.Context(), author, id)
	if err != nil {
		t.Fatal(err)
	}
	if v.Report != nil || v.Checking == nil || v.Checking.Done != 1 || v.Checking.Total != 5 {
		t.Fatalf("in the middle: report %v, checking %+v", v.Report != nil, v.Checking)
	}
	with := 0
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if f.Report != nil {
				with++
			}
		}
	}
	if with != 1 {
		t.Errorf("%d files have findings", with)
	}
	close(c.goOn)
	if err := w.Submit(t.Context(), author, id, nil, ""); review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
	v, err = w.Request(t.Context(), author, id)
	if err != nil {
		t.Fatal(err)
	}
	if v.Report == nil || len(v.Report.Files) != 5 || v.Checking != nil {
		t.Errorf("afterwards: report %v, checking %+v", v.Report != nil, v.Checking)
	}
	if n := c.runs.Load(); n != 1 {
		t.Errorf("checked %d times", n)
	}
}

// tables puts small tables into the workspace, to be added.
func tables(w *reviewtest.World, n int) (add []review.AddFile) {
	for i := range n {
		path := fmt.Sprintf("release/table%d.csv", i)
		w.Workspaces.Write(reviewtest.Cohort, path, fmt.Sprintf("region,count\nEast,%d\n", 3+i))
		add = append(add, review.AddFile{Path: path, Kind: review.Output, Group: "tables"})
	}
	return add
}

// another is a second instance on the same store.
func another(w *reviewtest.World, checker review.Checker) *review.Service {
	s := *w.Service
	s.Checker, s.Behind = checker, &review.Behind{From: 3}
	return &s
}

// checkingAt is how far an instance tells that the checks are, and how many files
// have findings, once that is what is wanted: telling takes a moment.
func checkingAt(t *testing.T, s *review.Service, a review.Actor, id review.RequestID, done int) (with int) {
	t.Helper()
	for {
		v, err := s.Request(t.Context(), a, id)
		must(t, err)
		if v.Checking != nil && v.Checking.Done == done {
			for _, g := range v.Groups {
				for _, f := range g.Files {
					if f.Report != nil && len(f.Report.Findings) > 0 {
						with++
					}
				}
			}
			return with
		}
		select {
		case <-t.Context().Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestChecksAtAnotherInstance looks at a request, and submits it, where its checks
// do not go on: how far they are is told there too, with what was found, and they
// are waited for and not done again.
func TestChecksAtAnotherInstance(t *testing.T) {
	w := newWorld(t)
	here, there := &stepwise{goOn: make(chan struct{}), first: make(chan struct{}, 1)}, &stepwise{}
	w.Service.Checker, w.Service.Behind = here, &review.Behind{From: 3}
	other := another(w, there)
	author := w.As(t, "ann")
	id, err := w.CreateRequest(t.Context(), author, reviewtest.Cohort)
	must(t, err)
	_, err = w.AddFiles(t.Context(), author, id, tables(w, 5))
	must(t, err)
	<-here.first
	if with := checkingAt(t, other, author, id, 1); with != 1 {
		t.Errorf("%d files have findings at the other instance", with)
	}
	submitted := make(chan error)
	go func() { submitted <- other.Submit(t.Context(), author, id, nil, "") }()
	close(here.goOn)
	if err := <-submitted; review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
	if here.runs.Load() != 1 || there.runs.Load() != 0 {
		t.Errorf("checked %d times here and %d there", here.runs.Load(), there.runs.Load())
	}
	v, err := other.Request(t.Context(), author, id)
	must(t, err)
	if v.Report == nil || v.Checking != nil {
		t.Errorf("afterwards: report %v, checking %+v", v.Report != nil, v.Checking)
	}
}

// TestNewerChecksElsewhere adds a file at another instance while the checks of the
// others go on: those end, and what is found is found in all files.
func TestNewerChecksElsewhere(t *testing.T) {
	w := newWorld(t)
	here := &stepwise{goOn: make(chan struct{}), first: make(chan struct{}, 1)}
	there := &stepwise{goOn: make(chan struct{}), first: make(chan struct{}, 1)}
	w.Service.Checker, w.Service.Behind = here, &review.Behind{From: 3}
	other := another(w, there)
	author := w.As(t, "ann")
	id, err := w.CreateRequest(t.Context(), author, reviewtest.Cohort)
	must(t, err)
	add := tables(w, 6)
	_, err = w.AddFiles(t.Context(), author, id, add[:5])
	must(t, err)
	<-here.first
	checkingAt(t, other, author, id, 1)
	_, err = other.AddFiles(t.Context(), author, id, add[5:])
	must(t, err)
	<-there.first
	checkingAt(t, other, author, id, 1)
	for { // until those here hear that their place was taken: they tell that they live
		run, err := w.Store.CheckingOf(t.Context(), id)
		must(t, err)
		if v, err := w.Request(t.Context(), author, id); err == nil && v.Checking != nil && v.Checking.Total == 6 && run.Total == 6 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(there.goOn)
	if err := w.Submit(t.Context(), author, id, nil, ""); review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
	v, err := w.Request(t.Context(), author, id)
	must(t, err)
	if v.Report == nil || len(v.Report.Files) != 6 {
		t.Errorf("afterwards: report %v", v.Report != nil)
	}
	if here.runs.Load() != 1 || there.runs.Load() != 1 {
		t.Errorf("checked %d times here and %d there", here.runs.Load(), there.runs.Load())
	}
}

// TestChecksThatFellSilent: nobody waits for an instance that died.
func TestChecksThatFellSilent(t *testing.T) {
	w := newWorld(t)
	w.Service.Checker, w.Service.Behind = new(stepwise), &review.Behind{From: 3}
	author := w.As(t, "ann")
	id, err := w.CreateRequest(t.Context(), author, reviewtest.Cohort)
	must(t, err)
	w.Service.Behind = nil // added by an instance whose checks never got to their end
	w.Service.Checker = failing{}
	if _, err := w.AddFiles(t.Context(), author, id, tables(w, 5)); err == nil {
		t.Fatal("checks that fail did not")
	}
	w.Service.Checker, w.Service.Behind = new(stepwise), &review.Behind{From: 3}
	must(t, w.Store.BeginChecking(t.Context(), id, "of one that died", 5, w.Now()))
	checkingAt(t, w.Service, author, id, 0)
	w.Advance(time.Minute)
	v, err := w.Request(t.Context(), author, id)
	must(t, err)
	if v.Checking != nil {
		t.Errorf("an instance that was silent for a minute checks: %+v", v.Checking)
	}
	if err := w.Submit(t.Context(), author, id, nil, ""); review.KindOf(err) != review.Invalid {
		t.Errorf("an unfinished draft was submitted: %v", err)
	}
}

// failing is a checker that never comes to an end.
type failing struct{}

func (failing) Engine() string { return checks.EngineVersion }
func (failing) Run(context.Context, *policy.Policy, checks.Set) (*checks.Report, error) {
	return nil, errors.New("the instance died")
}
