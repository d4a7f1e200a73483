package review_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// Lists end, whatever their length, and each of their elements is seen once.
func TestPages(t *testing.T) {
	for n := range 12 {
		list := make([]review.Release, n)
		for i := range list {
			list[i].ID, list[i].Approved = fmt.Sprintf("REL%02d", i), time.UnixMicro(int64(1000-i/2)).UTC() // two at once
		}
		var seen, want []string
		asked := 0
		for page, err := range review.Pages(3, pagesOf(list, &asked), (*review.Release).Place) {
			must(t, err)
			if len(page) == 0 || len(page) > 3 {
				t.Errorf("%d elements: a page of %d", n, len(page))
			}
			for _, r := range page {
				seen = append(seen, r.ID)
			}
		}
		for _, r := range list {
			want = append(want, r.ID)
		}
		if diff := cmp.Diff(want, seen); diff != "" || asked != n/3+1 {
			t.Errorf("%d elements, asked for %d times: %s", n, asked, diff)
		}
	}
	failed := 0
	for page, err := range review.Pages(3, func(review.Place, int) ([]review.Release, error) { return nil, io.ErrUnexpectedEOF }, (*review.Release).Place) {
		if failed++; err != io.ErrUnexpectedEOF || page != nil {
			t.Errorf("%v, %v", page, err)
		}
	}
	if failed != 1 {
		t.Errorf("an error came %d times", failed)
	}
}

// pagesOf answers like a store, from a list that is newest first.
func pagesOf(list []review.Release, asked *int) func(review.Place, int) ([]review.Release, error) {
	return func(after review.Place, limit int) ([]review.Release, error) {
		*asked++
		if *asked > len(list)+1 {
			return nil, errors.New("asked for the same pages again and again")
		}
		from := slices.IndexFunc(list, func(r review.Release) bool { return r.Place() == after }) + 1
		return list[from:min(from+limit, len(list))], nil
	}
}
