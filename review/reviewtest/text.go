package reviewtest

import (
	"testing"
	"time"

	"sallyport/review"
)

// unkeepable is text that one engine could keep and another not: every store
// refuses it, keeps nothing of the change, and goes on.
func unkeepable(t *testing.T, s review.Store) {
	ctx := t.Context()
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, text := range map[string]string{"a NUL character": "a\x00b", "no UTF-8": "a\xff", "half a character": "a\xed\xa0\x80"} {
		r := Draft("r1", "ann", "cohort", at)
		r.Title = text
		if err := s.Create(ctx, r, Happened(r, review.EvRequestCreated, at)); review.KindOf(err) != review.Invalid {
			t.Errorf("a title with %s: %v, want Invalid", name, err)
		}
		for _, e := range []review.Event{{At: at, Type: review.EvSignIn, Actor: review.Username(text)}, {At: at, Type: review.EvFileViewed, Path: text}} {
			if err := s.Append(ctx, e); review.KindOf(err) != review.Invalid {
				t.Errorf("an event with %s: %v, want Invalid", name, err)
			}
		}
		if _, err := s.Request(ctx, review.RequestID(text)); review.KindOf(err) != review.NotFound {
			t.Errorf("a request by an id with %s: %v, want NotFound", name, err)
		}
	}
	if _, err := s.Request(ctx, "r1"); review.KindOf(err) != review.NotFound {
		t.Errorf("a refused request: %v", err)
	}
	r := Draft("r1", "ann", "cohort", at)
	r.Title = "\u2028 \x01 \U0001d11e"
	must(t, s.Create(ctx, r, Happened(r, review.EvRequestCreated, at)))
	list, err := s.Events(ctx, review.EventQuery{})
	if err != nil || len(list) != 1 {
		t.Errorf("%d events, %v; want 1", len(list), err)
	}
}
