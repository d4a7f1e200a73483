package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review/reviewtest"
)

// The pages about runs, code, differences and seats, in a real browser.
func TestRunPagesInBrowser(t *testing.T) {
	script := axe(t)
	s := ranSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	request := s.draft(t, "release/rates.csv", smallCSV, "release/notes.txt", "One line.\nAnother line.\n")
	files := s.as(t, "ann").get(request).links(fileLink)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", strings.Replace(smallCSV, "North,3\n", "North,5\n", 1)+"Isles,20\n")
	s.Workspaces.Write(reviewtest.Cohort, "release/notes.txt", "One line.\nA better line.\n")
	first := browsertest.Start(t)
	as := func(name string) *browserTab {
		b := &browserTab{t, browsertest.Profile(t, first), s}
		b.open("/sign-in")
		b.do(chromedp.Click("#demo-"+name), chromedp.WaitReady("#signed-in-as"))
		return b
	}
	ann := as("ann")
	code := "/workspaces/cohort/code/" + second
	for _, width := range []int64{1440, 390} {
		ann.look(script, fmt.Sprint("jobs-", width), "/workspaces/cohort/jobs?outputs=all", width)
		ann.look(script, fmt.Sprint("job-", width), "/workspaces/cohort/jobs/req2", width)
		ann.look(script, fmt.Sprint("log-", width), "/workspaces/cohort/logs/tables", width)
		ann.look(script, fmt.Sprint("code-", width), code+"/analysis/tables.R", width)
		ann.look(script, fmt.Sprint("compare-", width), "/workspaces/cohort/compare?from="+second+"&to="+second, width)
		ann.look(script, fmt.Sprint("changed-table-", width), files[0]+"/changes", width)
		ann.look(script, fmt.Sprint("changed-text-", width), files[1]+"/changes", width)
		ann.look(script, fmt.Sprint("draft-with-changes-", width), request, width)
		ann.look(script, fmt.Sprint("workspace-wildcard-", width), "/workspaces/cohort", width)
	}
	s.submit(t, request)
	lea := as("lea")
	for _, width := range []int64{1440, 390} {
		lea.look(script, fmt.Sprint("board-", width), "/board", width)
		lea.look(script, fmt.Sprint("route-", width), request+"/route", width)
	}
	for _, name := range []string{"carl", "cora", "chen"} {
		if slices.Contains(s.as(t, name).get("/queue").links(requestLink), request) {
			as(name).look(script, "review-group-changes", request+"/review", 1440)
			return
		}
	}
}
