package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustRead(t *testing.T, s string) *Text {
	t.Helper()
	x, err := Read([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestPhrases(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []Phrase
	}{
		{"Model fitted, n = 3 events in the exposed group", []Phrase{{1, "n = 3", 3}, {1, "3 events", 3}}},
		{"Table 2. Model 4 of 5; 12,345 patients", []Phrase{{1, "12,345 patients", 12345}}},
		{"count: 2", []Phrase{{1, "count: 2", 2}}},
		{"4 patients", []Phrase{{1, "4 patients", 4}}},
		{"N=7.", []Phrase{{1, "N=7", 7}}},
		{"there were 5 unvaccinated women", []Phrase{{1, "5 unvaccinated women", 5}}},
		{"No. of failures =          6", []Phrase{{1, "failures =          6", 6}}},
		{"(3 missing values generated)", []Phrase{{1, "3 missing values generated", 3}}},
		{"  3 F: 380382, M: 111059, I: 1", []Phrase{{1, "F: 380382", 380382}, {1, "M: 111059", 111059}, {1, "I: 1", 1}}},
		{"Counter({'F': 120, 'M': 4})", []Phrase{{1, "'F': 120", 120}, {1, "'M': 4", 4}}},
		{"We lost three patients; two women died.", []Phrase{{1, "three patients", 3}, {1, "two women", 2}}},
		// Near relatives.
		{"one row per patient, two-sided tests, twenty-two patients", nil},
		{"three groups of patients", nil},
		{"Table 2 patients by age", nil},
		{"dose 3 events were dropped", nil},
		{"min = 3, mean = 4", nil},
		{"n = 3.5", nil},
		{"0.5 patients per day", nil},
		{"3/4 patients", nil},
		{"n=5%", nil},
		{"aged 5 people", nil},
		{"10-4 people", nil},
		{"at 10:30, 11:20", nil},
		{"{'threshold': 7, 'base': 5}", nil},
		{"> n = 3", nil},
		{"12. n = 3", nil},
		{"+   for (n = 2)", nil},
		{"version 3 people", nil},
	} {
		if d := cmp.Diff(c.want, mustRead(t, c.in).Phrases); d != "" {
			t.Errorf("%q: %s", c.in, d)
		}
	}
}

func TestMarks(t *testing.T) {
	x := mustRead(t, strings.Join([]string{
		"# … with 12 more rows", "$patient_id", "Traceback (most recent call last):", "Error in model(x) : no data",
		"two more rows of text", "outpatient_identity", `df["patient_id"]`, "[100 rows x 5 columns]", "KeyError: 'x'",
	}, "\n"))
	if d := cmp.Diff([]int{1, 8}, x.Cut); d != "" {
		t.Error("cut", d)
	}
	if d := cmp.Diff([]int{2}, x.PatientIDs); d != "" {
		t.Error("patient ids", d)
	}
	if d := cmp.Diff([]int{3, 4, 9}, x.Faults); d != "" {
		t.Error("faults", d)
	}
	if x := mustRead(t, "  log type:  text\n opened on:  1 May\n. tab x\n"); len(x.Cut) != 1 {
		t.Errorf("a log that was never closed: %v", x.Cut)
	}
	if x := mustRead(t, "  log type:  text\n opened on:  1 May\n. tab x\n closed on: 1 May\n"); x.Cut != nil {
		t.Errorf("a closed log: %v", x.Cut)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"a\r\nb\n", []string{"a", "b"}},
		{"\x1b[31mred\x1b[0m \x1b]0;title\x07x", []string{"red x"}},
		{"\x1b]n = 3 and no end\nx\x1b", []string{"]n = 3 and no end", "x"}},
		{"10%\r20%\rdone", []string{"10%  20%  done"}},
		{"\xef\xbb\xbfa", []string{"a"}},
		{"caf\xe9", []string{"café"}},
		{"a\u00a0b", []string{"a b"}},
		{"", []string{""}},
	} {
		if d := cmp.Diff(c.want, Lines([]byte(c.in))); d != "" {
			t.Errorf("%q: %s", c.in, d)
		}
	}
}

func TestTables(t *testing.T) {
	for _, c := range []struct {
		name, in string
		header   []string
		records  [][]string
		lines    []int
	}{
		{"Stata tab", `
. tab sex

        sex |      Freq.     Percent        Cum.
------------+-----------------------------------
          F |        120       96.77       96.77
          M |          4        3.23      100.00
------------+-----------------------------------
      Total |        124      100.00
`, []string{"sex", "Freq.", "Percent", "Cum."},
			[][]string{{"F", "120", "96.77", "96.77"}, {"M", "4", "3.23", "100.00"}, {"Total", "124", "100.00", ""}}, []int{4, 6, 7, 9}},
		{"Stata cross table with numbers for levels", `
           |          dead
   vaccine |         0          1 |     Total
-----------+----------------------+----------
         0 |       100         20 |       120
         1 |        96          4 |       100
-----------+----------------------+----------
     Total |       196         24 |       220
`, []string{"vaccine", "dead 0", "dead 1", "Total"},
			[][]string{{"0", "100", "20", "120"}, {"1", "96", "4", "100"}, {"Total", "196", "24", "220"}}, []int{3, 5, 6, 8}},
		{"Stata regression", `
------------------------------------------------------------------------------
  long_covid | Odds Ratio   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
   age_group |
      25-34  |     2.1516   .2125804     7.76   0.000     1.772809    2.611326
      35-44  |   4.213519   .3940401    15.38   0.000     3.507859    5.061132
             |
       _cons |   .0009526   .0000825   -80.29   0.000     .0008039    .0011289
------------------------------------------------------------------------------
`, []string{"long_covid", "Odds Ratio", "Std. Err.", "z", "P> z", "[95% Conf. Interval]", "[95% Conf. Interval]"},
			[][]string{{"age_group: 25-34", "2.1516", ".2125804", "7.76", "0.000", "1.772809", "2.611326"},
				{"age_group: 35-44", "4.213519", ".3940401", "15.38", "0.000", "3.507859", "5.061132"},
				{"_cons", ".0009526", ".0000825", "-80.29", "0.000", ".0008039", ".0011289"}}, []int{3, 6, 7, 9}},
		{"pandas frame", `
      sex  age    n
0       F   18  120
1       M   18    4
2  Female   65   30
`, []string{"", "sex", "age", "n"},
			[][]string{{"0", "F", "18", "120"}, {"1", "M", "18", "4"}, {"2", "Female", "65", "30"}}, []int{2, 3, 4, 5}},
		{"R tibble, one blank between wide columns", `
   sex    n_missing complete_rate
 1 F         491431      0.000002
 2 M         110946      0.774   
 3 U              4      1       
`, []string{"sex", "n_missing", "complete_rate"},
			[][]string{{"1 F", "491431", "0.000002"}, {"2 M", "110946", "0.774"}, {"3 U", "4", "1"}}, []int{2, 3, 4, 5}},
		{"Markdown of two rows", `
| sex | n   |
|:----|----:|
| F   | 120 |
| M   | -   |
`, []string{"sex", "n"}, [][]string{{"F", "120"}, {"M", "-"}}, []int{2, 4, 5}},
		{"tabs, with blank lines between", "Table 1\n\t\tTotal\tAZ\nSex\tF\t120 (50.0)\t4 (3.1)\n\tM\t120 (50.0)\t70 (2.1)\n\nAge\t18\t9\t10\n",
			[]string{"", "", "Total", "AZ"},
			[][]string{{"Sex", "F", "120 (50.0)", "4 (3.1)"}, {"", "M", "120 (50.0)", "70 (2.1)"}, {"Age", "18", "9", "10"}}, []int{2, 3, 4, 6}},
		{"commas", "result\nsex,n\nF,120\nM,4\nU,9\n", []string{"sex", "n"}, [][]string{{"F", "120"}, {"M", "4"}, {"U", "9"}}, []int{2, 3, 4, 5}},
		{"two rows under a header", "Result\n\n     n\nF  120\nM    4\n", []string{"", "n"}, [][]string{{"F", "120"}, {"M", "4"}}, []int{3, 4, 5}},
		{"R's table()", "> table(sex)\n\n  F   M   U \n120   4  10 \n", []string{"", "n"}, [][]string{{"F", "120"}, {"M", "4"}, {"U", "10"}}, []int{3, 4, 4, 4}},
		{"R's quantile()", "\n  0%  50% 100% \n  12   34   104 \n", nil, nil, nil},
		{"R's summary() of one-word names", "\n Min. Mean  Max. \n 1.00 44.0 104.0 \n", []string{"Min.", "Mean", "Max."}, [][]string{{"1.00", "44.0", "104.0"}}, []int{2, 3}},
		{"words that do not line up", "Female 120\nMale 4\nUnknown 30\n", []string{"", ""},
			[][]string{{"Female", "120"}, {"Male", "4"}, {"Unknown", "30"}}, []int{1, 1, 2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustRead(t, c.in).Tables
			if c.header == nil && len(got) == 0 {
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d tables: %+v", len(got), got)
			}
			s := got[0]
			if d := cmp.Diff(c.header, s.Header); d != "" {
				t.Error("header", d)
			}
			if d := cmp.Diff(c.records, s.Records); d != "" {
				t.Error("records", d)
			}
			if d := cmp.Diff(c.lines, s.Lines); d != "" {
				t.Error("lines", d)
			}
			if !s.Weak {
				t.Error("not marked weak")
			}
		})
	}
}

func TestPercentLines(t *testing.T) {
	got := mustRead(t, `
       sex |       No        Yes |     Total
-----------+---------------------+----------
         F |       100        20 |       120
           |     83.33     16.67 |    100.00
-----------+---------------------+----------
         M |        96         4 |       100
           |     96.00      4.00 |    100.00
`).Tables
	if len(got) != 2 {
		t.Fatalf("%d tables", len(got))
	}
	if d := cmp.Diff([][]string{{"F", "100", "20", "120"}, {"M", "96", "4", "100"}}, got[0].Records); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]string{{"F", "83.33", "16.67", "100.00"}, {"M", "96.00", "4.00", "100.00"}}, got[1].Records); d != "" {
		t.Error(d)
	}
}

func TestNoTables(t *testing.T) {
	for _, in := range []string{
		"Logistic regression                  Number of obs     =  1,203,139\n                                     LR chi2(7)        =    1080.17\nLog likelihood = -22380.398          Pseudo R2         =     0.0236\n",
		". gen x = 1\n. gen y = 2\n. gen z = 3\n",
		"  1.   local a 1\n  2.   local b 2\n  3.   local c 3\n",
		"2021-05-07 17:57:29 INFO  loaded 4\n2021-05-07 17:57:30 INFO  loaded 5\n2021-05-07 17:57:31 INFO  loaded 6\n",
		"One thing or 2.\nAnother thing, or so.\nMore prose of 3 lines.\n",
		"F 120\n\nM 4\n\nU 3\n", "dose week\n  12 34\n",
		"$patient_id\n[1] \"integer\"\n\n$age\n[1] \"integer\"\n",
	} {
		if got := mustRead(t, in).Tables; len(got) != 0 {
			t.Errorf("%q: table %+v", in, got[0])
		}
	}
}

func TestTooManyTables(t *testing.T) {
	if _, err := Read([]byte(strings.Repeat("a  1\nb  2\nc  3\n\n", maxTables+1))); err == nil {
		t.Error("accepted")
	}
}

func TestRealTexts(t *testing.T) {
	root := "../../../shared/corpus/files"
	if _, err := os.Stat(root); err != nil {
		t.Skip("no corpus of real outputs beside the repository")
	}
	for name, tables := range map[string]int{ // at least
		"long-covid/released_outputs/output/models.log":                                                        27,
		"long-covid/released_outputs/output/practice_summ.txt":                                                 8,
		"vaccine-characteristics-research/released_outputs/output/logs/02_baseline_characteristics.log":        40,
		"comparative-ve-research/released_outputs/output/data_properties/data_processed_skim.txt":              5,
		"comparative-ve-research/released_outputs/output/models/emergency/calendar/modelplr_log_emergency.txt": 0,
	} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		x, err := Read(data)
		if err != nil || len(x.Tables) < tables {
			t.Errorf("%s: %d tables, error %v", filepath.Base(name), len(x.Tables), err)
		}
	}
}

// FuzzRead checks that every number in a printed table stands on the line it is
// said to stand on.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"sex |  n\n----+---\nF | 120\nM | 4\nU | 9\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "a\tb\n1\t2\n3\t4\n\n5\t6\n",
		"a,b\n1,2\n3,4\n5,6\n", "x 1\ny 2\nz 3\n", "   g |\n  1 |  2  3\n  4 |  5  6\n  7 |  8  9\n", "\x1b[1mn = 3\x1b[0m\r4 patients",
		"é  1\nß  2\nü  3\n", "\xff  1\nb  2\nc  3\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := Read(data)
		if err != nil {
			return
		}
		for _, s := range x.Tables {
			if len(s.Lines) != len(s.Records)+1 {
				t.Fatalf("%d records, %d lines", len(s.Records), len(s.Lines))
			}
			if strings.HasSuffix(s.Name, "second lines") {
				continue // these carry the label of the line above
			}
			for i, r := range s.Records {
				plain := strings.NewReplacer("|", " ", "\t", " ")
				line := plain.Replace(x.Lines[s.Lines[i+1]-1])
				for j, cell := range r {
					if j > 0 && !strings.Contains(line, plain.Replace(cell)) {
						t.Errorf("%q is not on line %d, %q", cell, s.Lines[i+1], line)
					}
				}
			}
		}
		for _, p := range x.Phrases {
			if !strings.Contains(x.Lines[p.Line-1], p.Text) {
				t.Errorf("%q is not on line %d", p.Text, p.Line)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	line := "          F |        120       96.77       96.77\n"
	data := []byte(strings.Repeat("        sex |      Freq.     Percent        Cum.\n------------+-----\n"+strings.Repeat(line, 20)+"\nn = 300 people\n\n", 500))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}
