package ui

import (
	"encoding/json"
	commandline "flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
)

// seenPages are the routes whose pages were looked at in this run, and how.
var seenPages = struct {
	sync.Mutex
	wide, narrow map[string]bool
}{wide: map[string]bool{}, narrow: map[string]bool{}}

// TestMain fails a whole run in which a page of the route table was not checked
// for accessibility in a browser. A new page needs a look in the test of its kind.
func TestMain(m *testing.M) {
	commandline.Parse()
	code := m.Run()
	seenPages.Lock()
	defer seenPages.Unlock()
	whole := commandline.Lookup("test.run").Value.String() == "" && commandline.Lookup("test.skip").Value.String() == "" && commandline.Lookup("test.list").Value.String() == ""
	if code != 0 || !whole || len(seenPages.wide) == 0 {
		os.Exit(code)
	}
	for _, p := range pageRoutes() {
		if strings.HasPrefix(p, "/help/") {
			p = "/help/:page" // all guides are one page
		}
		if !seenPages.wide[p] || !seenPages.narrow[p] {
			fmt.Fprintf(os.Stderr, "no test looks at %s in a browser, at 1440 and at 390 pixels: add it to one with look\n", p)
			code = 1
		}
	}
	os.Exit(code)
}

// axe is the accessibility checker, run in the page.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Skip("axe-core is not installed: run npm ci in ui")
	}
	return string(script) + ";''"
}

// runAxe runs every rule, the sizes of targets too, which are off by themselves.
const runAxe = `axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}).then(r => JSON.stringify({
  passes: r.passes.length,
  violations: r.violations.map(v => v.id + ' (' + v.impact + '): ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | '))
}))`

// outline holds a page to one main heading, a title that says where one is, a
// language, and one main part.
const outline = `(() => {
  const bad = [], n = s => document.querySelectorAll(s).length
  if (n('h1') !== 1) bad.push(n('h1') + ' main headings')
  if (n('main') !== 1) bad.push(n('main') + ' main parts')
  if (document.documentElement.lang !== 'en') bad.push('no language')
  if (!/\S.* – Sallyport$/.test(document.title)) bad.push('the title ' + document.title)
  return bad
})()`

// focuses gives the focus to everything that takes it, in turn. Each must show
// that it has it, in forced colours with more than a shadow or a background, else
// with a contrast of 3 to 1 to what was there before (WCAG 1.4.11); and none may lie
// behind something else (WCAG 2.4.7, 2.4.11).
const focuses = `((forced, most) => {
  const { rgba, ground, contrast, edges, shadows, outline } = ` + colours + `
  const bad = [], name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + '.' + String(e.className).split(' ')[0] + ' "' + (e.innerText || e.value || e.ariaLabel || '').trim().slice(0, 30) + '"'
  const sign = (e, part) => {
    const s = getComputedStyle(e, part)
    const drawn = s.outlineStyle !== 'none' && s.outlineWidth !== '0px' && (forced || !/, 0\)$|transparent/.test(s.outlineColor))
    return [drawn, s.boxShadow, s.backgroundColor, s.borderWidth, s.borderColor, s.textDecoration].join()
  }
  const signs = e => [e, ...(e.labels || [])].map(x => sign(x) + sign(x, '::before') + sign(x, '::after')).join()
  const kinds = new Proxy({}, { get: (k, e) => k[e] || 0 }) // most of a kind are enough; of one, no colours
  const kind = e => [e, e.parentElement].map(x => x.tagName + x.className).join()
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(e => !e.disabled && e.type !== 'hidden' && e.checkVisibility({ visibilityProperty: true }) && !e.closest('[inert]') && ++kinds[kind(e)] <= most)
  const behind = e => {
    const boxes = [...e.getClientRects(), ...[...(e.labels || [])].flatMap(l => [...l.getClientRects()])]
    const seen = r => ({ left: Math.max(r.left, 0), top: Math.max(r.top, 0), right: Math.min(r.right, innerWidth), bottom: Math.min(r.bottom, innerHeight) })
    return !boxes.map(seen).some(r => [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].some(([x, y]) => {
      const hit = document.elementFromPoint(r.left + (r.right - r.left) * x, r.top + (r.bottom - r.top) * y)
      return hit && (e.contains(hit) || hit.closest('label')?.control === e)
    }))
  }
  // the colours that a part and its labels are drawn in, each with what it lies on
  const drawn = (e, was) => [e, ...(e.labels || [])].flatMap(x => [null, '::before', '::after'].flatMap(part => {
    const s = getComputedStyle(x, part), around = ground(x.parentElement)
    const lines = [...outline(s), ...shadows(s), ...edges(s)].map(c => [c, around])
    return part ? lines : [...lines, [rgba(s.backgroundColor), was ?? ground(x)]]
  }))
  const key = ([c]) => c.join()
  for (const e of all) {
    document.activeElement?.blur()
    const before = signs(e), was = ground(e), had = forced || most < 2 ? [] : drawn(e).map(key)
    e.focus()
    if (document.activeElement !== e) continue
    if (signs(e) === before) bad.push('no sign of focus: ' + name(e))
    else if (!forced && most > 1) {
      const best = Math.max(1, ...drawn(e, was).filter(c => !had.includes(key(c))).map(([c, under]) => contrast(c, under)))
      if (best < 3) bad.push('focus shows with a contrast of ' + best.toFixed(2) + ': ' + name(e))
    }
    if (behind(e)) bad.push('focused, and behind something: ' + name(e))
  }
  document.activeElement?.blur()
  scrollTo(0, 0)
  return bad.slice(0, 5)
})`

// stillness lists what moves although the person asked that nothing should.
const stillness = `[...new Set([...document.querySelectorAll('*')].filter(e => [null, '::before', '::after'].some(p => {
  const s = getComputedStyle(e, p)
  return s.animationName !== 'none' || s.transitionDuration.split(', ').some(d => parseFloat(d) > 0) || s.scrollBehavior === 'smooth'
})).map(e => 'it moves: ' + e.tagName.toLowerCase() + '.' + e.className))].slice(0, 5)`

// spacing spaces text as WCAG 1.4.12 has people do, and lists what is cut off by it
// that was not before.
const spacing = `(() => {
  const cut = () => new Set([...document.querySelectorAll('main *, header *, footer *')].filter(e => {
    const s = getComputedStyle(e)
    return [s.overflowX, s.overflowY].some(o => o === 'hidden' || o === 'clip') && !e.closest('.nhsuk-u-visually-hidden') && e.clientWidth > 1 &&
      (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  }))
  const before = cut(), sheet = new CSSStyleSheet()
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }')
  document.adoptedStyleSheets.push(sheet)
  const bad = [...cut()].filter(e => !before.has(e)).map(e => 'spaced text is cut off: ' + e.tagName + '.' + e.className)
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (over > 0) bad.push('with spaced text it is ' + over + ' wider than the window')
  document.adoptedStyleSheets.pop()
  return bad.slice(0, 5)
})()`

// look opens a page at a width and holds it to what every page must keep: no
// accessibility violation, nothing wider than the window, no inline anything. The
// first look at a route does more: see closely.
func (b *browserTab) look(script, name, path string, width int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 900))
	b.open(path)
	browsertest.Screenshot(b.t, b.ctx, name)
	b.fits(name, width)
	if width < 1000 {
		if b.first(seenPages.narrow) {
			b.zoomed(name)
		}
		return // the same page again: its markup was checked at full width
	}
	if slices.Contains(spokenPages(), name) && strings.HasPrefix(b.t.Name(), "TestPagesInBrowser") {
		b.spoken(name)
	}
	firstLook := b.first(seenPages.wide)
	if firstLook {
		b.vitals(name)
	}
	b.contrast(name)
	evaluate[string](b, script)
	var got struct {
		Passes     int
		Violations []string
	}
	if err := json.Unmarshal([]byte(evaluate[string](b, runAxe, chromedp.EvalAwaitPromise)), &got); err != nil {
		b.t.Fatal(err)
	}
	if got.Passes == 0 {
		b.t.Errorf("%s: the accessibility checker checked nothing", name)
	}
	for _, v := range slices.Concat(got.Violations, evaluate[[]string](b, outline)) {
		b.t.Errorf("%s at %d pixels: %s", name, width, v)
	}
	if firstLook {
		b.closely(name)
	}
}

// fits fails the test when the page is wider than the window. The menu takes a
// moment to fold after the window became narrower.
func (b *browserTab) fits(name string, width int64) {
	b.t.Helper()
	over := 0
	for range 40 {
		if over = evaluate[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over <= 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Errorf("%s at %d pixels is %d wider than the window: %s", name, width, over, evaluate[string](b, `[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest('.app-scroll, .app-sheet')).slice(0, 4).map(e => e.tagName + '.' + e.className).join(' | ')`))
}

// first reports whether this is the first look at the route of the tab's page,
// and keeps that it was looked at. A page that tells of an error is none.
func (b *browserTab) first(seen map[string]bool) bool {
	b.t.Helper()
	path := evaluate[string](b, `performance.getEntriesByType('navigation')[0].responseStatus === 200 ? location.pathname : ''`)
	c := b.site.ui.echo.NewContext(nil, nil)
	b.site.ui.echo.Router().Find(http.MethodGet, path, c)
	seenPages.Lock()
	defer seenPages.Unlock()
	if path == "" || seen[c.Path()] {
		return false
	}
	seen[c.Path()] = true
	return true
}

// closely goes through all that takes the focus, with the page's colours and with
// forced ones, and looks for what moves when nothing should.
func (b *browserTab) closely(name string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent("\t")) // somebody with a keyboard: the browser shows focus
	bad := slices.Concat(evaluate[[]string](b, focuses+`(false, 3)`), evaluate[[]string](b, spacing), evaluate[[]string](b, largeText))
	media := func(features ...*emulation.MediaFeature) {
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			b.t.Fatal(err)
		}
	}
	media(&emulation.MediaFeature{Name: "forced-colors", Value: "active"}, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	for _, v := range evaluate[[]string](b, focuses+`(true, 3)`) {
		bad = append(bad, "in forced colours, "+v)
	}
	bad = append(bad, evaluate[[]string](b, stillness)...)
	media()
	for _, v := range bad {
		b.t.Errorf("%s: %s", name, v)
	}
}
