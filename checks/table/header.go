package table

import (
	"slices"
	"strings"
)

// joinHeader finds leading records that belong to the header, as pandas writes
// for several levels of column names: up to three records without a number, over
// columns that are numeric below. It returns the joined names and how many
// records went into them. A record with a redaction or an NA in such a column is
// data, and so ends the header.
func joinHeader(src *Source, width int) ([]string, int) {
	names := make([]string, width)
	copy(names, src.Header)
	k := 0
	for k < 3 && k < len(src.Records)-2 && isHeaderRow(src, names, k) {
		k++
	}
	for i := range names {
		parts := []string{names[i]}
		for _, r := range src.Records[:k] {
			if i < len(r) && strings.TrimSpace(r[i]) != "" {
				parts = append(parts, strings.TrimSpace(r[i]))
			}
		}
		if k > 0 {
			names[i] = strings.TrimSpace(strings.Join(parts, " "))
		}
	}
	return names, k
}

func isHeaderRow(src *Source, names []string, k int) bool {
	row := src.Records[k]
	var quick [24]Cell
	cells := quick[:0]
	for i, raw := range row {
		c := Parse(raw)
		if i == 0 && (c.Kind == Date || c.Kind == Number || c.Kind == Range) || i > 0 && (c.Kind == Number || c.Kind == CountPct || c.Kind == Percent) {
			return false
		}
		cells = append(cells, c)
	}
	numeric := numericBelow(src, k, len(names))
	if len(numeric) == 0 || float64(len(numeric)) < 0.6*float64(len(names)-1) {
		return false
	}
	filled := 0
	texts := map[string]bool{}
	for _, i := range numeric {
		if i >= len(cells) {
			return false
		}
		c := &cells[i]
		s := strings.TrimSpace(c.Raw)
		if c.Kind == Redacted || c.Kind == Compare || c.Kind == Missing && s != "" {
			return false
		}
		texts[s] = true
		if s != "" {
			filled++
		}
	}
	if filled == 0 && k == 0 {
		return false
	}
	// One text repeated over differently named columns is a row of data.
	if len(texts) == 1 && filled > 0 && k == 0 && len(numeric) > 2 && allDifferent(names) {
		return false
	}
	return true
}

// numericBelow lists the columns after the first that hold numbers below record k.
func numericBelow(src *Source, k, width int) []int {
	later := src.Records[k+1 : min(k+9, len(src.Records))]
	var out []int
	for i := 1; i < width; i++ {
		like, number := 0, false
		for _, r := range later {
			if i >= len(r) {
				continue
			}
			switch Parse(r[i]).Kind {
			case Number, CountPct:
				like++
				number = true
			case Percent, Redacted, Missing:
				like++
			}
		}
		if float64(like) < 0.8*float64(len(later)) || len(later) == 0 {
			continue
		}
		if number || numberFurther(src.Records[k+1:], i) {
			out = append(out, i)
		}
	}
	return out
}

// numberFurther looks for a number in column i within the first thousand records.
func numberFurther(records [][]string, i int) bool {
	for _, r := range records[:min(len(records), 1000)] {
		if i < len(r) {
			if k := Parse(r[i]).Kind; k == Number || k == CountPct {
				return true
			}
		}
	}
	return false
}

func allDifferent(names []string) bool {
	s := slices.Clone(names)
	slices.Sort(s)
	return len(slices.Compact(s)) == len(names)
}
