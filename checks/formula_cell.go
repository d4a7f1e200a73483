package checks

import (
	"fmt"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var formulaCell = Check{
	Name: "formula-cell", Version: 1, Title: "Cells that a spreadsheet would compute",
	Doc: "A spreadsheet reads a cell that starts with = + - or @ as a formula, and may run it, when it opens a CSV file. " +
		"Results hold values, not formulas.",
	Source:  "OWASP, CSV injection.",
	Example: `=HYPERLINK("http://x") or @SUM(1) in a cell: noted. -0.35, "- Female" and a lone "-": not.`,
	FixR: `# write the value, not the formula; text that must begin so gets an apostrophe
df <- df |> mutate(comment = sub("^([=+@-])", "'\\1", comment))`,
	FixPy: `# write the value, not the formula; text that must begin so gets an apostrophe
df["comment"] = df["comment"].str.replace(r"^([=+@-])", r"'\1", regex=True)`,
	Kinds: []Kind{{"", policy.Note, "a text cell that starts as a formula does"}},
	File: func(p *Pass) error {
		if p.Doc.CSV == nil {
			return nil
		}
		for _, t := range p.Doc.Tables {
			for _, c := range t.Columns {
				cells := textCells(c, isFormula)
				header := isFormula(strings.TrimSpace(c.Name))
				if len(cells) == 0 && !header {
					continue
				}
				f := Finding{Table: t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index), Rows: Rows(t, c, cells),
					Message: fmt.Sprintf("%s in %q that a spreadsheet would read as a formula.", counted(len(cells), "cell"), short(c.Name))}
				if header {
					f.Message = fmt.Sprintf("The column's name %q would be read as a formula by a spreadsheet.", short(c.Name))
				}
				p.Report(f)
			}
		}
		return nil
	},
}

// isFormula tells formulas from signs: = and @ with anything after them, + and -
// only when what follows computes or calls something.
func isFormula(s string) bool {
	if len(s) < 2 || strings.IndexByte("=@+-", s[0]) < 0 || table.Parse(s).Kind != table.Text {
		return false
	}
	return s[0] == '=' || s[0] == '@' || s[1] != ' ' && s[1] != s[0] && strings.ContainsAny(s[1:], "(|!=+*/^&")
}
