package markup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sallyport/checks/table"
)

func readOne(t *testing.T, in string) *Page {
	t.Helper()
	p, err := ReadHTML([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// grid writes a table as lines of cells.
func grid(s *table.Source) string {
	rows := []string{strings.Join(s.Header, " | ")}
	for _, r := range s.Records {
		rows = append(rows, strings.Join(r, " | "))
	}
	return strings.Join(rows, "\n")
}

func TestTables(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"head of th", `<table><tr><th>sex<th>n<tr><td>F<td>120</table>`, "sex | n\nF | 120"},
		{"head of td", `<table><tr><td>sex<td>n<tr><td>F<td>120</table>`, "sex | n\nF | 120"},
		{"two heads joined", `<table><thead><tr><th></th><th colspan=2>TPP</th></tr><tr><th>sex</th><th>n</th><th>%</th></tr></thead><tbody><tr><td>F<td>120<td>9</table>`, "sex | TPP n | TPP %\nF | 120 | 9"},
		{"head that reaches down", `<table><thead><tr><th rowspan=2>sex</th><th colspan=2>TPP</th></tr><tr><th>n</th><th>%</th></tr></thead><tr><td>F<td>120<td>9</table>`, "sex | TPP n | TPP %\nF | 120 | 9"},
		{"label that reaches down", `<table><tr><th>g<th>sex<th>n<tr><th rowspan=2>a<td>F<td>120<tr><td>M<td>130</table>`, "g | sex | n\na | F | 120\na | M | 130"},
		{"number that reaches down", `<table><tr><th>sex<th>n<tr><td>F<td rowspan=2>120<tr><td>M</table>`, "sex | n\nF | 120\nM | "},
		{"group row", `<table><tr><th>sex<th>n<tr><td colspan=2>Adults<tr><td>F<td>120</table>`, "sex | n\nAdults | \nF | 120"},
		{"footnote mark and footnote", `<table><thead><tr><th>sex<th>N = 9,835,747<sup>1</sup></thead><tr><td>F<td>120<tfoot><tr><td colspan=2><sup>1</sup> Median</tfoot></table>`, "sex | N = 9,835,747\nF | 120"},
		{"inline parts join, lines do not", `<table><tr><th>a<th>b<tr><td><b>1</b>,234<td>x<br>y</table>`, "a | b\n1,234 | x y"},
		{"unescaped p", `<table><tr><th>a<th>p<tr><td>x<td><0.001</table>`, "a | p\nx | <0.001"},
		{"ragged", `<table><tr><th>a<th>b<tr><td>x<tr><td>1<td>2<td>3</table>`, "a | b | \nx |  | \n1 | 2 | 3"},
		{"blank rows", `<table><tr><th>a<th>b<tr><td><td><tr><td>1<td>2</table>`, "a | b\n1 | 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := readOne(t, c.in)
			if len(p.Tables) != 1 {
				t.Fatalf("%d tables", len(p.Tables))
			}
			if d := cmp.Diff(c.want, grid(p.Tables[0])); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNoTables(t *testing.T) {
	for _, in := range []string{"<table></table>", "<table><tr><td>a<td>b</table>", "<table><tr><td>a<tr><td>b</table>"} {
		if p := readOne(t, in); len(p.Tables) > 0 {
			t.Errorf("%s: %s", in, grid(p.Tables[0]))
		}
	}
}

func TestPage(t *testing.T) {
	p := readOne(t, `<title>T</title><h1>Head</h1><p>a <b>b</b>c <i>n = 3</i> patients
 x</p><!-- rnb-source-begin bj0z --><pre>x  1
y  2</pre><table><tr><th>k<th>n<tr><td>F<td>120</table><div style="display:none">secret<table><tr><th>k<th>n<tr><td>M<td>4</table></div>
<img alt="words" src="`+onePixel()+`"><svg><text x="3" y="4">lab</text></svg><script>1</script><script src="a.js"></script>
<a href="data:text/plain,in%20file">get</a><p onclick="x" style="color:red">end</p>`)
	if !strings.Contains(p.Text, "a bc n = 3 patients x") || !strings.Contains(p.Text, "x  1\ny  2") || strings.Contains(p.Text, "secret") || strings.Contains(p.Text, "120") {
		t.Errorf("text %q", p.Text)
	}
	if p.Title != "T" || len(p.Tables) != 2 || len(p.Pictures) != 1 || len(p.Drawings) != 1 {
		t.Errorf("title %q, %d tables, %d pictures, %d drawings", p.Title, len(p.Tables), len(p.Pictures), len(p.Drawings))
	}
	hidden := map[string]string{}
	for _, h := range p.Hidden {
		hidden[h.Kind] += strings.TrimSpace(h.Text)
	}
	if d := cmp.Diff(map[string]string{"comment": "n=3", "hidden element": "secret", "title": "words", "embedded file": "in file"}, hidden); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(PageCounts{Scripts: 2, RemoteScripts: 1, Styles: 2}, p.Counts); d != "" {
		t.Error(d)
	}
}

func TestDrawing(t *testing.T) {
	d, err := ReadSVG([]byte(svgFile(`<title>t</title><g transform="translate(10,20) scale(2)"><text x="3" y="4">a<tspan x="5">b</tspan></text></g>
<text transform="rotate(90 0 0) translate(7 0)">c</text><text transform="matrix(1 0 0 1 8 9)">d</text><!-- note --><g/><!-- 0.5 --><g transform="translate(1 2) scale(0.1)"><use/></g>`)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Label{{"a", 16, 28, 0}, {"b", 20, 28, 0}, {"c", 0, 7, 0}, {"d", 8, 9, 0}, {"0.5", 1, 2, 0}}
	if diff := cmp.Diff(want, d.Labels, cmpopts.IgnoreFields(Label{}, "Line"), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Hidden{{"title", "t"}, {"comment", "note"}}, d.Hidden); diff != "" {
		t.Error(diff)
	}
}

// Every table is rectangular, numbers its rows, and a cleaned page has nothing
// active or hidden for the reader to find.
func FuzzReadHTML(f *testing.F) {
	f.Add(`<table><thead><tr><th rowspan=3 colspan=2>a<tr><td>1<tfoot><tr><td colspan=9>x`)
	f.Add(`<script type="application/json">{"x":{"data":[["a"],[1]],"container":"<table><tr><th>k"}}</script>`)
	f.Add(`<script>Plotly.newPlot("a",[{"x":[1]}])</script><iframe srcdoc="<table><tr><td>1">`)
	f.Add(`<div hidden><template><p style="display:none">x<!-- rnb-text-begin YQ== -->`)
	f.Fuzz(func(t *testing.T, in string) {
		p, err := ReadHTML([]byte(in))
		if p != nil {
			for _, s := range p.Tables {
				if len(s.Lines) != len(s.Records)+1 {
					t.Fatalf("%d lines for %d records", len(s.Lines), len(s.Records))
				}
				for _, r := range s.Records {
					if len(r) != len(s.Header) {
						t.Fatalf("a row of %d cells under %d names", len(r), len(s.Header))
					}
				}
			}
		}
		if err != nil {
			return
		}
		out, _, err := CleanHTML([]byte(in))
		if err != nil {
			return
		}
		clean, err := ReadHTML(out)
		if err != nil {
			t.Fatalf("a cleaned page cannot be read: %v", err)
		}
		if clean.Counts != (PageCounts{}) || len(clean.Data) > 0 {
			t.Errorf("left in %q: %+v", out, clean.Counts)
		}
		for _, h := range clean.Hidden {
			if h.Kind != "title" {
				t.Errorf("hidden in %q: %+v", out, h)
			}
		}
	})
}

func FuzzReadSVG(f *testing.F) {
	f.Add(svgFile(`<g transform="matrix(1 0 0 1 8 9) rotate(3,4 5)"><text x="1e3px">a<tspan y="-.5">4</tspan></text><!-- 7 --><g transform="scale(1)"/></g>`))
	f.Add(svgFile(`<desc>x</desc><a href="javascript:x"/><image href="data:,"/><style>@import 'x'</style>`))
	f.Fuzz(func(t *testing.T, in string) {
		d, err := ReadSVG([]byte(in))
		if err != nil {
			return
		}
		for _, l := range d.Labels {
			if strings.TrimSpace(l.Text) == "" {
				t.Errorf("label %+v", l)
			}
		}
		out, _, err := CleanSVG([]byte(in))
		if err != nil {
			return
		}
		clean, err := ReadSVG(out)
		if err != nil {
			t.Fatalf("a cleaned drawing cannot be read: %v", err)
		}
		if clean.Counts.Scripts+clean.Counts.External > 0 || len(clean.Hidden) > 0 {
			t.Errorf("left in %q: %+v %+v", out, clean.Counts, clean.Hidden)
		}
	})
}
