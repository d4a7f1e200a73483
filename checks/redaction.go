package checks

import (
	"cmp"
	"fmt"
	"slices"

	"sallyport/checks/audit"
	"sallyport/policy"
)

var redactionRecoverable = Check{
	Name: "redaction-recoverable", Version: 1, Title: "Redactions that can be worked out",
	Doc: "A redacted count is no secret when a total and the other parts are shown, or when several totals together leave it one value. " +
		"The check finds what adds up to what in the table (rows and columns called total, columns that turn out to be sums, variables that split the same people), " +
		"then works out what each redacted cell can still be: once from the table alone, and once knowing that 1 to 7 was redacted.",
	Source:  sdc + "totals should be recalculated after you have redacted; secondary disclosure. Methods as in sdcTable (attacks) and GaussSuppression (intervals).",
	Example: "age,n / 21-30,[REDACTED] / 31-40,10 / 41-50,15 / 51+,25 / Total,51: 51 - 10 - 15 - 25 = 1. With Total,50, added up again from what is shown, nothing is.",
	FixR: `# redact, round, and only then add up what is left; or leave the total out
df <- df |> mutate(n = if_else(n > 7, round(n / 5) * 5, NA_real_))
totals <- df |> group_by(region) |> summarise(n = sum(n, na.rm = TRUE))`,
	FixPy: `# redact, round, and only then add up what is left; or leave the total out
df["n"] = (df["n"].where(df["n"] > 7) / 5).round() * 5
totals = df.groupby("region")["n"].sum()`,
	Kinds: []Kind{
		{"exact", policy.Block, "what is shown gives the redacted count exactly"},
		{"narrow", policy.Warn, "what is shown leaves fewer counts possible than rounding would"},
		{"group", policy.Warn, "several redacted counts are known to be 1 to 7 people together"},
		{"exact-by-rule", policy.Warn, "who knows which counts are redacted can work out the count exactly"},
		{"narrow-by-rule", policy.Note, "who knows which counts are redacted is left with few possible ones"},
		{"known", policy.Note, "the redacted count can be worked out, and is 0 or above the threshold"},
		{"not-run", policy.Warn, "the interval audit was not run: the totals are too large a tangle"},
	},
	File: checkRedactions,
}

func checkRedactions(p *Pass) error {
	for _, g := range p.audited() {
		g.reportCells(p)
		g.reportGroups(p)
		if n := g.rep.Skipped; n > 0 {
			p.Report(Finding{
				Kind: "not-run", Table: g.t.Source.Name,
				Message: fmt.Sprintf("Interval audit not run for %s: their totals are too large a tangle. What single totals give away was looked for.",
					counted(n, "hidden cell")),
				Evidence: map[string]any{"note": "interval audit not run", "cells": n, "sums": len(g.rep.Sums)},
			})
		}
	}
	return nil
}

// kindOf names the kind of a finding of the audit.
func kindOf(f *audit.Finding) string {
	switch {
	case f.Verdict == audit.Exact && f.Policy:
		return "exact-by-rule"
	case f.Verdict == audit.Exact:
		return "exact"
	case f.Verdict == audit.Narrow && f.Policy:
		return "narrow-by-rule"
	case f.Verdict == audit.Narrow:
		return "narrow"
	}
	return "known"
}

// reportCells reports the cells that can be worked out, one finding for each
// kind and column.
func (g *auditGrid) reportCells(p *Pass) {
	type slot struct {
		kind    string
		measure int
	}
	by := map[slot][]*audit.Finding{}
	var order []slot
	for i := range g.rep.Findings {
		f := &g.rep.Findings[i]
		s := slot{kindOf(f), f.Cell.Measure}
		if by[s] == nil {
			order = append(order, s)
		}
		by[s] = append(by[s], f)
	}
	slices.SortFunc(order, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.measure, b.measure), cmp.Compare(kindRank(a.kind), kindRank(b.kind)))
	})
	for _, s := range order {
		list := by[s]
		slices.SortFunc(list, func(a, b *audit.Finding) int { return cmp.Compare(a.Cell.Row, b.Cell.Row) })
		p.Report(g.cellsFinding(p, s.kind, s.measure, list))
	}
}

func kindRank(kind string) int {
	return slices.IndexFunc(redactionKinds, func(k string) bool { return k == kind })
}

var redactionKinds = []string{"exact", "narrow", "exact-by-rule", "narrow-by-rule", "known"}

// cellsFinding words the cells of one column and kind. The first is explained
// in the message, twenty in the evidence.
func (g *auditGrid) cellsFinding(p *Pass, kind string, measure int, list []*audit.Finding) Finding {
	const most = 20
	c := g.cols[measure]
	cells := make([]int, len(list))
	for i, f := range list {
		cells[i] = f.Cell.Row
	}
	out := p.Cells(kind, g.t, c, cells)
	var ways []map[string]any
	for i, f := range list {
		if i == most {
			break
		}
		ways = append(ways, g.way(f))
		for _, k := range f.Used[:min(len(f.Used), 3)] {
			out.Related = mergeRefs(out.Related, g.refs(&g.rep.Sums[k]))
		}
	}
	first := list[0]
	out.Evidence["cells"] = ways
	out.Evidence["interval"] = interval(first.Range)
	out.Evidence["attacker"] = attacker(first.Policy, p.Policy.Counts.Threshold)
	if len(first.Used) > 0 {
		s := &g.rep.Sums[first.Used[0]]
		out.Evidence["arithmetic"] = g.arithmetic(s)
		out.Evidence["basis"] = basis(s)
	}
	if g.narrowed > 0 {
		out.Evidence["rates"] = fmt.Sprintf("%s were first limited to what the rates beside them leave", counted(g.narrowed, "redacted cell"))
	}
	if g.rep.Conflicts > 0 {
		out.Evidence["conflicts"] = fmt.Sprintf("%s in this table cannot all be right; each was taken by itself", counted(g.rep.Conflicts, "total"))
	}
	out.Message = g.message(kind, c.Name, list, out.Evidence, p.Policy.Counts.Threshold)
	return out
}

// way is how one cell is worked out.
func (g *auditGrid) way(f *audit.Finding) map[string]any {
	var steps []string
	for _, k := range f.Used[:min(len(f.Used), 10)] {
		s := &g.rep.Sums[k]
		steps = append(steps, fmt.Sprintf("%s (%s)", g.arithmetic(s), s.Family))
	}
	row := g.cols[f.Cell.Measure].Row(f.Cell.Row)
	return map[string]any{"line": g.t.Line(row), "key": g.t.Key(row), "interval": interval(f.Range), "sums": steps}
}

func interval(r audit.Range) []float64 { return []float64{r.Lo, r.Hi} }

func attacker(policy bool, threshold int) string {
	if policy {
		return fmt.Sprintf("a reader who knows that counts of 1 to %d are redacted", threshold)
	}
	return "anyone who reads the table"
}

func (g *auditGrid) message(kind, column string, list []*audit.Finding, evidence map[string]any, threshold int) string {
	f := list[0]
	what := counted(len(list), "redacted count")
	value := fmt.Sprintf("%.0f", f.Range.Lo)
	if !f.Range.Fixed() {
		value = fmt.Sprintf("%.0f to %.0f", f.Range.Lo, f.Range.Hi)
	}
	how, ok := evidence["arithmetic"]
	if !ok {
		how = value
	}
	if len(f.Used) > 1 {
		how = fmt.Sprintf("%s together give %s, starting with %v", counted(len(f.Used), "total"), value, how)
	} else if !f.Range.Fixed() {
		how = fmt.Sprintf("%s (%v)", value, how)
	}
	switch kind {
	case "exact":
		return fmt.Sprintf("%s in %q can be worked out: %v.", what, short(column), how)
	case "narrow":
		return fmt.Sprintf("%s in %q can nearly be worked out: %v.", what, short(column), how)
	case "exact-by-rule":
		return fmt.Sprintf("Knowing that 1 to %d is redacted, %s in %q can be worked out: %v.", threshold, what, short(column), how)
	case "narrow-by-rule":
		return fmt.Sprintf("Knowing that 1 to %d is redacted, %s in %q can nearly be worked out: %v.", threshold, what, short(column), how)
	}
	return fmt.Sprintf("%s in %q can be worked out, and none is 1 to %d: %v.", what, short(column), threshold, how)
}

// reportGroups reports redacted cells that are 1..T people together, one
// finding per column of the first of them.
func (g *auditGrid) reportGroups(p *Pass) {
	order, by := g.byMeasure(g.rep.Groups, func(s *audit.Checked) (int, bool) { return s.Hidden[0].Measure, true })
	for _, m := range order {
		f := p.Cells("group", g.t, g.cols[m], g.hiddenRows(by[m], m))
		first := &g.rep.Sums[by[m][0]]
		f.Related = g.relatedTo(by[m])
		f.Evidence["sums"] = g.lines(by[m])
		f.Evidence["basis"] = basis(first)
		f.Message = fmt.Sprintf("%d redacted cells are known to be %.0f people together: %s.", len(first.Hidden), first.Gap, g.arithmetic(first))
		p.Report(f)
	}
}
