package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// redacted is what stands in place of a count that must not be shown.
const redacted = "[REDACTED]"

var regions = []string{
	"East", "East Midlands", "London", "North East", "North West",
	"South East", "South West", "West Midlands", "Yorkshire and The Humber",
}

var ages = []string{"18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+"}

// sequence returns the fixed random sequence of one table.
func sequence(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 20261117)) }

// near draws a whole number within a tenth of n.
func near(r *rand.Rand, n int) int { return n - n/10 + r.IntN(n/5+1) }

// round5 rounds to the nearest five.
func round5(n int) int { return int(math.Round(float64(n)/5)) * 5 }

// midpoint6 rounds a positive count up to a multiple of six, less three.
func midpoint6(n int) int {
	if n == 0 {
		return 0
	}
	return (n+5)/6*6 - 3
}

// safe is a count as it should leave: 1 to 7 redacted, the rest rounded.
func safe(n int) string {
	if n > 0 && n <= 7 {
		return redacted
	}
	return strconv.Itoa(round5(n))
}

// percent is n of d to one decimal.
func percent(n, d int) string { return fmt.Sprintf("%.1f", 100*float64(n)/float64(d)) }

// percentOf is the percentage of two counts as they leave.
func percentOf(n, d string) string {
	a, errA := strconv.Atoi(n)
	b, errB := strconv.Atoi(d)
	if errA != nil || errB != nil || b == 0 {
		return redacted
	}
	return percent(a, b)
}

// table collects the rows of a CSV file.
type table struct{ rows [][]string }

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

// add appends a row; numbers are written as Go prints them.
func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.rows = append(t.rows, row)
}

func (t *table) csv() []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	_ = w.WriteAll(t.rows) // a buffer takes all that is written
	return buf.Bytes()
}
