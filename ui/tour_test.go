package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The tour says on each of its pages what is to be seen and done next, can be
// hidden and shown again without script, and is no part of a real service.
func TestTour(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	for _, stop := range []struct{ who, path, want string }{
		{"", "/sign-in", "Tour, stop 1 of 8"},
		{"ann", "/workspaces", "Tour, stop 2 of 8"},
		{"ann", request, "Tour, stop 3 of 8"},
		{"carl", "/queue", "Tour, stop 4 of 8"},
		{"aud", "/records", "Tour, stop 7 of 8"},
		{"ops", "/status", "Tour, stop 8 of 8"},
	} {
		s.as(t, stop.who).get(stop.path).want(http.StatusOK).has(stop.want)
	}
	ann := s.as(t, "ann")
	ann.get("/account").lacks("Tour, stop", "Show the tour")
	ann.get("/workspaces").post("/tour", "show", "no", "back", "/workspaces").want(http.StatusOK).lacks("Tour, stop").has("Show the tour")
	ann.get(request).lacks("Tour, stop")
	ann.post("/tour", "show", "yes", "back", "//elsewhere.example/").want(http.StatusOK)
	if ann.where.Host != strings.TrimPrefix(s.url, "http://") {
		t.Errorf("the tour leads to %s", ann.where)
	}
	ann.get(request).has("Tour, stop 3 of 8")

	real := newSite(t, func(o *Options) { o.Demo = false })
	real.as(t, "").post("/tour", "show", "no").want(http.StatusNotFound)
	real.as(t, "").get("/sign-in").lacks("Tour, stop", "Show the tour")
}

// Every stop is on pages that there are.
func TestStopsAreRoutes(t *testing.T) {
	var paths []string
	for _, r := range routes() {
		if r.Method == http.MethodGet {
			paths = append(paths, r.Path)
		}
	}
	for _, stop := range tourSteps() {
		for _, path := range stop.Routes {
			if !slices.Contains(paths, path) {
				t.Errorf("%s: there is no page %s", stop.Name, path)
			}
		}
	}
}
