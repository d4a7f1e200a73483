package table

import (
	"slices"
	"strconv"
	"strings"
)

// Difference is what changed from one table to another.
type Difference struct {
	// ByKey names the columns whose values tell which row is which; empty when
	// rows were matched by their position.
	ByKey   []string
	Added   []string // columns that only the newer table has
	Removed []string // columns that only the older one has
	Rows    []RowDifference
	// Columns are the newer table's, with the removed ones at the end; the
	// cells of every row follow them.
	Columns []string
	Same    int // rows without any change, which Rows does not list
}

// RowDifference is one row that was added, removed or changed.
type RowDifference struct {
	Before, After int // data row in either table, -1 where there is none
	Cells         []CellDifference
}

// CellDifference is one cell before and after, as written.
type CellDifference struct {
	Before, After string
	Changed       bool // false where the row itself is new or gone
}

// Diff compares two tables cell by cell. It reads their records, so neither may
// be without them. Columns are matched by name, and by order among those of the
// same name. Rows are matched by the key columns when these name every row of
// both tables, else by position. Rows come in the newer table's order, each
// removed one where it stood.
func Diff(before, after *Table) *Difference {
	d := &Difference{}
	keyed := after
	x, y := gridOf(before, before.Skip), gridOf(after, after.Skip)
	if before.Skip != after.Skip {
		// One cell can decide whether a second row belongs to the header; what
		// was a row in one version must then be one in both.
		x, y = gridOf(before, 0), gridOf(after, 0)
		if after.Skip > 0 {
			keyed = before
		}
	}
	cols := d.columns(x, y)
	keys := keyPairs(keyed.Keys, keyed == before, cols)
	old, now := x.keys(keys, false), y.keys(keys, true)
	if len(keys) == 0 || !distinct(old) || !distinct(now) {
		old, now = x.positions(), y.positions()
	} else {
		for _, k := range keys {
			d.ByKey = append(d.ByKey, y.header[k.after])
		}
	}
	for _, m := range match(old, now) {
		d.row(x, y, cols, m)
	}
	return d
}

// grid is a table as written.
type grid struct {
	header  []string
	records [][]string // data rows
	skip    int        // number of the first, as a record of the source
}

func gridOf(t *Table, skip int) grid {
	g := grid{t.Header, nil, skip}
	if skip != t.Skip {
		g.header = slices.Clone(t.Source.Header)
		for len(g.header) < len(t.Header) {
			g.header = append(g.header, "")
		}
	}
	end := min(t.Skip+t.Rows, len(t.Source.Records))
	g.records = t.Source.Records[min(skip, end):end]
	return g
}

// raw is a cell of a data row as written, "" outside the table.
func (g *grid) raw(column, row int) string {
	if r := g.records[row]; column < len(r) {
		return r[column]
	}
	return ""
}

// pair is one column, or one row, in both tables; -1 where it is missing.
type pair struct{ before, after int }

func (d *Difference) columns(before, after grid) []pair {
	free := map[string][]int{}
	for i, name := range before.header {
		free[name] = append(free[name], i)
	}
	var cols []pair
	used := map[int]bool{}
	for i, name := range after.header {
		p := pair{-1, i}
		if list := free[name]; len(list) > 0 {
			p.before, free[name] = list[0], list[1:]
			used[p.before] = true
		} else {
			d.Added = append(d.Added, name)
		}
		cols = append(cols, p)
		d.Columns = append(d.Columns, name)
	}
	for i, name := range before.header {
		if !used[i] {
			cols = append(cols, pair{i, -1})
			d.Columns, d.Removed = append(d.Columns, name), append(d.Removed, name)
		}
	}
	return cols
}

// keyPairs are the key columns of the older or the newer table; none when one of
// them is missing from the other.
func keyPairs(columns []int, older bool, cols []pair) []pair {
	var keys []pair
	for _, k := range columns {
		i := slices.IndexFunc(cols, func(p pair) bool { return older && p.before == k || !older && p.after == k })
		if i < 0 || cols[i].before < 0 || cols[i].after < 0 {
			return nil
		}
		keys = append(keys, cols[i])
	}
	return keys
}

// keys are the key values of each data row, joined so that no two different
// rows read alike.
func (g *grid) keys(keys []pair, newer bool) []string {
	out := make([]string, len(g.records))
	for i := range out {
		var b strings.Builder
		for _, k := range keys {
			c := k.before
			if newer {
				c = k.after
			}
			b.WriteString(strconv.Quote(strings.TrimSpace(g.raw(c, i))))
		}
		out[i] = b.String()
	}
	return out
}

// positions are keys that match rows by where they stand.
func (g *grid) positions() []string {
	out := make([]string, len(g.records))
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

func distinct(keys []string) bool {
	seen := make(map[string]bool, len(keys))
	for _, k := range keys {
		if seen[k] {
			return false
		}
		seen[k] = true
	}
	return true
}

// match puts the rows of the newer table in order, each removed row of the
// older one after the row that it followed. Keys are distinct on either side.
func match(before, after []string) []pair {
	at := make(map[string]int, len(before))
	for i, k := range before {
		at[k] = i
	}
	kept := make(map[int]bool, len(after))
	for _, k := range after {
		if i, ok := at[k]; ok {
			kept[i] = true
		}
	}
	var out []pair
	gone := func(from int) {
		for ; from < len(before) && !kept[from]; from++ {
			out = append(out, pair{from, -1})
		}
	}
	gone(0)
	for j, k := range after {
		i, ok := at[k]
		if !ok {
			out = append(out, pair{-1, j})
			continue
		}
		out = append(out, pair{i, j})
		gone(i + 1)
	}
	return out
}

// row keeps one pair of rows when they differ.
func (d *Difference) row(before, after grid, cols []pair, m pair) {
	r := RowDifference{Before: -1, After: -1, Cells: make([]CellDifference, len(cols))}
	if m.before >= 0 {
		r.Before = before.skip + m.before
	}
	if m.after >= 0 {
		r.After = after.skip + m.after
	}
	changed := m.before < 0 || m.after < 0
	for i, c := range cols {
		cell := &r.Cells[i]
		if m.before >= 0 && c.before >= 0 {
			cell.Before = before.raw(c.before, m.before)
		}
		if m.after >= 0 && c.after >= 0 {
			cell.After = after.raw(c.after, m.after)
		}
		if m.before >= 0 && m.after >= 0 && cell.Before != cell.After {
			cell.Changed, changed = true, true
		}
	}
	if !changed {
		d.Same++
		return
	}
	d.Rows = append(d.Rows, r)
}
