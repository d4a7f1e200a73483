package form

import (
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/xuri/excelize/v2"

	"sallyport/review"
)

// writeXLSX writes the form as a workbook, every cell as text: a name that looks
// like a formula stays a name.
func writeXLSX(w io.Writer, f *Form, g *Guide) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.SetSheetName("Sheet1", sheetRequest); err != nil {
		return err
	}
	text, err := book.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	head, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name  string
		rows  [][]string
		width []float64
	}{
		{sheetRequest, requestRows(f), []float64{18, 70, 60}},
		{sheetGroups, groupRows(f, g), []float64{30, 30, 8, 14, 40}},
		{sheetFiles, fileRows(f), []float64{30, 50, 14, 18, 50}},
		{sheetChecklist, checklistRows(f, g), []float64{28, 14, 100}},
	} {
		if err := writeSheet(book, s.name, s.rows, s.width, text, head); err != nil {
			return err
		}
	}
	return book.Write(w)
}

func writeSheet(book *excelize.File, name string, rows [][]string, width []float64, text, head int) error {
	if _, err := book.NewSheet(name); err != nil { // an existing one is kept
		return err
	}
	last := len(rows[0])
	for x := range last {
		column, err := excelize.ColumnNumberToName(x + 1)
		if err != nil {
			return err
		}
		if err := errors.Join(book.SetColStyle(name, column, text), book.SetColWidth(name, column, column, width[min(x, len(width)-1)])); err != nil {
			return err
		}
	}
	for y, row := range rows {
		for x, value := range row {
			if value == "" {
				continue
			}
			if err := book.SetCellStr(name, cellName(x, y), value); err != nil {
				return err
			}
		}
	}
	return book.SetCellStyle(name, cellName(0, 0), cellName(last-1, 0), head)
}

func requestRows(f *Form) [][]string {
	return [][]string{
		{"field", "value", "help"},
		{"workspace", f.Workspace, ""},
		{"date", f.Date, "When this form was made."},
		{"title", f.Title, ""},
		{"project_number", f.ProjectNumber, ""},
		{"repository", f.Repository, ""},
		{"purpose", f.Purpose, "Why the release is necessary for the project's purpose."},
		{"concerns", f.Concerns, "Disclosure concerns that you see. Do not paste data."},
		{"reuse", f.Reuse, "The id of an earlier request whose texts fill empty ones, or: latest"},
	}
}

func groupRows(f *Form, g *Guide) [][]string {
	head := []string{"group", "wildcard", "count", "intermediate"}
	for _, part := range []struct {
		prefix string
		fields []Field
	}{{"context.", g.Context}, {"controls.", g.Controls}} {
		for _, x := range part.fields {
			head = append(head, x.Label+" - "+x.Help+" ["+part.prefix+x.ID+"]")
		}
	}
	rows := [][]string{head}
	for i := range f.Groups {
		group := &f.Groups[i]
		row := []string{group.Name, group.Wildcard, number(group.Count), map[bool]string{true: "yes"}[group.Intermediate]}
		for _, x := range g.Context {
			row = append(row, group.Context[x.ID])
		}
		for _, x := range g.Controls {
			row = append(row, group.Controls[x.ID])
		}
		rows = append(rows, row)
	}
	return rows
}

// number is empty for none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func fileRows(f *Form) [][]string {
	rows := [][]string{{"group", "path", "kind", "exception", "reason"}}
	for _, group := range f.Groups {
		for _, file := range group.Files {
			kind := string(file.Kind)
			if kind == "" {
				kind = string(review.Output)
			}
			if len(file.Exceptions) == 0 {
				rows = append(rows, []string{group.Name, file.Path, kind, "", ""})
			}
			for _, x := range file.Exceptions {
				rows = append(rows, []string{group.Name, file.Path, kind, x.Check, x.Reason})
			}
		}
	}
	return rows
}

func checklistRows(f *Form, g *Guide) [][]string {
	rows := [][]string{
		{"item", "confirmed", "text"},
		{permittedRow, f.Checklist.PermittedResults, "The version of the permitted study results policy that you have read and followed. In force: " + g.PermittedResults + " " + g.PermittedURL},
	}
	for _, item := range g.Checklist {
		rows = append(rows, []string{item.ID, map[bool]string{true: "yes"}[slices.Contains(f.Checklist.Confirmed, item.ID)], item.Text})
	}
	return rows
}
