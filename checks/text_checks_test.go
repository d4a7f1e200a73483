package checks_test

import (
	"fmt"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func file(path, content string) map[string]string { return map[string]string{path: content} }

func TestLogContent(t *testing.T) {
	exceptional := Want{Kind: "exceptional", Severity: policy.Note}
	Run(t, "log-content", []Case{
		{Name: "a small count in a sentence", Files: file("a.log", "Model fitted, n = 3 in the exposed group"),
			Want: []Want{exceptional, {Kind: "small-count", Severity: policy.Warn, Message: `"n = 3" at line 1`}}},
		{Name: "in a text", Files: file("a.txt", "first\nthere were 4 patients"), Want: []Want{{Kind: "small-count", Message: "line 2"}}},
		{Name: "count: 2", Files: file("a.txt", "count: 2"), Want: []Want{{Kind: "small-count"}}},
		{Name: "large counts", Files: file("a.log", "Model 4 of 5; 12,345 patients"), Want: []Want{exceptional}},
		{Name: "zero", Files: file("a.txt", "0 patients were dropped")},
		{Name: "patient_id", Files: file("a.txt", " 1 patient_id             0      1"), Want: []Want{{Kind: "patient-id", Severity: policy.Warn}}},
		{Name: "a trace", Files: file("a.txt", "Traceback (most recent call last):\n  x"), Want: []Want{{Kind: "trace", Severity: policy.Note}}},
		{Name: "rows left out", Files: file("a.txt", "a b\n# … with 12 more rows"), Want: []Want{{Kind: "cut", Severity: policy.Note}}},
		{Name: "an ordinary text", Files: file("a.txt", "The model converged after 25 iterations.")},
		{Name: "a table", CSV: "sex,n\nF,120\nM,145"},
		{Name: "threshold of the policy", Files: file("a.txt", "6 patients"), Policy: func(p *policy.Policy) { p.Counts.Threshold = 5 }},
	})
}

func TestMeasuresFile(t *testing.T) {
	measures := func(n1, n2 string) string {
		return "measure,interval_start,interval_end,ratio,numerator,denominator,sex\n" +
			fmt.Sprintf("m,2021-01-01,2021-01-31,0.1,%s,105,F\nm,2021-02-01,2021-02-28,0.2,%s,130,M\nm,2021-03-01,2021-03-31,0,0,95,F\n", n1, n2) +
			"m,2021-04-01,2021-04-30,0.2,45,215,M\nm,2021-05-01,2021-05-31,0.2,30,160,F\nm,2021-06-01,2021-06-30,0.2,75,340,M\n"
	}
	Run(t, "measures-file", []Case{
		{Name: "control turned off", CSV: measures("23", "4"), Want: []Want{{Severity: policy.Warn, Column: "numerator", Rows: []int{0, 1}}}},
		{Name: "controlled", CSV: measures("10", "25")},
		{Name: "not a measures file", CSV: "date,numerator,denominator\n2021-01-01,23,105\n2021-02-01,24,105"},
	})
	for _, other := range []string{"zero-or-full", "small-count", "rounding-missing", "redaction-recoverable", "org-level"} {
		Run(t, other, []Case{{Name: "a controlled measures file is clean of " + other, CSV: measures("10", "25")}})
	}
}

func TestHiddenCharacters(t *testing.T) {
	Run(t, "hidden-characters", []Case{
		{Name: "override", CSV: "sex,n\nF\u202eeman,120\nM,145", Want: []Want{{Kind: "bidi", Severity: policy.Note, Message: "U+202E"}}},
		{Name: "no width", CSV: "sex,n\nF\u200b,120\nM\u200b,145", Want: []Want{{Kind: "invisible", Severity: policy.Note, Message: "2 places"}}},
		{Name: "terminal colours", Files: file("a.txt", "\x1b[31mred\x1b[0m"), Want: []Want{{Kind: "control", Severity: policy.Note}}},
		{Name: "escaped in JSON", Files: file("a.json", `{"a":"x\u202ey","n":120}`), Want: []Want{{Kind: "bidi"}}},
		{Name: "in the name", Files: file("a\u202evsc.csv", "sex,n\nF,120\nM,145"), Want: []Want{{Kind: "name", Severity: policy.Warn}}},
		{Name: "accents, dashes, a non-breaking space", CSV: "naïve – x\u00a0y,n\nÅ,120\n≥65,145"},
		{Name: "byte order mark", CSV: "\ufeffsex,n\nF,120\nM,145"},
		{Name: "Latin-1", CSV: "sex,n\nF\xe9,120\nM,145"},
	})
}

func TestFormulaCell(t *testing.T) {
	Run(t, "formula-cell", []Case{
		{Name: "hyperlink", CSV: "a,n\n\"=HYPERLINK(\"\"http://x\"\")\",120\nb,145", Want: []Want{{Severity: policy.Note, Column: "a", Rows: []int{0}}}},
		{Name: "call to a program", CSV: "a,n\n-2+3+cmd|' /C calc'!A0,120\n@SUM(1),145", Want: []Want{{Rows: []int{0, 1}}}},
		{Name: "in a header", CSV: "=1+1,n\na,120\nb,145", Want: []Want{{Rows: []int{}}}},
		{Name: "numbers and dashes", CSV: "a,n\n-0.35,120\n+1.5,145\n-,150\n- Female (18+),155\n--,160"},
		{Name: "in the middle", CSV: "a,n\nx=1,120\na@b,145"},
		{Name: "not a spreadsheet's file", Files: file("a.json", `[{"a":"=1+1","n":120},{"a":"b","n":130}]`)},
	})
}
