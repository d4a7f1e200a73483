package ui

import (
	"net/http"
	"slices"
	"strings"

	"sallyport/policy"
	"sallyport/review"
)

// A demonstration shows its visitors around: each page that is a step of the way
// of a request says which, what is to be seen, and what to do next. It needs no
// script, keeps no state but whether it is hidden, and is not there in a real
// service.

// tourStep is one stop. It is shown on its routes to its role; "" is whoever is
// signed out.
type tourStep struct {
	Name   string
	Role   policy.Role
	Routes []string
	See    string
	Do     string
}

// tourView is the stop of one page.
type tourView struct {
	tourStep
	N     int // from 1; 0 when the page is no stop, and the tour is hidden
	Steps []string
	Here  string // address of the page, to come back to
}

func tourSteps() []tourStep {
	return []tourStep{
		{Name: "Choose a person", Routes: []string{"/sign-in"},
			See: "A request passes through the hands of several people, and you can be each of them.",
			Do:  "Begin as Rowan Inventado, a researcher: choose “Sign in” beside the name."},
		{Name: "Choose results", Role: policy.Researcher, Routes: []string{"/workspaces", "/workspaces/:workspace", "/requests"},
			See: "A workspace holds what a study's code wrote. Results to be released lie in its release folder, each with the level that its pipeline gave it.",
			Do:  "Open a workspace, tick one or two tables, and choose “Add files and check them”. Their bytes are copied, and the checks run at once."},
		{Name: "Describe, mend, submit", Role: policy.Researcher, Routes: []string{"/requests/:request", "/requests/:request/details", "/requests/:request/groups/:group", "/requests/:request/findings", "/requests/:request/submit", "/requests/:request/files/:file"},
			See: "A draft lists what is missing, with the way to each place. Findings are explained with the rule and code that mends them.",
			Do:  "Fill in what is missing and submit. Once it is submitted nothing in it can change: sign out, and sign in as Casey Figment, an output checker."},
		{Name: "Find your work", Role: policy.Checker, Routes: []string{"/queue"},
			See: "Each request goes to two of the three checkers, who belong to no project of it. What waits for you comes first, the most urgent on top.",
			Do:  "Open the request that waits for you. If there is none, it went to the other two: sign in as one of them, Casey Figment, Charlie Madeup or Cameron Fable."},
		{Name: "Review, blind", Role: policy.Checker, Routes: []string{"/requests/:request", "/requests/:request/files/:file", "/requests/:request/groups/:group"},
			See: "The file, what was found in it, and your decision stand side by side. Neither checker sees what the other thinks.",
			Do:  "Decide on each file; the key ? shows what can be done without a mouse. Then choose “My review so far”."},
		{Name: "Agree, and release", Role: policy.Checker, Routes: []string{"/requests/:request/review", "/requests/:request/release", "/requests/:request/return"},
			See: "Once both reviews are in they are compared, and votes may change, on the record. Only what both approve can leave.",
			Do:  "Submit your review, then do the same as the other checker. The second of you can release it, return it with comments, or reject it."},
		{Name: "Check it afterwards", Role: policy.Auditor, Routes: []string{"/releases", "/records", "/records/:request", "/audit", "/figures"},
			See: "An auditor finds who asked for, saw, decided and released what, under which policy, and can prove that nothing was changed or left out.",
			Do:  "Open the record of the request that you played, and look for “Independence of the two reviews”. Then sign in as Oakley Phantom, the operator."},
		{Name: "Keep it running", Role: policy.Operator, Routes: []string{"/status"},
			See: "The operator sees that work flows, and nothing of what it is: no file, no vote, no comment.",
			Do:  "That is the whole way. Sign in as anybody again and try what you like; sallyport demo --fresh begins anew."},
	}
}

// tourCookie says that a visitor has hidden the tour.
const tourCookie = "sallyport-tour"

// tour is the stop of the page that is asked for; nil outside of a demonstration,
// and on a page that is no stop.
func (c *call) tour() *tourView {
	if !c.ui.options.Demo {
		return nil
	}
	v := &tourView{Here: c.Request().URL.RequestURI()}
	if hidden, err := c.Cookie(tourCookie); err == nil && hidden.Value == "hidden" {
		return v
	}
	steps := tourSteps()
	i := slices.IndexFunc(steps, func(s tourStep) bool {
		return slices.Contains(s.Routes, c.Path()) && (s.Role == "" && c.actor.Person == nil || c.actor.Person != nil && s.Role != "" && slices.Contains(c.actor.AllRoles(), s.Role))
	})
	if i < 0 {
		return nil
	}
	v.tourStep, v.N = steps[i], i+1
	for _, s := range steps {
		v.Steps = append(v.Steps, s.Name)
	}
	return v
}

// showTour hides the tour in this browser, or shows it again.
func (u *UI) showTour(c *call) error {
	if !u.options.Demo {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	cookie := &http.Cookie{Name: tourCookie, Value: "hidden", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if c.FormValue("show") == "yes" {
		cookie.Value, cookie.MaxAge = "", -1
	}
	c.SetCookie(cookie)
	back := localPath(c.FormValue("back"))
	if strings.HasPrefix(back, "/tour") {
		back = "/"
	}
	return c.redirect(back)
}
