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
	var r residues
	for _, v := range distinctPositive(values) {
		r.add(v)
	}
	return r.base()
}

// cycle is a multiple of the base of every scheme, so that a value's remainder
// tells which schemes it fits.
const cycle = 2100

// residues counts different values by their remainder.
type residues struct {
	k     int
	count [cycle]int32
}

func (r *residues) add(v int64) {
	r.k++
	r.count[v%cycle]++
}

// hits counts the values that s can give.
func (r *residues) hits(s Scheme) int {
	n := 0
	b := s.B
	step := func(from int) {
		for v := from; v < cycle; v += b {
			n += int(r.count[v])
		}
	}
	if s.Family != "mid" {
		step(0)
	}
	if s.Family != "near" {
		step((b - b/2) % b)
	}
	return n
}

// balanced reports that both residues that a difference of midpoints can have
// do occur. One odd value among many midpoints is a stray, not a difference.
func (r *residues) balanced(b int) bool {
	zero, mid := r.hits(Scheme{"near", b}), r.hits(Scheme{"mid", b})
	return min(zero, mid)*5 >= r.k && r.k >= 8
}

// base picks the scheme.
func (r *residues) base() Base {
	k := r.k
	if k == 0 {
		return Base{State: Inconclusive, P: 1}
	}
	var best Base
	bestHits := -1
	fits := false
	var fallback Scheme
	for _, s := range schemes {
		if s.Family == "midd" && !r.balanced(s.B) {
			continue
		}
		hits := r.hits(s)
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
	values := make([][]int64, len(cols))
	all := 0
	var pooled residues
	for k, c := range cols {
		values[k] = u.distinctCounts(c)
		all += len(values[k])
		var r residues
		for _, v := range values[k] {
			r.add(v)
			pooled.add(v)
		}
		c.Base = r.base()
	}
	// In a large table a value that two columns share is no matter; in a small
	// one it must not count as evidence twice.
	if u.t.Pooled = pooled.base(); all <= 2000 {
		u.t.Pooled = DetectBase(slices.Concat(values...))
	}
	for k, c := range cols {
		c.adopt(u.t.Pooled, values[k])
	}
}

// distinctCounts lists the different positive whole numbers of a column.
func (u *understanding) distinctCounts(c *Column) []int64 {
	u.reset(len(c.Cells))
	out := make([]int64, 0, c.f.distinct)
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v > 0 && u.add(uint64(v)*0x9E3779B97F4A7C15|1) {
			out = append(out, v)
		}
	}
	return out
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
