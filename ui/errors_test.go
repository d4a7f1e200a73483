package ui

import (
	"errors"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/review"
)

// Every page about an error says what happened, that nothing was lost and what
// to do, each in a sentence.
func TestErrorWords(t *testing.T) {
	seen := map[string]bool{}
	for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 429, 500, 502, 503} {
		p, written := describe(status, errors.New("secret 123"), false), describe(status, errors.New("secret 123"), true)
		if said := p.Kept + p.Next; strings.Contains(said, "filled in") || strings.Contains(said, "wrote") || strings.Contains(said, "send") && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d speaks of what was written to somebody who wrote nothing: %s", status, said)
		}
		if said := written.Kept; !strings.Contains(said, "filled in") && status != 401 && status != 405 && status != 421 {
			t.Errorf("%d does not say what became of what was filled in: %s", status, said)
		}
		for what, text := range map[string]string{"what happened": p.Message, "what is kept": p.Kept, "what to do": p.Next} {
			if !strings.HasSuffix(text, ".") || strings.Contains(text, "secret") {
				t.Errorf("%d says of %s: %q", status, what, text)
			}
		}
		if p.Heading == "" || !regexp.MustCompile(`[Nn]othing was|is safe`).MatchString(p.Kept) {
			t.Errorf("%d: %+v", status, p)
		}
		if _, known := errorWords(status, false); !known && status < 500 {
			t.Errorf("%d has no words of its own", status)
		}
		seen[p.Heading] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d headings tell errors apart", len(seen))
	}
	own := describe(http.StatusConflict, review.Errorf(review.Conflict, "Somebody else was first."), true)
	if own.Message != "Somebody else was first." || own.Next == "" {
		t.Errorf("%+v", own)
	}
}

// A page that is asked for has nothing to lose; a form that comes too late has, and
// both lead to the request as it is now.
func TestErrorsOfPagesAndOfForms(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	withdraw := request + "/withdraw"
	for _, c := range []struct {
		name   string
		got    *browser
		filled bool
	}{
		{"a page", s.as(t, "ann").get(withdraw), false},
		{"a button", s.as(t, "ann").post(withdraw), false},
		{"a form", s.as(t, "ann").post(withdraw, "reason", "a mistake"), true},
	} {
		c.got.want(http.StatusConflict).has("Things have moved on", "Open the request as it is now")
		if told := strings.Contains(c.got.body, "What you filled in"); told != c.filled || strings.Contains(c.got.body, "data-not-taken") != c.filled {
			t.Errorf("%s: %s", c.name, c.got.body)
		}
	}
}

// Every summary of what is wrong with a form says what became of what was written.
func TestFormsSayThatNothingWasLost(t *testing.T) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		text, err := fs.ReadFile(templates, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "nhsuk-error-summary__heading")[1:] {
			n++
			_, after, _ := strings.Cut(part, "</h2>")
			if !strings.HasPrefix(after, `<p>{{template "kept"}}</p>`) && !strings.HasPrefix(after, `<p>{{template "unchanged"}}</p>`) {
				t.Errorf("%s has a summary of errors that does not say what is kept", name)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d summaries were found", n)
	}
}
