package review_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

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
	var add []review.AddFile
	for i := range 5 {
		path := fmt.Sprintf("release/table%d.csv", i)
		w.Workspaces.Write(reviewtest.Cohort, path, fmt.Sprintf("region,count\nEast,%d\n", 3+i))
		add = append(add, review.AddFile{Path: path, Kind: review.Output, Group: "tables"})
	}
	if _, err := w.AddFiles(t.Context(), author, id, add); err != nil {
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
