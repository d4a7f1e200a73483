package ui

import (
	"html"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the guides tell people to choose is on a page under just that name: a bold
// word of a guide is a link, a button, a step or an entry of the menu.
func TestGuidesNameWhatPagesOffer(t *testing.T) {
	offered := controls(t)
	bold := regexp.MustCompile(`(?s)\*\*(.+?)\*\*`)
	code := regexp.MustCompile("(?s)```.*?```")
	n := 0
	for _, guide := range []string{"first-service", "first-request", "first-review", "first-audit", "leading", "filing", "findings", "reviewing", "recall", "signing-in"} {
		text, err := os.ReadFile("../docs/" + guide + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range bold.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			name := strings.TrimSuffix(strings.Join(strings.Fields(m[1]), " "), ".")
			if n++; !offered[name] {
				t.Errorf("%s.md tells people to choose %q, which no page offers", guide, name)
			}
		}
	}
	if n < 25 {
		t.Errorf("only %d names were found in the guides", n)
	}
	if offered["Add the chosen files"] {
		t.Error("a heading counts as something to choose")
	}
}

// controls are the names of what can be chosen on pages: the words of links,
// buttons and what opens, without those that are said to screen readers alone; the
// menu; the steps of a draft.
func controls(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"Account": true, "Notifications": true, "Help": true}
	add := func(s string) {
		if s = strings.Join(strings.Fields(html.UnescapeString(s)), " "); s != "" {
			names[s] = true
		}
	}
	hidden := regexp.MustCompile(`(?s)<span class="nhsuk-u-visually-hidden">.*?</span>`)
	parts := regexp.MustCompile(`(?s)<[^>]*>|\{\{.*?\}\}`)
	paths, err := fs.Glob(os.DirFS("."), "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"a", "button", "summary"} {
			whole := regexp.MustCompile(`(?s)<` + tag + `\b[^>]*>(.*?)</` + tag + `>`)
			for _, m := range whole.FindAllStringSubmatch(hidden.ReplaceAllString(string(text), ""), -1) {
				for _, s := range parts.Split(m[1], -1) {
					add(s)
				}
			}
		}
	}
	entries := regexp.MustCompile(`\{"([A-Z][a-z A-Z]+)", "/|step\w+ *= "([A-Z][a-z]+)"`)
	for _, path := range []string{"render.go", "steps.go"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range entries.FindAllStringSubmatch(string(text), -1) {
			add(m[1] + m[2])
		}
	}
	return names
}
