package ui

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
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
	for _, g := range all {
		if g.Role == role {
			return g.ID
		}
	}
	t.Fatalf("%s is no %s", name, role)
	return ""
}
