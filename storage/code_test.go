package storage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

// mirror makes a mirror of two commits and returns their hashes.
func mirror(t *testing.T, dir string) (first, second string) {
	t.Helper()
	r, err := git.PlainInit(dir, false)
	must(t, err)
	w, err := r.Worktree()
	must(t, err)
	save := func(files map[string]string) string {
		for name, text := range files {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			_, err := w.Add(name)
			must(t, err)
		}
		h, err := w.Commit("a change", &git.CommitOptions{Author: &gitobject.Signature{Name: "jane", Email: "jane@example.org", When: time.Unix(1700000000, 0)}})
		must(t, err)
		return h.String()
	}
	first = save(map[string]string{"project.yaml": "version: '3.0'\n", "analysis/t.R": "a <- 1\nb <- 2\n"})
	second = save(map[string]string{"analysis/t.R": "a <- 1\nb <- 3\n", "analysis/u.R": "c <- 4\n"})
	return first, second
}

func TestCode(t *testing.T) {
	dir := t.TempDir()
	first, second := mirror(t, filepath.Join(dir, "owner", "study"))
	c, err := OpenCode(dir)
	must(t, err)
	const repo = "https://github.com/owner/study"
	tree, err := c.Tree(t.Context(), repo, second)
	must(t, err)
	if diff := cmp.Diff([]string{"analysis/t.R", "analysis/u.R", "project.yaml"}, tree); diff != "" {
		t.Error(diff)
	}
	text, err := c.File(t.Context(), repo, first, "analysis/t.R")
	must(t, err)
	if string(text) != "a <- 1\nb <- 2\n" {
		t.Errorf("at the first commit: %q", text)
	}
	changes, err := c.Compare(t.Context(), repo+".git", first, second)
	must(t, err)
	if len(changes) != 2 || changes[0].Added != 1 || changes[0].Removed != 1 || !strings.Contains(changes[0].Patch, "+b <- 3") {
		t.Errorf("changes %+v", changes)
	}
}

func TestCodeRefuses(t *testing.T) {
	dir := t.TempDir()
	first, _ := mirror(t, filepath.Join(dir, "owner", "study"))
	outside := strings.Repeat("ab", 20)
	c, err := OpenCode(filepath.Join(dir, "owner")) // one folder too deep: nothing above it is reached
	must(t, err)
	whole, err := OpenCode(dir)
	must(t, err)
	for name, try := range map[string]func() error{
		"above":          func() error { _, err := c.Tree(t.Context(), "https://x/../study", first); return err },
		"dots":           func() error { _, err := c.Tree(t.Context(), "https://x/%2e%2e/study", first); return err },
		"no such mirror": func() error { _, err := whole.Tree(t.Context(), "https://x/owner/other", first); return err },
		"no such commit": func() error { _, err := whole.Tree(t.Context(), "https://x/owner/study", outside); return err },
		"a branch":       func() error { _, err := whole.Tree(t.Context(), "https://x/owner/study", "master"); return err },
		"no such file": func() error {
			_, err := whole.File(t.Context(), "https://x/owner/study", first, "../../etc/passwd")
			return err
		},
		"a folder": func() error {
			_, err := whole.File(t.Context(), "https://x/owner/study", first, "analysis")
			return err
		},
	} {
		if err := try(); review.KindOf(err) != review.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}
