package checks

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"sallyport/checks/audit"
	"sallyport/checks/table"
)

// denominators lists what a rate of n may divide by: another column, n and
// another column together, the total of n over the rows that share a label, and
// a number in n's header ("Exposed, N = 1,200").
func denominators(t *table.Table, n *table.Column, nums []*table.Column, threshold int, groups *labelGroups) []denominator {
	var out []denominator
	for _, d := range nums {
		if d != n {
			out = append(out, denominator{name: d.Name, col: d, of: func(row int) bounds { return shownBounds(d, row) }})
		}
	}
	for _, d := range nums {
		if d != n {
			out = append(out, denominator{name: n.Name + " + " + d.Name, plus: d, of: func(row int) bounds {
				a, b := shownBounds(n, row), shownBounds(d, row)
				return bounds{a.value + b.value, a.lo + b.lo, a.hi + b.hi, a.ok && b.ok}
			}})
		}
	}
	if v, ok := headerN(n.Name); ok {
		b := bounds{v, v, v, true}
		if s := n.Base.Assumed(); n.Base.Proven() && s.Fits(int64(v)) {
			b.lo, b.hi = s.Interval(v, 0)
		}
		out = append(out, denominator{name: "the N in the header", of: func(int) bounds { return b }})
	}
	by := []*table.Column{nil}
	const most = 6
	labels := 0
	for _, c := range t.Columns {
		if labels == most {
			break
		}
		switch c.Role {
		case table.Category, table.Geo, table.BoolRole, table.DateRole:
			if k := c.Distinct(); k > 1 && 2*k <= t.Rows {
				by = append(by, c)
				labels++
			}
		}
	}
	// Counted on first use: most denominators are given up after a few rows of
	// another. Then by all labels at once, so that each cell is read once.
	sums := sync.OnceValue(func() [][]bounds { return sumByLabel(n, groups, by, threshold) })
	for k, c := range by {
		out = append(out, totalOf(n, c, groups, func() []bounds { return sums()[k] }))
	}
	return out
}

// headerN reads "N = 1,234" in a header.
func headerN(name string) (float64, bool) {
	for rest := name; ; {
		i := strings.IndexAny(rest, "Nn")
		if i < 0 {
			return 0, false
		}
		alone := i == 0 || !isLetter(rest[i-1])
		after := strings.TrimLeft(rest[i+1:], " ")
		rest = rest[i+1:]
		if !alone || after == "" || after[0] != '=' && after[0] != ':' {
			continue
		}
		digits := strings.TrimLeft(after[1:], " ")
		end := strings.IndexFunc(digits, func(r rune) bool { return (r < '0' || r > '9') && r != ',' })
		if end >= 0 {
			digits = digits[:end]
		}
		v, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
		return v, err == nil && v > 0 && v <= audit.MaxCount
	}
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// totalOf is the total of n over all rows that have the same label in column by
// (over all rows, when nil), rows that are totals themselves left out. A hidden
// cell adds anything up to the threshold.
func totalOf(n, by *table.Column, groups *labelGroups, sums func() []bounds) denominator {
	d := denominator{whole: true, name: "the total of " + n.Name}
	if by != nil {
		d.name += " within " + by.Name
	}
	d.of = func(row int) bounds {
		if ids := groups.of(by).ids; row >= 0 && row < len(ids) {
			return sums()[ids[row]]
		}
		return bounds{}
	}
	return d
}

// labelGroups numbers the labels of a table's columns, each column once.
type labelGroups struct {
	t      *table.Table
	totals func() map[int]bool
	by     map[*table.Column]labelGroup
}

// labelGroup numbers the labels of one column.
type labelGroup struct {
	ids []int32 // of each data row
	n   int     // how many numbers are in use
}

func newLabelGroups(t *table.Table) *labelGroups {
	return &labelGroups{t: t, by: map[*table.Column]labelGroup{}, totals: sync.OnceValue(func() map[int]bool { return totalRows(t) })}
}

// of gives each data row the number of its label in column by, 0 where it has
// none; one group for all rows when by is nil.
func (g *labelGroups) of(by *table.Column) labelGroup {
	if known, ok := g.by[by]; ok {
		return known
	}
	ids, n := make([]int32, g.t.Skip+g.t.Rows), 1
	if by != nil {
		numbers := map[string]int32{"": 0}
		for i := range by.Cells {
			label := strings.TrimSpace(by.Cells[i].Raw)
			id, known := numbers[label]
			if !known {
				id = int32(len(numbers))
				numbers[label] = id
			}
			ids[by.Row(i)] = id
		}
		n = len(numbers)
	}
	g.by[by] = labelGroup{ids, n}
	return g.by[by]
}

// sumByLabel adds up the cells of n by the labels of each column in by.
func sumByLabel(n *table.Column, groups *labelGroups, by []*table.Column, threshold int) [][]bounds {
	sums, ids := make([][]bounds, len(by)), make([][]int32, len(by))
	for k, c := range by {
		g := groups.of(c)
		sums[k], ids[k] = make([]bounds, g.n), g.ids
	}
	totals, counts := groups.totals(), n.Counts(0)
	for i := range n.Cells {
		row := n.Row(i)
		if len(totals) > 0 && totals[row] {
			continue
		}
		v, lo, hi, ok := counts(i)
		if !ok || v > audit.MaxCount {
			v, lo, hi, ok = 0, 0, float64(threshold), false
		}
		for k := range sums {
			s := &sums[k][ids[k][row]]
			s.value += v
			s.lo += lo
			s.hi += hi
			s.ok = s.ok || ok
		}
	}
	for _, list := range sums {
		for k := range list {
			s := &list[k]
			s.ok = s.ok && s.value > 0 && !math.IsInf(s.hi, 0)
		}
	}
	return sums
}

// totalRows tells the rows that some label column calls a total.
func totalRows(t *table.Table) map[int]bool {
	out := map[int]bool{}
	for _, c := range t.Columns {
		if c.Role != table.Category && c.Role != table.Geo {
			continue
		}
		memo := map[string]bool{}
		for i := range c.Cells {
			raw := c.Cells[i].Raw
			hit, known := memo[raw]
			if !known {
				hit = audit.RowLabel(raw) != audit.NoLabel
				memo[raw] = hit
			}
			if hit {
				out[c.Row(i)] = true
			}
		}
	}
	return out
}
