package checks_test

import (
	"strings"
	"testing"

	"sallyport/checks"
	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func svg(content string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg">` + content + `</svg>`
}

func TestFigureText(t *testing.T) {
	file := func(content string) map[string]string { return map[string]string{"f.svg": svg(content)} }
	Run(t, "figure-text", []Case{
		{Name: "numbers at risk", Files: file(`<text x="5" y="400">Number at risk</text><text x="10" y="410">812</text><text x="60" y="410">95</text><text x="110" y="410">4</text>`),
			Want: []Want{{Kind: "at-risk", Severity: policy.Warn, Evidence: map[string]any{"small": 1}}}},
		{Name: "axis", Files: file(`<text x="1" y="400">0</text><text x="50" y="400">2</text><text x="100" y="400">4</text><text x="150" y="400">6</text>`)},
		{Name: "axis upwards, placed by transform", Files: file(`<g transform="translate(30 0)"><text transform="translate(1,90) rotate(-90)">1</text><text transform="translate(1,50)">2</text><text transform="translate(1,10)">3</text></g>`)},
		{Name: "logarithmic axis", Files: file(`<text x="1" y="9">1</text><text x="5" y="9">3</text><text x="9" y="9">10</text><text x="13" y="9">30</text>`)},
		{Name: "axis that matplotlib draws as shapes", Files: file(`<g><!-- 2 --><g transform="translate(1 9) scale(0.1 -0.1)"/></g><g><!-- 4 --><g transform="translate(5 9) scale(0.1 -0.1)"/></g><g><!-- 6 --><g transform="translate(9 9) scale(0.1 -0.1)"/></g>`)},
		{Name: "number that matplotlib draws as shapes", Files: file(`<g><!-- 4 --><g transform="translate(1 9) scale(0.1 -0.1)"/></g>`),
			Want: []Want{{Kind: "small-number", Severity: policy.Note}}},
		{Name: "label", Files: file(`<text x="1" y="40">4</text><text x="9" y="70">812</text>`), Want: []Want{{Kind: "small-number", Severity: policy.Note}}},
		{Name: "percentage", Files: file(`<text x="1" y="40">4%</text>`)},
		{Name: "script", Files: map[string]string{"f.svg": `<svg onload="x()"><script>1</script></svg>`}, Want: []Want{{Kind: "active-content", Severity: policy.Block}}},
		{Name: "script link", Files: file(`<a href=" java&#10;script:x()"/>`), Want: []Want{{Kind: "active-content"}}},
		{Name: "link", Files: file(`<a href="https://a.example"/>`)},
		{Name: "local clip", Files: file(`<g clip-path="url(#c)"/>`)},
		{Name: "picture from elsewhere", Files: file(`<image href="http://a.example/p.png"/>`), Want: []Want{{Kind: "external", Severity: policy.Warn}}},
		{Name: "web font", Files: file(`<style>@import url('https://a.example');</style>`), Want: []Want{{Kind: "external"}}},
		{Name: "embedded picture", Files: file(`<image href="data:image/png;base64,xx"/>`), Want: []Want{{Kind: "embedded-image", Severity: policy.Warn}}},
		{Name: "points", Files: file(strings.Repeat("<circle/>", 201)), Want: []Want{{Kind: "points", Severity: policy.Note}}},
		{Name: "few points", Files: file(strings.Repeat("<circle/>", 200))},
		{Name: "figure in a page", Files: map[string]string{"r.html": `<p>` + svg(`<text>n = 95</text><text x="1" y="8">4</text>`) + `</p>`},
			Want: []Want{{Kind: "at-risk", Table: "figure 1"}}},
	})
}

func TestImageMetadata(t *testing.T) {
	pic, photo := pictures(t)
	withText := pic[:33] + "\x00\x00\x00\x0etEXtAuthor\x00someone\x00\x00\x00\x00" + pic[33:]
	Run(t, "image-metadata", []Case{
		{Name: "plain", Files: map[string]string{"p.png": pic, "p.jpg": photo}},
		{Name: "text", Files: map[string]string{"p.png": withText}, Want: []Want{{Kind: "metadata", Severity: policy.Note, Evidence: map[string]any{"blocks": "[tEXt Author]"}}}},
		{Name: "trailing", Files: map[string]string{"p.png": pic + "zz"}, Want: []Want{{Kind: "trailing", Severity: policy.Block, Message: "2 bytes"}}},
		{Name: "trailing in a jpeg", Files: map[string]string{"p.jpg": photo + "z"}, Want: []Want{{Kind: "trailing", Message: "1 byte "}}},
		{Name: "cut short", Files: map[string]string{"p.png": pic[:50]}, Incomplete: true},
	})
}

func TestFigureNoData(t *testing.T) {
	pic, _ := pictures(t)
	set := func(files ...checks.File) *checks.Set { return &checks.Set{Files: files} }
	group := func(path, content, group string) checks.File {
		f := File(path, content)
		f.Group = group
		return f
	}
	data := "t,n\n1,120\n2,235\n3,560\n"
	Run(t, "figure-no-data", []Case{
		{Name: "alone", Files: map[string]string{"p.png": pic}, Want: []Want{{Kind: "missing", Severity: policy.Warn}}},
		{Name: "with another table", Files: map[string]string{"deaths.png": pic, "age.csv": data}, Want: []Want{{Path: "deaths.png", Kind: "missing"}}},
		{Name: "with its table, by name", Files: map[string]string{"plot_deaths.png": pic, "deaths.csv": data}},
		{Name: "with its table, by group", Set: set(group("a.png", pic, "g"), group("b.csv", data, "g"))},
		{Name: "in another group", Set: set(group("deaths.png", pic, "g"), group("deaths.csv", data, "h")),
			Want: []Want{{Path: "deaths.png", Kind: "not-linked", Severity: policy.Warn}}},
		{Name: "numbers of the table", Set: set(group("a.svg", svg(`<text x="1" y="1">120</text><text x="30" y="4">235</text><text x="60" y="9">7,777</text>`), "g"), group("b.csv", data, "g"))},
		{Name: "other numbers", Set: set(group("a.svg", svg(`<text x="1" y="1">121</text><text x="30" y="4">236</text><text x="60" y="9">7,777</text>`), "g"), group("b.csv", data, "g")),
			Want: []Want{{Kind: "other-numbers", Severity: policy.Note, Evidence: map[string]any{"printed": 3, "in_table": 0}}}},
	})
}

func TestHTMLRemoved(t *testing.T) {
	page := func(s string) map[string]string { return map[string]string{"r.html": s} }
	Run(t, "html-removed", []Case{
		{Name: "plain", Files: page(`<h1 id="a">Title</h1><p>n = 120</p><table><tr><th>a<th>n<tr><td>x<td>120</table>`)},
		{Name: "remote script", Files: page(`<script src="http://a.example/x.js"></script>`), Want: []Want{{Kind: "remote-script", Severity: policy.Warn}}},
		{Name: "script and style", Files: page(`<style>p{}</style><p onclick="x">`), Want: []Want{{Kind: "script", Severity: policy.Note}, {Kind: "styling", Severity: policy.Note}}},
		{Name: "picture from elsewhere", Files: page(`<img src="plot.png">`), Want: []Want{{Kind: "remote", Severity: policy.Warn}}},
		{Name: "widget", Files: page(`<div class="html-widget"></div><script type="application/json">{"x":{}}</script>`),
			Want: []Want{{Kind: "widget", Severity: policy.Warn}, {Kind: "script"}}},
		{Name: "hidden", Files: page(`<p style="display:none">17</p>`), Want: []Want{{Kind: "hidden", Severity: policy.Warn}, {Kind: "styling"}}},
		{Name: "comment", Files: page(`<!-- see --><p>a</p>`), Want: []Want{{Kind: "comment", Severity: policy.Note}}},
		{Name: "download button", Files: page(`<a href="data:text/csv;base64,aWQsYWdlCg==">get</a>`), Want: []Want{{Kind: "embedded-file", Severity: policy.Warn}}},
		{Name: "page in a page", Files: page(`<iframe srcdoc="&lt;p>x"></iframe>`), Want: []Want{{Kind: "embedded", Severity: policy.Warn}}},
	})
}

// The tables of a report are held to the same rules as those of a CSV, wherever
// they stand.
func TestHTMLTables(t *testing.T) {
	small := []Want{{Severity: policy.Block, Column: "n", Rows: []int{1}}}
	named := func(table string, w []Want) []Want { c := w[0]; c.Table = table; return []Want{c} }
	rows := `<tr><th>sex</th><th>n</th></tr><tr><td>F</td><td>120</td></tr><tr><td>M</td><td>4</td></tr>`
	page := func(s string) map[string]string { return map[string]string{"r.html": s} }
	Run(t, "small-count", []Case{
		{Name: "M,4", Files: page(`<table>` + rows + `</table>`), Want: named("table 1", small)},
		{Name: "nested", Files: page(`<table><tr><td>a</td><td><table>` + rows + `</table></td></tr><tr><td>b</td><td>c</td></tr></table>`), Want: named("table 2", small)},
		{Name: "hidden", Files: page(`<div style="display:none"><table>` + rows + `</table></div>`), Want: small},
		{Name: "in a template", Files: page(`<template><table>` + rows + `</table></template>`), Want: small},
		{Name: "in a page within", Files: page(`<iframe srcdoc="` + strings.ReplaceAll(`<table>`+rows+`</table>`, `"`, "&quot;") + `"></iframe>`), Want: named("embedded page, table 1", small)},
		{Name: "footnote mark", Files: page(`<table><tr><th>sex</th><th>n</th></tr><tr><td>F</td><td>120<sup>1</sup></td></tr><tr><td>M</td><td>4<sup>2</sup></td></tr></table>`), Want: small},
		{Name: "two header rows", Files: page(`<table><thead><tr><th rowspan="2">sex</th><th colspan="2">Deaths</th></tr><tr><th>n</th><th>%</th></tr></thead><tbody><tr><td>F</td><td>120</td><td>96.8</td></tr><tr><td>M</td><td>4</td><td>3.2</td></tr></tbody></table>`),
			Want: []Want{{Severity: policy.Block, Column: "Deaths n", Rows: []int{1}}}},
		{Name: "script's JSON", Files: page(`<script type="application/json">[{"sex":"F","n":120},{"sex":"M","n":4}]</script>`), Want: named("script 1 $", small)},
		{Name: "DT", Files: page(`<div class="html-widget"></div><script type="application/json">{"x":{"data":[["F","M"],[120,4]],"container":"<table><thead><tr><th>sex<\/th><th>n<\/th><\/tr><\/thead><\/table>"}}</script>`), Want: named("script 1 table", small)},
		{Name: "paged table", Files: page(`<div data-pagedtable="false"><script data-pagedtable-source type="application/json">{"columns":[{"label":["sex"],"name":[1]},{"label":["n"],"name":[2]}],"data":[{"1":"F","2":"120"},{"1":"M","2":"4"}]}</script></div>`), Want: small},
		{Name: "plotly of Python", Files: page(`<script>Plotly.newPlot("a", [{"sex":["F","M"],"n":[120,4]}], {"b":1})</script>`), Want: small},
		{Name: "printed by a notebook", Files: page("<pre>   sex    n\n0    F  120\n1    M    4\n2    U  130\n</pre>"), Want: []Want{{Severity: policy.Warn, Column: "n"}}},
		{Name: "narrative only", Files: page(`<h1>4 things</h1><p>We did this in 7 steps.</p>`)},
		{Name: "rounded", Files: page(`<table><tr><th>sex</th><th>n</th></tr><tr><td>F</td><td>120</td></tr><tr><td>M</td><td>[REDACTED]</td></tr></table>`)},
	})
	Run(t, "id-column", []Case{
		{Name: "preview of a data frame", Files: page(`<table class="dataframe"><thead><tr><th></th><th>patient_id</th><th>age</th></tr></thead><tbody>` +
			`<tr><th>0</th><td>184467</td><td>67</td></tr><tr><th>1</th><td>290146</td><td>45</td></tr><tr><th>2</th><td>381234</td><td>81</td></tr><tr><th>3</th><td>471239</td><td>33</td></tr><tr><th>4</th><td>561230</td><td>50</td></tr></tbody></table>`),
			Want: []Want{{Severity: policy.Block, Column: "patient_id"}}},
	})
}
