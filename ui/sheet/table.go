package sheet

import (
	"bufio"
	"io"
	"iter"
	"strconv"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Name string
	// Number says that the program writes whole or decimal numbers into it; a
	// cell that is none is text all the same.
	Number bool
	Width  float64 // in characters; 0 means 18
}

// Table is one sheet: its rows are asked for once, in order.
type Table struct {
	Name    string // of the sheet: at most 31 plain characters
	Columns []Column
	Rows    iter.Seq2[[]string, error]
}

// Columns makes columns of text, "#name" one of numbers.
func Columns(names ...string) []Column {
	var out []Column
	for _, n := range names {
		name, number := strings.CutPrefix(n, "#")
		out = append(out, Column{Name: name, Number: number})
	}
	return out
}

// Rows are rows that are there already.
func Rows(rows [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// WriteCSV writes a table as RFC 4180 in UTF-8: a header, lines that end in
// CRLF, every text in quotes. It returns the number of rows below the header.
func WriteCSV(w io.Writer, t Table) (int, error) {
	out := bufio.NewWriter(w)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	if err := csvLine(out, nil, head); err != nil {
		return 0, err
	}
	n := 0
	for row, err := range t.Rows {
		if err != nil {
			return n, err
		}
		if err := csvLine(out, t.Columns, row); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Flush()
}

func csvLine(w *bufio.Writer, columns []Column, cells []string) error {
	for i, text := range cells {
		if i > 0 {
			_ = w.WriteByte(',') // an error stays until the last write
		}
		if i < len(columns) && columns[i].Number && isNumber(text) {
			_, _ = w.WriteString(text)
			continue
		}
		_ = w.WriteByte('"')
		_, _ = w.WriteString(strings.ReplaceAll(Cell(text), `"`, `""`))
		_ = w.WriteByte('"')
	}
	_, err := w.WriteString("\r\n")
	return err
}

// isNumber reports whether the text is a plain decimal number, such as no
// spreadsheet reads as anything else.
func isNumber(text string) bool {
	if text == "" || strings.Trim(text, "-.0123456789") != "" || len(text) > 15 {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
