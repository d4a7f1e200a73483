package review_test

import (
	"testing"
	"time"

	"sallyport/review"
)

func TestPlaces(t *testing.T) {
	at := review.Place{At: time.Date(2026, 11, 20, 9, 30, 0, 123_000, time.UTC), ID: "R1_a-B"}
	if got, err := review.ParsePlace(at.String()); err != nil || got != at {
		t.Errorf("%s is read as %+v, %v", at, got, err)
	}
	if got, err := review.ParsePlace(""); err != nil || got != (review.Place{}) {
		t.Errorf("no place is read as %+v, %v", got, err)
	}
	for _, bad := range []string{"x", "1", "1.", ".a", "1.a b", "1.\x00", "1.a'", "99999999999999999999.a", "1.ä"} {
		if got, err := review.ParsePlace(bad); review.KindOf(err) != review.Invalid {
			t.Errorf("%q is read as %+v, %v", bad, got, err)
		}
	}
}
