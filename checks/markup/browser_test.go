package markup

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
)

// site serves files to the browser and writes down every other request.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string]served
	other []string
}

type served struct {
	mediaType string
	data      []byte
}

func newSite(t *testing.T) *site {
	s := &site{files: map[string]served{"/": {"text/html", []byte("<!DOCTYPE html><title>frame</title>")}}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) add(path, mediaType string, data []byte) { s.files[path] = served{mediaType, data} }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.URL.Path]
	if ok && strings.HasPrefix(r.Host, "127.0.0.1") {
		w.Header().Set("Content-Type", f.mediaType)
		_, _ = w.Write(f.data)
		return
	}
	ours := strings.HasPrefix(r.Host, "127.0.0.1") || strings.Contains(r.Host, "example")
	if ours && r.URL.Path != "/favicon.ico" { // browsers ask for updates of their own
		s.mu.Lock()
		s.other = append(s.other, r.Host+r.URL.String())
		s.mu.Unlock()
	}
	http.NotFound(w, r)
}

// requests returns what was asked for besides the files, and forgets it.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.other
	s.other = nil
	sort.Strings(out)
	return out
}

// drawings like those of the common tools, each with what is special to it.
var drawings = map[string]string{
	"svglite": `<?xml version='1.0' encoding='UTF-8' ?>
<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' class='svglite' width='360.00pt' height='288.00pt' viewBox='0 0 360.00 288.00'>
<defs>
  <style type='text/css'><![CDATA[
    @import url("https://fonts.googleapis.com/css?family=Roboto:400;500");
    .svglite line, .svglite polyline, .svglite polygon, .svglite path, .svglite rect, .svglite circle {
      fill: none; stroke: #000000; stroke-linecap: round; stroke-linejoin: round; stroke-miterlimit: 10.00;
    }
    .svglite text { white-space: pre; }
    .svglite g.glyphgroup path { fill: inherit; stroke: none; }
  ]]></style>
</defs>
<rect width='100%' height='100%' style='stroke: none; fill: #FFFFFF;'/>
<defs><clipPath id='cpMzguMjV8NDE5Ljcy=='><rect x='38' y='39' width='200' height='173' /></clipPath></defs>
<g clip-path='url(#cpMzguMjV8NDE5Ljcy==)'>
<polyline points='38.25,169.73 100,20 419.72,169.73 ' style='stroke-width: 4; stroke: #EB0000; stroke-linecap: butt; stroke-dasharray: 4.00,4.00;' />
<circle cx='60' cy='80' r='9' style='stroke-width: 0.71; fill: #619CFF; fill-opacity: 0.4;' />
<text x='90.5' y='100' text-anchor='middle' style='font-size: 18px; font-weight: bold; font-family: "Liberation Sans";' textLength='80px' lengthAdjust='spacingAndGlyphs'>a  b &lt; 5</text>
</g></svg>`,
	"ggplot2 by cairo": `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300pt" height="200pt" viewBox="0 0 300 200" version="1.1">
<defs><g>
<symbol overflow="visible" id="glyph0-0"><path style="stroke:none;" d=""/></symbol>
<symbol overflow="visible" id="glyph0-1"><path style="stroke:none;" d="M 0 0 L 10 0 L 5 -20 Z"/></symbol>
</g>
<clipPath id="clip1"><path d="M 20 20 L 200 20 L 200 150 L 20 150 Z"/></clipPath>
<filter id="alpha" filterUnits="objectBoundingBox" x="0%" y="0%" width="100%" height="100%"><feColorMatrix type="matrix" in="SourceGraphic" values="0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0"/></filter>
<mask id="mask0"><g filter="url(#alpha)"><rect x="0" y="0" width="300" height="200" style="fill:rgb(0%,0%,0%);fill-opacity:0.4;stroke:none;"/></g></mask>
</defs>
<g id="surface1"><rect x="0" y="0" width="300" height="200" style="fill:rgb(100%,100%,100%);fill-opacity:1;stroke:none;"/>
<g clip-path="url(#clip1)" clip-rule="nonzero"><path style="fill:none;stroke-width:9;stroke-linecap:butt;stroke:rgb(92%,20%,92%);stroke-miterlimit:10;" d="M 0 50 L 300 160"/></g>
<g mask="url(#mask0)"><rect x="100" y="60" width="80" height="90" style="fill:rgb(0%,0%,80%)"/></g>
<g style="fill:rgb(30%,30%,30%);fill-opacity:1;"><use xlink:href="#glyph0-1" x="40" y="190"/><use xlink:href="#glyph0-1" x="60" y="190"/></g>
</g></svg>`,
	"matplotlib": `<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="300pt" height="200pt" viewBox="0 0 300 200" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><rdf:RDF xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://creativecommons.org/ns#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><cc:Work><dc:date>2021</dc:date></cc:Work></rdf:RDF></metadata>
 <defs><style type="text/css">*{stroke-linecap:butt;stroke-linejoin:round;}</style></defs>
 <g id="figure_1"><g id="patch_1"><path d="M 0 200
L 300 200
L 300 0
L 0 0
z
" style="fill:#ffffff;"/></g>
 <g id="PathCollection_1"><defs><path d="M 0 3 C 0.8 3 1.6 2.7 2.1 2.1 L -3 -3 z" id="m4eda8db29b" style="stroke:#1f77b4;"/></defs>
  <g clip-path="url(#p1.2)"><use style="fill:#1f77b4;stroke:#1f77b4;" x="70" xlink:href="#m4eda8db29b" y="90"/><use style="fill:#ff7f0e" x="90" xlink:href="#m4eda8db29b" y="60"/></g></g>
 <image xlink:href="PICTURE" id="image1" transform="matrix(60 0 0 40 200 20)" style="image-rendering:pixelated" width="1" height="1"/>
 <g id="text_1"><!-- 0.2 --><g transform="translate(60 150) scale(0.1 -0.1)"><defs><path d="M 31 66 Q 20 66 15 56 L 90 10 z" id="DejaVuSans-48"/></defs><use xlink:href="#DejaVuSans-48"/><use x="95" xlink:href="#DejaVuSans-48"/></g></g>
 <a xlink:href="https://example.org"><rect x="10" y="10" width="20" height="20" style="fill:url(#h1);stroke:#000"/></a>
 </g>
 <defs><clipPath id="p1.2"><rect height="150" width="220" x="40" y="20"/></clipPath>
 <pattern height="72" id="h1" patternUnits="userSpaceOnUse" width="72" x="0" y="0"><rect fill="#ffeeee" height="73" width="73" x="0" y="0"/><path d="M -36 36 L 36 -36 M 0 72 L 72 0" style="fill:#000;stroke:#000;stroke-width:1.0"/></pattern></defs>
</svg>`,
	"gradients and classes": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><style>.a,.b{stroke:#003300}.b{fill:url(#g)} #named{opacity:.5}</style>
<linearGradient id="g" x1="0" x2="1"><stop offset="0" stop-color="red"/><stop offset="100%" style="stop-color:blue;stop-opacity:.5"/></linearGradient>
<marker id="m" markerWidth="5" markerHeight="5" refX="2" refY="2" orient="auto"><circle cx="2" cy="2" r="2"/></marker>
<rect class="b" width="60" height="30"/><rect id="named" class="a" x="40" y="20" width="50" height="50"/>
<path d="M5,60 q 30,30 60,0" fill="none" stroke="black" marker-end="url(#m)"/>
<switch><text x="5" y="95" font-size="9">a<tspan dy="-3" font-size="5">2</tspan> b</text></switch>
<g display="none"><rect width="100" height="100"/></g></svg>`,
}

// Figures draw the same before and after cleaning, to the pixel.
func TestDrawsTheSame(t *testing.T) {
	s := newSite(t)
	names := []string{}
	add := func(name string, data []byte) {
		out, _, err := CleanSVG(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		path := fmt.Sprintf("/%d", len(names))
		names = append(names, name)
		s.add(path+"before.svg", "image/svg+xml", data)
		s.add(path+"after.svg", "image/svg+xml", out)
	}
	for name, data := range drawings {
		add(name, []byte(strings.Replace(data, "PICTURE", onePixel(), 1)))
	}
	t.Run("released", func(t *testing.T) {
		released(t, ".svg ", func(path string, data []byte) { add(filepath.Base(path), data) })
	})
	ctx := browsertest.Start(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.URL+"/")); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		differ, drawn := browsertest.Compare(t, ctx, fmt.Sprintf("/%dbefore.svg", i), fmt.Sprintf("/%dafter.svg", i))
		if differ != 0 || drawn < 1000 {
			t.Errorf("%s: %d pixels differ, %d are drawn", name, differ, drawn)
		}
	}
	t.Logf("%d figures", len(names))
}

// vectors are ways to run or fetch something. HIT is an address that is written
// down when it is asked for, JS a script that asks for it.
var vectors = []string{
	`<script>JS</script>`, `<script src="HIT"></script>`, `<scr<script>ipt>JS</scr</script>ipt>`,
	`<img src=x onerror="JS">`, `<img src="HIT">`, `<img srcset="HIT 1x">`, `<picture><source srcset="HIT"><img></picture>`,
	`<svg onload="JS">`, `<svg><script>JS</script></svg>`, `<svg><script href="HIT"/></svg>`, `<svg><image href="HIT"/></svg>`,
	`<svg><use href="HIT#a"/></svg>`, `<svg><feImage href="HIT"/></svg>`, `<svg><style>@import url(HIT);</style></svg>`,
	`<svg><rect width="9" height="9" fill="url(HIT#a)"/></svg>`, `<svg><foreignObject><iframe src="HIT"></iframe></foreignObject></svg>`,
	`<svg><a><animate attributeName="href" values="javascript:JS" begin="0s"/><text y="20">x</text></a></svg>`,
	`<svg><set attributeName="onload" to="JS"/><animate onbegin="JS" attributeName="x" dur="1s"/></svg>`,
	`<svg><image href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cimage href='HIT'/%3E%3Cscript%3EJS%3C/script%3E%3C/svg%3E"/></svg>`,
	`<iframe src="javascript:JS"></iframe>`, `<iframe srcdoc="<script>JS</script>"></iframe>`, `<iframe src="HIT"></iframe>`,
	`<object data="HIT"></object>`, `<object data="data:text/html,<script>JS</script>"></object>`, `<embed src="HIT">`,
	`<video src="HIT" autoplay></video>`, `<audio src="HIT" autoplay></audio>`, `<video poster="HIT"></video>`, `<video><source onerror="JS"></video>`,
	`<style>@import "HIT";</style>`, `<style>body{background:url(HIT)}</style>`, `<p style="background:url(HIT)">x</p>`, `<link rel="stylesheet" href="HIT">`,
	`<link rel="prefetch" href="HIT">`, `<link rel="preload" as="image" href="HIT">`, `<link rel="icon" href="HIT">`,
	`<meta http-equiv="refresh" content="0;url=HIT">`, `<meta http-equiv="refresh" content="0;url=javascript:JS">`, `<base href="HIT"><img src="a">`,
	`<body onload="JS" background="HIT">`, `<table background="HIT"><tr><td background="HIT">x</td></tr></table>`,
	`<details open ontoggle="JS"><summary>x</summary></details>`, `<input autofocus onfocus="JS">`, `<select autofocus onfocus="JS"></select>`,
	`<marquee onstart="JS">x</marquee>`, `<p tabindex="0" autofocus onfocus="JS">x</p>`, `<div style="animation:x 1s" onanimationstart="JS"><style>@keyframes x{}</style></div>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=JS&gt;">`,
	`<math href="javascript:JS">x</math>`, `<math><maction actiontype="statusline" xlink:href="javascript:JS">x</maction></math>`,
	`<math><annotation-xml encoding="text/html"><img src=x onerror="JS"></annotation-xml></math>`,
	`<svg></p><style><a id="</style><img src=1 onerror=JS>">`, `<svg><title><style><img src=x onerror=JS></style></title></svg>`,
	`<noscript><p title="</noscript><img src=x onerror=JS>"></noscript>`, `<template><script>JS</script></template>`,
	`<textarea><img src=x onerror=JS></textarea><xmp><img src=x onerror=JS></xmp>`, `<title></title><img src=x onerror=JS>`,
	`<form action="HIT" id="f"><input name="a"></form><button form="f" autofocus onfocus="JS">x</button>`, `<isindex action="HIT">`,
	`<!--><img src=x onerror=JS>-->`, `<!--[if gte IE 4]><img src="HIT"><![endif]-->`, `<![CDATA[<img src=x onerror=JS>]]>`, `<?xml-stylesheet href="HIT"?>`,
	"<img src=`x`onerror=JS>", `<IMG """><SCRIPT>JS</SCRIPT>">`, `<a href="javascript:JS" autofocus onfocus=JS>x</a>`, `<x onclick=JS autofocus tabindex=1 onfocus=JS>x`,
	`<div id="x"></div><script type="module">JS</script>`, `<script type="speculationrules">{"prefetch":[{"urls":["HIT"]}]}</script>`,
	`<img src="data:image/svg+xml;base64,SVG64">`, `<img loading="eager" src="//hit.example/N">`, `<q cite="HIT">x</q><blockquote cite="HIT">x</blockquote>`,
	`<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=JS src>">`,
	`<a name="x" ping="HIT" href="#x">x</a>`, `<dialog open oncancel="JS"><img src="HIT"></dialog>`, `<portal src="HIT"></portal>`, `<fencedframe></fencedframe>`,
}

// surroundings change how a parser reads what stands in them; X is the place.
var surroundings = []string{
	`X`, `<p>X`, `<table><tr><td>X</td></tr></table>`, `<table>X</table>`, `<svg>X</svg>`, `<svg><foreignObject>X</foreignObject></svg>`, `<svg><desc>X</desc></svg>`,
	`<math>X</math>`, `<math><mtext>X</mtext></math>`, `<select>X</select>`, `<noscript>X</noscript>`, `<style>X`, `<title>X`, `<textarea>X`, `<template>X</template>`,
	`<pre>X</pre>`, `<a href="#x"><b><i>X</b></i></a>`, `<frameset>X</frameset>`, `<head>X</head>`, `<html><head></head>X`, `<ul><li>X</ul>`, `<iframe>X</iframe>`, `<!doctype html>X`,
}

// hostileSVG run or fetch something as files of their own.
var hostileSVG = []string{
	`<svg xmlns="http://www.w3.org/2000/svg" onload="JS"/>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><script>JS</script></svg>`,
	`<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script>JS</x:script></x:svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><h:script xmlns:h="http://www.w3.org/1999/xhtml">JS</h:script></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="JS"><img src="HIT"/></body></foreignObject></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><script xlink:href="HIT"/><image xlink:href="HIT" width="9" height="9"/><use xlink:href="HIT#a"/></svg>`,
	`<?xml-stylesheet href="HIT"?><svg xmlns="http://www.w3.org/2000/svg"><style>@import url("HIT"); rect{fill:url(HIT#a)}</style><rect width="9" height="9"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><style>@font-face{font-family:x;src:url(HIT)} text{font-family:x}</style><text y="20">x</text></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9" style="fill:url(HIT#a);mask:url(HIT#b)" filter="url(HIT#c)" cursor="url(HIT)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9" style="f\69ll:u\72l(HIT)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><filter id="f"><feImage href="HIT"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><a href="#x"><set attributeName="href" to="javascript:JS"/><text y="20">x</text></a><animate onbegin="JS" attributeName="x" dur="1s"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/svg+xml;base64,SVG64" width="9" height="9"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><text>]]&gt;&lt;script&gt;JS&lt;/script&gt;</text><style>&lt;/style&gt;&lt;script&gt;JS&lt;/script&gt;</style></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><text font-family="&quot;/&gt;&lt;script&gt;JS&lt;/script&gt;">x</text></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><audio xmlns="http://www.w3.org/1999/xhtml" src="HIT" autoplay="autoplay"/><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:JS"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><link xmlns="http://www.w3.org/1999/xhtml" rel="stylesheet" href="HIT"/><meta xmlns="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=HIT"/></svg>`,
}

// armed puts address and script of case n into a vector.
func armed(vector string, n int) string {
	hit := fmt.Sprintf("http://hit.example/%d", n)
	js := fmt.Sprintf("new Image().src='%s';alert(1)", hit)
	inner := `<svg xmlns='http://www.w3.org/2000/svg'><script>` + js + `</script><image href='` + hit + `'/></svg>`
	return strings.NewReplacer("HIT", hit, "JS", js, "SVG64", strings.TrimPrefix(dataImage("", []byte(inner)), "data:;base64,"), "hit.example/N", fmt.Sprintf("hit.example/%d", n)).Replace(vector)
}

// openAll shows files of the site in frames, which may do all they can, and
// returns what was asked for, dialogs opened and frames that moved away.
func openAll(t *testing.T, s *site, paths []string) []string {
	t.Helper()
	ctx := browsertest.Start(t, chromedp.Flag("host-resolver-rules", "MAP * "+strings.TrimPrefix(s.URL, "http://")+", EXCLUDE 127.0.0.1"))
	var mu sync.Mutex
	var seen []string
	err := chromedp.Listen(ctx, func(ev any) {
		d, ok := ev.(*page.EventJavascriptDialogOpening)
		if !ok {
			return
		}
		mu.Lock()
		seen = append(seen, "dialog of "+d.URL)
		mu.Unlock()
		go func() {
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.URL+"/")); err != nil {
		t.Fatal(err)
	}
	moved, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(frames, list), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return append(append(seen, moved...), s.requests()...)
}

// frames opens each path in a frame, focuses it, waits, and returns where
// frames are that are not where they were sent.
const frames = `(async paths => {
	const moved = [];
	for (let i = 0; i < paths.length; i += 40) {
		const all = await Promise.all(paths.slice(i, i + 40).map(p => new Promise(done => {
			const f = document.createElement('iframe');
			f.onload = () => done([f, p]);
			f.src = p;
			document.body.append(f);
		})));
		await new Promise(r => setTimeout(r, 400));
		for (const [f, p] of all) {
			let at = 'elsewhere';
			try { at = f.contentWindow.location.pathname } catch {}
			if (at !== p) moved.push(p + ' moved to ' + at);
			f.remove();
		}
	}
	return moved;
})(%s)`

// Hostile pages and drawings, cleaned and opened without any other protection,
// run nothing and fetch nothing.
func TestNothingRuns(t *testing.T) {
	s := newSite(t)
	byContent := map[string]string{}
	var paths []string
	add := func(name, mediaType string, out []byte) (first bool) {
		if _, again := byContent[string(out)]; again {
			return false
		}
		path := fmt.Sprintf("/%d", len(paths))
		byContent[string(out)] = name
		paths = append(paths, path)
		s.add(path, mediaType, out)
		return true
	}
	tried, refused := 0, 0
	for v, vector := range vectors {
		for _, around := range surroundings {
			tried++
			in := strings.Replace(around, "X", armed(vector, v), 1)
			out, _, err := CleanHTML([]byte(in))
			if err != nil {
				refused++
				continue
			}
			if add(in, "text/html; charset=utf-8", out) {
				checkHTML(t, out)
			}
		}
	}
	for v, vector := range hostileSVG {
		tried++
		out, _, err := CleanSVG([]byte(armed(vector, 1000+v)))
		if err != nil {
			refused++
			continue
		}
		checkSVG(t, out)
		add(vector, "image/svg+xml", out)
		add(vector+" as a page", "text/html", out) // by a viewer that takes it for HTML
	}
	if seen := openAll(t, s, paths); len(seen) > 0 {
		t.Errorf("something ran or was fetched: %v", seen)
	}
	t.Logf("%d cases, %d refused, %d different results opened", tried, refused, len(paths))
}

// The test above can fail: the same cases do run and fetch as they come.
func TestSomethingWouldRun(t *testing.T) {
	s := newSite(t)
	var paths []string
	for v, vector := range append(append([]string{}, vectors[:12]...), hostileSVG[:3]...) {
		path, media := fmt.Sprintf("/%d", v), "text/html"
		if strings.Contains(vector, "xmlns") {
			media = "image/svg+xml"
		}
		s.add(path, media, []byte(armed(vector, v)))
		paths = append(paths, path)
	}
	seen := strings.Join(openAll(t, s, paths), "\n")
	for _, want := range []string{"hit.example/0", "hit.example/1", "hit.example/3", "hit.example/4", "hit.example/12", "dialog"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%s is not among what was seen:\n%s", want, seen)
		}
	}
}

// reading is what a reader sees of a page: headings, cells and figures.
const reading = `(async path => {
	const f = document.createElement('iframe');
	await new Promise(done => { f.onload = done; f.src = path; document.body.append(f) });
	const d = f.contentDocument;
	await Promise.all([...d.images].map(i => i.decode().catch(() => {})));
	const text = q => [...d.querySelectorAll(q)].map(e => e.textContent.replace(/\(https?:[^)]*\)/g, '').replace(/\s+/g, ' ').trim()).join('|');
	const out = [text('h1,h2,h3,h4,h5,h6'), text('td,th'), [...d.images].map(i => i.naturalWidth + 'x' + i.naturalHeight).join(), d.title, d.compatMode, d.characterSet,
		String([...d.querySelectorAll('a[href^="#"]')].filter(a => { const id = decodeURIComponent(a.hash.slice(1)); return d.getElementById(id) || d.getElementsByName(id).length }).length)];
	f.remove();
	return out;
})(%q)`

// Reports that were really released read the same in the browser.
func TestReportsReadTheSame(t *testing.T) {
	s := newSite(t)
	var names []string
	released(t, ".html ", func(path string, data []byte) {
		out, _, err := CleanHTML(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		s.add(fmt.Sprintf("/%dbefore.html", len(names)), "text/html", data)
		s.add(fmt.Sprintf("/%dafter.html", len(names)), "text/html; charset=utf-8", out)
		names = append(names, path)
	})
	ctx := browsertest.Start(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.URL+"/")); err != nil {
		t.Fatal(err)
	}
	what := []string{"headings", "cells", "figures", "title", "mode", "encoding", "working links"}
	for i, name := range names {
		var read [2][]string
		for k, kind := range []string{"before", "after"} {
			var err error
			if read[k], err = chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(reading, fmt.Sprintf("/%d%s.html", i, kind)), chromedp.EvalAwaitPromise)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for k := range what {
			if what[k] == "mode" || what[k] == "encoding" {
				continue // pages without a document type or encoding gain them
			}
			if read[0][k] != read[1][k] {
				t.Errorf("%s: %s differ:\n%.500s\n%.500s", name, what[k], read[0][k], read[1][k])
			}
		}
		if read[1][4] != "CSS1Compat" || read[1][5] != "UTF-8" {
			t.Errorf("%s: %s, %s", name, read[1][4], read[1][5])
		}
	}
	t.Logf("%d reports", len(names))
}
