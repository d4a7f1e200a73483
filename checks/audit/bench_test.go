package audit_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"sallyport/checks/audit"
)

// twoWay is a table of rows x cols counts with all row and column totals, of
// which some cells are hidden: the hardest ordinary case, since every relation
// crosses every other.
func twoWay(rows, cols, hidden int, width float64) (vars []audit.Range, rels []audit.Relation, targets []int) {
	r := rand.New(rand.NewPCG(1, 2))
	value := make([]float64, rows*cols)
	for i := range value {
		value[i] = float64(10 + r.IntN(500))
	}
	for range hidden {
		value[r.IntN(len(value))] = float64(1 + r.IntN(7))
	}
	sum := make([]float64, rows+cols)
	parts := make([][]int, rows+cols)
	for i, v := range value {
		row, col := i/cols, rows+i%cols
		x := audit.Range{Lo: max(0, v-width), Hi: v + width}
		if v <= 7 {
			x = audit.Anything()
			targets = append(targets, i)
		}
		vars = append(vars, x)
		for _, k := range []int{row, col} {
			sum[k] += v
			parts[k] = append(parts[k], i)
		}
	}
	for k, total := range sum {
		rel := audit.Sum(len(vars), parts[k])
		vars = append(vars, audit.Known(total))
		rels = append(rels, rel)
	}
	return vars, rels, targets
}

func BenchmarkSolve(b *testing.B) {
	for _, c := range []struct {
		rows, cols, hidden int
		width              float64
	}{{30, 10, 40, 0}, {30, 10, 40, 2}, {100, 20, 300, 0}, {5000, 20, 1200, 0}, {5000, 20, 1200, 2}} {
		vars, rels, targets := twoWay(c.rows, c.cols, c.hidden, c.width)
		b.Run(fmt.Sprintf("%dx%d/hidden=%d/width=%v", c.rows, c.cols, len(targets), 2*c.width), func(b *testing.B) {
			for b.Loop() {
				s := audit.Solve(vars, rels, targets, audit.Limits{Enough: 4})
				b.ReportMetric(float64(s.Skipped), "skipped")
				b.ReportMetric(float64(s.Work), "steps")
			}
		})
	}
}
