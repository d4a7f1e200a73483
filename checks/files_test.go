package checks_test

import (
	"strings"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestFileType(t *testing.T) {
	one := func(path, content string) map[string]string { return map[string]string{path: content} }
	mismatch := []Want{{Kind: "mismatch", Severity: policy.Block}}
	Run(t, "file-type", []Case{
		{Name: "a ZIP called CSV", Files: one("t.csv", "PK\x03\x04...."), Want: mismatch, Incomplete: true},
		{Name: "HTML called CSV", Files: one("t.csv", "<html><body>x"), Want: mismatch, Incomplete: true},
		{Name: "a JPEG called PNG", Files: one("f.png", "\xff\xd8\xff\xe0..."), Want: mismatch, Incomplete: true},
		{Name: "NULs called CSV", Files: one("t.csv", "a,b\n\x00\x00\x00,1"), Want: mismatch, Incomplete: true},
		{Name: "SVG after an XML declaration", Files: one("f.svg", "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- R -->\n<!DOCTYPE svg PUBLIC 'x' 'y'>\n<svg xmlns='http://www.w3.org/2000/svg'/>"), Incomplete: true},
		{Name: "an HTML page called SVG", Files: one("f.svg", "<!doctype html><svg/>"), Want: mismatch, Incomplete: true},
		{Name: "JSON in a text file", Files: one("t.txt", `{"a": 1}`), Incomplete: true},
		{Name: "text called JSON", Files: one("t.json", "a,b\n1,2"), Want: mismatch, Incomplete: true},
		{Name: "broken JSON is still JSON", Files: one("t.json", `{"a": `), Incomplete: true},
		{Name: "a workbook", Files: one("t.xlsx", "PK\x03\x04...."), Want: []Want{{Kind: "not-allowed", Severity: policy.Block}}, Incomplete: true},
		{Name: "no extension", Files: one("README", "a,b"), Want: []Want{{Kind: "not-allowed"}}, Incomplete: true},
		{Name: "UTF-16 is text", Files: one("t.csv", "\xff\xfea\x00,\x00n\x00\n\x00F\x00,\x001\x000\x000\x00")},
		{Name: "upper case extension", Files: one("T.CSV", "a,n\nF,100")},
		{Name: "a cell that begins with a brace", Files: one("t.csv", "[sex],{n}\nF,100")},
	})
}

func TestFileSizeAndShape(t *testing.T) {
	small := func(p *policy.Policy) { p.Files.MaxBytes = 100 }
	Run(t, "file-size", []Case{
		{Name: "101 bytes of 100", CSV: strings.Repeat("x", 101), Policy: small, Incomplete: true, Want: []Want{{Severity: policy.Block}}},
		{Name: "100 bytes of 100", CSV: "a,n\n" + strings.Repeat("b,10\n", 19) + "\n", Policy: small},
	})
	Run(t, "file-rows", []Case{
		{Name: "5001 rows", CSV: "d,n\n" + strings.Repeat("1,100\n", 5001), Want: []Want{{Severity: policy.Block, Message: "5001 rows"}}},
		{Name: "5000 rows, empty lines after", CSV: "d,n\n" + strings.Repeat("1,100\n", 5000) + "\n\n,\n,\n"},
		{Name: "an unreadable table is counted too", CSV: "d,n\n" + strings.Repeat("1,100\n", 5001) + "\"", Incomplete: true, Want: []Want{{}}},
	})
	Run(t, "file-columns", []Case{
		{Name: "101 columns", CSV: strings.Repeat("n,", 100) + "n\n" + strings.Repeat("10,", 100) + "10", Want: []Want{{Severity: policy.Note}}},
		{Name: "100 columns", CSV: strings.Repeat("n,", 99) + "n\n" + strings.Repeat("10,", 99) + "10"},
	})
	Run(t, "file-encoding", []Case{
		{Name: "Latin-1", CSV: "r\xe9gion,n\nF,100", Want: []Want{{Kind: "encoding", Severity: policy.Note}}},
		{Name: "UTF-8 with a mark", CSV: "\xef\xbb\xbfrégion,n\nF,100"},
		{Name: "ragged", CSV: "a,n\nF,100\nM,100,3\nU,100", Want: []Want{{Kind: "ragged", Rows: []int{1}}}},
	})
	Run(t, "file-empty", []Case{
		{Name: "header only", CSV: "a,b", Want: []Want{{Severity: policy.Warn}}},
		{Name: "nothing", CSV: "", Want: []Want{{}}},
		{Name: "blank rows only", CSV: "a,b\n,\n,\n", Want: []Want{{}}},
		{Name: "one row", CSV: "a,n\nF,100"},
	})
	Run(t, "unreadable", []Case{
		{Name: "a quote never closed", CSV: "a,n\nF,\"100\nM,50", Incomplete: true, Want: []Want{{Severity: policy.Block, Message: "never closed (record 2)"}}},
		{Name: "a million columns", CSV: strings.Repeat("a,", 1_000_000), Incomplete: true, Want: []Want{{Severity: policy.Block}}},
		{Name: "a quoted comma", CSV: "a,n\n\"F,or M\",100"},
	})
}
