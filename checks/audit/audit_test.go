package audit_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"sallyport/checks/audit"
)

// made is a small table with totals of which the truth is known.
type made struct {
	*audit.Grid
	truth map[audit.Ref]float64
}

func shownCell(v float64, base int) audit.Cell {
	if base <= 1 {
		return audit.Cell{Kind: audit.Shown, Value: v, Range: audit.Known(v)}
	}
	half := math.Floor(float64(base) / 2)
	w := math.Round(v/float64(base)) * float64(base)
	return audit.Cell{Kind: audit.Shown, Value: w, Range: audit.Range{Lo: math.Max(0, w-half), Hi: w + half}}
}

// genTable makes rows x columns of counts with a total row and a total column,
// computed from the counts themselves. Some cells are hidden: the small ones,
// and perhaps others to protect them.
func genTable(t *rapid.T, base int) made {
	rows, cols := rapid.IntRange(2, 4).Draw(t, "rows"), rapid.IntRange(2, 3).Draw(t, "cols")
	m := made{&audit.Grid{Rows: rows + 1}, map[audit.Ref]float64{}}
	d := audit.Dimension{Name: "group"}
	for r := range rows {
		d.Values = append(d.Values, fmt.Sprintf("g%d", r))
	}
	d.Values = append(d.Values, "Total")
	m.Dimensions = []audit.Dimension{d}
	hidden := 0
	for c := range cols {
		x := audit.Measure{Name: fmt.Sprintf("n%d", c), Base: base}
		sum := 0.0
		for r := range rows {
			v := float64(rapid.IntRange(8, 60).Draw(t, "v"))
			hide := false
			if hidden < 4 && rapid.IntRange(0, 3).Draw(t, "small") == 0 {
				v, hide = float64(rapid.IntRange(1, 7).Draw(t, "few")), true
			} else if hidden < 4 && rapid.IntRange(0, 7).Draw(t, "protect") == 0 {
				hide = true
			}
			sum += v
			m.truth[audit.Ref{Measure: c, Row: r}] = v
			if hide {
				hidden++
				x.Cells = append(x.Cells, audit.Cell{Kind: audit.Hidden, Range: audit.Anything()})
			} else {
				x.Cells = append(x.Cells, shownCell(v, base))
			}
		}
		x.Cells = append(x.Cells, shownCell(sum, base))
		m.truth[audit.Ref{Measure: c, Row: rows}] = sum
		m.Measures = append(m.Measures, x)
	}
	total := audit.Measure{Name: "Total", Base: base, Total: audit.Firm}
	for r := range rows + 1 {
		sum := 0.0
		for c := range cols {
			sum += m.truth[audit.Ref{Measure: c, Row: r}]
		}
		m.truth[audit.Ref{Measure: cols, Row: r}] = sum
		total.Cells = append(total.Cells, shownCell(sum, base))
	}
	m.Measures = append(m.Measures, total)
	return m
}

func (m made) cell(r audit.Ref) audit.Cell { return m.Measures[r.Measure].Cells[r.Row] }

// enumerate lists what each hidden cell can be under the sums, by trying all
// values of all hidden cells within lo..hi. A sum holds when the gap it leaves
// lies within what rounding allows (each rounded cell counted in every sum by
// itself, which can only allow more).
func (m made) enumerate(sums []audit.Checked, lo, hi float64) map[audit.Ref]audit.Range {
	var cells []audit.Ref
	at := map[audit.Ref]int{}
	for _, s := range sums {
		for _, h := range s.Hidden {
			if _, ok := at[h]; !ok {
				at[h] = len(cells)
				cells = append(cells, h)
			}
		}
	}
	out := map[audit.Ref]audit.Range{}
	x := make([]float64, len(cells))
	var walk func(int)
	walk = func(i int) {
		if i < len(x) {
			for x[i] = lo; x[i] <= hi; x[i]++ {
				walk(i + 1)
			}
			return
		}
		for _, s := range sums {
			sum := 0.0
			for _, h := range s.Hidden {
				sum += x[at[h]]
			}
			if sum < s.Slack.Lo || sum > s.Slack.Hi {
				return
			}
		}
		for j, c := range cells {
			r, ok := out[c]
			if !ok {
				r = audit.Known(x[j])
			}
			out[c] = audit.Range{Lo: math.Min(r.Lo, x[j]), Hi: math.Max(r.Hi, x[j])}
		}
	}
	walk(0)
	return out
}

var options = audit.Options{Threshold: 7, Narrow: 4}

// Whatever a patient attacker who tries all values pins down by the sums that
// the audit believes, the audit must find too, and to the same value.
func TestAuditFindsWhatTryingEverythingFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genTable(t, 1)
		rep := audit.Audit(m.Grid, options)
		got := map[audit.Ref]audit.Finding{}
		for _, f := range rep.Findings {
			got[f.Cell] = f
		}
		// Within 1..7: what is pinned there is pinned by the rule at least. (If a
		// larger cell is hidden too, there may be no solution at all.)
		for cell, r := range m.enumerate(rep.Sums, 1, 7) {
			f, found := got[cell]
			if r.Fixed() && !(found && f.Range == r) {
				t.Fatalf("%v can only be %v, the audit says %+v (found %v); sums %+v", cell, r.Lo, f, found, rep.Sums)
			}
		}
	})
}

// The truth is always among what the audit leaves possible, rounded or not.
func TestAuditNeverExcludesTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genTable(t, rapid.SampledFrom([]int{1, 1, 3, 5}).Draw(t, "base"))
		ruled := true // only counts of 1..7 are hidden, as the second attacker assumes
		for r, v := range m.truth {
			ruled = ruled && (m.cell(r).Kind == audit.Shown || v <= 7)
		}
		for _, f := range audit.Audit(m.Grid, options).Findings {
			v := m.truth[f.Cell]
			if f.Policy && !ruled {
				continue
			}
			if v < f.Range.Lo || v > f.Range.Hi {
				t.Fatalf("%v is %v, yet the audit says %+v", f.Cell, v, f)
			}
		}
	})
}

// Totals added up again from what is shown must not raise anything.
func TestAuditOfTotalsAddedUpAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genTable(t, rapid.SampledFrom([]int{1, 5}).Draw(t, "base"))
		last, n := m.Rows-1, len(m.Measures)-1
		sum := func(r, c int) float64 {
			if x := m.cell(audit.Ref{Measure: c, Row: r}); x.Kind == audit.Shown {
				return x.Value
			}
			return 0
		}
		for c := range n {
			total := 0.0
			for r := range last {
				total += sum(r, c)
			}
			m.Measures[c].Cells[last] = shownCell(total, m.Measures[c].Base)
		}
		for r := range m.Rows {
			total := 0.0
			for c := range n {
				total += sum(r, c)
			}
			m.Measures[n].Cells[r] = shownCell(total, m.Measures[n].Base)
		}
		if rep := audit.Audit(m.Grid, options); len(rep.Findings)+len(rep.Stale)+len(rep.Groups) > 0 {
			t.Fatalf("%+v\n%+v", m.Grid, rep)
		}
	})
}
