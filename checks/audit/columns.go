package audit

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Limits of the search for columns that add up others.
const (
	sampleRows  = 200 // rows on which a sum is verified
	maxMeasures = 100 // measures of a table beyond which only labelled totals are tried
	maxRange    = 40  // candidates among which every run of columns is tried
	maxSubset   = 24  // candidates among which every subset is tried for a labelled total
	maxUnnamed  = 14  // the same for a column not labelled as one
	maxFound    = 32  // subsets kept
	maxNamed    = 10  // labelled totals tried
)

// columnFamily is a column and the columns it may add up. tried is the number
// of sets it was chosen from: the more, the less an agreement means.
type columnFamily struct {
	total int
	parts []int
	label Label
	tried float64
	all   []int // every column that it might have added up
}

func (f *columnFamily) name(g *Grid) string {
	return fmt.Sprintf("the column %q and the %d columns it adds up", shorten(g.Measures[f.total].Name), len(f.parts))
}

// columnFamilies proposes which columns are sums of others.
func (g *Grid) columnFamilies() []columnFamily {
	if len(g.Measures) < 3 {
		return nil
	}
	gaps := g.gaps()
	var out []columnFamily
	named := 0
	for t := range g.Measures {
		label := g.Measures[t].Total
		if label != NoLabel {
			if named++; named > maxNamed {
				label = NoLabel
			}
		}
		if label == NoLabel && len(g.Measures) > maxMeasures {
			continue
		}
		for _, f := range g.sumsOf(t, label) {
			if slices.ContainsFunc(f.parts, func(m int) bool { return gaps[m] }) {
				out = append(out, f)
			}
		}
	}
	return out
}

// sumsOf proposes the sets of columns that column t may be the sum of.
func (g *Grid) sumsOf(t int, label Label) []columnFamily {
	rows := g.sample(t)
	if len(rows) < 2 && label != Firm {
		return nil
	}
	candidates := g.candidates(t, rows, len(rows))
	if len(g.complete(candidates, rows)) == 0 {
		// No row is complete: leave out what is mostly empty.
		candidates = g.candidates(t, rows, len(rows)/2)
	}
	var out []columnFamily
	propose := func(tried float64, parts []int) {
		if len(parts) >= 2 && !slices.ContainsFunc(out, func(f columnFamily) bool { return slices.Equal(f.parts, parts) }) {
			out = append(out, columnFamily{t, slices.Clone(parts), label, tried, candidates})
		}
	}
	if label != NoLabel {
		propose(1, candidates)
		propose(2, slices.DeleteFunc(slices.Clone(candidates), func(m int) bool { return g.Measures[m].Weak }))
		g.ranges(t, candidates, rows, propose)
	}
	limit := maxUnnamed
	if label != NoLabel {
		limit = maxSubset
	}
	if len(candidates) <= limit {
		g.subsets(t, candidates, rows, propose)
	}
	g.pairs(t, candidates, rows, propose)
	return out
}

// sample picks rows in which t is shown, evenly over the table.
func (g *Grid) sample(t int) []int {
	var rows []int
	for r, c := range g.Measures[t].Cells {
		if c.Kind == Shown && c.Value > 0 {
			rows = append(rows, r)
		}
	}
	if n := len(rows); n > sampleRows {
		for i := range sampleRows {
			rows[i] = rows[i*n/sampleRows]
		}
		rows = rows[:sampleRows]
	}
	return rows
}

// candidates are the measures that could be parts of t: hardly ever more than
// it, and empty in at most so many of the rows.
func (g *Grid) candidates(t int, rows []int, empty int) []int {
	var out []int
	for m := range g.Measures {
		if m == t {
			continue
		}
		above, blank, positive := 0, 0, 0
		for _, r := range rows {
			switch c := &g.Measures[m].Cells[r]; c.Kind {
			case Shown:
				if c.Range.Lo > g.Measures[t].Cells[r].Range.Hi {
					above++
				}
				if c.Value > 0 {
					positive++
				}
			case Blank, Foreign:
				blank++
			}
		}
		if above*20 <= len(rows) && blank <= empty && positive > 0 {
			out = append(out, m)
		}
	}
	return out
}

// complete keeps the rows in which all of the measures are shown.
func (g *Grid) complete(measures, rows []int) []int {
	return slices.DeleteFunc(slices.Clone(rows), func(r int) bool {
		return slices.ContainsFunc(measures, func(m int) bool { return g.Measures[m].Cells[r].Kind != Shown })
	})
}

// ranges proposes columns that stand side by side and add up, within rounding,
// in the first complete rows.
func (g *Grid) ranges(t int, candidates, rows []int, propose func(float64, []int)) {
	n := len(candidates)
	if n > maxRange {
		return
	}
	tried := float64(n * n)
	full := g.complete(candidates, rows)
	for i := range n {
		for j := i + 2; j <= n; j++ {
			if g.addsUp(t, candidates[i:j], full) {
				propose(tried, candidates[i:j])
			}
		}
	}
}

// pairs proposes two columns that add up to t.
func (g *Grid) pairs(t int, candidates, rows []int, propose func(float64, []int)) {
	n := len(candidates)
	if n > maxMeasures {
		return
	}
	tried := float64(len(g.Measures)) * float64(n*n)
	for i, a := range candidates {
		for _, b := range candidates[i+1:] {
			if p := []int{a, b}; g.addsUp(t, p, rows) {
				propose(tried, p)
			}
		}
	}
}

// addsUp is a quick test: the first complete rows agree, two at least.
func (g *Grid) addsUp(t int, parts, rows []int) bool {
	seen, wrong := 0, 0
	for _, r := range rows {
		total := g.Measures[t].Cells[r]
		lo, hi, ok := total.Range.Lo, total.Range.Hi, true
		for _, m := range parts {
			c := &g.Measures[m].Cells[r]
			if c.Kind != Shown {
				ok = false
				break
			}
			lo -= c.Range.Hi
			hi -= c.Range.Lo
		}
		if !ok {
			continue
		}
		seen++
		if lo > 0 || hi < 0 {
			if wrong++; wrong > 1 {
				return false
			}
		}
		if seen >= 12 {
			break
		}
	}
	return seen >= 2 && wrong*5 <= seen
}

// subsets proposes every set of candidates whose shown values add up to t
// exactly in all complete rows. Each column becomes one number, the sum of its
// values times a fixed random multiplier of the row, modulo 2^64; a set adds up
// in every row only if these numbers do, so that the two halves of the
// candidates can be met in the middle.
func (g *Grid) subsets(t int, candidates, rows []int, propose func(float64, []int)) {
	full := g.complete(candidates, rows)
	if len(full) < 2 || len(candidates) < 2 {
		return
	}
	code := func(m int) uint64 {
		var sum uint64
		for i, r := range full {
			sum += uint64(int64(g.Measures[m].Cells[r].Value)) * multiplier(i)
		}
		return sum
	}
	codes := make([]uint64, len(candidates))
	for i, m := range candidates {
		codes[i] = code(m)
	}
	half := len(candidates) / 2
	left := make(map[uint64][]uint32, 1<<half)
	for set := range uint32(1) << half {
		k := sumOf(codes[:half], set)
		left[k] = append(left[k], set)
	}
	tried := math.Pow(2, float64(len(candidates)))
	want, found := code(t), 0
	for set := range uint32(1) << (len(candidates) - half) {
		for _, other := range left[want-sumOf(codes[half:], set)] {
			var parts []int
			for i, m := range candidates {
				if i < half && other>>i&1 == 1 || i >= half && set>>(i-half)&1 == 1 {
					parts = append(parts, m)
				}
			}
			propose(tried, parts)
			if found++; found >= maxFound {
				return
			}
		}
	}
}

func sumOf(codes []uint64, set uint32) uint64 {
	var sum uint64
	for ; set != 0; set &= set - 1 {
		sum += codes[bits.TrailingZeros32(set)]
	}
	return sum
}

// multiplier is the i-th output of splitmix64, made odd.
func multiplier(i int) uint64 {
	z := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) | 1
}

// addedUpAgain says that in row r the total is what all columns show together:
// it was computed after redaction, whatever a smaller set of columns suggests.
func (f *columnFamily) addedUpAgain(g *Grid, r int) bool {
	sum := 0.0
	for _, m := range f.all {
		if c := &g.Measures[m].Cells[r]; c.Kind == Shown {
			sum += c.Value
		}
	}
	return sum == g.Measures[f.total].Cells[r].Value
}

// instances spreads a column family over the rows given.
func (f *columnFamily) instances(rows []int) []Instance {
	out := make([]Instance, len(rows))
	for i, r := range rows {
		p := make([]Ref, len(f.parts))
		for k, m := range f.parts {
			p[k] = Ref{m, r}
		}
		out[i] = Instance{Total: Ref{f.total, r}, Parts: p}
	}
	return out
}
