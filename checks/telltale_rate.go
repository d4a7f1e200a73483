package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var telltaleRate = Check{
	Name: "telltale-rate", Version: 1, Title: "Rates whose digits give away a tiny group",
	Doc: "The counts are redacted, but a rate printed to many digits is a fraction that only a handful of people makes: 0.428571 is 3/7. " +
		"The check reports such fractions in rows with redacted counts when so many digits seldom agree by chance.",
	Source:  sdc + "a rate calculated from counts of 7 or fewer; directly or indirectly.",
	Example: "n [REDACTED], total [REDACTED], rate 0.428571: that is 3/7. A rate of 0.5 says too little and is not reported.",
	FixR: `# a rate goes wherever one of its counts went
df <- df |> mutate(rate = if_else(is.na(n) | is.na(total), NA_real_, rate))`,
	FixPy: `# a rate goes wherever one of its counts went
df.loc[df["n"].isna() | df["total"].isna(), "rate"] = np.nan`,
	Kinds: []Kind{{"", policy.Warn, "a rate beside redacted counts is a fraction of a few people"}},
	File:  checkTelltales,
}

// maxChance is how many coincidences a column may be expected to hold before
// none of its fractions is reported.
const maxChance = 0.01

func checkTelltales(p *Pass) error {
	scales := map[*table.Column]float64{}
	for _, tr := range p.triples() {
		scales[tr.rate] = tr.scale
	}
	for _, t := range p.Doc.Tables {
		hidden := hiddenRows(t)
		if len(hidden) == 0 {
			continue
		}
		for _, c := range rateColumns(t) {
			p.telltales(t, c, hidden, possibleScales(c, scales[c]))
		}
	}
	return nil
}

// hiddenRows maps each data row with a redacted count to the cells that hide
// it. A missing count is one where the column is otherwise filled.
func hiddenRows(t *table.Table) map[int][]CellRef {
	out := map[int][]CellRef{}
	for _, c := range t.Virtual {
		if !measures(c) {
			continue
		}
		filled := 5*c.KindCount(table.Missing) <= len(c.Cells)
		for i := range c.Cells {
			if x := &c.Cells[i]; x.Hidden() || x.Kind == table.Missing && filled {
				row := c.Row(i)
				out[row] = append(out[row], Ref(t, c, i))
			}
		}
	}
	return out
}

// possibleScales are what a rate may be per: what was verified, what the header
// says, else any of the usual.
func possibleScales(c *table.Column, verified float64) []float64 {
	name := strings.ReplaceAll(strings.ToLower(c.Name), ",", "")
	switch {
	case verified > 0:
		return []float64{verified}
	case strings.Contains(name, "100000"):
		return []float64{1e5}
	case strings.Contains(name, "10000"):
		return []float64{1e4}
	case strings.Contains(name, "1000"):
		return []float64{1e3}
	case c.Role == table.PercentRole:
		return []float64{1, 100}
	}
	return []float64{1, 100, 1e3, 1e5}
}

// fraction is a rate that a few people make.
type fraction struct {
	cell   int
	a, b   int
	scale  float64
	digits int
	chance float64
}

// telltales reports the telling fractions of one column.
func (p *Pass) telltales(t *table.Table, c *table.Column, hidden map[int][]CellRef, scales []float64) {
	full := fullPrecision(c)
	most := p.Policy.Counts.Threshold + 2
	perUnit := fractionsPerUnit(most)
	var hits []fraction
	tested, others, otherHits := 0, 0, 0
	chance := 0.0
	// test counts one cell: f is what it gives away, if anything.
	test := func(i int) (f fraction, found, shown bool) {
		v, half, ok := rateValue(c, i)
		if !ok || v == 0 {
			return fraction{}, false, false
		}
		if full > 0 {
			half = math.Min(half, full)
		}
		f, found = smallFraction(v, half, scales, most, perUnit)
		return f, found, true
	}
	for i := range c.Cells {
		if _, beside := hidden[c.Row(i)]; !beside {
			continue
		}
		f, found, shown := test(i)
		if !shown {
			continue
		}
		tested++
		chance += f.chance
		if found {
			f.cell, f.digits = i, int(c.Cells[i].Decimals)
			hits = append(hits, f)
		}
	}
	if len(hits) == 0 {
		return
	}
	for i := range c.Cells {
		if _, beside := hidden[c.Row(i)]; beside {
			continue
		}
		if _, found, shown := test(i); shown {
			others++
			if found {
				otherHits++
			}
		}
	}
	// Where rates of large groups are simple fractions too, as those of rounded
	// counts are, digits prove nothing: only a cluster beside redactions does.
	base := 0.0
	if others > 0 {
		base = float64(otherHits) / float64(others)
	}
	expected := math.Max(chance, base*float64(tested))
	if expected >= maxChance && !clusters(len(hits), tested, (float64(otherHits)+1)/(float64(others)+2), chance/float64(tested)) {
		return
	}
	p.Report(p.telltaleFinding(t, c, hits, hidden, expected))
}

// clusters says that so many fractions among the tested rows are improbable,
// when each row is one with the chance that other rows show, or that digits give.
func clusters(hits, tested int, seen, digits float64) bool {
	q := math.Min(1, math.Max(seen, digits))
	if hits < 2 || q >= 1 {
		return false
	}
	tail, term := 0.0, math.Pow(1-q, float64(tested))
	for k := 0; k <= tested; k++ {
		if k >= hits {
			tail += term
		}
		term *= float64(tested-k) / float64(k+1) * q / (1 - q)
	}
	return tail < maxChance
}

// smallFraction finds a/b with 2 <= b <= most, in lowest terms, that the printed
// rate equals within half its last digit, and the chance that a rate of so many
// digits does; perUnit is [fractionsPerUnit] of most. At least three decimals of the proportion must be printed.
func smallFraction(v, half float64, scales []float64, most int, perUnit float64) (fraction, bool) {
	var best fraction
	chance, found := 0.0, false
	for _, s := range scales {
		x, tol := v/s, math.Max(half/s, 1e-14*v/s)
		if tol > 0.5e-3*1.001 {
			chance++ // too few digits: any rate would do
			continue
		}
		chance += math.Min(1, perUnit*2*tol)
		for b := 2; b <= most; b++ {
			a := math.Round(x * float64(b))
			if a >= 1 && math.Abs(x-a/float64(b)) <= tol && gcd(int(a), b) == 1 && !found {
				best, found = fraction{a: int(a), b: b, scale: s}, true
			}
		}
	}
	best.chance = math.Min(1, chance)
	return best, found
}

// fractionsPerUnit counts the fractions in lowest terms with denominators of 2
// to most between two whole numbers.
func fractionsPerUnit(most int) float64 {
	n := 0
	for b := 2; b <= most; b++ {
		for a := 1; a < b; a++ {
			if gcd(a, b) == 1 {
				n++
			}
		}
	}
	return float64(n)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (p *Pass) telltaleFinding(t *table.Table, c *table.Column, hits []fraction, hidden map[int][]CellRef, expected float64) Finding {
	cells := make([]int, len(hits))
	var related []CellRef
	var ways []string
	for i, h := range hits {
		cells[i] = h.cell
		if i < 20 {
			related = append(related, hidden[c.Row(h.cell)]...)
			ways = append(ways, h.words(t, c))
		}
	}
	slices.Sort(cells)
	f := p.Cells("", t, c, cells)
	f.Severity = "" // the digits speak, not the column's role
	f.Related = related
	f.Evidence["fractions"] = ways
	f.Evidence["expected"] = expected
	f.Evidence["chance"] = odds(expected)
	f.Message = fmt.Sprintf("%s of %q beside redacted counts %s what a few people give: %s.",
		counted(len(hits), "value"), short(c.Name), verb(len(hits), "is", "are"), ways[0])
	return f
}

func (h *fraction) words(t *table.Table, c *table.Column) string {
	per := ""
	if h.scale != 1 {
		per = fmt.Sprintf(" x %.0f", h.scale)
	}
	return fmt.Sprintf("%s is %d/%d%s (line %d)", short(c.Cells[h.cell].Raw), h.a, h.b, per, t.Line(c.Row(h.cell)))
}
