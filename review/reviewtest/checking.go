package reviewtest

import (
	"testing"
	"time"

	"sallyport/checks"
	"sallyport/review"
)

// checkRuns: what a run tells can be read until it ends, and a run whose place
// another took changes nothing.
func checkRuns(t *testing.T, s review.Store) {
	ctx := t.Context()
	read := func(id review.RequestID) *review.CheckingRun {
		t.Helper()
		run, err := s.CheckingOf(ctx, id)
		must(t, err)
		return run
	}
	gone := func(id review.RequestID) {
		t.Helper()
		_, err := s.CheckingOf(ctx, id)
		wantKind(t, err, review.NotFound)
	}
	reports := func(paths ...string) (out []*checks.FileReport) {
		for _, path := range paths {
			out = append(out, &checks.FileReport{Path: path, Findings: []checks.Finding{{Check: "small-count", Message: "3 people"}}})
		}
		return out
	}
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

	gone("r1")
	must(t, s.BeginChecking(ctx, "r1", "first", 3, at(0)))
	must(t, s.BeginChecking(ctx, "r2", "other", 50, at(0)))
	same(t, "a run that begins", &review.CheckingRun{Run: "first", Checking: review.Checking{Total: 3}, Told: at(0)}, read("r1"))
	must(t, s.TellChecking(ctx, "r1", "first", 2, reports("a", "b"), at(1)))
	must(t, s.TellChecking(ctx, "r1", "first", 2, nil, at(6)))
	must(t, s.TellChecking(ctx, "r1", "first", 3, reports("c"), at(7)))
	same(t, "what it told", &review.CheckingRun{Run: "first", Checking: review.Checking{Done: 3, Total: 3}, Told: at(7), Found: reports("a", "b", "c")}, read("r1"))

	must(t, s.BeginChecking(ctx, "r1", "second", 4, at(8)))
	wantKind(t, s.TellChecking(ctx, "r1", "first", 3, reports("d"), at(9)), review.Conflict)
	must(t, s.EndChecking(ctx, "r1", "first"))
	same(t, "the run in its place", &review.CheckingRun{Run: "second", Checking: review.Checking{Total: 4}, Told: at(8)}, read("r1"))
	must(t, s.TellChecking(ctx, "r1", "second", 1, reports("a"), at(9)))
	must(t, s.EndChecking(ctx, "r1", "second"))
	gone("r1")
	must(t, s.BeginChecking(ctx, "r1", "third", 4, at(20)))
	same(t, "nothing of the run before", 0, len(read("r1").Found))

	must(t, s.ForgetChecking(ctx, at(20)))
	same(t, "a run that told since", "third", read("r1").Run)
	gone("r2")
	wantKind(t, s.TellChecking(ctx, "r2", "other", 1, reports("a"), at(21)), review.Conflict)
}

// additions: files that are being added are one run's at a time, which tells how far
// it is; what was refused is kept until others take its place.
func additions(t *testing.T, s review.Store) {
	ctx := t.Context()
	files := func(paths ...string) (out []review.AddFile) {
		for _, path := range paths {
			out = append(out, review.AddFile{Path: path, Kind: review.Output, Group: "Tables <1>", Exception: "because"})
		}
		return out
	}
	job := func(run string) review.Job {
		return review.Job{ID: "add-" + run, Kind: review.JobAdd, Request: "r1", Payload: []byte(run), MaxTries: 1, Due: start}
	}
	gone := func() {
		t.Helper()
		_, err := s.AddingOf(ctx, "r1")
		wantKind(t, err, review.NotFound)
	}
	is := func(want *review.Adding) {
		t.Helper()
		got, err := s.AddingOf(ctx, "r1")
		must(t, err)
		same(t, "what is being added", want, got)
	}
	create(t, s, Draft("r1", "ada", "study", start))
	gone()
	first := &review.Adding{Request: "r1", Run: "first", By: "ann", Source: "here", Begun: start, Total: 3, Left: files("a", "b", "c")}
	must(t, s.BeginAdding(ctx, first, job("first")))
	is(first)
	taken, err := s.NextJob(ctx, start, start.Add(time.Minute))
	must(t, err)
	same(t, "its job", "first", string(taken.Payload))

	second := &review.Adding{Request: "r1", Run: "second", By: "abe", Begun: start, Total: 1, Left: files("d")}
	wantKind(t, s.BeginAdding(ctx, second, job("second")), review.Conflict)
	wantKind(t, s.TellAdding(ctx, second), review.Conflict)
	must(t, s.EndAdding(ctx, "r1", "second"))
	first.Done, first.Left = 1, files("b", "c")
	must(t, s.TellAdding(ctx, first))
	is(first)
	_, err = s.NextJob(ctx, start, start.Add(time.Minute))
	wantKind(t, err, review.NotFound) // of one that could not begin

	first.Done, first.Left, first.Refused = 3, nil, []review.AddResult{{Path: "b", Problem: "It is a link."}}
	must(t, s.TellAdding(ctx, first))
	is(first)
	must(t, s.BeginAdding(ctx, second, job("second")))
	wantKind(t, s.TellAdding(ctx, first), review.Conflict)
	is(second)
	must(t, s.EndAdding(ctx, "r1", "second"))
	gone()
}
