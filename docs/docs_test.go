package docs

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// most is how many bytes all pictures may have together: they are part of the
// program.
const most = 1_500_000

// links finds what a page of Markdown leads to or shows.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// pages are those of this folder and of the one above, by their path from there.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		names, err := fs.Glob(os.DirFS(".."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile("../" + name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = string(text)
		}
	}
	if len(all) < 30 {
		t.Fatalf("%d pages were found", len(all))
	}
	return all
}

// Whatever a page names in the repository is there. (That headings are there,
// the program itself makes sure of when it reads the guides.)
func TestLinks(t *testing.T) {
	for name, text := range pages(t) {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to == "" || strings.Contains(to, ":") {
				continue
			}
			if _, err := os.Stat("../" + path.Join(path.Dir(name), to)); err != nil {
				t.Errorf("%s leads to %s, which is not there", name, m[1])
			}
		}
	}
}

// Each picture is shown by a page, and all of them are small.
func TestPictures(t *testing.T) {
	shown := map[string]bool{}
	for name, text := range pages(t) {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			shown[path.Join(path.Dir(name), m[1])] = true
		}
	}
	pictures, err := fs.Glob(Files(), "images/*")
	if err != nil || len(pictures) == 0 {
		t.Fatal(pictures, err)
	}
	total := int64(0)
	for _, p := range pictures {
		if !shown["docs/"+p] {
			t.Errorf("no page shows %s", p)
		}
		info, err := fs.Stat(Files(), p)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > most {
		t.Errorf("the pictures have %d bytes together, more than %d", total, most)
	}
}
