package checks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/policy"
)

func finding(check string, s policy.Severity, cells int) checks.Finding {
	return checks.Finding{Check: check, Severity: s, Rows: make([]checks.Row, cells)}
}

func TestOrderPutsTheWorstFirst(t *testing.T) {
	complete := func(path string, findings ...checks.Finding) checks.FileReport {
		return checks.FileReport{Path: path, Status: "complete", Findings: findings}
	}
	unclear := complete("unclear.csv")
	unclear.Tables = []checks.TableReport{{Columns: []checks.ColumnReport{{Role: "count"}, {Role: "unknown_numeric"}, {Role: "category"}}}}

	files := []checks.FileReport{
		complete("nothing.csv"),
		complete("with-note.csv", finding("zero-or-full", policy.Note, 1)),
		unclear,
		complete("figure.svg", finding("figure-no-data", policy.Warn, 0)),
		complete("unrounded.csv", finding("rounding-missing", policy.Warn, 5000)),
		complete("too-long.csv", finding("file-rows", policy.Block, 0)),
		complete("two-columns.csv", finding("small-count", policy.Block, 1), finding("small-count", policy.Block, 1)),
		complete("many-cells.csv", finding("small-count", policy.Block, 5000)),
		complete("people.csv", finding("person-level", policy.Block, 0)),
		complete("disguised.csv", finding("file-type", policy.Block, 0)),
		{Path: "broken.png", Status: "incomplete"},
	}
	var got []string
	for _, i := range checks.Order(files, nil) {
		got = append(got, files[i].Path)
	}
	want := []string{
		"broken.png", "disguised.csv", "people.csv", "two-columns.csv", "many-cells.csv", "too-long.csv",
		"unrounded.csv", "figure.svg", "unclear.csv", "with-note.csv", "nothing.csv",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestOrderPutsWhatIsNewFirstAmongEquals(t *testing.T) {
	files := []checks.FileReport{{Path: "a.csv", Status: "complete"}, {Path: "b.csv", Status: "complete"}}
	got := checks.Order(files, func(path string) bool { return path == "b.csv" })
	if diff := cmp.Diff([]int{1, 0}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestRankSaysWhy(t *testing.T) {
	f := checks.FileReport{Status: "complete", Findings: []checks.Finding{
		finding("small-count", policy.Block, 3), finding("rounding-missing", policy.Warn, 1), finding("rounding-stray", policy.Warn, 1),
	}}
	if got, want := checks.RankOf(&f, false).String(), "1 column with exact small counts; 2 warnings"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	clean := checks.FileReport{Status: "complete"}
	if got, want := checks.RankOf(&clean, false).String(), "no automated finding"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
