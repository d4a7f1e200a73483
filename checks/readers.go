package checks

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/checks/acro"
	"sallyport/checks/jsontable"
	"sallyport/checks/table"
	"sallyport/checks/text"
)

// A reader fills a document's Tables (and whatever else its checks need) from
// its Data. An error leaves the file incomplete, with the error's text as the
// reason, so the text must not quote the data. Readers obey limits of their own
// (cells, nesting, pixels); Data is never over the policy's max_bytes.
type reader struct {
	typ  Type
	exts string // extensions with dots, separated by spaces; "" means any
	read func(*Document) error
}

// readers is the explicit list; the first that fits a document's type and
// extension reads it. A type without a reader is left unread, which the
// file-type check reports.
func readers() []reader {
	return []reader{
		{TypeText, ".csv .tsv", readCSV},
		{TypeText, "", readText},
		{TypeJSON, "", readJSON},
		{TypeHTML, "", readHTML},
		{TypeSVG, "", readSVG},
		{TypePNG, "", readPicture},
		{TypeJPEG, "", readPicture},
	}
}

// readCSV reads a text table.
func readCSV(d *Document) error {
	src, info, err := table.ReadCSV(d.Data)
	d.CSV = &info
	if err != nil {
		return err
	}
	if len(src.Header) > 0 {
		d.Tables = []*table.Table{table.Understand(src)}
	}
	return nil
}

// readText reads a log or other printed text, and the tables printed in it.
func readText(d *Document) error {
	t, err := text.Read(d.Data)
	if err != nil {
		return err
	}
	d.Text = t
	if t.Delimited {
		return readCSV(d) // a table under another name
	}
	return d.understand(t.Tables)
}

// readJSON finds the tables of a JSON file, strictly and whole.
func readJSON(d *Document) error {
	sources, err := jsontable.Read(d.Data)
	if err != nil {
		return err
	}
	if acro.IsName(d.Path) {
		if d.Acro = acro.Parse(d.Data); d.Acro != nil {
			sources = withoutSDC(sources)
		}
	}
	return d.understand(sources)
}

// withoutSDC leaves out what an ACRO record says of cells: their positions and
// how many fail a test, which are no counts of people.
func withoutSDC(sources []*table.Source) []*table.Source {
	var out []*table.Source
	for _, s := range sources {
		sdc := slices.ContainsFunc(s.Header, func(h string) bool { return strings.HasPrefix(h, "sdc.") })
		if !sdc && !strings.Contains(s.Name, ".sdc") {
			out = append(out, s)
		}
	}
	return out
}

// understand gives the document the tables that a reader found, unless they are
// together more than one table may be.
func (d *Document) understand(sources []*table.Source) error {
	cells := 0
	for _, s := range sources {
		if cells += len(s.Header) * (len(s.Records) + 1); cells > table.MaxCells {
			return fmt.Errorf("its tables hold more than %d cells", table.MaxCells)
		}
	}
	for _, s := range sources {
		d.Tables = append(d.Tables, table.Understand(s))
	}
	return nil
}
