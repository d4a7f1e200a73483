package audit

import "math"

// eps absorbs rounding of float64 where a whole number is expected.
const eps = 1e-6

// propagator carries bounds from relation to relation.
type propagator struct {
	vars  []Range
	rels  []Relation
	by    [][]int // relations of each variable
	queue []int
	in    []bool // relation is in the queue
	why   *reasons
}

// run tightens all ranges until nothing moves. It reports whether the relations
// agree, and whether it came to rest within the given number of steps.
func (p *propagator) run(start []int, steps *int) (agree, rest bool) {
	for _, k := range start {
		p.push(k)
	}
	for head := 0; head < len(p.queue); head++ {
		k := p.queue[head]
		p.in[k] = false
		if *steps <= 0 {
			p.drain(head + 1)
			return true, false
		}
		*steps -= 2 * len(p.rels[k].Terms)
		if !p.tighten(k) {
			p.drain(head + 1)
			return false, true
		}
	}
	p.queue = p.queue[:0]
	return true, true
}

func (p *propagator) push(k int) {
	if !p.in[k] {
		p.in[k] = true
		p.queue = append(p.queue, k)
	}
}

func (p *propagator) drain(from int) {
	for _, k := range p.queue[from:] {
		p.in[k] = false
	}
	p.queue = p.queue[:0]
}

// tighten gives every variable of relation k the range that the others leave
// it. It reports false when one is left with none.
func (p *propagator) tighten(k int) bool {
	rel := &p.rels[k]
	lo, hi, infLo, infHi := p.activity(rel)
	if infLo == 0 && lo > rel.RHS+eps || infHi == 0 && hi < rel.RHS-eps {
		return false
	}
	for _, t := range rel.Terms {
		x := p.vars[t.Var]
		a, b := scale(x, t.Coef)
		restLo, restHi := without(lo, infLo, a), without(hi, infHi, b)
		next := divide(rel.RHS-restHi, rel.RHS-restLo, t.Coef)
		moved := false
		if next.Lo > x.Lo {
			x.Lo, moved, p.why.lo[t.Var] = next.Lo, true, k
		}
		if next.Hi < x.Hi {
			x.Hi, moved, p.why.hi[t.Var] = next.Hi, true, k
		}
		if !moved {
			continue
		}
		if x.Empty() {
			return false
		}
		p.vars[t.Var] = x
		for _, other := range p.by[t.Var] {
			p.push(other) // k too: its other variables may move once more
		}
	}
	return true
}

// activity sums the least and the most that the terms can come to; unlimited
// terms are counted apart.
func (p *propagator) activity(rel *Relation) (lo, hi float64, infLo, infHi int) {
	for _, t := range rel.Terms {
		a, b := scale(p.vars[t.Var], t.Coef)
		if math.IsInf(a, -1) {
			infLo++
		} else {
			lo += a
		}
		if math.IsInf(b, 1) {
			infHi++
		} else {
			hi += b
		}
	}
	return lo, hi, infLo, infHi
}

// scale is the range of c*x.
func scale(x Range, c float64) (lo, hi float64) {
	if c > 0 {
		return c * x.Lo, c * x.Hi
	}
	return c * x.Hi, c * x.Lo
}

// without takes one term out of a sum of which inf terms are unlimited.
func without(sum float64, inf int, term float64) float64 {
	if math.IsInf(term, 0) {
		inf--
		term = 0
	}
	if inf > 0 {
		return math.NaN() // unlimited: compares false with everything
	}
	return sum - term
}

// divide turns a range of c*x into one of whole x. NaN bounds stay NaN.
func divide(lo, hi, c float64) Range {
	if c < 0 {
		lo, hi, c = -hi, -lo, -c
	}
	return Range{math.Ceil(lo/c - eps), math.Floor(hi/c + eps)}
}
