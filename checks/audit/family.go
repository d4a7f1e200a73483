package audit

import (
	"math"
	"slices"
)

// Kind is a way in which counts add up.
type Kind string

const (
	RowTotal    Kind = "row-total"    // a row labelled as a total of other rows
	ColumnTotal Kind = "column-total" // a column that adds up others
	CommonTotal Kind = "common-total" // several variables split the same people
	OtherTable  Kind = "other-table"  // a total that another table shows
)

// Instance is one place where counts should add up: Total is the sum of Parts.
type Instance struct {
	Total Ref
	// Virtual is set for a total that no cell shows; Total is then meaningless.
	Virtual *Cell
	Parts   []Ref
}

// family is a set of instances that hold or fail together.
type family struct {
	Kind Kind
	Name string // for people: `the column "Total" and the 2 columns it adds up`
	list []Instance
	belief
}

// tally is one instance added up.
type tally struct {
	total  Cell
	shown  int     // parts shown
	sum    float64 // of the parts shown, as shown
	hidden []Ref
	blank  []Ref
	gap    float64 // total less sum, as shown
	slack  Range   // what the gap may truly be, given rounding
	other  bool    // a part is no count
}

func (g *Grid) at(r Ref) *Cell { return &g.Measures[r.Measure].Cells[r.Row] }

func (g *Grid) tally(in *Instance) tally {
	var t tally
	t.total = g.total(in)
	t.slack = t.total.Range
	for _, p := range in.Parts {
		switch c := g.at(p); c.Kind {
		case Shown:
			t.shown++
			t.sum += c.Value
			t.slack.Lo -= c.Range.Hi
			t.slack.Hi -= c.Range.Lo
		case Hidden:
			t.hidden = append(t.hidden, p)
		case Blank:
			t.blank = append(t.blank, p)
		default:
			t.other = true
		}
	}
	t.gap = t.total.Value - t.sum
	return t
}

func (g *Grid) total(in *Instance) Cell {
	if in.Virtual != nil {
		return *in.Virtual
	}
	return *g.at(in.Total)
}

func (t *tally) usable() bool   { return t.total.Kind == Shown && !t.other && t.shown > 0 }
func (t *tally) complete() bool { return len(t.hidden)+len(t.blank) == 0 }

// holds: a complete instance adds up, within rounding.
func (t *tally) holds() bool { return t.slack.Lo <= 0 && t.slack.Hi >= 0 }

// fits: the gap is what 1..T people in each hidden cell would leave.
func (t *tally) fits(threshold int) bool {
	most := float64(threshold * (len(t.hidden) + len(t.blank)))
	return t.gap > 0 && t.slack.Lo <= most && t.slack.Hi >= math.Max(1, float64(len(t.hidden)))
}

// impossible: the parts shown are more than the total.
func (t *tally) impossible() bool { return t.slack.Hi < 0 }

// scale is the size of the numbers that agree.
func (t *tally) scale() float64 { return math.Max(math.Max(t.total.Value, t.sum), 1) }

// belief is what is thought of a family of instances.
type belief struct {
	ok      bool
	holds   int     // complete instances that add up
	fails   int     // that do not, or exceed their total
	fits    int     // instances with a gap that hidden small counts explain
	odds    float64 // chance of so much agreement among unrelated numbers, at most
	derived bool    // totals are sums of the cells as shown
}

// The chance of agreement below which a family is believed, by how firmly it is
// labelled. A row called Total is nearly always one; a column found to be the
// sum of others among thousands of candidates must be beyond doubt.
const (
	firmOdds  = 0.5
	looseOdds = 0.05
	noOdds    = 1e-6
)

func (l Label) odds() float64 {
	switch l {
	case Firm:
		return firmOdds
	case Loose:
		return looseOdds
	}
	return noOdds
}

// believe weighs the instances: each that adds up, or leaves just the gap that
// hidden small counts would, is evidence in the measure in which numbers of
// that size seldom do by chance.
func (g *Grid) believe(list []Instance, l Label, threshold int) belief {
	b := belief{odds: 1}
	log, zero, allZero := 0.0, 0, 0.0
	seen := map[[2]float64]bool{} // the same sum again is no further evidence
	for i := range list {
		t := g.tally(&list[i])
		if !t.usable() {
			continue
		}
		width := t.slack.Width()
		again := seen[[2]float64{t.total.Value, t.sum}]
		seen[[2]float64{t.total.Value, t.sum}] = true
		switch {
		case t.complete() && t.shown < 2:
			continue
		case t.complete() && t.holds():
			b.holds++
			if t.gap == 0 {
				zero++
			}
			if !again {
				log += math.Min(0, math.Log((width+1)/t.scale()))
				allZero += math.Log(g.zeroByChance(&list[i]))
			}
		case t.complete(), t.impossible():
			b.fails++
		case t.fits(threshold):
			b.fits++
			if !again {
				window := width + float64(threshold*(len(t.hidden)+len(t.blank)))
				log += math.Min(0, math.Log(window/t.scale()))
			}
		}
	}
	b.odds = math.Exp(math.Max(log, -200))
	b.derived = zero > 0 && float64(zero) >= 0.95*float64(b.holds) && allZero < math.Log(0.05)
	right := b.holds + b.fits
	b.ok = right > 0 && float64(b.fails) <= 0.2*float64(right+b.fails) && b.odds <= l.odds()
	return b
}

// zeroByChance is how likely a total that was rounded by itself equals the sum
// of its rounded parts: the errors of all must cancel.
func (g *Grid) zeroByChance(in *Instance) float64 {
	base := 0.0
	for _, p := range in.Parts[:min(len(in.Parts), 20)] {
		base = math.Max(base, float64(g.Measures[p.Measure].Base))
	}
	if base <= 1 {
		return 1 // exact counts add up whether recomputed or not
	}
	deviation := math.Sqrt(float64(len(in.Parts)+1) / 12)
	return math.Min(0.95, 1/(deviation*math.Sqrt(2*math.Pi)))
}

// parts turns rows of one measure into refs.
func parts(measure int, rows []int) []Ref {
	out := make([]Ref, len(rows))
	for i, r := range rows {
		out[i] = Ref{measure, r}
	}
	return out
}

// hasGap says whether any cell of the rows is not shown in the measure.
func (g *Grid) hasGap(m int, rows []int) bool {
	return slices.ContainsFunc(rows, func(r int) bool {
		k := g.Measures[m].Cells[r].Kind
		return k == Hidden || k == Blank
	})
}

// gaps says of each measure whether any of its cells is not shown.
func (g *Grid) gaps() []bool {
	out := make([]bool, len(g.Measures))
	for m := range g.Measures {
		out[m] = slices.ContainsFunc(g.Measures[m].Cells, func(c Cell) bool { return c.Kind == Hidden || c.Kind == Blank })
	}
	return out
}
