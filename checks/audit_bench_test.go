package checks

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"sallyport/checks/table"
	"sallyport/policy"
)

// wideTable is rows x cols counts with a total row and column, some cells
// redacted and, with base above 1, rounded before.
func wideTable(rows, cols, redacted, base int, rates bool) *table.Table {
	r := rand.New(rand.NewPCG(7, 7))
	hide := map[int]bool{}
	for len(hide) < redacted {
		hide[r.IntN(rows*cols)] = true
	}
	round := func(n int) int { return (n + base/2) / base * base }
	var b bytes.Buffer
	fmt.Fprint(&b, "region,week")
	for c := range cols {
		fmt.Fprintf(&b, ",n_events_%c%d", 'a'+c%26, c)
		if rates && c%5 == 4 {
			fmt.Fprintf(&b, ",rate_%d", c)
		}
	}
	fmt.Fprint(&b, ",Total\n")
	sums := make([]int, cols+1)
	for i := range rows {
		fmt.Fprintf(&b, "R%d,2021-%02d-%02d", i/400, 1+i/28%12, 1+i%28)
		total := 0
		for c := range cols {
			n := 8 + r.IntN(2000)
			cell := fmt.Sprint(round(n))
			if hide[i*cols+c] {
				n = 1 + r.IntN(7)
				cell = "[REDACTED]"
			}
			total += n
			sums[c] += n
			fmt.Fprint(&b, ",", cell)
			if rates && c%5 == 4 {
				fmt.Fprintf(&b, ",%.6f", float64(n)/float64(1000+i+c))
			}
		}
		sums[cols] += total
		fmt.Fprintf(&b, ",%d\n", round(total))
	}
	fmt.Fprint(&b, "Total,")
	for c, s := range sums {
		fmt.Fprint(&b, ",", round(s))
		if rates && c%5 == 4 && c < cols {
			fmt.Fprint(&b, ",")
		}
	}
	fmt.Fprintln(&b)
	src, _, err := table.ReadCSV(b.Bytes())
	if err != nil {
		panic(err)
	}
	return table.Understand(src)
}

func BenchmarkAudit(b *testing.B) {
	p := policy.Default()
	for _, c := range []struct{ rows, cols, redacted, base int }{{200, 10, 40, 1}, {5000, 20, 300, 1}, {5000, 100, 1200, 1}, {5000, 100, 1200, 5}, {400, 60, 6887, 1}} {
		t := wideTable(c.rows, c.cols, c.redacted, c.base, false)
		b.Run(fmt.Sprintf("%dx%d/redacted=%d/base=%d", c.rows, c.cols, c.redacted, c.base), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				skipped := 0
				for _, g := range auditTables([]*table.Table{t}, nil, p) {
					skipped += g.rep.Skipped
				}
				b.ReportMetric(float64(skipped), "skipped")
			}
		})
	}
}

func BenchmarkRates(b *testing.B) {
	for _, c := range []struct{ rows, cols int }{{200, 10}, {5000, 20}, {5000, 80}} {
		t := wideTable(c.rows, c.cols, 40, 1, true)
		b.Run(fmt.Sprintf("%dx%d", c.rows, c.cols), func(b *testing.B) {
			for b.Loop() {
				rateTriples(t, 7)
			}
		})
	}
}
