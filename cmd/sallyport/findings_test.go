package main

import (
	"testing"

	"sallyport/checks/browsertest"
	"sallyport/review"
)

// A checker sees a redacted cell that its total gives away where it stands, can
// follow the finding to it, and cannot wave it through without a reason.
func TestFindingsAreShownWhereTheyAre(t *testing.T) {
	tab := browsertest.Start(t)
	world := startDemo(t)
	riley := world.person(t, tab, "riley")
	riley.open("/workspaces/long-covid-recording")
	for _, file := range []string{"ethnicity_by_sex.csv", "codes_by_region.csv", "hazard_ratios.csv"} {
		riley.choose(`input[name="file"][value="release/` + file + `"]`)
	}
	riley.click("#add-files")
	riley.at("/requests/")
	riley.see("blocking")
	request := riley.path()
	describeAll(riley, request, "Recording of long COVID")
	submitRequest(t, riley, request, "findings-submit")

	id := review.RequestID(request[len("/requests/"):])
	checker := world.person(t, browsertest.Profile(t, tab), world.request(t, id).Seats[0].Checker)
	checker.open(request + "/files/" + string(world.fileAt(t, id, "release/ethnicity_by_sex.csv")))
	checker.see("can be worked out: 636 - 632 = 4")
	if cells := checker.attributes("td.app-cell--block", "id"); len(cells) != 1 {
		t.Errorf("%d cells are marked as blocking, want the one that is recoverable: %v", len(cells), cells)
	}
	checker.click(".app-finding--block .app-finding__head a")
	if chosen := checker.attributes("td.app-cell--chosen", "id"); len(chosen) != 1 {
		t.Errorf("the finding leads to %v", chosen)
	}
	checker.shot("review")
	checker.picture("review")

	checker.choose("#decision-approve")
	checker.click("#vote-save")
	checker.see("Your decision was not saved")
	if n := len(world.request(t, id).Groups[0].Files[0].Votes); n != 0 {
		t.Errorf("%d votes were kept", n)
	}
}

// What must not leave is not even read into a request, and the page says why.
func TestWhatMayNotBeAddedSaysWhy(t *testing.T) {
	tab := browsertest.Start(t)
	world := startDemo(t)
	rowan := world.person(t, tab, "rowan")
	rowan.open("/workspaces/antidepressant-prescribing")
	rowan.see("release-2026-10-02", "Cannot be added", "ighly sensitive", "out of date")
	rowan.shot("workspace-refusals")
	for _, file := range []string{"extract.csv", "latest.csv"} {
		if rowan.holds(`input[name="file"][value="release-2026-11-18/` + file + `"]`) {
			t.Errorf("%s can be chosen", file)
		}
	}
	if !rowan.holds(`input[name="file"][value="release-2026-11-18/appendix.csv"]`) {
		t.Fatal("the disguised archive cannot be chosen, so nothing is tried")
	}
	rowan.choose(`input[name="file"][value="release-2026-11-18/appendix.csv"]`)
	rowan.click("#add-files")
	rowan.see("zip")
	rowan.shot("workspace-disguised")
}
