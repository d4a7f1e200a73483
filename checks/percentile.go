package checks

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var percentileTail = Check{
	Name: "percentile-tail", Version: 1, Title: "Percentiles with few people beyond",
	Doc:     "Beyond an outer percentile of a small group lie few people, so the percentile is nearly one person's value.",
	Source:  "Australian Bureau of Statistics, DataLab output rules: at least 10 people beyond a percentile (rule of 10).",
	Example: "The 99th percentile of 500 people leaves 5 beyond it: reported. The 5th of 2,000 leaves 100: not.",
	FixR: `# nearer to the middle where groups are small: ten people or more lie beyond
df |> group_by(sex) |> summarise(p10 = quantile(bmi, 0.1), p90 = quantile(bmi, 0.9))`,
	FixPy: `# nearer to the middle where groups are small: ten people or more lie beyond
df.groupby("sex")["bmi"].quantile([0.1, 0.9]).unstack()`,
	Kinds: []Kind{{"", policy.Warn, "fewer people beyond the percentile than the policy asks for"}},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Virtual {
				if q, ok := percentileOf(t, c); ok {
					tail(p, t, c, q)
				}
			}
		}
		return nil
	},
}

var (
	pNumber   = regexp.MustCompile(`^(?:p|pc|pctile|percentile|pct)(\d{1,2})$|^(\d{1,2})(?:st|nd|rd|th)$|^q(\d{2})$`)
	dNumber   = regexp.MustCompile(`^d([1-9])$`)
	pctLevel  = regexp.MustCompile(`^(\d{1,2}(?:\.\d+)?) ?%$`)
	quartiles = map[string]float64{"q1": 0.25, "q3": 0.75, "lq": 0.25, "uq": 0.75, "quartile1": 0.25, "quartile3": 0.75}
)

// percentileOf reads the percentile of a column from its name: p99, q1, 25th,
// d9, or the level 25% of pandas' describe().
func percentileOf(t *table.Table, c *table.Column) (q float64, ok bool) {
	if level, ok := levelOf(c); ok && t.Layout == "long" {
		if m := pctLevel.FindStringSubmatch(level); m != nil {
			v, err := strconv.ParseFloat(m[1], 64)
			return v / 100, err == nil && v > 0 && v < 100
		}
	}
	if c.Role != table.Percentile {
		return 0, false
	}
	for _, w := range c.Tokens() {
		if v, ok := quartiles[w]; ok {
			return v, true
		}
		if m := dNumber.FindStringSubmatch(w); m != nil {
			v, _ := strconv.Atoi(m[1])
			return float64(v) / 10, true
		}
		if m := pNumber.FindStringSubmatch(w); m != nil {
			v, err := strconv.Atoi(m[1] + m[2] + m[3])
			return float64(v) / 100, err == nil && v > 0 && v < 100
		}
	}
	return 0, false
}

// levelOf returns the level that a virtual column of a long table stands for:
// "n" in "value[n]".
func levelOf(c *table.Column) (string, bool) {
	i := strings.LastIndexByte(c.Name, '[')
	if i < 0 || !strings.HasSuffix(c.Name, "]") || c.At == nil || len(c.Cells) == 0 {
		return "", false
	}
	return c.Name[i+1 : len(c.Name)-1], true
}

// tail reports the cells of a percentile whose group is too small for it.
func tail(p *Pass, t *table.Table, c *table.Column, q float64) {
	sizes := groupSizes(t, c)
	if sizes == nil {
		return
	}
	share := math.Min(q, 1-q)
	var cells []int
	least := math.Inf(1)
	n := int64(0)
	for i := range c.Cells {
		size, ok := sizes(i)
		if !ok || size <= 0 || c.Cells[i].Kind != table.Number {
			continue
		}
		if beyond := float64(size) * share; beyond < float64(p.Policy.Tails.Min)-1e-9 {
			cells = append(cells, i)
			if beyond < least {
				least, n = beyond, size
			}
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("", t, c, cells)
	f.Severity = p.Severity("")
	if t.Source.Weak {
		f.Severity = f.Severity.Lower()
	}
	f.Message = fmt.Sprintf("%s in %q with fewer than %d people beyond: %d x %.4g = %.3g.", counted(len(cells), "percentile"), short(c.Name), p.Policy.Tails.Min, n, share, least)
	f.Evidence["arithmetic"] = fmt.Sprintf("%d x %.4g = %.3g", n, share, least)
	p.Report(f)
}

// groupSizes finds the number of people behind each cell of a percentile column:
// the table's one count column, or the one called n; in a long table the level
// that counts, of the same group. It returns nil when that is not known.
func groupSizes(t *table.Table, c *table.Column) func(i int) (int64, bool) {
	if level, ok := levelOf(c); ok {
		return longSizes(t, c, level)
	}
	var n *table.Column
	counts := t.Counts()
	for _, x := range counts {
		if len(counts) == 1 || x.HasToken("n", "nobs", "obs", "total", "denominator", "population") && !x.HasToken("missing", "event", "events") {
			if n != nil {
				return nil // two candidates
			}
			n = x
		}
	}
	if n == nil {
		return nil
	}
	sizes := map[int]int64{}
	for i := range n.Cells {
		if v, ok := n.Whole(i); ok {
			sizes[n.Row(i)] = v
		}
	}
	return func(i int) (int64, bool) {
		v, ok := sizes[c.Row(i)]
		return v, ok
	}
}

func longSizes(t *table.Table, c *table.Column, level string) func(i int) (int64, bool) {
	stat := -1 // the physical column whose levels name the statistics
	for _, x := range t.Columns {
		if at := t.Cell(x.Index, c.Row(0)); at != nil && strings.TrimSpace(at.Raw) == level {
			stat = x.Index
			break
		}
	}
	if stat < 0 {
		return nil
	}
	sizes := map[string]int64{}
	for _, x := range t.Virtual {
		l, ok := levelOf(x)
		if !ok || x.Index != c.Index {
			continue
		}
		switch strings.ToLower(l) {
		case "n", "count", "nobs", "n_obs", "obs", "total", "n obs":
			for i := range x.Cells {
				if v, ok := x.Whole(i); ok {
					sizes[groupKey(t, x.Row(i), stat)] = v
				}
			}
		}
	}
	if len(sizes) == 0 {
		return nil
	}
	return func(i int) (int64, bool) {
		v, ok := sizes[groupKey(t, c.Row(i), stat)]
		return v, ok
	}
}

// groupKey names a row's group by its dimensions without the statistic's name.
func groupKey(t *table.Table, row, stat int) string {
	var b strings.Builder
	for _, k := range t.Keys {
		if k == stat {
			continue
		}
		if x := t.Cell(k, row); x != nil {
			b.WriteString(x.Raw)
		}
		b.WriteByte(0)
	}
	return b.String()
}
