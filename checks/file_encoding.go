package checks

import (
	"errors"
	"fmt"

	"sallyport/checks/table"
	"sallyport/policy"
)

var fileEncoding = Check{
	Name: "file-encoding", Version: 1, Title: "Encoding and shape",
	Doc: "A table that is not plain UTF-8, or whose rows have different numbers of cells, may be shown otherwise than it was read. " +
		"The checks read it as well as they could; look at the rows named.",
	Source:  "House rule, for the checker's attention only.",
	Example: "A CSV saved as Latin-1: noted, and read as Latin-1. A row with one cell too many: noted with its number.",
	FixR:    `write.csv(df, "results.csv", row.names = FALSE, fileEncoding = "UTF-8")`,
	FixPy:   `df.to_csv("results.csv", index=False, encoding="utf-8")`,
	Kinds: []Kind{
		{"encoding", policy.Note, "the text is not UTF-8"},
		{"ragged", policy.Note, "rows have more or fewer cells than the header"},
	},
	File: checkEncoding,
}

func checkEncoding(p *Pass) error {
	info := p.Doc.CSV
	if info == nil {
		return nil
	}
	if info.Encoding == "utf-16" || info.Encoding == "latin-1" {
		p.Report(Finding{Kind: "encoding", Message: fmt.Sprintf("The file is not UTF-8; it was read as %s.", info.Encoding),
			Evidence: map[string]any{"encoding": info.Encoding}})
	}
	if info.RaggedAll == 0 {
		return nil
	}
	f := Finding{Kind: "ragged", Evidence: map[string]any{"rows": info.RaggedAll, "columns": info.Columns},
		Message: fmt.Sprintf("%d of %d rows do not have the %d cells of the header.", info.RaggedAll, info.Rows, info.Columns)}
	for _, row := range info.Ragged {
		f.Rows = append(f.Rows, Row{Line: row + 2, Row: Int(row)})
	}
	p.Report(f)
	return nil
}

var fileEmpty = Check{
	Name: "file-empty", Version: 1, Title: "Empty file",
	Doc:     "A table without data rows, or an empty file, releases nothing and usually means that a step of the pipeline failed.",
	Source:  requestingRelease + "as few files as possible.",
	Example: `A CSV of one line "sex,n": reported. A CSV with one data row: fine.`,
	FixR: `stopifnot(nrow(df) > 0)   # stop where the file is made, and see why nothing was found
write.csv(df, "results.csv", row.names = FALSE)`,
	FixPy: `assert len(df) > 0   # stop where the file is made, and see why nothing was found
df.to_csv("results.csv", index=False)`,
	Kinds: []Kind{{"", policy.Warn, "there is nothing in it"}},
	File: func(p *Pass) error {
		d := p.Doc
		switch {
		case errors.Is(d.Unread, errOpen) || errors.Is(d.Unread, errRead):
		case d.Size == 0:
			p.Report(Finding{Message: "The file is empty."})
		case d.CSV != nil && d.Unread == nil && noRows(d.Tables):
			p.Report(Finding{Message: "The table has no data rows."})
		}
		return nil
	},
}

func noRows(tables []*table.Table) bool {
	for _, t := range tables {
		if t.Rows > 0 || t.Skip > 0 {
			return false
		}
	}
	return true
}
