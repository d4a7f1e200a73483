package ui

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport/checks"
	"sallyport/checks/table"
	"sallyport/policy"
)

// A page of a table has at most so many rows, and fewer when it is wide, so that
// no page takes the browser long.
const (
	rowsPerPage  = 100
	cellsPerPage = 4_000
	fewestRows   = 10
	linesPerPage = 1000
)

// tableView is one window of a table.
type tableView struct {
	Name    string
	Header  []headerCell
	Rows    []rowView
	Total   int // rows that answer the question
	All     int // rows there are
	First   int // 1-based, of Total: the row shown first
	Last    int
	Size    int // rows per page
	Pager   pager
	Columns []checks.ColumnReport // how each was understood
	Ask     tableQuery
	Tools   tableTools
}

type headerCell struct {
	Index     int
	Name      string
	Role      string
	Base      string
	Flags     []flag
	Related   bool
	Described bool // Role is known
	Number    bool // mostly numbers, which are aligned on the right
	Hidden    bool
	First     bool   // stays in sight
	Class     string // of its width
	Sorted    string // "ascending", "descending" or ""
	Sort      string // address of the table sorted by it
	Mark      string
}

type rowView struct {
	Index   int // 0-based data row
	Line    int // record in the file
	Flags   []flag
	Cells   []cellView
	Related bool
	Change  string // "added" or "removed" in the version shown beside; "" for a row that both have
}

type cellView struct {
	ID      string
	Text    string // printable
	Class   string
	Plain   bool   // no finding has to do with it
	Mark    string // its sign in the arithmetic of the finding chosen
	Flags   []flag
	Worst   policy.Severity // of Flags, "" when there are none
	Related bool            // explains the finding that is selected
	Chosen  bool            // is what the selected finding points at
	Changed bool            // is another in the version shown beside
}

// flag marks a cell with the number of a finding.
type flag struct {
	N        int
	ID       string
	Severity policy.Severity
	Title    string
}

// pager leads through the pages of a file.
type pager struct {
	Page, Pages int
	Prev, Next  string // addresses, "" at the ends
}

func newPager(page, pages int, address func(page int) string) pager {
	p := pager{Page: page, Pages: pages}
	if page > 1 {
		p.Prev = address(page - 1)
	}
	if page < pages {
		p.Next = address(page + 1)
	}
	return p
}

// pageSize is how many rows of a table one page shows.
func pageSize(t *table.Table) int {
	columns := max(1, len(t.Header), len(t.Columns))
	return min(rowsPerPage, max(fewestRows, cellsPerPage/columns))
}

// place is a row and a column; -1 stands for the whole column or row.
type place struct{ row, column int }

// marks gathers which places of one table the findings point at, within the
// rows of one page.
type marks struct {
	flags   map[place][]flag
	related map[place]bool
	chosen  map[place]bool
	signs   map[place]string // what a place is in the arithmetic of the finding chosen
	wanted  map[int]int      // characters that the widest marked cell of a column takes, on this page
}

func marksOf(views []findingView, t *table.Table, shown []int) marks {
	m := marks{map[place][]flag{}, map[place]bool{}, map[place]bool{}, map[place]string{}, map[int]int{}}
	rows := rowsByLine(t)
	here := make(map[int]bool, len(shown))
	for _, row := range shown {
		here[row] = true
	}
	for _, v := range views {
		f := v.finding
		if f.Table != t.Source.Name || f.ColumnIndex == nil && len(f.Rows) == 0 {
			continue
		}
		fl := flag{v.N, v.ID, v.Severity, v.Title}
		column := -1
		if f.ColumnIndex != nil {
			column = *f.ColumnIndex
			m.flags[place{-1, column}] = append(m.flags[place{-1, column}], fl)
		}
		for _, r := range f.Rows {
			row, ok := rowOf(r.Row, r.Line, rows)
			if !ok || !here[row] {
				continue
			}
			p := place{row, column}
			m.flags[p] = append(m.flags[p], fl)
			if v.Selected {
				m.chosen[p], m.signs[p] = true, signChosen
			}
		}
		if v.Selected {
			m.relate(&v, rows)
		}
	}
	for p := range m.flags {
		m.widen(t, p)
	}
	for p := range m.signs {
		m.widen(t, p)
	}
	return m
}

// What a flag and a sign take of the width of a cell, in characters.
const flagWidth, signWidth = 4, 3

// widen has the column of a cell be as wide as the cell with its flags and sign.
func (m marks) widen(t *table.Table, p place) {
	if p.row < 0 || p.column < 0 || p.column >= len(t.Columns) {
		return
	}
	wants := flagWidth * len(m.flags[p])
	if m.signs[p] != "" {
		wants += signWidth
	}
	if cells := t.Columns[p.column].Cells; p.row < len(cells) {
		wants += utf8.RuneCountInString(cells[p.row].Raw)
	}
	m.wanted[p.column] = max(m.wanted[p.column], wants)
}

// flaggedRows are the rows that any finding points at.
func flaggedRows(views []findingView, t *table.Table) map[int]bool {
	rows, out := rowsByLine(t), map[int]bool{}
	for _, v := range views {
		if v.finding.Table != t.Source.Name {
			continue
		}
		for _, r := range v.finding.Rows {
			if row, ok := rowOf(r.Row, r.Line, rows); ok {
				out[row] = true
			}
		}
	}
	return out
}

// relate marks the cells that explain a finding, with the sign that its
// arithmetic calls each by.
func (m marks) relate(v *findingView, rows map[int]int) {
	for i, ref := range v.finding.Related {
		row, ok := rowOf(ref.Row, ref.Line, rows)
		if ref.Path != "" || !ok && ref.Row == nil && ref.Line > 0 {
			continue
		}
		column := -1
		if ref.ColumnIndex != nil {
			column = *ref.ColumnIndex
		}
		if !ok {
			row = -1
		}
		p := place{row, column}
		m.related[p] = true
		if i < len(v.Related) && v.Related[i].Sign != "" {
			m.signs[p] = v.Related[i].Sign
		}
	}
}

// longCell is from how many bytes on a cell's text may wrap.
const longCell = 60

// rowsByLine maps records of the file to data rows.
func rowsByLine(t *table.Table) map[int]int {
	rows := make(map[int]int, t.Rows)
	for i := range t.Rows {
		rows[t.Line(t.Skip+i)] = t.Skip + i
	}
	return rows
}

func rowOf(row *int, line int, rows map[int]int) (int, bool) {
	if row != nil {
		return *row, true
	}
	r, ok := rows[line]
	return r, ok
}

// viewTable builds one page of a table with what the findings point at, as the
// question asks for it.
func viewTable(s *tableSheet, report *checks.TableReport, views []findingView, ask tableQuery, page int) tableView {
	t := s.Table
	var flagged map[int]bool
	if ask.Flagged {
		flagged = flaggedRows(views, t)
	}
	order := s.rows(ask, flagged)
	size := cmp.Or(s.size, pageSize(t))
	pages := max(1, (len(order)+size-1)/size)
	page = min(max(page, 1), pages)
	first := min((page-1)*size, len(order))
	rows := order[first:min(first+size, len(order))]
	m := marksOf(views, t, rows)
	v := tableView{Name: t.Source.Name, Total: len(order), All: t.Rows, First: min(first+1, len(order)), Last: first + len(rows), Size: size, Ask: ask, Pager: pager{Page: page, Pages: pages}}
	if report != nil {
		v.Columns = report.Columns
	}
	v.Header = headerCells(s, v.Columns, ask, m)
	for _, row := range rows {
		v.Rows = append(v.Rows, rowCells(t, row, v.Header, m))
	}
	return v
}

func headerCells(s *tableSheet, columns []checks.ColumnReport, ask tableQuery, m marks) []headerCell {
	t := s.Table
	n := max(len(t.Header), len(t.Columns))
	cells := make([]headerCell, n)
	sorted, down, _ := ask.sorting()
	for i := range cells {
		c := &cells[i]
		*c = headerCell{Index: i, Flags: m.flags[place{-1, i}], Related: m.related[place{-1, i}], Mark: m.signs[place{-1, i}], Hidden: ask.hides(i), Class: widthClass(max(s.width(i), m.wanted[i]))}
		if i < len(t.Header) {
			c.Name = t.Header[i]
		}
		c.Number = s.number(i)
		if sorted == i {
			c.Sorted = "ascending"
			if down {
				c.Sorted = "descending"
			}
		}
	}
	for _, c := range columns {
		if c.Index >= 0 && c.Index < n {
			cells[c.Index].Role, cells[c.Index].Base, cells[c.Index].Described = c.Role, c.Base, true
		}
	}
	return firstStays(cells)
}

// widestFixed is how wide the first column may be, in characters, and still stay
// in sight while the others scroll beneath it.
const widestFixed = 24

// firstStays marks the first column that is shown, when it is narrow enough.
func firstStays(cells []headerCell) []headerCell {
	for i := range cells {
		if cells[i].Hidden {
			continue
		}
		cells[i].First = widthOf(cells[i].Class) <= widestFixed
		break
	}
	return cells
}

// mostlyNumbers decides how a whole column is aligned, so that no cell of it
// stands out for how it is written: bands such as "18-39" and "80+" are words.
func mostlyNumbers(c *table.Column) bool {
	words := c.KindCount(table.Text) + c.KindCount(table.Date) + c.KindCount(table.Bool) + c.KindCount(table.Range)
	return 2*words < c.Filled()
}

func rowCells(t *table.Table, row int, columns []headerCell, m marks) rowView {
	at := place{row, -1}
	v := rowView{Index: row, Line: t.Line(row), Flags: m.flags[at], Related: m.related[at], Cells: make([]cellView, 0, len(columns))}
	for i := range columns {
		if columns[i].Hidden {
			continue
		}
		p := place{row, i}
		c := cellView{ID: "r" + strconv.Itoa(row) + "c" + strconv.Itoa(i), Flags: m.flags[p], Related: m.related[p], Chosen: m.chosen[p], Mark: m.signs[p]}
		long := false
		if cell := t.Cell(i, row); cell != nil {
			c.Text, long = printable(cell.Raw), len(cell.Raw) > longCell
		}
		for _, f := range c.Flags {
			if c.Worst == "" || f.Severity.Rank() > c.Worst.Rank() {
				c.Worst = f.Severity
			}
		}
		c.Plain = len(c.Flags) == 0 && c.Mark == "" && !c.Related
		c.Class = c.classes(&columns[i], long)
		v.Cells = append(v.Cells, c)
	}
	return v
}

// classes are the names by which the style knows the cell.
func (c *cellView) classes(column *headerCell, long bool) string {
	if !column.Number && !column.First && !long && len(c.Flags) == 0 && !c.Related && !c.Chosen {
		return ""
	}
	var out []string
	add := func(when bool, name string) {
		if when {
			out = append(out, name)
		}
	}
	add(column.Number, "app-n")
	add(column.First, "app-first")
	add(long, "app-long")
	add(c.Worst != "", "app-cell--"+string(c.Worst))
	add(c.Related, "app-cell--related")
	add(c.Chosen, "app-cell--chosen")
	return strings.Join(out, " ")
}
