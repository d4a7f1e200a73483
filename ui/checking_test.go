package ui

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// held is a checker that tells of the first file, and waits then.
type held struct {
	told, goOn chan struct{}
}

func (*held) Engine() string { return checks.EngineVersion }

func (h *held) Run(ctx context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error) {
	rep, err := checks.Run(ctx, p, checks.Set{Files: set.Files, Earlier: set.Earlier, Workspace: set.Workspace})
	if err != nil || set.Done == nil {
		return rep, err
	}
	set.Done(0, &rep.Files[0])
	close(h.told)
	select {
	case <-h.goOn:
		return rep, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestCheckingPage adds files whose checks go on behind: the page is there at
// once, shows what was found so far and how far the checks are, asks again by
// itself with script and without, and says nothing of it afterwards.
func TestCheckingPage(t *testing.T) {
	s := newSite(t)
	h := &held{make(chan struct{}), make(chan struct{})}
	s.Service.Checker, s.Service.Behind = h, &review.Behind{From: 2}
	const small = "region,count\nEast,3\nWest,120\n"
	s.Workspaces.Write(reviewtest.Cohort, "release/a.csv", small)
	s.Workspaces.Write(reviewtest.Cohort, "release/b.csv", small)
	ctx, ann := t.Context(), s.As(t, "ann")
	id, err := s.CreateRequest(ctx, ann, reviewtest.Cohort)
	if err != nil {
		t.Fatal(err)
	}
	add := []review.AddFile{{Path: "release/a.csv", Kind: review.Output, Group: "one"}, {Path: "release/b.csv", Kind: review.Output, Group: "one"}}
	if _, err := s.AddFiles(ctx, ann, id, add); err != nil {
		t.Fatal(err)
	}
	<-h.told
	b := s.as(t, "ann")
	b.get(requestPath(id)).want(http.StatusOK).has("The checks are running: 1 of 2 files looked at.", "1 blocking", "not checked")
	b.hasRaw(`<noscript><meta http-equiv="refresh" content="5"></noscript>`, ` data-again>`, `<progress id="checking-progress" max="2" value="1">`)
	for _, link := range b.links(fileLink) {
		b.get(link).want(http.StatusOK)
	}
	close(h.goOn)
	if err := s.Submit(ctx, ann, id, nil, ""); err == nil { // waits for the checks
		t.Error("an unfinished draft was submitted")
	}
	b.get(requestPath(id)).want(http.StatusOK).lacks("The checks are running", "not checked")
}

// TestAddingPage chooses more files than the answer waits for: the page says how many
// are there, goes on asking, and in the end what was not added.
func TestAddingPage(t *testing.T) {
	s := newSite(t)
	s.Service.Behind = &review.Behind{From: 2}
	const table = "region,count\nEast,30\nWest,120\n"
	for _, name := range []string{"a", "b", "c", "d"} {
		s.Workspaces.Write(reviewtest.Cohort, "release/"+name+".csv", table)
	}
	b := s.as(t, "ann")
	empty, err := s.CreateRequest(t.Context(), s.As(t, "ann"), reviewtest.Cohort)
	if err != nil {
		t.Fatal(err)
	}
	b.get(requestPath(empty)).want(http.StatusOK).has("No files yet.")
	b.post("/workspaces/cohort/files", "kind", "output", "group", "new", "new_group", "one",
		"file", "release/a.csv", "file", "release/b.csv", "file", "release/c.csv", "file", "release/gone.csv").want(http.StatusOK)
	b.has("2 files were added, and 2 more are being added.", "Files are being added: 2 of 4 so far.", "release/b.csv").lacks("release/c.csv")
	b.hasRaw(`<progress id="adding-progress" max="4" value="2">`, `<noscript><meta http-equiv="refresh" content="5"></noscript>`)
	mine, err := s.Requests(t.Context(), s.As(t, "ann"))
	if err != nil {
		t.Fatal(err)
	}
	for did := true; did; {
		if did, err = s.WorkOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.get(requestPath(mine[0].ID)).want(http.StatusOK).has("release/c.csv", "1 file was not added of the 4 you chose", "release/gone.csv").lacks("Files are being added")
}

// hasRaw looks for what the page's source holds.
func (b *browser) hasRaw(want ...string) {
	b.t.Helper()
	for _, w := range want {
		if !strings.Contains(b.body, w) {
			b.t.Errorf("the page's source lacks %s", w)
		}
	}
}
