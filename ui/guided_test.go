package ui

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/checks"
	"sallyport/checks/browsertest"
	"sallyport/policy"
	"sallyport/review"
)

// What is typed into one field is kept when it is left, and nothing else of the
// page is: another field keeps what another tab wrote meanwhile.
func TestSingleFieldsAreKept(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request)
	group := ann.links(groupLink)[0]

	ann.post(request+"/details/field", "concerns", "None that I see.").want(http.StatusOK).has("Saved at")
	ann.post(group+"/field", "controls.rounding", "To the nearest 10.").want(http.StatusOK).has("Saved at")
	if !strings.Contains(ann.body, `hx-swap-oob`) {
		t.Error("the steps and the guidance do not come with the answer")
	}
	ann.get(request+"/details").has("None that I see.", "A paper.")
	ann.get(group).has("To the nearest 10.", "Counts of about 1,550 people")

	// A box that is not on the page is not read as unticked.
	ann.post(group+"/field", "intermediate_shown", "1", "intermediate", "1").has("Saved at")
	ann.post(group+"/field", "controls.rounding", "To the nearest 5.").has("Saved at")
	if !strings.Contains(ann.get(group).body, `name="intermediate" value="1"`) || !strings.Contains(ann.body, `checked`) {
		t.Error("the box lost its tick when another field was kept")
	}
	ann.post(group+"/field", "pattern", "release/*.csv", "pattern_count", "").has("Not saved yet.", "State how many files it captures.")
	ann.post(request+"/details/field", "status", "RELEASED").want(http.StatusUnprocessableEntity)
	ann.post(group+"/field", "context.nothing", "x").want(http.StatusUnprocessableEntity)

	// What is the same already leaves no event, and nobody else may write.
	count := func() int {
		list, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvGroupEdited}})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	ann.post(group+"/field", "controls.rounding", "To the nearest 5.").has("Saved at")
	if after := count(); after != before {
		t.Errorf("keeping the same again left %d events", after-before)
	}
	s.as(t, "carl").post(group+"/field", "controls.rounding", "mine").want(http.StatusNotFound)
	ann.post(group+"/field", "intermediate_shown", "1").has("Saved at")
	s.submit(t, request)
	ann.post(group+"/field", "controls.rounding", "later").want(http.StatusConflict)
}

// Each page of a draft says how far it has come; a submitted one has no steps.
func TestSteps(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request)
	group := ann.links(groupLink)[0]
	for _, page := range []string{request, request + "/details", request + "/findings", request + "/submit", group, "/workspaces/cohort"} {
		ann.get(page).want(http.StatusOK).has("Files: 1 output", "Context: complete", "Controls: complete", "to mend or explain", "Checklist: ready to confirm")
	}
	ann.post(group+"/field", "controls.rounding", "").has("Controls: 1 thing missing", "Checklist: at the end")
	ann.get(group).hasRaw(`aria-current="step"><span class="app-step__sign" aria-hidden="true">3<`)
	ann.post(request+"/details", "title", "T", "purpose", "", "then", "next").want(http.StatusOK)
	if ann.path != group {
		t.Errorf("after saving, the next missing thing is on %s, want %s", ann.path, group)
	}
	ann.post(request+"/details/field", "purpose", "A paper.")
	ann.post(group+"/field", "controls.rounding", "To the nearest 5.").has("Controls: complete")
	ann.post(group, "then", "next", "context.variables", "x", "context.population", "x", "context.model", "x", "context.related", "x", "controls.redaction", "x", "controls.rounding", "x")
	if ann.path != request+"/findings" {
		t.Errorf("with nothing missing, the next step is %s", ann.path)
	}
	s.submit(t, request)
	ann.get(request).lacks("Steps of this request")
}

// Findings are explained with their rule and how to mend them; an answer is
// given there, and what checkers will ask follows.
func TestFindingsExplained(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", smallCSV)
	ann := s.as(t, "ann").get(request + "/findings").want(http.StatusOK)
	ann.has("to mend or explain", "Small counts", "Rule:", "In R", "In Python", "What checkers will ask", "Please mend this, or say why it is no disclosure", "What could identify somebody")
	ann.lacks("North") // no cell of the file is quoted
	fingerprints := ann.values("fingerprint")
	file := ann.links(fileLink + `\?finding=[^"]*`)
	if len(fingerprints) == 0 || len(file) == 0 {
		t.Fatal("no finding can be answered or looked at")
	}
	for _, f := range fingerprints {
		path, _, _ := strings.Cut(file[0], "?")
		ann.post(path+"/findings", "fingerprint", f, "code", "not-people", "text", "Counts of practices.", "back", "findings").want(http.StatusOK)
		if ann.path != request+"/findings" {
			t.Fatalf("after an answer: %s", ann.path)
		}
	}
	ann.has("Nothing waits for you here", "Counts of practices.").lacks("Please mend this")
	s.as(t, "carl").get(request + "/findings").want(http.StatusNotFound)
	s.submit(t, request)
	ann.get(request + "/findings").want(http.StatusConflict)
}

// Leaving a field keeps it, in a real browser, without any button.
func TestLeavingAFieldSavesIt(t *testing.T) {
	script := axe(t)
	s := newSite(t)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	request := s.draft(t, "release/rates.csv", smallCSV)
	group := s.as(t, "ann").get(request).links(groupLink)[0]
	b := &browserTab{t, browsertest.Start(t), s}
	b.open("/sign-in")
	b.do(chromedp.Click("#demo-ann"), chromedp.WaitReady("#signed-in-as"))
	for _, width := range []int64{1440, 1024, 390} {
		b.look(script, "findings", request+"/findings", width)
	}
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open(group)
	evaluate[string](b, `document.getElementById('field-rounding').value = ''`)
	b.do(chromedp.SendKeys("#field-rounding", "To the nearest 5, everywhere."), chromedp.Focus("#field-population"))
	waitText(t, b, "#saved", "Saved at")
	b.do(chromedp.Click("#field-intermediate"), chromedp.WaitReady("#field-justification"))
	waitText(t, b, "#steps", "1 thing missing")
	s.as(t, "ann").get(group).has("To the nearest 5, everywhere.", "Counts of about 1,550 people")
	b.look(script, "group-saved", group, 1440)
	s.as(t, "ann").post(request + "/withdraw").want(http.StatusOK)
	b.do(chromedp.SendKeys("#field-rounding", " More."), chromedp.Focus("#field-population"))
	waitText(t, b, "#saved", "Not saved")
}

func waitText(t *testing.T, b *browserTab, selector, want string) {
	t.Helper()
	got := ""
	for range 60 {
		if got = evaluate[string](b, `document.querySelector('`+selector+`').innerText`); strings.Contains(got, want) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s says %q, never %q", selector, got, want)
}

// Every check that there is explains itself to authors: why it matters, the rule, an
// example, and how to mend it in R and in Python.
func everyCheckIsExplained(t *testing.T, s *site) {
	t.Helper()
	p := findingsPage{View: &review.View{}}
	for _, doc := range checks.All() {
		p.Checks = append(p.Checks, explained{Doc: doc, Severity: policy.Warn})
	}
	var b strings.Builder
	if err := s.ui.pages["findings"].execute(&b, "main", p, time.UTC); err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(b.String(), `<section class="app-panel app-explained"`)
	if len(sections) != len(checks.All())+1 {
		t.Fatalf("%d checks are explained, and there are %d", len(sections)-1, len(checks.All()))
	}
	for i, doc := range checks.All() {
		shown := html.UnescapeString(sections[i+1])
		for what, text := range map[string]string{"title": doc.Title, "reason": doc.Doc, "rule": doc.Source, "example": doc.Example, "R": doc.FixR, "Python": doc.FixPy} {
			if text == "" || !strings.Contains(shown, text) {
				t.Errorf("%s: the page has no %s", doc.Name, what)
			}
		}
	}
}

// Findings of one check that are right for one reason are answered at once, each on
// record by itself; without a reason none is.
func TestOneAnswerForAllFindingsOfACheck(t *testing.T) {
	s := newSite(t)
	t.Run("every check is explained", func(t *testing.T) { everyCheckIsExplained(t, s) })
	request := s.draft(t, "release/a.csv", smallCSV, "release/b.csv", smallCSV)
	ann := s.as(t, "ann").get(request+"/findings").want(http.StatusOK).has("One answer for all", "that wait: Small counts")
	ann.post(request+"/findings", "check", "small-count", "code", "", "text", "Years.").has("That was not saved.", "Choose one of the answers.")
	ann.post(request+"/findings", "check", "small-count", "code", policy.Default().Acknowledgements[0].ID, "text", "").has("That was not saved.", "Say in a sentence why.")
	ann.post(request+"/findings", "check", "small-count", "code", policy.Default().Acknowledgements[0].ID, "text", "These are years.").
		want(http.StatusOK).has("2 findings have your answer now", "These are years.").lacks("that wait: Small counts")
	events, err := s.Store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvAcknowledged}})
	if err != nil || len(events) != 2 {
		t.Errorf("%d answers are on record, want 2: %v", len(events), err)
	}
	s.as(t, "tim").post(request+"/findings", "check", "small-count", "code", "x", "text", "y").want(http.StatusNotFound)
}
