package audit

import "math"

// simplex holds a linear program in bounded variables, rows*x = b and
// 0 <= x <= u, as a dense tableau. Its first solution is found once; each
// question for an extreme then starts from the solution of the last. Own code
// because gonum's has no upper bounds and cannot start from a known solution.
//
// A non-basic variable rests on one of its bounds. Columns beyond n are the
// artificial ones of the start, kept because the multipliers of the rows can be
// read off them.
type simplex struct {
	n, m  int
	t     [][]float64
	u, x  []float64
	upper []bool // non-basic variable j rests on its upper bound
	basic []bool
	row   []int // basic variable of each row
	sign  []float64
	cost  []float64 // reduced costs of the current question
	low   []float64 // least value of each variable in any solution visited
	high  []float64
	left  *int
	bland bool // take the first of equals everywhere, which cannot cycle

	ok       bool // it could be finished within the work allowed
	feasible bool
}

const (
	pivotEps   = 1e-9
	tie        = 1e-10 // steps closer than this are equal
	steepest   = 300   // pivots by steepest cost, before Bland's rule (which cannot cycle)
	maxPivots  = 4000  // for one question
	feasibleBy = 1e-6
)

func newSimplex(rows [][]float64, b, u []float64, left *int) *simplex {
	m, n := len(rows), len(u)
	s := &simplex{n: n, m: m, left: left,
		u: make([]float64, n+m), x: make([]float64, n+m),
		upper: make([]bool, n+m), basic: make([]bool, n+m),
		row: make([]int, m), sign: make([]float64, m), cost: make([]float64, n+m),
		low: make([]float64, n), high: make([]float64, n),
	}
	copy(s.u, u)
	for i, r := range rows {
		s.sign[i] = 1
		if b[i] < 0 {
			s.sign[i] = -1
		}
		line := make([]float64, n+m)
		for j, a := range r {
			line[j] = s.sign[i] * a
		}
		line[n+i] = 1
		s.t = append(s.t, line)
		s.u[n+i] = math.Inf(1)
		s.x[n+i] = math.Abs(b[i])
		s.row[i], s.basic[n+i] = n+i, true
	}
	s.firstSolution()
	return s
}

// firstSolution drives the artificial variables to zero and locks them there.
func (s *simplex) firstSolution() {
	c := make([]float64, s.n+s.m)
	for j := s.n; j < s.n+s.m; j++ {
		c[j] = 1
	}
	s.ok = s.minimise(c, nil)
	sum := 0.0
	for j := s.n; j < s.n+s.m; j++ {
		sum += math.Abs(s.x[j])
		s.u[j] = 0
	}
	s.feasible = sum < feasibleBy
	copy(s.low, s.x)
	copy(s.high, s.x)
}

// seen returns the least and greatest value of j in the solutions visited.
func (s *simplex) seen(j int) (least, most float64) { return s.low[j], s.high[j] }

// extreme returns the least (sense 1) or greatest (sense -1) value of variable
// j. With enough above zero it may stop early, once the values seen of j are
// that far apart. It reports false when the work ran out.
func (s *simplex) extreme(j int, sense, enough float64) (float64, bool) {
	c := make([]float64, s.n+s.m)
	c[j] = sense
	stop := func() bool { return enough > 0 && s.high[j]-s.low[j] >= enough }
	if !s.minimise(c, stop) {
		return 0, false
	}
	if math.IsInf(s.x[j], 0) || !s.holds() {
		return 0, false
	}
	return s.x[j], true
}

// holds verifies that the numbers have not drifted: every variable is within
// its bounds.
func (s *simplex) holds() bool {
	for _, j := range s.row {
		if s.x[j] < -feasibleBy || s.x[j] > s.u[j]+feasibleBy {
			return false
		}
	}
	return true
}

// weights reads the multipliers of the rows, which prove the last extreme, off
// the columns of the artificial variables.
func (s *simplex) weights(rels []int) []Weighted {
	var out []Weighted
	for i := range s.m {
		if w := -s.cost[s.n+i] * s.sign[i]; math.Abs(w) > pivotEps {
			out = append(out, Weighted{rels[i], w})
		}
	}
	return out
}

// minimise moves from solution to solution while c*x falls. After the first
// solution every one visited is feasible and widens low and high. It reports
// false when the work ran out or nothing stops the fall.
func (s *simplex) minimise(c []float64, stop func() bool) bool {
	s.price(c)
	s.bland = false
	for pivots := 0; pivots < maxPivots; pivots++ {
		if *s.left <= 0 {
			return false
		}
		s.bland = pivots > steepest
		j := s.enter()
		if j < 0 {
			return true
		}
		if !s.move(j) {
			return false
		}
		if stop != nil {
			s.visit()
			if stop() {
				return true
			}
		}
	}
	return false
}

// price computes the reduced costs of c for the present basis.
func (s *simplex) price(c []float64) {
	copy(s.cost, c)
	for i, b := range s.row {
		if c[b] == 0 {
			continue
		}
		for j, a := range s.t[i] {
			s.cost[j] -= c[b] * a
		}
	}
	*s.left -= s.m + s.n
}

// enter picks a variable whose move lowers the cost, -1 when none does.
func (s *simplex) enter() int {
	best, pick := pivotEps, -1
	for j := range s.n {
		if s.basic[j] || s.u[j] == 0 {
			continue
		}
		gain := -s.cost[j]
		if s.upper[j] {
			gain = s.cost[j]
		}
		if gain > best {
			pick = j
			if s.bland {
				return j
			}
			best = gain
		}
	}
	*s.left -= s.n
	return pick
}

// move sends variable j from its bound as far as the others allow, and pivots.
// It reports false when nothing limits it.
func (s *simplex) move(j int) bool {
	dir := 1.0
	if s.upper[j] {
		dir = -1
	}
	step, leave, atUpper := s.ratio(j, dir)
	if math.IsInf(step, 1) {
		return false
	}
	for i, b := range s.row {
		if a := s.t[i][j]; a != 0 {
			s.x[b] -= a * dir * step
		}
	}
	s.x[j] += dir * step
	if leave < 0 { // to its own other bound
		s.upper[j] = !s.upper[j]
		s.x[j] = 0
		if s.upper[j] {
			s.x[j] = s.u[j]
		}
		return true
	}
	out := s.row[leave]
	s.basic[out], s.upper[out] = false, atUpper
	s.x[out] = 0
	if atUpper {
		s.x[out] = s.u[out]
	}
	s.basic[j], s.upper[j], s.row[leave] = true, false, j
	s.pivot(leave, j)
	return true
}

// ratio finds how far j may move in direction dir, and which row stops it. Of
// equal steps the one with the largest pivot is taken, for steadiness.
func (s *simplex) ratio(j int, dir float64) (step float64, leave int, atUpper bool) {
	step, leave = s.u[j], -1
	size := 0.0
	for i, b := range s.row {
		a := s.t[i][j] * dir
		if math.Abs(a) <= pivotEps {
			continue
		}
		room, up := s.x[b]/a, false
		if a < 0 {
			room, up = (s.x[b]-s.u[b])/a, true
		}
		room = math.Max(room, 0)
		better := math.Abs(a) > size
		if s.bland && leave >= 0 {
			better = b < s.row[leave]
		}
		if room < step-tie || room <= step+tie && leave >= 0 && better {
			step, leave, atUpper, size = math.Min(step, room), i, up, math.Abs(a)
		}
	}
	*s.left -= s.m
	return step, leave, atUpper
}

func (s *simplex) pivot(r, j int) {
	line := s.t[r]
	f := 1 / line[j]
	for k := range line {
		line[k] *= f
	}
	line[j] = 1
	for i, other := range s.t {
		if i != r {
			s.eliminate(other, line, j)
		}
	}
	s.eliminate(s.cost, line, j)
}

func (s *simplex) eliminate(target, line []float64, j int) {
	f := target[j]
	if f == 0 {
		return
	}
	for k, v := range line {
		target[k] -= f * v
	}
	target[j] = 0
	*s.left -= len(line)
}

// visit notes the present solution.
func (s *simplex) visit() {
	for j := range s.n {
		s.low[j] = math.Min(s.low[j], s.x[j])
		s.high[j] = math.Max(s.high[j], s.x[j])
	}
}
