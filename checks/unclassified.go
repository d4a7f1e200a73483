package checks

import (
	"fmt"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var columnsUnclassified = Check{
	Name: "columns-unclassified", Version: 1, Title: "Columns not understood",
	Doc: "The meaning of these numeric columns could not be told from their names, their values or their neighbours, " +
		"so no rule about counts was applied to them. Look at them yourself.",
	Source:  "House rule: what was not examined is said.",
	Example: `A column "x7" with the numbers 3, 1, 4 between text columns: named. A column "n": not.`,
	FixR:    `df <- df |> rename(n_patients = x7)`,
	FixPy:   `df = df.rename(columns={"x7": "n_patients"})`,
	Kinds: []Kind{
		{"", policy.Note, "numeric columns whose meaning is not known"},
		{"cells", policy.Note, "cells of a count column that could not be read as a number"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			unclassified(p, t)
			for _, c := range t.Counts() {
				unreadCells(p, t, c)
			}
		}
		return nil
	},
}

func unclassified(p *Pass, t *table.Table) {
	var names []string
	var related []CellRef
	numeric := 0
	for _, c := range t.Virtual {
		if c.Numbers() == 0 || c.Half {
			continue
		}
		numeric++
		if c.Role == table.Unknown || c.Confidence < likelyCount {
			names = append(names, fmt.Sprintf("%q", short(c.Name)))
			related = append(related, CellRef{Line: t.Line(t.Skip - 1), Column: c.Name, ColumnIndex: Int(c.Index)})
		}
	}
	if len(names) == 0 {
		return
	}
	const show = 20
	list := strings.Join(names[:min(len(names), show)], ", ")
	if len(names) > show {
		list += fmt.Sprintf(" and %d more", len(names)-show)
	}
	p.Report(Finding{Table: t.Source.Name, Related: related,
		Message:  fmt.Sprintf("%d of %d numeric columns were not understood: %s.", len(names), numeric, list),
		Evidence: map[string]any{"understood": numeric - len(names), "numeric": numeric}})
}

// unreadCells names texts with digits in a count column: numbers that no check saw.
func unreadCells(p *Pass, t *table.Table, c *table.Column) {
	if c.KindCount(table.Text) == 0 {
		return
	}
	var cells []int
	for i := range c.Cells {
		if x := &c.Cells[i]; x.Kind == table.Text && strings.ContainsAny(x.Raw, "0123456789") {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("cells", t, c, cells)
	f.Message = fmt.Sprintf("%s in %q could not be read as a number, such as %q.", counted(len(cells), "cell"), short(c.Name), short(c.Cells[cells[0]].Raw))
	p.Report(f)
}
