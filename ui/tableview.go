package ui

import (
	"fmt"

	"sallyport/checks"
	"sallyport/checks/table"
	"sallyport/policy"
)

// A page of a table has at most so many rows, and fewer when it is wide, so that
// no page takes the browser long.
const (
	rowsPerPage  = 200
	cellsPerPage = 20_000
	fewestRows   = 25
	linesPerPage = 1000
)

// tableView is one window of a table.
type tableView struct {
	Name    string
	Header  []headerCell
	Rows    []rowView
	Total   int
	First   int // 1-based data row shown first
	Last    int
	Pager   pager
	Columns []checks.ColumnReport // how each was understood
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
}

type rowView struct {
	Index   int // 0-based data row
	Line    int // record in the file
	Flags   []flag
	Cells   []cellView
	Related bool
}

type cellView struct {
	ID      string
	Text    string
	Number  bool
	Long    bool
	Flags   []flag
	Worst   policy.Severity // of Flags, "" when there are none
	Related bool            // explains the finding that is selected
	Chosen  bool            // is what the selected finding points at
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
	columns := max(1, len(t.Header))
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
}

func marksOf(views []findingView, t *table.Table, first, last int) marks {
	m := marks{map[place][]flag{}, map[place]bool{}, map[place]bool{}}
	rows := rowsByLine(t)
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
			if !ok || row < first || row > last {
				continue
			}
			p := place{row, column}
			m.flags[p] = append(m.flags[p], fl)
			if v.Selected {
				m.chosen[p] = true
			}
		}
		if v.Selected {
			m.relate(f, rows)
		}
	}
	return m
}

// relate marks the cells that explain a finding.
func (m marks) relate(f *checks.Finding, rows map[int]int) {
	for _, ref := range f.Related {
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
		m.related[place{row, column}] = true
	}
}

// longCell is from how many bytes on a cell's text may wrap.
const longCell = 60

// rowsByLine maps records of the file to data rows.
func rowsByLine(t *table.Table) map[int]int {
	rows := make(map[int]int, t.Rows)
	for row := range t.Rows {
		rows[t.Line(row)] = row
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

// viewTable builds one page of a table with what the findings point at.
func viewTable(t *table.Table, report *checks.TableReport, views []findingView, page int) tableView {
	size := pageSize(t)
	pages := max(1, (t.Rows+size-1)/size)
	page = min(max(page, 1), pages)
	first := (page - 1) * size
	last := min(first+size, t.Rows) - 1
	m := marksOf(views, t, first, last)
	v := tableView{Name: t.Source.Name, Total: t.Rows, First: first + 1, Last: last + 1, Pager: pager{Page: page, Pages: pages}}
	if report != nil {
		v.Columns = report.Columns
	}
	v.Header = headerCells(t, v.Columns, m)
	for row := first; row <= last; row++ {
		v.Rows = append(v.Rows, rowCells(t, row, v.Header, m))
	}
	return v
}

func headerCells(t *table.Table, columns []checks.ColumnReport, m marks) []headerCell {
	n := max(len(t.Header), len(t.Columns))
	cells := make([]headerCell, n)
	for i := range cells {
		cells[i] = headerCell{Index: i, Flags: m.flags[place{-1, i}], Related: m.related[place{-1, i}]}
		if i < len(t.Header) {
			cells[i].Name = t.Header[i]
		}
		cells[i].Number = i < len(t.Columns) && mostlyNumbers(t.Columns[i])
	}
	for _, c := range columns {
		if c.Index >= 0 && c.Index < n {
			cells[c.Index].Role, cells[c.Index].Base, cells[c.Index].Described = c.Role, c.Base, true
		}
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
	v := rowView{Index: row, Line: t.Line(row), Flags: m.flags[place{row, -1}], Related: m.related[place{row, -1}], Cells: make([]cellView, len(columns))}
	for i := range v.Cells {
		p := place{row, i}
		c := cellView{ID: fmt.Sprintf("r%dc%d", row, i), Flags: m.flags[p], Related: m.related[p], Chosen: m.chosen[p]}
		if i < len(t.Columns) && row < len(t.Columns[i].Cells) {
			cell := &t.Columns[i].Cells[row]
			c.Text, c.Long = cell.Raw, len(cell.Raw) > longCell
			c.Number = columns[i].Number
		}
		for _, f := range c.Flags {
			if c.Worst == "" || f.Severity.Rank() > c.Worst.Rank() {
				c.Worst = f.Severity
			}
		}
		v.Cells[i] = c
	}
	return v
}
