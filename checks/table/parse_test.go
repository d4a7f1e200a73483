package table

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a cell as "kind value/decimals (second, third) [lo, hi]", leaving
// out what it does not have.
func show(c Cell) string {
	var b strings.Builder
	b.WriteString(kindNames[c.Kind])
	if c.Value == c.Value {
		fmt.Fprintf(&b, " %g/%d", c.Value, c.Decimals)
	}
	if c.Second == c.Second {
		fmt.Fprintf(&b, " (%g/%d", c.Second, c.SecondDec)
		if c.Third == c.Third {
			fmt.Fprintf(&b, ", %g/%d", c.Third, c.ThirdDec)
		}
		b.WriteString(")")
	}
	if c.Lo == c.Lo {
		fmt.Fprintf(&b, " [%g, %g]", c.Lo, c.Hi)
	}
	return b.String()
}

var kindNames = map[Kind]string{
	Missing: "missing", Number: "number", Percent: "percent", CountPct: "count-pct", CountOf: "count-of", Estimate: "estimate",
	Range: "range", Compare: "compare", Redacted: "redacted", Date: "date", Bool: "bool", Text: "text", Statistic: "statistic",
}

func TestParse(t *testing.T) {
	tests := map[string]string{
		"": "missing", " ": "missing", "NA": "missing", "n/a": "missing", "NaN": "missing", "-": "missing", ".": "missing", "<NA>": "missing",
		"12": "number 12/0", "0": "number 0/0", "-3": "number -3/0", "+3": "number 3/0", "12.0": "number 12/1", "12.": "number 12/0",
		"1,234": "number 1234/0", "1 234": "number 1234/0", "1,234,567.89": "number 1.23456789e+06/2", "12,34": "text",
		".5": "number 0.5/1", "5e2": "number 500/0", "1e+05": "number 100000/0", "1.5e-3": "number 0.0015/4", "12,": "text", "1.2.3": "text",
		"007": "text", "0.07": "number 0.07/2", "00": "text",
		"34.5%": "percent 34.5/1", "34.5 %": "percent 34.5/1",
		"12 (3.4%)": "count-pct 12/0 (3.4/1)", "12(3)": "count-pct 12/0 (3/0)", "3 (<0.1%)": "count-pct 3/0 (0.1/1)", "1,234 [5.6%]": "count-pct 1234/0 (5.6/1)",
		"12 (3,4%)": "count-pct 12/0 (3.4/1)", "3.4% (12)": "count-pct 12/0 (3.4/1)", "12 (NA%)": "count-pct 12/0", "0 (NaN%)": "count-pct 0/0",
		"12/345": "count-of 12/0 (345/0)", "12 / 345 (3.5%)": "count-of 12/0 (345/0, 3.5/1)",
		"1.2 (0.9, 1.5)": "estimate 1.2/1 (0.9/1, 1.5/1)", "1.2 (0.9-1.5)": "estimate 1.2/1 (0.9/1, 1.5/1)", "1.2 (95% CI: 0.9 to 1.5)": "estimate 1.2/1 (0.9/1, 1.5/1)",
		"10-15": "range [10, 15]", "10 to 15": "range [10, 15]", "10–15": "range [10, 15]",
		"<5": "compare [0, 4]", "<=7": "compare [0, 7]", "≤7": "compare [0, 7]", "≥ 8": "compare [8, +Inf]", ">100": "compare [101, +Inf]", "< 0.5": "compare [0, 0.5]",
		"[REDACTED]": "redacted", "redacted": "redacted", "Suppressed": "redacted", "*": "redacted", "**": "redacted", "[c]": "redacted", "c": "text",
		"<REDACTED>": "redacted", "redacted (<8)": "redacted", "low count": "redacted",
		"2021-01-31": "date", "2021-01": "date", "2021-01-31 12:30": "date", "31/1/2021": "date", "31-Jan-21": "date", "Jan 2021": "date", "31jan2021": "date",
		"2021-13-01": "text", "2010-2015": "range [2010, 2015]",
		"TRUE": "bool", "no": "bool", "yes!": "text",
		"n=5": "number 5/0", "N = 1,234": "number 1234/0", "5*": "number 5/0", "1.2†": "number 1.2/1", "5 patients": "text",
		"\u200b5": "number 5/0", "５": "number 5/0", "\u22125": "number -5/0", "1\u00a0234": "number 1234/0", `="5"`: "number 5/0", "'5": "number 5/0", `"5"`: "number 5/0",
		"123456789012345678901234567890": "number 1.2345678901234568e+29/0",
		"=1+1":                           "text", "18-24 years": "text", "E54000005": "text",
	}
	for raw, want := range tests {
		if d := cmp.Diff(want, show(Parse(raw))); d != "" {
			t.Errorf("%q (-want +got):\n%s", raw, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1,234.5e+3", "12 (3,4%)", "1.2 (95% CI: 0.9 to 1.5)", "≤7", "2021-01-31T10:10", "[c]", "\u200b5", "12/345 (3%)", "n=", "<", "0x10", `="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Parse(s)
		if c.Raw != s || c.Parts == nil {
			t.Fatalf("%q: raw %q, parts %v", s, c.Raw, c.Parts)
		}
		hasNumber := c.Kind == Number || c.Kind == Percent || c.Kind == CountPct || c.Kind == CountOf || c.Kind == Estimate
		if hasNumber == math.IsNaN(c.Value) {
			t.Fatalf("%q: kind %s with value %g", s, kindNames[c.Kind], c.Value)
		}
		if interval := c.Kind == Range || c.Kind == Compare; interval == math.IsNaN(c.Hi) {
			t.Fatalf("%q: kind %s with interval [%g, %g]", s, kindNames[c.Kind], c.Lo, c.Hi)
		}
	})
}
