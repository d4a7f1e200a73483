package checks

import (
	"sallyport/checks/table"
	"sallyport/policy"
)

// severityOf resolves a severity: the policy's word on "check/kind", then on
// "check", then the kind's default. A kind the check does not list blocks.
func severityOf(p *policy.Policy, c *Check, kind string) policy.Severity {
	if s, ok := p.Severity[c.Name+"/"+kind]; ok {
		return s
	}
	if s, ok := p.Severity[c.Name]; ok {
		return s
	}
	for _, k := range c.Kinds {
		if k.Name == kind {
			return k.Severity
		}
	}
	return policy.Block
}

// Confidence bounds for findings that rest on a column being a count.
const (
	sureCount   = 0.50 // from here the full severity
	likelyCount = 0.40 // from here one level less; below it, a note
)

// graded lowers a severity for a column that may not be what it is taken for,
// and for a table guessed from printed text.
func graded(s policy.Severity, t *table.Table, c *table.Column) policy.Severity {
	if s == policy.Off {
		return s
	}
	switch {
	case c.Confidence < likelyCount:
		s = policy.Note
	case c.Confidence < sureCount:
		s = s.Lower()
	}
	if t.Source.Weak {
		s = s.Lower()
	}
	return s
}

// Cells starts a finding about cells of one column: its table, column, rows,
// confidence, the reasons for the column's role in Evidence["role"] and the
// severity of the kind, lowered for an unsure column. cells are indexes into
// c.Cells.
func (p *Pass) Cells(kind string, t *table.Table, c *table.Column, cells []int) Finding {
	f := Finding{
		Kind:        kind,
		Severity:    graded(p.Severity(kind), t, c),
		Confidence:  c.Confidence,
		Table:       t.Source.Name,
		Column:      c.Name,
		ColumnIndex: Int(c.Index),
		Rows:        Rows(t, c, cells),
		Evidence:    map[string]any{"role": string(c.Role), "why": c.Reasons},
	}
	if len(cells) > maxCells {
		f.Evidence["cells"] = len(cells)
	}
	return f
}

// maxValue bounds the text of one cell in a finding, in bytes.
const maxValue = 200

// maxCells bounds the rows of one finding. Only a table that is over the usual
// limit of rows has more; the message gives the number of all.
const maxCells = 5000

// Rows describes cells of one column; cells are indexes into c.Cells. Of more
// than maxCells the first are given.
func Rows(t *table.Table, c *table.Column, cells []int) []Row {
	cells = cells[:min(len(cells), maxCells)]
	rows := make([]Row, len(cells))
	numbers := make([]int, len(cells))
	for k, i := range cells {
		numbers[k] = c.Row(i)
		rows[k] = Row{Line: t.Line(numbers[k]), Row: &numbers[k], Key: t.Key(numbers[k]), Value: short(c.Cells[i].Raw)}
	}
	return rows
}

// Ref points at cell i of a column.
func Ref(t *table.Table, c *table.Column, i int) CellRef {
	row := c.Row(i)
	return CellRef{Line: t.Line(row), Row: Int(row), Column: c.Name, ColumnIndex: Int(c.Index), Value: short(c.Cells[i].Raw)}
}
