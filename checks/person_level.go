package checks

import (
	"fmt"
	"hash/maphash"

	"sallyport/checks/table"
	"sallyport/policy"
)

var personLevel = Check{
	Name: "person-level", Version: 1, Title: "Rows are people",
	Doc: "Each row looks like one person, not a group. Data about people never leaves the secure environment, " +
		"with or without an identifier: a few characteristics together single most people out.",
	Source:  "OpenSAFELY permitted study results policy: no patient record level data.",
	Example: "100 rows with a different patient_id each: reported. 200 rows of sex, age, region, died and month, many of them alike: reported, for rows of a summary differ.",
	FixR:    `df |> count(sex, age_group, region), then redact and round n`,
	FixPy:   `df.groupby(["sex", "age_group", "region"]).size(), then redact and round`,
	Kinds: []Kind{
		{"identifier", policy.Block, "a column identifies nearly every row"},
		{"repeated", policy.Block, "no counts, and many rows are exactly alike: groups would be named once"},
		{"flags", policy.Warn, "a long table of flags and dates without any count"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			people(p, t)
		}
		return nil
	},
}

func people(p *Pass, t *table.Table) {
	for _, c := range t.Columns {
		if c.Role == table.ID && t.Rows >= 20 && float64(c.Distinct()) >= 0.95*float64(t.Rows) {
			p.Report(Finding{Kind: "identifier", Table: t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index), Confidence: c.Confidence,
				Message:  fmt.Sprintf("There is one row per %q: %d rows, %d different values.", short(c.Name), t.Rows, c.Distinct()),
				Evidence: map[string]any{"rows": t.Rows, "different": c.Distinct(), "why": c.Reasons}})
			return
		}
	}
	dims, flags := 0, 0
	for _, c := range t.Columns {
		switch {
		case c.Role.CountLike():
			return
		case c.Role.Statistic() || c.Role == table.Unknown:
			if t.Rows < 100 {
				return
			}
			dims = -1 << 20
		case c.Role == table.BoolRole || c.Role == table.DateRole:
			flags++
			dims++
		case c.Role == table.Category || c.Role == table.Ordinal:
			dims++
		}
	}
	if repeated := repeatedRows(t); t.Rows >= 50 && len(t.Columns) >= 3 && dims >= 3 && 10*repeated >= t.Rows {
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
