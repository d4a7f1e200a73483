package audit

import "math"

// reduced is a component as a linear program: rows * x = rhs, 0 <= x <= upper,
// x counted from the lower bound of each variable. Variables that matter to one
// relation only are folded into one slack variable of it.
type reduced struct {
	vars  []int       // variable of each column, -1 for a slack
	index map[int]int // column of each variable that is not folded
	upper []float64
	rows  [][]float64
	rhs   []float64
	rels  []int // relation of each row
}

// columns counts the variables that reduce would keep.
func (s *solver) columns(c component) int {
	n := 0
	for _, v := range c.free {
		if !s.Range[v].Fixed() && !s.foldable(v) {
			n++
		}
	}
	return n
}

func (s *solver) reduce(c component) *reduced {
	lp := &reduced{index: map[int]int{}, rels: c.rels}
	for _, v := range c.free {
		if !s.Range[v].Fixed() && !s.foldable(v) {
			lp.index[v] = len(lp.vars)
			lp.vars = append(lp.vars, v)
			lp.upper = append(lp.upper, s.Range[v].Width())
		}
	}
	type entry struct {
		row, col int
		coef     float64
	}
	var entries []entry
	for i, k := range c.rels {
		rhs, least, most := s.rels[k].RHS, 0.0, 0.0
		for _, t := range s.rels[k].Terms {
			x := s.Range[t.Var]
			if j, ok := lp.index[t.Var]; ok {
				rhs -= t.Coef * x.Lo
				entries = append(entries, entry{i, j, t.Coef})
				continue
			}
			a, b := scale(x, t.Coef)
			least, most = least+a, most+b
		}
		// Folded: least <= sum of folded <= most. An unlimited one is counted
		// from the end that is finite.
		coef, from := 1.0, least
		if math.IsInf(least, -1) {
			coef, from = -1, most
		}
		if math.IsInf(from, 0) {
			// Unlimited both ways: the relation says nothing.
			coef, from = 1, 0
			entries = append(entries, entry{i, len(lp.vars), -1})
			lp.vars, lp.upper = append(lp.vars, -1), append(lp.upper, math.Inf(1))
		}
		if most > least {
			entries = append(entries, entry{i, len(lp.vars), coef})
			lp.vars, lp.upper = append(lp.vars, -1), append(lp.upper, most-least)
		}
		lp.rhs = append(lp.rhs, rhs-from)
	}
	for range c.rels {
		lp.rows = append(lp.rows, make([]float64, len(lp.vars)))
	}
	for _, e := range entries {
		lp.rows[e.row][e.col] += e.coef
	}
	return lp
}

// foldable variables are no targets and matter to one relation only.
func (s *solver) foldable(v int) bool { return !s.target[v] && len(s.by[v]) == 1 }
