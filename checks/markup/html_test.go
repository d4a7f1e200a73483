package markup

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"sallyport/checks/clean"
)

func cleanBody(t testing.TB, in string) (string, []clean.Removal) {
	t.Helper()
	out, removed, err := CleanHTML([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	checkHTML(t, out)
	_, body, _ := strings.Cut(string(out), "<body>\n")
	body, _, _ = strings.Cut(body, "\n</body>")
	return body, removed
}

// checkHTML holds a cleaned page to its promises: parsed again, only elements
// and attributes on the list, no reference but within the page, embedded
// figures that are clean themselves, and nothing changed by cleaning again.
func checkHTML(t testing.TB, out []byte) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		switch n.Type {
		case html.CommentNode:
			t.Errorf("comment %q left", n.Data)
		case html.ElementNode:
			checkElement(t, n)
		}
	}
	again, removed, err := CleanHTML(out)
	if err != nil {
		t.Fatalf("cleaning again: %v", err)
	}
	if !bytes.Equal(again, out) || len(removed) > 0 {
		t.Errorf("cleaning again changes it: %v\n%s\n%s", removed, out, again)
	}
}

func checkElement(t testing.TB, n *html.Node) {
	t.Helper()
	known := htmlAllowed[n.Data] && n.Namespace == "" || mathAllowed[n.Data] && n.Namespace == "math" ||
		n.Data == "meta" && n.Parent.Data == "head" && len(n.Attr) == 1 && attr(n, "charset") == "utf-8"
	if !known {
		t.Errorf("element %s:%s", n.Namespace, n.Data)
	}
	for _, a := range n.Attr {
		v := strings.ToLower(a.Val)
		switch {
		case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "class":
			t.Errorf("attribute %s", a.Key)
		case a.Key == "href" && !strings.HasPrefix(v, "#"):
			t.Errorf("link to %.60q", v)
		case a.Key == "src":
			checkFigure(t, a.Val)
		}
	}
}

func checkFigure(t testing.TB, src string) {
	t.Helper()
	again, removed, err := new(figures).cleanData(src, 0)
	if err != nil || again != src || len(removed) > 0 {
		t.Errorf("figure %.60q is not clean: %v %v", src, removed, err)
	}
}

func what(removed []clean.Removal) map[string]int {
	m := map[string]int{}
	for _, r := range removed {
		m[r.What] += r.Count
	}
	return m
}

func TestCleanHTML(t *testing.T) {
	drawing := svgFile(`<rect width="5" onclick="alert(1)"/>`)
	encoded := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(drawing))
	percent := "data:image/svg+xml;charset=utf8," + strings.NewReplacer("<", "%3C", ">", "%3E", "#", "%23", `"`, "'").Replace(drawing)
	figure, _, err := CleanSVG([]byte(drawing))
	if err != nil {
		t.Fatal(err)
	}
	clean := dataImage("image/svg+xml", figure)
	for _, c := range []struct{ name, in, want, what string }{
		{"headings keep their ids", `<h2 id="Load-Data" class="x">Load</h2>`, `<h2 id="Load-Data">Load</h2>`, "styling of an element"},
		{"contents work", `<ul><li><a href="#r%C3%A9sum%C3%A9">r</a></li></ul><div id="résumé"><p>x</p></div>`, `<a href="#r%C3%A9sum%C3%A9">r</a></li></ul><div id="résumé">`, ""},
		{"ids without use go", `<p id="patient17">x</p>`, `<p>x</p>`, "unused name (id)"},
		{"spans", `<table border="1"><tr><th colspan="2" rowspan="3">a</th></tr></table>`, `<table border="1"><tbody><tr><th colspan="2" rowspan="3">a</th></tr></tbody></table>`, ""},
		{"cell alignment", `<table><tr><td style="text-align: right; color: red">1</td></tr></table>`, `<td align="right">1</td>`, "styling of an element"},
		{"levels of a gt table", `<table><tr><td style="font-weight: bold">Sex</td></tr><tr><td style="text-align: left; text-indent: 10px">F</td></tr></table>`, "<td><b>Sex</b></td></tr><tr><td align=\"left\">\u00a0\u00a0\u00a0\u00a0F</td>", "styling of an element"},
		{"lists", `<ol start="3"><li>a<ul><li>b</li></ul></li></ol><dl><dt>t</dt><dd>d</dd></dl>`, `<ol start="3"><li>a<ul><li>b</li></ul></li></ol><dl><dt>t</dt><dd>d</dd></dl>`, ""},
		{"unescaped p value", `<table><tr><td><0.001</td></tr></table>`, `<td>&lt;0.001</td>`, ""},
		{"png figure", `<p><img src="` + onePixel() + `" title="Deaths" width="672"></p>`, `<img src="` + onePixel() + `" width="672" alt="Deaths"/>`, ""},
		{"svg figure", `<img src="` + encoded + `"/>`, `<img src="` + clean + `"/>`, "in a figure: event handler"},
		{"svg figure in percent", `<img src="` + percent + `"/>`, `<img src="` + clean + `"/>`, "in a figure: event handler"},
		{"inline svg", `<p>` + drawing + `</p>`, `<p><img src="` + clean + `" alt="figure"/></p>`, "in a figure: event handler"},
		{"inline svg labels", `<div><svg><text x="1">A</text><text x="9">B</text></svg></div>`, `alt="figure"/></div>`, ""},
		{"picture from elsewhere", `<img src="http://a.example/p.png" alt="map of x">`, `<span>[map of x: The image is kept elsewhere and is not part of this document.]</span>`, "image from elsewhere"},
		{"picture beside the file", `<img src="plot1.png">`, `<span>[The image is kept elsewhere and is not part of this document.]</span>`, "image from elsewhere"},
		{"gif", `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, `<span>[The image could not be cleaned.]</span>`, "image that cannot be cleaned"},
		{"fraction", `<math display="block"><mfrac><mn>1</mn><mn>2</mn></mfrac></math>`, `<math display="block"><mfrac><mn>1</mn><mn>2</mn></mfrac></math>`, ""},
		{"formula with notes", `<math><semantics><mrow><mi>x</mi></mrow><annotation encoding="application/x-tex">x</annotation></semantics></math>`, `<math><semantics><mrow><mi>x</mi></mrow></semantics></math>`, "formula in another notation"},
		{"formula in TeX for a script", `<p><script type="math/tex">\frac{1}{2}</script></p>`, `<p><span>\(\frac{1}{2}\)</span></p>`, "script"},
		{"KaTeX", `<span class="katex"><span class="katex-mathml"><math><mi>x</mi></math></span><span class="katex-html" aria-hidden="true">x</span></span>`, `<span><span><math><mi>x</mi></math></span></span>`, "hidden content"},
		{"widget", `<div class="datatables html-widget" id="htmlwidget-1"></div><script type="application/json" data-for="htmlwidget-1">{"x":1}</script>`, `<div>[An interactive table or figure was here. It is drawn by a script and is not part of this document.]</div>`, "interactive table or figure that only a script draws"},
		{"paged table", `<div data-pagedtable="false"><script data-pagedtable-source type="application/json">{}</script></div>`, `<div>[An interactive table or figure was here. It is drawn by a script and is not part of this document.]</div>`, "interactive table or figure that only a script draws"},
		{"widget that is drawn", `<div class="html-widget"><p>12</p></div>`, `<div><p>12</p></div>`, "styling of an element"},
		{"hidden text", `<p>a</p><p style="display: NONE">patient 17</p><div hidden>17</div><template>17</template>`, `<p>a</p>`, "hidden content"},
		{"noscript", `<noscript><p>17</p></noscript><p>a</p>`, `<p>a</p>`, "text for browsers without script"},
		{"comment", `<!-- rnb-source-begin eyJk -->a`, `a`, "comment"},
		{"conditional comment", `<!--[if IE]><script>alert(1)</script><![endif]-->a`, `a`, "comment"},
		{"link out", `<a href="https://a.example/x?y=1">see</a>`, `<a>see (https://a.example/x?y=1)</a>`, "link to elsewhere, text kept"},
		{"link out that says so", `<a href="https://a.example/">https://a.example</a>`, `<a>https://a.example</a>`, "link to elsewhere, text kept"},
		{"script link", `<a href="javascript:alert(1)">see</a>`, `<a>see</a>`, "link to elsewhere, text kept"},
		{"details", `<details><summary>s</summary>t</details>`, `<details open=""><summary>s</summary>t</details>`, ""},
		{"form", `<form action="http://a.example"><label>x</label><input value="1"><select><option>2</option></select></form>`, `x`, "form field"},
		{"center", `<center><font color="red">a</font></center>`, `a`, "unusual element, text kept"},
		{"pre", "<pre>\n\n  a\n</pre>", "<pre>\n\n  a\n</pre>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, removed := cleanBody(t, c.in)
			if !strings.Contains(body, c.want) {
				t.Errorf("got  %s\nwant %s", body, c.want)
			}
			if c.what == "" && len(removed) > 0 || c.what != "" && what(removed)[c.what] == 0 {
				t.Errorf("removed %v, want %q", removed, c.what)
			}
		})
	}
}

// The result is a whole document, whatever the encoding was.
func TestDocument(t *testing.T) {
	out, removed, err := CleanHTML([]byte("<html lang=en><head><meta charset=iso-8859-1><title>Caf\xe9 &amp; <b></title><meta name=author content=someone><link rel=stylesheet href=custom.css></head><body>\xe9</body>"))
	if err != nil {
		t.Fatal(err)
	}
	want := "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>Café &amp; &lt;b&gt;</title>\n</head>\n<body>\né\n</body>\n</html>\n"
	if string(out) != want {
		t.Errorf("got\n%s", out)
	}
	if w := what(removed); w["metadata"] != 1 || w["link to another file"] != 1 {
		t.Errorf("removed %v", removed)
	}
	checkHTML(t, out)
}

func TestCleanHTMLRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"frames":          "<frameset><frame src=a></frameset>",
		"deep":            strings.Repeat("<div>", 3000),
		"many elements":   strings.Repeat("<b>", 2*maxElements+1),
		"many attributes": "<p " + manyAttributes() + ">",
		"large tag":       "<p " + strings.Repeat("a ", 4<<20) + ">",
		"wide table":      "<table>" + strings.Repeat("<tr><td colspan=1000 rowspan=1000>", 10),
	} {
		if _, _, err := CleanHTML([]byte(in)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Many small pictures that each unpack to 49 megapixels are as bad as one that
// unpacks to thousands: those beyond the limit are left out.
func TestManyLargePictures(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 10_000, 4900), color.Palette{color.Black, color.White})); err != nil {
		t.Fatal(err)
	}
	f := &figures{pixels: maxFigures - 50_000_000}
	in := dataImage("image/png", b.Bytes())
	if _, _, err := f.cleanData(in, 0); err != nil {
		t.Errorf("the last picture within the limit: %v", err)
	}
	if _, _, err := f.cleanData(in, 0); err == nil {
		t.Error("a picture beyond the limit is cleaned")
	}
}

func manyAttributes() string {
	var b strings.Builder
	for i := range 2 * maxAttributes {
		fmt.Fprintf(&b, "a%d ", i)
	}
	return b.String()
}

// Reports that were really released keep their headings, cells and figures.
func TestReleasedHTML(t *testing.T) {
	n := 0
	released(t, ".html ", func(path string, data []byte) {
		n++
		out, _, err := CleanHTML(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		checkHTML(t, out)
		before, after := outline(t, data), outline(t, out)
		if before != after {
			t.Errorf("%s reads differently:\n%.2000s\n%.2000s", path, before, after)
		}
	})
	t.Logf("%d reports", n)
}

// addresses of links are written behind them, which is not a loss.
var addresses = regexp.MustCompile(` ?\(?https?://\S*| ?\[.* is not part of this document\.\]`)

// outline is what must survive: the text of headings and cells, and the number
// of figures.
func outline(t testing.TB, data []byte) string {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	figures := 0
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case heading(n) || n.Data == "td" || n.Data == "th" || n.Data == "li" || n.Data == "p" || n.Data == "pre":
			fmt.Fprintf(&b, "%s %s %s %s\n", n.Data, attr(n, "colspan"), attr(n, "rowspan"), addresses.ReplaceAllString(words(n), ""))
		case n.Data == "img":
			figures++
		}
	}
	fmt.Fprintf(&b, "%d figures", figures)
	return b.String()
}

func FuzzCleanHTML(f *testing.F) {
	f.Add(`<h1 id=a onclick=x>t</h1><table><tr><td colspan=2><0.001<td>`)
	f.Add(`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`)
	f.Add(`<svg><p><style><a id="</style><img src=1 onerror=alert(1)>">`)
	f.Add(`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`)
	f.Add(`<p>` + svgFile(`<foreignObject><p>x</p></foreignObject>`) + `<a href="#b">c</a><p id=b><pre>` + "\n\n")
	f.Add(`<form><form><table><a><tr><a><select><template><frameset><details>`)
	f.Fuzz(func(t *testing.T, in string) {
		out, _, err := CleanHTML([]byte(in))
		if err != nil {
			return
		}
		checkHTML(t, out)
	})
}
