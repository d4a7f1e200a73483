package ui

import (
	"fmt"
	"math"
	"strconv"

	"sallyport/checks/table"
)

// columnSummary is one column of a table at a glance.
type columnSummary struct {
	Index    int
	Name     string
	Type     string // what its cells are, in words
	Cells    int
	Missing  int
	Redacted int // cells that stand for a number that is not shown
	Distinct int
	Numbers  int
	Min      string // "" without numbers, as the next four
	Smallest string // above zero
	Max      string
	Sum      string
	Bars     []histogramBar
	Picture  string // Bars in words
}

// histogramBar is one bar of a histogram, in the units of its drawing.
type histogramBar struct{ X, Y, Width, Height string }

// The histogram's drawing.
const (
	histogramBars   = 20
	histogramWidth  = 160
	histogramHeight = 32
)

// summaries describes all columns, once for a table.
func (s *tableSheet) summaries() []columnSummary {
	s.summary.Do(func() {
		for _, c := range s.Columns {
			s.columns = append(s.columns, summaryOf(c))
		}
	})
	return s.columns
}

func summaryOf(c *table.Column) columnSummary {
	out := columnSummary{Index: c.Index, Name: c.Name, Type: cellTypes(c), Cells: len(c.Cells), Missing: c.KindCount(table.Missing), Distinct: c.Distinct()}
	low, smallest, high, sum := math.Inf(1), math.Inf(1), math.Inf(-1), 0.0
	decimals := uint8(0)
	for i := range c.Cells {
		cell := &c.Cells[i]
		if cell.Hidden() {
			out.Redacted++
			continue
		}
		if v := cell.Value; numeric(cell) {
			out.Numbers++
			low, high, sum, decimals = min(low, v), max(high, v), sum+v, max(decimals, cell.Decimals)
			if v > 0 {
				smallest = min(smallest, v)
			}
		}
	}
	if out.Numbers == 0 {
		return out
	}
	out.Min, out.Max, out.Sum = figure(low), figure(high), strconv.FormatFloat(sum, 'f', int(min(decimals, 6)), 64)
	if !math.IsInf(smallest, 1) {
		out.Smallest = figure(smallest)
	}
	out.histogram(c, low, high)
	return out
}

// numeric says that a cell shows a number of its own.
func numeric(c *table.Cell) bool {
	return !c.Hidden() && c.Kind != table.Date && c.Kind != table.Bool && c.Kind != table.Missing && c.Kind != table.Text && !math.IsNaN(c.Value) && !math.IsInf(c.Value, 0)
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// histogram draws how the numbers lie between the least and the greatest.
func (s *columnSummary) histogram(c *table.Column, low, high float64) {
	if !(high > low) || math.IsInf(high-low, 0) {
		return
	}
	var counts [histogramBars]int
	tallest := 0
	for i := range c.Cells {
		if cell := &c.Cells[i]; numeric(cell) {
			at := min(int((cell.Value-low)/(high-low)*histogramBars), histogramBars-1)
			counts[at]++
			tallest = max(tallest, counts[at])
		}
	}
	const width = float64(histogramWidth) / histogramBars
	for i, n := range counts {
		if n == 0 {
			continue
		}
		height := max(1, float64(n)/float64(tallest)*histogramHeight)
		s.Bars = append(s.Bars, histogramBar{dot(float64(i) * width), dot(histogramHeight - height), dot(width - 1), dot(height)})
	}
	s.Picture = fmt.Sprintf("%d bars from %s to %s; the tallest has %s", histogramBars, s.Min, s.Max, plural(tallest, "cell", "cells"))
}

func dot(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// cellTypes says what the cells of a column are, the most frequent kind first.
func cellTypes(c *table.Column) string {
	kinds := []struct {
		words string
		n     int
	}{
		{"numbers", c.KindCount(table.Number) + c.KindCount(table.Statistic)}, {"percentages", c.KindCount(table.Percent)},
		{"counts with a percentage", c.KindCount(table.CountPct)}, {"counts of a total", c.KindCount(table.CountOf)},
		{"estimates with limits", c.KindCount(table.Estimate)}, {"ranges", c.KindCount(table.Range)}, {"comparisons", c.KindCount(table.Compare)},
		{"redactions", c.KindCount(table.Redacted)}, {"dates", c.KindCount(table.Date)}, {"yes or no", c.KindCount(table.Bool)}, {"text", c.KindCount(table.Text)},
	}
	most, others := -1, 0
	for i, k := range kinds {
		if k.n == 0 {
			continue
		}
		if most < 0 || k.n > kinds[most].n {
			most = i
		}
		others++
	}
	switch {
	case most < 0:
		return "empty"
	case others > 1:
		return "mostly " + kinds[most].words
	}
	return kinds[most].words
}
