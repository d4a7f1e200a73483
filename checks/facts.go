package checks

import (
	"cmp"
	"errors"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sallyport/checks/audit"
	"sallyport/checks/table"
)

// To compare tables, each count becomes a fact: how many of what (the measure),
// for whom (a set of labels such as sex F and region East). A fact's key is a
// sum of hashes, so that labels count in any order, and one label taken out is
// one hash subtracted: the margin of a table is found by its key.

// maxFacts bounds the facts of one set, maxTables its tables, maxShared the
// pairs of equal facts that are looked at.
const (
	maxFacts  = 1_500_000
	maxTables = 2_000
	maxShared = 100_000_000
)

var errManyFacts = errors.New("the tables together are too large to be compared with one another")

// factTable is the counts of one table that share their rows.
type factTable struct {
	doc     *Document
	earlier bool
	*auditGrid
	keys    []factDim
	measure []uint64 // hash of each column's measure and of its level
	base    []uint64 // hash of the measure alone, 0 where the header has no level
	rows    []uint64 // sum of the hashes of each row's labels
	facts   int
}

// factDim is one dimension that names rows.
type factDim struct {
	name string
	hash []uint64 // of each row's label; 0 where it is blank or a total
}

// factRef is one fact.
type factRef struct {
	key          uint64
	table        int32
	column, cell int32
}

// factIndex is all facts of a set, sorted by key.
type factIndex struct {
	tables []*factTable
	list   []factRef
	err    error
}

// factMemo makes the index once for the checks of a set that need it.
type factMemo struct {
	once  sync.Once
	index *factIndex
}

// facts returns the index of the set's counts.
func (p *SetPass) facts() (*factIndex, error) {
	make := func() *factIndex { return newFactIndex(p.Docs, p.Earlier, p.Policy.Counts.Threshold) }
	if p.memo == nil {
		x := make()
		return x, x.err
	}
	p.memo.once.Do(func() { p.memo.index = make() })
	return p.memo.index, p.memo.index.err
}

func newFactIndex(docs, earlier []*Document, threshold int) *factIndex {
	x := &factIndex{}
	tables := 0
	for _, d := range append(slices.Clone(docs), earlier...) {
		tables += len(d.Tables)
	}
	if tables < 2 {
		return x
	}
	h := hasher{maphash.MakeSeed()}
	n := 0
	for i, d := range append(slices.Clone(docs), earlier...) {
		for _, t := range d.Tables {
			for _, g := range grids(t, threshold) {
				ft := h.table(d, i >= len(docs), g)
				if n += len(ft.rows) * len(ft.cols); n > maxFacts {
					x.err = errManyFacts
					return x
				}
				x.tables = append(x.tables, ft)
			}
		}
	}
	x.list = make([]factRef, 0, n)
	for i, ft := range x.tables {
		for c := range ft.cols {
			for r := range ft.rows {
				if ft.Measures[c].Cells[r].Kind != audit.Foreign {
					x.list = append(x.list, factRef{ft.key(c, r), int32(i), int32(c), int32(r)})
				}
			}
		}
	}
	slices.SortFunc(x.list, func(a, b factRef) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.table, b.table), cmp.Compare(a.column, b.column), cmp.Compare(a.cell, b.cell))
	})
	x.list = dropRepeated(x.list)
	for _, f := range x.list {
		x.tables[f.table].facts++
	}
	return x
}

// dropRepeated drops facts that one table states more than once: they are
// ambiguous.
func dropRepeated(list []factRef) []factRef {
	out := list[:0]
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].key == list[i].key && list[j].table == list[i].table {
			j++
		}
		if j == i+1 {
			out = append(out, list[i])
		}
		i = j
	}
	return out
}

func (f *factTable) key(c, r int) uint64 { return f.measure[c] + f.rows[r] }

// cellOf is the audit's view of a fact.
func (x *factIndex) cellOf(f factRef) *audit.Cell {
	return &x.tables[f.table].Measures[f.column].Cells[f.cell]
}

// find returns the facts with a key.
func (x *factIndex) find(key uint64) []factRef {
	i, _ := slices.BinarySearchFunc(x.list, key, func(f factRef, k uint64) int { return cmp.Compare(f.key, k) })
	j := i
	for j < len(x.list) && x.list[j].key == key {
		j++
	}
	return x.list[i:j]
}

type hasher struct{ seed maphash.Seed }

func (h hasher) text(s string) uint64 { return maphash.String(h.seed, s) | 1 }

func (h hasher) table(d *Document, earlier bool, g *auditGrid) *factTable {
	ft := &factTable{doc: d, earlier: earlier, auditGrid: g, rows: make([]uint64, g.Rows)}
	for _, k := range g.t.Keys {
		if dim, ok := h.dimension(g, g.t.Columns[k]); ok {
			ft.keys = append(ft.keys, dim)
			for r, v := range dim.hash {
				ft.rows[r] += v
			}
		}
	}
	levels := splitHeaders(g.cols)
	for i, c := range g.cols {
		m, l := measureName(c.Name), ""
		base := uint64(0)
		if s, ok := levels[i]; ok {
			m = measureName(s.measure)
			if audit.RowLabel(s.level) == audit.NoLabel { // "deaths all" is just deaths
				l, base = s.level, h.text(m)
			}
		}
		key := h.text(m)
		if l != "" {
			key += h.label("", l)
		}
		ft.measure, ft.base = append(ft.measure, key), append(ft.base, base)
	}
	return ft
}

// dimension hashes the labels of one column; ok is false for a column that only
// numbers the rows.
func (h hasher) dimension(g *auditGrid, c *table.Column) (factDim, bool) {
	if slices.Contains(g.cols, c) || strings.TrimSpace(c.Name) == "" && c.Role == table.Ordinal {
		return factDim{}, false
	}
	d := factDim{name: c.Name, hash: make([]uint64, g.Rows)}
	memo := map[string]uint64{}
	for r := range d.hash {
		x := g.t.Cell(c.Index, g.cols[0].Row(r))
		if x == nil || x.Kind == table.Missing {
			continue
		}
		v, ok := memo[x.Raw]
		if !ok {
			if audit.RowLabel(x.Raw) == audit.NoLabel {
				v = h.label(c.Name, x.Raw)
			}
			memo[x.Raw] = v
		}
		d.hash[r] = v
	}
	return d, true
}

// label hashes one label. Words identify themselves, so that "F" means the same
// in a column called sex and in a header; a bare number does so only together
// with its column's name.
func (h hasher) label(name, value string) uint64 {
	v := strings.ToLower(strings.TrimSpace(value))
	if _, err := strconv.ParseFloat(v, 64); err == nil || v == "true" || v == "false" || v == "yes" || v == "no" {
		v = strings.ToLower(strings.TrimSpace(name)) + "\x00" + v
	}
	return h.text("label\x00" + v)
}

// measureName is a header without the words that only say "of all".
func measureName(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '_' || r == '.' || r == '-' })
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return audit.RowLabel(w) != audit.NoLabel })
	if len(kept) == 0 {
		kept = words
	}
	return strings.Join(kept, " ")
}

type split struct{ measure, level string }

// splitHeaders reads "long_covid F" and "long_covid M" as one measure at two
// levels: the shortest beginning of whole words that several headers share.
func splitHeaders(cols []*table.Column) map[int]split {
	suffixes := map[string]map[string]bool{}
	for _, c := range cols {
		for _, s := range splits(c.Name) {
			if suffixes[s.measure] == nil {
				suffixes[s.measure] = map[string]bool{}
			}
			suffixes[s.measure][s.level] = true
		}
	}
	out := map[int]split{}
	for i, c := range cols {
		for _, s := range splits(c.Name) {
			if len(suffixes[s.measure]) >= 2 {
				out[i] = s
				break
			}
		}
	}
	return out
}

// splits lists the ways to cut a header at a space, the shortest beginning
// first.
func splits(name string) []split {
	const most = 6
	words := strings.Fields(name)
	var out []split
	for k := 1; k < len(words) && k <= most; k++ {
		out = append(out, split{strings.Join(words[:k], " "), strings.Join(words[k:], " ")})
	}
	return out
}

// sharedFacts is two tables of different files and the facts that both state,
// in the order of the second.
type sharedFacts struct {
	a, b  int // tables; b is never an earlier release, a may be
	pairs [][2]factRef
}

// eachShared calls f for every two tables that state at least three facts in
// common, at least one of them with a difference that interesting reports.
func (x *factIndex) eachShared(interesting func(a, b *audit.Cell) bool, f func(sharedFacts)) error {
	n := len(x.tables)
	if n > maxTables {
		return errManyFacts
	}
	near := make([]bool, n*n)
	work := 0
	for i := 0; i < len(x.list); {
		j := i + 1
		for j < len(x.list) && x.list[j].key == x.list[i].key {
			j++
		}
		if work += (j - i) * (j - i); work > maxShared {
			return errManyFacts
		}
		for k, a := range x.list[i:j] {
			for _, b := range x.list[i+k+1 : j] {
				if at := int(a.table)*n + int(b.table); !near[at] && interesting(x.cellOf(a), x.cellOf(b)) {
					near[at] = true
				}
			}
		}
		i = j
	}
	of := make([][]factRef, n)
	for _, r := range x.list {
		of[r.table] = append(of[r.table], r)
	}
	for b := range n {
		for a := range n {
			if !near[min(a, b)*n+max(a, b)] || !x.comparable(a, b) {
				continue
			}
			if pairs := join(of[a], of[b]); len(pairs) >= 3 {
				f(sharedFacts{a, b, pairs})
			}
		}
	}
	return nil
}

// comparable: tables of two files, b a current one; of two current ones the
// first in the set is a.
func (x *factIndex) comparable(a, b int) bool {
	ta, tb := x.tables[a], x.tables[b]
	return ta.doc != tb.doc && !tb.earlier && (ta.earlier || a < b)
}

// join pairs the facts of two tables, each sorted by key.
func join(a, b []factRef) [][2]factRef {
	var out [][2]factRef
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].key < b[j].key:
			i++
		case a[i].key > b[j].key:
			j++
		default:
			out = append(out, [2]factRef{a[i], b[j]})
			i++
			j++
		}
	}
	slices.SortFunc(out, func(p, q [2]factRef) int {
		return cmp.Or(cmp.Compare(p[1].column, q[1].column), cmp.Compare(p[1].cell, q[1].cell))
	})
	return out
}

// shown returns the counts of a pair, ok when both are shown.
func (x *factIndex) shown(p [2]factRef) (a, b *audit.Cell, ok bool) {
	a, b = x.cellOf(p[0]), x.cellOf(p[1])
	return a, b, a.Kind == audit.Shown && b.Kind == audit.Shown
}

// difference is |a-b| when both are exact and it is 1 to limit, else 0.
func difference(a, b *audit.Cell, limit int) float64 {
	if !a.Range.Fixed() || !b.Range.Fixed() {
		return 0
	}
	if d := math.Abs(a.Value - b.Value); d >= 1 && d <= float64(limit) {
		return d
	}
	return 0
}

// refIn points at a fact, from a finding of the file at path.
func (x *factIndex) refIn(f factRef, path string) CellRef {
	t := x.tables[f.table]
	r := Ref(t.t, t.cols[f.column], int(f.cell))
	if t.doc.Path != path || t.earlier {
		r.Path = t.doc.Path
	}
	return r
}

// findingFor starts a finding about facts of one column.
func (x *factIndex) findingFor(p *SetPass, kind string, facts []factRef) Finding {
	t := x.tables[facts[0].table]
	c := t.cols[facts[0].column]
	cells := make([]int, len(facts))
	for i, f := range facts {
		cells[i] = int(f.cell)
	}
	slices.Sort(cells)
	return Finding{
		Kind: kind, Severity: graded(p.Severity(kind), t.t, c), Confidence: c.Confidence,
		Table: t.t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index),
		Rows:     Rows(t.t, c, slices.Compact(cells)),
		Evidence: map[string]any{"role": string(c.Role), "why": c.Reasons},
	}
}
