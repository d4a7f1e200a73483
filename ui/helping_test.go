package ui

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/ui/help"
)

// notPages are GET routes that answer with something else than a page of their
// own: a file, data, a part of a page, or the way to a page.
func notPages() []string {
	return []string{
		"/", "/static/*", "/health", "/sign-in/by/:method", "/sign-in/by/:method/back", "/help/files/*",
		"/workspaces/:workspace/form", "/requests/:request/files/:file/rows", "/requests/:request/files/:file/content",
		"/requests/:request/files/:file/download", "/requests/:request/files/:file/changes/:version", "/requests/:request/package", "/requests/:request/recall/report.json",
		"/export/events", "/export/requests", "/export/releases", "/export/figures", "/export/records/:request", "/export/reviews/:request",
		"/audit/checkpoints/:size", "/audit/key", "/audit/proofs/:seq", "/records/:request/proof", "/register.csv", "/register.json",
	}
}

// pageRoutes are the routes that show a page.
func pageRoutes() []string {
	other := map[string]bool{}
	for _, p := range notPages() {
		other[p] = true
	}
	var pages []string
	for _, r := range append(routes(), registerRoutes()...) {
		if r.Method == http.MethodGet && !other[r.Path] {
			pages = append(pages, r.Path)
		}
	}
	return pages
}

// Each page has a guide of its own that is there, and each entry of the table a
// page.
func TestEveryPageHasHelp(t *testing.T) {
	s := newSite(t)
	table := helpFor()
	known := map[string]bool{"/workspaces/:workspace/files": true} // a form's answer
	for _, p := range pageRoutes() {
		known[p] = true
		if strings.HasPrefix(p, "/help/") {
			continue // the guides themselves
		}
		if table[p] == "" {
			t.Errorf("%s has no guide: name one in helpFor", p)
		}
	}
	for route, to := range table {
		if !s.ui.guides.Has(help.Home + "/" + to) {
			t.Errorf("the guide for %s is %s, which is not there", route, to)
		}
		if !known[route] {
			t.Errorf("helpFor names %s, which is no page", route)
		}
	}
	for _, what := range []string{"disk", "jobs", "checkpoint", "witness", "backup", "retention"} {
		if to := new(healthView).Runbook(review.Concern{What: what}); !s.ui.guides.Has(to) {
			t.Errorf("what to do about %s is at %s, which is not there", what, to)
		}
	}
	for route, want := range map[string]string{
		"/requests/:request/files/:file/vote": "/help/workbench", "/nowhere": "/help", "": "/help", "/account/tokens": "/help/api#getting-in",
	} {
		if got := s.ui.helpWith(route, true); got != want {
			t.Errorf("the guide for %q is %s, want %s", route, got, want)
		}
	}
}

// Guides are shown to whoever is signed in, and those about coming in to anybody.
func TestHelpPages(t *testing.T) {
	s := newSite(t)
	nobody := s.as(t, "")
	nobody.get("/sign-in").want(http.StatusOK)
	if got := nobody.links(`/help/[^"]*`); got[0] != "/help/signing-in" {
		t.Errorf("the sign-in page's help is %v", got)
	}
	for _, link := range nobody.links(`/help/[^"]*`) {
		if nobody.get(link).want(http.StatusOK); nobody.path == "/sign-in" {
			t.Errorf("%s asks whoever is not signed in to do so", link)
		}
	}
	for _, path := range []string{"/help", "/help/security", "/help/files/images/review.png"} {
		if nobody.get(path); nobody.path != "/sign-in" {
			t.Errorf("%s is open to anybody", path)
		}
	}

	ann := s.as(t, "ann").get("/help").want(http.StatusOK).has("Researchers", "Output checkers", "Your first request")
	for _, link := range ann.links(`/help/[a-z-]*`) {
		page := s.as(t, "ann").get(link).want(http.StatusOK)
		if page.path != link || strings.Count(page.body, "<h1") != 1 {
			t.Errorf("%s is no guide: it led to %s", link, page.path)
		}
	}
	ann.get("/workspaces").want(http.StatusOK)
	if got := ann.links(`/help/first[^"]*`); len(got) != 1 || got[0] != "/help/first-request" {
		t.Errorf("the help of the workspaces is %v", got)
	}
	ann.get("/help/README").want(http.StatusOK)
	if ann.path != "/help" {
		t.Errorf("the table of contents is at %s", ann.path)
	}
	for _, path := range []string{"/help/nothing", "/help/files/docs.go", "/help/files/README.md", "/help/files/..%2fgo.mod", "/help/files/"} {
		ann.get(path).want(http.StatusNotFound)
	}
	ann.get("/help/files/images/review.png").want(http.StatusOK)
	if kind := ann.header.Get("Content-Type"); kind != "image/png" {
		t.Errorf("a picture comes as %s", kind)
	}
	ann.get("/help/files/deploy/nginx.conf").want(http.StatusOK)
	if kind := ann.header.Get("Content-Type"); kind != "text/plain; charset=utf-8" {
		t.Errorf("a file comes as %s", kind)
	}
}

func TestFindingHelp(t *testing.T) {
	ann := newSite(t).as(t, "ann")
	ann.get("/help?find=recovery+codes").want(http.StatusOK).has("Found for “recovery codes”", "The second step")
	if !strings.Contains(ann.body, "<mark>") || len(ann.links(`/help/signing-in#the-second-step`)) != 1 {
		t.Errorf("it does not lead to the section:\n%s", ann.text())
	}
	ann.get("/help?find=xyzzy").want(http.StatusOK).has("Nothing was found")
	ann.get("/help?find=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE").want(http.StatusOK)
	if strings.Contains(ann.body, "<script>alert") || strings.Contains(ann.body, "\u202e") {
		t.Error("what was looked for is markup, or turns the text around")
	}
	ann.get("/help?find=" + strings.Repeat("count+", 2000)).want(http.StatusOK)
}
