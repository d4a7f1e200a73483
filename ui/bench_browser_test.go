package ui

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review"
)

// keyboard is a person at the browser who never touches the mouse, and whose
// keys are counted.
type keyboard struct {
	*browserTab
	keys int
}

func (k *keyboard) press(keys string) {
	k.t.Helper()
	k.keys += len(keys)
	k.do(chromedp.KeyEvent(keys))
}

// settled waits until the page that keys asked for is there.
func (k *keyboard) settled(what, script string) {
	k.t.Helper()
	k.until(what, `!document.querySelector('[aria-busy]') && (`+script+`)`)
}

// checkerOf is one of the checkers to whom a request was given.
func (s *site) checkerOf(t *testing.T, request string) string {
	t.Helper()
	for _, n := range []string{"carl", "cora", "chen"} {
		if strings.Contains(s.as(t, n).get("/queue").body, request) {
			return n
		}
	}
	t.Fatalf("%s is in nobody's queue", request)
	return ""
}

// checker signs a checker of a request in to a browser.
func (s *site) checker(t *testing.T, request string) *browserTab {
	t.Helper()
	name := s.checkerOf(t, request)
	b := &browserTab{t, browsertest.Start(t), s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-"+name), chromedp.WaitReady("#signed-in-as"))
	return b
}

// A request of twenty files is reviewed without a mouse, from its queue to the
// review handed in, and the page never leaves.
func TestReviewByKeyboard(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	var files []string
	for i := range 19 {
		files = append(files, fmt.Sprintf("release/t%02d.csv", i), roundedCSV)
	}
	files = append(files, "release/t19.csv", smallCSV)
	request := s.draft(t, files...)
	ann := s.as(t, "ann")
	links := ann.get(request).links(fileLink)
	ann.post(links[19]+"/findings", "fingerprint", ann.get(links[19]).values("fingerprint")[0], "code", "not-people", "text", "Counts of practices.").want(http.StatusOK)
	s.submit(t, request)
	b := s.checker(t, request)
	b.look(script, "bench", links[0], 1440)
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(links[0])
	evaluate[bool](b, `window.sameDocument = true`)
	k := &keyboard{browserTab: b}

	k.press("?")
	k.until("help is open", `document.querySelector('#keys').open`)
	evaluate[string](b, script)
	if bad := evaluate[string](b, `axe.run().then(r => r.violations.map(v => v.id).join(' '))`, chromedp.EvalAwaitPromise); bad != "" {
		t.Errorf("help: %s", bad)
	}
	k.press("\x1b")
	k.keys = 0

	at := func(i int) string { return fmt.Sprintf("location.pathname == %q", links[i]) }
	k.press("a")
	k.settled("the next file", at(1)+` && document.querySelector('#flash').textContent.includes('t00.csv was saved: approved')`)
	k.press("u")
	k.settled("undone", at(0)+` && document.querySelector('#flash').textContent.includes('taken back') && !document.querySelector('#decision-approve').checked`)
	quickly := func(keys string) { // all of them before an answer can be there
		evaluate[bool](b, fmt.Sprintf(`(() => { for (const key of %q) document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})); return true })()`, keys))
	}
	quickly("jjcYes.")
	k.settled("no key is lost while pages are on their way", at(2)+` && document.activeElement.matches('#comments textarea') && document.activeElement.value == 'Yes.'`)
	evaluate[bool](b, `(() => { const f = document.activeElement; f.value = ''; return f.dispatchEvent(new Event('input', {bubbles: true})) })()`)
	b.open(links[0])
	quickly("aaja")
	k.settled("nothing is decided unseen", at(1)+` && document.querySelector('#flash').textContent.includes('t00.csv was saved: approved') && document.querySelector('#too-early')?.textContent.includes('The key a was pressed') && !document.querySelector('#decision-approve').checked`)
	b.open(links[0])
	evaluate[bool](b, slowKeys)
	evaluate[bool](b, `window.sameDocument = true`)
	k.keys = 0 // a slip is no part of the count
	for i := range 19 {
		k.settled("file", at(i))
		k.press("a")
	}
	k.settled("the last file", at(19))
	k.press("n")
	k.settled("its finding", `document.querySelector('.app-finding--chosen') && document.activeElement.matches('.app-finding--chosen a')`)
	k.press("e")
	k.until("the answer to it is at hand", `document.activeElement.matches('.app-finding--chosen .app-judge input')`)
	k.press("\t\r")
	k.settled("accepted", `document.querySelector('#flash').textContent.includes('Your view of the researcher') && document.activeElement.matches('.app-finding--chosen .app-finding__head a') && location.search.includes('finding=')`)
	k.press("a")
	k.until("a reason is asked for", `document.activeElement.id == 'reason'`)
	k.press("Of five practices, agreed.")
	k.do(chromedp.KeyEvent("\r", chromedp.KeyModifiers(2)))
	k.keys++
	k.settled("the review", `location.pathname.endsWith('/review')`)
	if !evaluate[bool](b, `window.sameDocument === true`) {
		t.Error("the page was left on the way")
	}
	b.felt("the review of 20 files")
	k.press("s")
	k.until("the button", `document.activeElement.id == 'submit-review'`)
	k.press("\r")
	k.until("handed in", `document.querySelector('#flash')?.textContent.includes('Your review is in') === true`)
	t.Logf("20 files reviewed without a mouse with %d keys, %d of them a reason that had to be given", k.keys, len("Of five practices, agreed."))
}

// Keys can be turned off, and never act while somebody types.
func TestSingleKeysOff(t *testing.T) {
	_ = axe(t)
	s := newSite(t)
	request := s.draft(t, "release/a.csv", roundedCSV, "release/b.csv", roundedCSV)
	s.submit(t, request)
	b := s.checker(t, request)
	first := s.as(t, "ann").get(request).links(fileLink)[0]
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(first)
	b.do(chromedp.Focus("#reason"), chromedp.KeyEvent("jar"))
	if got := evaluate[string](b, `document.querySelector('#reason').value + ' ' + location.pathname`); got != "jar "+first {
		t.Errorf("typing gave %q", got)
	}
	b.do(chromedp.Click("#keys-open"), chromedp.WaitVisible("#keys-on"), chromedp.Click("#keys-on"), chromedp.KeyEvent("\x1b"))
	b.open(first)
	if kept := evaluate[string](b, `document.querySelector('#reason').value`); kept != "jar" {
		t.Errorf("loaded again, the page has lost what was written: %q", kept)
	}
	b.do(chromedp.KeyEvent("j"))
	if got := evaluate[string](b, `location.pathname`); got != first {
		t.Errorf("turned off, a key went to %s", got)
	}
}

// A vote that was not saved says so, keeps what was written, and never shows as
// saved; pressed twice it is one vote.
func TestVoteIsTruthful(t *testing.T) {
	_ = axe(t)
	s := newSite(t)
	request := s.draft(t, "release/a.csv", roundedCSV, "release/b.csv", roundedCSV)
	s.submit(t, request)
	b := s.checker(t, request)
	first := s.as(t, "ann").get(request).links(fileLink)[0]
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(first)
	votes := func() int {
		events, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvVoted}})
		if err != nil {
			t.Fatal(err)
		}
		return len(events)
	}
	evaluate[bool](b, `document.querySelector('#vote-form').action = '/nowhere'; document.querySelector('#decision-changes').click(); document.querySelector('#reason').value = 'Say which year.'; true`)
	b.do(chromedp.Click("#vote-save"))
	b.until("it says that nothing was saved", `document.querySelector('#flash').textContent.startsWith('Not saved.')`)
	if kept := evaluate[string](b, `document.querySelector('#reason').value`); kept != "Say which year." || votes() != 0 {
		t.Errorf("kept %q, %d votes", kept, votes())
	}
	evaluate[bool](b, fmt.Sprintf(`document.querySelector('#reason').value = ''; document.querySelector('#vote-form').action = %q; document.querySelector('#vote-save').click(); true`, first+"/vote"))
	b.until("it says what is missing", `document.querySelector('.nhsuk-error-summary')?.textContent.includes('Give a reason') === true`)
	if here := evaluate[string](b, `location.pathname`); here != first {
		t.Errorf("a form that was refused leads to %s", here)
	}
	evaluate[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector('#vote-form'); f.action = %q; document.querySelector('#decision-approve').click(); const s = document.querySelector('#vote-save'); s.click(); s.click(); return true })()`, first+"/vote"))
	b.until("saved", `document.querySelector('#flash').textContent.includes('was saved: approved')`)
	if n := votes(); n != 1 {
		t.Errorf("pressed twice, %d votes are on record", n)
	}
	// The answer to a decision that was saved is lost: that is found out, and told.
	evaluate[bool](b, `(() => { const send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function (body) { if (body) { XMLHttpRequest.prototype.send = send; this.onload = () => this.onerror() } send.call(this, body) }; document.querySelector('#decision-changes').click(); document.querySelector('#reason').value = 'Say which\nyear.'; document.querySelector('#vote-save').click(); return true })()`)
	b.until("what was saved is not called lost", `document.querySelector('#flash').textContent.includes('Saved: this is how your decision stands') && document.querySelector('#reason').defaultValue == 'Say which\nyear.'`)
	evaluate[bool](b, `(() => { window.send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function () { setTimeout(() => this.onerror()) }; document.querySelector('#decision-reject').click(); document.querySelector('#vote-save').click(); return true })()`)
	b.until("what is not known is called so", `document.querySelector('#flash').textContent.includes('whether this was saved is not known') && document.querySelector('#decision-reject').checked`)
	evaluate[bool](b, `XMLHttpRequest.prototype.send = window.send; document.querySelector('#decision-approve').click(); document.querySelector('#reason').value = ''; document.querySelector('#vote-save').click(); true`)
	b.until("it can be sent again", `document.querySelector('#flash').textContent.includes('was saved: approved')`)
	had := votes()
	session, err := chromedp.Call(b.ctx, cdpnetwork.GetCookies, cdpnetwork.GetCookiesParams{})
	if err != nil {
		t.Fatal(err)
	}
	b.do(func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		_, err = chromedp.Call(ctx, cdpnetwork.ClearBrowserCookies, cdp.Empty{})
		return none, err
	})
	evaluate[bool](b, `(() => { const r = document.querySelector('#reason'); r.value = 'Written before it ended.'; r.dispatchEvent(new Event('input', {bubbles: true})); document.querySelector('#vote-save').click(); return true })()`)
	b.until("an ended session is told", `document.querySelector('#flash').textContent.includes('your session has ended') && document.activeElement.id === 'sign-in-again'`)
	b.open("/account") // which leads to the page to sign in on
	b.until("nobody is signed in", `location.pathname === '/sign-in'`)
	for _, c := range session.Cookies {
		b.do(func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
			_, err = chromedp.Call(ctx, cdpnetwork.SetCookie, cdpnetwork.SetCookieParams{Name: c.Name, Value: c.Value, URL: s.url, Path: c.Path, HTTPOnly: &c.HTTPOnly})
			return none, err
		})
	}
	b.open(first)
	b.until("signed in again, one finds what one wrote", `document.querySelector('#reason').value == 'Written before it ended.'`)
	if n := votes(); n != had {
		t.Errorf("with the session ended, %d votes are on record", n)
	}
	evaluate[bool](b, `document.querySelector('#vote-form input[name=seen]').value = 'sha256:0'; document.querySelector('#vote-save').click(); true`)
	b.until("a conflict is explained", `document.querySelector('#flash').textContent.includes('has changed since you looked at it')`)
	evaluate[bool](b, `document.querySelector('#reason').value = 'Kept all the same.'; document.querySelector('#look-now').click(); true`)
	b.until("things are shown as they stand now, with what was written", `document.querySelector('#look-again')?.textContent.includes('has changed since') && document.querySelector('#reason').value == 'Kept all the same.' && !document.querySelector('#decision-approve').checked`)
}

// A decision that came too late is answered, without script too, with the page as
// things stand and with what was written.
func TestConflictKeepsWhatWasWritten(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/a.csv", roundedCSV)
	s.submit(t, request)
	file := s.as(t, "ann").get(request).links(fileLink)[0]
	seat := s.seats(t, request)[0]
	seat.post(file+"/vote", "seen", "sha256:0", "decision", "changes", "reason", "Say which year.").want(http.StatusConflict).
		has("Not saved.", "has changed since you looked at it", "Say which year.", "What you wrote is kept below")
	seat.vote(request, "approve", "")
	seen := seat.get(file).values("seen")[0]
	seat.post(file+"/vote", "seen", seen, "decision", "undecided", "then", "undone").want(http.StatusOK).
		has("was taken back").lacks("changed since you decided", "Saved ")
	seat.vote(request, "approve", "").post(request + "/review").want(http.StatusOK)
	seat.post(file+"/vote", "seen", "sha256:0", "decision", "changes", "reason", "Too late.").want(http.StatusConflict).has("Not saved.", "What you wrote:", "Too late.")
}
