package checks

import (
	"fmt"

	"sallyport/checks/table"
	"sallyport/policy"
)

var measuresFile = Check{
	Name: "measures-file", Version: 1, Title: "ehrQL measures without disclosure control",
	Doc: "ehrQL writes measures with numerators and denominators of 7 or fewer shown as 0, and all others rounded to 5. " +
		"A file that does not follow this was made with that control turned off, or changed afterwards. In one that does, a zero stands for 0 to 7.",
	Source:  "ehrQL documentation, measures: disclosure control (configure_disclosure_control).",
	Example: "measure, interval_start, interval_end, ratio, numerator, denominator with numerator 23: reported. With 0, 10 and 25: not.",
	FixR: `# disclosure control is on unless the ehrQL file turns it off: take this line out,
#   measures.configure_disclosure_control(enabled = False)
# run the action again, and compute nothing from the raw counts
measures <- read.csv("measures.csv")`,
	FixPy: `measures = create_measures()
# measures.configure_disclosure_control(enabled=False)   <- take this line out
# run the action again, and compute nothing from the raw counts`,
	Kinds: []Kind{{"", policy.Warn, "counts that ehrQL's disclosure control would not have left"}},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			if !isMeasures(t) {
				continue
			}
			for _, c := range t.Columns {
				if c.Name == "numerator" || c.Name == "denominator" {
					uncontrolled(p, t, c)
				}
			}
		}
		return nil
	},
}

// uncontrolled reports counts that are no multiples of 5. A column rounded
// otherwise, to a base that the policy accepts, is somebody's own control.
func uncontrolled(p *Pass, t *table.Table, c *table.Column) {
	if c.Base.Proven() {
		return
	}
	var cells []int
	for i := range c.Cells {
		if v, ok := c.Whole(i); ok && v%5 != 0 {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("", t, c, cells)
	f.Severity = p.Severity("")
	f.Message = fmt.Sprintf("%s in %q that ehrQL's disclosure control would have rounded: it was turned off.", counted(len(cells), "value"), c.Name)
	p.Report(f)
}
