package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/browsertest"
	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/policy"
	"sallyport/review"
)

// What the first checker writes, and nobody else may read before its time.
const (
	secretReason  = "Say which weeks the marmalade covers."
	secretComment = "Please name the marmalade population in the context."
	answer        = "The population is now named."
)

// A release goes the whole way in a real browser, on real files, a real
// database and real folders: filed, reviewed blind, returned, answered, reviewed
// again, released, and read back by an auditor. What is on disk afterwards is,
// byte for byte, what both checkers approved.
func TestAReleaseGoesTheWholeWay(t *testing.T) {
	tab := browsertest.Start(t)
	world := startDemo(t)

	rowan := world.person(t, tab, "rowan")
	id := fileRequest(t, world, rowan)
	request := "/requests/" + string(id)
	submitRequest(t, rowan, request, "journey-06-submit")
	rowan.see("It is with the output checkers")

	seats := world.request(t, id).Seats
	if len(seats) != 2 {
		t.Fatalf("the request is routed to %d checkers", len(seats))
	}
	first := world.person(t, browsertest.Profile(t, tab), seats[0].Checker)
	second := world.person(t, browsertest.Profile(t, tab), seats[1].Checker)
	if makesPictures() {
		lead := world.person(t, browsertest.Profile(t, tab), "cameron")
		lead.open("/board")
		lead.see("Load of each checker")
		lead.picture("board")
	}
	reviewBlind(t, world, id, first, second)
	consolidate(t, request, first, second)
	answerAndResubmit(t, world, id, rowan)

	for _, checker := range []*person{first, second} {
		approveAll(t, world, id, checker)
	}
	release(t, request, second)
	world.released(t, id)
	audit(t, world.person(t, browsertest.Profile(t, tab), "audrey"), id, second.name)

	rel, err := world.store.Release(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	checkPackage(t, demo.Exports(world.data), world.service.Blobs, rel)
	if want := len(world.outputs(t, id)); len(rel.Files) != want {
		t.Errorf("%d files left, %d were to", len(rel.Files), want)
	}
}

// fileRequest files the vaccine study's outputs in groups, describes them and
// the request, and returns it.
func fileRequest(t *testing.T, w *world, p *person) review.RequestID {
	t.Helper()
	p.open("/workspaces")
	p.shot("journey-01-workspaces")
	p.click(`a[href="/workspaces/vaccine-coverage-2026"]`)
	p.at("/workspaces/vaccine-coverage-2026")
	p.see("release/coverage_by_region.csv", "moderately sensitive", "describe", w.commitOf(t, "release/coverage_by_region.csv")[:12])
	p.shot("journey-02-workspace")

	add := func(kind, group string, files ...string) {
		t.Helper()
		p.open("/workspaces/vaccine-coverage-2026")
		for _, f := range files {
			p.choose(fmt.Sprintf(`input[name="file"][value="release/%s"]`, f))
		}
		p.choose("#kind-" + kind)
		if group == "" {
			p.choose("#group-each")
		} else if p.holds(fmt.Sprintf(`input[value="in:%s"]`, group)) {
			p.choose(fmt.Sprintf(`input[value="in:%s"]`, group))
		} else {
			p.choose("#group-new")
			p.fill("#new_group", group)
		}
		p.click("#add-files")
		p.at("/requests/")
	}
	add("output", "", "coverage_by_region.csv", "coverage_by_age_sex.csv", "report.html")
	add("output", "Uptake by week", "uptake_by_week.svg")
	add("supporting", "Uptake by week", "uptake_by_week.csv")
	p.see("Before you can submit")
	request := strings.TrimSuffix(p.path(), "/")
	p.shot("journey-03-request-draft")
	p.picture("draft")

	describeAll(p, request, "Seasonal vaccine coverage")
	p.shot("journey-05-request-ready")
	return review.RequestID(path.Base(request))
}

// describeAll writes what the request and its groups need.
func describeAll(p *person, request, title string) {
	p.t.Helper()
	p.open(request)
	p.click("#edit-details")
	p.at(request + "/details")
	for _, field := range p.attributes(`#details-form [id^="field-"]`, "id") {
		p.fill("#"+field, title+", for the annual report.")
	}
	p.click("#save-details") // leads to what is missing next
	p.see("Saved.")
	p.open(request)
	for _, group := range p.attributes(`.app-group__head h3 a`, "href") {
		describe(p, group)
	}
	p.open(request)
	p.see("Nothing is missing")
}

// written is what the researchers of the test write about a group, by field.
var written = map[string]string{
	"variables":     "One row for each group of people. Columns count people; percentages are of the population in the same row.",
	"population":    "Adults registered with a practice on 1 September 2026: 4.3 million after rounding.",
	"model":         "none",
	"related":       "No other table of this request, and none released before, counts the same people.",
	"code-link":     "https://example.org/studies/vaccine-coverage/blob/main/analysis/report.Rmd",
	"justification": "The fit of the model is asked for in peer review; only its summary was kept.",
	"redaction":     "Counts of 7 or fewer replaced with [REDACTED].",
	"rounding":      "All counts rounded to the nearest 5 before percentages were taken.",
}

// describe fills every field that the policy asks of a group.
func describe(p *person, group string) {
	p.t.Helper()
	p.open(group)
	for _, field := range slices.Concat(policy.Default().Context, policy.Default().Controls) {
		if len(field.When) > 0 && !p.holds("#field-"+field.ID) {
			continue
		}
		p.fill("#field-"+field.ID, written[field.ID])
	}
	p.shot("journey-04-group")
	p.click("#save-group") // leads to what is missing next, in the end to the findings
}

// submitRequest confirms the checklist and submits.
func submitRequest(t *testing.T, p *person, request, shot string) {
	t.Helper()
	p.open(request)
	p.click("#go-submit")
	p.at(request + "/submit")
	p.see("version " + policy.Default().PermittedResults.Version)
	for _, c := range policy.Default().Checklist {
		p.choose("#confirm-" + c.ID)
	}
	p.shot(shot)
	p.click("#submit-request")
	p.at(request)
}

// reviewBlind has the first checker review everything, ask for a change and
// hand it in, and holds every page of the second, and of the author, to showing
// nothing of it. Then the second approves all.
func reviewBlind(t *testing.T, w *world, id review.RequestID, first, second *person) {
	t.Helper()
	request := "/requests/" + string(id)
	pages := []string{"/queue", request, request + "/review"}
	for _, g := range w.request(t, id).Groups {
		pages = append(pages, request+"/groups/"+string(g.ID))
		for _, f := range g.Files {
			pages = append(pages, request+"/files/"+string(f.ID))
		}
	}
	before := second.texts(pages)

	first.open("/queue")
	first.see("Waiting for you")
	first.shot("journey-07-queue")
	outputs := w.outputs(t, id)
	for i, f := range outputs {
		decision, reason := "approve", "Read in full."
		if i == 0 {
			decision, reason = "changes", secretReason
		}
		vote(first, request, f, decision, reason)
	}
	comment(first, request+"/groups/"+string(w.groupOf(t, id, outputs[0].ID)), "public", secretComment)
	for _, f := range w.request(t, id).Groups {
		first.open(request + "/files/" + string(f.Files[0].ID))
		first.shot("journey-08-review-" + strings.ReplaceAll(path.Base(f.Files[0].Path), ".", "-"))
	}
	if diff := cmp.Diff(before, second.texts(pages)); diff != "" {
		t.Errorf("the first checker's votes and comment change what the second sees (-before +after):\n%s", diff)
	}
	first.open(request + "/review")
	first.shot("journey-09-my-review")
	first.picture("my-review")
	first.click("#submit-review")
	first.see("Your review is in")

	author := w.person(t, browsertest.Profile(t, first.ctx), "rowan")
	for _, p := range []*person{second, author} {
		for where, text := range p.texts(pages) {
			if strings.Contains(text, "marmalade") || strings.Contains(text, "equest changes\n") && p == author {
				t.Errorf("%s sees the first review at %s", p.name, where)
			}
		}
	}
	for _, hidden := range []string{"/records/" + string(id), "/audit", "/releases"} {
		if text := second.texts([]string{hidden})[hidden]; strings.Contains(text, "marmalade") || strings.Contains(text, "Decided on a file") {
			t.Errorf("the second checker reads the record at %s", hidden)
		}
	}
	for _, f := range outputs {
		vote(second, request, f, "approve", "Read in full.")
	}
	second.open(request + "/review")
	second.click("#submit-review")
	second.see("Compare both reviews")
}

// consolidate shows both reviews to both, and returns the request.
func consolidate(t *testing.T, request string, first, second *person) {
	t.Helper()
	second.open(request + "/review")
	second.see(secretReason, secretComment, "Conflicted")
	second.shot("journey-10-consolidation")
	first.open(request + "/return")
	first.shot("journey-11-return")
	first.click("#confirm")
	first.see("Returned")
}

// answerAndResubmit has the author read the comment, mend the context, answer
// and submit again.
func answerAndResubmit(t *testing.T, w *world, id review.RequestID, author *person) {
	t.Helper()
	request := "/requests/" + string(id)
	author.open(request)
	author.see("Returned", secretComment)
	author.shot("journey-12-returned")
	group := request + "/groups/" + string(w.groupOf(t, id, w.outputs(t, id)[0].ID))
	author.open(group)
	author.fill("#field-population", "All 4.3 million adults registered on 1 September 2026, rounded.")
	author.click("#save-group")
	comment(author, group, "", answer)
	submitRequest(t, author, request, "journey-13-resubmit")
}

// approveAll decides again on whatever waits for a decision, and hands it in.
func approveAll(t *testing.T, w *world, id review.RequestID, p *person) {
	t.Helper()
	request := "/requests/" + string(id)
	p.open(request)
	p.see(answer)
	for _, f := range w.outputs(t, id) {
		vote(p, request, f, "approve", "Read in full, again.")
	}
	p.open(request + "/review")
	p.click("#submit-review")
	p.see("review")
}

// release presses the button once both agree.
func release(t *testing.T, request string, p *person) {
	t.Helper()
	p.open(request + "/review")
	p.see("4 of 4 files approved by both")
	p.click("#go-release")
	p.at(request + "/release")
	p.see("release/coverage_by_region.csv", "SHA-256")
	p.shot("journey-14-release")
	p.click("#confirm")
	p.see("Approved")
}

// audit reads who, what, when and under which policy.
func audit(t *testing.T, p *person, id review.RequestID, by string) {
	t.Helper()
	p.open("/releases")
	p.see("by "+by, "rowan", policy.Default().Version, "vaccine-coverage-2026")
	p.shot("journey-15-releases")
	p.open("/records/" + string(id))
	p.see("What was released", "Returned to the author", "Approved → Released", secretComment, answer)
	p.shot("journey-16-record")
	p.picture("record")
	p.open("/audit")
	p.shot("journey-17-audit")
	p.picture("audit")
}

// vote decides on one file from its page.
func vote(p *person, request string, f *review.File, decision, reason string) {
	p.t.Helper()
	p.open(request + "/files/" + string(f.ID))
	p.choose("#decision-" + decision)
	p.fill("#reason", reason)
	p.click("#vote-save")
	p.see("Saved")
}

// comment adds a comment to a group from its page.
func comment(p *person, group, visibility, text string) {
	p.t.Helper()
	p.open(group)
	if visibility != "" {
		p.choose(fmt.Sprintf(`[name="visibility"][value=%q]`, visibility))
	}
	p.fill(`textarea[name="comment"]`, text)
	p.click(`[name="add-comment"]`)
	p.see(text)
}

// world is a demonstration that listens, and what the test reads behind its
// pages.
type world struct {
	*server
	data, url string
}

func startDemo(t *testing.T) *world {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(context.Background())
	s, err := demoServer(ctx, data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	url, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.run(ctx, func(u string) { url <- u }) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		closeServer(t, s)
	})
	select {
	case u := <-url:
		return &world{s, data, strings.TrimSuffix(u, "/")}
	case err := <-done:
		done <- nil
		t.Fatal(err)
		return nil
	}
}

// commitOf is the commit that made a file of the vaccine workspace, as its
// manifest says.
func (w *world) commitOf(t *testing.T, file string) string {
	t.Helper()
	ws, err := w.service.Workspaces.Workspace(context.Background(), "vaccine-coverage-2026")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ws.Files {
		if f.Path == file && len(f.Origin.Commit) == 40 {
			return f.Origin.Commit
		}
	}
	t.Fatalf("no commit is known for %s", file)
	return ""
}

func (w *world) request(t *testing.T, id review.RequestID) *review.Request {
	t.Helper()
	r, err := w.store.Request(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outputs are the files that are to leave.
func (w *world) outputs(t *testing.T, id review.RequestID) []*review.File {
	t.Helper()
	var all []*review.File
	for _, f := range w.request(t, id).Outputs() {
		all = append(all, f)
	}
	return all
}

func (w *world) fileAt(t *testing.T, id review.RequestID, path string) review.FileID {
	t.Helper()
	for _, f := range w.outputs(t, id) {
		if f.Path == path {
			return f.ID
		}
	}
	t.Fatalf("%s is not in the request", path)
	return ""
}

func (w *world) groupOf(t *testing.T, id review.RequestID, f review.FileID) review.GroupID {
	t.Helper()
	g, _ := w.request(t, id).File(f)
	return g.ID
}

// released waits for the worker to have put the package out.
func (w *world) released(t *testing.T, id review.RequestID) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if w.request(t, id).Status == review.Released {
			return
		}
	}
	t.Fatalf("the request is still %s", w.request(t, id).Status)
}
