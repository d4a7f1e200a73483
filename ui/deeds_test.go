package ui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// A deed is how somebody who may succeeds with a route that changes something.
type deed struct {
	leaves review.EventType      // what is on record afterwards, by them; "" for a route of which nothing is
	again  review.EventType      // instead of leaves, where the request was returned
	form   func(*scene) []string // names and values in turn
	first  func(*scene)          // what must have happened before
	in     []review.Status       // for a route that asks for more than its action does: the statuses in which it can work
	who    string                // for a route that is open to others than the table of its action says: as the page of permissions names them
	small  bool                  // on a request whose table has small counts, of which an exception is asked for
	votes  review.Decision       // what the checkers think of it; "" is to approve
	proved string                // the test that does it, where it takes more than a form
}

// scene is a request in a status, on a site of its own, with who acts on it.
type scene struct {
	*site
	t      *testing.T
	status review.Status
	id     review.RequestID
	who    review.Username
	place  map[string]string // parameters of the address that a deed found out
}

func (s *scene) request() *review.Request {
	s.t.Helper()
	r, err := s.World.Store.Request(s.t.Context(), s.id)
	s.must(err)
	return r
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// seat is a checker of the request whose review is in, or is not.
func (s *scene) seat(in bool) string { return string(seatOf(s.request(), in)) }

func seatOf(r *review.Request, in bool) review.Username {
	for _, x := range r.Seats {
		if x.Submitted.IsZero() != in {
			return x.Checker
		}
	}
	return ""
}

// free is the checker who has no seat.
func (s *scene) free() review.Username { return freeOf(s.request()) }

func freeOf(r *review.Request) review.Username {
	for _, name := range []review.Username{"carl", "cora", "chen"} {
		if r.Seat(name) == nil {
			return name
		}
	}
	return ""
}

// finding is the first that the checks made of the request.
func (s *scene) finding() string {
	v, err := s.Request(s.t.Context(), s.As(s.t, "ann"), s.id)
	s.must(err)
	if rep := v.Groups[0].Files[0].Report; rep != nil && len(rep.Findings) > 0 {
		return rep.Findings[0].Fingerprint
	}
	return "none"
}

// deeds says for each route that changes something how it is done. A route that
// is missing here fails the test.
func deeds() map[string]deed {
	none := func(*scene) []string { return nil }
	because := func(*scene) []string { return []string{"reason", "Because."} }
	pairs := func(form ...string) func(*scene) []string { return func(*scene) []string { return form } }
	const r, f, g = "/requests/:request", "/requests/:request/files/:file", "/requests/:request/groups/:group"
	return map[string]deed{
		"/sign-in":                                    {proved: "TestSecondFactor"},
		"/sign-in/demo":                               {leaves: review.EvSignIn, form: func(s *scene) []string { return []string{"person", string(s.who)} }},
		"/sign-in/code":                               {proved: "TestSecondFactor"},
		"/sign-in/passkey/begin":                      {proved: "TestPasskeysInBrowser"},
		"/sign-in/passkey":                            {proved: "TestPasskeysInBrowser"},
		"/sign-in/by/:method":                         {proved: "TestOpenID"},
		"/sign-in/by/:method/end":                     {proved: "TestOpenIDBackChannel"},
		"/invitation/:secret":                         {proved: "TestInvitation"},
		"/tour":                                       {form: pairs("show", "yes")},
		"/sign-out":                                   {leaves: review.EvSignOut, form: none},
		"/confirm":                                    {leaves: review.EvConfirmed, form: none},
		"/confirm/passkey/begin":                      {proved: "TestPasskeysInBrowser"},
		"/confirm/passkey":                            {proved: "TestPasskeysInBrowser"},
		"/account/password":                           {proved: "TestSessionsEnd"},
		"/account/code":                               {proved: "TestSecondFactor"},
		"/account/code/remove":                        {proved: "TestFactorsAreRemoved"},
		"/account/recovery":                           {proved: "TestSecondFactor"},
		"/account/passkeys/begin":                     {proved: "TestPasskeysInBrowser"},
		"/account/passkeys":                           {proved: "TestPasskeysInBrowser"},
		"/account/passkeys/:passkey/remove":           {proved: "TestFactorsAreRemoved"},
		"/account/sessions/:session/end":              {leaves: review.EvSessionEnded, form: none, first: (*scene).sessionOf},
		"/account/sessions/end-others":                {leaves: review.EvSessionEnded, form: none, first: (*scene).sessionOf},
		"/account/zone":                               {leaves: review.EvZoneChosen, form: pairs("zone", "Europe/Paris")},
		"/account/tokens":                             {leaves: review.EvTokenCreated, form: pairs("name", "a test", "scope", "read", "days", "30")},
		"/account/tokens/:token/revoke":               {leaves: review.EvTokenRevoked, form: none, first: (*scene).tokenOf},
		"/people/:person/invite":                      {proved: "TestInvitation"},
		"/people/:person/sessions/end":                {leaves: review.EvSessionEnded, form: none, first: func(s *scene) { s.enter(s.t, "tim") }},
		"/access/people/:person/grants":               {leaves: review.EvAccessGranted, form: pairs("role", "copilot", "for", "project:study", "reason", "Helps.")},
		"/access/people/:person/grants/:grant/revoke": {leaves: review.EvAccessEnded, form: because, first: (*scene).grantFound},
		"/access/proposals/:proposal":                 {leaves: review.EvAccessSettled, form: pairs("answer", "no"), first: (*scene).proposalFound},
		"/notifications":                              {leaves: review.EvNoticesChosen, form: pairs("hour", "7")},
		"/status/alarms/:alarm":                       {proved: "TestAlarmPages"},
		"/status/retry":                               {proved: "TestTryAgain"},
		"/workspaces/:workspace/form":                 {proved: "TestFormOfWorkspace"},
		"/workspaces/:workspace/files":                {leaves: review.EvFileAdded, form: pairs("file", "release/more.csv", "kind", "output", "group", "each"), first: (*scene).another},
		"/workspaces/:workspace/matching":             {leaves: review.EvFileAdded, form: pairs("pattern", "release/more*.csv", "pattern_count", "1"), first: (*scene).another},

		r + "/details":       {leaves: review.EvRequestEdited, form: (*scene).described},
		r + "/details/field": {leaves: review.EvRequestEdited, form: func(s *scene) []string { return []string{"title", "Another: " + s.Now().String()} }},
		g:                    {leaves: review.EvGroupEdited, form: (*scene).grouped},
		g + "/field":         {leaves: review.EvGroupEdited, form: pairs("context.population", "All adults, in thousands.")},
		g + "/guidance":      {form: none},
		r + "/reuse":         {leaves: review.EvContextReused, form: func(s *scene) []string { return []string{"from", string(s.id)} }},
		f + "/move": {leaves: review.EvFileMoved, form: func(s *scene) []string {
			return []string{"group", "new", "new_group", "Moved " + s.Now().String(), "kind", "output"}
		}},
		f + "/update": {leaves: review.EvFileUpdated, form: none, first: func(s *scene) {
			s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", strings.Replace(roundedCSV, "345", "350", 1))
		}},
		f + "/withdraw": {leaves: review.EvFileWithdrawn, form: none},
		r + "/submit":   {form: (*scene).checklist, first: (*scene).answered, leaves: review.EvSubmitted, again: review.EvResubmitted},
		r + "/withdraw": {leaves: review.EvWithdrawn, form: none},
		r + "/hold":     {leaves: review.EvHeld, form: because, first: func(s *scene) { _ = s.LiftHold(s.t.Context(), s.As(s.t, "aud"), s.id, "a test") }},

		f + "/exception": {leaves: review.EvExceptionAsked, form: pairs("check", "small-count", "reason", "Towns."), small: true},
		f + "/findings": {leaves: review.EvAcknowledged, small: true, form: func(s *scene) []string {
			return []string{"fingerprint", s.finding(), "code", policy.Default().Acknowledgements[0].ID, "text", "Towns."}
		}},
		f + "/exception/answer": {leaves: review.EvExceptionAnswered, form: pairs("check", "small-count", "accept", "yes", "reason", "Towns."), small: true, votes: review.RequestChanges},
		f + "/findings/answer":  {leaves: review.EvAckAnswered, small: true, votes: review.RequestChanges, form: func(s *scene) []string { return []string{"fingerprint", s.finding(), "accept", "yes"} }},

		r + "/findings": {leaves: review.EvAcknowledged, small: true, first: (*scene).unanswered,
			form: pairs("check", "small-count", "code", policy.Default().Acknowledgements[0].ID, "text", "Towns.")},

		r + "/comments": {leaves: review.EvCommented, form: func(s *scene) []string {
			return []string{"group", string(s.request().Groups[0].ID), "visibility", "public", "comment", "A remark."}
		}},
		r + "/comments/:comment/publish": {leaves: review.EvCommentPublished, form: none, first: (*scene).hidden, in: []review.Status{review.Reviewed}},
		r + "/claim":                     {leaves: review.EvClaimed, form: none, first: (*scene).vacate, in: []review.Status{review.Submitted, review.PartiallyReviewed}, who: "other checker"},
		r + "/hand-over":                 {leaves: review.EvHandedOver, form: because},
		r + "/reassign":                  {leaves: review.EvReassigned, form: func(s *scene) []string { return []string{"from", s.seat(false), "reason", "Because."} }},
		r + "/route": {leaves: review.EvFileRouted, form: func(s *scene) []string {
			return []string{"instead", string(s.request().Groups[0].Files[0].ID) + " " + s.seat(false), "to", string(s.free()), "reason", "Because."}
		}},
		f + "/vote": {leaves: review.EvVoted, form: func(s *scene) []string {
			return []string{"seen", string(s.request().Groups[0].Files[0].Release), "decision", "changes", "reason", "Because."}
		}},
		g + "/changes": {leaves: review.EvVoted, form: because},
		r + "/review":  {leaves: review.EvReviewSubmitted, form: none},
		r + "/return":  {leaves: review.EvReturned, form: none},
		r + "/reject":  {leaves: review.EvRejected, form: because, votes: review.RequestChanges},
		r + "/release": {leaves: review.EvApproved, form: none, in: []review.Status{review.Reviewed}},
		r + "/recall": {leaves: review.EvRecalled, form: func(s *scene) []string {
			return []string{"words", "A small count is shown.", "severity", "serious", "discovered", s.Now().Format(fieldTime)}
		}},
		r + "/recall/notes": {leaves: review.EvRecallNoted, first: (*scene).recalled, form: func(s *scene) []string {
			rel, err := s.World.Store.Release(s.t.Context(), s.id)
			if err != nil || rel.Recalled == nil {
				return []string{"report", "none", "words", "It is in hand."}
			}
			return []string{"report", rel.Recalled.Reports[0].ID, "words", "It is in hand."}
		}},
	}
}

// sessionOf is another session of whoever asks.
func (s *scene) sessionOf() {
	s.enter(s.t, string(s.who))
	list, err := s.ui.options.Accounts.OpenSessions(s.t.Context(), review.SessionQuery{Person: s.who})
	s.must(err)
	s.place["session"] = list[0].ID
}

func (s *scene) tokenOf() {
	_, token, err := s.ui.options.API.CreateToken(s.t.Context(), s.As(s.t, s.who), api.NewToken{Name: "a test", Scopes: []policy.Scope{policy.ScopeRead}, Days: 1})
	s.must(err)
	s.place["token"] = token.ID
}

// grantFound is a role of tim's that takes one person to end.
func (s *scene) grantFound() { s.place["grant"] = grantOf(s.t, s.site, "tim", policy.Researcher) }

// proposalFound is a role that an operator of its own proposes for abe.
func (s *scene) proposalFound() {
	s.save(s.t, review.Person{Username: "opa", Name: "Another operator", Roles: []policy.Role{policy.Operator}})
	_, err := s.Grant(s.t.Context(), s.As(s.t, "opa"), review.Ask{Person: "abe", Role: policy.Checker, Reach: policy.WholeService, Why: "a test"})
	s.must(err)
	all, err := s.World.Store.Proposals(s.t.Context(), true)
	s.must(err)
	s.place["proposal"] = all[0].ID
}

// another file lies in the workspace.
func (s *scene) another() { s.Workspaces.Write(reviewtest.Cohort, "release/more.csv", roundedCSV) }

// described is what the request says, with another title.
func (s *scene) described() []string {
	r := s.request()
	return []string{"title", "Another: " + s.Now().String(), "project_number", r.ProjectNumber, "repository", r.Repository, "purpose", r.Purpose, "concerns", r.Concerns}
}

// grouped is what the group says, and something more.
func (s *scene) grouped() []string {
	g, form := s.request().Groups[0], []string{"then", "request"}
	for id, text := range g.Context {
		form = append(form, "context."+id, text+" And more.")
	}
	for id, text := range g.Controls {
		form = append(form, "controls."+id, text)
	}
	return form
}

// checklist is what an author confirms.
func (s *scene) checklist() []string {
	ticked, permitted := reviewtest.Checklist()
	form := []string{"permitted_results", permitted}
	for _, item := range ticked {
		form = append(form, "confirm", item)
	}
	return form
}

// unanswered is the finding of the checks again, and no exception asked for.
func (s *scene) unanswered() {
	s.must(s.AskException(s.t.Context(), s.As(s.t, "ann"), s.id, s.request().Groups[0].Files[0].ID, "small-count", ""))
	s.must(s.Acknowledge(s.t.Context(), s.As(s.t, "ann"), s.id, review.AcknowledgeInput{Fingerprint: s.finding()}))
}

// answered is each group that was commented on in the last turn.
func (s *scene) answered() {
	for _, g := range s.request().Groups {
		if s.status == review.Returned {
			s.must(s.Comment(s.t.Context(), s.As(s.t, "ann"), s.id, review.CommentInput{Group: g.ID, Text: "An answer."}))
		}
	}
}

// hidden is a comment that only checkers see so far.
func (s *scene) hidden() {
	in := review.CommentInput{Group: s.request().Groups[0].ID, Visibility: review.Checkers, Text: "Between us."}
	s.must(s.Comment(s.t.Context(), s.As(s.t, s.who), s.id, in))
	list := s.request().Comments
	s.place["comment"] = string(list[len(list)-1].ID)
}

// vacate frees a seat: nobody else can take it but whoever acts, who was not
// trained in between.
func (s *scene) vacate() {
	p, err := s.World.Store.Person(s.t.Context(), s.who)
	s.must(err)
	trained := p.TrainedUntil
	p.TrainedUntil = s.Now().Add(-time.Hour)
	s.save(s.t, *p)
	s.must(s.HandOver(s.t.Context(), s.As(s.t, review.Username(s.seat(false))), s.id, "", "Because."))
	p.TrainedUntil = trained
	s.save(s.t, *p)
}

// recalled is what was released.
func (s *scene) recalled() {
	in := review.BreachInput{Words: "A small count is shown.", Severity: review.RecallLow, Discovered: s.Now()}
	s.must(s.Recall(s.t.Context(), s.As(s.t, "aud"), s.id, in))
}

// may reports whether the documents let somebody succeed with a route, on a
// request in its status.
func (d deed) may(p *review.Person, row route, r *review.Request, table map[policy.Action]map[review.Status][]string) bool {
	byStatus, depends := table[row.Action]
	switch {
	case d.in != nil && !slices.Contains(d.in, r.Status):
		return false
	case d.who != "":
		return onPage(p.Username, r) == d.who
	case depends && strings.Contains(row.Path, ":request"):
		return slices.Contains(byStatus[r.Status], onPage(p.Username, r))
	}
	return expected(p, row, r) == 0 && !strings.Contains(row.Path, ":request")
}

// address is where the deed is done.
func (s *scene) address(row route) string {
	path := row.Path
	for name, id := range s.place {
		path = strings.ReplaceAll(path, ":"+name, id)
	}
	row.Path = path
	return places(s.t, row, s.request(), string(s.id))
}

// post sends a form as somebody who signed in a moment ago.
func (s *site) post(path string, cookie *http.Cookie, pairs []string) *http.Response {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req := httptest.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	req.AddCookie(cookie)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	s.ui.ServeHTTP(rec, req)
	return rec.Result()
}

// done does a deed as somebody who may, and fails the test unless it is on
// record afterwards.
func (s *scene) done(row route, d deed) {
	s.t.Helper()
	s.place = map[string]string{}
	cookie := s.enter(s.t, string(s.who))
	if d.first != nil {
		d.first(s)
	}
	form, before, was := d.form(s), s.last(s.t), s.request()
	res := s.post(s.address(row), cookie, form)
	want := d.leaves
	if d.again != "" && was.Status == review.Returned {
		want = d.again
	}
	if want == "" && res.StatusCode < 400 {
		return
	}
	list, err := s.Store.Events(s.t.Context(), review.EventQuery{After: before, Types: []review.EventType{want}})
	s.must(err)
	if res.StatusCode >= 400 || len(list) == 0 || list[0].Actor != s.who {
		s.t.Errorf("%s as %s (%s) in %s: %d, and %d events %s; they may: %s", row.Path, s.who, onPage(s.who, was), s.status, res.StatusCode, len(list), want, tags.ReplaceAllString(text(s.t, res), ""))
	}
}

// closed tries a deed that the status forbids, or a route asks more for: nothing
// changes.
func (s *scene) closed(row route, d deed) {
	s.t.Helper()
	cookie, before := s.enter(s.t, string(s.who)), s.digest(s.t, s.id)
	res := s.post(s.address(row), cookie, d.form(s))
	if res.StatusCode >= 500 || s.digest(s.t, s.id) != before {
		s.t.Errorf("%s as %s in %s: %d, and something changed: %t", row.Path, s.who, s.status, res.StatusCode, s.digest(s.t, s.id) != before)
	}
}

// scenes keeps those that are still as they were played.
type scenes map[string]*scene

func (all scenes) at(t *testing.T, status review.Status, d deed) (*scene, string) {
	t.Helper()
	key := fmt.Sprint(status, d.small, d.votes)
	if all[key] == nil {
		s, r := matrixSite(t, status, playing{small: d.small, votes: d.votes})
		all[key] = &scene{site: s, t: t, status: status, id: r.ID}
	}
	return all[key], key
}

// standsAs is what of a request decides on what can be done with it.
func standsAs(r *review.Request) string {
	said := fmt.Sprint(r.Status, len(r.Comments), r.Seats)
	for _, g := range r.Groups {
		for _, f := range g.Files {
			said += fmt.Sprint(f.ID, f.Kind, f.Release, f.Checkers, f.Votes)
		}
	}
	return said
}

// Every route that changes something, as those whom the documents let do it, on
// a request in each status in which it can work, until it succeeds. A usual run
// tries each route once; make matrix tries it as everybody in every status.
func letIn(t *testing.T) {
	all, table, played, whole, done := deeds(), permissions(t), scenes{}, os.Getenv("SALLYPORT_MATRIX") != "", 0
	tests := testNames(t)
	for _, row := range routes() {
		d, ok := all[row.Path]
		switch {
		case row.Method == http.MethodGet:
			continue
		case !ok:
			t.Errorf("%s does not say how it is done: give it a deed", row.Path)
			continue
		case d.proved != "":
			if !slices.Contains(tests, d.proved) {
				t.Errorf("%s is said to be done by %s, which is not there", row.Path, d.proved)
			}
			continue
		}
		tried := false
		for _, status := range allStatuses() {
			if tried && (!whole || !strings.Contains(row.Path, ":request") && !strings.Contains(row.Path, ":workspace")) {
				break
			}
			for n := 0; ; n++ {
				s, key := played.at(t, status, d)
				who := s.whoMay(row, d, table)
				if n >= len(who) || n > 0 && !whole {
					break
				}
				s.who, tried = who[n], true
				was := standsAs(s.request())
				s.done(row, d)
				done++
				if standsAs(s.request()) != was || d.first != nil {
					delete(played, key)
				}
			}
		}
		if !tried {
			t.Errorf("%s is open to nobody", row.Path)
		}
	}
	t.Logf("%d deeds done", done)
}

// whoMay lists those who may do a deed, always in the same order.
func (s *scene) whoMay(row route, d deed, table map[policy.Action]map[review.Status][]string) []review.Username {
	people, err := s.World.Store.People(s.t.Context())
	s.must(err)
	r := s.request()
	var out []review.Username
	for i := range people {
		if p := s.As(s.t, people[i].Username).Person; d.may(p, row, r, table) {
			out = append(out, p.Username)
		}
	}
	slices.Sort(out)
	return out
}
