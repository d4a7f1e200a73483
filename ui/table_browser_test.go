package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
)

// until waits for a script to be true.
func (b *browserTab) until(what, script string) {
	b.t.Helper()
	for range 400 {
		if evaluate[bool](b, script) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("never: %s", what)
}

// A long table scrolls as one, its flags say why, and the cells of a sum are
// told apart by signs.
func TestTableInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	var long strings.Builder
	long.WriteString("age,people,note\n")
	for i := range 1200 {
		fmt.Fprintf(&long, "%d,%d,row %d\n", i, 10*(i+1)+i%7, i)
	}
	request := s.draft(t, "release/long.csv", long.String(), "release/sums.csv", "group,people\nNorth,10\nSouth,[REDACTED]\nEast,15\nWest,25\nTotal,60\n")
	files := s.as(t, "ann").get(request).links(fileLink)
	b := &browserTab{t, browsertest.Start(t), s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-ann"), chromedp.WaitReady("#signed-in-as"))
	finding := s.as(t, "ann").get(files[1]).links(files[1] + `\?finding=[^"]*#r[^"]*`)[0]
	for _, width := range []int64{1440, 1024, 390} {
		b.look(script, fmt.Sprintf("table-%d", width), files[0]+"?view=table", width)
		b.look(script, fmt.Sprintf("table-columns-%d", width), files[0]+"?view=columns", width)
		b.look(script, fmt.Sprintf("table-asked-%d", width), files[0]+"?view=table&q=99&sort=-1&hide=2", width)
		b.look(script, fmt.Sprintf("table-sums-%d", width), finding, width)
	}
	if signs := evaluate[string](b, `[...document.querySelectorAll('td .app-mark-sign')].map(e => e.textContent).join('')`); !strings.Contains(signs, "Σ") || !strings.Contains(signs, "a") {
		t.Errorf("the cells of the sum carry the signs %q", signs)
	}

	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(files[0] + "?view=table")
	height := evaluate[int](b, `document.querySelector('#table').scrollHeight`)
	b.until("the last rows are there", `(() => { const s = document.querySelector('#table'); s.scrollTop = s.scrollHeight; return !!document.getElementById('r1199c0') })()`)
	b.until("the middle is there", `(() => { const s = document.querySelector('#table'); s.scrollTop = s.scrollHeight / 2; return !!document.getElementById('r600c0') })()`)
	if bodies := evaluate[int](b, `document.querySelectorAll('#table tbody:not(.app-gap)').length`); bodies > 9 {
		t.Errorf("%d windows are kept", bodies)
	}
	if now := evaluate[int](b, `document.querySelector('#table').scrollHeight`); now < height*9/10 || now > height*11/10 {
		t.Errorf("the table was %d high and is %d after scrolling", height, now)
	}
	if seen := evaluate[string](b, `document.querySelector('[data-seen]').textContent`); strings.HasPrefix(seen, "1 to") {
		t.Errorf("in the middle the page says rows %s", seen)
	}
	if top := evaluate[int](b, `Math.round(document.querySelector('#h0').getBoundingClientRect().top - document.querySelector('#table').getBoundingClientRect().top)`); top > 2 {
		t.Errorf("the header is %d pixels from the top of its table", top)
	}

	b.open(finding)
	b.do(chromedp.Focus(`td .app-flag`))
	b.until("the flag says why", `document.querySelector('.app-tip:not([hidden])')?.textContent.includes('60 - 10 - 15 - 25')`)
	if by := evaluate[string](b, `document.activeElement.getAttribute('aria-describedby')`); by != "app-tip" {
		t.Errorf("the flag is described by %q", by)
	}
	b.do(chromedp.KeyEvent("\x1b"))
	b.until("escape puts it away", `document.querySelector('.app-tip').hidden`)
	copied := evaluate[bool](b, `(() => { const c = document.querySelector('.app-grid td'); getSelection().selectAllChildren(c); return c.dispatchEvent(new ClipboardEvent('copy', {bubbles: true, cancelable: true})) })()`)
	if copied || !strings.Contains(evaluate[string](b, `document.querySelector('.app-nocopy').textContent`), "Nothing was copied") {
		t.Error("contents are copied against the policy")
	}
}
