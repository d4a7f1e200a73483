package form

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"

	"sallyport/review"
)

func guide() *Guide {
	return &Guide{
		Context:          []Field{{"variables", "Variables", "What each column means."}, {"population", "Population", "Who is counted."}},
		Controls:         []Field{{"rounding", "Rounding", "The base."}},
		Checklist:        []Item{{"rounded", "Counts are rounded."}, {"redacted", "Low counts are redacted."}},
		PermittedResults: "2026-09", PermittedURL: "https://example.org/policy",
	}
}

// full has something in every place of a form.
func full() *Form {
	return &Form{
		Workspace: "coverage", Date: "2026-11-21", Title: "=cmd()", ProjectNumber: "007", Repository: "https://example.org/repo",
		Purpose: "The annual report: it needs\nboth tables.", Concerns: "None # at all", Reuse: Latest,
		Groups: []Group{
			{
				Name: "Rates", Wildcard: "release/rate_*.csv", Count: 2, Intermediate: true,
				Context: map[string]string{"variables": "yes", "population": "4.3 million"}, Controls: map[string]string{"rounding": "5"},
				Files: []File{{Path: "output/base.csv", Kind: review.Supporting}},
			},
			{
				Name: "Big", Context: map[string]string{"variables": "1.50"}, Controls: map[string]string{},
				Files: []File{{Path: "{release}/big.csv", Kind: review.Output, Exceptions: []Exception{{"file-size", "needed whole"}, {"file-rows", "daily"}}}},
			},
		},
		Checklist: Checklist{PermittedResults: "2026-09", Confirmed: []string{"rounded"}},
	}
}

var noPlaces = cmp.Options{cmpopts.IgnoreUnexported(Group{}, File{}), cmpopts.EquateEmpty()}

// What is written is read again as it was, in both forms.
func TestRoundTrip(t *testing.T) {
	for _, name := range []string{"form.yaml", "form.xlsx"} {
		t.Run(name, func(t *testing.T) {
			data, err := Write(name, full(), guide())
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Open(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(full(), got, noPlaces); diff != "" {
				t.Errorf("the form changed on the way (-want +got):\n%s", diff)
			}
			again, err := Write(name, got, guide())
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, ".yaml") && !bytes.Equal(data, again) {
				t.Error("written again, the form differs")
			}
		})
	}
}

// A form in YAML says on which line it is wrong.
func TestYAMLErrors(t *testing.T) {
	many := strings.Repeat("- {name: g, files: [{path: p}]}\n", 2)
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":      {"workspace: w\ncolour: blue\n", "line 2: the key colour is not known"},
		"unknown key deep": {"workspace: w\ngroups:\n- name: g\n  files:\n  - path: p\n    size: 3\n", "line 6: the key size is not known"},
		"key twice":        {"workspace: w\nworkspace: v\n", "line 2: mapping key \"workspace\" already defined"},
		"alias":            {"workspace: &a w\ntitle: *a\n", "line 1: a form has no anchors"},
		"bomb":             {"workspace: w\na: &a [x,x]\nb: &b [*a,*a]\n", "line 2: a form has no anchors"},
		"two documents":    {"workspace: w\n---\nworkspace: v\n", "exactly one document"},
		"empty":            {"", "the form is empty"},
		"no workspace":     {"title: t\n", "names no workspace"},
		"bad date":         {"workspace: w\ndate: tomorrow\n", "is not one such as"},
		"deep":             {"workspace: w\ntitle: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested too deep"},
		"group twice":      {"workspace: w\ngroups:\n" + many, "line 4: the group \"g\" is there twice"},
		"file twice":       {"workspace: w\ngroups:\n- name: g\n  files: [{path: p}]\n- name: h\n  files:\n  - path: q\n  - path: p\n", "line 8: the file \"p\" is there twice"},
		"no count":         {"workspace: w\ngroups:\n- name: g\n  wildcard: release/*\n", "line 3: the group \"g\" must state"},
		"count alone":      {"workspace: w\ngroups:\n- {name: g, count: 3, files: [{path: p}]}\n", "line 3"},
		"empty group":      {"workspace: w\ngroups:\n- name: g\n", "line 3: the group \"g\" has neither"},
		"bad kind":         {"workspace: w\ngroups:\n- name: g\n  files:\n  - {path: p, kind: withdrawn}\n", "line 5: the kind"},
		"no reason":        {"workspace: w\ngroups:\n- name: g\n  files:\n  - {path: p, exceptions: [{check: file-size}]}\n", "line 5: an exception"},
		"not text":         {"workspace: \xff\n", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadYAML([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "form.") {
				t.Errorf("the error speaks of Go's types: %v", err)
			}
		})
	}
}

// workbook is the full form as a workbook, altered.
func workbook(t testing.TB, alter func(*excelize.File)) []byte {
	t.Helper()
	data, err := Write("f.xlsx", full(), guide())
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	alter(book)
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A workbook says on which sheet and in which cell it is wrong.
func TestXLSXErrors(t *testing.T) {
	set := func(sheet, cell string, value any) func(*excelize.File) {
		return func(b *excelize.File) {
			if err := b.SetCellValue(sheet, cell, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		alter func(*excelize.File)
		want  string
	}{
		"unknown field":  {set("Request", "A4", "colour"), "sheet Request, cell A4: the field \"colour\" is not known"},
		"field twice":    {set("Request", "A4", "workspace"), "sheet Request, cell A4: the field \"workspace\" is there twice"},
		"bad date":       {set("Request", "B3", "soon"), "sheet Request, cell B3: \"soon\" is not a date"},
		"unknown column": {set("Groups", "H1", "colour"), "sheet Groups, cell H1: the column \"colour\" is not known"},
		"no header":      {set("Files", "G2", "stray"), "sheet Files, cell G2: this column has no name"},
		"bad count":      {set("Groups", "C2", "two"), "sheet Groups, cell C2: \"two\" is not a whole number"},
		"half a file":    {set("Groups", "C2", 2.5), "sheet Groups, cell C2"},
		"group twice":    {set("Groups", "A3", "Rates"), "sheet Groups, cell A3: each group"},
		"bad yes":        {set("Groups", "D2", "perhaps"), "sheet Groups, cell D2: write yes or no"},
		"no such group":  {set("Files", "A2", "Other"), "sheet Files, cell A2: there is no group"},
		"bad kind":       {set("Files", "C2", "secret"), "sheet Files, cell C2: the kind"},
		"no reason":      {set("Files", "D2", "file-size"), "sheet Files, cell D2: an exception needs"},
		"no path":        {set("Files", "B2", ""), "sheet Files, cell B2: the file has no path"},
		"bad tick":       {set("Checklist", "B3", "maybe"), "sheet Checklist, cell B3: write yes or no"},
		"many rows":      {set("Files", fmt.Sprintf("A%d", maxRows+1), "Rates"), "sheet Files: it has more than"},
		"many columns":   {set("Files", "CV2", "x"), "sheet Files: row 2 has more than"},
		"far column":     {set("Files", "XFD2", "x"), "a cell far out, at \"XFD2\""},
		"more sheets":    {func(b *excelize.File) { _, _ = b.NewSheet("Hidden") }, "sheet \"Hidden\""},
		"hidden sheet":   {func(b *excelize.File) { _ = b.SetSheetVisible("Files", false) }, "sheet Files: it is hidden"},
		"fewer sheets":   {func(b *excelize.File) { _ = b.DeleteSheet("Files") }, "the sheet Files is missing"},
		"formula":        {func(b *excelize.File) { _ = b.SetCellFormula("Request", "B7", "A1&A2") }, "sheet Request, cell B7: a form holds no formulas"},
		"empty formula":  {func(b *excelize.File) { _ = b.SetCellFormula("Groups", "C3", "1+1") }, "sheet Groups, cell C3: a form holds no formulas"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadXLSX(workbook(t, c.alter))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// Rows and cells far down are refused before they are made up, whatever part
// they are in and however their places are written.
func TestXLSXFarRow(t *testing.T) {
	data := workbook(t, func(*excelize.File) {})
	for _, row := range []string{`<row r="1048576"/>`, `<x:row xmlns:x="y" r='&#49;048576'/>`, `<row r="1"><c r="A1048576"/></row>`, `<row r="-1"/>`} {
		for _, part := range []string{"xl/worksheets/sheet3.xml", "xl/sheet.bin"} {
			_, err := ReadXLSX(repack(t, data, map[string][]byte{part: []byte("\n<worksheet><sheetData>" + row + "</sheetData></worksheet>")}))
			if err == nil || !strings.Contains(err.Error(), "a cell far out") {
				t.Errorf("%s in %s: got %v", row, part, err)
			}
		}
	}
}

// A date that a spreadsheet made its own is read as the day it is.
func TestXLSXDate(t *testing.T) {
	got, err := ReadXLSX(workbook(t, func(b *excelize.File) { _ = b.SetCellValue("Request", "B3", 46347) }))
	if err != nil || got.Date != "2026-11-21" {
		t.Errorf("got %v, %v", got, err)
	}
}

// repack copies a workbook with parts added or replaced.
func repack(t testing.TB, data []byte, parts map[string][]byte) []byte {
	t.Helper()
	old, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range old.File {
		if parts[part.Name] == nil {
			if err := w.Copy(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range parts {
		part, err := w.Create(name)
		if err == nil {
			_, err = part.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What unpacks to much, or does things, is not opened.
func TestHostileWorkbooks(t *testing.T) {
	plain := workbook(t, func(*excelize.File) {})
	rel := func(kind string) []byte {
		return []byte(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="https://example.org/x" TargetMode="External"/></Relationships>`)
	}
	many := map[string][]byte{}
	for i := range maxParts {
		many[fmt.Sprintf("xl/media/%d.xml", i)] = []byte("<a/>")
	}
	for name, c := range map[string]struct {
		parts map[string][]byte
		want  string
	}{
		"macros":        {map[string][]byte{"xl/vbaProject.bin": []byte("x")}, "holds macros"},
		"macro sheet":   {map[string][]byte{"xl/macrosheets/sheet1.xml": []byte("<x/>")}, "holds macros"},
		"macro type":    {map[string][]byte{"[Content_Types].xml": []byte("<x>application/vnd.ms-excel.sheet.macroEnabled.main+xml</x>")}, "holds macros"},
		"external link": {map[string][]byte{"xl/externalLinks/externalLink1.xml": []byte("<x/>")}, "links to other workbooks"},
		"external part": {map[string][]byte{"xl/worksheets/_rels/sheet1.xml.rels": rel("oleObject")}, "links to something outside"},
		"embedded":      {map[string][]byte{"xl/embeddings/oleObject1.bin": []byte("x")}, "embedded objects"},
		"connection":    {map[string][]byte{"xl/connections.xml": []byte("<x/>")}, "data connections"},
		"entities":      {map[string][]byte{"xl/sharedStrings.xml": []byte(`<!DOCTYPE x [<!ENTITY a "b">]><sst>&a;</sst>`)}, "declares entities"},
		"ratio":         {map[string][]byte{"xl/media/bomb.bin": make([]byte, 8<<20)}, "times its size"},
		"size":          {map[string][]byte{"xl/media/bomb.bin": make([]byte, maxUnzipped+1)}, "unpacks to more than"},
		"parts":         {many, "more than 200 parts"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadXLSX(repack(t, plain, c.parts))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := ReadXLSX(repack(t, plain, map[string][]byte{"xl/worksheets/_rels/sheet1.xml.rels": rel("hyperlink")})); err != nil {
		t.Errorf("an address that somebody typed: %v", err)
	}
	if _, err := ReadXLSX([]byte("\xd0\xcf\x11\xe0 protected")); err == nil {
		t.Error("what is no archive was read")
	}
}

func TestOtherFilesAreNotRead(t *testing.T) {
	for name, want := range map[string]string{"a.xlsm": "macros", "a.xls": "macros", "a.csv": "a form is", "a": "a form is"} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", name, err, want)
		}
	}
}

// Whatever it is given, a reader says a form or an error, and a form that was
// read can be written and read again.
func FuzzYAML(f *testing.F) {
	data, err := Write("f.yaml", full(), guide())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("workspace: w\ngroups: [{name: g, files: [{path: p, kind: output}]}]\n"))
	f.Add([]byte("workspace: w\ngroups: {name: g}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := ReadYAML(data)
		if err != nil {
			return
		}
		again, err := Write("f.yaml", form, guide())
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadYAML(again)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		if diff := cmp.Diff(form, got, noPlaces); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzXLSX gives the reader sheets and strings as they come, in a workbook that
// is whole otherwise.
func FuzzXLSX(f *testing.F) {
	plain := workbook(f, func(*excelize.File) {})
	archive, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range archive.File {
		if text, err := unpack(part, maxUnzipped); err == nil && strings.HasSuffix(part.Name, ".xml") {
			f.Add(part.Name, text)
		}
	}
	f.Add("xl/worksheets/sheet1.xml", []byte(`<worksheet><sheetData><row r="9"><c r="ZZ9" t="s"><v>-1</v></c></row><row r="1"/></sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if len(name) > 100 || len(text) > 1<<16 || strings.HasSuffix(name, "/") { // a folder holds no text
			return
		}
		form, err := ReadXLSX(repack(t, plain, map[string][]byte{name: text}))
		if err == nil && form.Workspace == "" {
			t.Error("a form without a workspace")
		}
	})
}
