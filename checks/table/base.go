package table

import (
	"math"
	"slices"
	"strconv"
)

// String names the scheme as reports do: "5", "midpoint 6", "midpoint 6
// derived", "none".
func (s Scheme) String() string {
	switch s.Family {
	case "near":
		return strconv.Itoa(s.B)
	case "mid":
		return "midpoint " + strconv.Itoa(s.B)
	case "midd":
		return "midpoint " + strconv.Itoa(s.B) + " derived"
	}
	return "none"
}

// Exact reports whether s is no rounding at all.
func (s Scheme) Exact() bool { return s.Family == "" || s.B <= 1 }

// Fits reports whether rounding by s can give v. Zero always can.
func (s Scheme) Fits(v int64) bool {
	if v == 0 || s.Exact() {
		return true
	}
	b := int64(s.B)
	switch s.Family {
	case "mid":
		return v%b == (b-b/2)%b
	case "midd":
		return v%b == 0 || v%b == (b-b/2)%b
	}
	return v%b == 0
}

// Interval returns the true counts that s rounds to v: nearest b gives
// [v-b/2, v+b/2] (an even b keeps both ties), midpoint b gives
// [v-(b-b/2)+1, v+b/2] and zero stays zero, a difference of two midpoints gives
// v±(b-1). Negative counts are cut off. With redacted > 0, counts 1..redacted
// were removed before rounding, so nearest rounding starts above it.
func (s Scheme) Interval(v float64, redacted int) (lo, hi float64) {
	lo, hi = v, v
	b := float64(s.B)
	half := math.Floor(b / 2)
	switch {
	case s.Exact():
	case s.Family == "mid" && v == 0:
	case s.Family == "mid":
		lo, hi = v-(b-half)+1, v+half
	case s.Family == "midd":
		lo, hi = v-(b-1), v+(b-1)
	default:
		lo, hi = v-half, v+half
	}
	if redacted > 0 && v > 0 && s.Family == "near" {
		lo = math.Max(lo, float64(redacted)+1)
	}
	lo, hi = math.Max(0, lo), math.Max(0, hi)
	return lo, math.Max(lo, hi)
}

// schemes are the ways of rounding that are looked for.
var schemes = [...]Scheme{
	{"near", 100}, {"near", 50}, {"near", 20}, {"near", 10}, {"mid", 10}, {"near", 7}, {"mid", 7},
	{"mid", 6}, {"near", 6}, {"near", 5}, {"mid", 5}, {"midd", 6},
}

const significant = 1e-3 // chance below which conforming values are no accident

// DetectBase finds the scheme that whole numbers, as shown, were rounded by.
// Only distinct positive values count as evidence: k values all conforming to
// base b happen by chance with probability b^-k.
func DetectBase(values []int64) Base {
	vals := distinctPositive(values)
	k := len(vals)
	if k == 0 {
		return Base{State: Inconclusive, P: 1}
	}
	var best Base
	bestHits := -1
	fits := false
	var fallback Scheme
	for _, s := range schemes {
		if s.Family == "midd" && !balanced(vals, s) {
			continue
		}
		hits := 0
		for _, v := range vals {
			if s.Fits(v) {
				hits++
			}
		}
		if hits == k && (k >= 5 || s.common()) {
			fits = true
			if fallback.Exact() && (s == Scheme{"near", 5} || s == Scheme{"mid", 6}) {
				fallback = s
			}
		}
		if hits < k && k-hits > max(1, k/10) {
			continue
		}
		p := tail(k, hits, s)
		if p > significant || p > significant/100 && !s.common() {
			continue
		}
		switch full := bestHits == k; {
		case hits == k && (!full || s.B > best.Scheme.B):
			best, bestHits = Base{State: Rounded, Scheme: s, K: k, P: p}, hits
		case hits < k && !full && hits > bestHits:
			best, bestHits = Base{State: RoundedStrays, Scheme: s, K: k, P: p}, hits
		}
	}
	switch {
	case bestHits >= 0:
		return best
	case fits:
		return Base{State: Inconclusive, Scheme: fallback, K: k, P: 1}
	}
	return Base{State: Unrounded, K: k, P: 1}
}

// common reports the ways of rounding that are in use, so that a value or two
// that fit them may have been rounded; the others need proof.
func (s Scheme) common() bool {
	return s.Family == "near" && (s.B%5 == 0 || s.B == 6 || s.B == 7) || s.Family != "near" && s.B == 6
}

// balanced reports that both residues that a difference of midpoints can have
// do occur. One odd value among many midpoints is a stray, not a difference.
func balanced(vals []int64, s Scheme) bool {
	zero := 0
	for _, v := range vals {
		if v%int64(s.B) == 0 {
			zero++
		}
	}
	return min(zero, len(vals)-zero)*5 >= len(vals) && len(vals) >= 8
}

func distinctPositive(values []int64) []int64 {
	vals := make([]int64, 0, len(values))
	for _, v := range values {
		if v > 0 {
			vals = append(vals, v)
		}
	}
	slices.Sort(vals)
	return slices.Compact(vals)
}

// tail is the chance that at least hits of k arbitrary numbers conform to s.
func tail(k, hits int, s Scheme) float64 {
	p := 1 / float64(s.B)
	if s.Family == "midd" {
		p *= 2
	}
	logP, logQ := math.Log(p), math.Log1p(-p)
	logK, _ := math.Lgamma(float64(k + 1))
	sum := 0.0
	for i := hits; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(k - i + 1))
		sum += math.Exp(logK - a - b + float64(i)*logP + float64(k-i)*logQ)
	}
	return math.Min(sum, 1)
}

// bases finds the rounding of every count column. A column that cannot tell by
// itself takes what its name declares, or what all count columns together show,
// when its values conform, or all but few do.
func (u *understanding) bases() {
	cols := append(u.t.Counts(), u.t.ByRole(OrgCount)...)
	var all []int64
	values := make([][]int64, len(cols))
	for k, c := range cols {
		for i := range c.Cells {
			if v, ok := c.Whole(i); ok && v > 0 {
				values[k] = append(values[k], v)
			}
		}
		c.Base = DetectBase(values[k])
		all = append(all, values[k]...)
	}
	u.t.Pooled = DetectBase(all)
	for k, c := range cols {
		c.adopt(u.t.Pooled, values[k])
	}
}

// adopt settles a column that its own values leave open.
func (c *Column) adopt(pooled Base, values []int64) {
	said, declared := c.Declared()
	switch c.Base.State {
	case Inconclusive:
		if declared && allFit(said, values) {
			c.Base.State, c.Base.Scheme = Rounded, said
			return
		}
		if pooled.Proven() && allFit(pooled.Scheme, values) {
			c.Base.State, c.Base.Scheme, c.Base.Pooled = Rounded, pooled.Scheme, true
			return
		}
	case Unrounded:
	default:
		return
	}
	if !pooled.Proven() || declared {
		return
	}
	off := 0
	for _, v := range values {
		if !pooled.Scheme.Fits(v) {
			off++
		}
	}
	if off > 0 && float64(off) <= 0.3*float64(len(values))+1 {
		c.Base = Base{State: RoundedStrays, Scheme: pooled.Scheme, K: c.Base.K, P: pooled.P, Pooled: true}
	}
}

func allFit(s Scheme, values []int64) bool {
	for _, v := range values {
		if !s.Fits(v) {
			return false
		}
	}
	return true
}
