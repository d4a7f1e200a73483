package ui

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review"
)

// Every page of recalls, holds, alarms and accounts that somebody else looks
// after, in each state, at three widths.
func TestRecallPagesInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	first := browsertest.Start(t)
	as := func(name string) *browserTab {
		b := &browserTab{t, browsertest.Profile(t, first), s}
		b.open("/sign-in")
		b.do(chromedp.Click("#demo-"+name), chromedp.WaitReady("#signed-in-as"))
		return b
	}
	each := func(look func(width int64)) {
		for _, width := range []int64{1440, 1024, 390} {
			look(width)
		}
	}
	path, id, checker := s.releasedRequest(t)
	carl, aud, ann, ops := as(checker), as("aud"), as("ann"), as("ops")
	record := "/records/" + string(id)

	each(func(width int64) {
		carl.look(script, "recall", path+"/recall", width)
		aud.look(script, "hold", path+"/hold", width)
	})
	carl.open(path + "/recall")
	carl.do(chromedp.Click("#confirm"), chromedp.WaitReady(".nhsuk-error-summary"))
	browsertest.Screenshot(t, carl.ctx, "recall-errors")

	s.as(t, "aud").post(path+"/hold", "reason", "A complaint was made.").want(http.StatusOK)
	s.as(t, checker).post(path+"/recall", "which", "all", "words", "A small count is shown in the table of rates.",
		"severity", "serious", "discovered", s.Now().UTC().Format(fieldTime)).want(http.StatusOK)
	each(func(width int64) { carl.look(script, "recall-report-open", path+"/recall/report", width) })
	s.work(t)
	each(func(width int64) {
		carl.look(script, "recall-report", path+"/recall/report", width)
		carl.look(script, "recalled-request", path, width)
		ann.look(script, "recalled-author", path, width)
		ann.look(script, "recalled-requests", "/requests", width)
		aud.look(script, "recalled-releases", "/releases", width)
		aud.look(script, "recalled-record", record, width)
		aud.look(script, "held", path+"/hold", width)
	})

	other := s.draft(t, "release/notes.txt", "One line.\n")
	s.submit(t, other)
	r, err := s.World.Store.Request(context.Background(), review.RequestID(strings.TrimPrefix(other, "/requests/")))
	if err != nil {
		t.Fatal(err)
	}
	s.World.Blobs.Damage(r.Groups[0].Files[0].Release, func([]byte) []byte { return nil })
	if _, err := s.ScrubStep(context.Background()); err != nil {
		t.Fatal(err)
	}
	alarms, err := s.Alarms(context.Background(), s.As(t, "ops"))
	if err != nil || len(alarms) != 1 {
		t.Fatal(alarms, err)
	}
	seated := as(string(r.Seats[0].Checker))
	each(func(width int64) {
		ops.look(script, "status-alarm", "/status", width)
		ops.look(script, "alarm", "/status/alarms/"+alarms[0].ID, width)
		ops.look(script, "people", "/people", width)
		ops.look(script, "person", "/people/ann", width)
		seated.look(script, "damaged-request", other, width)
	})
}
