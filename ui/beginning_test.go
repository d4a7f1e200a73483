package ui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// Whoever runs a new service is told what it lacks before its first release, and
// no more of it once something was released.
func TestNewServiceIsToldWhatItLacks(t *testing.T) {
	empty := &review.Beginning{Needed: 2, Waiting: 1}
	ready := &review.Beginning{Projects: 1, Researchers: 1, Checkers: 2, Needed: 2}
	for _, x := range []struct {
		name   string
		b      *review.Beginning
		backup bool
		open   string
	}{
		{"nothing is there", empty, false, "project folder researcher role checkers backup"},
		{"only a backup is missing", ready, false, "backup"},
		{"a folder is missing", &review.Beginning{Projects: 2, Missing: []review.WorkspaceName{"uptake"}, Researchers: 1, Checkers: 2, Needed: 2}, true, "folder"},
		{"one checker of two", &review.Beginning{Projects: 1, Researchers: 1, Checkers: 1, Needed: 2}, true, "checkers"},
		{"all is there", ready, true, ""},
		{"something was released", nil, false, ""},
	} {
		var open []string
		words := []string{"project", "folder", "researcher", "role", "checkers", "backup"}
		for i, n := range needs(x.b, x.backup) {
			if !strings.Contains(strings.ToLower(n.Text), words[i]) {
				t.Errorf("%s: %q says nothing of a %s", x.name, n.Text, words[i])
			}
			if !n.Done {
				open = append(open, words[i])
			}
		}
		if got := strings.Join(open, " "); got != x.open {
			t.Errorf("%s: open are %q, want %q", x.name, got, x.open)
		}
		if lacking(needs(x.b, x.backup)) != (x.open != "") {
			t.Errorf("%s: whether anything is lacking is told wrongly", x.name)
		}
	}
}

// The page counts who could be given a request now, and offers what to do.
func tellsWhatIsMissingAtFirst(t *testing.T, s *site) {
	t.Helper()
	s.as(t, "ops").get("/status").want(http.StatusOK).has("Before the first release", "Make the first with sallyport backup make").
		lacks("Number who could be given a request now")
	away := review.Absence{From: s.Now().Add(-time.Hour), Until: s.Now().Add(time.Hour)}
	people, err := s.Store.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if p.Has(policy.Checker) {
			p.Absences = append(p.Absences, away)
			s.save(t, p)
		}
	}
	s.as(t, "ops").get("/status").has("Number who could be given a request now: 0.")
}
