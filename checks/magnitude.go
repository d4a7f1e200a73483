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

var dominance = Check{
	Name: "dominance", Version: 1, Title: "One contributor dominates a total",
	Doc: "Where one or two contributors make up nearly all of a total, the total gives them away. This looks only at tables that show " +
		"the largest contributions beside the sum, because without them it could only guess.",
	Source:  "ACRO, default risk appetite: the (n,k) rule with n = 2 and k = 0.9, and the p% rule with p = 0.1.",
	Example: "sum 1000, largest 700 and 220: together 92 % (nk). 900 and 60: nk, and the rest is only 4 % of the largest (p). 200 and 150: neither.",
	FixR:    mergeGroupsR,
	FixPy:   mergeGroupsPy,
	Kinds: []Kind{
		{"nk", policy.Warn, "the n largest hold more than a share k of the total"},
		{"p", policy.Warn, "what the others hold is less than a share p of the largest: it protects too little"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			if top, sum := contributions(t, max(2, p.Policy.Dominance.N)); sum != nil {
				dominated(p, t, top, sum)
			}
		}
		return nil
	},
}

var largestOf = regexp.MustCompile(`^(?:top|largest|max|maximum|highest|biggest)_?(\d)?$|^(?:(second|2nd|third|3rd)_)(?:largest|highest|max|biggest|top)$|^(?:largest|highest|max|top)_(second|third)$|^(first|1st)_(?:largest|highest|max)$`)

// contributions finds the columns of the n largest contributions, in order, and
// of the sum; sum is nil unless all are there.
func contributions(t *table.Table, n int) (top []*table.Column, sum *table.Column) {
	top = make([]*table.Column, n)
	for _, c := range t.Columns {
		name := strings.Join(c.Tokens(), "_")
		if name == "sum" || name == "total" || name == "total_value" || name == "sum_value" {
			sum = c
			continue
		}
		m := largestOf.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		k := 1
		switch {
		case m[1] != "":
			k, _ = strconv.Atoi(m[1])
		case m[2] == "second", m[2] == "2nd", m[3] == "second":
			k = 2
		case m[2] != "", m[3] != "":
			k = 3
		}
		if k >= 1 && k <= n && top[k-1] == nil {
			top[k-1] = c
		}
	}
	for _, c := range top {
		if c == nil {
			return nil, nil
		}
	}
	return top, sum
}

func dominated(p *Pass, t *table.Table, top []*table.Column, sum *table.Column) {
	hits := map[string][]int{}
	negative := false
	for i := range sum.Cells {
		total := sum.Cells[i].Value
		if math.IsNaN(total) || total == 0 {
			continue
		}
		held, largest, ok := 0.0, 0.0, true
		for k, c := range top {
			v := c.Cells[i].Value
			ok = ok && !math.IsNaN(v)
			negative = negative || v < 0
			if k < p.Policy.Dominance.N {
				held += v
			}
			largest = max(largest, v)
		}
		if !ok {
			continue
		}
		if held/total >= p.Policy.Dominance.K {
			hits["nk"] = append(hits["nk"], i)
		}
		if rest := total - top[0].Cells[i].Value - top[1].Cells[i].Value; largest > 0 && rest/largest < p.Policy.Dominance.P {
			hits["p"] = append(hits["p"], i)
		}
	}
	for _, kind := range []string{"nk", "p"} {
		if len(hits[kind]) > 0 {
			reportDominance(p, t, kind, top, sum, hits[kind], negative)
		}
	}
}

func reportDominance(p *Pass, t *table.Table, kind string, top []*table.Column, sum *table.Column, cells []int, negative bool) {
	f := p.Cells(kind, t, sum, cells)
	f.Severity = p.Severity(kind)
	if negative {
		f.Severity = policy.Note // the rules are made for contributions that add up
	}
	a, b, s := top[0].Cells[cells[0]].Value, top[1].Cells[cells[0]].Value, sum.Cells[cells[0]].Value
	d := p.Policy.Dominance
	if kind == "nk" {
		f.Message = fmt.Sprintf("The %d largest contributors hold %g %% of the total or more in %s.", d.N, 100*d.K, counted(len(cells), "row"))
		f.Evidence["arithmetic"] = fmt.Sprintf("the %d largest / %g >= %g", d.N, s, d.K)
	} else {
		f.Message = fmt.Sprintf("In %s all others together hold less than %g %% of what the largest contributor does.", counted(len(cells), "row"), 100*d.P)
		f.Evidence["arithmetic"] = fmt.Sprintf("(%g - %g - %g) / %g = %.3g, under %g", s, a, b, a, (s-a-b)/a, d.P)
	}
	for _, c := range top {
		f.Related = append(f.Related, Ref(t, c, cells[0]))
	}
	p.Report(f)
}

var extremeValue = Check{
	Name: "extreme-value", Version: 1, Title: "Minima and maxima",
	Doc:     "A minimum or maximum is the value of one person, who may be known for it.",
	Source:  sdc + "minimum and maximum values must not be released. Limits that only repeat the inclusion criteria are fine when explained.",
	Example: "max_bmi: noted. A largest age of 104: reported. r.squared.max, which is no person's value, and the 0 and 1 of a flag: not.",
	FixR: `# percentiles in place of the smallest and the largest value
df |> group_by(sex) |> summarise(p5 = quantile(bmi, 0.05), p95 = quantile(bmi, 0.95))`,
	FixPy: `# percentiles in place of the smallest and the largest value
df.groupby("sex")["bmi"].quantile([0.05, 0.95]).unstack()`,
	Kinds: []Kind{
		{"", policy.Note, "a column of minima or maxima"},
		{"age", policy.Warn, "an age of 100 or more: very few people have it"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			found := false
			for _, c := range t.ByRole(table.Min, table.Max) {
				found = extremes(p, t, c) || found
			}
			if !found {
				extremeRows(p, t)
			}
		}
		return nil
	},
}

// notPeople are words for numbers that describe a model or a run, whose extremes
// belong to nobody.
var notPeople = []string{"squared", "loglik", "log", "score", "risk", "rsq", "r2", "aic", "bic", "iter", "iterations", "rhat", "vif",
	"weight", "weights", "p", "pvalue", "prob", "probability", "size", "file", "memory", "ram", "row", "rows", "rate", "count", "counts", "n"}

// extremes reports a column of minima or maxima, and says whether it was one.
func extremes(p *Pass, t *table.Table, c *table.Column) bool {
	if c.Numbers() == 0 || c.HasToken(notPeople...) {
		return false
	}
	var cells, old []int
	for i := range c.Cells {
		x := &c.Cells[i]
		if x.Kind != table.Number || x.Value == 0 || x.Value == 1 {
			continue // the extremes of a flag
		}
		cells = append(cells, i)
		if c.Role == table.Max && x.Value >= 100 && x.Value < 130 && aboutAge(t, c, i) {
			old = append(old, i)
		}
	}
	if len(cells) == 0 {
		return true
	}
	kind, message := "", fmt.Sprintf("%q holds extremes: each is one individual's value.", short(c.Name))
	if len(old) > 0 {
		kind, cells = "age", old
		message = fmt.Sprintf("%s of 100 or more in %q: very few people are that old.", counted(len(old), "age"), short(c.Name))
	}
	f := p.Cells(kind, t, c, cells)
	f.Severity = p.Severity(kind)
	f.Message = message
	p.Report(f)
	return true
}

// aboutAge says whether the column, or the row, speaks of age.
func aboutAge(t *table.Table, c *table.Column, i int) bool {
	if c.HasToken("age", "ages") || c.Index < len(t.Columns) && t.Columns[c.Index].HasToken("age", "ages") {
		return true
	}
	for _, w := range table.Tokens(t.Key(c.Row(i))) {
		if w == "age" || w == "ages" {
			return true
		}
	}
	return false
}

// extremeRows reports rows labelled as minima or maxima whose cells are no plain
// numbers, such as "Min, Max" in a table of characteristics.
func extremeRows(p *Pass, t *table.Table) {
	for _, c := range t.Columns {
		if c.Role != table.Category && c.Role != table.FreeText {
			continue
		}
		cells := textCells(c, func(s string) bool {
			words := table.Tokens(s)
			return len(words) <= 6 && anyWord(words, "min", "max", "minimum", "maximum") && !anyWord(words, notPeople...)
		})
		if len(cells) == 0 || 2*len(cells) > c.Filled() {
			continue // a column that only names extremes is a dimension of something else
		}
		f := p.Cells("", t, c, cells)
		f.Severity = p.Severity("")
		f.Message = fmt.Sprintf("%s labelled as minimum or maximum: each is one individual's value.", counted(len(cells), "row"))
		p.Report(f)
		return
	}
}

func anyWord(words []string, any ...string) bool {
	for _, w := range words {
		for _, x := range any {
			if w == x {
				return true
			}
		}
	}
	return false
}
