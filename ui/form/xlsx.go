package form

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"sallyport/review"
)

// Names of the sheets.
const (
	sheetRequest   = "Request"
	sheetGroups    = "Groups"
	sheetFiles     = "Files"
	sheetChecklist = "Checklist"
)

// Limits on one sheet.
const (
	maxRows    = 1500
	maxColumns = 60
)

// permittedRow is the row of the checklist that names a version instead of
// saying yes.
const permittedRow = "permitted_results_version"

// ReadXLSX reads a workbook. Formulas, macros, links to other workbooks, and
// whatever unpacks to more than a form can be, are refused. An error names the
// sheet and the cell.
func ReadXLSX(data []byte) (form *Form, err error) {
	if len(data) > maxFile {
		return nil, wrong("", "a form has at most %d MB", maxFile>>20)
	}
	if err := checkArchive(data); err != nil {
		return nil, err
	}
	// The library panics on some parts that contradict one another.
	defer func() {
		if recover() != nil {
			form, err = nil, wrong("", "the workbook cannot be read")
		}
	}()
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped,
	})
	if err != nil {
		return nil, wrong("", "the workbook cannot be read")
	}
	defer book.Close()
	r := &reader{book: book, form: &Form{}, groups: map[string]int{}}
	return r.form, r.read()
}

// reader fills a form from a workbook.
type reader struct {
	book   *excelize.File
	form   *Form
	groups map[string]int // by name, where in form.Groups
}

func (r *reader) read() error {
	sheets := r.book.GetSheetList()
	for _, name := range sheets {
		if !slices.Contains([]string{sheetRequest, sheetGroups, sheetFiles, sheetChecklist}, name) {
			return wrong(fmt.Sprintf("sheet %q", name), "a form has the sheets Request, Groups, Files and Checklist only")
		}
		if shown, err := r.book.GetSheetVisible(name); err != nil || !shown {
			return wrong("sheet "+name, "it is hidden: show it, so that what it holds is seen before it is filed")
		}
	}
	for _, part := range []struct {
		name string
		read func(*sheet) error
	}{{sheetRequest, r.request}, {sheetGroups, r.group}, {sheetFiles, r.file}, {sheetChecklist, r.checklist}} {
		if !slices.Contains(sheets, part.name) {
			return wrong("", "the sheet %s is missing", part.name)
		}
		s, err := r.open(part.name)
		if err != nil {
			return err
		}
		for s.row = 1; s.row < len(s.rows); s.row++ {
			if s.blank() {
				continue
			}
			if err := part.read(s); err != nil {
				return err
			}
		}
	}
	return r.form.check()
}

// sheet is one sheet, at one of its rows.
type sheet struct {
	name    string
	rows    [][]string
	columns []string // by id, from the first row
	row     int
}

// open reads a sheet whole, within the limits, and refuses formulas.
func (r *reader) open(name string) (*sheet, error) {
	s := &sheet{name: name}
	rows, err := r.book.Rows(name)
	if err != nil {
		return nil, wrong("sheet "+name, "it cannot be read")
	}
	defer rows.Close()
	for rows.Next() {
		if len(s.rows) == maxRows {
			return nil, wrong("sheet "+name, "it has more than %d rows", maxRows)
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, wrong("sheet "+name, "row %d cannot be read", len(s.rows)+1)
		}
		if len(cells) > maxColumns {
			return nil, wrong("sheet "+name, "row %d has more than %d columns", len(s.rows)+1, maxColumns)
		}
		s.rows = append(s.rows, cells)
	}
	if rows.Error() != nil || len(s.rows) == 0 {
		return nil, wrong("sheet "+name, "it has no header")
	}
	if err := r.refuseFormulas(s); err != nil {
		return nil, err
	}
	return s, s.header()
}

// refuseFormulas looks at every cell, those without a value too: a formula may
// have none.
func (r *reader) refuseFormulas(s *sheet) error {
	width := 0
	for _, cells := range s.rows {
		width = max(width, len(cells))
	}
	for y := range s.rows {
		for x := range width {
			cell := cellName(x, y)
			formula, err := r.book.GetCellFormula(s.name, cell)
			if err != nil {
				return wrong(s.at(x, y), "the cell cannot be read")
			}
			kind, err := r.book.GetCellType(s.name, cell)
			if formula != "" || err != nil || kind == excelize.CellTypeFormula || kind == excelize.CellTypeError {
				return wrong(s.at(x, y), "a form holds no formulas: write the value")
			}
		}
	}
	return nil
}

func cellName(x, y int) string {
	name, err := excelize.CoordinatesToCellName(x+1, y+1)
	if err != nil {
		return "?"
	}
	return name
}

func (s *sheet) at(x, y int) string { return fmt.Sprintf("sheet %s, cell %s", s.name, cellName(x, y)) }

// header reads the names of the columns: what stands in brackets, or the whole.
func (s *sheet) header() error {
	for x, text := range s.rows[0] {
		id := strings.TrimSpace(text)
		if open := strings.LastIndex(id, "["); open >= 0 && strings.HasSuffix(id, "]") {
			id = id[open+1 : len(id)-1]
		}
		if id != "" && slices.Contains(s.columns, id) {
			return wrong(s.at(x, 0), "the column %q is there twice", id)
		}
		s.columns = append(s.columns, id)
	}
	return nil
}

// known refuses columns that the sheet does not have, and values without one.
func (s *sheet) known(names ...string) error {
	for _, name := range names {
		if !strings.HasSuffix(name, ".") && !slices.Contains(s.columns, name) {
			return wrong("sheet "+s.name, "the column %q is missing", name)
		}
	}
	for x, id := range s.columns {
		fits := func(name string) bool {
			return id == name || strings.HasSuffix(name, ".") && strings.HasPrefix(id, name) && len(id) > len(name)
		}
		if id != "" && !slices.ContainsFunc(names, fits) {
			return wrong(s.at(x, 0), "the column %q is not known", id)
		}
	}
	for x, text := range s.rows[s.row] {
		if strings.TrimSpace(text) != "" && (x >= len(s.columns) || s.columns[x] == "") {
			return wrong(s.at(x, s.row), "this column has no name")
		}
	}
	return nil
}

func (s *sheet) blank() bool {
	return !slices.ContainsFunc(s.rows[s.row], func(c string) bool { return strings.TrimSpace(c) != "" })
}

// value is the cell of the row in a column, trimmed; at says where it is.
func (s *sheet) value(column string) (text, at string) {
	x := slices.Index(s.columns, column)
	if x >= 0 && x < len(s.rows[s.row]) {
		text = strings.TrimSpace(s.rows[s.row][x])
	}
	return text, s.at(max(x, 0), s.row)
}

func (r *reader) request(s *sheet) error {
	if err := s.known("field", "value", "help"); err != nil {
		return err
	}
	field, at := s.value("field")
	value, where := s.value("value")
	f := r.form
	places := map[string]*string{
		"workspace": &f.Workspace, "date": &f.Date, "title": &f.Title, "project_number": &f.ProjectNumber,
		"repository": &f.Repository, "purpose": &f.Purpose, "concerns": &f.Concerns, "reuse": &f.Reuse,
	}
	place := places[field]
	switch {
	case place == nil:
		return wrong(at, "the field %q is not known", field)
	case *place != "":
		return wrong(at, "the field %q is there twice", field)
	case field == "date":
		var err error
		if value, err = date(value, where); err != nil {
			return err
		}
	}
	*place = value
	return nil
}

// date takes a day as text, or as spreadsheets count days.
func date(value, at string) (string, error) {
	if n, err := strconv.ParseFloat(value, 64); err == nil && n > 1 && n < 1e6 {
		if t, err := excelize.ExcelDateToTime(n, false); err == nil {
			return t.Format(time.DateOnly), nil
		}
	}
	if _, err := time.Parse(time.DateOnly, value); err != nil && value != "" {
		return "", wrong(at, "%q is not a date such as 2026-12-24", value)
	}
	return value, nil
}

func (r *reader) group(s *sheet) error {
	if err := s.known("group", "wildcard", "count", "intermediate", "context.", "controls."); err != nil {
		return err
	}
	name, at := s.value("group")
	g := Group{Name: strings.Join(strings.Fields(name), " "), Context: map[string]string{}, Controls: map[string]string{}, at: at}
	g.Wildcard, _ = s.value("wildcard")
	count, where := s.value("count")
	if count != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(count, ".0"))
		if err != nil {
			return wrong(where, "%q is not a whole number", count)
		}
		g.Count = n
	}
	var err error
	if g.Intermediate, err = yes(s.value("intermediate")); err != nil {
		return err
	}
	for _, column := range s.columns {
		value, _ := s.value(column)
		if id, ok := strings.CutPrefix(column, "context."); ok && value != "" {
			g.Context[id] = value
		}
		if id, ok := strings.CutPrefix(column, "controls."); ok && value != "" {
			g.Controls[id] = value
		}
	}
	if _, twice := r.groups[g.Name]; twice || g.Name == "" {
		return wrong(at, "each group has a name of its own")
	}
	r.groups[g.Name] = len(r.form.Groups)
	r.form.Groups = append(r.form.Groups, g)
	return nil
}

// yes reads an answer; an empty one is no.
func yes(text, at string) (bool, error) {
	switch strings.ToLower(text) {
	case "yes", "true", "1", "x":
		return true, nil
	case "", "no", "false", "0":
		return false, nil
	}
	return false, wrong(at, "write yes or no, not %q", text)
}

func (r *reader) file(s *sheet) error {
	if err := s.known("group", "path", "kind", "exception", "reason"); err != nil {
		return err
	}
	name, at := s.value("group")
	i, ok := r.groups[strings.Join(strings.Fields(name), " ")]
	if !ok {
		return wrong(at, "there is no group %q on the sheet Groups", name)
	}
	p, at := s.value("path")
	if p == "" {
		return wrong(at, "the file has no path")
	}
	kind, where := s.value("kind")
	if kind != "" && kind != string(review.Output) && kind != string(review.Supporting) {
		return wrong(where, "the kind of a file is %s or %s, not %q", review.Output, review.Supporting, kind)
	}
	check, where := s.value("exception")
	reason, _ := s.value("reason")
	if (check == "") != (reason == "") {
		return wrong(where, "an exception needs the check and a reason")
	}
	g := &r.form.Groups[i]
	j := slices.IndexFunc(g.Files, func(f File) bool { return f.Path == p })
	if j >= 0 && check == "" {
		return wrong(at, "the file %q is there twice", p)
	}
	if j < 0 {
		g.Files = append(g.Files, File{Path: p, Kind: review.FileKind(kind), at: at})
		j = len(g.Files) - 1
	}
	if check != "" {
		g.Files[j].Exceptions = append(g.Files[j].Exceptions, Exception{check, reason})
	}
	return nil
}

func (r *reader) checklist(s *sheet) error {
	if err := s.known("item", "confirmed", "text"); err != nil {
		return err
	}
	item, at := s.value("item")
	value, where := s.value("confirmed")
	c := &r.form.Checklist
	switch {
	case item == "":
		return wrong(at, "the item has no id")
	case item == permittedRow:
		c.PermittedResults = value
		return nil
	case slices.Contains(c.Confirmed, item):
		return wrong(at, "the item %q is there twice", item)
	}
	ok, err := yes(value, where)
	if ok {
		c.Confirmed = append(c.Confirmed, item)
	}
	return err
}
