package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// reach goes on with the Tab key until something has the focus, as somebody does
// who sees where it is.
func (k *keyboard) reach(selector string) {
	k.t.Helper()
	const most = 120 // more than any page here needs
	for range most {
		k.press("\t")
		if evaluate[bool](k.browserTab, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	k.t.Fatalf("%s: the Tab key never comes to %s", evaluate[string](k.browserTab, `location.pathname`), selector)
}

// follow reaches something, presses Enter, and waits for the page that has what
// only that page has.
func (k *keyboard) follow(selector, there string) {
	k.t.Helper()
	k.reach(selector)
	k.press("\r")
	k.arrive(there)
}

// arrive waits for a page that is on its way.
func (k *keyboard) arrive(there string) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitReady(there)); err != nil {
		k.t.Fatalf("%s never comes: %v; at %s", there, err, evaluate[string](k.browserTab, `location.href + ': ' + document.querySelector('main').innerText`))
	}
	k.until("the page is drawn", ready)
}

// fill reaches a field and types.
func (k *keyboard) fill(selector, text string) {
	k.t.Helper()
	k.reach(selector)
	k.press(text)
}

// enterByKeys signs somebody in, without a mouse, in a profile of their own.
func enterByKeys(t *testing.T, s *site, b *browserTab, name string) *keyboard {
	t.Helper()
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open("/sign-in")
	k := &keyboard{browserTab: b}
	k.follow("#demo-"+name, "#signed-in-as")
	return k
}

// A request is filed without a mouse, from signing in to its submission; once it
// is released an auditor finds its record, reads it, and takes the proof and the
// export of it away, without a mouse too.
func TestFileAndAuditByKeyboard(t *testing.T) {
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", roundedCSV)
	first := browsertest.Start(t)

	k := enterByKeys(t, s, &browserTab{t, first, s}, "ann")
	k.reach(".nhsuk-skip-link")
	k.press("\r")
	k.follow(`main a[href="/workspaces/cohort"]`, "#add-files")
	k.reach(`input[name="file"]`)
	k.press(" ")
	k.follow("#add-files", "#edit-details")
	k.follow("#edit-details", "#details-form")
	k.fill("#field-title", "Rates by region")
	k.fill("#field-purpose", "A paper.")
	k.follow("#save-details", "#group-form")
	for i := range evaluate[int](k.browserTab, `[...document.querySelectorAll('#group-form textarea')].map((f, i) => f.dataset.field = i).length`) {
		k.fill(fmt.Sprintf(`[data-field="%d"]`, i), "About 1,550 people, rounded.")
	}
	const goOn = `main a.nhsuk-button[href$="/submit"]`
	k.follow("#save-group", goOn) // what was found: a warning, which may stay unanswered
	k.follow(goOn, "#submit-form")
	for i := range evaluate[int](k.browserTab, `[...document.querySelectorAll('#submit-form [name=confirm]')].map((f, i) => f.dataset.item = i).length`) {
		k.reach(fmt.Sprintf(`[data-item="%d"]`, i))
		k.press(" ")
	}
	k.follow("#submit-request", "#flash")
	request := evaluate[string](k.browserTab, `location.pathname`)
	r, err := s.Store.Request(t.Context(), review.RequestID(strings.TrimPrefix(request, "/requests/")))
	if err != nil || r.Status != review.Submitted || r.Title != "Rates by region" {
		t.Fatalf("%+v, %v: it was not submitted", r, err)
	}
	t.Logf("a request filed without a mouse with %d keys", k.keys)

	for _, b := range s.seats(t, request) {
		b.vote(request, "approve", "")
		b.post(request + "/review").want(200)
		b.post(request + "/release")
	}
	k = enterByKeys(t, s, &browserTab{t, browsertest.Profile(t, first), s}, "aud")
	k.follow(`nav a[href="/records"]`, "#sha256")
	k.fill("#text", "rates by")
	k.press("\r")
	k.arrive(`form a[href="/records"]`) // which is there when something was looked for
	record := strings.Replace(request, "/requests/", "/records/", 1)
	k.follow(fmt.Sprintf(`main a[href=%q]`, record), "#independence")
	for _, link := range []string{`a[href^="/export/records/"][href$="xlsx"]`, "#proofs"} {
		before := s.exports(t)
		k.reach(link)
		k.press("\r")
		for range 200 {
			if s.exports(t) > before {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if s.exports(t) == before {
			t.Errorf("%s took nothing away", link)
		}
	}
	k.follow(`nav a[href="/audit"]`, "#find")
	t.Logf("its record found, read and taken away with %d keys", k.keys)
}

// exports is how many things were taken away, as the log tells it.
func (s *site) exports(t *testing.T) int {
	t.Helper()
	list, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvExported}})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
