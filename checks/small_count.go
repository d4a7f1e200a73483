package checks

import (
	"fmt"
	"math"

	"sallyport/checks/table"
	"sallyport/policy"
)

const sdc = "OpenSAFELY documentation, statistical disclosure control: "

var smallCount = Check{
	Name: "small-count", Version: 1, Title: "Small counts",
	Doc: "A count of 1 to 7 people can identify them: someone who knows one of the group learns what the table says of the rest. " +
		"Such counts must be removed, and totals then computed again from what is left.",
	Source:  sdc + "any statistic describing 7 or fewer patients must be redacted.",
	Example: "sex,n / F,120 / M,4: the 4 is reported. In a midpoint-6 column 0, 3, 9, 15 nothing is: 3 stands for 1 to 6 by design.",
	FixR: `# counts of 1 to 7 go first, then what is left is rounded to the nearest 5
df <- df |> mutate(n = if_else(n == 0 | n > 7, round(n / 5) * 5, NA_real_))`,
	FixPy: `# counts of 1 to 7 go first, then what is left is rounded to the nearest 5
df["n"] = df["n"].mask(df["n"].between(1, 7))
df["n"] = (df["n"] / 5).round() * 5`,
	Kinds: []Kind{
		{"exact", policy.Block, "the count is shown as it is"},
		{"rounded", policy.Block, "the column is rounded, and this value stands for counts that had to be redacted first"},
		{"ambiguous", policy.Note, "the column is rounded, and this value also stands for counts over the threshold"},
		{"organisations", policy.Warn, "the column counts organisations, not people"},
		{"possible", policy.Note, "a small whole number in a column whose meaning is not known"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Virtual {
				smallCells(p, t, c)
			}
		}
		return nil
	},
}

// smallCells reports the small counts of one column.
func smallCells(p *Pass, t *table.Table, c *table.Column) {
	counts, orgs := c.Role.CountLike(), c.Role == table.OrgCount
	unknown := c.Role == table.Unknown && c.AllWhole()
	if !counts && !orgs && !unknown {
		return
	}
	limit := int64(p.Policy.Counts.Threshold)
	allowed := roundedLabels(c)
	var cells, ambiguous []int
	for i := range c.Cells {
		v, ok := c.Whole(i)
		switch {
		case !ok || v <= 0 || v > limit || allowed[v]:
		case standsForLarge(c, v, limit):
			ambiguous = append(ambiguous, i)
		default:
			cells = append(cells, i)
		}
	}
	if len(ambiguous) > 0 {
		f := p.Cells("ambiguous", t, c, ambiguous)
		v, s := smallest(c, ambiguous), c.Base.Scheme
		_, hi := s.Interval(float64(v), 0)
		f.Message = fmt.Sprintf("%s of 1 to %d in %q: rounded to %s, %d stands for %d to %g if counts of %d or less were redacted first.",
			counted(len(ambiguous), "count"), limit, short(c.Name), s, v, limit+1, hi, limit)
		p.Report(f)
	}
	if len(cells) == 0 {
		return
	}
	kind, message := "exact", fmt.Sprintf("%s of 1 to %d in %q.", counted(len(cells), "count"), limit, short(c.Name))
	switch s := c.Base.Assumed(); {
	case orgs:
		kind = "organisations"
		message = fmt.Sprintf("%s of 1 to %d in %q, which counts organisations, not people.", counted(len(cells), "number"), limit, short(c.Name))
	case unknown:
		kind = "possible"
		message = fmt.Sprintf("%s of 1 to %d in %q: are they counts of people?", counted(len(cells), "whole number"), limit, short(c.Name))
	case c.Base.Proven() && !s.Exact() && s.Fits(smallest(c, cells)):
		kind = "rounded"
		message = roundedMessage(c, cells, s, limit)
	}
	f := p.Cells(kind, t, c, cells)
	f.Message = message
	p.Report(f)
}

// standsForLarge reports whether a column's rounding gives v for counts over the
// limit too (7 stands for 8 to 10 when rounding to 7).
func standsForLarge(c *table.Column, v, limit int64) bool {
	if s := c.Base.Scheme; c.Base.Proven() && s.Family == "near" && s.Fits(v) {
		_, hi := s.Interval(float64(v), 0)
		return hi > float64(limit)
	}
	return false
}

func smallest(c *table.Column, cells []int) int64 {
	low := int64(math.MaxInt64)
	for _, i := range cells {
		if v, ok := c.Whole(i); ok {
			low = min(low, v)
		}
	}
	return low
}

// roundedMessage explains a small value in a rounded column by the counts that
// it stands for.
func roundedMessage(c *table.Column, cells []int, s table.Scheme, limit int64) string {
	v := smallest(c, cells)
	lo, hi := s.Interval(float64(v), 0)
	return fmt.Sprintf("%s of 1 to %d in %q: %d stands for %g to %g and cannot remain if counts of %d or less were redacted before rounding to %s.",
		counted(len(cells), "count"), limit, short(c.Name), v, math.Max(lo, 1), hi, limit, s)
}

// roundedLabels are the small values that a column's rounding produces and that
// stand for nothing small: 3 under midpoint 6, which stands for 1 to 6 by
// design, and 3 and 6 where midpoints were subtracted. A name alone exempts only
// when the values leave it open.
func roundedLabels(c *table.Column) map[int64]bool {
	s := c.Base.Assumed()
	if !c.Base.Proven() {
		declared, ok := c.Declared()
		if !ok || c.Base.State != table.Inconclusive {
			return nil
		}
		s = declared
	}
	if d, ok := c.Declared(); ok && d.Family == "midd" && c.Base.State != table.Unrounded {
		return map[int64]bool{3: true, 6: true}
	}
	switch {
	case s.Family == "mid" && s.B >= 6:
		return map[int64]bool{int64(s.B - s.B/2): true}
	case s.Family == "midd":
		return map[int64]bool{3: true, 6: true}
	}
	return nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var smallCountInterval = Check{
	Name: "small-count-interval", Version: 1, Title: "Narrow redaction marker",
	Doc: "A marker such as <3 hides the count but says that it is one of very few numbers. " +
		"Use one marker for all redacted cells, [REDACTED].",
	Source:  sdc + "redaction with [REDACTED]; the marker's own width is derived from the rounding base.",
	Example: "sex,n / F,120 / M,<3 / U,40: the marker says 0 to 2 and is noted. <=7 is as wide as rounding leaves it and is not.",
	FixR:    `df <- df |> mutate(n = if_else(n > 7, as.character(round(n / 5) * 5), "[REDACTED]"))`,
	FixPy: `few = df["n"] <= 7
df["n"] = ((df["n"] / 5).round() * 5).astype("object").mask(few, "[REDACTED]")`,
	Kinds: []Kind{{"", policy.Note, "the marker leaves few counts possible"}},
	File:  checkMarkers,
}

func checkMarkers(p *Pass) error {
	limit, width := float64(p.Policy.Counts.Threshold), float64(p.Policy.Counts.NarrowWidth)
	for _, t := range p.Doc.Tables {
		for _, c := range t.Counts() {
			if c.KindCount(table.Compare)+c.KindCount(table.Range) == 0 {
				continue
			}
			var cells []int
			for i := range c.Cells {
				x := &c.Cells[i]
				if (x.Kind == table.Compare || x.Kind == table.Range) && x.Hi > 0 && x.Hi < limit && x.Hi-x.Lo < width {
					cells = append(cells, i)
				}
			}
			if len(cells) == 0 {
				continue
			}
			f := p.Cells("", t, c, cells)
			x := &c.Cells[cells[0]]
			f.Message = fmt.Sprintf("%s in %q narrow the count: %q leaves %g to %g.", counted(len(cells), "marker"), short(c.Name), short(x.Raw), x.Lo, x.Hi)
			f.Evidence["interval"] = []float64{x.Lo, x.Hi}
			p.Report(f)
		}
	}
	return nil
}
