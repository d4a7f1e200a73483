package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/markup"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// plotSVG is a small drawing with text.
const plotSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="none"/><text x="1" y="9">North</text><text x="1" y="18">120</text></svg>`

// A figure stands beside the table that underlies it, and the table beside its
// figure; both views are on record.
func TestBeside(t *testing.T) {
	s := newSite(t)
	s.Sanitiser = cleaner{}
	s.Workspaces.Write(reviewtest.Cohort, "release/plot.svg", plotSVG)
	s.Workspaces.Write(reviewtest.Cohort, "release/plot.csv", roundedCSV)
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "new", "new_group", "Plots", "file", "release/plot.csv", "file", "release/plot.svg").want(http.StatusOK)
	var table, figure string
	for _, link := range ann.links(fileLink) {
		if strings.Contains(ann.get(link).body, "app-grid") {
			table = link
		} else {
			figure = link
		}
	}
	id := func(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }
	seen := func(file string) int {
		events, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvFileViewed}})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range events {
			if string(e.File) == id(file) {
				n++
			}
		}
		return n
	}
	s.Advance(5 * time.Minute)
	before := seen(table)
	ann.get(figure+"?view=image&beside="+id(table)).want(http.StatusOK).has("Centre", "450", "2 texts in the drawing", "North")
	if n := seen(table) - before; n != 1 {
		t.Errorf("the table beside is %d times on record, want 1", n)
	}
	ann.get(figure).has("Put next to it: the source as supplied, plot.csv")
	if ann.get(table + "?view=table&beside=" + id(figure)); !strings.Contains(ann.body, `src="`+figure+`/content"`) {
		t.Error("the figure does not stand beside its table")
	}
	ann.get(table + "?view=table&beside=NOSUCHFILE").want(http.StatusOK)
	ann.get(figure+"?view=plain").want(http.StatusOK).has("North", "120").lacks("<svg")
	if ann.get(figure + "?view=image&alone=1").want(http.StatusOK); !strings.Contains(ann.body, `src="`+figure+`/content"`) || strings.Contains(ann.body, "bench__side") {
		t.Error("the figure does not have the page to itself")
	}
	if ann.get(figure + "?view=image&zoom=200"); !strings.Contains(ann.body, "app-image--200") {
		t.Error("the figure is not enlarged")
	}
}

func TestLabels(t *testing.T) {
	d := &markup.Drawing{Labels: []markup.Label{{Text: " a "}, {Text: "b\u202e"}, {Text: "a"}, {Text: ""}}}
	labels, more := labelsOf(d)
	if diff := cmp.Diff([]string{"a", `b\u{202e}`}, labels); diff != "" || more != 0 {
		t.Errorf("%d more (-want +got):\n%s", more, diff)
	}
}

// A log keeps the colours of its terminal and is obeyed in nothing else; a long
// line is cut until somebody asks for it.
func TestLogText(t *testing.T) {
	v := viewText([]byte("ok \x1b[31mred\x1b[0m\x1b]0;title\a\n"+strings.Repeat("x", 2*longestLine)+"\n"), nil, 1, true, 0)
	want := []logPart{{"", "ok "}, {"app-ansi--red", "red"}}
	if diff := cmp.Diff(want, v.Lines[0].Parts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !v.Lines[1].Cut || len(v.Lines[1].Text) > longestLine+20 {
		t.Error("the long line is not cut, or does not say so")
	}
	if v = viewText([]byte(strings.Repeat("x", 2*longestLine)), nil, 1, true, 1); v.Lines[0].Cut || len(v.Lines[0].Text) != 2*longestLine {
		t.Error("the line that was asked for is cut")
	}
	if got := whole(url.Values{"whole": {"-4"}}); got != 0 {
		t.Errorf("line %d", got)
	}
}

func TestExtension(t *testing.T) {
	for name, want := range map[string]string{"a/B.CSV": ".csv", "a.b/c": "", "x": "", "a.tar.gz": ".gz"} {
		if got := extensionOf(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
	if !slices.Contains([]string{"figure"}, use(policy.Default(), fileEntry{FileView: review.FileView{File: &review.File{Path: "a.SVG"}}})) {
		t.Error("an SVG is no figure")
	}
}
