package table

import (
	"math"
	"strings"
)

// layout lists the virtual columns: in a long table one per statistic, and for
// compound cells a percent half beside the count.
func (u *understanding) layout() {
	t := u.t
	at, hits := u.statisticColumn()
	if at >= 0 {
		t.Layout = "long"
	}
	for _, c := range t.Columns {
		if at >= 0 && c.Index != at && c.f.nums > 0 && splits(c.Role) {
			t.Virtual = append(t.Virtual, u.splitLong(c, t.Columns[at], hits)...)
			continue
		}
		t.Virtual = append(t.Virtual, c)
	}
	for _, c := range t.Virtual {
		if half := u.percentHalf(c); half != nil {
			t.Virtual = append(t.Virtual, half)
		}
	}
}

// splits reports whether a numeric column of a long table holds its values.
func splits(r Role) bool {
	switch r {
	case Ordinal, ID, DateRole, BoolRole, Category, Code, BirthDate:
		return false
	}
	return true
}

// statisticColumn finds the text column whose levels name statistics ("n",
// "mean", "sd"), and what each level means; -1 where there is none.
func (u *understanding) statisticColumn() (int, map[string]Role) {
	numeric := 0
	for _, c := range u.t.Columns {
		if c.f.nums > 0 && splits(c.Role) {
			numeric++
		}
	}
	if numeric == 0 {
		return -1, nil
	}
	for _, c := range u.t.Columns {
		if c.Role != Category || c.f.nums > 0 || c.f.distinct > 60 || c.f.distinct < 2 {
			continue
		}
		// In a wide table only rows that are nearly all statistics will do.
		if hits, share := u.statisticLevels(c); hits != nil && (numeric <= 3 || share >= 0.8) {
			return c.Index, hits
		}
	}
	return -1, nil
}

// statisticLevels tells what the levels of c mean, and which share of them name
// statistics; nil unless at least half do, of two sorts or more.
func (u *understanding) statisticLevels(c *Column) (map[string]Role, float64) {
	levels := map[string]bool{}
	for i := range c.Cells {
		if s := strings.TrimSpace(c.Cells[i].Raw); s != "" {
			levels[s] = true
		}
	}
	hits := map[string]Role{}
	sorts := map[Role]bool{}
	stat := false
	for lv := range levels {
		low := strings.ToLower(lv)
		switch low {
		case "unique", "top", "nunique", "n_unique", "levels":
			hits[lv] = Category
			sorts[Category] = true
			stat = true
			continue
		case "count", "freq", "frequency":
			hits[lv] = Count
			sorts[Count] = true
			continue
		}
		if len(low) == 1 && low != "n" {
			continue
		}
		h := u.header(lv)
		if len(h.tokens) > 6 {
			continue
		}
		best, top := nRoles, 0.0
		for i, v := range h.scores {
			if r := roles[i]; v > top && (r.Statistic() || r.CountLike()) {
				best, top = roleIndex(i), v
			}
		}
		if top >= 4 {
			hits[lv] = roles[best]
			sorts[roles[best]] = true
			stat = stat || roles[best].Statistic()
		}
	}
	share := float64(len(hits)) / float64(len(levels))
	if len(hits) < 2 || share < 0.5 || len(sorts) < 2 || !stat {
		return nil, 0
	}
	return hits, share
}

// splitLong makes one virtual column per level of the statistic column.
func (u *understanding) splitLong(c, levels *Column, hits map[string]Role) []*Column {
	var out []*Column
	at := map[string]*Column{}
	for i := range c.Cells {
		lv := strings.TrimSpace(levels.Cells[i].Raw)
		v := at[lv]
		if v == nil {
			v = &Column{Index: c.Index, Name: c.Name + "[" + lv + "]"}
			v.h = u.header(lv)
			at[lv] = v
			out = append(out, v)
		}
		v.Cells = append(v.Cells, c.Cells[i])
		v.At = append(v.At, c.Row(i))
	}
	for lv, v := range at {
		v.f = u.survey(v.Cells)
		v.Role, v.Confidence, v.Reasons = classify(v.h, v.f)
		if r, ok := hits[lv]; ok && v.f.filled > 0 {
			v.Role, v.Confidence = r, max(v.Confidence, 0.7)
			v.Reasons = append(v.Reasons, "its rows are labelled "+lv)
		} else {
			v.Confidence = round2(v.Confidence * 0.7)
		}
	}
	return out
}

// percentHalf is the column of percentages inside "n (p%)" cells, nil when c
// has too few of them.
func (u *understanding) percentHalf(c *Column) *Column {
	if c.f.kinds[CountPct]+c.f.kinds[CountOf] < 3 || !c.Role.CountLike() {
		return nil
	}
	half := &Column{Index: c.Index, Name: c.Name + " (%)", Role: PercentRole, Confidence: c.Confidence, Half: true, h: c.h,
		Reasons: []string{"the percentages beside the counts"}}
	for i := range c.Cells {
		x := &c.Cells[i]
		v, dec := math.NaN(), uint8(0)
		switch x.Kind {
		case CountPct:
			v, dec = x.Second, x.SecondDec
		case CountOf:
			v, dec = x.Third, x.ThirdDec
		}
		if v == v {
			half.Cells = append(half.Cells, Cell{Raw: x.Raw, Value: v, Decimals: dec, Kind: Percent, Parts: noParts})
			half.At = append(half.At, c.Row(i))
		}
	}
	if len(half.Cells) == 0 {
		return nil
	}
	half.f = u.survey(half.Cells)
	return half
}
