package checks

import (
	"fmt"
	"slices"

	"sallyport/checks/audit"
	"sallyport/policy"
)

var crossTableMargin = Check{
	Name: "cross-table-margin", Version: 1, Title: "Redactions that another table gives back",
	Doc: "One table splits what another, of this request or an earlier release, shows as a whole. " +
		"The whole less the visible parts is the redacted part, as if it were a total in the same table.",
	Source:  sdc + "secondary disclosure: combining tables.",
	Example: "all.csv: 2021-01-04 31; by_sex.csv: 2021-01-04 F 27, M [REDACTED]: 31 - 27 = 4. Rounded to 5 it stays 1 to 9: fine.",
	FixR: `# redact the same groups in both tables, then round both
hidden <- df |> filter(n > 0, n <= 7) |> distinct(region)
other <- other |> mutate(n = if_else(region %in% hidden$region, NA_real_, round(n / 5) * 5))
df <- df |> mutate(n = if_else(n > 0 & n <= 7, NA_real_, round(n / 5) * 5))`,
	FixPy: `# redact the same groups in both tables, then round both
hidden = df.loc[df["n"].between(1, 7), "region"].unique()
other["n"] = (other["n"].mask(other["region"].isin(hidden)) / 5).round() * 5
df["n"] = (df["n"].mask(df["n"].between(1, 7)) / 5).round() * 5`,
	Kinds: []Kind{
		{"exact", policy.Block, "the tables together give the redacted count exactly"},
		{"narrow", policy.Warn, "the tables together leave fewer counts possible than rounding would"},
		{"group", policy.Warn, "several redacted counts are known to be 1 to 7 people together"},
		{"exact-by-rule", policy.Warn, "who knows which counts are redacted can work out the count exactly"},
		{"narrow-by-rule", policy.Note, "who knows which counts are redacted is left with few possible ones"},
		{"not-run", policy.Warn, "the interval audit was not run: the totals are too large a tangle"},
	},
	Set: checkMargins,
}

// marginOdds is the chance of agreement by accident up to which another table's
// counts are believed to be totals of this one's.
const marginOdds = 1e-3

func checkMargins(p *SetPass) error {
	x, err := p.facts()
	if err != nil {
		return err
	}
	for i, t := range x.tables {
		if p.Context != nil && p.Context.Err() != nil {
			return p.Context.Err()
		}
		if m := x.margins(i); len(m.extra) > 0 {
			m.audit(p, x, t)
		}
	}
	return nil
}

// margin is the sums that other tables suggest for the cells of one table.
type margin struct {
	extra  []audit.Extra
	totals map[*audit.Cell]factRef // the fact behind each total
}

// marginPart is one fact of a table with one of its labels taken out.
type marginPart struct {
	key uint64
	ref audit.Ref
}

// margins finds the facts of other tables that are sums over one label of table
// at, where it hides something.
func (x *factIndex) margins(at int) margin {
	t := x.tables[at]
	m := margin{totals: map[*audit.Cell]factRef{}}
	hidden := false
	for _, c := range t.Measures {
		hidden = hidden || slices.ContainsFunc(c.Cells, func(c audit.Cell) bool { return c.Kind == audit.Hidden || c.Kind == audit.Blank })
	}
	if !hidden {
		return m
	}
	for _, d := range t.keys {
		x.group(&m, at, d.name, func(yield func(marginPart)) {
			for c := range t.cols {
				for r, h := range d.hash {
					if h != 0 {
						yield(marginPart{t.key(c, r) - h, audit.Ref{Measure: c, Row: r}})
					}
				}
			}
		})
	}
	x.group(&m, at, "column headers", func(yield func(marginPart)) {
		for c := range t.cols {
			for r := range t.rows {
				if t.base[c] != 0 {
					yield(marginPart{t.base[c] + t.rows[r], audit.Ref{Measure: c, Row: r}})
				}
			}
		}
	})
	return m
}

// group collects the parts with the same remaining labels, and pairs each
// collection with the facts of other tables that have just those labels.
func (x *factIndex) group(m *margin, at int, name string, parts func(yield func(marginPart))) {
	groups := map[uint64][]audit.Ref{}
	var order []uint64
	parts(func(p marginPart) {
		if groups[p.key] == nil {
			order = append(order, p.key)
		}
		groups[p.key] = append(groups[p.key], p.ref)
	})
	by := map[int32]int{}
	for _, key := range order {
		refs := groups[key]
		if len(refs) < 2 {
			continue
		}
		for _, f := range x.find(key) {
			if int(f.table) == at || x.tables[f.table].earlier && x.tables[at].earlier {
				continue
			}
			cell := x.cellOf(f)
			if cell.Kind != audit.Shown {
				continue
			}
			i, ok := by[f.table]
			if !ok {
				i = len(m.extra)
				by[f.table] = i
				m.extra = append(m.extra, audit.Extra{Odds: marginOdds,
					Name: fmt.Sprintf("%q, summed over %s", short(x.tables[f.table].doc.Path), short(name))})
			}
			total := *cell // of its own, so that it names the fact
			m.totals[&total] = f
			m.extra[i].Instances = append(m.extra[i].Instances, audit.Instance{Virtual: &total, Parts: refs})
		}
	}
}

// audit runs the audit of the table with and without the sums from elsewhere,
// and reports what only they give away.
func (m *margin) audit(p *SetPass, x *factIndex, t *factTable) {
	o := audit.Options{Threshold: p.Policy.Counts.Threshold, Narrow: p.Policy.Counts.NarrowWidth}
	alone := audit.Audit(t.Grid, o)
	before := map[audit.Ref]string{}
	for _, f := range alone.Findings {
		before[f.Cell] = kindOf(&f)
	}
	o.Extra = m.extra
	g := *t.auditGrid
	g.rep = audit.Audit(t.Grid, o)
	type slot struct {
		kind    string
		measure int
	}
	by := map[slot][]*audit.Finding{}
	var order []slot
	for i := range g.rep.Findings {
		f := &g.rep.Findings[i]
		kind := kindOf(f)
		if old, ok := before[f.Cell]; kind == "known" || ok && kindRank(old) <= kindRank(kind) || !m.used(&g, f) {
			continue
		}
		s := slot{kind, f.Cell.Measure}
		if by[s] == nil {
			order = append(order, s)
		}
		by[s] = append(by[s], f)
	}
	for _, s := range order {
		m.report(p, x, t, &g, s.kind, s.measure, by[s])
	}
	m.groups(p, x, t, &g)
	if n := g.rep.Skipped; n > alone.Skipped && !t.earlier {
		p.Report(t.doc.Path, Finding{Kind: "not-run", Table: t.t.Source.Name,
			Message:  fmt.Sprintf("Interval audit not run for %s with the totals of other tables: they are too large a tangle.", counted(n, "hidden cell")),
			Evidence: map[string]any{"note": "interval audit not run", "cells": n, "sums": len(g.rep.Sums)}})
	}
}

// used says that a finding rests on a total from elsewhere.
func (m *margin) used(g *auditGrid, f *audit.Finding) bool {
	return slices.ContainsFunc(f.Used, func(k int) bool { return g.rep.Sums[k].Kind == audit.OtherTable })
}

// report words the cells of one column. A table released earlier is not
// reported on again: the finding goes to the current file that gives it away.
func (m *margin) report(p *SetPass, x *factIndex, t *factTable, g *auditGrid, kind string, measure int, list []*audit.Finding) {
	const most = 20
	cells := make([]int, len(list))
	var lines []string
	var related []CellRef
	for i, f := range list {
		cells[i] = f.Cell.Row
		if i == most {
			continue
		}
		for _, k := range f.Used[:min(len(f.Used), 3)] {
			s := &g.rep.Sums[k]
			lines = append(lines, fmt.Sprintf("%s (%s)", g.arithmetic(s), s.Family))
			related = append(related, m.refs(x, g, s, t)...)
		}
	}
	slices.Sort(cells)
	f := x.findingFor(p, kind, factsOf(x, t, measure, cells))
	first := list[0]
	f.Related = related
	f.Evidence["sums"] = lines
	f.Evidence["interval"] = interval(first.Range)
	f.Evidence["attacker"] = attacker(first.Policy, p.Policy.Counts.Threshold)
	f.Evidence["basis"] = basis(&g.rep.Sums[first.Used[0]])
	how := "can be worked out"
	if !first.Range.Fixed() {
		how = fmt.Sprintf("can be narrowed to %.0f to %.0f", first.Range.Lo, first.Range.Hi)
	}
	f.Message = fmt.Sprintf("%s in %q %s with another table: %s.", counted(len(list), "redacted count"), short(f.Column), how, lines[0])
	m.send(p, x, t, g, list[0].Used, f)
}

func factsOf(x *factIndex, t *factTable, measure int, cells []int) []factRef {
	at := slices.Index(x.tables, t)
	out := make([]factRef, len(cells))
	for i, c := range cells {
		out[i] = factRef{table: int32(at), column: int32(measure), cell: int32(c)}
	}
	return out
}

// send reports a finding at the table's own file, or, when that was released
// before, at the file whose totals give it away.
func (m *margin) send(p *SetPass, x *factIndex, t *factTable, g *auditGrid, used []int, f Finding) {
	path := t.doc.Path
	if t.earlier {
		f.Evidence["released"] = path
		for _, r := range f.Rows {
			f.Related = append(f.Related, CellRef{Path: path, Line: r.Line, Row: r.Row, Column: f.Column, ColumnIndex: f.ColumnIndex, Value: r.Value})
		}
		for _, k := range used {
			if from, ok := m.totals[g.rep.Sums[k].Instance.Virtual]; ok {
				path = x.tables[from.table].doc.Path
				f.Rows, f.Column, f.ColumnIndex, f.Table = nil, "", nil, ""
				break
			}
		}
		f.Message = fmt.Sprintf("Together with this file, the released %q: %s", short(t.doc.Path), f.Message)
	}
	p.Report(path, f)
}

// refs points at the total, in its file, and the parts.
func (m *margin) refs(x *factIndex, g *auditGrid, s *audit.Checked, t *factTable) []CellRef {
	out := g.refs(s)
	for i := range out {
		if t.earlier {
			out[i].Path = t.doc.Path
		}
	}
	if f, ok := m.totals[s.Instance.Virtual]; ok {
		out = append([]CellRef{x.refIn(f, t.doc.Path)}, out...)
	}
	return out
}

// groups reports cells that another table shows to be 1..T people together, one
// finding for each column of the first of them.
func (m *margin) groups(p *SetPass, x *factIndex, t *factTable, g *auditGrid) {
	order, by := g.byMeasure(g.rep.Groups, func(s *audit.Checked) (int, bool) { return s.Hidden[0].Measure, s.Kind == audit.OtherTable })
	for _, first := range order {
		cells, lines := g.hiddenRows(by[first], first), g.lines(by[first])
		var related []CellRef
		for _, k := range by[first][:len(lines)] {
			related = append(related, m.refs(x, g, &g.rep.Sums[k], t)...)
		}
		s := &g.rep.Sums[by[first][0]]
		f := x.findingFor(p, "group", factsOf(x, t, first, cells))
		f.Related = related
		f.Evidence["sums"] = lines
		f.Evidence["basis"] = basis(s)
		f.Message = fmt.Sprintf("%d redacted cells are known from another table to be %.0f people together: %s.", len(s.Hidden), s.Gap, lines[0])
		m.send(p, x, t, g, by[first][:1], f)
	}
}
