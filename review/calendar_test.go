package review_test

import (
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

func TestWorkingDays(t *testing.T) {
	p := policy.Default()
	day := func(s string) time.Time {
		at, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tt := range []struct {
		name, from, to string
		want           int
	}{
		{"the same day", "2026-11-24 23:00", "2026-11-24 01:00", 0},
		{"tomorrow, early", "2026-11-24 23:00", "2026-11-25 00:10", 1},
		{"over a weekend", "2026-11-20 09:00", "2026-11-23 09:00", 1},
		{"a week", "2026-11-20 09:00", "2026-11-27 09:00", 5},
		{"before", "2026-11-27 09:00", "2026-11-20 09:00", -5},
		{"over Christmas", "2026-12-24 09:00", "2026-12-29 09:00", 1}, // Boxing Day is kept on Monday 28th
		{"very far", "1900-01-01 00:00", "2900-01-01 00:00", 1000},
	} {
		if got := review.WorkingDays(p, day(tt.from), day(tt.to)); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
