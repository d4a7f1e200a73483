package review_test

import (
	"context"
	"testing"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// What is not there in a request is not a request that is not there: people are
// told which, and it is on record all the same.
func TestAMissingPartOfARequestIsNamed(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	id, one, _ := submitted(t, w)
	before := len(onRecord(t, w, review.EvDenied))
	for _, tt := range []struct {
		name, want string
		do         func() error
	}{
		{"a group", "There is no such group.", func() error { return w.RequestGroupChanges(ctx, one, id, "none", "because") }},
		{"a comment's group", "There is no such group or file.", func() error {
			return w.Comment(ctx, one, id, review.CommentInput{Group: "none", Visibility: review.Public, Text: "Hm."})
		}},
		{"a request", "There is no such request.", func() error { return w.SubmitReview(ctx, one, "none") }},
		{"another's request", "There is no such request.", func() error { return w.SubmitReview(ctx, w.As(t, "tim"), id) }},
	} {
		err := tt.do()
		wantKind(t, err, review.NotFound)
		if err.Error() != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, err, tt.want)
		}
	}
	if got := len(onRecord(t, w, review.EvDenied)) - before; got != 4 {
		t.Errorf("%d refusals on record, want 4", got)
	}
}

// A draft that outlives its policy can still be written to, field by field: what
// the new policy does not ask for any more stands in nobody's way, and goes.
func TestADraftOfAnOlderPolicyCanBeAmended(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	p := *w.Policy
	p.Context = append([]policy.Field{{ID: "old_field", Label: "What was asked before"}}, p.Context...)
	now := w.Policy
	w.Policy = &p
	id := draft(t, w)
	ann := w.As(t, "ann")
	group := stored(t, w, id).Groups[0]
	about, controls := reviewtest.Context()
	about["old_field"] = "something"
	must(t, w.EditGroup(ctx, ann, id, group.ID, review.GroupDetails{Context: about, Controls: controls}))
	w.Policy = now
	field := now.Context[0].ID
	must(t, w.Amend(ctx, ann, id, review.Amendment{Group: group.ID, Context: map[string]string{field: "written anew"}}))
	got := stored(t, w, id).Groups[0].Context
	if got[field] != "written anew" || got["old_field"] != "" {
		t.Errorf("the context is %v", got)
	}
	wantKind(t, w.Amend(ctx, ann, id, review.Amendment{Group: group.ID, Context: map[string]string{"old_field": "again"}}), review.Invalid)
}
