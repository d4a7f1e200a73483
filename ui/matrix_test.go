package ui

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// matrixStatuses are the statuses that a request is played into. All of them are
// tried by make matrix; a usual run takes the two in which people stand to it in
// most ways.
func matrixStatuses() []review.Status {
	if os.Getenv("SALLYPORT_MATRIX") != "" {
		return allStatuses()
	}
	return []review.Status{review.PartiallyReviewed, review.Released}
}

// playing says what a request that is played into a status is of.
type playing struct {
	small bool            // small counts, with an exception and an answer to a finding
	votes review.Decision // what the checkers think of it, where the status leaves it open; "" is to approve
}

// matrixSite is a site whose request of ann's is in a status, with people of
// every role, and of every way in which a role can be over.
func matrixSite(t *testing.T, status review.Status, p playing) (*site, *review.Request) {
	t.Helper()
	s := ranSite(t)
	ctx := context.Background()
	who := []review.Person{
		{Username: "dev", Name: "Core Developer", Roles: []policy.Role{policy.CoreDeveloper}, Projects: []review.ProjectID{reviewtest.Trial}},
		{Username: "inv", Name: "Data Investigator", Roles: []policy.Role{policy.DataInvestigator}, Projects: []review.ProjectID{reviewtest.Trial}},
		{Username: "old", Name: "Untrained", Roles: []policy.Role{policy.Checker}, TrainedUntil: s.Now().Add(-time.Hour)},
		{Username: "col", Name: "Collaborator"}, {Username: "pia", Name: "Copilot"}, {Username: "gus", Name: "Was a copilot"}, {Username: "nil", Name: "No role"},
	}
	s.save(t, who...)
	for _, p := range who {
		s.ui.options.People = append(s.ui.options.People, DemoPerson{Username: p.Username, Name: p.Name, Role: "Role", About: "About."})
	}
	for _, ask := range []review.Ask{
		{Person: "col", Role: policy.Collaborator}, {Person: "pia", Role: policy.Copilot},
		{Person: "gus", Role: policy.Copilot, Until: s.Now().Add(time.Minute)},
	} {
		ask.Reach, ask.In, ask.Why = policy.OneProject, string(reviewtest.Study), "a test"
		if _, err := s.Grant(ctx, s.As(t, "ops"), ask); err != nil {
			t.Fatal(err)
		}
	}
	id := s.playAs(t, status, p)
	s.Advance(2 * time.Minute)
	r, err := s.World.Store.Request(ctx, id)
	if err != nil || r.Status != status {
		t.Fatalf("the request is %v, %v; want %s", r, err, status)
	}
	return s, r
}

// play takes a request of ann's into a status.
func (s *site) play(t *testing.T, status review.Status) review.RequestID {
	t.Helper()
	return s.playAs(t, status, playing{})
}

func (s *site) playAs(t *testing.T, status review.Status, p playing) review.RequestID {
	t.Helper()
	ctx := context.Background()
	content := roundedCSV
	if p.small {
		content = smallCSV
	}
	path := s.draft(t, "release/rates.csv", content)
	id := review.RequestID(strings.TrimPrefix(path, "/requests/"))
	if p.small {
		s.explain(t, id)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	switch status {
	case review.Pending:
		return id
	case review.Withdrawn:
		do(s.Withdraw(ctx, s.As(t, "ann"), id))
		return id
	}
	s.submit(t, path)
	r, err := s.World.Store.Request(ctx, id)
	do(err)
	decision := cmp.Or(p.votes, review.Approve)
	if status == review.Returned || status == review.Rejected {
		decision = review.RequestChanges
	}
	one := s.As(t, r.Seats[0].Checker)
	for i, seat := range r.Seats {
		a := s.As(t, seat.Checker)
		for g, f := range r.Outputs() {
			do(s.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: decision, Seen: f.Release, Reason: "Because."}))
			do(s.Comment(ctx, a, id, review.CommentInput{Group: g.ID, Visibility: review.Public, Text: "A remark."}))
		}
		if status == review.Submitted || status == review.PartiallyReviewed && i > 0 {
			continue
		}
		do(s.SubmitReview(ctx, a, id))
	}
	switch status {
	case review.Returned:
		do(s.Return(ctx, one, id))
	case review.Rejected:
		do(s.RejectRequest(ctx, one, id, "No."))
	case review.Approved, review.Released:
		do(s.Release(ctx, one, id))
	}
	if status == review.Released {
		s.work(t)
	}
	return id
}

// explain asks for an exception from the rule of small counts, and answers the
// finding.
func (s *site) explain(t *testing.T, id review.RequestID) {
	t.Helper()
	ann := s.As(t, "ann")
	v, err := s.Request(t.Context(), ann, id)
	if err != nil {
		t.Fatal(err)
	}
	f := v.Groups[0].Files[0]
	in := review.AcknowledgeInput{Fingerprint: f.Report.Findings[0].Fingerprint, Code: policy.Default().Acknowledgements[0].ID, Text: "Towns."}
	if err := errors.Join(s.AskException(t.Context(), ann, id, f.File.ID, "small-count", "Towns."), s.Acknowledge(t.Context(), ann, id, in)); err != nil {
		t.Fatal(err)
	}
}

// standing is how somebody stands to the request, by what the documents say and
// not by asking the program.
func standing(p *review.Person, r *review.Request) policy.Relation {
	switch {
	case p.Username == r.Author && p.In(r.Project):
		return policy.Author
	case p.Username == r.Author:
		return policy.Other
	case p.In(r.Project):
		return policy.Member
	case p.Helps(r.Project):
		return policy.Helper
	case r.Seat(p.Username) != nil:
		return policy.Assigned
	}
	return policy.Other
}

// expected is what the table of grants says of a person and a route: 404 or 403
// when they are kept out, 0 when they may pass.
func expected(p *review.Person, row route, r *review.Request) int {
	rel := standing(p, r)
	switch {
	case row.Action == open || row.Action == signedIn || row.Action == confirmed:
		return 0
	case !p.MaySomewhere(row.Action):
		return http.StatusNotFound
	case strings.Contains(row.Path, ":workspace"):
		if rel == policy.Author {
			rel = policy.Member
		}
		if rel == policy.Assigned && slices.Contains([]review.Status{review.Released, review.Rejected, review.Withdrawn}, r.Status) {
			rel = policy.Other // a checker sees what ran while their review is open
		}
		if row.Action != policy.WorkspaceJobs && rel != policy.Member || !policy.Allowed(p.RolesIn(r.Project), row.Action, rel) {
			return http.StatusNotFound
		}
		return 0
	case !strings.Contains(row.Path, ":request") || policy.Allowed(p.RolesIn(r.Project), row.Action, rel):
		return 0
	case policy.Allowed(p.RolesIn(r.Project), policy.RequestView, rel):
		return http.StatusForbidden
	}
	return http.StatusNotFound
}

// places fills the parameters of a route. A parameter without a place fails the
// test: whoever adds one says here where it leads.
func places(t *testing.T, row route, r *review.Request, request string) string {
	t.Helper()
	g := r.Groups[0]
	comment := "none"
	if len(r.Comments) > 0 {
		comment = string(r.Comments[0].ID)
	}
	if request != string(r.ID) {
		g = review.Group{ID: "none", Files: []review.File{{ID: "none"}}}
		comment = "none"
	}
	known := map[string]string{
		"workspace": "cohort", "request": request, "file": string(g.Files[0].ID), "group": string(g.ID), "comment": comment,
		"job": "req2", "action": "tables", "commit": second, "version": "after", "method": "local", "secret": "none",
		"session": "none", "passkey": "none", "person": "tim", "token": "none", "alarm": "none", "size": "1", "seq": "1",
		"grant": "none", "proposal": "none",
	}
	if request != string(r.ID) {
		maps.Copy(known, map[string]string{"workspace": "nowhere", "job": "none", "alarm": "nowhere", "person": "nobody"})
	}
	path := regexp.MustCompile(`:[a-z]+`).ReplaceAllStringFunc(row.Path, func(name string) string {
		to, ok := known[name[1:]]
		if !ok {
			t.Fatalf("%s %s has a parameter %s without a place", row.Method, row.Path, name)
		}
		return to
	})
	return strings.Replace(path, "/*", "/none.css", 1)
}

// enter signs somebody in who may have nowhere to go.
func (s *site) enter(t *testing.T, name string) *http.Cookie {
	t.Helper()
	b := s.as(t, "")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.post("/sign-in/demo", "person", name).want(http.StatusSeeOther)
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	return b.client.Jar.Cookies(at)[0]
}

// digest is what must not change when somebody is kept out.
func (s *site) digest(t *testing.T, id review.RequestID) string {
	t.Helper()
	r, err := s.World.Store.Request(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	grants, err := s.World.Store.Grants(t.Context(), review.GrantQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return reviewtest.JSON(t, r) + reviewtest.JSON(t, grants)
}

// seen is an answer as whoever is kept out sees it, without what differs in any
// two answers: numbers of requests and times.
type seen struct {
	Status int
	Header http.Header
	Body   string
}

var nonce = regexp.MustCompile(`nonce-[A-Za-z0-9+/=_-]+|nonce="[^"]*"|\b[a-z2-7]{12}\b`)

func (s *site) see(t *testing.T, method, path string, cookie *http.Cookie) seen {
	t.Helper()
	s.Advance(500 * time.Millisecond)
	res := s.send(asked{Method: method, Path: path}, cookie, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded")
	h := res.Header.Clone()
	for _, name := range []string{"X-Request-Id", "Set-Cookie", "Date", "Content-Length"} {
		h.Del(name)
	}
	for name := range h {
		h.Set(name, nonce.ReplaceAllString(h.Get(name), "*"))
	}
	return seen{res.StatusCode, h, nonce.ReplaceAllString(text(t, res), "*")}
}

// Every route of the table, as everybody, in each status, through the real
// handler.
func TestMatrix(t *testing.T) {
	t.Run("kept out", keptOut)
	t.Run("let in", letIn)
}

// Who is kept out is kept out, as the table of grants says; what they may not
// see cannot be told from what is not there; and nothing has changed. Nor does
// anything change where the status of the request forbids what they may do.
func keptOut(t *testing.T) {
	cells, kept, closed, all, table := 0, 0, 0, deeds(), permissions(t)
	for _, status := range matrixStatuses() {
		s, r := matrixSite(t, status, playing{})
		people, err := s.World.Store.People(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range people {
			name := people[i].Username
			cookie := s.enter(t, string(name))
			p := s.As(t, name).Person
			for _, row := range routes() {
				cells++
				if row.Action == open || row.Action == signedIn || row.Action == confirmed {
					continue
				}
				want := expected(p, row, r)
				if want == 0 && row.Method != http.MethodGet {
					if d := all[row.Path]; d.proved == "" && !d.may(p, row, r, table) {
						closed++
						(&scene{site: s, t: t, status: status, id: r.ID, who: name}).closed(row, d)
					}
					continue // else letIn does it
				}
				before := ""
				if row.Method != http.MethodGet {
					before = s.digest(t, r.ID)
				}
				got := s.see(t, row.Method, places(t, row, r, string(r.ID)), cookie)
				where := row.Method + " " + row.Path + " as " + string(name) + " (" + string(standing(p, r)) + ") in " + string(status)
				switch {
				case got.Status >= 500:
					t.Errorf("%s: %d", where, got.Status)
				case want == 0 && got.Status == http.StatusForbidden, want == 0 && got.Status == http.StatusNotFound && !mayLack(row, status):
					t.Errorf("%s: %d, and they may", where, got.Status)
				case want != 0 && got.Status != want:
					t.Errorf("%s: %d, want %d", where, got.Status, want)
				}
				if want == 0 {
					continue
				}
				kept++
				if before != "" && s.digest(t, r.ID) != before {
					t.Errorf("%s: refused, and something changed", where)
				}
				if want == http.StatusNotFound && strings.Contains(row.Path, ":") {
					if none := s.see(t, row.Method, places(t, row, r, "NONE"), cookie); got.Body != none.Body || !maps.EqualFunc(got.Header, none.Header, slices.Equal) {
						t.Errorf("%s: what they may not see differs from what is not there", where)
					}
				}
			}
		}
	}
	t.Logf("%v: %d cells, %d of them closed, and %d by the status", matrixStatuses(), cells, kept, closed)
}

// mayLack are routes whose thing need not be there for one who may ask.
func mayLack(row route, status review.Status) bool {
	switch row.Path {
	case "/requests/:request/files/:file/changes", "/requests/:request/files/:file/changes/:version", // of a file that never changed
		"/access/people/:person/grants/:grant/revoke", "/access/proposals/:proposal", // tried with none
		"/status/alarms/:alarm", "/workspaces/:workspace/code/:commit/*", "/workspaces/:workspace/jobs/:job",
		"/workspaces/:workspace/logs/:action", "/workspaces/:workspace/compare":
		return true
	}
	// Nothing was released, and a checker sees a request from its submission on.
	if row.Path == "/requests/:request/route" {
		return status.Owner() != "checkers"
	}
	return row.Action == policy.ReleasePackage || row.Action == policy.ReleaseRecall || status == review.Pending || status == review.Withdrawn
}
