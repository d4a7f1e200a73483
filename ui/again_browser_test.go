package ui

import (
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// What goes on behind a page comes into it by itself, without leaving it, and not
// while somebody writes there.
func TestWhatGoesOnComesIntoThePage(t *testing.T) {
	_ = axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	h := &held{make(chan struct{}), make(chan struct{})}
	s.Service.Checker, s.Service.Behind = h, &review.Behind{From: 2}
	for _, name := range []string{"release/a.csv", "release/b.csv"} {
		s.Workspaces.Write(reviewtest.Cohort, name, roundedCSV)
	}
	ann := s.As(t, "ann")
	id, err := s.CreateRequest(t.Context(), ann, reviewtest.Cohort)
	if err != nil {
		t.Fatal(err)
	}
	add := []review.AddFile{{Path: "release/a.csv", Kind: review.Output, Group: "one"}, {Path: "release/b.csv", Kind: review.Output, Group: "one"}}
	if _, err := s.AddFiles(t.Context(), ann, id, add); err != nil {
		t.Fatal(err)
	}
	<-h.told
	b := &browserTab{t, browsertest.Start(t), s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-ann"), chromedp.WaitReady("#signed-in-as"))
	b.open(requestPath(id))
	b.until("the checks are running", `window.stayed = document.querySelector('#checking') !== null`)
	// A field that has the focus is left as it is, though the page is asked for.
	evaluate[bool](b, `(() => { const f = document.createElement('textarea'); f.id = 'writes'; document.querySelector('#maincontent').append(f); f.focus()
		window.asked = 0; const send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function (body) { window.asked++; send.call(this, body) }; return true })()`)
	b.until("it is asked again and again", `window.asked > 1`)
	if !evaluate[bool](b, `document.activeElement.id === 'writes'`) {
		t.Error("what somebody wrote in was taken away")
	}
	close(h.goOn)
	evaluate[bool](b, `document.activeElement.blur(); true`)
	b.until("the checks are over", `document.querySelector('#maincontent') !== null && document.querySelector('#checking') === null && window.stayed === true`)
}
