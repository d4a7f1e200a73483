package ui

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks/table"
)

// tableQuery is what somebody asks of a table. All of it is in the page's
// address, so that it can be kept, sent on, and used without script.
type tableQuery struct {
	Search  string // in any cell
	Column  string // the filter's column, from 0; "" for none
	How     string // "has", "is", "not", "under", "over"
	Value   string
	Sort    string // "3" by the fourth column, "-3" downwards
	Hide    []int  // columns left out, in order
	Flagged bool   // only rows that a finding points at
}

// longestQuestion bounds what is searched for, in bytes.
const longestQuestion = 200

func tableQueryOf(q url.Values, columns int) tableQuery {
	t := tableQuery{Search: cut(strings.TrimSpace(q.Get("q")), longestQuestion), How: q.Get("how"), Value: cut(strings.TrimSpace(q.Get("value")), longestQuestion),
		Flagged: q.Get("flagged") == "1"}
	if n, err := strconv.Atoi(q.Get("column")); err == nil && n >= 0 && n < columns && slices.Contains(filterKinds(), t.How) {
		t.Column = strconv.Itoa(n)
	} else {
		t.How, t.Value = "", ""
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(q.Get("sort"), "-")); err == nil && n >= 0 && n < columns {
		t.Sort = strconv.Itoa(n)
		if strings.HasPrefix(q.Get("sort"), "-") {
			t.Sort = "-" + t.Sort
		}
	}
	for _, h := range q["hide"] {
		if n, err := strconv.Atoi(h); err == nil && n >= 0 && n < columns && !slices.Contains(t.Hide, n) {
			t.Hide = append(t.Hide, n)
		}
	}
	slices.Sort(t.Hide)
	if len(t.Hide) == columns {
		t.Hide = nil
	}
	return t
}

func filterKinds() []string { return []string{"has", "is", "not", "under", "over"} }

// into adds the question to an address.
func (t tableQuery) into(q url.Values) {
	for name, value := range map[string]string{"q": t.Search, "column": t.Column, "how": t.How, "value": t.Value, "sort": t.Sort} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, h := range t.Hide {
		q.Add("hide", strconv.Itoa(h))
	}
	if t.Flagged {
		q.Set("flagged", "1")
	}
}

// Narrows says that not all rows are shown.
func (t tableQuery) Narrows() bool { return t.Search != "" || t.Column != "" || t.Flagged }

// Changed says that the table is not shown as it lies in the file.
func (t tableQuery) Changed() bool { return t.Narrows() || t.Sort != "" || len(t.Hide) > 0 }

func (t tableQuery) hides(column int) bool {
	_, found := slices.BinarySearch(t.Hide, column)
	return found
}

// sorting is the column that rows are sorted by, and whether downwards; -1 when
// they are in the file's order.
func (t tableQuery) sorting() (column int, down, ok bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(t.Sort, "-"))
	if t.Sort == "" || err != nil {
		return -1, false, false
	}
	return n, strings.HasPrefix(t.Sort, "-"), true
}

// sortedBy is the same question with the next order of a column: upwards, then
// downwards, then the file's.
func (t tableQuery) sortedBy(column int) tableQuery {
	n, down, ok := t.sorting()
	switch {
	case !ok || n != column:
		t.Sort = strconv.Itoa(column)
	case down:
		t.Sort = ""
	default:
		t.Sort = "-" + strconv.Itoa(column)
	}
	return t
}

// order lists the data rows that answer the question, in the order asked for.
func (t tableQuery) order(tab *table.Table, flagged map[int]bool) []int {
	rows := make([]int, 0, tab.Rows)
	keep := t.test(tab)
	for i := range tab.Rows {
		if row := tab.Skip + i; (!t.Flagged || flagged[row]) && keep(row) {
			rows = append(rows, row)
		}
	}
	column, down, ok := t.sorting()
	if !ok || column >= len(tab.Columns) {
		return rows
	}
	numeric := mostlyNumbers(tab.Columns[column])
	slices.SortStableFunc(rows, func(a, b int) int {
		return compareCells(tab.Cell(column, a), tab.Cell(column, b), numeric, down)
	})
	return rows
}

// compareCells orders two cells. What has no value to compare comes last,
// whichever way the others go.
func compareCells(a, b *table.Cell, numeric, down bool) int {
	sign := 1
	if down {
		sign = -1
	}
	if numeric {
		x, y := valueOf(a), valueOf(b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		case x < y:
			return -sign
		case x > y:
			return sign
		}
		return 0
	}
	x, y := raw(a), raw(b)
	switch {
	case x == y:
		return 0
	case x == "":
		return 1
	case y == "":
		return -1
	}
	return sign * strings.Compare(x, y)
}

func valueOf(c *table.Cell) float64 {
	if c == nil {
		return math.NaN()
	}
	return c.Value
}

func raw(c *table.Cell) string {
	if c == nil {
		return ""
	}
	return c.Raw
}

// test returns what a row must pass.
func (t tableQuery) test(tab *table.Table) func(row int) bool {
	filter := t.filter(tab)
	search := strings.ToLower(t.Search)
	if search == "" {
		return filter
	}
	return func(row int) bool {
		if !filter(row) {
			return false
		}
		for i := range tab.Columns {
			if c := tab.Cell(i, row); c != nil && foldContains(c.Raw, search) {
				return true
			}
		}
		return false
	}
}

// foldContains looks for lower-case text whatever the case of s.
func foldContains(s, lower string) bool {
	return len(s) >= len(lower) && strings.Contains(strings.ToLower(s), lower) || len(s) < len(lower) && strings.ToLower(s) == lower
}

// filter holds one column of a row to the question.
func (t tableQuery) filter(tab *table.Table) func(row int) bool {
	column, err := strconv.Atoi(t.Column)
	if t.Column == "" || err != nil {
		return func(int) bool { return true }
	}
	lower := strings.ToLower(t.Value)
	limit := table.Parse(t.Value).Value
	return func(row int) bool {
		c := tab.Cell(column, row)
		switch t.How {
		case "is":
			return strings.ToLower(raw(c)) == lower
		case "not":
			return strings.ToLower(raw(c)) != lower
		case "under":
			return valueOf(c) < limit
		case "over":
			return valueOf(c) > limit
		default:
			return foldContains(raw(c), lower)
		}
	}
}
