package api_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// A whole form is filed in one change, or nothing of it is, whichever its sender
// asks for where a file is refused.
func TestFormIsFiledAtOnce(t *testing.T) {
	type answer struct {
		ID      string
		Created bool
		Filed   bool
		Added   []string
		Refused []struct{ Path, Message string }
	}
	s := newSite(t)
	ann := s.as(t, "ann")
	for _, name := range []string{"release/one.csv", "release/two.csv"} {
		s.Workspaces.Write(reviewtest.Cohort, name, "region,people\nsmall towns,3\nSouth,345\n")
	}
	file := func(path string) object {
		return object{"path": path, "kind": "output", "exceptions": []object{{"check": "small-count", "reason": "Towns."}}}
	}
	const to = "/workspaces/cohort/draft"
	whole := object{"title": "T", "groups": []object{{"name": "g", "context": object{"population": "Adults."}, "files": []object{file("release/one.csv"), file("release/two.csv")}}}}
	partly := object{"title": "T", "groups": []object{{"name": "g", "files": []object{file("release/one.csv"), file("release/none.csv")}}}}

	got := into[answer](ann.post(to, partly).want(http.StatusOK))
	if got.Filed || got.ID != "" || len(got.Added) != 0 || len(got.Refused) != 1 || got.Refused[0].Path != "release/none.csv" {
		t.Errorf("a form with a file that is not there: %+v", got)
	}
	if all, err := s.store.Requests(t.Context(), review.RequestQuery{}); err != nil || len(all) != 0 {
		t.Fatalf("%d requests are there, %v", len(all), err)
	}

	got = into[answer](ann.post(to, whole).want(http.StatusOK))
	if diff := cmp.Diff([]string{"release/one.csv", "release/two.csv"}, got.Added); !got.Filed || !got.Created || diff != "" {
		t.Errorf("a whole form: %+v", got)
	}
	r, err := s.store.Request(t.Context(), review.RequestID(got.ID))
	if err != nil {
		t.Fatal(err)
	}
	if g := r.Groups[0]; r.Title != "T" || len(g.Files) != 2 || g.Context["population"] != "Adults." || len(g.Files[1].Exceptions) != 1 {
		t.Errorf("the draft is %+v", r)
	}

	// The same again changes nothing, and the rest is filed for who wants that.
	before := r.Version
	if got = into[answer](ann.post(to, whole).want(http.StatusOK)); got.Created || len(got.Added) != 0 || string(r.ID) != got.ID {
		t.Errorf("the same form again: %+v", got)
	}
	partly["leave_out"] = true
	partly["title"] = "Another"
	if got = into[answer](ann.post(to, partly).want(http.StatusOK)); !got.Filed || len(got.Refused) != 1 {
		t.Errorf("with a file to leave out: %+v", got)
	}
	if r, err = s.store.Request(t.Context(), r.ID); err != nil || r.Title != "Another" || r.Version <= before {
		t.Errorf("the draft is %q, version %d after %d, %v", r.Title, r.Version, before, err)
	}
	s.as(t, "tim").post(to, whole).want(http.StatusNotFound)
}
