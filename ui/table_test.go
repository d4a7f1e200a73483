package ui

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/checks/table"
	"sallyport/policy"
	"sallyport/review"
)

// regions has a missing and a redacted count.
const regions = "region,people,rate\nNorth,120,0.5\nSouth,[REDACTED],1.5\nEast,0,\nwest,95,2.25\nTotal,60,10\n"

func sheetOf(t testing.TB, csv string) *tableSheet {
	t.Helper()
	src, _, err := table.ReadCSV([]byte(csv))
	if err != nil {
		t.Fatal(err)
	}
	return &tableSheet{Table: table.Understand(src)}
}

// A question in a page's address chooses rows and their order.
func TestTableQuery(t *testing.T) {
	tests := map[string][]int{
		"":                                 {0, 1, 2, 3, 4},
		"q=ST":                             {2, 3},
		"q=nowhere":                        {},
		"column=0&how=is&value=north":      {0},
		"column=0&how=not&value=north":     {1, 2, 3, 4},
		"column=0&how=has&value=o":         {0, 1, 4},
		"column=1&how=under&value=96":      {2, 3, 4},
		"column=1&how=over&value=1e2":      {0},
		"column=9&how=is&value=1":          {0, 1, 2, 3, 4},
		"column=0&how=like&value=1":        {0, 1, 2, 3, 4},
		"sort=1":                           {2, 4, 3, 0, 1},
		"sort=-1":                          {0, 3, 4, 2, 1},
		"sort=0":                           {2, 0, 1, 4, 3},
		"sort=2&column=1&how=over&value=1": {0, 3, 4},
		"sort=99":                          {0, 1, 2, 3, 4},
		"flagged=1":                        {3},
	}
	s := sheetOf(t, regions)
	for address, want := range tests {
		q, err := url.ParseQuery(address)
		if err != nil {
			t.Fatal(err)
		}
		ask := tableQueryOf(q, 3)
		if diff := cmp.Diff(want, s.rows(ask, map[int]bool{3: true})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", address, diff)
		}
		again := url.Values{}
		ask.into(again)
		if diff := cmp.Diff(ask, tableQueryOf(again, 3)); diff != "" {
			t.Errorf("%q is not the same when read again:\n%s", address, diff)
		}
	}
}

func TestSortGoesRound(t *testing.T) {
	var ask tableQuery
	var got []string
	for range 4 {
		ask = ask.sortedBy(2)
		got = append(got, ask.Sort)
	}
	if diff := cmp.Diff([]string{"2", "-2", "", "2"}, got); diff != "" {
		t.Error(diff)
	}
}

// Hiding every column would leave nothing to bring them back from.
func TestHiddenColumns(t *testing.T) {
	ask := tableQueryOf(url.Values{"hide": {"2", "0", "0", "7", "x"}}, 3)
	if diff := cmp.Diff([]int{0, 2}, ask.Hide); diff != "" {
		t.Error(diff)
	}
	if all := tableQueryOf(url.Values{"hide": {"0", "1", "2"}}, 3); all.Hide != nil {
		t.Errorf("all columns are hidden: %v", all.Hide)
	}
	v := viewTable(sheetOf(t, regions), nil, nil, ask, 1)
	if len(v.Rows[0].Cells) != 1 || v.Rows[0].Cells[0].Text != "120" || !v.Header[0].Hidden || v.Header[1].Hidden {
		t.Errorf("cells %+v, header %+v", v.Rows[0].Cells, v.Header)
	}
}

func TestColumnSummary(t *testing.T) {
	s := sheetOf(t, regions).summaries()
	got := s[1]
	got.Bars = nil
	want := columnSummary{Index: 1, Name: "people", Type: "mostly numbers", Cells: 5, Redacted: 1, Distinct: 5, Numbers: 4,
		Min: "0", Smallest: "60", Max: "120", Sum: "275", Picture: "20 bars from 0 to 120; the tallest has 1 cell"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s[2].Missing != 1 || s[2].Sum != "14.25" || len(s[2].Bars) == 0 {
		t.Errorf("the rate is %+v", s[2])
	}
	if s[0].Numbers != 0 || s[0].Min != "" || s[0].Type != "text" {
		t.Errorf("the region is %+v", s[0])
	}
}

// The cells of a sum are told apart by signs, and the sum is said in words.
func TestArithmetic(t *testing.T) {
	f := checks.Finding{Rows: []checks.Row{{Line: 3, Row: checks.Int(1)}}, ColumnIndex: checks.Int(1),
		Related:  []checks.CellRef{{Line: 6, Value: "60"}, {Line: 2, Value: "10"}, {Line: 4, Value: "15"}},
		Evidence: map[string]any{"sums": []any{"60 - 10 - 15 = 35; with rounding 30 to 40"}}}
	v := findingView{Selected: true, finding: &f}
	v.link("/f", window{})
	var marks []string
	for _, r := range v.Related {
		marks = append(marks, r.Sign)
	}
	if diff := cmp.Diff([]string{"Σ", "a", "b"}, marks); diff != "" {
		t.Errorf("signs (-want +got):\n%s", diff)
	}
	want := &arithmetic{Total: true, Parts: true, Lines: []sum{{"60 - 10 - 15 = 35; with rounding 30 to 40",
		"The total 60 less its parts 10 and 15 leaves 35 (with rounding 30 to 40)."}}}
	if diff := cmp.Diff(want, arithmeticOf(&v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	page := viewTable(sheetOf(t, regions), nil, []findingView{v}, tableQuery{}, 1)
	if got := page.Rows[1].Cells[1].Mark; got != signChosen {
		t.Errorf("the finding's cell has the sign %q", got)
	}
	if got := subtractionInWords("12 / 3 = 4"); got != "" {
		t.Errorf("no subtraction reads %q", got)
	}
}

// A file is read once while it is on the shelf, and the oldest leaves first.
func TestShelf(t *testing.T) {
	s := shelf{limit: 25}
	reads := map[string]int{}
	get := func(key string) {
		s.read(t.Context(), key, func(context.Context) *checks.Document {
			reads[key]++
			return &checks.Document{Tables: []*table.Table{sheetOf(t, "a,b\n1,2\n3,4\n5,6\n7,8\n").Table}} // 8 cells, and one
		})
	}
	for _, key := range []string{"a", "b", "a", "c", "a", "b"} {
		get(key)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 2, "c": 1}, reads); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}

// A row that was joined into the header is none of the rows shown, and findings
// still point at the right ones.
func TestJoinedHeader(t *testing.T) {
	src := &table.Source{Header: []string{"", "people", ""}, Records: [][]string{{"region", "n", "pct"}, {"North", "120", "5"}, {"South", "30", "6"}}}
	tab := table.Understand(src)
	if tab.Skip == 0 {
		t.Skip("this header is not read as two rows")
	}
	v := viewTable(&tableSheet{Table: tab}, nil, nil, tableQuery{}, 1)
	if v.Rows[0].Cells[0].Text != "North" || v.Rows[0].Line != 3 {
		t.Errorf("the first row is %+v", v.Rows[0])
	}
}

// Searching, sorting and further windows work by address, and reading on is part
// of the view that is on record.
func TestTablePages(t *testing.T) {
	s := newSite(t)
	var csv strings.Builder
	csv.WriteString("region,people\n")
	for i := range 350 {
		fmt.Fprintf(&csv, "area %d,%d\n", i, 10*(i+1))
	}
	request := s.draft(t, "release/rates.csv", csv.String())
	ann := s.as(t, "ann").get(request)
	file := ann.links(fileLink)[0]
	ann.get(file).want(http.StatusOK).has("Rows 1 to 100 of 350", "Contents are not to be copied")
	ann.get(file+"?view=table&q=area+34").has("Rows 1 to 11 of 11, of 350 in the file", "As it lies in the file")
	ann.get(file + "?view=table&sort=-1").want(http.StatusOK)
	if first := strings.Index(ann.body, `id="r349c0"`); first < 0 || strings.Contains(ann.body, `id="r0c0"`) {
		t.Error("the greatest does not come first")
	}
	if ann.get(file + "?view=table&cell=r240c1"); !strings.Contains(ann.body, `id="r240c1" class="app-n app-cell--chosen"`) {
		t.Error("the cell that the address names is not shown and marked")
	}
	ann.get(file+"?view=columns").want(http.StatusOK).has("Smallest above 0", "3500", "614250")
	views := func() int {
		events, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvFileViewed}})
		if err != nil {
			t.Fatal(err)
		}
		return len(events)
	}
	before := views()
	for page := 1; page <= 4; page++ {
		ann.get(fmt.Sprintf("%s/rows?view=table&page=%d", file, page)).want(http.StatusOK)
		if !strings.HasPrefix(ann.body, fmt.Sprintf(`<tbody data-page="%d">`, page)) || strings.Contains(ann.body, "<html") {
			t.Errorf("window %d is %.80q", page, ann.body)
		}
	}
	if n := views() - before; n != 0 {
		t.Errorf("reading on put %d more views on record", n)
	}
	s.as(t, "tim").get(file + "/rows").want(http.StatusNotFound)
}

func FuzzTableQuery(f *testing.F) {
	f.Add("q=a&column=1&how=over&value=3&sort=-2&hide=1&flagged=1", regions)
	f.Add("sort=0&column=0&how=has&value=%ff", "a,b\n,\n\"x\ny\",1\n")
	f.Fuzz(func(t *testing.T, address, csv string) {
		q, _ := url.ParseQuery(address)
		src, _, err := table.ReadCSV([]byte(csv))
		if err != nil || len(csv) > 4096 {
			return
		}
		s := &tableSheet{Table: table.Understand(src)}
		ask := tableQueryOf(q, max(len(s.Header), len(s.Columns)))
		order := s.rows(ask, map[int]bool{0: true})
		seen := slices.Clone(order)
		slices.Sort(seen)
		if n := len(slices.Compact(seen)); n != len(order) || n > s.Rows {
			t.Errorf("%d rows, %d of them different, of %d", len(order), n, s.Rows)
		}
		viewTable(s, nil, nil, ask, 1)
		s.summaries()
	})
}

// BenchmarkWideTable shows what a table of 5,000 rows and 200 columns costs: the
// first view of it, a further window, a sorted one, and the page that holds it.
func BenchmarkWideTable(b *testing.B) {
	var csv strings.Builder
	for c := range 200 {
		fmt.Fprintf(&csv, "c%d,", c)
	}
	for r := range 5000 {
		csv.WriteString("\n")
		for c := range 200 {
			fmt.Fprintf(&csv, "%d,", r*7919%5000+c)
		}
	}
	data := []byte(csv.String())
	u := &UI{policy: policy.Default()}
	file := checks.File{Path: "t.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(csv.String())), nil }}
	read := func(ctx context.Context) *checks.Document { return new(checks.Engine).Read(ctx, u.policy, &file) }
	b.Run("first view", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			s := shelf{limit: largestShelf}
			f := s.read(b.Context(), "k", read)
			viewTable(f.tables[0], nil, nil, tableQuery{}, 1)
		}
	})
	s := newReadFile("k", read(b.Context())).tables[0]
	b.Run("window", func(b *testing.B) {
		for b.Loop() {
			viewTable(s, nil, nil, tableQuery{}, 90)
		}
	})
	b.Run("sorted window", func(b *testing.B) {
		for b.Loop() {
			s.orders = nil
			viewTable(s, nil, nil, tableQuery{Sort: "-7"}, 90)
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			s.orders = nil
			viewTable(s, nil, nil, tableQuery{Search: "4999"}, 1)
		}
	})
	pages, err := (&UI{}).parsePages()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("window as HTML", func(b *testing.B) {
		for b.Loop() {
			view := viewTable(s, nil, nil, tableQuery{}, 90)
			if err := pages["file"].execute(io.Discard, "table-rows", view, time.UTC); err != nil {
				b.Fatal(err)
			}
		}
	})
}
