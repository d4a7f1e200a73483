package audit

import "math"

// A component too large for a linear program can still be shown to keep its
// secrets: two solutions in which a target differs by Limits.Enough prove that
// its range is at least that wide. Where shown cells are rounded, solutions are
// plentiful, and are found by walking: hold the targets at one end or the other,
// and let the rounded cells take up what each sum then lacks, sum by sum, until
// all sums hold.

const (
	walkStarts = 4    // starting points: all low, all high, and mixed
	walkSweeps = 60   // passes over all sums from one start
	walkHold   = 20   // passes before the targets too may move
	walkExact  = 1e-7 // what a sum may lack at the end
	walkReach  = 1000 // how far an unlimited cell is taken to reach
)

// walker holds a component in flat arrays.
type walker struct {
	lo, hi []float64
	x      []float64
	held   []bool
	rows   []walkRow
	left   *int
}

type walkRow struct {
	rhs  float64
	vars []int32
	coef []float64
}

// witness looks for solutions that show targets to be wide enough, and returns
// the targets that it could not show to be.
func (s *solver) witness(c component, targets []int) []int {
	if s.lim.Enough <= 0 {
		return targets
	}
	w, at := s.newWalker(c)
	low, high := map[int]float64{}, map[int]float64{}
	for start := range walkStarts {
		if len(targets) == 0 || !w.walk(start, targets, at, s.lim.Enough) {
			continue
		}
		kept := targets[:0:0]
		for _, v := range targets {
			x := w.x[at[v]]
			if _, ok := low[v]; !ok {
				low[v], high[v] = x, x
			}
			low[v], high[v] = math.Min(low[v], x), math.Max(high[v], x)
			if high[v]-low[v] >= s.lim.Enough {
				s.State[v] = Enough
			} else {
				kept = append(kept, v)
			}
		}
		targets = kept
	}
	return targets
}

// newWalker lays the component out; the second result is the place of each of
// the solver's variables in it.
func (s *solver) newWalker(c component) (*walker, []int32) {
	w := &walker{left: &s.left}
	local := make([]int32, len(s.Range))
	terms := 0
	for _, k := range c.rels {
		terms += len(s.rels[k].Terms)
	}
	vars, coefs := make([]int32, 0, terms), make([]float64, 0, terms)
	for _, v := range c.free {
		if s.Range[v].Fixed() {
			continue
		}
		local[v] = int32(len(w.lo))
		r := s.Range[v]
		if math.IsInf(r.Hi, 1) {
			r.Hi = r.Lo + walkReach
		}
		w.lo, w.hi = append(w.lo, r.Lo), append(w.hi, r.Hi)
	}
	w.x, w.held = make([]float64, len(w.lo)), make([]bool, len(w.lo))
	for _, k := range c.rels {
		rhs, from := s.rels[k].RHS, len(vars)
		for _, t := range s.rels[k].Terms {
			if r := s.Range[t.Var]; r.Fixed() {
				rhs -= t.Coef * r.Lo
				continue
			}
			vars, coefs = append(vars, local[t.Var]), append(coefs, t.Coef)
		}
		w.rows = append(w.rows, walkRow{rhs, vars[from:], coefs[from:]})
	}
	return w, local
}

// walk starts with the targets at one end each and reports whether it arrived at
// a solution, which x then is.
func (w *walker) walk(start int, targets []int, at []int32, enough float64) bool {
	for j := range w.x {
		w.x[j], w.held[j] = (w.lo[j]+w.hi[j])/2, false
	}
	for i, v := range targets {
		j := at[v]
		high := start == 1 || start == 2 && i%2 == 0 || start == 3 && i%2 == 1
		w.x[j], w.held[j] = w.lo[j], true
		if high {
			w.x[j] = math.Min(w.hi[j], w.lo[j]+enough+1)
		}
	}
	for sweep := range walkSweeps {
		if *w.left <= 0 {
			return false
		}
		if sweep == walkHold {
			for _, v := range targets {
				w.held[at[v]] = false
			}
		}
		if w.sweep() <= walkExact {
			return true
		}
	}
	return false
}

// sweep makes each sum hold in turn, its cells moving in proportion to the room
// they have, and returns the most that any lacked before.
func (w *walker) sweep() float64 {
	worst := 0.0
	for i := range w.rows {
		row := &w.rows[i]
		*w.left -= 6 * len(row.vars)
		lack := row.rhs
		for k, j := range row.vars {
			lack -= row.coef[k] * w.x[j]
		}
		worst = math.Max(worst, math.Abs(lack))
		if math.Abs(lack) <= walkExact/10 {
			continue
		}
		room := 0.0
		for k, j := range row.vars {
			room += w.room(row.coef[k], int(j), lack)
		}
		if room == 0 {
			continue
		}
		share := math.Copysign(math.Min(1, math.Abs(lack)/room), lack)
		for k, j := range row.vars {
			w.x[j] += w.room(row.coef[k], int(j), lack) * share / row.coef[k]
		}
	}
	return worst
}

// room is how much variable j can add to its term in the direction of lack.
func (w *walker) room(coef float64, j int, lack float64) float64 {
	switch {
	case w.held[j]:
		return 0
	case coef*lack > 0:
		return math.Abs(coef) * (w.hi[j] - w.x[j])
	}
	return math.Abs(coef) * (w.x[j] - w.lo[j])
}
