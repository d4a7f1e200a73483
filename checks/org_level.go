package checks

import (
	"fmt"
	"regexp"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var orgLevel = Check{
	Name: "org-level", Version: 1, Title: "Practices and small areas",
	Doc: "No result may identify a general practice, a primary care network, an integrated care board, a local authority or an MSOA. " +
		"NHS regions may be named. Numbers of practices are fine.",
	Source:  "OpenSAFELY permitted study results policy: practices, PCNs, ICBs, local authorities and MSOAs must not be identified.",
	Example: "practice_code,n with thirty practices: reported. stp with E54 codes: reported. n_practices, or the nine regions: not.",
	FixR: `# by NHS region, or as deciles across practices without the practice's code
df |> group_by(region) |> summarise(n = sum(n))
quantile(df$rate, seq(0.1, 0.9, 0.1))`,
	FixPy: `# by NHS region, or as deciles across practices without the practice's code
df.groupby("region")["n"].sum()
df["rate"].quantile(np.arange(1, 10) / 10)`,
	Kinds: []Kind{
		{"practice", policy.Block, "codes or names of practices or other organisations"},
		{"area", policy.Block, "codes of MSOAs, LSOAs, local authorities, CCGs or ICBs"},
		{"single", policy.Warn, "an organisation column with one or two values"},
		{"places", policy.Warn, "an area or organisation column with values that are not NHS regions"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if c.Role != table.OrgCount && !c.Role.CountLike() && c.Filled() > 0 {
					organisations(p, t, c)
				}
			}
		}
		return nil
	},
}

var (
	odsCode  = regexp.MustCompile(`^[A-HJ-NPVWY]\d{5}$`)
	onsCode  = regexp.MustCompile(`^(?:E0[126789]|W0[12]|S01|E38|E54|E16|E47)\d{6}$`)
	surgery  = regexp.MustCompile(`(?i)\b(?:surgery|medical centre|health centre|medical practice|group practice|gp practice)\b`)
	nhsAreas = regionSet()
)

// organisations tells by content first, then by the column's role.
func organisations(p *Pass, t *table.Table, c *table.Column) {
	n := c.Filled()
	ods := mostly(c, func(s string) bool { return len(s) == 6 && odsCode.MatchString(s) })
	ons := mostly(c, func(s string) bool { return len(s) == 9 && onsCode.MatchString(s) })
	names := mostly(c, surgery.MatchString)
	switch {
	case 10*len(ods) >= 8*n && distinct(c, ods) >= 3:
		place(p, "practice", t, c, ods, "codes of organisations (ODS)", true)
	case 2*len(ons) >= n && distinct(c, ons) >= 2:
		place(p, "area", t, c, ons, "codes of small areas (ONS)", true)
	case c.Role == table.OrgCode && distinct(c, filled(c)) >= 3:
		place(p, "practice", t, c, filled(c), "organisations, by its name", false)
	case c.Role == table.OrgCode:
		place(p, "single", t, c, filled(c), "organisations, by its name", false)
	case 10*len(names) > 3*n && distinct(c, names) >= 3:
		place(p, "practice", t, c, names, "names of practices", true)
	case c.Role == table.Geo, c.Role == table.Category && c.HasToken(placeWords...):
		if out := textCells(c, func(s string) bool { return !nhsAreas[strings.ToLower(s)] }); distinct(c, out) > 2 {
			place(p, "places", t, c, out, "areas or organisations other than NHS regions", false)
		} else if c.Numbers() > 2 && c.Distinct() > 2 && t.Layout != "long" {
			place(p, "places", t, c, filled(c), "codes of areas", false)
		}
	}
}

// mostly lists the text cells that satisfy f, for questions that ask for a good
// part of a column: when none of a hundred cells all over it does, it looks no
// further.
func mostly(c *table.Column, f func(string) bool) []int {
	if c.KindCount(table.Text) == 0 {
		return nil
	}
	const stride = 7919 // a prime, so that no period of the rows hides anything
	for k := range min(len(c.Cells), 100) {
		i := k * stride % len(c.Cells)
		if len(c.Cells) <= 100 {
			i = k
		}
		if x := &c.Cells[i]; x.Kind == table.Text && f(strings.TrimSpace(x.Raw)) {
			return textCells(c, f)
		}
	}
	return nil
}

// placeWords are words of a header that announce organisations or areas.
var placeWords = []string{"region", "stp", "ccg", "icb", "pcn", "msoa", "lsoa", "utla", "ltla", "lad", "la", "borough", "county", "authority",
	"surgery", "trust", "provider", "organisation", "organization"}

// place reports a column of organisations or areas. Codes and names of an
// unmistakable shape count in full in printed text, too.
func place(p *Pass, kind string, t *table.Table, c *table.Column, cells []int, what string, byContent bool) {
	f := Finding{Kind: kind, Table: t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index), Rows: Rows(t, c, cells),
		Message:  fmt.Sprintf("%q holds %s: %d different.", short(c.Name), what, distinct(c, cells)),
		Evidence: map[string]any{"different": distinct(c, cells), "cells": len(cells), "why": c.Reasons}}
	if t.Source.Weak && !byContent {
		f.Severity = p.Severity(kind).Lower()
	}
	p.Report(f)
}

// distinct counts the different texts among some cells of a column.
func distinct(c *table.Column, cells []int) int {
	seen := map[string]bool{}
	last := ""
	for _, i := range cells {
		if raw := c.Cells[i].Raw; raw != last || len(seen) == 0 {
			seen[strings.TrimSpace(raw)] = true
			last = raw
		}
	}
	return len(seen)
}

// regionSet lists the names of NHS and statistical regions as studies write
// them, which may be shown, and what stands in for one.
func regionSet() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Split(`east,east of england,east midlands,london,north east,north west,south east,south west,west midlands,
		yorkshire and the humber,yorkshire and humber,yorkshire,yorkshire/humber,yorkshire & the humber,the humber,midlands,
		north east and yorkshire,south,north,england,wales,scotland,northern ireland,great britain,united kingdom,uk,
		missing,unknown,other,all,total,overall,na`, ",") {
		m[strings.TrimSpace(s)] = true
	}
	return m
}
