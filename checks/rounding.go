package checks

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var roundingMissing = Check{
	Name: "rounding-missing", Version: 1, Title: "Counts not rounded",
	Doc: "Counts must be rounded, so that two releases which differ by a few people cannot be subtracted. " +
		"This is the most frequent reason for which requests are returned.",
	Source:  sdc + "all counts are rounded, by default to the nearest 5 or to midpoint 6.",
	Example: "A column n with 123, 347, 981, 412, 208, 777: no rounding base gives these. With 10 and 20 alone nothing can be told.",
	FixR:    roundR,
	FixPy:   roundPy,
	Kinds: []Kind{
		{"", policy.Warn, "three or more different values, and no base fits"},
		{"few", policy.Note, "one or two different values, and no base gives both"},
		{"organisations", policy.Note, "the column counts organisations, not people"},
	},
	File: func(p *Pass) error { return eachCount(p, missingRounding) },
}

// eachCount runs f for every column of every table that counts people or
// organisations.
func eachCount(p *Pass, f func(*Pass, *table.Table, *table.Column)) error {
	for _, t := range p.Doc.Tables {
		for _, c := range append(t.Counts(), t.ByRole(table.OrgCount)...) {
			f(p, t, c)
		}
	}
	return nil
}

// offCommon lists the cells that the accepted way of rounding which fits most
// cells does not give; all of them where none fits most, for then what fits does
// so by chance. Small values are left to the small-count check.
func offCommon(p *policy.Policy, c *table.Column) []int {
	bases := []table.Scheme{{Family: "near", B: p.Counts.RoundBase}}
	for _, b := range p.Counts.AcceptBases {
		bases = append(bases, table.Scheme{Family: "near", B: b})
	}
	for _, b := range p.Counts.Midpoint {
		bases = append(bases, table.Scheme{Family: "mid", B: b})
	}
	var all, best []int
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v > int64(p.Counts.Threshold) {
			all = append(all, i)
		}
	}
	for k, s := range bases {
		var off []int
		for _, i := range all {
			if v, _ := c.Whole(i); !s.Fits(v) {
				off = append(off, i)
			}
		}
		switch {
		case k == 0 || len(off) < len(best):
			best = off
		case len(off) == len(best):
			best = union(best, off) // equally good: it cannot be told which are off
		}
	}
	if len(best) > 0 && 5*len(best) > 2*len(all) {
		return all
	}
	return best
}

func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// wholeColumn is the number of cells over which a finding about rounding names
// the column rather than each of its cells.
const wholeColumn = 1000

func missingRounding(p *Pass, t *table.Table, c *table.Column) {
	if c.Base.State != table.Unrounded {
		return
	}
	kind, cells := "", offCommon(p.Policy, c)
	switch {
	case c.Role == table.OrgCount:
		kind = "organisations"
	case c.Base.K < 3:
		kind = "few"
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells(kind, t, c, cells[:min(len(cells), wholeColumn)])
	f.Severity = advised(p.Policy, f.Severity)
	if len(cells) > wholeColumn {
		f.Evidence["examples"], f.Rows = f.Rows[:20], nil // the column as a whole
	}
	f.Message = fmt.Sprintf("%s in %q are not rounded: no base gives all of its different counts (%d).", counted(len(cells), "value"), short(c.Name), c.Base.K)
	f.Evidence["different_values"] = c.Base.K
	p.Report(f)
}

// advised turns a warning into a note where the policy only advises rounding.
func advised(p *policy.Policy, s policy.Severity) policy.Severity {
	if p.Counts.Rounding == "advised" && s.Rank() > policy.Note.Rank() {
		return policy.Note
	}
	return s
}

var roundingStray = Check{
	Name: "rounding-stray", Version: 1, Title: "Single counts not rounded",
	Doc: "Nearly all counts conform to one rounding base, these do not: a step that forgot a row, or a total added after rounding. " +
		"A single exact count among rounded ones stands out.",
	Source:  sdc + "all counts are rounded.",
	Example: "Eleven counts that are multiples of 5 and one 412: the 412 is reported.",
	FixR:    roundR,
	FixPy:   roundPy,
	Kinds: []Kind{
		{"", policy.Warn, "a value off the base of its column or table"},
		{"organisations", policy.Note, "the column counts organisations, not people"},
	},
	File: func(p *Pass) error { return eachCount(p, strayRounding) },
}

func strayRounding(p *Pass, t *table.Table, c *table.Column) {
	if c.Base.State != table.RoundedStrays {
		return
	}
	s := c.Base.Scheme
	var cells []int
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v > 0 && !s.Fits(v) {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	kind := ""
	if c.Role == table.OrgCount {
		kind = "organisations"
	}
	f := p.Cells(kind, t, c, cells)
	f.Severity = advised(p.Policy, f.Severity)
	f.Message = fmt.Sprintf("%s in %q break the rounding to %s that the others keep.", counted(len(cells), "value"), short(c.Name), s)
	f.Evidence["base"] = s.String()
	f.Evidence["different_values"] = c.Base.K
	p.Report(f)
}

var roundingSuffix = Check{
	Name: "rounding-suffix", Version: 1, Title: "Name and rounding disagree",
	Doc:     "A column named _midpoint6 promises a rounding that its values do not show: the name was kept and the step left out.",
	Source:  sdc + "midpoint-6 rounded columns end in _midpoint6, those derived from them in _midpoint6_derived.",
	Example: "n_midpoint6 with 17, 24, 38, 51: reported. With 3, 9, 15, 21: fine.",
	FixR: `roundmid_any <- function(x, to = 6) ceiling(x / to) * to - (floor(to / 2) * (x != 0))
df <- df |> mutate(n_midpoint6 = roundmid_any(n, 6)) |> select(-n)`,
	FixPy: `df["n_midpoint6"] = np.ceil(df["n"] / 6) * 6 - 3 * (df["n"] > 0)
df = df.drop(columns=["n"])`,
	Kinds: []Kind{{"", policy.Warn, "the values do not show the rounding in the name"}},
	File:  func(p *Pass) error { return eachCount(p, suffixRounding) },
}

func suffixRounding(p *Pass, t *table.Table, c *table.Column) {
	said, ok := c.Declared()
	if !ok || c.Base.State == table.Inconclusive || c.Base.State == table.BaseNone {
		return
	}
	if s := c.Base.Scheme; c.Base.Proven() && s.B == 6 && (s.Family != "near" || said.Family == "midd") {
		return
	}
	var cells []int
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v > 0 && !said.Fits(v) {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("", t, c, cells)
	f.Message = fmt.Sprintf("The name %q promises %s, but %s do not conform.", short(c.Name), said, counted(len(cells), "value"))
	f.Evidence["promised"], f.Evidence["shown"] = said.String(), c.Base.String()
	p.Report(f)
}

var roundingMixedBase = Check{
	Name: "rounding-mixed-base", Version: 1, Title: "More than one rounding base",
	Doc:     "Counts of one request rounded in different ways can be played against one another, and usually mean that two versions of a step were used.",
	Source:  sdc + "one rounding for all counts of a study.",
	Example: "A column in multiples of 5 beside one in multiples of 6: noted. Multiples of 5 beside multiples of 10: fine.",
	FixR:    roundR,
	FixPy:   roundPy,
	Kinds:   []Kind{{"", policy.Note, "counts are rounded to bases of different families"}},
	Set:     mixedBases,
}

// mixedBases names, for each family of bases used, the files that use it.
func mixedBases(p *SetPass) error {
	users := map[string][]string{}
	columns := map[string]int{}
	for _, d := range p.Docs {
		for _, t := range d.Tables {
			for _, c := range t.Counts() {
				if c.Base.State != table.Rounded || c.Base.Pooled {
					continue
				}
				f := family(c.Base.Scheme)
				columns[f]++
				if !slices.Contains(users[f], d.Path) {
					users[f] = append(users[f], d.Path)
				}
			}
		}
	}
	if len(users) < 2 {
		return nil
	}
	names := make([]string, 0, len(users))
	for f := range users {
		names = append(names, f)
	}
	slices.Sort(names)
	told := map[string]bool{}
	for _, f := range names {
		for _, path := range users[f] {
			if told[path] {
				continue
			}
			told[path] = true
			p.Report(path, Finding{Message: "Counts are rounded in different ways: " + strings.Join(names, ", ") + ".",
				Evidence: map[string]any{"columns_by_base": columns}})
		}
	}
	return nil
}

// family groups bases that go together: multiples of 5, of 6 (midpoints
// included), of 7.
func family(s table.Scheme) string {
	switch {
	case s.B%5 == 0:
		return "multiples of 5"
	case s.B == 6:
		return "base 6"
	}
	return s.String()
}
