package reviewtest

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"sallyport/review"
)

// leads: who leads is who saw last how the lead stands.
func leads(t *testing.T, s review.Store) {
	none, err := s.Lead(t.Context(), "work")
	must(t, err)
	same(t, "a lead that nobody took", review.Lead{}, none)
	take := func(was review.Lead, holder string, want review.Lead) {
		t.Helper()
		now, err := s.TakeLead(t.Context(), "work", was, holder)
		must(t, err)
		same(t, "the lead", want, now)
		if now, err = s.Lead(t.Context(), "work"); err != nil || now != want {
			t.Errorf("kept is %v, %v, want %v", now, err, want)
		}
	}
	first := review.Lead{Holder: "a", Beat: 1}
	take(none, "a", first)
	take(none, "b", first)
	take(review.Lead{Holder: "b", Beat: 1}, "b", first)
	second := review.Lead{Holder: "a", Beat: 2}
	take(first, "a", second)
	take(first, "b", second)
	take(second, "b", review.Lead{Holder: "b", Beat: 3})
	take(review.Lead{Holder: "b", Beat: 3}, "", review.Lead{Beat: 4})
	take(review.Lead{Beat: 4}, "a", review.Lead{Holder: "a", Beat: 5})
	other, err := s.TakeLead(t.Context(), "other", review.Lead{}, "c")
	must(t, err)
	same(t, "another lead", review.Lead{Holder: "c", Beat: 1}, other)
}

// leadRace: of many who saw the same, one gets it.
func leadRace(t *testing.T, s review.Store) {
	was := review.Lead{}
	for range 5 {
		var group errgroup.Group
		got := make([]review.Lead, 6)
		for i := range got {
			group.Go(func() (err error) {
				got[i], err = s.TakeLead(t.Context(), "work", was, fmt.Sprint(i))
				return err
			})
		}
		must(t, group.Wait())
		for i := range got {
			if got[i] != got[0] || got[i].Beat != was.Beat+1 {
				t.Errorf("after %v: %v", was, got)
			}
		}
		was = got[0]
	}
}
