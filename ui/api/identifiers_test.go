package api_test

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// Whatever of one request is asked for under another is not there, for everybody
// who may see both.
func TestIDsOfAnotherRequest(t *testing.T) {
	s := newStage(t, review.Reviewed)
	at, other := "/requests/"+s.id, s.draftIn(t)
	file, group := string(other.Groups[0].Files[0].ID), string(other.Groups[0].ID)
	tried := 0
	for _, r := range api.Rows() {
		if !strings.HasPrefix(r.Path, "/requests/:request/") || strings.Count(r.Path, ":") < 2 {
			continue
		}
		var body any
		if row, ok := tries()[r.Method+" "+r.Path]; ok {
			body = row.body(s)
		}
		path := strings.NewReplacer("/requests/:request", at, ":file", file, ":group", group, ":comment", s.comment(t)+"X", ":which", "before").Replace(r.Path)
		for _, name := range []string{"ann", s.one, "aud"} {
			tried++
			before := s.digest(t)
			p := s.as(t, name).call(r.Method, api.Prefix+path, body)
			if p.status < 400 || r.Method == http.MethodGet && p.status != http.StatusNotFound || s.digest(t) != before {
				t.Errorf("%s %s as %s with another's ids: status %d: %s", r.Method, r.Path, name, p.status, p.body)
			}
		}
	}
	if tried < 30 {
		t.Errorf("only %d tries", tried)
	}
	t.Logf("%d tries", tried)
}

// draftIn is another request of ann's, of her other workspace.
func (s *stage) draftIn(t *testing.T) *review.Request {
	t.Helper()
	ann := s.as(t, "ann")
	s.Workspaces.Write(reviewtest.CohortNext, "release/other.csv", "region,people\nNorth,120\nSouth,345\n")
	id := into[struct{ ID string }](ann.post("/requests", object{"workspace": "cohort-next"}).want(http.StatusCreated)).ID
	ann.post("/requests/"+id+"/files", object{"files": []object{{"path": "release/other.csv", "kind": "output", "group": "g"}}}).want(http.StatusOK)
	r, err := s.store.Request(t.Context(), review.RequestID(id))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
