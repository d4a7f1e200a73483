package checks

import (
	"fmt"

	"sallyport/checks/table"
	"sallyport/policy"
)

var complementSmall = Check{
	Name: "complement-small", Version: 1, Title: "All but a few",
	Doc:     "Where 995 of 998 people have something, the three who do not are a small count, though it is not shown.",
	Source:  sdc + "secondary disclosure: a redacted count worked out from others.",
	Example: "995 of 998: reported, the difference is 3. 995 of 1000 in rounded columns: fine. Two arms of a trial side by side: fine.",
	FixR: `# redact both where all but a few are counted, and round what is left
df <- df |> mutate(
  few = total - n > 0 & total - n <= 7,
  n = if_else(few, NA_real_, round(n / 5) * 5),
  total = round(total / 5) * 5
) |> select(-few)`,
	FixPy: `# redact where all but a few are counted, and round what is left
few = (df["total"] - df["n"]).between(1, 7)
df["n"] = (df["n"].mask(few) / 5).round() * 5
df["total"] = (df["total"] / 5).round() * 5`,
	Kinds: []Kind{{"", policy.Warn, "a total and its part differ by a small count"}},
	File: func(p *Pass) error {
		eachNested(p, func(t *table.Table, total, part *table.Column) { nearlyAll(p, t, total, part) })
		return nil
	},
}

// eachNested calls f for pairs of count columns of which one is a whole by its
// name and the other never exceeds it, on three rows or more.
func eachNested(p *Pass, f func(t *table.Table, total, part *table.Column)) {
	for _, t := range p.Doc.Tables {
		cols := t.Counts()
		if t.Layout == "long" || len(cols) > 200 {
			continue
		}
		for _, d := range cols {
			if !isWholeGroup(d) {
				continue
			}
			for _, n := range cols {
				if n.Index != d.Index && !n.Half && !isWholeGroup(n) && !cumulative(n) && nested(d, n) {
					f(t, d, n)
				}
			}
		}
	}
}

// isWholeGroup reports whether a column counts all of a group.
func isWholeGroup(c *table.Column) bool {
	return !cumulative(c) && (c.Role == table.Denominator || c.Name == "N" ||
		c.HasToken("total", "denominator", "denom", "population", "pop", "all", "overall", "eligible", "registered", "strata", "size", "base"))
}

// nested reports whether part is at most total on every row, over three rows.
func nested(total, part *table.Column) bool {
	rows := 0
	for i := range part.Cells {
		n, ok1 := part.Whole(i)
		d, ok2 := total.Whole(i)
		if !ok1 || !ok2 {
			continue
		}
		if n > d {
			return false
		}
		rows++
	}
	return rows >= 3
}

func nearlyAll(p *Pass, t *table.Table, total, part *table.Column) {
	if total.Base.State != table.Unrounded || part.Base.Proven() {
		return
	}
	limit := int64(p.Policy.Counts.Threshold)
	var cells []int
	var related []CellRef
	rows, full := 0, 0
	for i := range part.Cells {
		n, ok1 := part.Whole(i)
		d, ok2 := total.Whole(i)
		if !ok1 || !ok2 {
			continue
		}
		rows++
		switch diff := d - n; {
		case diff == 0 && d > 0:
			full++
		case diff >= 1 && diff <= limit && d > limit:
			cells = append(cells, i)
			related = append(related, Ref(t, total, i))
		}
	}
	if len(cells) == 0 || 2*full >= rows {
		return
	}
	f := p.Cells("", t, part, cells)
	f.Related = related
	f.Message = fmt.Sprintf("%s where all but 1 to %d of %q are in %q.", counted(len(cells), "row"), limit, short(total.Name), short(part.Name))
	f.Evidence["example"] = fmt.Sprintf("%s - %s", related[0].Value, f.Rows[0].Value)
	p.Report(f)
}
