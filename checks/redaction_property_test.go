package checks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sallyport/checks"
	"sallyport/checks/checkstest"
	"sallyport/policy"
)

// releaseTable is a table of which the truth is known, as a researcher would
// write it.
type releaseTable struct {
	csv   string
	truth [][]int // by data row and count column
	first int     // index of the first count column
}

// genRelease draws counts by group and sex, redacts 1..7 and now and then a
// larger cell, rounds, and adds totals computed from the truth, from the rounded
// cells, or from what is left of them.
func genRelease(t *rapid.T) releaseTable {
	rows, cols := rapid.IntRange(3, 7).Draw(t, "rows"), rapid.IntRange(2, 4).Draw(t, "cols")
	base := rapid.SampledFrom([]int{1, 1, 5}).Draw(t, "base")
	how := rapid.SampledFrom([]string{"truth", "rounded", "left"}).Draw(t, "totals of")
	mark := rapid.SampledFrom([]string{"[REDACTED]", "*", "<8", "NA", ""}).Draw(t, "mark")
	round := func(n int) int { return (n + base/2) / base * base }
	out := releaseTable{first: 1}
	hidden := make([][]bool, rows)
	for r := range rows {
		hidden[r] = make([]bool, cols)
		line := make([]int, cols)
		for c := range cols {
			line[c] = rapid.IntRange(8, 900).Draw(t, "n")
			if rapid.IntRange(0, 5).Draw(t, "small") == 0 {
				line[c] = rapid.IntRange(1, 7).Draw(t, "few")
				hidden[r][c] = true
			}
		}
		out.truth = append(out.truth, line)
	}
	// add returns what a total of these cells counts of one of them.
	add := func(n int, hide bool) int {
		switch {
		case how == "truth":
			return n
		case how == "left" && hide:
			return 0
		}
		return round(n)
	}
	var b strings.Builder
	b.WriteString("region")
	names := []string{"n_female", "n_male", "n_other", "n_unknown"}
	for c := range cols {
		fmt.Fprintf(&b, ",%s", names[c])
	}
	b.WriteString(",total\n")
	sums := make([]int, cols+1)
	for r, line := range out.truth {
		fmt.Fprintf(&b, "Region %c", 'A'+r)
		total := 0
		for c, n := range line {
			total += add(n, hidden[r][c])
			sums[c] += add(n, hidden[r][c])
			if hidden[r][c] {
				b.WriteString("," + mark)
			} else {
				fmt.Fprintf(&b, ",%d", round(n))
			}
		}
		sums[cols] += total
		fmt.Fprintf(&b, ",%d\n", round(total))
	}
	b.WriteString("Total")
	for _, s := range sums {
		fmt.Fprintf(&b, ",%d", round(s))
	}
	b.WriteString("\n")
	out.csv = b.String()
	return out
}

// What the check says a redacted count is, or may be, must include what it was.
func TestRecoveredCountsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genRelease(t)
		for _, f := range findings(t, r.csv) {
			if f.Check != "redaction-recoverable" || f.Kind == "group" || f.Kind == "not-run" {
				continue
			}
			for i, way := range f.Evidence["cells"].([]map[string]any) {
				row := *f.Rows[i].Row
				truth := 0
				if c := *f.ColumnIndex - r.first; row < len(r.truth) && c < len(r.truth[row]) {
					truth = r.truth[row][c]
				} else {
					t.Fatalf("a total is reported as redacted: %+v", f)
				}
				if x := way["interval"].([]float64); float64(truth) < x[0] || float64(truth) > x[1] {
					t.Fatalf("%s\n%s: row %d is %d, the check says %v", r.csv, f.Message, row, truth, x)
				}
			}
		}
	})
}

// findings runs all checks over one table.
func findings(t *rapid.T, csv string) []checks.Finding {
	set := checks.Set{Files: []checks.File{checkstest.File("t.csv", csv)}}
	report, err := checks.Run(context.Background(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	return report.Files[0].Findings
}
