package checks

import (
	"fmt"
	"hash/maphash"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var personLevel = Check{
	Name: "person-level", Version: 1, Title: "Rows are people",
	Doc: "Each row looks like one person, not a group. Data about people never leaves the secure environment, " +
		"with or without an identifier: a few characteristics together single most people out.",
	Source:  "OpenSAFELY permitted study results policy: no patient record level data.",
	Example: "100 rows with a different patient_id each: reported. 200 rows of sex, age, region, died and month, many of them alike: reported, for rows of a summary differ.",
	FixR: `df <- df |> count(sex, age_group, region, name = "n")
df <- df |> mutate(n = if_else(n > 7, round(n / 5) * 5, NA_real_))`,
	FixPy: `df = df.groupby(["sex", "age_group", "region"]).size().reset_index(name="n")
df["n"] = (df["n"].where(df["n"] > 7) / 5).round() * 5`,
	Kinds: []Kind{
		{"identifier", policy.Block, "a column identifies nearly every row"},
		{"characteristics", policy.Block, "no count or statistic, and several columns that describe single people"},
		{"repeated", policy.Block, "no count or statistic, and many rows are exactly alike: groups would be named once"},
		{"flags", policy.Warn, "a long table of flags and dates without any count"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			people(p, t)
		}
		return nil
	},
}

// minPeople is how many rows a table has at least before its shape says anything.
const minPeople = 20

func people(p *Pass, t *table.Table) {
	if t.Rows < minPeople || identified(p, t) || measured(t) {
		return
	}
	traits, weight := describedPeople(t)
	if weight >= 4 {
		p.Report(Finding{Kind: "characteristics", Table: t.Source.Name,
			Message:  fmt.Sprintf("%d rows without a count or statistic, described by %s: the rows look like people.", t.Rows, strings.Join(traits, ", ")),
			Evidence: map[string]any{"rows": t.Rows, "columns": traits}})
		return
	}
	dims, flags := 0, 0
	for _, c := range t.Columns {
		switch c.Role {
		case table.BoolRole, table.DateRole:
			flags++
			dims++
		case table.Category, table.Ordinal, table.Geo:
			dims++
		}
	}
	if repeated := repeatedRows(t); t.Rows >= 50 && dims >= 3 && 10*repeated >= t.Rows {
		p.Report(Finding{Kind: "repeated", Table: t.Source.Name,
			Message:  fmt.Sprintf("There is no count or statistic, and %d of %d rows repeat another row exactly: the rows look like people, not groups.", repeated, t.Rows),
			Evidence: map[string]any{"rows": t.Rows, "repeated": repeated}})
		return
	}
	if t.Rows >= 100 && flags >= 3 {
		p.Report(Finding{Kind: "flags", Table: t.Source.Name,
			Message:  fmt.Sprintf("%d rows with %d flags and dates and no count: are the rows people?", t.Rows, flags),
			Evidence: map[string]any{"rows": t.Rows, "flags_and_dates": flags}})
	}
}

// identified reports a column of identifiers with a different one on nearly
// every row.
func identified(p *Pass, t *table.Table) bool {
	for _, c := range t.Columns {
		if c.Role != table.ID || float64(c.Distinct()) < 0.95*float64(t.Rows) {
			continue
		}
		p.Report(Finding{Kind: "identifier", Table: t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index), Confidence: c.Confidence,
			Message:  fmt.Sprintf("There is one row per %q: %d rows, %d different values.", short(c.Name), t.Rows, c.Distinct()),
			Evidence: map[string]any{"rows": t.Rows, "different": c.Distinct(), "why": c.Reasons}})
		return true
	}
	return false
}

// measured reports whether a table has a column that says something about
// groups: a count, a statistic, or a number that could be one.
func measured(t *table.Table) bool {
	for _, c := range t.Columns {
		switch {
		case c.Role.CountLike() && c.Confidence >= sureCount, c.Role == table.OrgCount, c.Role.Statistic():
			return true
		case c.Role == table.Unknown && !c.AllWhole():
			return true
		}
	}
	return false
}

// describedPeople lists the columns that describe single people rather than
// groups, with the weight of all of them together: an exact age or a date of
// birth, days on which something happened, sex, flags.
func describedPeople(t *table.Table) (traits []string, weight int) {
	flags, sex := 0, false
	add := func(c *table.Column, what string, w int) {
		traits = append(traits, fmt.Sprintf("%s (%s)", what, short(c.Name)))
		weight += w
	}
	for _, c := range t.Columns {
		switch {
		case c.Role == table.BirthDate:
			add(c, "date of birth", 3)
		case c.HasToken("age") && c.AllWhole() && c.Min() >= 0 && c.Max() <= 120 && c.Distinct() >= 12 && !c.Sequence():
			add(c, "age in years", 2)
		case c.Role == table.DateRole && scatteredDays(c):
			add(c, "single days", 2)
		case c.HasToken("sex", "gender") && !sex && c.Distinct() <= 5:
			sex = true
			add(c, "sex", 1)
		case c.Role == table.BoolRole && flags < 2 && c.Distinct() == 2:
			flags++
			add(c, "a flag", 1)
		}
	}
	return traits, weight
}

// scatteredDays reports dates to the day, many of them different and in no
// order: events of people, not the steps of a time series.
func scatteredDays(c *table.Column) bool {
	if 10*c.Distinct() < 3*c.Filled() || c.Filled() < minPeople {
		return false
	}
	down, days := 0, 0
	prev := ""
	for i := range c.Cells {
		if c.Cells[i].Kind != table.Date {
			continue
		}
		raw := strings.TrimSpace(c.Cells[i].Raw)
		if len(raw) >= 8 {
			days++
		}
		if raw < prev {
			down++
		}
		prev = raw
	}
	return 10*days >= 9*c.Filled() && 5*down >= c.Filled()
}

// repeatedRows counts the rows that are exactly like another row.
func repeatedRows(t *table.Table) int {
	seed := maphash.MakeSeed()
	seen := make(map[uint64]int, t.Rows)
	for i := range t.Rows {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, c := range t.Columns {
			h.WriteString(c.Cells[i].Raw)
			h.WriteByte(0)
		}
		seen[h.Sum64()]++
	}
	n := 0
	for _, k := range seen {
		if k > 1 {
			n += k
		}
	}
	return n
}
