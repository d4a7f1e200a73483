package checks

import (
	"fmt"

	"sallyport/checks/audit"
	"sallyport/policy"
)

var totalNotRecomputed = Check{
	Name: "total-not-recomputed", Version: 1, Title: "Totals that still count what was redacted",
	Doc: "The total is a little more than its visible parts add up to, by just what the redacted cells may hold: it was computed before redaction. " +
		"Whoever subtracts learns how many people the redacted cells hold together.",
	Source:  sdc + "totals should be recalculated after you have redacted.",
	Example: "n: 10, 15, [REDACTED], Total 30: the total exceeds what is shown by 5. With Total 25 nothing is reported.",
	FixR: `# after redaction and rounding, never before
df <- df |> mutate(n = if_else(n > 7, round(n / 5) * 5, NA_real_))
total <- df |> summarise(region = "Total", n = sum(n, na.rm = TRUE))
df <- bind_rows(df, total)`,
	FixPy: `# after redaction and rounding, never before
df["n"] = (df["n"].where(df["n"] > 7) / 5).round() * 5
total = pd.DataFrame({"region": ["Total"], "n": [df["n"].sum()]})
df = pd.concat([df, total], ignore_index=True)`,
	Kinds: []Kind{{"", policy.Warn, "a total exceeds its visible parts beside redacted cells"}},
	File: func(p *Pass) error {
		for _, g := range p.audited() {
			g.reportStale(p)
		}
		return nil
	},
}

// reportStale reports stale totals, one finding per column of the totals; those
// that no cell shows are reported at the parts.
func (g *auditGrid) reportStale(p *Pass) {
	order, by := g.byMeasure(g.rep.Stale, func(s *audit.Checked) (int, bool) {
		return s.Instance.Total.Measure, s.Instance.Virtual == nil // else no total is printed that could be computed again
	})
	for _, m := range order {
		cells, lines := g.totalRows(by[m]), g.lines(by[m])
		f := p.Cells("", g.t, g.cols[m], cells)
		f.Related = g.relatedTo(by[m])
		f.Evidence["sums"] = lines
		f.Evidence["basis"] = basis(&g.rep.Sums[by[m][0]])
		f.Message = fmt.Sprintf("%s in %q still %s what was redacted: %s.", counted(len(cells), "total"), short(g.cols[m].Name), verb(len(cells), "includes", "include"), lines[0])
		p.Report(f)
	}
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
