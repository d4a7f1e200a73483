package checks

import (
	"fmt"
	"math"

	"sallyport/checks/audit"
	"sallyport/checks/table"
	"sallyport/policy"
)

var impliedCount = Check{
	Name: "implied-count", Version: 1, Title: "Rates that give back a hidden count",
	Doc: "A count was removed, and the rate computed from it left standing beside its denominator: multiplying them gives the count back. " +
		"The relation of the columns is verified on the rows where all three are shown.",
	Source:  sdc + "a rate calculated from counts of 7 or fewer; directly or indirectly.",
	Example: "n [REDACTED], total 500, percent 0.6: 0.6 x 500 / 100 = 3. Of 50,000 the same percent leaves 275 to 325: fine.",
	FixR: `# redact and round first; a rate is missing where its count is
df <- df |>
  mutate(n = if_else(n > 7, round(n / 5) * 5, NA_real_), total = round(total / 5) * 5) |>
  mutate(rate = n / total)`,
	FixPy: `# redact and round first; a rate is missing where its count is
df["n"] = (df["n"].where(df["n"] > 7) / 5).round() * 5
df["total"] = (df["total"] / 5).round() * 5
df["rate"] = df["n"] / df["total"]`,
	Kinds: []Kind{
		{"exact", policy.Block, "rate and denominator leave one small count"},
		{"narrow", policy.Block, "rate and denominator leave few counts, small ones among them"},
		{"organisations", policy.Warn, "the count is of organisations, not people"},
	},
	File: func(p *Pass) error {
		for _, tr := range p.triples() {
			tr.reportImplied(p)
		}
		return nil
	},
}

// impliedCell is a hidden numerator and what its rate leaves of it.
type impliedCell struct {
	rateRow
	at  int // index in the numerator column
	may audit.Range
}

// reportImplied reports the hidden numerators that a triple gives back, one
// finding for exact and one for narrow ones.
func (tr *rateTriple) reportImplied(p *Pass) {
	threshold, narrow := float64(p.Policy.Counts.Threshold), float64(p.Policy.Counts.NarrowWidth)
	full := fullPrecision(tr.rate)
	by := map[string][]impliedCell{}
	for i := range tr.rate.Cells {
		r, ok := tr.at(i)
		if !ok || r.value <= 0 {
			continue
		}
		at := index(tr.num, r.row)
		if at < 0 || !hides(tr.num, at) {
			continue
		}
		x, ok := tr.implied(&r, full)
		if !ok {
			continue
		}
		x.Lo = math.Max(x.Lo, 1) // a rate above zero counts somebody
		if x.Empty() || x.Lo > threshold || x.Width() >= narrow && (x.Hi > threshold || x.Width()+1 >= threshold) {
			continue
		}
		kind := "narrow"
		if x.Fixed() {
			kind = "exact"
		}
		by[kind] = append(by[kind], impliedCell{r, at, x})
	}
	if len(by) == 0 || !tr.trusted() {
		return
	}
	for _, kind := range []string{"exact", "narrow"} {
		if list := by[kind]; len(list) > 0 {
			p.Report(tr.impliedFinding(p, kind, list))
		}
	}
}

// hides says that a numerator's cell keeps the count back: redacted, an
// interval, empty although its rate is there, or zero although its rate is not.
func hides(n *table.Column, i int) bool {
	x := &n.Cells[i]
	v, ok := x.Count()
	return x.Hidden() || x.Kind == table.Missing || ok && v == 0
}

// trusted: on nearly all complete rows the rates come from these columns.
func (tr *rateTriple) trusted() bool {
	var count [3]int
	tr.eachGrade(func(_ rateRow, g rateGrade) { count[g]++ })
	good := count[fromShown] + count[fromHidden]
	return good >= minTripleRows && 10*good >= 8*(good+count[fromOther])
}

func (tr *rateTriple) impliedFinding(p *Pass, kind string, list []impliedCell) Finding {
	const most = 20
	cells := make([]int, len(list))
	var ways []map[string]any
	var related []CellRef
	for i, c := range list {
		cells[i] = c.at
		if i < most {
			ways = append(ways, map[string]any{"line": tr.t.Line(c.row), "key": tr.t.Key(c.row),
				"interval": interval(c.may), "formula": tr.formula(&c.rateRow, c.may)})
			related = append(related, tr.refsOf(&c.rateRow)...)
		}
	}
	if tr.num.Role == table.OrgCount {
		kind = "organisations"
	}
	f := p.Cells(kind, tr.t, tr.num, cells)
	first := list[0]
	f.Related = related
	f.Evidence["formula"] = tr.formula(&first.rateRow, first.may)
	f.Evidence["interval"] = interval(first.may)
	f.Evidence["rate"] = first.value
	f.Evidence["denominator"] = first.den.value
	f.Evidence["relation"] = tr.describe()
	f.Evidence["cells"] = ways
	f.Message = fmt.Sprintf("%s in %q %s given back by %q: %s.", counted(len(list), "hidden count"), short(tr.num.Name),
		verb(len(list), "is", "are"), short(tr.rate.Name), f.Evidence["formula"])
	return f
}
