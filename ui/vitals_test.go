package ui

import (
	"github.com/chromedp/chromedp"
)

// vitals prints how a page came to be in the browser: when its largest part was
// painted (LCP), and how far its parts were shifted after they had been painted
// (CLS, of the whole time until now). It judges nothing: both depend on what else
// the machine does.
func (b *browserTab) vitals(name string) {
	b.t.Helper()
	const script = `new Promise(done => {
  const got = { LCP: 0, CLS: 0 }
  new PerformanceObserver(l => l.getEntries().forEach(e => { if (!e.hadRecentInput) got.CLS += e.value })).observe({ type: 'layout-shift', buffered: true })
  new PerformanceObserver(l => {
    got.LCP = l.getEntries().at(-1).startTime
    requestAnimationFrame(() => done(got))
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  setTimeout(() => done(got), 3000)
})`
	got := evaluate[struct{ LCP, CLS float64 }](b, script, chromedp.EvalAwaitPromise)
	b.t.Logf("%-20s LCP %5.0f ms  CLS %.3f", name, got.LCP, got.CLS)
}

// slowKeys begins to keep how long the page took to show what each key did.
const slowKeys = `window.felt = {}, new PerformanceObserver(l => l.getEntries().forEach(e => {
  if (e.interactionId) felt[e.interactionId] = Math.max(felt[e.interactionId] || 0, e.duration)
})).observe({ type: 'event', durationThreshold: 16, buffered: true }), true`

// felt prints how long keys took until what they did was seen: the slowest of all
// interactions with this page (INP), and half of those of 16 ms and more.
func (b *browserTab) felt(what string) {
	b.t.Helper()
	times := evaluate[[]float64](b, `Object.values(felt).sort((a, b) => b - a)`)
	if len(times) == 0 {
		b.t.Errorf("%s: no key was measured", what)
		return
	}
	b.t.Logf("%s: INP %.0f ms, half of %d keys within %.0f ms", what, times[0], len(times), times[len(times)/2])
}
