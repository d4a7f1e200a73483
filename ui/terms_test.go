package ui

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// What pages say of a term is what the glossary says.
func TestTermsAreThoseOfTheGlossary(t *testing.T) {
	text, err := os.ReadFile("../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range terms() {
		found := false
		for line := range strings.Lines(string(text)) {
			name, means, ok := strings.Cut(strings.TrimSpace(line), "**")
			if !ok || name != "" {
				continue
			}
			name, means, _ = strings.Cut(means, "**")
			_, means, _ = strings.Cut(means, ": ")
			if strings.EqualFold(name, x.Key) {
				found = true
				if means != x.Means {
					t.Errorf("%s: %q, and in the glossary %q", x.Key, x.Means, means)
				}
			}
		}
		if !found {
			t.Errorf("%s is not in the glossary", x.Key)
		}
	}
}

// A page explains a term once: where it is used first, with the meaning at its foot.
func TestTermsAreExplainedInPlace(t *testing.T) {
	s := newSite(t)
	s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get("/workspaces/cohort").want(http.StatusOK)
	for _, want := range []string{`href="#term-group"`, `id="term-group"`} {
		if n := strings.Count(ann.body, want); n != 1 {
			t.Errorf("%s is there %d times", want, n)
		}
	}
	ann.has("Words on this page", "files of a request that share a description.")
	ann.get("/account").lacks("Words on this page") // and nothing of the page before
	if _, err := new(words).term("no such word"); err == nil {
		t.Error("a word that is not in the glossary is no mistake")
	}
}
