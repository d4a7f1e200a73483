package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Limits of the search for variables that split the same people.
const (
	maxDims   = 6      // dimensions combined
	maxBlocks = 80     // variables of one table
	maxLong   = 50_000 // rows: a longer table is no summary of variables
	// Cells of the working tables below.
	maxStrata  = 1_000_000
	maxCrossed = 1_000_000
)

// block is one variable in one stratum.
type block struct {
	rows []int
}

// commonTotals proposes, for tables of the form variable, level, count, that
// every variable's levels add up to one number, which several complete ones
// show. The number need not be printed anywhere.
func (g *Grid) commonTotals(threshold int) []family {
	if g.Rows > maxLong {
		return nil
	}
	g.encode()
	var dims []int
	for d := range g.Dimensions {
		if n := g.distinct(d); n > 1 && n*10 < g.Rows*9 || g.Rows < 10 {
			dims = append(dims, d)
		}
	}
	if len(dims) > maxDims {
		dims = dims[:maxDims]
	}
	var out []family
	totals := g.totalRows()
	for _, v := range dims {
		if n := g.distinct(v); n < 2 || n > maxBlocks {
			continue
		}
		for _, strata := range g.strata(v, dims, totals) {
			for m := range g.Measures {
				if f, ok := g.common(v, m, strata, threshold); ok {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// strata groups the rows by everything but the variable and its levels, then by
// variable; the level is the dimension whose values differ between variables.
func (g *Grid) strata(v int, dims []int, totals [][]Label) [][]block {
	level := g.level(v, dims)
	if level < 0 {
		return nil
	}
	var by []int
	for _, d := range dims {
		if d != v && d != level && !g.follows(d, v) {
			by = append(by, d)
		}
	}
	at := map[uint64]int{}
	var out [][]block
	place := [][]int32{} // of each stratum: the block of each variable, plus 1
	for r := range g.Rows {
		if totals[level][r] != NoLabel || totals[v][r] != NoLabel {
			continue
		}
		k := g.sameRowKey(by, r)
		i, ok := at[k]
		if !ok {
			if len(out)*g.levels[v] > maxStrata {
				return nil
			}
			i = len(out)
			at[k] = i
			out, place = append(out, nil), append(place, make([]int32, g.levels[v]))
		}
		b := &place[i][g.codes[v][r]]
		if *b == 0 {
			out[i] = append(out[i], block{})
			*b = int32(len(out[i]))
		}
		out[i][*b-1].rows = append(out[i][*b-1].rows, r)
	}
	return slices.DeleteFunc(out, func(b []block) bool { return len(b) < 2 })
}

// level finds the dimension that holds the levels of variable v: of those whose
// sets of values differ between variables, the one with the most values.
func (g *Grid) level(v int, dims []int) int {
	best, most := -1, 0
	for _, d := range dims {
		crossed := g.levels[d] * g.levels[v]
		if d == v || crossed > maxCrossed || g.follows(d, v) {
			continue
		}
		seen, pairs := make([]bool, crossed), 0
		for r := range g.Rows {
			if k := int(g.codes[v][r])*g.levels[d] + int(g.codes[d][r]); !seen[k] {
				seen[k] = true
				pairs++
			}
		}
		if pairs < crossed && g.levels[d] > most {
			best, most = d, g.levels[d]
		}
	}
	return best
}

// follows says that dimension d has one value for each value of v: it says the
// same in other words.
func (g *Grid) follows(d, v int) bool {
	of := make([]int32, g.levels[v])
	for r, c := range g.codes[v] {
		switch {
		case of[c] == 0:
			of[c] = g.codes[d][r] + 1
		case of[c] != g.codes[d][r]+1:
			return false
		}
	}
	return true
}

// common finds the total that most complete variables of a stratum share in one
// measure, and the variables that should come to it too.
func (g *Grid) common(v, m int, blocks []block, threshold int) (family, bool) {
	gap := false
	var complete []rangeOf
	for _, b := range blocks {
		if g.hasGap(m, b.rows) {
			gap = true
			continue
		}
		if s, ok := g.sum(m, b.rows); ok && s.shown > 0 {
			complete = append(complete, s)
		}
	}
	if !gap || len(complete) < 2 {
		return family{}, false
	}
	shared, agree := widestAgreement(complete)
	odds := agreementOdds(complete, shared, agree) * float64(len(g.Measures))
	if agree < 2 || odds > looseOdds {
		return family{}, false
	}
	total := &Cell{Kind: Shown, Value: mostCommon(complete, shared), Range: shared}
	f := family{Kind: CommonTotal,
		belief: belief{ok: true, holds: agree, fails: len(complete) - agree, odds: odds},
		Name:   fmt.Sprintf("the total that %d other variables of %q share", agree, shorten(g.Dimensions[v].Name))}
	for _, b := range blocks {
		in := Instance{Virtual: total, Parts: parts(m, b.rows)}
		if t := g.tally(&in); t.usable() && !t.complete() && t.fits(threshold) && len(b.rows) >= 2 {
			f.list = append(f.list, in)
		}
	}
	return f, len(f.list) > 0
}

// rangeOf is what the true sum of some shown cells may be.
type rangeOf struct {
	Range
	shown float64
}

func (g *Grid) sum(m int, rows []int) (rangeOf, bool) {
	var s rangeOf
	for _, r := range rows {
		c := &g.Measures[m].Cells[r]
		if c.Kind != Shown {
			return s, false
		}
		s.Lo += c.Range.Lo
		s.Hi += c.Range.Hi
		s.shown += c.Value
	}
	return s, true
}

// widestAgreement returns the range that the most sums have in common, and how
// many they are.
func widestAgreement(sums []rangeOf) (Range, int) {
	slices.SortFunc(sums, func(a, b rangeOf) int { return cmp.Compare(a.Lo, b.Lo) })
	best, most := Range{}, 0
	for _, a := range sums {
		// All ranges that hold a.Lo overlap there.
		shared, n := Range{0, math.Inf(1)}, 0
		for _, b := range sums {
			if b.Lo <= a.Lo && a.Lo <= b.Hi {
				shared, n = shared.Intersect(b.Range), n+1
			}
		}
		if n > most {
			best, most = shared, n
		}
	}
	return best, most
}

// agreementOdds bounds the chance that so many of the sums agree by accident:
// each but the first would have to fall into the shared range, out of those that
// the sums spread over, for some choice of them.
func agreementOdds(sums []rangeOf, shared Range, agree int) float64 {
	scale := math.Max(shared.Lo, 1)
	if agree < len(sums) {
		low, high := math.Inf(1), 0.0
		for _, s := range sums {
			low, high = math.Min(low, s.shown), math.Max(high, s.shown)
		}
		scale = math.Max(high-low, 1)
	}
	width := 0.0
	for _, s := range sums {
		width = math.Max(width, s.Width()+1)
	}
	odds := math.Pow(math.Min(1, width/scale), float64(agree-1))
	for k := range agree {
		odds *= float64(len(sums)-k) / float64(agree-k)
	}
	return odds
}

// mostCommon is the sum shown most often among those that agree.
func mostCommon(sums []rangeOf, shared Range) float64 {
	count := map[float64]int{}
	best, most := shared.Lo, 0
	for _, s := range sums {
		if s.Intersect(shared).Empty() {
			continue
		}
		if count[s.shown]++; count[s.shown] > most {
			best, most = s.shown, count[s.shown]
		}
	}
	return best
}
