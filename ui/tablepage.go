package ui

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"sallyport/checks"
	"sallyport/review"
)

// tableTools is what stands over a table: search, filter, columns, and where
// further windows of it come from.
type tableTools struct {
	Action  string
	Keep    []kept // the rest of the address, which the form carries on
	Columns []toolColumn
	Hidden  int
	Clear   string // address of the table as it lies in the file
	Rows    string // address of further windows, without their page
	Finds   bool   // there are findings to narrow the rows to
}

type kept struct{ Name, Value string }

type toolColumn struct {
	Index            int
	Name             string
	Hidden, Filtered bool
}

// summaryView is what the columns of a table hold.
type summaryView struct {
	Rows    int
	Columns []columnLine
}

// columnLine is one column: what it holds, and how the checks understood it.
type columnLine struct {
	columnSummary
	Role, Base string
	Reasons    []string
	Flags      []flag
	Down       string // address of the table sorted by it, the greatest first
}

// tableAt is the table that an address asks for, with its findings' part.
func (p *filePage) tableAt(file *readFile, q url.Values) (n int, t *tableSheet, report *checks.TableReport) {
	n, _ = strconv.Atoi(q.Get("table"))
	n = min(max(n, 1), len(file.tables))
	if r := p.File.Report; r != nil && n <= len(r.Tables) {
		report = &r.Tables[n-1]
	}
	return n, file.tables[n-1], report
}

// showTable shows one window of a table as the address asks for it.
func (p *filePage) showTable(file *readFile, q url.Values, page int) {
	n, t, report := p.tableAt(file, q)
	ask := tableQueryOf(q, max(len(t.Header), len(t.Columns)))
	aim, aimed := cellAim(q.Get("cell"))
	if aimed {
		if at := slices.Index(t.rows(ask, nil), aim.row); at >= 0 && !ask.Flagged {
			page = at/pageSize(t.Table) + 1
		}
	}
	view := viewTable(t, report, p.Findings, ask, page)
	if aimed {
		view.aim(aim)
	}
	address := p.tableAddress(q, n)
	view.Pager = newPager(view.Pager.Page, view.Pager.Pages, func(page int) string { return address("", ask, page) + "#table" })
	for i := range view.Header {
		view.Header[i].Sort = address("", ask.sortedBy(i), 1) + "#table"
	}
	view.Tools = tableTools{Action: p.File.Link, Clear: address("", tableQuery{}, 1) + "#table", Rows: address("/rows", ask, 0), Hidden: len(ask.Hide), Finds: len(p.Findings) > 0}
	view.Tools.Keep = []kept{{"view", "table"}, {"table", strconv.Itoa(n)}}
	for _, k := range []kept{{"finding", q.Get("finding")}, {"beside", q.Get("beside")}, {"alone", q.Get("alone")}, {"sort", ask.Sort}} {
		if k.Value != "" {
			view.Tools.Keep = append(view.Tools.Keep, k)
		}
	}
	for i, h := range view.Header {
		view.Tools.Columns = append(view.Tools.Columns, toolColumn{i, h.Name, h.Hidden, ask.Column == strconv.Itoa(i)})
	}
	p.Table = &view
	p.tableTabs(file, "table", n)
}

// keptWithTable is what stays as it is when a table is asked something else: the
// finding chosen, what stands beside it, whether it has the page to itself.
var keptWithTable = []string{"finding", "beside", "alone"}

// tableAddress makes addresses of one table, or of its windows (below is
// "/rows"), that keep the rest of the address.
func (p *filePage) tableAddress(q url.Values, n int) func(below string, ask tableQuery, page int) string {
	return func(below string, ask tableQuery, page int) string {
		next := url.Values{"view": {"table"}, "table": {strconv.Itoa(n)}}
		if page > 0 {
			next.Set("page", strconv.Itoa(page))
		}
		for _, name := range keptWithTable {
			if value := q.Get(name); value != "" {
				next.Set(name, value)
			}
		}
		ask.into(next)
		return p.File.Link + below + "?" + next.Encode()
	}
}

// showColumns shows what each column of a table holds.
func (p *filePage) showColumns(file *readFile, q url.Values) {
	n, t, report := p.tableAt(file, q)
	flags := marksOf(p.Findings, t.Table, nil).flags
	view := summaryView{Rows: t.Rows}
	address := p.tableAddress(url.Values{}, n)
	for i, c := range t.summaries() {
		line := columnLine{columnSummary: c, Flags: flags[place{-1, c.Index}], Down: address("", tableQuery{Sort: "-" + strconv.Itoa(i)}, 1) + "#table"}
		if report != nil {
			for _, r := range report.Columns {
				if r.Index == c.Index {
					line.Role, line.Base, line.Reasons = r.Role, r.Base, r.Reasons
				}
			}
		}
		view.Columns = append(view.Columns, line)
	}
	p.Summary = &view
	p.tableTabs(file, "columns", n)
}

// tableTabs lists the tables of a file with several.
func (p *filePage) tableTabs(file *readFile, view string, n int) {
	if len(file.tables) < 2 {
		return
	}
	for i, other := range file.tables {
		name := other.Source.Name
		if name == "" {
			name = "table " + strconv.Itoa(i+1)
		}
		p.Tables = append(p.Tables, tab{name, fmt.Sprintf("%s?view=%s&table=%d#content", p.File.Link, view, i+1), i+1 == n})
	}
}

var cellName = regexp.MustCompile(`^r([0-9]{1,8})c([0-9]{1,5})$`)

// cellAim reads the name of a cell, "r12c3": data row and column, from 0.
func cellAim(name string) (place, bool) {
	m := cellName.FindStringSubmatch(name)
	if m == nil {
		return place{}, false
	}
	row, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return place{row, column}, true
}

// aim marks the cell that an address names.
func (v *tableView) aim(at place) {
	id := fmt.Sprintf("r%dc%d", at.row, at.column)
	for i := range v.Rows {
		for j := range v.Rows[i].Cells {
			if c := &v.Rows[i].Cells[j]; c.ID == id && !c.Chosen {
				c.Chosen, c.Class = true, c.Class+" app-cell--chosen"
			}
		}
	}
}

// tableRows sends one window of a table's rows, for a page that shows the table
// already and scrolls. The windows that are read one after another belong to the
// view of the page (see [review.Service.FramedContent]).
func (u *UI) tableRows(c *call) error {
	content, err := u.service.FramedContent(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return err
	}
	p := filePage{File: fileEntry{FileView: content.View, Link: filePath(c.requestID(), c.fileID())}}
	file := u.read(c.ctx(), content)
	if len(file.tables) == 0 {
		return review.Errorf(review.NotFound, "There is no table in this file.")
	}
	q := c.Request().URL.Query()
	p.Findings = findingViews(p.File.Report, p.File.Link, q.Get("finding"), windowOf(file.doc, true))
	page, _ := strconv.Atoi(q.Get("page"))
	p.showTable(file, q, max(page, 1))
	return c.fragment("file", "table-rows", p.Table)
}
