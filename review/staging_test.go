package review_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// edits are changes of a draft of which the last one adds a file.
func edits(t testing.TB, w *reviewtest.World, s *review.Service, id review.RequestID) {
	t.Helper()
	ctx, ann := t.Context(), w.As(t, "ann")
	must(t, s.EditDetails(ctx, ann, id, review.RequestDetails{Title: "Together", Purpose: "one change"}))
	_, err := s.AddMatching(ctx, ann, id, "rates", review.GroupDetails{Pattern: "release/rate_*.csv", PatternCount: 2})
	must(t, err)
	v, err := s.Request(ctx, ann, id)
	must(t, err)
	group := v.Groups[len(v.Groups)-1].Group
	must(t, s.EditGroup(ctx, ann, id, group.ID, review.GroupDetails{Pattern: group.Pattern, PatternCount: 2, Intermediate: true}))
}

// state is all that a store keeps of ann's draft for the cohort: nil for none.
func state(t testing.TB, w *reviewtest.World) (*review.Request, []review.EventType) {
	t.Helper()
	list, err := w.Store.Requests(t.Context(), review.RequestQuery{Limit: 10, Whole: true})
	must(t, err)
	events, err := w.Store.Events(t.Context(), review.EventQuery{Limit: 1000})
	must(t, err)
	var types []review.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	if len(list) == 0 {
		return nil, types
	}
	r, err := w.Store.Request(t.Context(), list[0].ID)
	must(t, err)
	return r, types
}

func TestTogether(t *testing.T) {
	w := newWorld(t)
	ctx, ann := t.Context(), w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/rate_a.csv", "sex,n\nF,10\n")
	w.Workspaces.Write(reviewtest.Cohort, "release/rate_b.csv", "sex,n\nM,20\n")
	stop := errors.New("stop")
	var id review.RequestID
	begin := func(s *review.Service) (err error) {
		id, err = s.CreateRequest(ctx, ann, reviewtest.Cohort)
		must(t, err)
		edits(t, w, s, id)
		return nil
	}

	_, before := state(t, w)
	if err := w.Together(ctx, ann, func(s *review.Service) error { return errors.Join(begin(s), stop) }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if r, after := state(t, w); r != nil || !cmp.Equal(before, after) {
		t.Fatalf("a draft that was given up left %v and %v", r, after[len(before):])
	}

	must(t, w.Together(ctx, ann, begin))
	r, after := state(t, w)
	if r == nil || r.ID != id || r.Version != 1 || r.Title != "Together" || len(r.Groups) != 1 || len(r.Groups[0].Files) != 2 || !r.Groups[0].Intermediate || r.Findings == "" {
		t.Fatalf("kept %+v", r)
	}
	want := []review.EventType{review.EvRequestCreated, review.EvRequestEdited, review.EvFileAdded, review.EvGroupEdited, review.EvFileAdded, review.EvChecked, review.EvGroupEdited, review.EvChecked}
	if diff := cmp.Diff(want, after[len(before):]); diff != "" {
		t.Error(diff)
	}
}

// What goes on with a draft is one change of it, and gives way to another's.
func TestTogetherOfADraft(t *testing.T) {
	w := newWorld(t)
	ctx, ann := t.Context(), w.As(t, "ann")
	id := draft(t, w)
	w.Workspaces.Write(reviewtest.Cohort, "release/rate_a.csv", "sex,n\nF,10\n")
	w.Workspaces.Write(reviewtest.Cohort, "release/rate_b.csv", "sex,n\nM,20\n")
	was, _ := state(t, w)

	err := w.Together(ctx, ann, func(s *review.Service) error {
		edits(t, w, s, id)
		return w.EditDetails(ctx, ann, id, review.RequestDetails{Title: "In between", Purpose: "another window"})
	})
	wantKind(t, err, review.Conflict)
	now, _ := state(t, w)
	if now.Version != was.Version+1 || now.Title != "In between" || len(now.Groups) != len(was.Groups) {
		t.Errorf("after a change in between: version %d, %q, %d groups", now.Version, now.Title, len(now.Groups))
	}

	must(t, w.Together(ctx, ann, func(s *review.Service) error { edits(t, w, s, id); return nil }))
	kept, _ := state(t, w)
	if kept.Version != now.Version+1 || kept.Title != "Together" || len(kept.Groups) != len(was.Groups)+1 {
		t.Errorf("kept version %d, %q, %d groups", kept.Version, kept.Title, len(kept.Groups))
	}

	must(t, w.Together(ctx, ann, func(s *review.Service) error { _, err := s.Request(ctx, ann, id); return err }))
	if again, _ := state(t, w); again.Version != kept.Version {
		t.Error("looking changed the draft")
	}
	wantKind(t, w.Together(ctx, ann, func(s *review.Service) error {
		return s.EditDetails(ctx, w.As(t, "tim"), id, review.RequestDetails{Title: "Mine"})
	}), review.NotFound)
	wantKind(t, w.Together(ctx, ann, func(s *review.Service) error {
		edits(t, w, s, id)
		_, err := s.CreateRequest(ctx, ann, reviewtest.CohortNext)
		return err
	}), review.Internal)
	if again, _ := state(t, w); again.Version != kept.Version {
		t.Error("what was refused changed the draft")
	}
}

// However large a draft is, nothing of it is checked behind while its changes are
// held back, and an exception can be asked of what the checks find in it.
func TestTogetherAsksForExceptions(t *testing.T) {
	w := newWorld(t)
	w.Service.Behind = &review.Behind{From: 1}
	ctx, ann := t.Context(), w.As(t, "ann")
	w.Workspaces.Write(reviewtest.Cohort, "release/towns.csv", "small towns,n\nA,3\n")
	var id review.RequestID
	must(t, w.Together(ctx, ann, func(s *review.Service) (err error) {
		id, err = s.CreateRequest(ctx, ann, reviewtest.Cohort)
		must(t, err)
		results, err := s.AddFiles(ctx, ann, id, []review.AddFile{{Path: "release/towns.csv", Kind: review.Output, Group: "g"}})
		must(t, err)
		must(t, s.AskException(ctx, ann, id, results[0].File, "small-count", "They are towns."))
		wantKind(t, s.AskException(ctx, ann, id, results[0].File, "file-type", "It is text."), review.Invalid)
		return nil
	}))
	wantKind(t, w.Submit(ctx, ann, id, nil, ""), review.Invalid) // once the checks of what was kept are over
	if f := stored(t, w, id).Groups[0].Files[0]; len(f.Exceptions) != 1 || f.Exceptions[0].Check != "small-count" {
		t.Errorf("the exceptions are %+v", f.Exceptions)
	}
}
