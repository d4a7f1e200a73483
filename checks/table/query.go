package table

import (
	"math"
	"strings"
	"sync"
)

// Counts lists the virtual columns that count people, those with at least one
// value or redaction; the order is that of Virtual.
func (t *Table) Counts() []*Column {
	var out []*Column
	for _, c := range t.Virtual {
		if c.Role.CountLike() && c.f != nil && c.f.filled > 0 {
			out = append(out, c)
		}
	}
	return out
}

// ByRole lists the virtual columns with one of the roles.
func (t *Table) ByRole(any ...Role) []*Column {
	var out []*Column
	for _, c := range t.Virtual {
		for _, r := range any {
			if c.Role == r {
				out = append(out, c)
			}
		}
	}
	return out
}

// WithoutRecords returns the same table without the text of its records, which
// the cells hold too: all that checks ask for, in less memory. The columns are
// shared.
func (t *Table) WithoutRecords() *Table {
	own, src := *t, *t.Source
	src.Records = nil
	own.Source = &src
	return &own
}

// Line returns the 1-based record number in the file of a data row.
func (t *Table) Line(row int) int {
	if l := t.Source.Lines; row+1 < len(l) {
		return l[row+1]
	}
	return row + 2
}

// maxKey bounds the text that names a row, in bytes.
const maxKey = 200

// Key names a data row by its dimensions: "region=East; sex=F". Parts without a
// value are left out; a long key is cut with "…".
func (t *Table) Key(row int) string {
	i := row - t.Skip
	if i < 0 || i >= t.Rows {
		return ""
	}
	if t.keys == nil || t.Rows > cachedKeys {
		return t.key(i)
	}
	t.keys.once.Do(func() {
		t.keys.list = make([]string, t.Rows)
		for i := range t.keys.list {
			t.keys.list[i] = t.key(i)
		}
	})
	return t.keys.list[i]
}

// keyCache holds the keys of all rows, which many findings share.
type keyCache struct {
	once sync.Once
	list []string
}

// cachedKeys is how many rows a table has at most whose keys are kept.
const cachedKeys = 20_000

func (t *Table) key(i int) string {
	var room [2 * maxKey]byte // so that most keys are made in one piece
	b := room[:0]
	for _, k := range t.Keys {
		c := t.Columns[k]
		if c.Cells[i].Kind == Missing {
			continue
		}
		if len(b) > 0 {
			b = append(b, "; "...)
		}
		if name := strings.TrimSpace(c.Name); name != "" {
			b = append(b, name...)
			b = append(b, '=')
		}
		b = append(b, strings.TrimSpace(c.Cells[i].Raw)...)
		if len(b) > maxKey {
			return strings.ToValidUTF8(string(b[:maxKey]), "") + "…"
		}
	}
	return string(b)
}

// Cell returns the cell of a physical column at a data row, or nil outside.
func (t *Table) Cell(column, row int) *Cell {
	if i := row - t.Skip; column >= 0 && column < len(t.Columns) && i >= 0 && i < len(t.Columns[column].Cells) {
		return &t.Columns[column].Cells[i]
	}
	return nil
}

// Count returns the cell's whole number when it shows one: a plain number or the
// count of "n (p%)" and "n/N". Negative numbers and fractions are none.
func (c *Cell) Count() (int64, bool) {
	if !c.counts || c.Kind != Number && c.Kind != CountPct && c.Kind != CountOf {
		return 0, false
	}
	return int64(c.Value + 0.5), true
}

// Hidden reports whether the cell stands for a number that is not shown: a
// redaction, a comparison or a range.
func (c *Cell) Hidden() bool { return c.Kind == Redacted || c.Kind == Compare || c.Kind == Range }

// Whole returns the whole number of cell i; see [Cell.Count].
func (c *Column) Whole(i int) (int64, bool) { return c.Cells[i].Count() }

// Filled is the number of cells that are not missing, Distinct that of
// different values among them, Numbers that of cells with a number.
func (c *Column) Filled() int   { return c.f.filled }
func (c *Column) Distinct() int { return c.f.distinct }
func (c *Column) Numbers() int  { return c.f.nums }

// KindCount is the number of cells of one kind.
func (c *Column) KindCount(k Kind) int { return c.f.kinds[k] }

// AllWhole reports that the column has numbers and none has a fraction.
func (c *Column) AllWhole() bool { return c.f.allWhole() }

// Sequence reports that the numbers of the column step evenly (weeks, ranks).
func (c *Column) Sequence() bool { return c.f.arith || c.f.restarts }

// Min and Max of the column's numbers, NaN without any.
func (c *Column) Min() float64 { return c.f.min }
func (c *Column) Max() float64 { return c.f.max }

// Tokens are the lower-case words of the column's name (of the level's name for
// a virtual column of a long table): "n_risk" gives n, risk; "%" gives pct.
func (c *Column) Tokens() []string { return c.h.tokens }

// HasToken reports whether the name has one of the words.
func (c *Column) HasToken(any ...string) bool { return c.h.has(any...) }

// Tokens splits any header or label into the words that roles are told by.
func Tokens(header string) []string { return tokens(header) }

// Scheme returns the rounding to assume for the column's shown values: what its
// values prove; where they prove nothing, base 5 or midpoint 6 if all conform
// (the benefit of the doubt); else none.
func (b Base) Assumed() Scheme {
	switch b.State {
	case Rounded, RoundedStrays, Inconclusive:
		return b.Scheme
	}
	return Scheme{}
}

// Proven reports that the values show rounding (strays allowed).
func (b Base) Proven() bool { return b.State == Rounded || b.State == RoundedStrays }

// String names the base as reports do: "5", "midpoint 6", "none", or "" where
// it cannot be told.
func (b Base) String() string {
	switch {
	case b.Proven():
		return b.Scheme.String()
	case b.State == Unrounded:
		return "none"
	}
	return ""
}

// Interval returns the true counts that cell i allows, given the column's
// rounding: a shown number its rounding interval (a stray value itself), a
// comparison or range what is written. ok is false for redactions, missing
// cells and text, which allow anything, and for a comparison that nothing meets. With redacted > 0, counts 1..redacted
// are taken to have been removed before rounding; see [Scheme.Interval].
func (c *Column) Interval(i int, redacted int) (lo, hi float64, ok bool) {
	x := &c.Cells[i]
	if x.Kind == Compare || x.Kind == Range {
		return x.Lo, x.Hi, x.Lo <= x.Hi
	}
	v, ok := x.Count()
	if !ok {
		return 0, 0, false
	}
	s := c.Base.Assumed()
	if !s.Fits(v) {
		s = Scheme{}
	}
	lo, hi = s.Interval(float64(v), redacted)
	return lo, hi, true
}

// Counts prepares reading the counts of a whole column: what the function
// returns for cell i is what [Cell.Count] and [Column.Interval] do, with the
// rounding worked out once. ok is false where no count is shown.
func (c *Column) Counts(redacted int) func(i int) (v, lo, hi float64, ok bool) {
	s := c.Base.Assumed()
	_, width := s.Interval(0, 0)
	cells := c.Cells
	// Most counts are rounded to the nearest 5 and far from what was redacted.
	plain, base, floor := s.Family == "near" && !s.Exact(), int64(max(s.B, 1)), math.Inf(-1)
	if redacted > 0 {
		floor = float64(redacted) + 1
	}
	return func(i int) (v, lo, hi float64, ok bool) {
		n, ok := cells[i].Count()
		v = float64(n)
		switch {
		case !ok:
			return 0, 0, 0, false
		case plain && n%base == 0 && v-width >= floor:
			return v, max(0, v-width), v + width, true
		case s.Exact() || !s.Fits(n):
			return v, v, v, true
		}
		lo, hi = s.Interval(v, redacted)
		return v, lo, hi, true
	}
}

// Declared returns the rounding that the column's name promises
// ("n_midpoint6", "rate_midpoint6_derived"), ok false when it promises none.
func (c *Column) Declared() (Scheme, bool) {
	n := strings.ToLower(c.Name)
	if !strings.Contains(n, "midpoint") && !strings.Contains(n, "mid6") {
		return Scheme{}, false
	}
	if strings.Contains(n, "derived") {
		return Scheme{"midd", 6}, true
	}
	return Scheme{"mid", 6}, true
}
