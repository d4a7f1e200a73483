package review_test

import (
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// A clock that is set years ahead removes nothing: what is due by it waits for a
// day of the machine's own time, and nothing happens if it is set back before.
func TestALeapOfTheClockRemovesNothing(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name  string
		leaps []time.Duration // of the clock, before each look
		runs  []time.Duration // of the process since it began, at each look
		want  []bool          // the request's bytes are gone afterwards
	}{
		{"days pass", []time.Duration{0, day, 400 * day}, []time.Duration{0, day, 401 * day}, []bool{false, false, true}},
		{"set ahead while it runs", []time.Duration{0, 400 * day, time.Hour, 23 * time.Hour}, []time.Duration{0, time.Hour, 2 * time.Hour, 25 * time.Hour}, []bool{false, false, false, true}},
		{"set ahead and back", []time.Duration{0, 400 * day, -400 * day, day, day}, []time.Duration{0, 0, time.Hour, day, 3 * day}, []bool{false, false, false, false, false}},
		{"set ahead before the start", []time.Duration{400 * day, time.Hour, day}, []time.Duration{time.Second, time.Hour, 25 * time.Hour}, []bool{false, false, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			rules := *w.Policy
			rules.Retention.Blobs.Released = policy.Days(30)
			w.Policy = &rules
			id, one, _ := reviewed(t, w)
			must(t, w.Release(t.Context(), one, id))
			drain(t, w)
			var up time.Duration
			w.Steady = &review.SteadyClock{Uptime: func() time.Duration { return up }}
			for i, leap := range tt.leaps {
				w.Advance(leap)
				up = tt.runs[i]
				must(t, review.KeepRetention(t.Context(), w.Service))
				at, err := w.Store.RetiredAt(t.Context(), id)
				must(t, err)
				if at.IsZero() == tt.want[i] {
					t.Fatalf("after leap %d the bytes were given up at %v, want %v", i+1, at, tt.want[i])
				}
			}
		})
	}
}
