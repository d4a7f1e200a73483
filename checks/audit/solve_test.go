package audit_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sallyport/checks/audit"
)

func TestSolve(t *testing.T) {
	any := audit.Anything()
	known := audit.Known
	near := func(v float64) audit.Range { return audit.Range{Lo: math.Max(0, v-2), Hi: v + 2} }
	policy := audit.Range{Lo: 1, Hi: 7}

	for _, c := range []struct {
		name    string
		vars    []audit.Range
		rels    []audit.Relation
		targets []int
		want    []audit.Range
	}{
		{
			name:    "one hidden part of an exact total",
			vars:    []audit.Range{known(51), any, known(10), known(15), known(25)},
			rels:    []audit.Relation{audit.Sum(0, []int{1, 2, 3, 4})},
			targets: []int{1},
			want:    []audit.Range{known(1)},
		},
		{
			name:    "two hidden parts are told only by their sum",
			vars:    []audit.Range{known(123), known(120), any, any},
			rels:    []audit.Relation{audit.Sum(0, []int{1, 2, 3})},
			targets: []int{2, 3},
			want:    []audit.Range{{Lo: 0, Hi: 3}, {Lo: 0, Hi: 3}},
		},
		{
			name:    "the same, knowing that both are 1..7",
			vars:    []audit.Range{known(123), known(120), policy, policy},
			rels:    []audit.Relation{audit.Sum(0, []int{1, 2, 3})},
			targets: []int{2, 3},
			want:    []audit.Range{{Lo: 1, Hi: 2}, {Lo: 1, Hi: 2}},
		},
		{
			name:    "rounded to 5: 100 + hidden = 110, knowing 1..7 and redaction first",
			vars:    []audit.Range{near(110), near(100), policy},
			rels:    []audit.Relation{audit.Sum(0, []int{1, 2})},
			targets: []int{2},
			want:    []audit.Range{{Lo: 6, Hi: 7}},
		},
		{
			// Every relation has two gaps; only all of them together give the
			// answer.
			name:    "a cycle that propagation alone leaves open",
			vars:    []audit.Range{any, any, any, any, any, any},
			rels:    cycle(),
			targets: []int{0, 1, 2, 3, 4, 5},
			want:    []audit.Range{known(3), known(6), known(5), known(4), known(2), known(9)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := audit.Solve(c.vars, c.rels, c.targets, audit.Limits{})
			var got []audit.Range
			for _, v := range c.targets {
				got = append(got, s.Range[v])
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ranges (-want +got):\n%s", diff)
			}
		})
	}
}

func cycle() []audit.Relation {
	pair := func(a, b int, sum float64) audit.Relation {
		return audit.Relation{Terms: []audit.Term{{Var: a, Coef: 1}, {Var: b, Coef: 1}}, RHS: sum}
	}
	return []audit.Relation{pair(0, 1, 9), pair(2, 3, 9), pair(4, 5, 11), pair(0, 2, 8), pair(3, 4, 6), pair(1, 4, 8)}
}

// A tangle too large for a linear program is left to algebra, which still finds
// what equalities alone determine, and says of the rest that it was not run.
func TestSolveTooLarge(t *testing.T) {
	vars := make([]audit.Range, 8)
	for i := range vars {
		vars[i] = audit.Anything()
	}
	rels := append(cycle(),
		audit.Relation{Terms: []audit.Term{{Var: 0, Coef: 1}, {Var: 6, Coef: 1}, {Var: 7, Coef: 1}}, RHS: 10})
	got := audit.Solve(vars, rels, all(8), audit.Limits{Vars: 2})
	want := []audit.Range{{Lo: 3, Hi: 3}, {Lo: 6, Hi: 6}, {Lo: 5, Hi: 5}, {Lo: 4, Hi: 4}, {Lo: 2, Hi: 2}, {Lo: 9, Hi: 9}}
	if diff := cmp.Diff(want, got.Range[:6]); diff != "" {
		t.Errorf("determined (-want +got):\n%s", diff)
	}
	if got.State[6] != audit.Outer || got.Skipped != 2 {
		t.Errorf("state of an undetermined cell %d, skipped %d; want Outer and 2", got.State[6], got.Skipped)
	}
	if len(got.Why(0)) == 0 {
		t.Error("no relations are named for a determined cell")
	}
}

// A contradiction in one place takes nothing away from another.
func TestSolveContradiction(t *testing.T) {
	vars := []audit.Range{audit.Known(10), audit.Known(20), audit.Anything(), audit.Known(9), audit.Known(5), audit.Anything()}
	rels := []audit.Relation{audit.Sum(0, []int{1, 2}), audit.Sum(3, []int{4, 5})}
	got := audit.Solve(vars, rels, []int{2, 5}, audit.Limits{})
	if got.State[2] != audit.Contradiction || got.Range[2] != audit.Anything() {
		t.Errorf("10 = 20 + x: state %d, range %v", got.State[2], got.Range[2])
	}
	if got.Range[5] != audit.Known(4) {
		t.Errorf("9 = 5 + x: %v", got.Range[5])
	}
}

func TestWhyNamesTheRelationsUsed(t *testing.T) {
	got := audit.Solve([]audit.Range{{Lo: 0, Hi: 9}, {Lo: 0, Hi: 9}, {Lo: 0, Hi: 9}, {Lo: 0, Hi: 9}, {Lo: 0, Hi: 9}, {Lo: 0, Hi: 9}},
		cycle(), []int{4}, audit.Limits{})
	if got.Range[4] != audit.Known(2) {
		t.Fatalf("range %v, want 2", got.Range[4])
	}
	named := map[int]bool{}
	for _, w := range got.Why(4) {
		named[w.Relation] = true
	}
	for _, k := range []int{0, 1, 3, 4, 5} { // all but the one with the sixth variable
		if !named[k] {
			t.Errorf("relation %d is not named: %v", k, got.Why(4))
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		r    audit.Range
		want audit.Verdict
	}{
		{audit.Known(1), audit.Exact},
		{audit.Known(7), audit.Exact},
		{audit.Known(8), audit.KnownLarge},
		{audit.Known(0), audit.KnownZero},
		{audit.Range{Lo: 1, Hi: 2}, audit.Narrow},
		{audit.Range{Lo: 6, Hi: 9}, audit.Narrow},
		{audit.Range{Lo: 8, Hi: 9}, audit.Protected},
		{audit.Range{Lo: 1, Hi: 5}, audit.Protected},
		{audit.Anything(), audit.Protected},
		{audit.Range{Lo: 3, Hi: 2}, audit.Protected},
	} {
		if got := audit.Judge(c.r, 7, 4); got != c.want {
			t.Errorf("Judge(%v) = %q, want %q", c.r, got, c.want)
		}
	}
}

// system is a small random set of relations that has at least one solution,
// the truth.
type system struct {
	vars  []audit.Range
	rels  []audit.Relation
	truth []int
}

func genSystem(t *rapid.T, maxCoef int) system {
	n := rapid.IntRange(1, 6).Draw(t, "n")
	var s system
	for range n {
		x := rapid.IntRange(0, 6).Draw(t, "x")
		lo := rapid.IntRange(0, x).Draw(t, "lo")
		hi := rapid.IntRange(x, 7).Draw(t, "hi")
		s.truth = append(s.truth, x)
		s.vars = append(s.vars, audit.Range{Lo: float64(lo), Hi: float64(hi)})
	}
	for range rapid.IntRange(1, 5).Draw(t, "m") {
		var r audit.Relation
		for v := range n {
			c := rapid.IntRange(-maxCoef, maxCoef).Draw(t, "c")
			if c != 0 {
				r.Terms = append(r.Terms, audit.Term{Var: v, Coef: float64(c)})
				r.RHS += float64(c * s.truth[v])
			}
		}
		s.rels = append(s.rels, r)
	}
	return s
}

// brute lists the least and greatest value of each variable over all whole
// solutions.
func (s system) brute() []audit.Range {
	out := make([]audit.Range, len(s.vars))
	for i := range out {
		out[i] = audit.Range{Lo: math.Inf(1), Hi: math.Inf(-1)}
	}
	x := make([]float64, len(s.vars))
	var walk func(int)
	walk = func(i int) {
		if i < len(x) {
			for x[i] = s.vars[i].Lo; x[i] <= s.vars[i].Hi; x[i]++ {
				walk(i + 1)
			}
			return
		}
		for _, r := range s.rels {
			sum := 0.0
			for _, t := range r.Terms {
				sum += t.Coef * x[t.Var]
			}
			if sum != r.RHS {
				return
			}
		}
		for j, v := range x {
			out[j] = audit.Range{Lo: math.Min(out[j].Lo, v), Hi: math.Max(out[j].Hi, v)}
		}
	}
	walk(0)
	return out
}

// vertices computes the bounds of the linear program exactly, from all its
// corners: each variable rests on a bound or is solved for.
func (s system) vertices() []audit.Range {
	n := len(s.vars)
	out := make([]audit.Range, n)
	for i := range out {
		out[i] = audit.Range{Lo: math.Inf(1), Hi: math.Inf(-1)}
	}
	place := make([]int, n) // 0 lower, 1 upper, 2 solved for
	var walk func(int)
	walk = func(i int) {
		if i < n {
			for place[i] = 0; place[i] < 3; place[i]++ {
				walk(i + 1)
			}
			return
		}
		x, ok := s.corner(place)
		if !ok {
			return
		}
		for j, v := range x {
			f, _ := v.Float64()
			out[j] = audit.Range{Lo: math.Min(out[j].Lo, f), Hi: math.Max(out[j].Hi, f)}
		}
	}
	walk(0)
	for i := range out {
		out[i] = audit.Range{Lo: math.Ceil(out[i].Lo - 1e-9), Hi: math.Floor(out[i].Hi + 1e-9)}
	}
	return out
}

// corner solves for the variables placed 2, in rational numbers; false when
// they are not determined or out of bounds.
func (s system) corner(place []int) ([]*big.Rat, bool) {
	n := len(s.vars)
	rat := func(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }
	var rows [][]*big.Rat
	for _, r := range s.rels {
		row := make([]*big.Rat, n+1)
		for j := range row {
			row[j] = new(big.Rat)
		}
		row[n] = rat(r.RHS)
		for _, t := range r.Terms {
			switch place[t.Var] {
			case 2:
				row[t.Var] = rat(t.Coef)
			case 1:
				row[n].Sub(row[n], rat(t.Coef*s.vars[t.Var].Hi))
			default:
				row[n].Sub(row[n], rat(t.Coef*s.vars[t.Var].Lo))
			}
		}
		rows = append(rows, row)
	}
	x := make([]*big.Rat, n)
	used := 0
	for j := range n {
		if place[j] != 2 {
			continue
		}
		p := used
		for p < len(rows) && rows[p][j].Sign() == 0 {
			p++
		}
		if p == len(rows) {
			return nil, false
		}
		rows[used], rows[p] = rows[p], rows[used]
		for i := range rows {
			if i == used || rows[i][j].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(rows[i][j], rows[used][j])
			for k := range rows[i] {
				rows[i][k] = new(big.Rat).Sub(rows[i][k], new(big.Rat).Mul(f, rows[used][k]))
			}
		}
		used++
	}
	for _, r := range rows[used:] {
		if r[n].Sign() != 0 {
			return nil, false
		}
	}
	k := 0
	for j := range n {
		switch place[j] {
		case 0:
			x[j] = rat(s.vars[j].Lo)
		case 1:
			x[j] = rat(s.vars[j].Hi)
		default:
			x[j] = new(big.Rat).Quo(rows[k][n], rows[k][j])
			k++
			if x[j].Cmp(rat(s.vars[j].Lo)) < 0 || x[j].Cmp(rat(s.vars[j].Hi)) > 0 {
				return nil, false
			}
		}
	}
	return x, true
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// With coefficients of 1 and -1, as sums have them, every range must be exactly
// that of the linear program.
func TestSolveIsTheLinearProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSystem(t, 1)
		got := audit.Solve(s.vars, s.rels, all(len(s.vars)), audit.Limits{})
		if diff := cmp.Diff(s.vertices(), got.Range); diff != "" {
			t.Fatalf("%+v\n(-linear program +got):\n%s", s, diff)
		}
		for v, state := range got.State {
			if state != audit.Tight {
				t.Fatalf("variable %d: state %d, though nothing was cut short", v, state)
			}
		}
	})
}

// Whatever the coefficients, the limits and the way out taken, no whole
// solution may be excluded.
func TestSolveExcludesNoSolution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSystem(t, 3)
		lim := rapid.SampledFrom([]audit.Limits{
			{}, {Enough: 2}, {Work: 1}, {Work: 40}, {Work: 400}, {Vars: 1}, {Relations: 1},
		}).Draw(t, "limits")
		targets := rapid.SliceOfDistinct(rapid.IntRange(0, len(s.vars)-1), rapid.ID[int]).Draw(t, "targets")
		got := audit.Solve(s.vars, s.rels, targets, lim)
		want := s.brute()
		for v := range s.vars {
			if got.State[v] == audit.Contradiction {
				t.Fatalf("%+v has a solution, yet is called contradictory", s)
			}
			if got.Range[v].Lo > want[v].Lo || got.Range[v].Hi < want[v].Hi {
				t.Fatalf("%+v: variable %d may be %v, got %v", s, v, want[v], got.Range[v])
			}
		}
	})
}
