package markup

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onePixel is a PNG as a data: address.
func onePixel() string {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}

// svgFile wraps the content of a drawing.
func svgFile(content string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100">` + content + `</svg>`
}

// checkSVG holds a cleaned drawing to its promises with a parser of its own
// settings: only elements on the list, no handler, no reference out of the
// file, and nothing changed by cleaning again.
func checkSVG(t testing.TB, out []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(out))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the result is not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Space != svgSpace || !svgElements[e.Name.Local] {
				t.Errorf("element %s %s", e.Name.Space, e.Name.Local)
			}
			checkSVGAttributes(t, e)
		case xml.Directive, xml.Comment:
			t.Errorf("%T left", e)
		case xml.CharData:
			if s := strings.ToLower(string(e)); strings.Contains(s, "@import") && strings.Contains(s, "{") {
				t.Errorf("import left in %q", s)
			}
		}
	}
	again, removed, err := CleanSVG(out)
	if err != nil {
		t.Fatalf("cleaning again: %v", err)
	}
	if !bytes.Equal(out, again) || len(removed) > 0 {
		t.Errorf("cleaning again changes it: %v\n%s\n%s", removed, out, again)
	}
}

func checkSVGAttributes(t testing.TB, e xml.StartElement) {
	t.Helper()
	for _, a := range e.Attr {
		v := strings.ToLower(a.Value)
		if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
			t.Errorf("handler %s", a.Name.Local)
		}
		if a.Name.Local == "href" && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "data:image/") {
			t.Errorf("reference to %.60q", v)
		}
		for i := strings.Index(v, "url("); i >= 0; i = strings.Index(v, "url(") {
			v = v[i+4:]
			if !strings.HasPrefix(v, "#") {
				t.Errorf("url(%.60q", v)
			}
		}
	}
}

func TestCleanSVGRemoves(t *testing.T) {
	for _, c := range []struct{ name, in, gone, what string }{
		{"script", `<script>alert(1)</script>`, "alert", "script"},
		{"script in CDATA", `<script><![CDATA[alert(1)]]></script>`, "alert", "script"},
		{"prefixed script", `<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>`, "alert", "script"},
		{"handler", `<rect onload="alert(1)" width="1"/>`, "alert", "event handler"},
		{"javascript link", `<a xlink:href="javascript:alert(1)"><rect width="1"/></a>`, "alert", "link"},
		{"foreign content", `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></foreignObject>`, "alert", "embedded page part"},
		{"animated reference", `<a><set attributeName="href" to="javascript:alert(1)"/><text>x</text></a>`, "alert", "animation"},
		{"use from elsewhere", `<use href="http://a.example/x.svg#a"/>`, "example", "reference to elsewhere"},
		{"use of data", `<use href="data:image/svg+xml,&lt;svg id='x'/>#x"/>`, "data:", "reference to elsewhere"},
		{"image from elsewhere", `<image href="http://a.example/x.png"/>`, "example", "image from elsewhere"},
		{"image of a local file", `<image xlink:href="file:///home/u/x.png"/>`, "home", "image from elsewhere"},
		{"embedded page", `<image href="data:text/html,&lt;script>alert(1)&lt;/script>"/>`, "alert", "embedded image that cannot be cleaned"},
		{"import", `<style>@import url("http://a.example/a;b.css"); rect {fill: red}</style><rect/>`, "example", "styling from elsewhere (at-rule)"},
		{"web font", `<style>@font-face {font-family: x; src: url(http://a.example/f)} rect {fill: red}</style>`, "example", "styling from elsewhere (at-rule)"},
		{"style url", `<rect style="fill: url(http://a.example/#x)"/>`, "example", "style property"},
		{"style escape", `<rect style="fill: u\72l(http://a.example/#x)"/>`, "example", "style property"},
		{"attribute url", `<rect fill="url(http://a.example/#x)"/>`, "example", "attribute"},
		{"comment in url", `<rect style="fill: url/**/(http://a.example)"/>`, "example", "style property"},
		{"metadata", `<metadata><x xmlns="http://a.example">creator</x></metadata>`, "creator", "metadata"},
		{"description", `<desc>17 patients</desc>`, "patients", "hidden description"},
		{"title", `<g><title>patient 17</title></g>`, "patient", "hidden title"},
		{"comment", `<!-- patient 17 -->`, "patient", "comment"},
		{"undrawn text", `<g>patient 17</g>`, "patient", "text that is not drawn"},
		{"data attribute", `<rect data-id="patient17"/>`, "patient", "attribute"},
		{"unused id", `<rect id="patient17"/>`, "patient", "unused name (id)"},
		{"unused class", `<rect class="patient17"/>`, "patient", "unused class"},
		{"hidden layer", `<g display="none"><text>patient 17</text></g>`, "patient", "hidden element"},
		{"hidden layer by style", `<g style="display: none"><text>patient 17</text></g>`, "patient", "hidden element"},
		{"text in points", `<polyline points="patient: 17"/>`, "patient", "attribute"},
		{"inkscape", `<g inkscape:label="patient" xmlns:inkscape="http://i.example/"/>`, "patient", "attribute"},
		{"entity like", `<text>&lt;script&gt;</text><script/>`, "<script", "script"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, removed, err := CleanSVG([]byte(svgFile(c.in)))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(out, []byte(c.gone)) {
				t.Errorf("%q is still there:\n%s", c.gone, out)
			}
			found := false
			for _, r := range removed {
				found = found || r.What == c.what
			}
			if !found {
				t.Errorf("%q is not listed: %v", c.what, removed)
			}
			checkSVG(t, out)
		})
	}
}

// What figures of R and matplotlib need is kept as it is.
func TestCleanSVGKeeps(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"svglite defaults", `<defs><style type='text/css'><![CDATA[ line, rect { fill: none; } ]]></style></defs><rect/>`, "line, rect {fill: none}"},
		{"svglite root class", `<style>.svglite text { white-space: pre; }</style><g class="svglite other"><text>a  b</text></g>`, `<g class="svglite">`},
		{"base64 ids", `<clipPath id='cpMA=='><rect/></clipPath><g clip-path='url(#cpMA==)'/>`, `<clipPath id="cpMA==">`},
		{"quoted url", `<clipPath id="a.b"/><g style="clip-path: url('#a.b')"/>`, `clip-path: url(#a.b)`},
		{"matplotlib glyphs", `<defs><path id="D-1" d="M 1,2z"/></defs><use xlink:href="#D-1" x="3"/>`, `<use x="3" xlink:href="#D-1"/>`},
		{"svg 2 href", `<symbol id="s" overflow="visible"/><use href="#s"/>`, `<use xlink:href="#s"/>`},
		{"case", `<linearGradient id="g"><stop offset="5%" stop-color="#fff"/></linearGradient><rect fill="url(#g)"/>`, `<linearGradient id="g">`},
		{"text", `<text x="1" textLength="9" lengthAdjust="spacingAndGlyphs" style="font-family: &quot;Arial&quot;;">n &lt; 5 &amp; p</text>`, `font-family: &quot;Arial&quot;">n &lt; 5 &amp; p</text>`},
		{"spaces", `<text xml:space="preserve">  a <tspan> b</tspan> </text>`, `<text xml:space="preserve">  a <tspan> b</tspan> </text>`},
		{"transform", `<g transform="translate(1,2) rotate(-90)"/>`, `transform="translate(1,2) rotate(-90)"`},
		{"link text", `<text><a xlink:href="http://a.example">see</a></text>`, `<text><tspan>see</tspan></text>`},
		{"picture", `<image width="9" xlink:href="` + onePixel() + `"/>`, onePixel()},
		{"after an import with a semicolon", `<style>@import url('https://a.example/?f=x;y'); .a { fill: red }</style><g class="a"/>`, ".a {fill: red}"},
		{"class with a reference", `<clipPath id="c"/><style>.s{clip-path:url(#c)}</style><g class="s"/>`, ".s {clip-path: url(#c)}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _, err := CleanSVG([]byte(svgFile(c.in)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(out, []byte(c.want)) {
				t.Errorf("%q is missing in\n%s", c.want, out)
			}
			checkSVG(t, out)
		})
	}
}

// Nothing that cannot be cleaned is passed through.
func TestCleanSVGRefuses(t *testing.T) {
	doubling := `<g id="a0"><rect/></g>`
	for i := 1; i < 30; i++ {
		doubling += fmt.Sprintf(`<g id="a%d"><use href="#a%d"/><use href="#a%d"/></g>`, i, i-1, i-1)
	}
	broad := `<g id="a0">` + strings.Repeat("<rect/>", 1000) + `</g>` + strings.Repeat(`<use href="#a0"/>`, 1000)
	patterns := `<rect id="a0"/>`
	for i := 1; i < 15; i++ {
		patterns += fmt.Sprintf(`<pattern id="p%d">%s</pattern>`, i, strings.Repeat(fmt.Sprintf(`<rect fill="url(#p%d)"/>`, i-1), 9))
	}
	for name, in := range map[string]string{
		"empty":               "",
		"page":                "<html><body/></html>",
		"cut short":           `<svg xmlns="http://www.w3.org/2000/svg"><g>`,
		"mismatched":          `<svg><g></svg></g>`,
		"two roots":           `<svg/><svg/>`,
		"laughs":              `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg><text>&b;</text></svg>`,
		"external entity":     `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>`,
		"copies of copies":    svgFile(doubling),
		"a thousand by 1000":  svgFile(broad),
		"pattern of patterns": svgFile(patterns),
		"filters":             svgFile(`<filter id="f"><feGaussianBlur stdDeviation="9"/></filter>` + strings.Repeat(`<rect filter="url(#f)"/>`, 20_000)),
		"itself":              svgFile(`<g id="a"><use href="#a"/></g>`),
		"in a circle":         svgFile(`<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>`),
		"deep":                strings.Repeat("<svg>", 5000) + strings.Repeat("</svg>", 5000),
		"many attributes":     "<svg " + strings.Repeat("a='' ", 100_000) + "/>",
		"many elements":       svgFile(strings.Repeat("<g/>", maxElements+1)),
		"bad utf-8":           "<svg><text>\xff</text></svg>",
		"unknown encoding":    `<?xml version="1.0" encoding="nonsense"?><svg/>`,
	} {
		if out, _, err := CleanSVG([]byte(in)); err == nil {
			t.Errorf("%s: no error, but %d bytes", name, len(out))
		}
	}
}

// Other encodings arrive as UTF-8.
func TestSVGEncodings(t *testing.T) {
	utf16 := []byte{0xff, 0xfe}
	for _, r := range `<?xml version="1.0" encoding="UTF-16"?><svg><text>é</text></svg>` {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, in := range map[string][]byte{
		"utf-16":   utf16,
		"latin 1":  []byte("<?xml version='1.0' encoding='ISO-8859-1'?><svg><text>\xe9</text></svg>"),
		"with bom": []byte("\ufeff<svg><text>é</text></svg>"),
	} {
		out, _, err := CleanSVG(in)
		if err != nil || !bytes.Contains(out, []byte("é")) {
			t.Errorf("%s: %s %v", name, out, err)
		}
	}
}

// released calls f for each released output with one of the endings.
func released(t *testing.T, endings string, f func(path string, data []byte)) {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared", "corpus", "files")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the folder of released outputs is not here:", err)
	}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(endings, strings.ToLower(filepath.Ext(path))+" ") || filepath.Ext(path) == "" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(path, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReleasedSVG(t *testing.T) {
	n := 0
	released(t, ".svg ", func(path string, data []byte) {
		n++
		out, removed, err := CleanSVG(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for _, r := range removed {
			switch r.What {
			case "comment", "document type", "metadata", "unused name (id)":
			default:
				t.Errorf("%s: unexpected removal %+v", path, r)
			}
		}
		checkSVG(t, out)
	})
	t.Logf("%d drawings", n)
}

func FuzzCleanSVG(f *testing.F) {
	f.Add(svgFile(`<style>@import "x"; .a, rect {fill: url(#g); stroke: red}</style><g class="a" id="g"><use href="#g"/></g>`))
	f.Add(svgFile(`<text x="1" style="font: 1px 'a'">a<tspan>b</tspan><a href="x">c</a></text><title>t</title>`))
	f.Add(svgFile(`<image href="` + onePixel() + `"/><image href="data:image/svg+xml,%3Csvg/%3E"/>`))
	f.Add("<!DOCTYPE svg [<!ENTITY a 'b'>]><s:svg xmlns:s='http://www.w3.org/2000/svg' onload='x'><s:script/></s:svg>")
	f.Fuzz(func(t *testing.T, in string) {
		out, _, err := CleanSVG([]byte(in))
		if err != nil {
			return
		}
		checkSVG(t, out)
	})
}
