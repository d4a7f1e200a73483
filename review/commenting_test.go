package review_test

import (
	"testing"
	"time"

	"sallyport/review"
)

// A form that is sent again, because its button was pressed twice or its answer was
// lost, is one comment; what somebody says again later, elsewhere or to others is
// another, and so is what somebody else says.
func TestCommentSentAgain(t *testing.T) {
	w := newWorld(t)
	id, one, two := submitted(t, w)
	g := stored(t, w, id).Groups[0]
	say := func(a review.Actor, in review.CommentInput) {
		t.Helper()
		in.Group = g.ID
		must(t, w.Comment(t.Context(), a, id, in))
	}
	in := review.CommentInput{Visibility: review.Public, Text: "Which year?"}
	said := func(what string, want int) {
		t.Helper()
		events, err := w.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvCommented}})
		must(t, err)
		if got := stored(t, w, id).Comments; len(got) != want || len(events) != want {
			t.Errorf("%s: %d comments, %d events; want %d", what, len(got), len(events), want)
		}
	}
	say(one, in)
	say(one, in)
	said("sent twice", 1)
	say(two, in)
	said("by the other checker", 2)
	say(one, review.CommentInput{Visibility: review.Checkers, Text: in.Text})
	said("to others", 3)
	say(one, review.CommentInput{Visibility: review.Public, Text: in.Text, File: g.Files[0].ID})
	said("on a file", 4)
	w.Advance(time.Minute)
	say(one, in)
	said("a minute later", 5)
}
