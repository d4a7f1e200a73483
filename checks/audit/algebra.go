package audit

import (
	"maps"
	"slices"
)

// prime is the modulus of the algebra: a value that is determined by equalities
// alone comes out exactly as long as it is below it.
const prime = 1<<31 - 1

const (
	maxAlgebra = 20_000 // terms of a component, beyond which algebra is not tried either
	mapStep    = 100    // nanoseconds that a step in a map takes
)

// algebra is what is left for a component too large for a linear program: which
// variables do the equalities alone determine, whatever the bounds? It brings
// the system to reduced row echelon form over the integers modulo a prime; a
// variable is determined if and only if it is alone in its row. The
// coefficients are small, so that an accident of the modulus is as good as
// excluded, and the value is used only where it fits the variable's range.
// It reports false when one does not.
func (s *solver) algebra(c component, targets []int) bool {
	s.giveUp(c, nil)
	targets = s.witness(c, targets)
	s.Skipped += len(targets)
	terms := 0
	for _, k := range c.rels {
		terms += len(s.rels[k].Terms)
	}
	if terms > maxAlgebra || len(targets) == 0 {
		return true
	}
	e := echelon{pivot: map[int]*sparse{}, left: &s.left}
	for _, k := range c.rels {
		if !e.add(s.equation(k)) {
			return true
		}
	}
	if !e.back() {
		return true
	}
	for _, v := range targets {
		row, ok := e.pivot[v]
		if !ok || len(row.coef) != 1 {
			continue
		}
		x := float64(row.rhs)
		if x < s.Range[v].Lo || x > s.Range[v].Hi {
			continue // beyond the modulus, or contradictory: say nothing
		}
		s.Range[v], s.State[v] = Known(x), Tight
		s.Skipped--
		for _, k := range c.rels {
			if contains(s.rels[k], v) {
				s.why.lp[v] = append(s.why.lp[v], Weighted{k, 1})
			}
		}
	}
	return true
}

func contains(r Relation, v int) bool {
	for _, t := range r.Terms {
		if t.Var == v {
			return true
		}
	}
	return false
}

// sparse is one equation: sum of coef[v]*v = rhs, modulo prime.
type sparse struct {
	coef map[int]int64
	rhs  int64
}

// equation is relation k with its fixed variables taken over to the right.
func (s *solver) equation(k int) *sparse {
	q := &sparse{coef: map[int]int64{}}
	rhs := s.rels[k].RHS
	for _, t := range s.rels[k].Terms {
		if r := s.Range[t.Var]; r.Fixed() {
			rhs -= t.Coef * r.Lo
		} else {
			q.coef[t.Var] = mod(int64(t.Coef))
		}
	}
	q.rhs = mod(int64(rhs))
	return q
}

type echelon struct {
	pivot map[int]*sparse // by leading variable
	left  *int
}

// add reduces q by the rows so far and keeps what is left of it. It reports
// false when the work ran out.
func (e *echelon) add(q *sparse) bool {
	for len(q.coef) > 0 {
		if *e.left <= 0 {
			return false
		}
		v := leading(q.coef)
		*e.left -= mapStep * len(q.coef)
		p, ok := e.pivot[v]
		if !ok {
			inv := power(q.coef[v], prime-2)
			for k, a := range q.coef {
				q.coef[k] = a * inv % prime
			}
			q.rhs = q.rhs * inv % prime
			e.pivot[v] = q
			return true
		}
		e.subtract(q, p, q.coef[v])
	}
	return true
}

// back clears from each row the variables that lead another.
func (e *echelon) back() bool {
	order := slices.Sorted(maps.Keys(e.pivot))
	for i := len(order) - 1; i >= 0; i-- {
		q := e.pivot[order[i]]
		for _, v := range slices.Sorted(maps.Keys(q.coef)) {
			if *e.left <= 0 {
				return false
			}
			if p, ok := e.pivot[v]; ok && v != order[i] && q.coef[v] != 0 {
				e.subtract(q, p, q.coef[v])
			}
		}
	}
	return true
}

// subtract takes f times p from q.
func (e *echelon) subtract(q, p *sparse, f int64) {
	for k, a := range p.coef {
		if n := mod(q.coef[k] - f*a%prime); n != 0 {
			q.coef[k] = n
		} else {
			delete(q.coef, k)
		}
	}
	q.rhs = mod(q.rhs - f*p.rhs%prime)
	*e.left -= mapStep * len(p.coef)
}

func mod(a int64) int64 { return ((a % prime) + prime) % prime }

func power(a, n int64) int64 {
	out := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = out * a % prime
		}
		a = a * a % prime
	}
	return out
}

func leading(m map[int]int64) int {
	first := -1
	for k := range m {
		if first < 0 || k < first {
			first = k
		}
	}
	return first
}
