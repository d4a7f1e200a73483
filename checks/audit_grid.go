package checks

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"sallyport/checks/audit"
	"sallyport/checks/table"
	"sallyport/policy"
)

// auditGrid is one table, or one statistic of a long table, as the audit sees
// it, and the way back to its columns.
type auditGrid struct {
	*audit.Grid
	t    *table.Table
	cols []*table.Column // of each measure
	rep  *audit.Report
	// narrowed counts the redacted cells that a rate beside them limits.
	narrowed int
}

// auditMemo keeps what several checks of one document read: the audits of its
// tables and the rates that were verified in them.
type auditMemo struct {
	grids   sync.Once
	audited []*auditGrid
	rates   sync.Once
	triples []rateTriple
}

// audited returns the audits of the document's tables.
func (p *Pass) audited() []*auditGrid {
	if p.Doc.audits == nil {
		return auditTables(p.Doc.Tables, p.triples(), p.Policy)
	}
	m := p.Doc.audits
	m.grids.Do(func() { m.audited = auditTables(p.Doc.Tables, p.triples(), p.Policy) })
	return m.audited
}

// triples returns the verified rates of the document's tables.
func (p *Pass) triples() []rateTriple {
	find := func() []rateTriple {
		var out []rateTriple
		for _, t := range p.Doc.Tables {
			out = append(out, rateTriples(t, p.Policy.Counts.Threshold)...)
		}
		return out
	}
	if p.Doc.audits == nil {
		return find()
	}
	m := p.Doc.audits
	m.rates.Do(func() { m.triples = find() })
	return m.triples
}

func auditTables(tables []*table.Table, rates []rateTriple, p *policy.Policy) []*auditGrid {
	var out []*auditGrid
	for _, t := range tables {
		for _, cols := range measureGroups(t) {
			if !slices.ContainsFunc(cols, gaps) {
				continue // nothing to look for
			}
			g := newGrid(t, cols, p.Counts.Threshold)
			for i := range rates {
				if rates[i].t == t {
					g.narrow(&rates[i])
				}
			}
			g.rep = audit.Audit(g.Grid, audit.Options{Threshold: p.Counts.Threshold, Narrow: p.Counts.NarrowWidth})
			out = append(out, g)
		}
	}
	return out
}

// narrow limits redacted counts to what a verified rate beside them leaves.
func (g *auditGrid) narrow(tr *rateTriple) {
	m := slices.Index(g.cols, tr.num)
	if m < 0 {
		return
	}
	full, trusted := fullPrecision(tr.rate), false
	for i := range tr.rate.Cells {
		r, ok := tr.at(i)
		if !ok || r.value <= 0 {
			continue
		}
		at := index(tr.num, r.row)
		if at < 0 || g.Measures[m].Cells[at].Kind != audit.Hidden {
			continue
		}
		if !trusted && !tr.trusted() {
			return
		}
		trusted = true
		cell := &g.Measures[m].Cells[at]
		if x, ok := tr.implied(&r, full); ok {
			if both := cell.Range.Intersect(x); !both.Empty() && both != cell.Range {
				cell.Range = both
				g.narrowed++
			}
		}
	}
}

// gaps says that a column of counts has cells that show none.
func gaps(c *table.Column) bool {
	return c.KindCount(table.Missing)+c.KindCount(table.Redacted)+c.KindCount(table.Compare)+c.KindCount(table.Range) > 0
}

// grids turns a table into grids, one for each group of measures.
func grids(t *table.Table, threshold int) []*auditGrid {
	var out []*auditGrid
	for _, cols := range measureGroups(t) {
		out = append(out, newGrid(t, cols, threshold))
	}
	return out
}

// measureGroups lists the columns of counts that share their rows: the ordinary
// ones, and those of each set of rows that the levels of a long table cover.
func measureGroups(t *table.Table) [][]*table.Column {
	var groups [][]*table.Column
	for _, c := range t.Virtual {
		if !measures(c) {
			continue
		}
		at := -1
		for k, g := range groups {
			if sameRows(g[0].At, c.At) {
				at = k
			}
		}
		if at < 0 {
			at, groups = len(groups), append(groups, nil)
		}
		groups[at] = append(groups[at], c)
	}
	return groups
}

// measures says that a column holds counts, of people or of organisations.
func measures(c *table.Column) bool {
	return !c.Half && (c.Role.CountLike() || c.Role == table.OrgCount) && c.Filled() > 0
}

func sameRows(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func newGrid(t *table.Table, cols []*table.Column, threshold int) *auditGrid {
	g := &auditGrid{Grid: &audit.Grid{Rows: len(cols[0].Cells)}, t: t, cols: cols}
	for _, c := range cols {
		g.Measures = append(g.Measures, measure(c, threshold))
	}
	if slices.ContainsFunc(cols, gaps) { // otherwise there is nothing to look for
		g.Dimensions = dimensions(t, cols)
	}
	return g
}

func measure(c *table.Column, threshold int) audit.Measure {
	m := audit.Measure{Name: c.Name, Cells: make([]audit.Cell, len(c.Cells)), Total: audit.HeaderLabel(c.Tokens())}
	m.Weak = c.Role == table.Denominator || c.Role == table.OrgCount || m.Total == audit.Loose
	if s := c.Base.Assumed(); !s.Exact() {
		m.Base = s.B
	}
	redacted := 0
	if c.KindCount(table.Redacted)+c.KindCount(table.Compare)+c.KindCount(table.Range) > 0 {
		redacted = threshold // counts up to it were removed before rounding
	}
	counts := c.Counts(redacted)
	for i := range c.Cells {
		m.Cells[i] = auditCell(c, i, counts)
	}
	return m
}

func auditCell(c *table.Column, i int, counts func(i int) (v, lo, hi float64, ok bool)) audit.Cell {
	x := &c.Cells[i]
	switch {
	case x.Kind == table.Missing:
		return audit.Cell{Kind: audit.Blank}
	case x.Kind == table.Redacted:
		return audit.Cell{Kind: audit.Hidden, Range: audit.Anything()}
	case x.Hidden():
		return audit.Cell{Kind: audit.Hidden, Range: audit.Range{Lo: max(0, x.Lo), Hi: x.Hi}}
	}
	v, lo, hi, ok := counts(i)
	if !ok || v > audit.MaxCount {
		return audit.Cell{Kind: audit.Foreign}
	}
	return audit.Cell{Kind: audit.Shown, Value: v, Range: audit.Range{Lo: lo, Hi: hi}}
}

// dimensions are the columns that label rows. A missing value in a row labelled
// as a total means "whatever it is": R writes NA there.
func dimensions(t *table.Table, cols []*table.Column) []audit.Dimension {
	taken := map[int]bool{}
	for _, c := range cols {
		taken[c.Index] = true
	}
	var out []audit.Dimension
	var missing [][]bool
	n := len(cols[0].Cells)
	totals := make([]bool, n)
	for _, c := range t.Columns {
		if taken[c.Index] || !c.Role.Dimension() && !labelsTotal(c) {
			continue
		}
		d := audit.Dimension{Name: c.Name, Values: make([]string, n)}
		gone := make([]bool, n)
		for i := range n {
			x := t.Cell(c.Index, cols[0].Row(i))
			d.Values[i] = strings.TrimSpace(x.Raw)
			gone[i] = x.Kind == table.Missing
			totals[i] = totals[i] || x.Kind == table.Text && audit.RowLabel(d.Values[i]) != audit.NoLabel
		}
		out, missing = append(out, d), append(missing, gone)
	}
	for d := range out {
		for i, total := range totals {
			if total && missing[d][i] {
				out[d].Values[i] = ""
			}
		}
	}
	return out
}

// labelsTotal says that a column which is no plain dimension holds the word for
// a total all the same: numbers 0, 1, 2 with "Total" below.
func labelsTotal(c *table.Column) bool {
	if c.Numbers() == c.Filled() {
		return false
	}
	for i := range c.Cells {
		if c.Cells[i].Kind == table.Text && audit.RowLabel(c.Cells[i].Raw) != audit.NoLabel {
			return true
		}
	}
	return false
}

// arithmetic writes out one sum as a person would redo it: "51 - 10 - 15 - 25 = 1".
func (g *auditGrid) arithmetic(s *audit.Checked) string {
	const most = 12
	var b strings.Builder
	fmt.Fprintf(&b, "%.0f", s.Total.Value)
	if s.Shown <= most {
		for _, p := range s.Instance.Parts {
			if c := &g.Measures[p.Measure].Cells[p.Row]; c.Kind == audit.Shown {
				fmt.Fprintf(&b, " - %.0f", c.Value)
			}
		}
	} else {
		fmt.Fprintf(&b, " - %.0f (the sum of the %d cells shown)", s.Sum, s.Shown)
	}
	fmt.Fprintf(&b, " = %.0f", s.Gap)
	if n := len(s.Hidden); n > 1 {
		fmt.Fprintf(&b, " for %d hidden cells", n)
	}
	if !s.Slack.Fixed() {
		fmt.Fprintf(&b, "; with rounding %.0f to %.0f", max(0, s.Slack.Lo), s.Slack.Hi)
	}
	return b.String()
}

// odds puts a small chance in words.
func odds(p float64) string {
	switch {
	case p <= 1e-9:
		return "less than 1 in a billion"
	case p <= 1e-6:
		return "less than 1 in a million"
	case p < 0.1:
		return fmt.Sprintf("about 1 in %.0f", 1/p)
	}
	return fmt.Sprintf("about %.0f%%", 100*p)
}

// basis says why a sum is believed.
func basis(s *audit.Checked) string {
	if s.Kind == audit.CommonTotal {
		return fmt.Sprintf("%s; chance of such agreement otherwise: %s", s.Family, odds(s.Odds))
	}
	return fmt.Sprintf("%s: adds up in %d complete cases, not in %d; chance of such agreement among unrelated numbers: %s",
		s.Family, s.Holds, s.Fails, odds(s.Odds))
}

// refs points at the total and the parts of a sum.
func (g *auditGrid) refs(s *audit.Checked) []CellRef {
	const most = 100
	var out []CellRef
	if s.Instance.Virtual == nil {
		out = append(out, g.ref(s.Instance.Total))
	}
	for _, p := range s.Instance.Parts {
		if len(out) == most {
			break
		}
		out = append(out, g.ref(p))
	}
	return out
}

func (g *auditGrid) ref(r audit.Ref) CellRef { return Ref(g.t, g.cols[r.Measure], r.Row) }
