package sheet

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// maxRows is how many rows of data one sheet holds; more go on the next.
const maxRows = 1_000_000

// WriteXLSX writes a workbook with a sheet for each table. Texts are typed as
// texts, so that nothing in them is ever a formula; a text beyond what a cell
// holds is cut, and says so. It returns the number of rows of all sheets
// together, headers not counted.
func WriteXLSX(w io.Writer, tables ...Table) (rows int, err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	x := &workbook{book: book}
	if x.head, err = book.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EDEE"}},
		Alignment: &excelize.Alignment{Vertical: "top", WrapText: true},
	}); err != nil {
		return 0, err
	}
	if x.text, err = book.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}); err != nil {
		return 0, err
	}
	for _, t := range tables {
		n, err := x.table(t)
		if rows += n; err != nil {
			return rows, fmt.Errorf("sheet %s: %w", t.Name, err)
		}
	}
	if len(x.names) > 0 {
		if err := book.DeleteSheet("Sheet1"); err != nil {
			return rows, err
		}
	}
	book.SetActiveSheet(0)
	return rows, book.Write(w)
}

// workbook is one being written.
type workbook struct {
	book       *excelize.File
	names      []string
	head, text int // styles
}

// table writes one table, on as many sheets as it needs.
func (x *workbook) table(t Table) (rows int, err error) {
	part := 1
	out, err := x.sheet(t, part)
	if err != nil {
		return 0, err
	}
	line := 1
	for row, err := range t.Rows {
		if err != nil {
			return rows, err
		}
		if line > maxRows {
			if err := out.Flush(); err != nil {
				return rows, err
			}
			part++
			if out, err = x.sheet(t, part); err != nil {
				return rows, err
			}
			line = 1
		}
		line++
		if err := out.SetRow("A"+strconv.Itoa(line), x.cells(t.Columns, row)); err != nil {
			return rows, err
		}
		rows++
	}
	return rows, out.Flush()
}

// sheet begins one sheet with its header.
func (x *workbook) sheet(t Table, part int) (*excelize.StreamWriter, error) {
	name := t.Name
	if part > 1 {
		name = fmt.Sprint(name, " ", part)
	}
	x.names = append(x.names, name)
	if _, err := x.book.NewSheet(name); err != nil {
		return nil, err
	}
	landscape, paper, width, tall := "landscape", 9, 1, 0 // A4, as wide as a page
	fitPage := true
	if err := errors.Join(
		x.book.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &paper, FitToWidth: &width, FitToHeight: &tall}),
		x.book.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fitPage}),
	); err != nil {
		return nil, err
	}
	out, err := x.book.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	head := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		width := c.Width
		if width == 0 {
			width = 18
		}
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return nil, err
		}
		head[i] = excelize.Cell{StyleID: x.head, Value: c.Name}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	return out, out.SetRow("A1", head)
}

func (x *workbook) cells(columns []Column, row []string) []any {
	out := make([]any, len(row))
	for i, text := range row {
		if i < len(columns) && columns[i].Number && isNumber(text) {
			n, err := strconv.ParseFloat(text, 64)
			if err == nil {
				out[i] = n
				continue
			}
		}
		if text == "" {
			continue
		}
		out[i] = excelize.Cell{StyleID: x.text, Value: fit(Cell(text))}
	}
	return out
}
