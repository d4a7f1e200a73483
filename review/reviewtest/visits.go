package reviewtest

import (
	"testing"
	"time"

	"sallyport/review"
)

// visits: a sitting is one visit however often somebody looks, and what came
// before it is told throughout.
func visits(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "one", start))
	for _, tt := range []struct {
		who    review.Username
		after  time.Duration // since start
		before time.Duration // -1 for never
	}{
		{"ada", 0, -1},
		{"ada", 30 * time.Second, -1},
		{"ada", 20 * time.Minute, -1},
		{"carol", 25 * time.Minute, -1},
		{"ada", 45 * time.Minute, -1},
		{"ada", 2 * time.Hour, 45 * time.Minute},
		{"ada", 2*time.Hour + 10*time.Second, 45 * time.Minute},
		{"ada", 2*time.Hour + 5*time.Minute, 45 * time.Minute},
		{"ada", 9 * time.Hour, 2*time.Hour + 5*time.Minute},
		{"carol", 9 * time.Hour, 25 * time.Minute},
	} {
		want := time.Time{}
		if tt.before >= 0 {
			want = start.Add(tt.before)
		}
		got, err := s.Visit(t.Context(), "r1", tt.who, start.Add(tt.after), time.Minute, 30*time.Minute)
		must(t, err)
		same(t, string(tt.who)+" after "+tt.after.String(), want, got)
	}
}
