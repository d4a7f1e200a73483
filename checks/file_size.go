package checks

import (
	"fmt"

	"sallyport/policy"
)

const requestingRelease = "OpenSAFELY documentation, requesting file release: "

var fileSize = Check{
	Name: "file-size", Version: 1, Title: "File size",
	Doc:     "Files over the size limit cannot be checked by eye. Such a file needs an exception with a reason, which both checkers must accept.",
	Source:  requestingRelease + "files are at most 16 MB.",
	Example: "A file of 16,777,217 bytes: reported. One of 16,777,216 bytes: fine.",
	FixR:    fewerRowsR,
	FixPy:   fewerRowsPy,
	Kinds:   []Kind{{"", policy.Block, "the file is over the size limit"}},
	File: func(p *Pass) error {
		if p.Doc.TooLarge {
			p.Report(Finding{
				Message:  fmt.Sprintf("The file has %d bytes or more; the limit is %d. It was not examined.", p.Doc.Size, p.Policy.Files.MaxBytes),
				Evidence: map[string]any{"bytes": p.Doc.Size, "limit": p.Policy.Files.MaxBytes},
			})
		}
		return nil
	},
}

var fileRows = Check{
	Name: "file-rows", Version: 1, Title: "Number of rows",
	Doc:     "A long table cannot be checked by eye, and is often data about people rather than a result.",
	Source:  requestingRelease + "tables have at most 5,000 rows.",
	Example: "A CSV with 5,001 data rows: reported. One with 5,000: fine; empty lines at its end are not rows.",
	FixR:    fewerRowsR,
	FixPy:   fewerRowsPy,
	Kinds:   []Kind{{"", policy.Block, "a table is over the limit of rows"}},
	File: func(p *Pass) error {
		limit := p.Policy.Files.MaxRows
		report := func(name string, rows int) {
			if rows > limit {
				p.Report(Finding{Table: name, Message: fmt.Sprintf("The table has %d rows; the limit is %d.", rows, limit),
					Evidence: map[string]any{"rows": rows, "limit": limit}})
			}
		}
		for _, t := range p.Doc.Tables {
			report(t.Source.Name, t.Rows)
		}
		if len(p.Doc.Tables) == 0 && p.Doc.CSV != nil {
			report("", p.Doc.CSV.Rows)
		}
		return nil
	},
}

var fileColumns = Check{
	Name: "file-columns", Version: 1, Title: "Number of columns",
	Doc:     "A wide table is hard to check by eye: columns off the screen are easily missed.",
	Source:  "House rule, for the checker's attention only.",
	Example: "A CSV with 101 columns: noted. One with 100: fine.",
	FixR: `df <- df |>
  select(region, sex, n, total) |>   # only what is needed
  tidyr::pivot_longer(c(n, total), names_to = "measure", values_to = "value")`,
	FixPy: `df = df[["region", "sex", "n", "total"]]   # only what is needed
df = df.melt(id_vars=["region", "sex"], var_name="measure", value_name="value")`,
	Kinds: []Kind{{"", policy.Note, "a table has many columns"}},
	File: func(p *Pass) error {
		limit := p.Policy.Files.MaxColumns
		for _, t := range p.Doc.Tables {
			if n := len(t.Columns); n > limit {
				p.Report(Finding{Table: t.Source.Name, Message: fmt.Sprintf("The table has %d columns, more than %d.", n, limit),
					Evidence: map[string]any{"columns": n, "limit": limit}})
			}
		}
		return nil
	},
}
