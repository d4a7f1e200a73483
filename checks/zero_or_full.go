package checks

import (
	"fmt"

	"sallyport/checks/table"
	"sallyport/policy"
)

var zeroOrFull = Check{
	Name: "zero-or-full", Version: 1, Title: "Nobody or everybody",
	Doc: "A count of zero says that nobody in the group has something, a full one that everybody does: " +
		"then whoever is known to be in the group is known to have it, or not.",
	Source:  sdc + "class disclosure. Zeros may stay where they cannot harm.",
	Example: "group,outcome,total / a,0,45: noted. 41 of 41: noted. A column of zeros only, or a running total that starts at zero: fine.",
	FixR: `# combine groups so that no cell is empty or full; or answer that it cannot be otherwise
df <- df |>
  mutate(age_group = if_else(age_group %in% c("65-79", "80+"), "65+", age_group)) |>
  group_by(region, sex, age_group) |>
  summarise(n = sum(n), total = sum(total), .groups = "drop")`,
	FixPy: `# combine groups so that no cell is empty or full; or answer that it cannot be otherwise
df["age_group"] = df["age_group"].replace({"65-79": "65+", "80+": "65+"})
df = df.groupby(["region", "sex", "age_group"], as_index=False)[["n", "total"]].sum()`,
	Kinds: []Kind{
		{"zero", policy.Note, "nobody in the group; the policy's counts.zero sets the severity"},
		{"full", policy.Note, "everybody in the group"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			if isMeasures(t) {
				continue // these zeros stand for 0 to 7 by design
			}
			for _, c := range t.Counts() {
				zeros(p, t, c)
			}
		}
		eachNested(p, func(t *table.Table, total, part *table.Column) { full(p, t, total, part) })
		return nil
	},
}

// isMeasures recognises the file that ehrQL writes for measures, where counts
// under the threshold are shown as zero.
func isMeasures(t *table.Table) bool {
	names := map[string]bool{}
	for _, c := range t.Columns {
		names[c.Name] = true
	}
	return names["measure"] && names["interval_start"] && names["numerator"] && names["denominator"]
}

func zeros(p *Pass, t *table.Table, c *table.Column) {
	if c.Half || cumulative(c) || c.Max() == 0 {
		return
	}
	var cells []int
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v == 0 {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("zero", t, c, cells)
	_, named := p.Policy.Severity[p.Check.Name]
	_, kind := p.Policy.Severity[p.Check.Name+"/zero"]
	if !named && !kind && p.Policy.Counts.Zero != "" {
		f.Severity = graded(p.Policy.Counts.Zero, t, c)
	}
	f.Message = fmt.Sprintf("%s in %q: nobody in the group.", counted(len(cells), "zero"), short(c.Name))
	p.Report(f)
}

func full(p *Pass, t *table.Table, total, part *table.Column) {
	limit := int64(p.Policy.Counts.Threshold)
	var cells []int
	var related []CellRef
	rows := 0
	for i := range part.Cells {
		n, ok1 := part.Whole(i)
		d, ok2 := total.Whole(i)
		if !ok1 || !ok2 {
			continue
		}
		rows++
		if n == d && d > limit {
			cells = append(cells, i)
			related = append(related, Ref(t, total, i))
		}
	}
	if len(cells) == 0 || 2*len(cells) >= rows {
		return
	}
	f := p.Cells("full", t, part, cells)
	f.Related = related
	f.Message = fmt.Sprintf("%s where all of %q are in %q.", counted(len(cells), "row"), short(total.Name), short(part.Name))
	p.Report(f)
}
