package checks

import (
	"fmt"

	"sallyport/policy"
)

var rateFromUnrounded = Check{
	Name: "rate-from-unrounded", Version: 1, Title: "Rates computed before rounding",
	Doc: "The counts are rounded, and the rates beside them were computed from the counts as they were before. " +
		"Such a rate takes back some of the rounding: often only one true count fits it.",
	Source:  "OpenSAFELY documentation, output checking: downstream statistics are calculated using the raw counts.",
	Example: "8 of 103 shown as 10 of 105 with 7.77 %: 10 / 105 is 9.52 %, and only 8 of 103 gives 7.77 %.",
	FixR: `df <- df |>
  mutate(across(c(n, total), ~ round(.x / 5) * 5)) |>
  mutate(rate = n / total)   # after both were rounded`,
	FixPy: `df[["n", "total"]] = (df[["n", "total"]] / 5).round() * 5
df["rate"] = df["n"] / df["total"]   # after both were rounded`,
	Kinds: []Kind{{"", policy.Warn, "rates recompute from counts before rounding, not from those shown"}},
	File: func(p *Pass) error {
		for _, tr := range p.triples() {
			tr.reportUnrounded(p)
		}
		return nil
	},
}

func (tr *rateTriple) reportUnrounded(p *Pass) {
	if !tr.num.Base.Proven() || tr.num.Base.Scheme.Exact() {
		return
	}
	var rows []rateRow
	var count [3]int
	tr.eachGrade(func(r rateRow, g rateGrade) {
		if count[g]++; g == fromHidden {
			rows = append(rows, r)
		}
	})
	hidden, all := count[fromHidden], count[fromShown]+count[fromHidden]+count[fromOther]
	if hidden < 2 || 20*hidden < all || hidden <= count[fromOther] {
		return
	}
	const most = 20
	var cells []int
	var related []CellRef
	var ways []map[string]any
	exact := 0
	for i := range rows {
		r := &rows[i]
		cells = append(cells, r.rate)
		fits := tr.feasible(r, maxFeasible)
		if len(fits) == 1 {
			exact++
		}
		if len(ways) < most {
			ways = append(ways, tr.rateWay(r, fits))
			related = append(related, tr.refsOf(r)[1:]...)
			if j := index(tr.num, r.row); j >= 0 {
				related = append(related, Ref(tr.t, tr.num, j))
			}
		}
	}
	f := p.Cells("", tr.t, tr.rate, cells)
	f.Related = related
	f.Evidence["relation"] = tr.describe()
	f.Evidence["rows"] = ways
	f.Evidence["shown"], f.Evidence["hidden"], f.Evidence["other"] = count[fromShown], hidden, count[fromOther]
	f.Message = fmt.Sprintf("%d of %d values of %q come from counts before rounding, not from %q and %q as shown: %v.",
		hidden, all, short(tr.rate.Name), short(tr.num.Name), short(tr.den.name), ways[0]["recomputed"])
	if exact > 0 {
		f.Message += fmt.Sprintf(" In %s only one true count fits.", counted(exact, "row"))
	}
	p.Report(f)
}

// rateWay is the arithmetic of one row.
func (tr *rateTriple) rateWay(r *rateRow, fits []float64) map[string]any {
	const most = 5
	way := map[string]any{
		"line": tr.t.Line(r.row), "key": tr.t.Key(r.row),
		"recomputed": fmt.Sprintf("%.0f x %.0f / %.0f = %.*f, shown is %s", tr.scale, r.num.value, r.den.value,
			int(tr.rate.Cells[r.rate].Decimals), tr.scale*r.num.value/r.den.value, short(tr.rate.Cells[r.rate].Raw)),
		"numerators": fits[:min(len(fits), most)],
	}
	if len(fits) == 1 {
		way["only"] = fmt.Sprintf("only %.0f fits", fits[0])
	}
	return way
}
