package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"sallyport/checks/hostile"
)

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"=1+1":                  "'=1+1",
		"+1":                    "'+1",
		"-1":                    "'-1",
		"@SUM(A1)":              "'@SUM(A1)",
		"\t=1":                  "'\t=1",
		"\r=1":                  `\u{000d}=1`,
		"\n=1":                  "'\n=1",
		"  =1":                  "'  =1",
		"\u00a0=1":              `\u{00a0}=1`, // no space any more
		"＝1":                    "'＝1",
		"a\r\nb":                "a\nb",
		"a\x00b":                `a\u{0000}b`,
		"a\xffb":                `a\xffb`,
		"evil\u202egpj.exe":     `evil\u{202e}gpj.exe`,
		"a=b":                   "a=b",
		"release/t-1.csv":       "release/t-1.csv",
		"=cmd|' /C calc'!A0":    "'=cmd|' /C calc'!A0",
		"'=already":             "'=already",
		"\ufeff=1":              `\u{feff}=1`,
		"naïve – “quoted” 漢字 🙂": "naïve – “quoted” 漢字 🙂",
	} {
		got := Cell(in)
		if got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func table(rows [][]string) Table {
	return Table{Name: "Rows", Columns: Columns("a", "b", "#n"), Rows: Rows(rows)}
}

// held fails unless a cell, as a reader has it, can do no harm.
func held(t *testing.T, in, got string) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Errorf("%q became %q, which is not UTF-8", in, got)
	}
	if first := strings.TrimSpace(got); first != "" && strings.ContainsRune("=+-@", rune(first[0])) {
		t.Errorf("%q became %q, which is a formula", in, got)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
		t.Errorf("%q became %q, with control characters", in, got)
	}
}

// FuzzCell reads what was written with a reader of CSV and one of workbooks.
func FuzzCell(f *testing.F) {
	for _, s := range hostile.Strings() {
		f.Add(s)
	}
	f.Add(strings.Repeat("🙂", maxCell))
	f.Fuzz(func(t *testing.T, in string) {
		rows := [][]string{{in, "after", in}}
		want := Cell(in)
		held(t, in, want)
		var b bytes.Buffer
		if n, err := WriteCSV(&b, table(rows)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		read, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(read) != 2 || read[1][0] != want || read[1][1] != "after" {
			t.Errorf("CSV: %q became %q (%v)", in, read, err)
		}
		b.Reset()
		if n, err := WriteXLSX(&b, table(rows)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		book, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		got, err := book.GetCellValue("Rows", "A2")
		if err != nil || got != fit(want) {
			t.Errorf("XLSX: %q became %q (%v), want %q", in, got, err, fit(want))
		}
		if formula, _ := book.GetCellFormula("Rows", "A2"); formula != "" {
			t.Errorf("XLSX: %q became the formula %q", in, formula)
		}
	})
}

// Another reader: the parts of the workbook are well-formed, no cell has a
// formula, and text cells are typed as text.
func TestWorkbookParts(t *testing.T) {
	var rows [][]string
	for _, s := range hostile.Strings() {
		rows = append(rows, []string{s, s, s})
	}
	rows = append(rows, []string{"n", "", "-12.5"}, []string{strings.Repeat("x", 40_000), "", "12"})
	var b bytes.Buffer
	if _, err := WriteXLSX(&b, table(rows), Table{Name: "Second", Columns: Columns("c"), Rows: Rows(nil)}); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	cells, numbers := 0, 0
	for _, part := range archive.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", part.Name, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok || !strings.HasPrefix(part.Name, "xl/worksheets/") {
				continue
			}
			switch start.Name.Local {
			case "f":
				t.Errorf("%s holds a formula", part.Name)
			case "c":
				typed := ""
				for _, a := range start.Attr {
					if a.Name.Local == "t" {
						typed = a.Value
					}
				}
				cells++
				if typed == "" || typed == "n" {
					numbers++
				} else if typed != "inlineStr" {
					t.Errorf("a cell of type %q", typed)
				}
			}
		}
	}
	if cells < len(rows)*2 || numbers != 3 { // 007, -12.5 and 12
		t.Errorf("%d cells, %d of them numbers", cells, numbers)
	}
}

func TestCutSaysSo(t *testing.T) {
	long := strings.Repeat("ab", 20_000)
	got := fit(long)
	if len(got) > maxCell+4 || !strings.Contains(got, "40000 characters") || fit("short") != "short" {
		t.Errorf("cut to %d: %q", len(got), got[len(got)-80:])
	}
}

// What fails while rows are made fails the whole.
func TestRowsThatFail(t *testing.T) {
	broken := errors.New("the database went away")
	bad := table(nil)
	bad.Rows = func(yield func([]string, error) bool) {
		_ = yield([]string{"a"}, nil) && yield(nil, broken)
	}
	if _, err := WriteCSV(io.Discard, bad); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := WriteXLSX(io.Discard, bad); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestCSVIsPlain(t *testing.T) {
	var b bytes.Buffer
	if _, err := WriteCSV(&b, table([][]string{{`say "x"`, "=1", "-3"}, {"", "", "x"}})); err != nil {
		t.Fatal(err)
	}
	const want = "\"a\",\"b\",\"n\"\r\n\"say \"\"x\"\"\",\"'=1\",-3\r\n\"\",\"\",\"x\"\r\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
