package audit

import "math"

// MaxCount bounds the counts that the audit reasons about. Sums of thousands of
// them are still whole numbers that float64 holds exactly. A larger number is
// not a count of people.
const MaxCount = 1e12

// Range is a closed range of whole numbers; Hi is +Inf where nothing limits it.
type Range struct{ Lo, Hi float64 }

// Known is the range of a number that is shown exactly.
func Known(v float64) Range { return Range{v, v} }

// Anything is the range of a count of which nothing is known.
func Anything() Range { return Range{0, math.Inf(1)} }

// Fixed says that only one value is left.
func (r Range) Fixed() bool { return r.Lo == r.Hi }

// Empty says that no value is left.
func (r Range) Empty() bool { return r.Lo > r.Hi }

// Width is the number of further values besides the lowest.
func (r Range) Width() float64 { return r.Hi - r.Lo }

// Intersect returns what both ranges allow, which may be empty.
func (r Range) Intersect(o Range) Range {
	return Range{math.Max(r.Lo, o.Lo), math.Min(r.Hi, o.Hi)}
}

// Term is one variable of a relation. Coef is a whole number other than 0.
type Term struct {
	Var  int
	Coef float64
}

// Relation states that the terms add up to RHS. No variable occurs twice.
type Relation struct {
	Terms []Term
	RHS   float64
}

// Sum is the relation "total is the sum of the parts".
func Sum(total int, parts []int) Relation {
	terms := make([]Term, 0, len(parts)+1)
	terms = append(terms, Term{total, 1})
	for _, p := range parts {
		terms = append(terms, Term{p, -1})
	}
	return Relation{Terms: terms}
}

// State says how much is known about a variable's range.
type State uint8

const (
	// Tight ranges are exactly those of the linear program (and of whole
	// numbers too, where the relations form no cycle or a two-way table).
	Tight State = iota
	// Enough: the range was found to be at least Limits.Enough wide, and was
	// not narrowed further.
	Enough
	// Outer ranges hold, but narrower ones might: the work was cut short.
	Outer
	// Contradiction: no whole numbers satisfy the relations around it. Its range
	// is the one it came with.
	Contradiction
)

// Limits bound the work of one Solve. The zero value stands for the defaults.
type Limits struct {
	Vars      int // free variables of one linear program; 400
	Relations int // its relations; 200
	Work      int // elementary steps of everything together, about a nanosecond each; 60 million
	// Enough, when above zero, is the width from which a range is of no more
	// interest: a linear program stops narrowing a target once two possible
	// solutions are that far apart.
	Enough float64
}

func (l Limits) orDefault() Limits {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.Vars, 400)
	set(&l.Relations, 200)
	set(&l.Work, 60_000_000)
	return l
}

// Weighted is a relation and how often it is taken in an argument.
type Weighted struct {
	Relation int
	Weight   float64
}

// Solution is what Solve found. All slices have one entry per variable.
type Solution struct {
	Range []Range
	State []State
	// Skipped counts the targets for which the linear program was not run.
	Skipped int
	// Work is the number of elementary steps taken.
	Work int

	why *reasons
}

// Why returns the relations from which the range of v follows, nearest first,
// each once. The weights are those of the linear program that found it, or 1.
func (s *Solution) Why(v int) []Weighted { return s.why.of(v) }
