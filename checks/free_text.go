package checks

import (
	"fmt"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var freeText = Check{
	Name: "free-text", Version: 1, Title: "Free text",
	Doc:    "Long texts that differ from row to row may have been written about patients. Nothing a clinician or a patient wrote may leave.",
	Source: sdc + "free text must not be released.",
	Example: "Fourteen rows of date, comment and n, where each comment is a sentence of its own: reported. " +
		"A column of code descriptions or of inclusion criteria: not.",
	FixR:  `df <- df |> select(-comment)`,
	FixPy: `df = df.drop(columns=["comment"])`,
	Kinds: []Kind{{"", policy.Warn, "a column of long texts, nearly all different"}},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				if !t.Source.Weak {
					texts(p, t, c)
				}
			}
		}
		return nil
	},
}

const (
	minTexts  = 10 // cells
	longText  = 60 // characters; or
	manyWords = 8
)

// texts reports a column whose cells are mostly different, and of which more
// than three in ten are long.
func texts(p *Pass, t *table.Table, c *table.Column) {
	n := c.Filled()
	if c.KindCount(table.Text) < minTexts || 10*c.Distinct() < 8*n || labels(c) {
		return
	}
	long := textCells(c, func(s string) bool { return len([]rune(s)) > longText || len(strings.Fields(s)) > manyWords })
	if n < minTexts || 10*len(long) <= 3*n {
		return
	}
	f := maskedCells("", t, c, long)
	f.Message = fmt.Sprintf("%q holds long texts: %d of %d cells, %d different. Were they written about patients?", short(c.Name), len(long), n, c.Distinct())
	f.Evidence["different"], f.Evidence["filled"] = c.Distinct(), n
	p.Report(f)
}

// labels says that the column's name announces texts that researchers wrote.
func labels(c *table.Column) bool {
	return c.HasToken("term", "label", "description", "desc", "criteria", "criterion", "definition", "codelist", "characteristic",
		"outcome", "variable", "name", "exclusion", "inclusion", "indicator", "measure", "title", "query", "formula", "model", "call")
}
