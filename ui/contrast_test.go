package ui

import (
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// colours is what the scripts below measure with: the colour that a value of CSS
// comes out as, the ground that lies under an element, and the contrast of two
// colours as WCAG counts it.
const colours = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true }), known = {}
  const rgba = text => known[text] ||= (() => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    const d = canvas.getImageData(0, 0, 1, 1).data
    return [d[0], d[1], d[2], d[3] / 255]
  })()
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1)
  const ground = e => {
    const layers = []
    for (; e; e = e.parentElement) {
      layers.push(rgba(getComputedStyle(e).backgroundColor))
      if (layers.at(-1)[3] === 1) break
    }
    return layers.reduceRight((under, c) => over(c, under), [255, 255, 255, 1])
  }
  const light = c => c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0)
  const contrast = (c, under) => {
    const [more, less] = [light(over(c, under)), light(under)].sort((a, b) => b - a)
    return (more + .05) / (less + .05)
  }
  const edges = s => ['Top', 'Right', 'Bottom', 'Left'].filter(k => s['border' + k + 'Style'] !== 'none' && parseFloat(s['border' + k + 'Width']) > 0).map(k => rgba(s['border' + k + 'Color']))
  const shadows = s => s.boxShadow === 'none' ? [] : (s.boxShadow.match(/[a-z]+\([^)]*\)/g) || []).map(rgba)
  const outline = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 ? [rgba(s.outlineColor)] : []
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + '.' + (e.getAttribute('class') || '').trim().split(/\s+/).join('.')
  return { rgba, over, ground, contrast, edges, shadows, outline, name }
})()`

// stateMarks are the parts of a page whose line tells what state something is in.
// Words say it too; the line has to be seen all the same.
const stateMarks = `[aria-current], .app-panel--todo, .app-panel--ready, .app-flash, .app-notice, .app-finding, .app-comment, .app-told-line--saved, .app-told-line--failed, .app-cell--block, .app-cell--warn, .app-cell--related, .app-cell--changed, .app-cell--chosen, .app-step__sign, .app-key, .app-mark-sign`

// contrasts lists what has less contrast to what is around it than WCAG 1.4.11
// asks for, 3 to 1: the edge of each field and box to tick, the tick in it, what is
// drawn in plots, and the lines that tell a state. The words in a plot need 4.5.
// Of boxes that are the browser's own, only the browser knows the colours.
const contrasts = `(() => {
  const { rgba, over, ground, contrast, edges, shadows, outline, name } = ` + colours + `
  const bad = new Set(), seen = e => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 1
  let measured = 0
  const need = (e, what, has, least = 3) => { measured++; if (has < least) bad.add(what + ' has a contrast of ' + has.toFixed(2) + ': ' + name(e)) }
  for (const e of document.querySelectorAll('input:not([type=hidden], [type=submit], [type=button]), select, textarea')) {
    const chosen = /checkbox|radio/.test(e.type), drawn = chosen && getComputedStyle(e).opacity === '0' ? e.labels[0] : e
    if (e.disabled || !drawn || !seen(drawn)) continue
    const s = getComputedStyle(drawn, drawn === e ? null : '::before'), around = ground(e.parentElement)
    if (chosen && drawn === e && s.appearance !== 'none') continue
    const edge = edges(s).map(c => contrast(c, around)), inside = over(rgba(s.backgroundColor), around)
    need(e, 'the edge of a field', Math.max(edge.length === 4 ? Math.min(...edge) : 1, contrast(inside, around)))
    if (!chosen || drawn === e) continue
    const tick = getComputedStyle(drawn, '::after')
    need(e, 'the mark of a choice', Math.max(contrast(rgba(tick.backgroundColor), inside), contrast(rgba(tick.borderBottomColor), inside)))
  }
  for (const e of document.querySelectorAll('main svg :is(rect, path, circle, line, polyline, polygon, text)')) {
    if (!e.checkVisibility()) continue
    const s = getComputedStyle(e), around = ground(e.ownerSVGElement), inks = [s.fill, s.stroke].filter(c => c !== 'none').map(rgba)
    if (inks.length) need(e, 'what is drawn', Math.max(...inks.map(c => contrast(c, around))), e.tagName === 'text' ? 4.5 : 3)
  }
  for (const e of document.querySelectorAll('` + stateMarks + `')) {
    const s = getComputedStyle(e), around = ground(e.parentElement)
    const marks = [...edges(s), ...shadows(s), ...outline(s)].filter(c => c[3] > 0)
    if (seen(e) && marks.length) need(e, 'the sign of a state', Math.max(contrast(ground(e), around), ...marks.map(c => contrast(c, around))))
  }
  return [String(measured), ...[...bad].slice(0, 8)]
})()`

// contrast fails the test for what contrasts finds on the tab's page, and returns
// how many things it measured.
func (b *browserTab) contrast(name string) string {
	b.t.Helper()
	got := evaluate[[]string](b, contrasts)
	for _, v := range got[1:] {
		b.t.Errorf("%s: %s", name, v)
	}
	return got[0]
}

// lost lists what cannot be read when everything is larger: what is cut off by its
// box, words that lie on one another, and a page wider than its window. Tables,
// plots and files scroll in frames of their own.
const lost = `(() => {
  const bad = [], over = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (over > 0) bad.push('it is ' + over + ' wider than the window')
  const words = [], apart = '.nhsuk-u-visually-hidden, .nhsuk-skip-link, .app-scroll, .app-sheet, .app-bench__list, .app-bench__side, .app-saved, svg, option, script'
  for (const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walk.nextNode() && words.length < 600;) {
    const n = walk.currentNode, range = document.createRange()
    if (!/\S/.test(n.data) || !n.parentElement.checkVisibility({ visibilityProperty: true }) || n.parentElement.closest(apart)) continue
    range.selectNodeContents(n)
    let frame = n.parentElement
    while (frame && !/hidden|clip/.test(getComputedStyle(frame).overflow)) frame = frame.parentElement
    const box = frame?.getBoundingClientRect()
    for (const r of range.getClientRects()) {
      if (r.width < 3 || r.height < 3) continue
      words.push([r, n.data.trim().slice(0, 25)])
      if (box && !frame.matches('.app-breadcrumb bdi') && (r.right > box.right + 2 || r.left < box.left - 2 || r.bottom > box.bottom + r.height / 4)) bad.push('words are cut off: ' + n.data.trim().slice(0, 25))
    }
  }
  words.forEach(([a, x], i) => words.slice(i + 1).forEach(([b, y]) => {
    const w = Math.min(a.right, b.right) - Math.max(a.left, b.left), h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (w > 4 && h > Math.min(a.height, b.height) / 2) bad.push('words lie on one another: ' + x + ' / ' + y)
  }))
  return bad.slice(0, 5)
})()`

// largeText is lost with the text at 200 % (WCAG 1.4.4), as where somebody chose a
// larger font in their browser: sizes in pixels stay.
const largeText = `(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('html { font-size: 200% !important }')
  document.adoptedStyleSheets.push(sheet)
  const bad = ` + lost + `
  document.adoptedStyleSheets.pop()
  return bad.map(b => 'with text of 200 %, ' + b)
})()`

// zoomed shows the tab's page as a window of 1280 by 1024 pixels does at 400 %
// (WCAG 1.4.10). Nothing may be lost, and what takes the focus must be in sight in
// the little that is seen at once.
func (b *browserTab) zoomed(name string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(320, 256, chromedp.EmulateScale(4)))
	b.fits(name, 320)
	b.do(chromedp.KeyEvent("\t")) // somebody with a keyboard: the browser shows focus
	for _, v := range slices.Concat(evaluate[[]string](b, lost), evaluate[[]string](b, focuses+`(false, 1)`)) {
		b.t.Errorf("%s at 400 %%: %s", name, v)
	}
}

// measures makes sure that the scripts find what they are for, on a page that is
// spoiled in each way.
func (b *browserTab) measures(path string) {
	b.t.Helper()
	b.open(path)
	if n := b.contrast(path); n == "0" {
		b.t.Errorf("%s: no contrast was measured", path)
	}
	spoil := func(css, script string, finds ...string) {
		evaluate[string](b, `(() => { const s = new CSSStyleSheet(); s.replaceSync(`+"`"+css+"`"+`); document.adoptedStyleSheets.push(s); return '' })()`)
		got := strings.Join(evaluate[[]string](b, script), "\n")
		evaluate[string](b, `(() => { document.adoptedStyleSheets.pop(); return '' })()`)
		for _, want := range finds {
			if !strings.Contains(got, want) {
				b.t.Errorf("%s with %s: %q was not found in:\n%s", path, css, want, got)
			}
		}
	}
	spoil(`.nhsuk-textarea { border-color: #c3cacf !important; background: #fff !important } [aria-current], .app-notice { border: 1px solid #fff !important; box-shadow: none !important; background: #fff !important }`, contrasts, "edge of a field has a contrast of 1.")
	spoil(`:focus { outline: none !important; box-shadow: none !important; background: #fffbe0 !important; border-color: #4c6272 !important; text-decoration: none !important }`, focuses+`(false, 3)`, "focus shows with a contrast of 1.")
	spoil(`h1 { width: 5rem; height: 1rem; overflow: hidden }`, largeText, "words are cut off")
	spoil(`main p, main h2 { margin-bottom: -1.6rem !important }`, lost, "words lie on one another")
}
