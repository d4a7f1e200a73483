package table

import (
	"math"
	"strings"
)

// structure judges columns by their neighbours: what names leave open, the
// shape of the table often decides.
func (u *understanding) structure() {
	u.ratios()
	u.rowKeys()
	u.measures()
	u.siblings()
	u.codedCategories()
	u.t.Keys = u.keys()
}

// open reports whether a column's name says nothing against its being a count.
func open(c *Column) bool {
	for i, v := range c.h.scores {
		if v >= 2 && !roles[i].CountLike() {
			return false
		}
	}
	return true
}

// candidates are named whole-number columns that could be counts.
func (u *understanding) candidates() []*Column {
	var out []*Column
	for _, c := range u.t.Columns {
		if c.f.numeric() && c.f.allWhole() && c.f.min >= 0 && strings.TrimSpace(c.Name) != "" && open(c) && !c.f.sequence() && !c.f.restarts &&
			c.Role != Code && (c.namedCount() || !c.f.coded()) {
			out = append(out, c)
		}
	}
	return out
}

// namedCount reports whether the name by itself speaks for a count.
func (c *Column) namedCount() bool { return c.h.scores[iCount]+c.h.scores[iDenominator] >= 2 }

// coded reports whole numbers that look like codes of something: a flag, a
// closed set 1..k, few small numbers over and over, or nothing but zeros.
func (f *features) coded() bool {
	if f.kinds[Redacted]+f.kinds[Compare] > 0 || !f.allWhole() {
		return false
	}
	closed := f.min >= 0 && f.min <= 1 && f.max <= 12 && float64(f.distinct) == f.max-f.min+1
	repeated := f.distinct <= 12 && f.max < 100 && f.filled >= 3*f.distinct && !f.mult5
	return f.max == 0 || f.binary() || closed || repeated
}

// constant reports one number throughout that is no likely size of a population.
func (f *features) constant() bool {
	return f.distinct < 2 && (f.max < 1000 || math.Mod(math.Log10(f.max), 1) == 0)
}

func (f *features) sequence() bool { return f.arith && (f.step == 1 || f.step == -1) }

// measures applies the row-key test: if the sure dimensions already tell every
// row apart, an undecided whole-number column is measured, not a dimension.
func (u *understanding) measures() {
	fam := u.candidates()
	isFam := map[*Column]bool{}
	good := false
	for _, c := range fam {
		isFam[c] = true
		good = good || c.Role.CountLike()
	}
	var sure []*Column
	for _, c := range u.t.Columns {
		if !isFam[c] && strings.TrimSpace(c.Name) != "" {
			switch c.Role {
			case Category, DateRole, Geo, Code, OrgCode, Ordinal:
				sure = append(sure, c)
			}
		}
	}
	if u.t.Rows < 3 || len(sure) == 0 || float64(u.distinctRows(sure)) < 0.95*float64(u.t.Rows) {
		return
	}
	const why = "other columns already name every row, so this one is measured"
	for _, c := range fam {
		switch {
		case c.f.constant() && !c.namedCount():
		case c.Role == Unknown || c.Role == Ordinal || c.Role == Category:
			c.Role, c.Confidence = Count, 0.42
			if good {
				c.Confidence = 0.5
			}
			c.Reasons = append(c.Reasons, why)
		case c.Role.CountLike() && c.Confidence < 0.5:
			c.Confidence = 0.5
			c.Reasons = append(c.Reasons, why)
		}
	}
	u.namesakes(why)
	for _, c := range u.t.Columns {
		f := c.f
		if !isFam[c] && c.Role == Category && f.allWhole() && f.max > 20 && f.min >= 0 && !f.sequence() && 2*f.distinct >= f.filled &&
			!c.h.has("age", "code", "codes", "id", "year") {
			c.Role, c.Confidence = Count, 0.45
			c.Reasons = append(c.Reasons, why+", and its numbers are too large for codes")
		}
	}
}

// namesakes makes 0/1 columns counts that share their subject with a sure one:
// "No asthma" beside "Asthma".
func (u *understanding) namesakes(why string) {
	for _, c := range u.t.Columns {
		if c.Role != BoolRole || !c.f.binary() || !open(c) {
			continue
		}
		for _, other := range u.t.Columns {
			if other.Role.CountLike() && other.Confidence >= 0.5 && sameSubject(c.h.tokens, other.h.tokens) {
				c.Role, c.Confidence = Count, 0.5
				c.Reasons = append(c.Reasons, why+", like "+other.Name)
				break
			}
		}
	}
}

// sameSubject reports names that differ by at most one word besides shared ones.
func sameSubject(a, b []string) bool {
	shared := 0
	for _, x := range a {
		for _, y := range b {
			if x == y && len(x) >= 4 {
				shared++
				break
			}
		}
	}
	return shared > 0 && max(len(a), len(b))-shared <= 1
}

// siblings makes bare whole-number columns counts where several others are.
func (u *understanding) siblings() {
	fam := u.candidates()
	good := 0
	for _, c := range fam {
		if c.Role.CountLike() {
			good++
		}
	}
	if good < 2 || float64(good) < 0.3*float64(len(fam)) {
		return
	}
	for _, c := range fam {
		if c.Role == Unknown || c.Role == Ordinal || c.Role == Category || c.Role.CountLike() && c.Confidence < 0.5 && !c.f.constant() {
			if !c.Role.CountLike() {
				c.Role = Count
			}
			c.Confidence = 0.5
			c.Reasons = append(c.Reasons, "its sibling columns are counts")
		}
	}
}

// codedCategories gives few small repeated numbers beside sure counts the role
// of a coded category.
func (u *understanding) codedCategories() {
	strong := false
	for _, c := range u.t.Columns {
		strong = strong || c.Role.CountLike() && c.Confidence >= 0.5
	}
	if !strong {
		return
	}
	for _, c := range u.t.Columns {
		f := c.f
		if c.Role == Unknown && f.allWhole() && f.max <= 20 && f.distinct <= 12 && u.t.Rows >= 3*f.distinct {
			c.Role = Category
			c.Reasons = append(c.Reasons, "few small numbers repeated beside counts: codes")
		}
	}
}

// keys lists the columns that name a row: dimensions that vary, row numbers
// left out when others do.
func (u *understanding) keys() []int {
	var keys, spare []int
	for _, c := range u.t.Columns {
		if !c.Role.Dimension() || c.f.filled == 0 {
			continue
		}
		if c.Index == 0 && strings.TrimSpace(c.Name) == "" && c.Role == Ordinal {
			spare = append(spare, c.Index)
			continue
		}
		keys = append(keys, c.Index)
	}
	if len(keys) == 0 {
		return spare
	}
	return keys
}

// distinctRows counts the different combinations of the given columns' values.
func (u *understanding) distinctRows(cols []*Column) int {
	n := u.t.Rows
	hashes := make([]uint64, n)
	for _, c := range cols {
		for i := range hashes {
			h := hashCell(u.seed, &c.Cells[i])
			hashes[i] = (hashes[i]^h)*0x9E3779B97F4A7C15 + h>>31
		}
	}
	u.reset(n)
	d := 0
	for _, h := range hashes {
		if u.add(h | 1) {
			d++
		}
	}
	return d
}
