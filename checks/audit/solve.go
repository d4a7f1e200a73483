package audit

import (
	"math"
	"slices"
)

// passes is how often, on average, propagation may look at each relation of a
// component before it is stopped; bounds that still creep are left to the
// linear program.
const passes = 60

// Solve gives every variable the range that the relations leave it. targets are
// the variables whose ranges matter: only for them is a linear program run.
// Every lower bound of vars must be finite.
//
// Each group of variables that hang together is solved on its own, so that a
// contradiction in one says nothing about another.
func Solve(vars []Range, rels []Relation, targets []int, lim Limits) *Solution {
	lim = lim.orDefault()
	s := &solver{
		Solution: &Solution{Range: slices.Clone(vars), State: make([]State, len(vars)), why: newReasons(len(vars), rels)},
		vars:     vars, rels: rels, lim: lim, left: lim.Work,
		by: make([][]int, len(vars)), target: make([]bool, len(vars)),
		seenVar: make([]int32, len(vars)), inRel: make([]int32, len(rels)), done: make([]int32, len(rels)),
	}
	s.carry = propagator{vars: s.Range, rels: rels, by: s.by, in: make([]bool, len(rels)), why: s.why}
	for k, rel := range rels {
		for _, t := range rel.Terms {
			s.by[t.Var] = append(s.by[t.Var], k)
		}
	}
	for _, v := range targets {
		s.target[v] = true
	}
	for _, c := range s.components(seq(len(rels)), true) {
		s.component(c)
	}
	s.Work = lim.Work - s.left
	return s.Solution
}

type solver struct {
	*Solution
	vars   []Range // as given
	rels   []Relation
	lim    Limits
	left   int // work that may still be done
	by     [][]int
	target []bool
	carry  propagator

	// Marks of components: of variables met, relations asked for and done, by
	// the number of the search, so that nothing need be cleared.
	search               int32
	seenVar, inRel, done []int32
}

// component is a set of relations that hang together through variables that
// are not yet fixed, and those variables.
type component struct{ rels, free []int }

// components splits rels. With all, relations of fixed variables only are
// components too (they may contradict).
func (s *solver) components(rels []int, all bool) []component {
	s.search++
	for _, k := range rels {
		s.inRel[k] = s.search
	}
	var out []component
	for _, start := range rels {
		if s.done[start] == s.search {
			continue
		}
		c := s.reach(start)
		if all || len(c.free) > 0 {
			slices.Sort(c.rels)
			out = append(out, c)
		}
	}
	return out
}

// reach collects all that hangs together with relation start.
func (s *solver) reach(start int) (c component) {
	s.done[start] = s.search
	stack := []int{start}
	for len(stack) > 0 {
		k := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		c.rels = append(c.rels, k)
		for _, t := range s.rels[k].Terms {
			if s.seenVar[t.Var] == s.search || s.Range[t.Var].Fixed() {
				continue
			}
			s.seenVar[t.Var] = s.search
			c.free = append(c.free, t.Var)
			for _, o := range s.by[t.Var] {
				if s.inRel[o] == s.search && s.done[o] != s.search {
					s.done[o] = s.search
					stack = append(stack, o)
				}
			}
		}
	}
	return c
}

// component propagates, then runs linear programs on what is still tangled.
func (s *solver) component(c component) {
	terms := 0
	for _, k := range c.rels {
		terms += len(s.rels[k].Terms)
	}
	budget := min(s.left, passes*2*terms)
	s.left -= budget
	agree, rest := s.carry.run(c.rels, &budget)
	s.left += max(budget, 0)
	if !agree {
		s.contradict(c.free)
		return
	}
	for _, sub := range s.components(c.rels, false) {
		if !s.tangle(sub, rest) {
			s.contradict(c.free)
			return
		}
	}
}

// contradict puts the variables back to what they came with.
func (s *solver) contradict(free []int) {
	for _, v := range free {
		s.Range[v], s.State[v] = s.vars[v], Contradiction
	}
}

// tangle solves one component of what propagation has left. rest says that
// propagation came to rest. It reports whether the component has a solution.
func (s *solver) tangle(c component, rest bool) bool {
	if rest && s.isTree(c) {
		return true
	}
	var targets []int
	for _, v := range c.free {
		if s.target[v] {
			targets = append(targets, v)
		}
	}
	if len(targets) == 0 {
		s.mark(c.free, Outer)
		return true
	}
	if s.columns(c) > s.lim.Vars || len(c.rels) > s.lim.Relations || s.left <= 0 {
		return s.algebra(c, targets)
	}
	return s.program(s.reduce(c), c, targets)
}

func (s *solver) mark(vars []int, state State) {
	for _, v := range vars {
		s.State[v] = state
	}
}

// isTree says that the relations share at most one free variable and form no
// cycle, and that every coefficient is 1 or -1: then propagation alone is exact.
func (s *solver) isTree(c component) bool {
	edges := 0
	for _, k := range c.rels {
		for _, t := range s.rels[k].Terms {
			if s.Range[t.Var].Fixed() {
				continue
			}
			if math.Abs(t.Coef) != 1 {
				return false
			}
			edges++
		}
	}
	return edges < len(c.free)+len(c.rels)
}

// program runs the linear program lp for the targets among its variables.
func (s *solver) program(lp *reduced, c component, targets []int) bool {
	x := newSimplex(lp.rows, lp.rhs, lp.upper, &s.left)
	if !x.ok {
		s.giveUp(c, targets)
		return true
	}
	if !x.feasible {
		return false
	}
	s.mark(c.free, Outer)
	for _, v := range targets {
		j, ok := lp.index[v]
		if !ok {
			continue // fixed meanwhile
		}
		r, state, why := s.extent(x, lp, j)
		switch {
		case state == Outer:
			s.Skipped++
		case state == Tight && r.Empty():
			return false // no whole number in it
		case state == Tight:
			s.Range[v] = r
			s.why.lp[v] = why
		}
		s.State[v] = state
	}
	return true
}

// extent finds the least and the greatest value of variable j of lp.
func (s *solver) extent(x *simplex, lp *reduced, j int) (Range, State, []Weighted) {
	r := Range{0, lp.upper[j]}
	var why []Weighted
	for _, sense := range []float64{1, -1} {
		least, most := x.seen(j)
		if s.lim.Enough > 0 && most-least >= s.lim.Enough {
			return Range{}, Enough, nil
		}
		if sense > 0 && least < eps || sense < 0 && most > r.Hi-eps {
			continue // a solution already attains the bound
		}
		v, ok := x.extreme(j, sense, s.lim.Enough)
		if !ok {
			return Range{}, Outer, nil
		}
		if sense > 0 {
			r.Lo = math.Ceil(v - eps)
		} else {
			r.Hi = math.Floor(v + eps)
		}
		why = append(why, x.weights(lp.rels)...)
	}
	if least, most := x.seen(j); s.lim.Enough > 0 && most-least >= s.lim.Enough {
		return Range{}, Enough, nil
	}
	base := s.Range[lp.vars[j]].Lo
	return Range{base + r.Lo, base + r.Hi}, Tight, why
}

// giveUp keeps the outer ranges and says that no linear program was run.
func (s *solver) giveUp(c component, targets []int) {
	s.mark(c.free, Outer)
	s.Skipped += len(targets)
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
