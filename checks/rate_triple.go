package checks

import (
	"cmp"
	"math"
	"slices"

	"sallyport/checks/audit"
	"sallyport/checks/table"
)

// A rateTriple is a verified relation of three columns of one table: each rate
// is scale times numerator over denominator.
type rateTriple struct {
	t     *table.Table
	rate  *table.Column
	num   *table.Column
	den   denominator
	scale float64
	fit   tripleFit
}

// denominator is what a rate divides by.
type denominator struct {
	name string
	col  *table.Column // the column itself; nil for a computed one
	plus *table.Column // numerator plus this column
	// whole: the total of the numerator itself, of which only shares are taken.
	whole bool
	of    func(row int) bounds
}

// bounds is a number and what its true value may be. ok is false where the
// table does not show it.
type bounds struct {
	value, lo, hi float64
	ok            bool
}

// Limits of the search for triples in one table.
const (
	maxRates      = 40
	maxNumerators = 30
	maxTripleRows = 80 // rows on which a triple is verified
	minTripleRows = 3
	quickRows     = 8 // rows after which a wrong triple is nearly always given up
)

// rateTriples finds the verified triples of a table, at most one for each rate.
func rateTriples(t *table.Table, threshold int) []rateTriple {
	nums := numerators(t)
	if len(nums) == 0 {
		return nil
	}
	var out []rateTriple
	dens := map[*table.Column][]denominator{}
	groups := newLabelGroups(t)
	for _, r := range rateColumns(t) {
		if ratio, ok := measuresTriple(t, r); ok {
			out = append(out, ratio)
			continue
		}
		sample := newRateSample(r)
		if len(sample.rows) < minTripleRows {
			continue
		}
		var best *rateTriple
		for _, n := range nums {
			if r.Half && n.Index != r.Index || n == r {
				continue
			}
			if dens[n] == nil {
				dens[n] = denominators(t, n, nums, threshold, groups)
			}
			for _, d := range dens[n] {
				if d.whole && r.Role != table.PercentRole && r.Role != table.Unknown {
					continue
				}
				fit, ok := sample.verify(n, &d)
				if ok && (best == nil || fit.better(&best.fit)) {
					best = &rateTriple{t: t, rate: r, num: n, den: d, scale: fit.scale, fit: fit}
				}
			}
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	return out
}

// numerators are the columns that a rate may count from, or divide by.
func numerators(t *table.Table) []*table.Column {
	var out []*table.Column
	for _, c := range t.Virtual {
		if measures(c) && len(out) < maxNumerators {
			out = append(out, c)
		}
	}
	return out
}

// rateColumns are the columns that may hold rates: percentages and rates by
// role, and numbers of unknown meaning with fractions, since each triple is
// verified by its numbers.
func rateColumns(t *table.Table) []*table.Column {
	var out []*table.Column
	for _, c := range t.Virtual {
		switch c.Role {
		case table.PercentRole, table.Rate:
		case table.Unknown, table.Mean, table.Stat:
			if c.AllWhole() {
				continue
			}
		default:
			continue
		}
		if c.Numbers() >= minTripleRows && len(out) < maxRates {
			out = append(out, c)
		}
	}
	return out
}

// measuresTriple recognises the triple that ehrQL names: numerator, denominator
// and ratio (value in older files).
func measuresTriple(t *table.Table, r *table.Column) (rateTriple, bool) {
	if !isMeasures(t) || r.Name != "ratio" && r.Name != "value" {
		return rateTriple{}, false
	}
	n, d := named(t, "numerator"), named(t, "denominator")
	if n == nil || d == nil {
		return rateTriple{}, false
	}
	fit := tripleFit{scale: 1, fixed: true}
	return rateTriple{t: t, rate: r, num: n, scale: 1, fit: fit,
		den: denominator{name: "denominator", col: d, of: func(row int) bounds { return shownBounds(d, row) }}}, true
}

func named(t *table.Table, name string) *table.Column {
	for _, c := range t.Virtual {
		if c.Name == name && !c.Half {
			return c
		}
	}
	return nil
}

// index is the place of a data row in a column, -1 when it has none.
func index(c *table.Column, row int) int {
	if c.At == nil {
		if row < len(c.Cells) {
			return row
		}
		return -1
	}
	if i := row - c.At[0]; i >= 0 && i < len(c.At) && c.At[i] == row {
		return i
	}
	if i, ok := slices.BinarySearch(c.At, row); ok {
		return i
	}
	return -1
}

// shownBounds is the count that a column shows in a row, with its rounding.
func shownBounds(c *table.Column, row int) bounds {
	i := index(c, row)
	if i < 0 {
		return bounds{}
	}
	v, ok := c.Whole(i)
	if !ok || v > audit.MaxCount {
		return bounds{}
	}
	lo, hi, _ := c.Interval(i, 0)
	return bounds{float64(v), lo, hi, true}
}

// halfDigit is half of the last digit of a number with so many decimals.
var halfDigit = halfDigits()

func halfDigits() (out [256]float64) {
	for i := range out {
		out[i] = 0.5 * math.Pow(10, -float64(i))
	}
	return out
}

// rateValue is the number in a rate cell and half its last printed digit.
func rateValue(c *table.Column, i int) (v, half float64, ok bool) {
	x := &c.Cells[i]
	switch x.Kind {
	case table.Number, table.Percent:
		if x.Value < 0 || math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
			return 0, 0, false
		}
		return x.Value, halfDigit[x.Decimals], true
	}
	return 0, 0, false
}

// rateRows picks data rows with a positive rate, evenly over the column.
func rateRows(r *table.Column) []int {
	n := 0
	for i := range r.Cells {
		if v, _, ok := rateValue(r, i); ok && v > 0 {
			n++
		}
	}
	// Of n rows, those numbered k*n/most are wanted.
	most := min(n, maxTripleRows)
	out := make([]int, 0, most)
	at := 0
	for i := range r.Cells {
		if len(out) == most {
			break
		}
		if v, _, ok := rateValue(r, i); ok && v > 0 {
			if at == len(out)*n/most {
				out = append(out, r.Row(i))
			}
			at++
		}
	}
	return out
}

// tripleFit is how well a triple agrees with the table.
type tripleFit struct {
	scale float64
	rows  int
	shown float64 // share of rows that recompute from the numbers shown
	fits  float64 // share that do from some counts within the rounding
	width float64 // median relative width of what the rounding allows
	fixed bool    // by name, not by numbers
}

// better orders fits: more recomputed, more explained, more rows, narrower.
func (f *tripleFit) better(o *tripleFit) bool {
	round := func(x float64) float64 { return math.Round(x * 100) }
	return cmp.Or(cmp.Compare(round(f.shown), round(o.shown)), cmp.Compare(round(f.fits), round(o.fits)),
		cmp.Compare(f.rows, o.rows), cmp.Compare(o.width, f.width)) > 0
}

// rateSample is a rate's values on sample rows, and what the columns it may come
// from show there.
type rateSample struct {
	rate  *table.Column
	rows  []int
	value []float64
	half  []float64
	cache map[*table.Column][]bounds
}

func newRateSample(r *table.Column) *rateSample {
	s := &rateSample{rate: r, rows: rateRows(r), cache: map[*table.Column][]bounds{}}
	for _, row := range s.rows {
		v, half, _ := rateValue(r, index(r, row))
		s.value, s.half = append(s.value, v), append(s.half, half)
	}
	return s
}

// of returns what a column shows on the sample rows.
func (s *rateSample) of(c *table.Column) []bounds {
	if out, ok := s.cache[c]; ok {
		return out
	}
	out := make([]bounds, len(s.rows))
	for k, row := range s.rows {
		out[k] = shownBounds(c, row)
	}
	s.cache[c] = out
	return out
}

// den returns a denominator on sample row k, num being what the numerator shows
// there and list what the denominator's column does, if it has one.
func (s *rateSample) den(d *denominator, num, list []bounds, k int) bounds {
	switch {
	case d.col != nil:
		return list[k]
	case d.plus != nil:
		a, b := &num[k], &list[k]
		return bounds{a.value + b.value, a.lo + b.lo, a.hi + b.hi, a.ok && b.ok}
	}
	return d.of(s.rows[k])
}

// ratePoint is one sample row on which all three numbers are shown.
type ratePoint struct {
	rate, half float64
	num, den   bounds
}

// explained says that the rate lies within what rounding allows, recomputed that
// it follows from the numbers as shown.
func (p *ratePoint) explained(scale float64) bool {
	lo, hi := p.span(scale)
	return lo-p.half <= p.rate*(1+1e-12) && p.rate*(1-1e-12) <= hi+p.half
}

func (p *ratePoint) recomputed(scale float64) bool {
	return math.Abs(scale*p.num.value/p.den.value-p.rate) <= p.half*1.0001+1e-12*p.rate
}

func (p *ratePoint) span(scale float64) (lo, hi float64) {
	return scale * p.num.lo / max(p.den.hi, 1), scale * p.num.hi / max(p.den.lo, 1)
}

// verify tests a triple on the sample. It holds when nearly all rates lie within
// what the rounding of numerator and denominator allows, and this is either
// narrow enough on enough rows to be no accident, or exact.
func (s *rateSample) verify(n *table.Column, d *denominator) (tripleFit, bool) {
	var room [maxTripleRows]ratePoint
	points := room[:0]
	num := s.of(n)
	var list []bounds
	if c := cmp.Or(d.col, d.plus); c != nil {
		list = s.of(c)
	}
	for k := range s.rows {
		if !num[k].ok || num[k].value <= 0 {
			continue
		}
		den := s.den(d, num, list, k)
		if !den.ok || den.value <= 0 || s.rate.Role == table.PercentRole && num[k].lo > den.hi {
			continue
		}
		points = append(points, ratePoint{s.value[k], s.half[k], num[k], den})
		if len(points) == quickRows && !promising(points) {
			return tripleFit{}, false
		}
	}
	if len(points) < minTripleRows {
		return tripleFit{}, false
	}
	scale, agree := commonScale(points)
	if 10*agree < 6*len(points) {
		return tripleFit{}, false
	}
	fit := tripleFit{scale: scale, rows: len(points)}
	widths := make([]float64, 0, len(points))
	for i := range points {
		p := &points[i]
		if p.explained(scale) {
			fit.fits++
		}
		if p.recomputed(scale) {
			fit.shown++
		}
		lo, hi := p.span(scale)
		widths = append(widths, (hi-lo+2*p.half)/max(p.rate, 1e-300))
	}
	slices.Sort(widths)
	fit.width = widths[len(widths)/2]
	fit.fits /= float64(fit.rows)
	fit.shown /= float64(fit.rows)
	evidence := float64(fit.rows) * math.Log(1/min(max(fit.width, 1e-9), 0.95))
	return fit, fit.fits >= 0.85 && (fit.shown >= 0.8 || evidence >= 7)
}

// promising says whether a triple deserves to be tested on all rows.
func promising(points []ratePoint) bool {
	scale, _ := commonScale(points)
	wrong := 0
	for i := range points {
		if !points[i].explained(scale) {
			wrong++
		}
	}
	return 2*wrong <= len(points)
}

// commonScale is the power of ten that most points suggest, and how many do.
func commonScale(points []ratePoint) (float64, int) {
	var votes [21]int
	for i := range points {
		log := math.Log10(points[i].rate * points[i].den.value / points[i].num.value)
		if k := int(math.Round(log)) + 10; k >= 0 && k < len(votes) && math.Abs(log-math.Round(log)) < 0.25 {
			votes[k]++
		}
	}
	most := slices.Max(votes[:])
	return math.Pow(10, float64(slices.Index(votes[:], most)-10)), most
}
