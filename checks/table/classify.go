package table

import (
	"fmt"
	"strconv"
	"strings"
)

// judge is the verdict on one column: a role, how sure, and why.
type judge struct {
	h   *header
	f   *features
	s   scores
	why []string
}

// add gives weight to a role, with the reason in words.
func (j *judge) add(r roleIndex, w float64, reason string) {
	j.s[r] += w
	j.why = append(j.why, fmt.Sprintf("%s: %s %+.3g", reason, roles[r], w))
}

// classify judges one column by its header and its own values.
func classify(h *header, f *features) (Role, float64, []string) {
	if f.filled == 0 {
		return Empty, 1, []string{"no cell has a value"}
	}
	if r, conf, why := byGrammar(h, f); r != "" {
		return r, conf, []string{why}
	}
	if !f.numeric() {
		return classifyText(h, f)
	}
	return classifyNumbers(h, f)
}

// byGrammar settles columns whose cells say what they are.
func byGrammar(h *header, f *features) (Role, float64, string) {
	switch {
	case f.share(Estimate) >= 0.5:
		return EstCI, 0.9, `cells read "estimate (low, high)"`
	case f.share(CountPct, CountOf) >= 0.4:
		return Count, 0.9, `cells read "n (p%)" or "n/N"`
	case f.share(Date) >= 0.6 && h.scores[iBirthDate] > 0:
		return BirthDate, 0.95, "cells are dates and the name says birth"
	case f.share(Date) >= 0.6:
		return DateRole, 0.95, "cells are dates"
	case f.share(Percent) >= 0.5:
		return PercentRole, 0.95, "cells carry a % sign"
	case f.share(Bool) >= 0.8:
		return BoolRole, 0.9, "cells are true or false"
	}
	return "", 0, ""
}

// classifyText judges a column without numbers to speak of.
func classifyText(h *header, f *features) (Role, float64, []string) {
	if f.share(Redacted, Compare) >= 0.5 && h.scores[iCount]+h.scores[iDenominator] > 0 {
		return Count, 0.6, []string{"mostly redacted, and named like a count"}
	}
	for _, r := range [...]roleIndex{iBirthDate, iID, iOrgCode, iGeo} {
		if h.scores[r] >= 5 {
			return roles[r], 0.8, []string{"named " + strings.Join(h.said, ", ")}
		}
	}
	if f.filled >= 10 && float64(f.long) > 0.3*float64(f.filled) && float64(f.distinct) > 0.8*float64(f.filled) &&
		!h.has("term", "label", "description", "criteria", "definition", "codelist", "characteristic", "outcome", "variable", "name") {
		return FreeText, 0.7, []string{"long texts, nearly all different"}
	}
	return Category, 0.8, []string{"cells are text"}
}

// classifyNumbers weighs the header's words against what the numbers show.
func classifyNumbers(h *header, f *features) (Role, float64, []string) {
	j := &judge{h: h, f: f, s: h.scores}
	if len(h.said) > 0 {
		j.why = append(j.why, "named "+strings.Join(h.said, ", "))
	}
	if float64(f.whole) < 0.9*float64(f.nums) {
		j.fractions()
	} else {
		j.wholes()
	}
	r, top, second := j.s.best()
	if r == nRoles || top < 0.8 {
		return Unknown, 0.3, append(j.why, "nothing speaks for one role")
	}
	return roles[r], round2(top / (top + second + 2)), j.why
}

func round2(x float64) float64 { return float64(int(x*100+0.5)) / 100 }

// fractions weighs a column with real numbers: counts are whole.
func (j *judge) fractions() {
	j.add(iCount, -6, "has fractions")
	j.s[iDenominator] -= 6
	j.s[iOrdinal] -= 3
	j.s[iID] -= 5
	j.s[iCategory] -= 3
	j.s[iRate] += 0.6
	j.s[iStat] += 0.2
	switch {
	case j.f.within(0, 1):
		j.add(iPercent, 1, "between 0 and 1")
		j.s[iPValue] += 0.5
	case j.f.within(0, 100):
		j.s[iPercent] += 0.5
	}
}

// wholes weighs a column of whole numbers.
func (j *judge) wholes() {
	h, f := j.h, j.f
	for _, r := range statistics {
		if j.s[r] > 0 && r != iDF {
			j.s[r] -= 0.5
		}
	}
	if f.min < 0 {
		j.add(iCount, -4, "has negative numbers")
		j.s[iDenominator] -= 4
	}
	j.sequences()
	if f.within(1900, 2100) && f.distinct <= 80 {
		w := 3.5
		if j.s[iCount] > 0 {
			w = 1
		}
		j.add(iOrdinal, w, "looks like years")
	}
	hidden := f.kinds[Redacted]+f.kinds[Compare] > 0
	if f.binary() && f.n >= 4 && !hidden {
		j.add(iBool, 3, "only 0 and 1")
		j.s[iCount]--
	}
	if hidden {
		j.add(iCount, 2.5, "has redactions")
	}
	if f.nums >= 5 && f.mult5 && f.distinct > 3 && f.max > 0 {
		j.add(iCount, 1.5, "all multiples of 5")
	}
	if f.max == 0 && f.min == 0 {
		j.add(iCount, 1, "all zero")
	}
	if r := j.s[iRate]; r > 0 && r <= 1 && f.max > 1 {
		j.s[iRate] = 0
		j.add(iCount, 1.5, `whole numbers in a "value" column`)
	}
	j.spread()
	if h.has("age") && f.max <= 130 && j.s[iCategory] >= 3 {
		j.add(iCategory, 3, "ages")
	}
	if j.s[iID] > 0 && f.n >= 50 && f.distinct == f.n && f.min >= 0 && !f.arith {
		j.add(iID, 3, "all different")
	}
	if f.distinct <= 12 && f.max <= 20 && f.n >= 3*f.distinct && j.s[iCount] <= 0 && j.s[iDenominator] <= 0 {
		j.add(iOrdinal, 2, "few small numbers, repeated")
	}
}

// sequences weighs numbers that step evenly. Counting up from 0 or 1 is what
// ranks, weeks and "number of visits" do, and counts of people never, unless they
// accumulate one by one.
func (j *judge) sequences() {
	f := j.f
	upward := f.arith && f.step == 1 && f.n >= 4 && (f.min == 0 || f.min == 1)
	switch {
	case j.h.has("cum", "cml", "cumulative", "risk", "remaining"):
	case upward || f.restarts:
		j.add(iOrdinal, 8, "counts up from "+strconv.Itoa(int(f.min)))
		j.s[iCount] -= 4
		j.s[iDenominator] -= 4
	case f.sequence() && f.n >= 4:
		j.add(iOrdinal, 5, "steps by one")
		j.s[iCount] -= 2
	case f.arith && f.n >= 4:
		j.add(iOrdinal, 3, "steps evenly")
		j.s[iCount] -= 2
	}
}

// spread: large and varied whole numbers are counts more often than codes.
func (j *judge) spread() {
	f := j.f
	switch {
	case f.arith:
	case f.max >= 200 && float64(f.distinct) >= min(5, float64(f.n)*0.5):
		j.add(iCount, 2, "whole numbers of large spread")
	case f.max >= 20:
		j.add(iCount, 1.2, "whole numbers above 20")
	case f.distinct >= 2:
		j.add(iCount, 0.6, "whole numbers")
	}
}
