package table

import (
	"strconv"
	"testing"
)

// Reading a column at once gives what reading its cells one by one does.
func TestColumnCounts(t *testing.T) {
	var cells []Cell
	for v := range 400 {
		cells = append(cells, Parse(strconv.Itoa(v)))
	}
	for _, s := range []string{"[REDACTED]", "<5", "10-15", "-3", "2.5", "", "12 (3%)", "3/40", "mean"} {
		cells = append(cells, Parse(s))
	}
	for _, scheme := range append(schemes[:], Scheme{}) {
		c := &Column{Cells: cells, Base: Base{State: Rounded, Scheme: scheme}}
		for _, redacted := range []int{0, 7, 100} {
			counts := c.Counts(redacted)
			for i := range cells {
				v, lo, hi, ok := counts(i)
				n, shown := cells[i].Count()
				if ok != shown || v != float64(n) {
					t.Fatalf("%v, cell %q: %v, %v; alone %v, %v", scheme, cells[i].Raw, v, ok, n, shown)
				}
				if !ok {
					continue
				}
				if l, h, _ := c.Interval(i, redacted); lo != l || hi != h {
					t.Fatalf("%v above %d, cell %q: %v to %v; alone %v to %v", scheme, redacted, cells[i].Raw, lo, hi, l, h)
				}
			}
		}
	}
}
