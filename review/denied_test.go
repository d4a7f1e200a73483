package review_test

import (
	"testing"

	"sallyport/review"
)

// An id that no store can keep is denied like any other that is not there.
func TestDeniedByAnImpossibleName(t *testing.T) {
	w := newWorld(t)
	for _, id := range []review.RequestID{"none", "a\x00b", "a\xff"} {
		_, err := w.Request(t.Context(), w.As(t, "ann"), id)
		wantKind(t, err, review.NotFound)
	}
	list, err := w.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvDenied}})
	must(t, err)
	if len(list) != 3 || list[0].Request != "none" || list[1].Request != "" {
		t.Errorf("on record: %+v", list)
	}
}
