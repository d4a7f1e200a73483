package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/checks/table"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/web"
)

// sheet is a table of so many rows and columns, cell "r.c".
func sheet(rows, columns int) *table.Table {
	src := &table.Source{}
	for c := range columns {
		src.Header = append(src.Header, fmt.Sprintf("c%d", c))
	}
	for r := range rows {
		var rec []string
		for c := range columns {
			rec = append(rec, fmt.Sprintf("%d.%d", r, c))
		}
		src.Records = append(src.Records, rec)
	}
	return table.Understand(src)
}

func TestTableWindow(t *testing.T) {
	tests := []struct {
		rows, columns, page int
		first, last, pages  int
	}{
		{450, 3, 1, 1, 100, 5},
		{450, 3, 5, 401, 450, 5},
		{450, 3, 99, 401, 450, 5},
		{450, 3, -1, 1, 100, 5},
		{100, 3, 1, 1, 100, 1},
		{101, 3, 2, 101, 101, 2},
		{5000, 200, 1, 1, 20, 250},
		{60, 2000, 2, 11, 20, 6},
	}
	for _, tt := range tests {
		v := viewTable(&tableSheet{Table: sheet(tt.rows, tt.columns)}, nil, nil, tableQuery{}, tt.page)
		got := []int{v.First, v.Last, v.Pager.Pages, len(v.Rows), len(v.Rows[0].Cells)}
		want := []int{tt.first, tt.last, tt.pages, tt.last - tt.first + 1, tt.columns}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: first, last, pages, rows, columns (-want +got):\n%s", tt, diff)
		}
	}
}

// A finding's links lead to the page of the file that its cell is on, and the
// cell is marked there, with the cells that explain it.
func TestFindingLeadsToItsCell(t *testing.T) {
	sheet := sheet(450, 3)
	report := &checks.FileReport{Status: "complete", Findings: []checks.Finding{
		{Check: "a", Severity: policy.Note, Fingerprint: strings.Repeat("1", 64), Message: "a note"},
		{Check: "small-count", Severity: policy.Block, Fingerprint: strings.Repeat("2", 64), Column: "c1", ColumnIndex: checks.Int(1),
			Rows:    []checks.Row{{Line: 402, Row: checks.Int(400), Key: "x=1", Value: "3"}, {Line: 403}},
			Related: []checks.CellRef{{Row: checks.Int(400), Column: "c2", ColumnIndex: checks.Int(2), Line: 402}}},
	}}
	win := windowOf(&checks.Document{Tables: []*table.Table{sheet}}, true)
	views := findingViews(report, "/f", "222222222222", win)
	if views[0].Check != "small-count" || views[0].N != 1 || !views[0].Selected || views[1].Selected {
		t.Fatalf("the worst finding is not first, or not the one chosen: %+v", views)
	}
	want := []cellLink{
		{"x=1", "3", "/f?finding=222222222222&page=5&table=1&view=table#r400c1", ""},
		{"line 403", "", "/f?finding=222222222222&table=1&view=table#h1", ""},
	}
	if diff := cmp.Diff(want, views[0].Cells); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	page := viewTable(&tableSheet{Table: sheet}, nil, views, tableQuery{}, 5)
	cell, beside := page.Rows[0].Cells[1], page.Rows[0].Cells[2]
	if cell.ID != "r400c1" || cell.Worst != policy.Block || !cell.Chosen || len(cell.Flags) != 1 || cell.Flags[0].N != 1 {
		t.Errorf("the cell is %+v", cell)
	}
	if !beside.Related || beside.Chosen {
		t.Errorf("the cell beside is %+v", beside)
	}
	if second := page.Rows[1].Cells[1]; second.Worst != policy.Block {
		t.Errorf("a cell named by its line only is not marked: %+v", second)
	}
	if h := page.Header[1]; len(h.Flags) != 1 {
		t.Errorf("the column is not marked: %+v", h)
	}
	if first := viewTable(&tableSheet{Table: sheet}, nil, views, tableQuery{}, 1); len(first.Rows[0].Cells[1].Flags) != 0 {
		t.Error("a cell of another page is marked")
	}
}

func TestRaggedTable(t *testing.T) {
	src := &table.Source{Header: []string{"a"}, Records: [][]string{{"1", "2", "3"}, {}, {"4"}}}
	v := viewTable(&tableSheet{Table: table.Understand(src)}, nil, nil, tableQuery{}, 1)
	for i, row := range v.Rows {
		if len(row.Cells) != 3 {
			t.Errorf("row %d has %d cells, want 3", i, len(row.Cells))
		}
	}
}

func TestText(t *testing.T) {
	views := []findingView{{N: 1, ID: "x", Severity: policy.Warn, finding: &checks.Finding{Rows: []checks.Row{{Line: 1001}, {Line: 99999}}}}}
	lines := strings.Repeat("line\n", 2500)
	v := viewText([]byte(lines), views, 2, true, 0)
	if v.Total != 2500 || len(v.Lines) != 1000 || v.Lines[0].N != 1001 || v.Lines[0].Worst != policy.Warn || v.Lines[1].Worst != "" || v.Pager.Pages != 3 {
		t.Errorf("total %d, shown %d, first %+v", v.Total, len(v.Lines), v.Lines[0])
	}
	v = viewText([]byte("a\xffb\x1b[31mred\u202e\r\nc\td"), nil, 1, false, 0)
	want := []string{`a\xffb\u{001b}[31mred\u{202e}`, "c\td"}
	if diff := cmp.Diff(want, []string{v.Lines[0].Text, v.Lines[1].Text}); diff != "" || v.Notice == "" {
		t.Errorf("notice %q (-want +got):\n%s", v.Notice, diff)
	}
	if long := viewText([]byte(strings.Repeat("x", 1<<20)), nil, 1, false, 0); len(long.Lines[0].Text) > longestLine+20 || long.Notice == "" {
		t.Error("a very long line is not cut, or not said to be")
	}
}

func TestPretty(t *testing.T) {
	if got, ok := pretty([]byte(`{"a":[1,"]}"]}`)); !ok || string(got) != "{\n  \"a\": [\n    1,\n    \"]}\"\n  ]\n}" {
		t.Errorf("%v %s", ok, got)
	}
	deep := strings.Repeat("[", 9000)
	bomb := "[" + strings.Repeat(deep+strings.Repeat("]", 9000)+",", 50) + "1]"
	for name, in := range map[string]string{"not JSON": "{", "too deep": strings.Repeat("[", 20000), "grows": bomb} {
		if _, ok := pretty([]byte(in)); ok {
			t.Errorf("%s was laid out", name)
		}
	}
}

func FuzzPretty(f *testing.F) {
	f.Add([]byte(`{"a":["\\\"",{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if out, ok := pretty(data); ok && len(out) > prettySize(data)+len(data)+2 {
			t.Errorf("%d bytes became %d, estimated at most %d", len(data), len(out), prettySize(data))
		}
	})
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"release/t.csv": "release/t.csv", "a\nb": `a\u{000a}b`, "x\u202egnp": `x\u{202e}gnp`, "a\u200bb": `a\u{200b}b`,
		"\xff\xfe": `\xff\xfe`, "é 中": "é 中", "\u00a0": `\u{00a0}`, "\ufffd": `\u{fffd}`, "\x00": `\u{0000}`,
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a *b* `c`", "<p>a <em>b</em> <code>c</code></p>\n"},
		{"<script>x</script>", "<!-- raw HTML omitted -->"},
		{"[a](javascript:x)", "<p>a</p>\n"},
		{"[a](https://example.org)", `<p><a href="https://example.org" rel="nofollow noreferrer">a</a></p>` + "\n"},
		{"![a](https://example.org/p.png)", "<p></p>\n"},
	}
	for _, tt := range tests {
		got := string(markdown(tt.in))
		if tt.in[0] == '<' {
			if strings.Contains(got, "<script") {
				t.Errorf("%q became %q", tt.in, got)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestGuidance(t *testing.T) {
	fields := []policy.Field{
		{ID: "variables", Label: "Variables", Required: true},
		{ID: "population", Label: "Population", Help: "How many people that is.", Required: true},
		{ID: "extra", Label: "Extra"},
	}
	tests := []struct {
		name, id, text string
		done           bool
		hint           string
	}{
		{"missing", "variables", " ", false, "Still to be written"},
		{"optional", "extra", "", true, ""},
		{"thin", "variables", "ages", true, "Short"},
		{"none is an answer", "variables", "None.", true, ""},
		{"no number", "population", "Adults registered with a practice in England.", true, "No number yet"},
		{"fine", "population", "About 41,250 adults registered with a practice in England.", true, ""},
		{"pasted rows", "variables", "North,120,4\nSouth,345,5\nEast,210,9\n", true, "rows of data"},
		{"many numbers", "variables", strings.Repeat("value 12 and ", 25), true, "25 numbers"},
		{"several good sentences", "variables", "Age in bands of 10 years, from 20 to 89; sex as recorded; counts of people per region.", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, g := range guides(fields, map[string]string{tt.id: tt.text}) {
				if g.ID != tt.id {
					continue
				}
				if hints := strings.Join(g.Hints, " "); g.Done != tt.done || tt.hint == "" && hints != "" || !strings.Contains(hints, tt.hint) {
					t.Errorf("done %v, hints %q; want %v, %q", g.Done, hints, tt.done, tt.hint)
				}
			}
		})
	}
}

func TestEvidenceInWords(t *testing.T) {
	f := &checks.Finding{Evidence: map[string]any{
		"formula": "51 - 10 = 41", "k": 4, "interval": []int{1, 7}, "of_cells": []any{map[string]any{"key": "a", "sum": 4.0}, map[string]any{"key": "b"}},
	}}
	want := []evidence{{"formula", "51 - 10 = 41"}, {"interval", "1, 7"}, {"k", "4"}, {"of cells", "key a; sum 4\nkey b"}}
	if diff := cmp.Diff(want, evidenceOf(f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 11, 21, 14, 5, 0, 0, time.FixedZone("", 3600))
	utc, berlin := &words{zone: time.UTC}, &words{zone: time.FixedZone("CET", 3600)}
	for _, x := range []struct{ got, want string }{
		{utc.datetime(at), "21 November 2026, 13:05 UTC"}, {utc.utc(at), ""},
		{berlin.datetime(at), "21 November 2026, 14:05 CET"}, {berlin.utc(at), "21 November 2026, 13:05 UTC"},
		{berlin.date(at.Add(9*time.Hour + 54*time.Minute)), "21 November 2026"}, {utc.stamp(at), "21 November 2026, 13:05:00 UTC"},
	} {
		if x.got != x.want {
			t.Errorf("%q, want %q", x.got, x.want)
		}
	}
	if got := ago(at.Add(-72*time.Hour), at); got != "3 days ago" {
		t.Error(got)
	}
	if utc.datetime(time.Time{}) != "–" || ago(time.Time{}, at) != "" {
		t.Error("no time is shown as one")
	}
}

// Every kind of error has its status and words, and a fault shows nothing of
// itself.
func TestErrors(t *testing.T) {
	for kind, want := range map[review.Kind]int{
		review.Internal: 500, review.Invalid: 422, review.Unauthenticated: 401, review.Forbidden: 403,
		review.NotFound: 404, review.Conflict: 409, review.TooLarge: 413, review.Unavailable: 503,
	} {
		err := fmt.Errorf("doing: %w", review.Errorf(kind, "secret 123"))
		page := describe(want, err, false)
		if got := web.Status(err); got != want || page.Heading == "" || page.Kept == "" || page.Next == "" {
			t.Errorf("kind %d: status %d, want %d; page %+v", kind, got, want, page)
		}
		if kind == review.Internal && strings.Contains(page.Message, "secret") {
			t.Error("a fault shows what it is about")
		}
	}
}
