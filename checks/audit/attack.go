package audit

import (
	"math"
	"slices"
)

// Options of an audit.
type Options struct {
	Threshold int // counts 1..Threshold must not be shown
	Narrow    int // a range narrower than this is too narrow
	Limits    Limits
	// Extra are sums that something outside of the grid suggests, such as
	// another table.
	Extra []Extra
}

// Extra is a way in which counts of the grid may add up to totals given
// elsewhere. It is weighed as every other, and believed when at least three
// complete instances hold and the chance of that is at most Odds.
type Extra struct {
	Name      string
	Instances []Instance
	Odds      float64
}

// Finding is what became of one hidden cell.
type Finding struct {
	Cell    Ref
	Verdict Verdict
	// Policy is set when it takes knowing that hidden counts are 1..Threshold;
	// otherwise what is shown is enough.
	Policy bool
	Range  Range
	// Used are the sums it follows from, as indexes of Report.Sums, the
	// nearest first.
	Used []int
}

// Checked is one sum that the grid is believed to hold, with cells missing.
type Checked struct {
	Kind     Kind
	Family   string // for people
	Instance Instance
	Total    Cell
	Shown    int
	Sum      float64 // of the parts shown
	Gap      float64 // total less sum, as shown
	Slack    Range   // what the gap may truly be, given rounding
	Hidden   []Ref   // parts not shown, blank ones included
	Holds    int     // complete instances of its family that add up
	Fails    int     // and that do not
	Odds     float64 // chance of such agreement among unrelated numbers, at most
	// Derived: the family's totals are sums of the rounded cells as shown, so
	// that they say nothing of the counts before rounding.
	Derived bool
	// Fits: the gap is what 1..Threshold in each hidden cell would leave.
	Fits bool
}

// Report is the outcome of an audit.
type Report struct {
	Sums     []Checked
	Findings []Finding
	// Groups are sums whose hidden cells together are exactly 1..Threshold.
	Groups []int
	// Stale are sums that give away that, and how much, they count of hidden
	// cells: totals not recomputed after redaction.
	Stale []int
	// Skipped counts hidden cells for which the interval audit was not run,
	// because the sums around them are too large a tangle.
	Skipped int
	// Conflicts counts sums that cannot all be right; each was then taken by
	// itself.
	Conflicts int
}

// Audit finds the sums in the grid and what they give away about hidden cells.
func Audit(g *Grid, o Options) *Report {
	rep := &Report{}
	if o.Limits.Enough == 0 {
		o.Limits.Enough = float64(o.Narrow)
	}
	missing := false
	for _, gap := range g.gaps() {
		missing = missing || gap
	}
	if !missing {
		return rep
	}
	g.check(rep, o)
	rep.attack(g, o)
	return rep
}

// check lists the believed sums that have something hidden, one for each total
// and kind: of rival explanations the most certain.
func (g *Grid) check(rep *Report, o Options) {
	type slot struct {
		kind Kind
		name string
		ref  Ref
	}
	threshold := o.Threshold
	taken := map[slot]bool{}
	for _, f := range append(g.families(threshold), g.extras(o)...) {
		for _, in := range f.list {
			t := g.tally(&in)
			if !t.usable() || t.complete() || t.gap == 0 || t.impossible() {
				continue
			}
			s := slot{kind: f.Kind, ref: in.Total}
			if in.Virtual != nil {
				s.ref = in.Parts[0]
			}
			if f.Kind == OtherTable {
				s.name = f.Name
			}
			if taken[s] {
				continue
			}
			taken[s] = true
			rep.Sums = append(rep.Sums, Checked{
				Kind: f.Kind, Family: f.Name, Instance: in,
				Total: t.total, Shown: t.shown, Sum: t.sum, Gap: t.gap, Slack: t.slack,
				Hidden: append(t.hidden, t.blank...),
				Holds:  f.holds, Fails: f.fails, Odds: f.odds, Derived: f.derived, Fits: t.fits(threshold),
			})
		}
	}
	for i, s := range rep.Sums {
		if s.Gap > 0 && s.Fits {
			rep.Stale = append(rep.Stale, i)
		}
		if len(s.Hidden) > 1 && s.Slack.Fixed() && s.Gap >= 1 && s.Gap <= float64(threshold) {
			rep.Groups = append(rep.Groups, i)
		}
	}
}

// attack asks what an outsider can infer, first from what is shown alone, then
// knowing the redaction rule too.
func (r *Report) attack(g *Grid, o Options) {
	sys := newSystem(g, r.Sums)
	if len(sys.cells) == 0 {
		return
	}
	all := seq(len(sys.cells))
	policy := Solve(sys.policy(g, o.Threshold), sys.rels, all, o.Limits)
	// A cell that even the rule leaves wide is wide without it.
	open := slices.DeleteFunc(all, func(v int) bool { return policy.State[v] == Enough && sys.subset(g, v) })
	structure := Solve(sys.structure(g), sys.rels, open, o.Limits)
	if sys.anyContradiction(structure) {
		// A written limit such as "<8" that cannot be true is only a mark.
		structure = Solve(sys.unmarked(g, structure), sys.rels, open, o.Limits)
	}
	r.Skipped = structure.Skipped
	var lone map[int]lonely
	if sys.anyContradiction(structure) {
		lone = r.alone(sys, structure)
	}
	for v, ref := range sys.cells {
		blank := g.at(ref).Kind == Blank
		f, ok := judge(structure, v, sys.start[v], o)
		if x, single := lone[v]; single {
			f, ok = Finding{Verdict: Judge(x.Range, o.Threshold, o.Narrow), Range: x.Range, Used: []int{x.sum}}, true
		}
		if p, better := judge(policy, v, sys.known[v], o); better && (p.Verdict == Exact && f.Verdict != Exact || p.Verdict == Narrow && f.Verdict != Exact && f.Verdict != Narrow) {
			f, ok = p, true
			f.Policy = true
		}
		if !ok || f.Verdict == Protected || blank && (f.Verdict == KnownLarge || f.Verdict == KnownZero) {
			continue
		}
		f.Cell = ref
		r.Findings = append(r.Findings, f)
	}
}

// judge gives the verdict on variable v, ok only when the sums told something.
func judge(s *Solution, v int, before Range, o Options) (Finding, bool) {
	x := s.Range[v]
	if s.State[v] == Contradiction || x == before {
		return Finding{}, false
	}
	f := Finding{Verdict: Judge(x, o.Threshold, o.Narrow), Range: x}
	if f.Verdict == Protected {
		return f, true
	}
	for _, w := range s.Why(v) {
		f.Used = append(f.Used, w.Relation)
	}
	return f, true
}

// lonely is what one sum by itself gives.
type lonely struct {
	Range
	sum int
}

// alone takes each sum by itself where all together contradict: what one total
// gives away is given away, whatever others say. Of several the first counts,
// the most certain.
func (r *Report) alone(sys *system, s *Solution) map[int]lonely {
	out := map[int]lonely{}
	for k := range r.Sums {
		c := &r.Sums[k]
		touched := false
		for _, t := range sys.rels[k].Terms {
			touched = touched || s.State[t.Var] == Contradiction
		}
		if !touched {
			continue
		}
		r.Conflicts++
		if len(c.Hidden) != 1 || !c.Fits || c.Derived {
			continue
		}
		v := int(*sys.at(c.Hidden[0])) - 1
		if _, ok := out[v]; !ok {
			out[v] = lonely{Range{math.Max(0, c.Slack.Lo), c.Slack.Hi}, k}
		}
	}
	return out
}

// system is the sums as variables and relations.
type system struct {
	cells []Ref   // hidden and blank cells: the targets, variables 0..
	index []int32 // variable of each cell of the grid plus 1, 0 where it has none
	width int     // rows of the grid
	vars  []Range
	rels  []Relation // one per sum
	start []Range    // of the targets, as written
	known []Range    // of the targets, knowing the rule
}

// newSystem makes a variable of each hidden cell, and of each rounded one that
// occurs in several sums; a rounded cell of one sum only widens it.
func newSystem(g *Grid, sums []Checked) *system {
	s := &system{index: make([]int32, g.Rows*len(g.Measures)), width: g.Rows}
	uses := make([]uint8, len(s.index))
	for i := range sums {
		if sums[i].Derived {
			continue
		}
		for _, p := range sums[i].Hidden {
			if at := s.at(p); *at == 0 {
				s.cells = append(s.cells, p)
				s.vars = append(s.vars, Anything())
				*at = int32(len(s.vars))
			}
		}
		if len(sums) == 1 {
			continue
		}
		sums[i].Instance.each(func(p Ref, _ float64) {
			if k := p.Measure*s.width + p.Row; uses[k] < 2 {
				uses[k]++
			}
		})
	}
	for i := range sums {
		s.rels = append(s.rels, s.relation(g, &sums[i], uses))
	}
	return s
}

func (s *system) at(p Ref) *int32 { return &s.index[p.Measure*s.width+p.Row] }

// each visits the cells of an instance with their coefficients.
func (in *Instance) each(f func(Ref, float64)) {
	if in.Virtual == nil {
		f(in.Total, 1)
	}
	for _, p := range in.Parts {
		f(p, -1)
	}
}

// relation is total - parts = 0 over the variables, the rest taken to the right.
func (s *system) relation(g *Grid, c *Checked, uses []uint8) Relation {
	var rel Relation
	if c.Derived {
		return rel
	}
	slack := Range{}
	add := func(x Range, coef float64) {
		a, b := scale(x, coef)
		slack.Lo += a
		slack.Hi += b
	}
	if c.Instance.Virtual != nil {
		add(c.Instance.Virtual.Range, 1)
	}
	c.Instance.each(func(p Ref, coef float64) {
		cell, at := g.at(p), s.at(p)
		switch {
		case *at > 0:
		case cell.Kind == Shown && !cell.Range.Fixed() && uses[p.Measure*s.width+p.Row] > 1:
			s.vars = append(s.vars, cell.Range)
			*at = int32(len(s.vars))
		default:
			add(cell.Range, coef)
			return
		}
		rel.Terms = append(rel.Terms, Term{int(*at) - 1, coef})
	})
	rel.RHS = -slack.Lo
	if !slack.Fixed() {
		rel.Terms = append(rel.Terms, Term{len(s.vars), 1})
		s.vars = append(s.vars, Range{0, slack.Width()})
	}
	return rel
}

// structure: a hidden cell is what its mark says, or anything.
func (s *system) structure(g *Grid) []Range {
	out := append([]Range(nil), s.vars...)
	for v, ref := range s.cells {
		if c := g.at(ref); c.Kind == Hidden {
			out[v] = c.Range
		}
	}
	s.start = out[:len(s.cells)]
	return out
}

// unmarked is structure without the marks that led to a contradiction.
func (s *system) unmarked(g *Grid, failed *Solution) []Range {
	out := s.structure(g)
	for v := range s.cells {
		if failed.State[v] == Contradiction {
			out[v] = Anything()
		}
	}
	return out
}

// policy: a hidden cell is 1..threshold as well, a blank one may also be none.
func (s *system) policy(g *Grid, threshold int) []Range {
	out := append([]Range(nil), s.vars...)
	for v, ref := range s.cells {
		rule, c := Range{1, float64(threshold)}, g.at(ref)
		if c.Kind == Blank {
			rule.Lo = 0
		} else if both := rule.Intersect(c.Range); !both.Empty() {
			rule = both
		}
		out[v] = rule
	}
	s.known = out[:len(s.cells)]
	return out
}

// subset says that what the rule allows for cell v is among what is written.
func (s *system) subset(g *Grid, v int) bool {
	c := g.at(s.cells[v])
	return c.Kind == Blank || s.known[v].Intersect(c.Range) == s.known[v]
}

func (s *system) anyContradiction(sol *Solution) bool {
	for v := range s.cells {
		if sol.State[v] == Contradiction {
			return true
		}
	}
	return false
}
