package audit

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
)

// Limits of the search for totals among rows: what is beyond them is a table
// of another kind, and the search must not grow with the square of the rows.
const (
	maxTotalRows = 2000 // labelled rows looked at in one dimension
	maxWholeRows = 12   // labelled rows tried against whole blocks of the table
	maxRuns      = 400  // runs of a dimension taken for variables
	maxLabel     = 40   // characters of a label repeated in evidence
)

// rowSet is a total row and the rows it may add up.
type rowSet struct {
	total int
	parts []int
}

// rowFamilies proposes what labelled rows may be totals of: of the rows that
// agree in every other dimension; of the block of rows before or after; of each
// variable's levels; of all rows.
func (g *Grid) rowFamilies() []rowFamily {
	g.encode()
	var out []rowFamily
	totals := g.totalRows()
	for d := range g.Dimensions {
		// Each label stands for itself: that "All" is a group of its own beside
		// others says nothing about "Total" below them.
		byLabel := map[string][]int{}
		var labels []string
		for r, l := range totals[d] {
			if v := g.Dimensions[d].Values[r]; l != NoLabel {
				if byLabel[v] == nil {
					labels = append(labels, v)
				}
				byLabel[v] = append(byLabel[v], r)
			}
		}
		for _, v := range labels[:min(len(labels), maxWholeRows)] {
			if rows := byLabel[v]; len(rows) <= maxTotalRows {
				out = append(out, g.familiesOf(d, v, rows, totals)...)
			}
		}
	}
	return out
}

// familiesOf proposes what the rows with one label may be totals of.
func (g *Grid) familiesOf(d int, name string, rows []int, totals [][]Label) []rowFamily {
	var out []rowFamily
	label := totals[d][rows[0]]
	add := func(how string, label Label, sets []rowSet) {
		if len(sets) > 0 {
			out = append(out, rowFamily{name: fmt.Sprintf("the row %q %s", shorten(name), how), label: label, sets: sets})
		}
	}
	add("and the rows it is the total of", label, g.matching(d, rows, totals))
	if len(rows) > maxWholeRows {
		return out
	}
	add("and the rows before it", label, g.blocks(rows, totals, -1))
	add("and the rows after it", label, g.blocks(rows, totals, +1))
	add("and all other rows", label, g.wholes(rows, func(r int) bool { return !anyTotal(totals, r) }))
	add("and all other rows, totals too", label, g.wholes(rows, func(int) bool { return true }))
	for e := range g.Dimensions {
		runs := g.runs(e, totals)
		if len(runs) < 2 || len(runs) > maxRuns {
			continue
		}
		var sets []rowSet
		for _, r := range rows {
			for _, run := range runs {
				sets = append(sets, rowSet{r, run})
			}
		}
		add("and the levels of each variable", min(label, Loose), sets)
	}
	return out
}

// rowFamily is a family over rows, before it is spread over the measures.
type rowFamily struct {
	name  string
	label Label
	sets  []rowSet
}

// totalRows gives, for each dimension, the label of each row.
func (g *Grid) totalRows() [][]Label {
	out := make([][]Label, len(g.Dimensions))
	for d := range g.Dimensions {
		out[d] = make([]Label, g.Rows)
		labels := make([]Label, g.levels[d])
		known := make([]bool, g.levels[d])
		for r, c := range g.codes[d] {
			if !known[c] {
				known[c], labels[c] = true, RowLabel(g.Dimensions[d].Values[r])
			}
			out[d][r] = labels[c]
		}
	}
	// A first or last row without any label is a total whose name was lost.
	for _, r := range []int{0, g.Rows - 1} {
		if len(out) > 0 && g.Rows > 2 && !slices.ContainsFunc(g.Dimensions, func(d Dimension) bool { return !empty(d.Values[r]) }) {
			out[0][r] = Loose
		}
	}
	return out
}

func empty(s string) bool { return s == "" || s == "NA" || s == "NaN" || s == "-" }

// anyTotal says that row r is labelled as a total in some dimension.
func anyTotal(totals [][]Label, r int) bool {
	for _, t := range totals {
		if t[r] != NoLabel {
			return true
		}
	}
	return false
}

// matching pairs each total row of dimension d with the rows that agree with it
// in every other dimension and have a level of their own in d. A dimension that
// the total row leaves blank agrees with everything; one that names each row by
// itself (an index) is not compared.
func (g *Grid) matching(d int, rows []int, totals [][]Label) []rowSet {
	var others []int
	for e := range g.Dimensions {
		if e != d && g.distinct(e)*10 < g.Rows*9 {
			others = append(others, e)
		}
	}
	// Total rows are grouped by which of the others they fill in, so that the
	// parts of each can be looked up instead of searched.
	byShape := map[string][]int{}
	filled := map[string][]int{}
	for _, r := range rows {
		shape := make([]byte, len(others))
		var dims []int
		for i, e := range others {
			shape[i] = '0'
			if g.Dimensions[e].Values[r] != "" {
				shape[i] = '1'
				dims = append(dims, e)
			}
		}
		byShape[string(shape)] = append(byShape[string(shape)], r)
		filled[string(shape)] = dims
	}
	if len(byShape) > maxWholeRows {
		return nil
	}
	var out []rowSet
	for _, shape := range slices.Sorted(maps.Keys(byShape)) {
		dims := filled[shape]
		levels := map[uint64][]int{}
		for r := range g.Rows {
			if totals[d][r] == NoLabel {
				k := g.sameRowKey(dims, r)
				levels[k] = append(levels[k], r)
			}
		}
		seen := map[uint64]bool{}
		for _, r := range byShape[shape] {
			k := g.sameRowKey(dims, r)
			if p := levels[k]; len(p) >= 2 && !seen[k] {
				seen[k] = true
				out = append(out, rowSet{r, p})
			}
		}
	}
	return out
}

// blocks pairs each total row with the run of rows before (step -1) or after it,
// up to the next total row.
func (g *Grid) blocks(rows []int, totals [][]Label, step int) []rowSet {
	var out []rowSet
	for _, r := range rows {
		var p []int
		for i := r + step; i >= 0 && i < g.Rows && !anyTotal(totals, i); i += step {
			p = append(p, i)
		}
		slices.Sort(p) // so that equal blocks are seen to be equal
		if len(p) >= 2 {
			out = append(out, rowSet{r, p})
		}
	}
	return out
}

// wholes pairs each total row with every other row that counts.
func (g *Grid) wholes(rows []int, counts func(r int) bool) []rowSet {
	var out []rowSet
	for _, t := range rows {
		var p []int
		for r := range g.Rows {
			if r != t && counts(r) {
				p = append(p, r)
			}
		}
		if len(p) >= 2 {
			out = append(out, rowSet{t, p})
		}
	}
	return out
}

// runs splits the rows that are no totals into runs of one value in dimension
// e; nil unless each value has one run, of two rows at least for most.
func (g *Grid) runs(e int, totals [][]Label) [][]int {
	if g.levels[e] > maxRuns {
		return nil
	}
	var out [][]int
	values, codes := g.Dimensions[e].Values, g.codes[e]
	seen := make([]bool, g.levels[e])
	single, last := 0, -2
	for r := range g.Rows {
		if anyTotal(totals, r) || values[r] == "" {
			continue
		}
		if n := len(out); n > 0 && last == r-1 && codes[r] == codes[last] {
			out[n-1] = append(out[n-1], r)
			last = r
			continue
		}
		if seen[codes[r]] {
			return nil
		}
		seen[codes[r]] = true
		out = append(out, []int{r})
		last = r
	}
	kept := out[:0]
	for _, run := range out {
		if len(run) >= 2 {
			kept = append(kept, run)
		} else {
			single++
		}
	}
	if single > len(kept) {
		return nil
	}
	return kept
}

// hashRows identifies a set of rows, so that the same set proposed twice is
// weighed once.
func hashRows(seed maphash.Seed, set rowSet) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, r := range append([]int{set.total}, set.parts...) {
		h.Write([]byte{byte(r), byte(r >> 8), byte(r >> 16), byte(r >> 24)})
	}
	return h.Sum64()
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxLabel {
		return string(r[:maxLabel]) + "…"
	}
	return s
}
