package checks

import (
	"fmt"

	"sallyport/checks/table"
	"sallyport/policy"
)

var cumulativeStep = Check{
	Name: "cumulative-step", Version: 1, Title: "Small steps of a running total",
	Doc: "Numbers at risk and cumulative events give away the events between two times by subtraction. " +
		"A step of 1 to 7 is a small count, though each number is large.",
	Source:  sdc + "Kaplan-Meier estimates: round before the estimate is made.",
	Example: "n_risk of 1000, 997, 992: steps of 3 and 5 are reported. In a midpoint-6 series steps are multiples of 6 and are not.",
	FixR: `# round the running total itself, not the events that it sums
roundmid_any <- function(x, to = 6) ceiling(x / to) * to - (floor(to / 2) * (x != 0))
df <- df |>
  arrange(month) |>
  mutate(cml_event_midpoint6 = roundmid_any(cumsum(n), 6)) |>
  select(-n)`,
	FixPy: `# round the running total itself, not the events that it sums
df = df.sort_values("month")
total = df["n"].cumsum()
df["cml_event_midpoint6"] = np.ceil(total / 6) * 6 - 3 * (total > 0)
df = df.drop(columns=["n"])`,
	Kinds: []Kind{{"", policy.Warn, "two consecutive values differ by a small count"}},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			if t.Layout == "long" {
				continue
			}
			for _, c := range t.Counts() {
				smallSteps(p, t, c)
			}
		}
		return nil
	},
}

func cumulative(c *table.Column) bool {
	return c.HasToken("risk", "cml", "cumulative", "cum", "cumul", "cumsum", "remaining", "atrisk", "nrisk")
}

func smallSteps(p *Pass, t *table.Table, c *table.Column) {
	if !cumulative(c) || c.Base.Proven() {
		return
	}
	limit := int64(p.Policy.Counts.Threshold)
	var cells []int
	var related []CellRef
	var first int64
	for _, series := range seriesOf(t, c) {
		for _, s := range stepsOf(c, series) {
			if s.by >= 1 && s.by <= limit {
				if len(cells) == 0 {
					first = s.by
				}
				cells = append(cells, s.to)
				related = append(related, Ref(t, c, s.from))
			}
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("", t, c, cells)
	f.Related = related
	a, _ := c.Whole(cells[0])
	f.Message = fmt.Sprintf("%s of 1 to %d between consecutive values of %q.", counted(len(cells), "step"), limit, short(c.Name))
	f.Evidence["example"] = fmt.Sprintf("%s and %d differ by %d", related[0].Value, a, first)
	p.Report(f)
}

// seriesOf splits the cells of a column into runs that share all category
// values, in the order of the rows; cells without a number are left out.
func seriesOf(t *table.Table, c *table.Column) [][]int {
	var dims []*table.Column
	for _, d := range t.Columns {
		switch d.Role {
		case table.Category, table.Geo, table.BoolRole, table.OrgCode:
			dims = append(dims, d)
		}
	}
	at := map[string]int{}
	var out [][]int
	key := make([]byte, 0, 64)
	for i := range c.Cells {
		if _, ok := c.Whole(i); !ok {
			continue
		}
		key = key[:0]
		for _, d := range dims {
			key = append(append(key, d.Cells[i].Raw...), 0)
		}
		k, known := at[string(key)]
		if !known {
			k = len(out)
			at[string(key)] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

type step struct {
	from, to int // cells
	by       int64
}

// stepsOf lists the steps of a monotone series of at least three values; none
// where it is not monotone.
func stepsOf(c *table.Column, series []int) []step {
	if len(series) < 3 {
		return nil
	}
	var steps []step
	up, down := true, true
	for k := 1; k < len(series); k++ {
		a, _ := c.Whole(series[k-1])
		b, _ := c.Whole(series[k])
		up, down = up && b >= a, down && b <= a
		steps = append(steps, step{series[k-1], series[k], max(a, b) - min(a, b)})
	}
	if !up && !down {
		return nil
	}
	return steps
}
