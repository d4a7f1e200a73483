package ui

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

func TestChangesOfATableAreShownByCell(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV, "release/notes.txt", "One line.\nAnother line.\n")
	ann := s.as(t, "ann").get(request)
	files := ann.links(fileLink)
	ann.get(files[0] + "/changes").want(http.StatusConflict).has("has not changed")
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", strings.Replace(smallCSV, "North,3\n", "North,<b>5</b>\n", 1)+"Isles,20\n")
	s.Workspaces.Write(reviewtest.Cohort, "release/notes.txt", "One line.\nA <b>better</b> line.\n")
	ann.get(files[0]).want(http.StatusOK).has("See what changed in the workspace since")
	ann.get(files[0]+"/changes").want(http.StatusOK).has("2 rows differ, 5 are the same", "Rows are matched by region", "was 3", "now <b>5</b>", "added", "Isles")
	ann.get(files[1]+"/changes").want(http.StatusOK).has("Another line.", "A <b>better</b> line.")
	if strings.Contains(ann.body, "<b>better") {
		t.Error("text of the file is markup")
	}
}

// A report's versions stand side by side as what they say.
func TestVersionsOfReportsSideBySide(t *testing.T) {
	s := newSite(t)
	report := func(n string) string {
		return "<!DOCTYPE html><title>R</title><p>Rounded to five.</p><p>In all " + n + " people.</p><script>alert(1)</script>"
	}
	request := s.draft(t, "release/report.html", report("120"))
	s.Workspaces.Write(reviewtest.Cohort, "release/report.html", report("125"))
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	ann.get(file).want(http.StatusOK).has("the version in the workspace now, as plain text")
	ann.get(file+"?view=plain&beside=version").want(http.StatusOK).
		has("1 of the lines on this page's side and 1 of the other's differ", "differs: In all 120 people.", "differs: In all 125 people.").lacks("alert(1)")
}

// jsonCleaner takes every file for JSON and leaves it as it is.
type jsonCleaner struct{}

func (jsonCleaner) Sanitise(_ string, data []byte) ([]byte, string, []review.Removal, error) {
	return data, "application/json", nil, nil
}

// JSON's versions stand side by side laid out, so that a change of one value is
// one line, however the file writes it.
func TestVersionsOfJSONSideBySide(t *testing.T) {
	s := newSite(t)
	s.Sanitiser = jsonCleaner{}
	request := s.draft(t, "release/model.json", `{"n":1200,"terms":[{"age":0.25},{"sex":0.5}],"note":"<b>a</b>"}`)
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	ann.get(file + "?view=tree&beside=version").want(http.StatusOK).lacks("marked ≠")
	s.Workspaces.Write(reviewtest.Cohort, "release/model.json", "{\"n\":1200,\n\n\"terms\":[{\"age\":0.75},{\"sex\":0.5}], \"note\":\"<b>a</b>\"}")
	ann.get(file + "?view=tree").want(http.StatusOK).has("Put next to it: the version in the workspace now, laid out")
	beside := ann.links(file + `\?[^"]*beside=version[^"]*`)
	if len(beside) != 1 || !strings.Contains(beside[0], "view=pretty") {
		t.Fatalf("the links are %v", beside)
	}
	ann.get(beside[0]).want(http.StatusOK).
		has("The version in the workspace now", "1 of the lines on this page's side and 1 of the other's differ", `differs: "age": 0.25`, `differs: "age": 0.75`).
		lacks(`differs: "n"`, `differs: "sex"`, "before cleaning")
	if strings.Contains(ann.body, "<b>a") {
		t.Error("text of the file is markup")
	}
	s.Workspaces.Write(reviewtest.Cohort, "release/model.json", `{"n":1200, "terms":[{"age":0.25},{"sex":0.5}],"note":"<b>a</b>"}`)
	ann.get(file + "?view=pretty&beside=version").want(http.StatusOK).has("Every line is the same in both versions.")
	s.Workspaces.Write(reviewtest.Cohort, "release/model.json", `{"n":1200,`)
	ann.get(file + "?view=pretty&beside=version").want(http.StatusOK).has(`"age": 0.25`)
}

func TestCheckersSeeWhatChangedSinceTheyLooked(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	s.submit(t, request)
	seats := s.seats(t, request)
	seats[0].get(file).want(http.StatusOK).lacks("See what changed")
	for _, b := range seats {
		b.vote(request, "changes", "Round it.")
		group := b.get(request).links(groupLink)[0]
		b.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "comment", "Please round.", "visibility", "public").want(http.StatusOK)
		b.post(request + "/review").want(http.StatusOK)
	}
	seats[0].post(request + "/return").want(http.StatusOK)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", roundedCSV)
	ann.post(file + "/update").want(http.StatusOK).has("See what changed since the version before")
	group := ann.get(request).links(groupLink)[0]
	ann.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "comment", "Rounded to five.").want(http.StatusOK)
	s.submit(t, request)
	seats[0].get(file).want(http.StatusOK).has("See what changed since the version before")
	seats[0].get(file+"/changes").want(http.StatusOK).has("rows differ", "was 3", "now 120")
	seats[0].get(file).has("Put next to it: the version before")
	seats[0].get(file+"?view=table&beside=version").want(http.StatusOK).has("The version before the last update", "marked ≠ in both")
	if n := strings.Count(seats[0].body, "app-cell--changed"); n == 0 || n%2 != 0 {
		t.Errorf("%d cells are marked, want as many in either version", n)
	}
	seats[0].get(file+"?view=text&beside=version").want(http.StatusOK).has("of the lines on this page's side", "North,3")
	s.as(t, "tim").get(file + "/changes").want(http.StatusNotFound)
	seats[0].get(file + "/changes/after").want(http.StatusNotFound) // a table is no image
	seats[0].get(file + "/changes/other").want(http.StatusNotFound)
}

// imageCleaner takes every .png for an image, and its comments away.
type imageCleaner struct{}

func (imageCleaner) Sanitise(_ string, data []byte) ([]byte, string, []review.Removal, error) {
	return bytes.ReplaceAll(data, []byte("comment"), nil), "image/png", nil, nil
}

func TestImagesAreShownSideBySideFromTheSandbox(t *testing.T) {
	s := newSite(t)
	s.Sanitiser = imageCleaner{}
	request := s.draft(t, "release/figure.png", "\x89PNG one comment")
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	s.Workspaces.Write(reviewtest.Cohort, "release/figure.png", "\x89PNG two comment")
	ann.get(file+"/changes").want(http.StatusOK).has("Before", "In the workspace now")
	for version, want := range map[string]string{"before": "\x89PNG one ", "after": "\x89PNG two "} {
		if !strings.Contains(ann.get(file+"/changes").body, `src="`+file+"/changes/"+version+`"`) {
			t.Errorf("the page does not show %s", version)
		}
		ann.get(file + "/changes/" + version).want(http.StatusOK)
		if ann.body != want || ann.header.Get("Content-Type") != "image/png" || !strings.Contains(ann.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %q as %s under %s", version, ann.body, ann.header.Get("Content-Type"), ann.header.Get("Content-Security-Policy"))
		}
	}
	seen, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvFileViewed}, Actor: "ann"})
	if err != nil || len(seen) < 5 {
		t.Errorf("%d views are on record, want one for each page and image: %v", len(seen), err)
	}
	s.as(t, "abe").get(file + "/changes/before").want(http.StatusForbidden)
}

func TestLinesThatDiffer(t *testing.T) {
	for _, tt := range []struct {
		before, after string
		old, now      map[int]bool
	}{
		{"a\nb\nc\n", "a\nb\nc", map[int]bool{}, map[int]bool{}},
		{"a\nb\nc\n", "a\nx\nc\nd\n", map[int]bool{2: true}, map[int]bool{2: true, 4: true}},
		{"a\nb\nc\nd\ne\n", "c\nd\nE\n", map[int]bool{1: true, 2: true, 5: true}, map[int]bool{3: true}},
		{"", "a\n", map[int]bool{}, map[int]bool{1: true}},
	} {
		old, now := linesThatDiffer(tt.before, tt.after)
		if diff := cmp.Diff([]map[int]bool{tt.old, tt.now}, []map[int]bool{old, now}); diff != "" {
			t.Errorf("%q to %q (-want +got):\n%s", tt.before, tt.after, diff)
		}
	}
}

// A column is found in both versions by its name, and by its order among those of
// the same name.
func TestColumnsOfVersions(t *testing.T) {
	got := columnsOf([]string{"a", "n", "gone", "n"}, []string{"n", "a", "new", "n"}, 6)
	want := []columnPair{{1, 0}, {0, 1}, {-1, 2}, {3, 3}, {2, -1}, {-1, -1}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(columnPair{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
