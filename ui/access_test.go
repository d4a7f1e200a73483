package ui

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// Two people give a role and take it away on the pages; it counts from the next
// request on, in a session that was open all the while.
func TestRolesOnPages(t *testing.T) {
	s := newSite(t)
	tim, ops, lea := s.as(t, "tim"), s.as(t, "ops"), s.as(t, "lea")
	tim.get("/queue").want(http.StatusNotFound)
	ops.get("/access/people/tim").want(http.StatusOK).has("Roles of Person tim", "Researcher", "the people file", "File requests")

	give := []string{"role", "checker", "for", "service"}
	ops.post("/access/people/tim/grants", give...).want(http.StatusUnprocessableEntity).has("There is a problem", "Give the role")
	ops.post("/access/people/tim/grants", append(give, "reason", "Trained <b>in</b> November.", "until", "soon")...).want(http.StatusUnprocessableEntity).has("Give a day")
	ops.post("/access/people/tim/grants", append(give, "reason", "Trained <b>in</b> November.")...).want(http.StatusOK).has("Proposed.", "Trained <b>in</b> November.", "Somebody else confirms it.")
	tim.get("/queue").want(http.StatusNotFound)
	answer := lea.get("/access").want(http.StatusOK).has("Waiting for a second person", "Give Person tim the role Output checker", "Person ops").actions("/access/proposals/")
	if len(answer) != 1 {
		t.Fatalf("%d proposals to answer", len(answer))
	}
	ops.post(answer[0], "answer", "yes").want(http.StatusForbidden) // who proposed it
	s.as(t, "aud").post(answer[0], "answer", "yes").want(http.StatusNotFound)
	lea.post(answer[0], "answer", "perhaps").want(http.StatusUnprocessableEntity)
	lea.post(answer[0], "answer", "yes").want(http.StatusOK).has("Confirmed.", "Nothing.")
	tim.get("/queue").want(http.StatusOK)
	tim.get("/account/access").want(http.StatusOK).has("What you may do", "Output checker", "ops and lea", "Trained <b>in</b> November.", "Vote on files").lacks("Give a role", "End")

	ops.get("/access/people/tim").has("Person ops and Person lea")
	g := grantOf(t, s, "tim", policy.Checker)
	ops.post("/access/people/ann/grants/"+g+"/revoke", "reason", "Left.", "when", "now").want(http.StatusNotFound) // not hers
	ops.post("/access/people/tim/grants/"+g+"/revoke", "when", "now").want(http.StatusUnprocessableEntity)
	ops.post("/access/people/tim/grants/"+g+"/revoke", "reason", "Laptop stolen.", "when", "now").want(http.StatusOK).has("The role has ended.", "Roles that have ended", "Laptop stolen.")
	tim.get("/queue").want(http.StatusNotFound)
	lea.get("/access").has("was ended at once: was that right?")
}

// Nobody is offered to change their own roles, and an auditor is offered nothing.
func TestRolesOffered(t *testing.T) {
	s := newSite(t)
	s.as(t, "ops").get("/access/people/ops").want(http.StatusOK).lacks("Give a role")
	s.as(t, "ops").post("/access/people/ops/grants", "role", "researcher", "for", "service", "reason", "x").want(http.StatusUnprocessableEntity).has("Nobody changes what they may do themselves")
	s.as(t, "aud").get("/access/people/tim").want(http.StatusOK).lacks("Give a role", "End it")
	s.as(t, "aud").post("/access/people/tim/grants", "role", "researcher", "for", "service", "reason", "x").want(http.StatusNotFound)
	s.as(t, "ann").get("/access").want(http.StatusNotFound)
	s.as(t, "ops").get("/access/people/nobody").want(http.StatusNotFound)
}

// Roles are changed by whoever showed a moment ago that it is they.
func TestRolesAskWhoItIs(t *testing.T) {
	s := newSite(t)
	ops := s.as(t, "ops")
	s.Advance(defaultConfirm + 1)
	ops.post("/access/people/tim/grants", "role", "copilot", "for", "project:study", "reason", "Helps.").want(http.StatusOK).has("Confirm that it is you")
	ops.post("/confirm").want(http.StatusOK).has("Nothing was done yet")
	ops.post("/access/people/tim/grants", "role", "copilot", "for", "project:study", "reason", "Helps.").want(http.StatusOK).has("The role is given")
}

// actions lists the addresses that the page's forms are sent to, of a prefix.
func (b *browser) actions(prefix string) []string {
	var out []string
	for _, part := range strings.Split(b.body, `action="`)[1:] {
		if to, _, _ := strings.Cut(part, `"`); strings.HasPrefix(to, prefix) {
			out = append(out, to)
		}
	}
	return out
}

func grantOf(t *testing.T, s *site, name review.Username, role policy.Role) string {
	t.Helper()
	all, err := s.World.Store.Grants(t.Context(), review.GrantQuery{Person: name, Open: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all { // also those that ran out and that nobody ended
		if g.Role == role && g.InForce(s.Now()) {
			return g.ID
		}
	}
	t.Fatalf("%s is no %s", name, role)
	return ""
}

// bearer asks the programming interface with a token of the person's, made now.
func (s *site) bearer(t *testing.T, name review.Username) func(path string) int {
	t.Helper()
	secret, _, err := s.ui.options.API.CreateToken(t.Context(), s.As(t, name), api.NewToken{Name: "a test", Scopes: []policy.Scope{policy.ScopeRead}, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	return func(path string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, s.url+api.Prefix+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
}

// A role that is taken away, or that runs out, counts no more from the next
// request on: in a session that stays open, and for a token that stays in force.
func TestRolesEndAtOnce(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	for name, end := range map[string]func(grant string){
		"revoked": func(grant string) {
			if _, err := s.Revoke(t.Context(), s.As(t, "ops"), grant, "left", true); err != nil {
				t.Fatal(err)
			}
		},
		"ran out": func(string) { s.Advance(2 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			ask := review.Ask{Person: "tim", Role: policy.Copilot, Reach: policy.OneProject, In: "study", Why: "helps", Until: s.Now().Add(time.Minute)}
			if _, err := s.Grant(t.Context(), s.As(t, "ops"), ask); err != nil {
				t.Fatal(err)
			}
			tim, token := s.as(t, "tim"), s.bearer(t, "tim")
			tim.get(request).want(http.StatusOK).has("Rates by region")
			if got := token(request); got != http.StatusOK {
				t.Fatalf("the token gets %d", got)
			}
			end(grantOf(t, s, "tim", policy.Copilot))
			tim.get(request).want(http.StatusNotFound).lacks("Rates by region")
			if got := token(request); got != http.StatusNotFound {
				t.Errorf("the token gets %d, want 404", got)
			}
			tim.get("/workspaces").want(http.StatusOK) // the session itself is open
		})
	}
}

// Who comes in by an invitation to a role that takes two people is let in, and
// has the role once somebody else than whoever invited them has said so.
func TestInvitedToAGuardedRole(t *testing.T) {
	s := realSite(t)
	nora := reviewtest.People()[3] // a checker
	nora.Username, nora.Name, nora.PasswordHash = "nora", "Person nora", ""
	s.save(t, nora)
	ops := s.signIn(t, "ops")
	s.enrol(t, ops)
	ops.post("/people/nora/invite").want(http.StatusOK)
	link := regexp.MustCompile(`/invitation/[^<"]+`).FindString(ops.body)
	s.as(t, "").post(link, "password", "lantern gravel otter", "again", "lantern gravel otter").want(http.StatusOK).has("A second person confirms", "Output checker")
	if s.As(t, "nora").Has(policy.Checker) {
		t.Fatal("who made the invitation could be a checker with it")
	}
	all, err := s.World.Store.Proposals(t.Context(), true)
	if err != nil || len(all) != 1 || all[0].By != "ops" {
		t.Fatalf("%+v, %v", all, err)
	}
	ops.post("/access/proposals/"+all[0].ID, "answer", "yes").want(http.StatusForbidden)
	if err := s.Confirm(t.Context(), s.As(t, "lea"), all[0].ID, true); err != nil {
		t.Fatal(err)
	}
	if !s.As(t, "nora").Has(policy.Checker) {
		t.Error("what was confirmed does not count")
	}
}
