package crate_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

// TestNothingElseLeaves looks for what must stay inside in every byte of a
// package.
func TestNothingElseLeaves(t *testing.T) {
	files := contents(t, newSample(t).pack(t))
	for path, data := range files {
		for _, marker := range []string{
			inSupporting, inWithdrawn, inComment, inReason, inContext, inFinding, inRemoved,
			"output/s.csv", "release/w.csv", "@example.org", digestText(inSupporting), digestText(inWithdrawn),
		} {
			if bytes.Contains(data, []byte(marker)) {
				t.Errorf("%s holds %s", path, marker)
			}
		}
	}
	if dir := os.Getenv("SALLYPORT_SAMPLE"); dir != "" { // to look at one
		for path, data := range files {
			at := filepath.Join(dir, filepath.FromSlash(path))
			must(t, os.MkdirAll(filepath.Dir(at), 0o755))
			must(t, os.WriteFile(at, data, 0o644))
		}
	}
}

func digestText(s string) string { return string(digest(s)) }

// TestSameAgain makes a package again after everything that may happen between
// two tries, and by another packer.
func TestSameAgain(t *testing.T) {
	s := newSample(t)
	s.sink.fail = func() error { return errors.New("not now") }
	first := contents(t, s.pack(t))
	s.sink.fail = nil
	_, _, err := s.Download(context.Background(), s.As(t, "ann"), s.request, fileNamed(t, s, "release/a.csv"))
	must(t, err)
	s.Advance(48 * time.Hour)
	s.Packer = nil // nothing may be written anew
	second := contents(t, s.pack(t))
	if len(s.sink.got) < 2 {
		t.Fatal("there was no second try")
	}
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("the second time it is another package (-first +second):\n%s", d)
	}
}

func fileNamed(t *testing.T, s *sample, path string) review.FileID {
	t.Helper()
	r, err := s.Store.Request(context.Background(), s.request)
	must(t, err)
	for _, f := range r.Outputs() {
		if f.Path == path {
			return f.ID
		}
	}
	t.Fatalf("there is no %s", path)
	return ""
}

// TestSpoiled does not pack bytes that are no longer those approved.
func TestSpoiled(t *testing.T) {
	s := newSample(t)
	s.Blobs.Spoil(digest("sex,n\nM,20\n"))
	_, err := s.WorkOnce(context.Background())
	must(t, err)
	if len(s.sink.got) > 0 {
		t.Error("a package with spoilt bytes was delivered")
	}
}

// TestSummary holds the page for people to running nothing, fetching nothing and
// escaping what people wrote.
func TestSummary(t *testing.T) {
	page := string(contents(t, newSample(t).pack(t))["data/summary.html"])
	for _, bad := range []string{"<script", "javascript:", "http://", "https://", "<sex>", " onload=", "ZgotmplZ", "<no value>"} {
		if strings.Contains(strings.ReplaceAll(page, "https://www.opensafely.org", ""), bad) {
			t.Errorf("the summary holds %q", bad)
		}
	}
	for _, want := range []string{
		"Rates by &lt;sex&gt; &amp; age", "Person ann", `href="release/50%25%20&amp;%20more/b.csv"`, "default-src 'none'", "@media print",
		"Handed in a review", "1 withdrawn file",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
}
