package audit

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// families finds every way in which the counts of the grid are believed to add
// up and in which a cell is missing. The most certain come first.
func (g *Grid) families(threshold int) []family {
	var out []family
	for _, rf := range unique(g.rowFamilies()) {
		out = append(out, g.spread(rf, threshold)...)
	}
	for _, cf := range g.columnFamilies() {
		if f, ok := g.weigh(&cf, threshold); ok {
			out = append(out, f)
		}
	}
	out = append(out, g.commonTotals(threshold)...)
	slices.SortStableFunc(out, func(a, b family) int { return cmp.Compare(a.odds, b.odds) })
	return out
}

// extras weighs the sums suggested from outside.
func (g *Grid) extras(o Options) []family {
	var out []family
	for _, x := range o.Extra {
		b := g.believe(x.Instances, Firm, o.Threshold)
		if b.ok && b.holds >= 3 && b.odds <= x.Odds {
			out = append(out, family{Kind: OtherTable, Name: x.Name, list: x.Instances, belief: b})
		}
	}
	return out
}

// unique drops sets of rows that an earlier family already has.
func unique(list []rowFamily) []rowFamily {
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	for i := range list {
		list[i].sets = slices.DeleteFunc(list[i].sets, func(s rowSet) bool {
			h := hashRows(seed, s)
			old := seen[h]
			seen[h] = true
			return old
		})
	}
	return list
}

// spread weighs a family of rows for each measure that has a gap. A measure
// that cannot speak for itself is believed on the word of the others.
func (g *Grid) spread(rf rowFamily, threshold int) []family {
	var out []family
	var pooled *belief
	for m := range g.Measures {
		var list []Instance
		gap := false
		for _, s := range rf.sets {
			if g.Measures[m].Cells[s.total].Kind == Shown {
				list = append(list, Instance{Total: Ref{m, s.total}, Parts: parts(m, s.parts)})
				gap = gap || g.hasGap(m, s.parts)
			}
		}
		if !gap {
			continue
		}
		b := g.believe(list, rf.label, threshold)
		if !b.ok && b.fails == 0 {
			if pooled == nil {
				p := g.pool(rf, threshold)
				pooled = &p
			}
			if pooled.ok && (pooled.holds >= 2 || pooled.holds == 1 && rf.label == Firm) {
				b.ok, b.odds, b.derived = true, pooled.odds, b.derived || pooled.derived
			}
		}
		if b.ok {
			out = append(out, family{Kind: RowTotal, Name: rf.name, list: list, belief: b})
		}
	}
	return out
}

// pool weighs a family of rows over the first measures together.
func (g *Grid) pool(rf rowFamily, threshold int) belief {
	var list []Instance
	for m := range g.Measures[:min(len(g.Measures), 12)] {
		for _, s := range rf.sets {
			if g.Measures[m].Cells[s.total].Kind == Shown {
				list = append(list, Instance{Total: Ref{m, s.total}, Parts: parts(m, s.parts)})
			}
		}
	}
	return g.believe(list, rf.label, threshold)
}

// weigh judges a column family on a sample of rows and on all rows with a gap.
func (g *Grid) weigh(cf *columnFamily, threshold int) (family, bool) {
	sample := g.sample(cf.total)
	inSample := map[int]bool{}
	for _, r := range sample {
		inSample[r] = true
	}
	rows := sample
	var open []int
	strange := g.rare(cf, sample)
	for r := range g.Rows {
		if g.Measures[cf.total].Cells[r].Kind != Shown || cf.addedUpAgain(g, r) ||
			slices.ContainsFunc(strange, func(m int) bool { return g.Measures[m].Cells[r].Kind == Shown }) {
			continue
		}
		if slices.ContainsFunc(cf.parts, func(m int) bool { k := g.Measures[m].Cells[r].Kind; return k == Hidden || k == Blank }) {
			open = append(open, r)
			if !inSample[r] {
				rows = append(rows, r)
			}
		}
	}
	if len(open) == 0 {
		return family{}, false
	}
	b := g.believe(cf.instances(rows), cf.label, threshold)
	b.odds *= cf.tried
	if !b.ok || b.odds > cf.label.odds() || !b.enough(cf.label) {
		return family{}, false
	}
	return family{Kind: ColumnTotal, Name: cf.name(g), list: cf.instances(open), belief: b}, true
}

// rare lists the measures outside of a family that are hardly ever filled where
// its total is: rows that show one are unlike those by which the family is
// judged, and may be sums of more.
func (g *Grid) rare(cf *columnFamily, sample []int) []int {
	var out []int
	for m := range g.Measures {
		if m == cf.total || slices.Contains(cf.parts, m) {
			continue
		}
		shown := 0
		for _, r := range sample {
			if g.Measures[m].Cells[r].Kind == Shown {
				shown++
			}
		}
		if 2*shown < len(sample) {
			out = append(out, m)
		}
	}
	return out
}

// enough says whether a column that adds up others has shown it often enough.
func (b *belief) enough(l Label) bool {
	switch l {
	case Firm:
		return b.holds >= 1 || b.fits >= 2 || b.odds <= looseOdds
	case Loose:
		return b.holds+b.fits >= 2
	}
	return b.holds >= 3
}
