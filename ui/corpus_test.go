package ui

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/checks"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// cleaner is the real sanitiser.
type cleaner struct{}

func (cleaner) Sanitise(path string, data []byte) ([]byte, string, []review.Removal, error) {
	clean, media, removed, err := checks.Sanitise(path, data)
	var out []review.Removal
	for _, r := range removed {
		out = append(out, review.Removal{What: r.What, Count: r.Count, Where: r.Where})
	}
	return clean, media, out, err
}

// Real outputs are shown, each in every way that is offered, whatever is in
// them.
func TestRealFiles(t *testing.T) {
	const corpus = "../../shared/corpus/files"
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no corpus of real outputs beside the repository")
	}
	s := newSite(t)
	s.Sanitiser = cleaner{}
	const every = 12 // of the files: the pages of a draft look at all of its files each time
	form := []string{"kind", "output", "group", "new", "new_group", "Real"}
	n := 0
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if n++; n%every != 0 {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := "release/" + strings.ReplaceAll(strings.TrimPrefix(path, corpus+"/"), "/", "_")
		s.Workspaces.Write(reviewtest.Cohort, name, string(data))
		form = append(form, "file", name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", form...).want(http.StatusOK)
	files := ann.links(fileLink)
	var slowest time.Duration
	for _, file := range files {
		start := time.Now()
		views := ann.get(file).want(http.StatusOK).links(file + `\?view=[a-z]+#content`)
		slowest = max(slowest, time.Since(start))
		for _, view := range views {
			ann.get(strings.TrimSuffix(view, "#content")).want(http.StatusOK)
		}
		if ann.get(file + "/content"); ann.status != http.StatusOK && ann.status != http.StatusNotFound {
			t.Errorf("contents: status %d", ann.status)
		}
	}
	t.Logf("%d files shown; the slowest page took %v", len(files), slowest)
}
