package review_test

import (
	"testing"
	"time"

	"sallyport/review"
)

func TestAwayUntil(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	p := review.Person{Absences: []review.Absence{{From: day(20), Until: day(23)}, {From: day(10), Until: day(15)}, {From: day(15), Until: day(18)}, {From: day(9), Until: day(12)}}}
	for _, x := range []struct{ at, want time.Time }{
		{day(8), time.Time{}},
		{day(9), day(18)}, // one absence after another
		{day(12), day(18)},
		{day(18), time.Time{}},
		{day(22), day(23)},
		{day(23), time.Time{}},
	} {
		if got := p.AwayUntil(x.at); !got.Equal(x.want) {
			t.Errorf("on %s away until %s, want %s", x.at, got, x.want)
		}
		if p.Away(x.at) == x.want.IsZero() {
			t.Errorf("on %s away: %v, until %s", x.at, p.Away(x.at), x.want)
		}
	}
}
