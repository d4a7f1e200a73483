package checks

import (
	"fmt"
	"math"

	"sallyport/checks/audit"
	"sallyport/checks/table"
)

// rateRow is one row of a triple.
type rateRow struct {
	rate  int // index in the rate column
	row   int // data row
	value float64
	half  float64 // half the last digit of the rate
	num   bounds
	den   bounds
}

// rateGrade says how a rate compares with the counts shown beside it.
type rateGrade uint8

const (
	fromShown  rateGrade = iota // recomputes from the counts shown
	fromHidden                  // from counts that round to those shown, not from themselves
	fromOther                   // from neither: an adjusted rate, or another denominator
)

// eachGrade classifies the rows whose numerator is shown.
func (tr *rateTriple) eachGrade(f func(rateRow, rateGrade)) {
	for i := range tr.rate.Cells {
		r, ok := tr.at(i)
		if !ok || !r.num.ok || r.num.value <= 0 || !r.den.ok || r.den.value <= 0 {
			continue
		}
		g := fromOther
		switch {
		case math.Abs(tr.scale*r.num.value/r.den.value-r.value) <= r.half*1.0001+1e-12*r.value:
			g = fromShown
		case len(tr.feasible(&r, 1)) > 0:
			g = fromHidden
		}
		f(r, g)
	}
}

// at reads the row of cell i of the rate column; ok is false without a rate.
func (tr *rateTriple) at(i int) (rateRow, bool) {
	v, half, ok := rateValue(tr.rate, i)
	if !ok {
		return rateRow{}, false
	}
	row := tr.rate.Row(i)
	return rateRow{rate: i, row: row, value: v, half: half, num: shownBounds(tr.num, row), den: tr.den.of(row)}, true
}

// maxFeasible bounds the numerators tried for one rate.
const maxFeasible = 400

// feasible lists the true numerators, most of them at least one, that with some
// true denominator give the printed rate.
func (tr *rateTriple) feasible(r *rateRow, most int) []float64 {
	var out []float64
	if r.num.hi-r.num.lo > maxFeasible {
		return nil
	}
	low, high := math.Max(0, r.value-r.half), r.value+r.half
	for n := r.num.lo; n <= r.num.hi && len(out) < most; n++ {
		first, last := r.den.lo, r.den.hi
		if n == 0 {
			if low > 0 {
				continue
			}
		} else {
			first = math.Max(first, math.Ceil(tr.scale*n/high*(1-1e-12)))
			if low > 0 {
				last = math.Min(last, math.Floor(tr.scale*n/low*(1+1e-12)))
			}
		}
		if first <= last {
			out = append(out, n)
		}
	}
	return out
}

// implied is the range of numerators that the printed rate and the denominator
// leave, whatever the numerator's own cell says. full is half the last digit of
// rates that were printed to full precision, trailing zeros cut; 0 otherwise.
func (tr *rateTriple) implied(r *rateRow, full float64) (audit.Range, bool) {
	half := r.half
	if full > 0 {
		half = math.Min(half, full)
	}
	low, high := math.Max(0, r.value-half), r.value+half
	var lo, hi float64
	if tr.den.plus != nil {
		// The denominator counts the numerator too: n = R (n + rest) / s.
		rest := shownBounds(tr.den.plus, r.row)
		if !rest.ok || high >= tr.scale {
			return audit.Range{}, false
		}
		lo, hi = low*rest.lo/(tr.scale-low), high*rest.hi/(tr.scale-high)
	} else {
		if !r.den.ok || r.den.value <= 0 {
			return audit.Range{}, false
		}
		lo, hi = low*r.den.lo/tr.scale, high*r.den.hi/tr.scale
	}
	slack := 1e-9 * math.Max(1, hi) // the rate itself was computed in floating point
	return audit.Range{Lo: math.Ceil(lo - slack), Hi: math.Floor(hi + slack)}, true
}

// Full precision: most cells of the column have so many decimals that one with
// few was cut after its last digit that is not zero.
const (
	fullDecimals = 10
	fullHalf     = 0.5e-10
)

// fullPrecision is half the last digit of a column printed to full precision,
// 0 for other columns.
func fullPrecision(c *table.Column) float64 {
	long, n := 0, 0
	for i := range c.Cells {
		if v, _, ok := rateValue(c, i); ok && v != 0 {
			n++
			if c.Cells[i].Decimals >= fullDecimals {
				long++
			}
		}
	}
	if n >= 5 && long*10 >= n*8 {
		return fullHalf
	}
	return 0
}

// formula writes out what a rate gives: "0.6 x 500 / 100 = 3".
func (tr *rateTriple) formula(r *rateRow, x audit.Range) string {
	value := short(tr.rate.Cells[r.rate].Raw)
	result := fmt.Sprintf("%.0f", x.Lo)
	if !x.Fixed() {
		result = fmt.Sprintf("%.0f to %.0f", x.Lo, x.Hi)
	}
	if tr.den.plus != nil {
		rest := shownBounds(tr.den.plus, r.row)
		return fmt.Sprintf("%s x %.0f / (%.0f - %s) = %s", value, rest.value, tr.scale, value, result)
	}
	return fmt.Sprintf("%s x %.0f / %.0f = %s", value, r.den.value, tr.scale, result)
}

// refsOf points at the rate and the denominator of a row.
func (tr *rateTriple) refsOf(r *rateRow) []CellRef {
	out := []CellRef{Ref(tr.t, tr.rate, r.rate)}
	for _, c := range []*table.Column{tr.den.col, tr.den.plus} {
		if c != nil {
			if i := index(c, r.row); i >= 0 {
				out = append(out, Ref(tr.t, c, i))
			}
		}
	}
	return out
}

// describe says what was verified.
func (tr *rateTriple) describe() string {
	per := ""
	if tr.scale != 1 {
		per = fmt.Sprintf("%.0f x ", tr.scale)
	}
	s := fmt.Sprintf("%q = %s%q / %q", short(tr.rate.Name), per, short(tr.num.Name), short(tr.den.name))
	if tr.fit.fixed {
		return s + ", by the names that ehrQL gives"
	}
	return fmt.Sprintf("%s on %.0f%% of %d rows", s, 100*tr.fit.fits, tr.fit.rows)
}
