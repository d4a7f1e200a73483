package ui

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every term that a page explains is in the glossary, and the glossary says of each
// what it means in a sentence.
func TestTermsAreThoseOfTheGlossary(t *testing.T) {
	all, err := readGlossary()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 40 {
		t.Errorf("only %d terms were read", len(all))
	}
	for name, means := range all {
		if !strings.HasSuffix(means, ".") || strings.Contains(means, "**") || strings.Contains(means, "](") {
			t.Errorf("%s: %q is no plain sentence", name, means)
		}
	}
	uses := regexp.MustCompile(`\(term "([^"]+)"`)
	used := map[string]bool{}
	paths, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uses.FindAllStringSubmatch(string(text), -1) {
			if used[m[1]] = true; all[m[1]] == "" {
				t.Errorf("%s explains %q, which is not in the glossary", path, m[1])
			}
		}
	}
	if len(used) < 20 {
		t.Errorf("pages explain only %d terms", len(used))
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
