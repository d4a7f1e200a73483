package audit

import "strings"

// CellKind is what the audit sees of one cell.
type CellKind uint8

const (
	Blank   CellKind = iota // missing: nothing, or a redaction without a word
	Shown                   // a count; Value and Range hold
	Hidden                  // redacted or given as an interval; Range holds
	Foreign                 // no count at all
)

// Cell is one count cell. Range is what the true count may be, as far as the
// cell itself tells: for a shown one its rounding interval.
type Cell struct {
	Kind  CellKind
	Value float64
	Range Range
}

// Measure is one column of counts.
type Measure struct {
	Name  string
	Cells []Cell // one per row of the grid
	// Base is the distance of the values that its rounding leaves, 0 or 1 when
	// it shows exact counts.
	Base int
	// Total says that the header calls it a total of others, and how firmly.
	Total Label
	// Weak measures (a denominator among numerators, a column that may hold no
	// counts) are no natural part of a sum.
	Weak bool
}

// Dimension is one column of labels.
type Dimension struct {
	Name   string
	Values []string // one per row, trimmed
}

// Grid is a table as the audit sees it: labelled rows of counts.
type Grid struct {
	Rows       int
	Dimensions []Dimension
	Measures   []Measure

	codes  [][]int32 // of each dimension's values, numbered as they first occur
	levels []int     // how many different values each dimension has
}

// encode numbers the values of every dimension, once.
func (g *Grid) encode() {
	if g.codes != nil {
		return
	}
	for _, d := range g.Dimensions {
		seen := make(map[string]int32, 64)
		codes := make([]int32, len(d.Values))
		for r, v := range d.Values {
			c, ok := seen[v]
			if !ok {
				c = int32(len(seen))
				seen[v] = c
			}
			codes[r] = c
		}
		g.codes, g.levels = append(g.codes, codes), append(g.levels, len(seen))
	}
}

// distinct counts the values of a dimension.
func (g *Grid) distinct(d int) int { return g.levels[d] }

// sameRowKey is a number that two rows share when they agree in all of the
// dimensions: codes mixed so that other rows do not.
func (g *Grid) sameRowKey(dims []int, r int) uint64 {
	var k uint64
	for i, d := range dims {
		k += (uint64(g.codes[d][r]) + 1) * multiplier(i)
	}
	return k
}

// Ref names one cell of a grid.
type Ref struct{ Measure, Row int }

// Label says how firmly a word calls something a total.
type Label uint8

const (
	NoLabel Label = iota
	Loose         // n, population, England: often a total of what is beside it
	Firm          // total, all, overall
)

// firmTotals and looseTotals are the words for a total, in lower case.
var (
	firmTotals  = []string{"total", "totals", "subtotal", "overall", "all", "everyone", "combined", "sum", "whole", "full"}
	looseTotals = []string{"any", "both", "england", "uk", "national"}
	// looseHeaders alone make the header of a column that may be a total.
	looseHeaders = []string{"n", "population", "pop", "denominator", "denom", "list", "size", "patients", "people"}
	// fillers may stand beside such a word in a label without changing it.
	fillers = []string{"grand", "sub", "people", "patients", "persons", "participants", "adults", "practices", "population",
		"cohort", "sample", "ages", "age", "groups", "group", "sexes", "sex", "regions", "region", "categories", "rows",
		"of", "the", "in", "n", "count", "counts", "column", "row", "individuals"}
)

// RowLabel says whether a row with this label is a total of others: "Total",
// "All patients", "Overall (n)", not "Total knee replacement".
func RowLabel(s string) Label { return label(s, fillers) }

// label reads a short text as the name of a total.
func label(s string, others []string) Label {
	if len(s) > 60 {
		return NoLabel
	}
	out := NoLabel
	for _, w := range strings.FieldsFunc(strings.ToLower(s), notLetter) {
		switch {
		case has(firmTotals, w):
			out = Firm
		case has(looseTotals, w):
			out = max(out, Loose)
		case !has(others, w):
			return NoLabel
		}
	}
	return out
}

// HeaderLabel says whether a column with these words in its header is a total
// of other columns: "Total", "All patients"; loosely also "N" and "population".
func HeaderLabel(words []string) Label {
	if l := label(strings.Join(words, " "), fillers); l != NoLabel {
		return l
	}
	for _, w := range words {
		if !has(looseHeaders, w) {
			return NoLabel
		}
	}
	if len(words) == 0 {
		return NoLabel
	}
	return Loose
}

func has(list []string, w string) bool {
	for _, x := range list {
		if x == w {
			return true
		}
	}
	return false
}

func notLetter(r rune) bool { return !('a' <= r && r <= 'z') && r != '\'' }
