package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCSV(t *testing.T) {
	utf16 := func(s string, bom string) string {
		b := []byte(bom)
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	plain := [][]string{{"sex", "n"}, {"F", "120"}, {"M", "95"}}
	tests := []struct {
		name, text string
		want       [][]string
		encoding   string
		delimiter  byte
	}{
		{"plain", "sex,n\nF,120\nM,95\n", plain, "utf-8", ','},
		{"no end of line", "sex,n\nF,120\nM,95", plain, "utf-8", ','},
		{"CRLF", "sex,n\r\nF,120\r\nM,95\r\n", plain, "utf-8", ','},
		{"CR alone", "sex,n\rF,120\rM,95\r", plain, "utf-8", ','},
		{"byte order mark before a quote", "\xef\xbb\xbf\"sex\",n\nF,120\nM,95", plain, "utf-8", ','},
		{"semicolons", "sex;n\nF;120\nM;95", plain, "utf-8", ';'},
		{"semicolons, commas in texts", "sex;n\n\"F, or so\";120\nM;95", [][]string{{"sex", "n"}, {"F, or so", "120"}, {"M", "95"}}, "utf-8", ';'},
		{"tabs", "sex\tn\nF\t120\nM\t95", plain, "utf-8", '\t'},
		{"bars", "sex|n\nF|120\nM|95", plain, "utf-8", '|'},
		{"one column", "n\n120\n95", [][]string{{"n"}, {"120"}, {"95"}}, "utf-8", ','},
		{"UTF-16 with a mark", utf16("sex,n\nF,120\nM,95", "\xff\xfe"), plain, "utf-16", ','},
		{"UTF-16 without", utf16("sex,n\nF,120\nM,95", ""), plain, "utf-16", ','},
		{"Latin-1", "r\xe9gion,n\nF,120", [][]string{{"région", "n"}, {"F", "120"}}, "latin-1", ','},
		{"empty lines", "sex,n\n\nF,120\n\r\n\nM,95\n\n\n", plain, "utf-8", ','},
		{"quotes and line breaks", "a,b\n\"x \"\"y\"\"\",\"line\r\nbreak\"\n", [][]string{{"a", "b"}, {`x "y"`, "line\r\nbreak"}}, "utf-8", ','},
		{"text after a closing quote", "a,b\n\"x\"y,z\n", [][]string{{"a", "b"}, {"xy", "z"}}, "utf-8", ','},
		{"a quote inside", "a,b\nx\"y,z\n", [][]string{{"a", "b"}, {`x"y`, "z"}}, "utf-8", ','},
		{"ragged", "a,b\n1\n1,2,3\n", [][]string{{"a", "b"}, {"1"}, {"1", "2", "3"}}, "utf-8", ','},
		{"empty cells", "a,b\n,\n", [][]string{{"a", "b"}, {"", ""}}, "utf-8", ','},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src, info, err := ReadCSV([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := append([][]string{src.Header}, src.Records...)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if info.Encoding != tt.encoding || info.Delimiter != tt.delimiter || info.Rows != len(tt.want)-1 {
				t.Errorf("info %+v", info)
			}
		})
	}
}

func TestReadCSVRefuses(t *testing.T) {
	tests := map[string]struct {
		text string
		want error
	}{
		"NULs":                      {"a,b\n\x00,1\n", ErrNUL},
		"a quote never closed":      {"a,b\n1,\"2\n3,4\n", ErrQuote},
		"a cell of 65 kB":           {"a,b\n1," + strings.Repeat("x", MaxField+1), ErrTooLarge},
		"a million columns":         {strings.Repeat("a,", 1_000_000) + "a\n", ErrTooLarge},
		"wide rows below":           {"a,b\n" + strings.Repeat("1,", MaxColumns+5) + "\n", ErrTooLarge},
		"four million cells":        {"a,b\n" + strings.Repeat(",\n", 2) + strings.Repeat(",", 4_000_000), ErrTooLarge},
		"one wide row in many":      {strings.Repeat("1\n", 20_000) + strings.Repeat("1,", 200), ErrTooLarge},
		"one line of 16 MB":         {"a," + strings.Repeat("x", 16<<20), ErrTooLarge},
		"a quoted cell of 16 MB":    {"a,b\n\"" + strings.Repeat("\"\"", 8<<20) + "\",1\n", ErrTooLarge},
		"an image called a table":   {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ErrNUL},
		"a quote opened at the end": {"a,b\n1,2\n\"", ErrQuote},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			src, _, err := ReadCSV([]byte(tt.text))
			if !errors.Is(err, tt.want) || src != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// FuzzReadCSV compares the reader with encoding/csv. Known differences, which
// the inputs are prepared for: encoding/csv refuses a quote inside a bare field
// and text after a closing quote, reads \r\n inside quotes as \n, and does not
// end a record at a lone \r. For the rest the two agree field by field.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\r\n\"x\"\"y\",\r\n", "\"a\nb\",c\n\n\nd,e", ",,,\n,", "a;b\n1;2", "\xef\xbb\xbf\"a\",b\n1,2", "a\tb\n\"1\t\"\t2", "é,ü\n1,2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src, info, err := ReadCSV(data)
		if err != nil {
			if src != nil {
				t.Fatal("a table along with an error")
			}
			return
		}
		Understand(src)
		if info.Encoding != "utf-8" || bytes.ContainsRune(data, '\r') {
			return
		}
		ref := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
		ref.Comma, ref.FieldsPerRecord = rune(info.Delimiter), -1
		want, err := ref.ReadAll()
		if err != nil {
			return
		}
		var got [][]string
		if src.Header != nil {
			got = append([][]string{src.Header}, src.Records...)
		}
		if d := cmp.Diff(fmt.Sprintf("%q", want), fmt.Sprintf("%q", got)); d != "" {
			t.Fatalf("%q (-encoding/csv +got):\n%s", data, d)
		}
	})
}

// FuzzUnderstand reads any rows, ragged ones too, without a crash, and keeps
// every cell's text.
func FuzzUnderstand(f *testing.F) {
	f.Add("sex,n\nF,12 (3%)\nM,[REDACTED]", uint8(0))
	f.Add("statistic,a\ncount,5\nmean,2.5\nsd,1", uint8(3))
	f.Add(",x\n,y\n,z\na,1\nb,2\nc,3", uint8(1))
	f.Fuzz(func(t *testing.T, text string, drop uint8) {
		var records [][]string
		for i, line := range strings.Split(text, "\n") {
			fields := strings.Split(line, ",")
			if drop > 0 && i%int(drop) == 0 {
				fields = fields[:len(fields)-1]
			}
			records = append(records, fields)
		}
		src := &Source{Header: records[0], Records: records[1:]}
		tab := Understand(src)
		for _, c := range tab.Columns {
			if len(c.Cells) != tab.Rows {
				t.Fatalf("column %d has %d cells of %d rows", c.Index, len(c.Cells), tab.Rows)
			}
			if c.Role == "" || c.Confidence < 0 || c.Confidence > 1 || len(c.Reasons) == 0 {
				t.Fatalf("column %q: role %q %.2f %v", c.Name, c.Role, c.Confidence, c.Reasons)
			}
			for i := range c.Cells {
				row := tab.Source.Records[c.Row(i)]
				if c.Index < len(row) && row[c.Index] != c.Cells[i].Raw || c.Index >= len(row) && c.Cells[i].Raw != "" {
					t.Fatalf("cell %d of column %d is not the one read", i, c.Index)
				}
			}
		}
		for i := range tab.Rows {
			tab.Key(i + tab.Skip)
			tab.Line(i + tab.Skip)
		}
		for _, c := range tab.Virtual {
			for i := range c.Cells {
				if lo, hi, ok := c.Interval(i, 7); ok && !(lo <= hi) && c.Cells[i].Kind != Range {
					t.Fatalf("interval [%g, %g] of %q", lo, hi, c.Cells[i].Raw)
				}
			}
		}
	})
}
