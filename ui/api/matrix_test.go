package api_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// stage is a request of ann's with what is needed to address it.
type stage struct {
	*site
	t                      *testing.T
	id, file, group, print string
	one, two               string // its checkers; "" while it is a draft
	seen                   string
	grant, proposal        string // of a role of tim's; "" for none
}

// openGrant is a grant of a role that is in force.
func (s *stage) openGrant(name review.Username, role policy.Role) string {
	s.t.Helper()
	all, err := s.store.Grants(s.t.Context(), review.GrantQuery{Person: name, Open: true})
	if err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(g review.RoleGrant) bool { return g.Role == role })
	if i < 0 {
		s.t.Fatalf("%s is no %s", name, role)
	}
	return all[i].ID
}

// proposed is a role that an operator of its own proposes for somebody.
func (s *stage) proposed(name review.Username, role policy.Role) string {
	s.t.Helper()
	other := review.Person{Username: "opa", Name: "Another Operator", Roles: []policy.Role{policy.Operator}}
	if err := s.store.SavePeople(s.t.Context(), []review.Person{other}, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged}); err != nil {
		s.t.Fatal(err)
	}
	ask := review.Ask{Person: name, Role: role, Reach: policy.WholeService, Why: "A test."}
	if _, err := s.Grant(s.t.Context(), s.World.As(s.t, "opa"), ask); err != nil {
		s.t.Fatal(err)
	}
	all, err := s.store.Proposals(s.t.Context(), true)
	if err != nil || len(all) == 0 {
		s.t.Fatalf("%v, %v", all, err)
	}
	return all[0].ID
}

// newStage makes a draft, or a request submitted to two checkers with a
// checkers' comment on it, or one with both reviews in.
func newStage(t *testing.T, status review.Status) *stage {
	t.Helper()
	s := &stage{site: newSite(t), t: t}
	s.id = s.draft(t, "release/small.csv", "release/more.csv")
	ann := s.as(t, "ann")
	v := into[filed](ann.get("/requests/" + s.id))
	f := v.Groups[0].Files[0]
	s.group, s.file, s.seen, s.print = v.Groups[0].ID, f.ID, f.ReleaseSHA256, f.Report.Findings[0].Fingerprint
	at := "/requests/" + s.id
	ann.post(at+"/files/"+s.file+"/exceptions", object{"check": "small-count", "reason": "Towns."}).want(http.StatusNoContent)
	ann.post(at+"/acknowledgements", object{"fingerprint": s.print, "code": policy.Default().Acknowledgements[0].ID, "text": "Towns."}).want(http.StatusNoContent)
	if status == review.Pending {
		return s
	}
	s.submit(t, s.id)
	one, two := s.seats(t, s.id)
	s.one, s.two = into[struct{ Username string }](one.get("/me")).Username, into[struct{ Username string }](two.get("/me")).Username
	if status == review.Submitted {
		return s
	}
	for _, p := range []*program{one, two} {
		p.post(at+"/comments", object{"group": s.group, "visibility": "checkers", "text": "Hm."}).want(http.StatusNoContent)
		p.post(at+"/files/"+s.file+"/exceptions/answer", object{"check": "small-count", "accept": true}).want(http.StatusNoContent)
		p.voteAll(s.id, "approve", "Looked at.")
		p.post(at+"/review", nil).want(http.StatusNoContent)
	}
	if status == review.Released {
		one.post(at+"/release", nil).want(http.StatusAccepted)
		for did := true; did; {
			var err error
			if did, err = s.WorkOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// comment is the id of a checkers' comment, "none" when there is none.
func (s *stage) comment(t *testing.T) string {
	r, err := s.store.Request(t.Context(), review.RequestID(s.id))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Comments) == 0 {
		return "none"
	}
	return string(r.Comments[0].ID)
}

// relation is how a person stands to the request now.
func (s *stage) relation(t *testing.T, p review.Person) policy.Relation {
	t.Helper()
	r, err := s.store.Request(t.Context(), review.RequestID(s.id))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case r.Author == p.Username:
		return policy.Author
	case slices.Contains(p.Projects, r.Project):
		return policy.Member
	case r.Seat(p.Username) != nil:
		return policy.Assigned
	default:
		return policy.Other
	}
}

// try is how a route that changes something is tried.
type try struct {
	status review.Status // in which the route can work
	body   func(*stage) object
}

func empty(*stage) object { return object{} }

// tries says for each route in which status of the request it is tried and with
// what. A route that is missing here fails the test.
func tries() map[string]try {
	reason := func(*stage) object { return object{"reason": "Because."} }
	draft := func(body func(*stage) object) try { return try{status: review.Pending, body: body} }
	submitted := func(body func(*stage) object) try { return try{status: review.Submitted, body: body} }
	reviewed := func(body func(*stage) object) try { return try{status: review.Reviewed, body: body} }
	const r, f = "POST /requests/:request", "POST /requests/:request/files/:file"
	ticked, permitted := reviewtest.Checklist()
	about, controls := reviewtest.Context()
	return map[string]try{
		"PUT /notifications/choices": draft(func(*stage) object { return object{"hour": 7, "when": object{}} }),
		"POST /workspaces/:workspace/draft": draft(func(*stage) object {
			return object{"groups": []object{{"name": "g", "files": []object{{"path": "release/more.csv", "kind": "output"}}}}}
		}),
		"POST /requests":                       draft(func(*stage) object { return object{"workspace": "cohort-next"} }),
		"PUT /requests/:request/details":       draft(func(*stage) object { return object{"title": "T", "purpose": "P"} }),
		"PUT /requests/:request/groups/:group": draft(func(*stage) object { return object{"context": about, "controls": controls} }),
		r + "/reuse":                           draft(func(s *stage) object { return object{"from": s.id} }),
		r + "/files": draft(func(*stage) object {
			return object{"files": []object{{"path": "release/small.csv", "kind": "output", "group": "g"}}}
		}),
		r + "/wildcards":  draft(func(*stage) object { return object{"group": "g", "pattern": "release/m*.csv", "count": 1} }),
		f + "/move":       draft(func(*stage) object { return object{"group": "elsewhere", "kind": "output"} }),
		f + "/update":     draft(empty),
		f + "/withdraw":   draft(empty),
		f + "/exceptions": draft(func(*stage) object { return object{"check": "small-count", "reason": "Towns."} }),
		r + "/acknowledgements": draft(func(s *stage) object {
			return object{"fingerprint": s.print, "code": policy.Default().Acknowledgements[0].ID, "text": "Towns."}
		}),
		r + "/submit":                        draft(func(*stage) object { return object{"checklist": ticked, "permitted_results": permitted} }),
		r + "/withdraw":                      draft(empty),
		r + "/comments":                      submitted(func(s *stage) object { return object{"group": s.group, "text": "Hm.", "visibility": "public"} }),
		r + "/comments/:comment/publish":     reviewed(empty),
		r + "/claim":                         submitted(empty),
		r + "/hand-over":                     submitted(reason),
		r + "/reassign":                      submitted(func(s *stage) object { return object{"from": s.one, "reason": "Because."} }),
		f + "/route":                         submitted(func(s *stage) object { return object{"from": s.one, "to": s.third(), "reason": "Because."} }),
		f + "/vote":                          submitted(func(s *stage) object { return object{"decision": "changes", "reason": "Because.", "seen": s.seen} }),
		r + "/groups/:group/request-changes": submitted(reason),
		f + "/exceptions/answer":             submitted(func(*stage) object { return object{"check": "small-count", "accept": true} }),
		r + "/acknowledgements/answer":       submitted(func(s *stage) object { return object{"fingerprint": s.print, "accept": true} }),
		r + "/review": submitted(func(s *stage) object {
			one := s.as(s.t, s.one)
			one.post("/requests/"+s.id+"/files/"+s.file+"/exceptions/answer", object{"check": "small-count", "accept": true}).want(http.StatusNoContent)
			one.voteAll(s.id, "changes", "Because.")
			return object{}
		}),
		r + "/return": reviewed(empty),
		r + "/reject": reviewed(func(s *stage) object {
			s.as(s.t, s.one).voteAll(s.id, "reject", "Because.")
			return object{"reason": "Because."}
		}),
		r + "/release": reviewed(empty),
		r + "/recall": {status: review.Released, body: func(s *stage) object {
			return object{"words": "A small count is shown.", "severity": "serious", "discovered": s.Now()}
		}},
		r + "/recall/notes": {status: review.Released, body: func(s *stage) object {
			rel, err := s.store.Release(s.t.Context(), review.RequestID(s.id))
			if err != nil {
				s.t.Fatal(err)
			}
			if rel.Recalled == nil {
				in := review.BreachInput{Words: "A small count is shown.", Severity: review.RecallLow, Discovered: s.Now()}
				if err := s.Recall(s.t.Context(), s.World.As(s.t, "aud"), rel.Request, in); err != nil {
					s.t.Fatal(err)
				}
				rel, _ = s.store.Release(s.t.Context(), review.RequestID(s.id))
			}
			return object{"report": rel.Recalled.Reports[0].ID, "words": "It is in hand."}
		}},
		r + "/hold":               reviewed(reason),
		r + "/hold/lift":          reviewed(reason),
		"POST /alarms/:alarm/end": reviewed(reason),
		"POST /access/grants": draft(func(*stage) object {
			return object{"person": "tim", "role": "copilot", "reach": "project", "in": "study", "reason": "Helps."}
		}),
		"POST /access/grants/:grant/revoke": draft(func(s *stage) object {
			s.grant = s.openGrant("tim", policy.Researcher)
			return object{"reason": "Left."}
		}),
		"POST /access/proposals/:proposal": draft(func(s *stage) object {
			s.proposal = s.proposed("tim", policy.Checker)
			return object{"confirm": false}
		}),
		"POST /jobs/:job/retry": reviewed(empty),
	}
}

// third is the checker who has no seat.
func (s *stage) third() string {
	for _, name := range []string{"carl", "cora", "chen"} {
		if name != s.one && name != s.two {
			return name
		}
	}
	return ""
}

// gate is what the grants table says of a person and a route: 404 or 403 when
// they are kept out, 0 when they may pass.
func (s *stage) gate(t *testing.T, p review.Person, r api.Row) int {
	t.Helper()
	switch {
	case r.Action == "":
		return 0
	case !policy.Somewhere(p.Roles, r.Action):
		return http.StatusNotFound
	case strings.Contains(r.Path, ":workspace") || r.Path == "/requests" && r.Method == http.MethodPost:
		rel := s.relation(t, p)
		if rel == policy.Author {
			rel = policy.Member
		}
		if policy.Allowed(p.Roles, r.Action, rel) {
			return 0
		}
		return http.StatusNotFound
	case !strings.Contains(r.Path, ":request"):
		return 0
	}
	switch rel := s.relation(t, p); {
	case policy.Allowed(p.Roles, r.Action, rel):
		return 0
	case policy.Allowed(p.Roles, policy.RequestView, rel):
		return http.StatusForbidden
	default:
		return http.StatusNotFound
	}
}

// Every route, asked by everybody: who has no token is told to get one, and the
// others are let in or kept out exactly as the table of grants says.
func TestEveryRouteByRole(t *testing.T) {
	reading, open, all, closed := newStage(t, review.Released), newStage(t, review.Reviewed), tries(), 0
	for _, r := range api.Rows() {
		name := r.Method + " " + r.Path
		if r.Open || strings.Contains(r.Path, ":token") {
			continue
		}
		s, body := reading, any(nil)
		if strings.Contains(r.Path, ":workspace") {
			s = open // its checkers may look at what it comes from
		}
		if r.Method != http.MethodGet {
			row, ok := all[name]
			if !ok {
				t.Errorf("%s is not tried", name)
				continue
			}
			s = newStage(t, row.status)
			body = row.body(s)
		}
		path := s.address(t, r, map[string]string{
			"workspace": "cohort", "request": s.id, "file": s.file, "group": s.group, "comment": s.comment(t), "which": "before", "size": "1", "seq": "1",
			"person": "tim", "grant": s.grant, "proposal": s.proposal, "job": "none", "action": "none", "commit": "none", "alarm": "none",
		})
		if s.as(t, "").call(r.Method, api.Prefix+path, body).want(http.StatusUnauthorized).header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s does not say how to be let in", name)
		}
		passed := 0
		for _, p := range reviewtest.People() {
			want := s.gate(t, p, r)
			caller := s.as(t, string(p.Username))
			before, kept := s.last(t), s.digest(t)
			caller.call(r.Method, api.Prefix+path, body)
			got := caller.status
			if want != 0 {
				closed++
				if s.digest(t) != kept {
					t.Errorf("%s as %s: refused, and something changed", name, p.Username)
				}
				s.sameAsMissing(t, r, body, caller)
			}
			switch {
			case got >= 500:
				t.Errorf("%s as %s: status %d: %s", name, p.Username, got, caller.body)
			case want != 0 && got != want:
				t.Errorf("%s as %s: status %d, want %d: %s", name, p.Username, got, want, caller.body)
			case want == 0 && got < 300:
				passed++
				s.left(t, name, p.Username, before)
			case want == 0 && got != http.StatusConflict && got != http.StatusUnprocessableEntity && !mayBeGone(name):
				t.Errorf("%s as %s, who may: status %d: %s", name, p.Username, got, caller.body)
			}
		}
		if passed == 0 && !mayBeGone(name) {
			t.Errorf("%s worked for nobody", name)
		}
	}
	t.Logf("%d operations, %d people, %d cells closed", len(api.Rows()), len(reviewtest.People()), closed)
}

// digest is what must not change when somebody is kept out.
func (s *stage) digest(t *testing.T) string {
	t.Helper()
	r, err := s.store.Request(t.Context(), review.RequestID(s.id))
	if err != nil {
		t.Fatal(err)
	}
	grants, err := s.store.Grants(t.Context(), review.GrantQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return reviewtest.JSON(t, r) + reviewtest.JSON(t, grants)
}

// address fills the parameters of a route. One without a place fails the test:
// whoever adds it says where it leads.
func (s *stage) address(t *testing.T, r api.Row, places map[string]string) string {
	t.Helper()
	return regexp.MustCompile(`:[a-z]+`).ReplaceAllStringFunc(r.Path, func(name string) string {
		to, ok := places[name[1:]]
		if !ok {
			t.Fatalf("%s %s has a parameter %s without a place", r.Method, r.Path, name)
		}
		return to
	})
}

// sameAsMissing holds an answer to the one for what is not there, whatever the
// address or the body names: byte for byte, but for the number of the call.
func (s *stage) sameAsMissing(t *testing.T, r api.Row, body any, got *program) {
	t.Helper()
	if got.status != http.StatusNotFound {
		return
	}
	none := s.as(t, "", []policy.Scope{}...)
	none.secret = got.secret
	nowhere := map[string]string{"size": "999999999", "seq": "999999999", "which": "before"}
	for _, name := range []string{"workspace", "request", "file", "group", "comment", "person", "grant", "proposal", "job", "action", "commit", "alarm"} {
		nowhere[name] = "NONE"
	}
	if said, ok := body.(object); ok {
		other := maps.Clone(said)
		for _, name := range []string{"workspace", "person", "in", "from", "to", "report"} {
			if _, named := other[name]; named {
				other[name] = "NONE"
			}
		}
		body = other
	}
	none.call(r.Method, api.Prefix+s.address(t, r, nowhere), body)
	number := regexp.MustCompile(`\b[a-z2-7]{12}\b`)
	plain := func(p *program) string {
		h := p.header.Clone()
		for _, name := range []string{"X-Request-Id", "Date", "Content-Length"} {
			h.Del(name)
		}
		return number.ReplaceAllString(reviewtest.JSON(t, h)+string(p.body), "*")
	}
	if diff := cmp.Diff(plain(none), plain(got)); none.status != got.status || diff != "" {
		t.Errorf("%s %s: what one may not see differs from what is not there (-missing +hidden):\n%s", r.Method, r.Path, diff)
	}
}

// mayBeGone are routes whose thing may not be there for one who may ask: a seat
// that is not free, a version of a file that never changed, a release to come.
func mayBeGone(name string) bool {
	return slices.Contains([]string{
		"POST /requests/:request/claim", "GET /requests/:request/files/:file/versions/:which", "GET /requests/:request/files/:file/versions", "POST /jobs/:job/retry",
		"GET /requests/:request/recall", "POST /requests/:request/hold/lift", "POST /alarms/:alarm/end",
		// These workspaces record no runs; see TestJobs.
		"GET /workspaces/:workspace/jobs/:job", "GET /workspaces/:workspace/logs/:action",
		"GET /workspaces/:workspace/code/:commit", "GET /workspaces/:workspace/code/:commit/changes",
		// The first to be let in takes away what the next would need.
		"POST /access/grants/:grant/revoke", "POST /access/proposals/:proposal",
		"POST /requests/:request/files/:file/withdraw", "POST /requests/:request/files/:file/vote",
		"POST /requests/:request/files/:file/route",
	}, name)
}

// A token lets through what its scopes say: each route is refused to a token
// with every other scope, and not refused to one with the scope alone.
func TestEveryRouteByScope(t *testing.T) {
	s := newStage(t, review.Submitted)
	everything := review.Person{Username: "all", Name: "All Roles", Roles: []policy.Role{policy.Researcher, policy.Checker, policy.Lead}, Projects: []review.ProjectID{reviewtest.Study}, TrainedUntil: s.Now().AddDate(1, 0, 0)}
	people := []review.Person{everything, {Username: "aud", Name: "Aud", Roles: []policy.Role{policy.Auditor}}}
	if err := s.store.SavePeople(t.Context(), people, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"all", "aud"} {
		tokens := map[policy.Scope]*program{}
		for _, scope := range allScopes() {
			tokens[scope] = s.as(t, who, scope)
		}
		for _, r := range api.Rows() {
			roles := people[slices.IndexFunc(people, func(p review.Person) bool { return string(p.Username) == who })].Roles
			if r.Open || r.Action == "" || !policy.Somewhere(roles, r.Action) {
				continue
			}
			path := api.Prefix + strings.NewReplacer(":workspace", "none", ":request", "none", ":file", "none", ":group", "none", ":comment", "none").Replace(r.Path)
			for scope, p := range tokens {
				refused := p.call(r.Method, path, nil).status == http.StatusForbidden && strings.Contains(string(p.body), "scopes")
				if want := !policy.InScope([]policy.Scope{scope}, r.Action); refused != want {
					t.Errorf("%s %s with the scope %s: refused is %v, want %v: %d %s", r.Method, r.Path, scope, refused, want, p.status, p.body)
				}
			}
		}
	}
}

// Until both reviews are in, nothing that the other checker can fetch changes
// with what one of them does, and nothing that author, project or lead can.
func TestBlind(t *testing.T) {
	s := newStage(t, review.Submitted)
	two := s.as(t, s.two)
	readers := []string{s.one, "ann", "abe", "lea"}
	before := map[string]map[string]string{}
	for _, name := range readers {
		before[name] = s.everything(t, name)
		if len(before[name]["/requests/"+s.id]) < 500 {
			t.Fatalf("%s sees nothing to compare: %v", name, before[name])
		}
	}
	at := "/requests/" + s.id
	two.post(at+"/files/"+s.file+"/exceptions/answer", object{"check": "small-count", "accept": false, "reason": "No."}).want(http.StatusNoContent)
	two.post(at+"/acknowledgements/answer", object{"fingerprint": s.print, "accept": false, "reason": "No."}).want(http.StatusNoContent)
	two.post(at+"/comments", object{"group": s.group, "visibility": "public", "text": "Not this."}).want(http.StatusNoContent)
	two.voteAll(s.id, "reject", "Not this.")
	for _, name := range readers {
		if diff := cmp.Diff(before[name], s.everything(t, name)); diff != "" {
			t.Errorf("%s learns of a review (-before +after):\n%s", name, diff)
		}
	}
}

// everything is what a person can fetch, by address.
func (s *stage) everything(t *testing.T, name string) map[string]string {
	t.Helper()
	p, out := s.as(t, name), map[string]string{}
	for _, r := range api.Rows() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/me") || strings.HasPrefix(r.Path, "/tokens") {
			continue // these say when a token was used
		}
		path := strings.NewReplacer(":workspace", "cohort", ":request", s.id, ":file", s.file, ":group", s.group, ":which", "before").Replace(r.Path)
		if p.get(path).status < 400 { // a problem has its own request_id
			out[path] = string(p.body)
		}
	}
	return out
}
