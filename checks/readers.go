package checks

import "sallyport/checks/table"

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
