package reviewtest

import (
	"testing"

	"sallyport/policy"
	"sallyport/review"
)

// sampleGrant has every field set of a grant that is open.
func sampleGrant(id string) review.RoleGrant {
	return review.RoleGrant{
		ID: id, Person: "ada", Role: policy.Copilot, Reach: policy.OneProject, In: "one", Source: review.FromAccess,
		By: "bob", Second: "cyn", Why: "helps with the cohort", Made: later(1), Until: later(90),
	}
}

func sampleProposal(id string) review.Proposal {
	g := sampleGrant("of " + id)
	g.Second = ""
	return review.Proposal{ID: id, Kind: review.ProposeGrant, Grant: g, By: "bob", Why: g.Why, Made: later(1), Lapses: later(8)}
}

// changeAccess makes one change of who may do what, with an event.
func changeAccess(t *testing.T, s review.Store, c review.AccessChange) error {
	t.Helper()
	return s.UpdateAccess(t.Context(), func([]review.RoleGrant, []review.Proposal) (review.AccessChange, error) {
		c.Events = []review.Event{{At: later(2), Type: review.EvAccessGranted, Actor: "bob"}}
		return c, nil
	})
}

func accessPeople(t *testing.T, s review.Store) {
	t.Helper()
	people := []review.Person{{Username: "ada", Name: "Ada"}, {Username: "bob", Name: "Bob"}, {Username: "cyn", Name: "Cyn"}}
	must(t, s.SavePeople(t.Context(), people, []review.Project{{ID: "one", Name: "One", Backend: "TPP"}},
		review.Event{At: later(0), Type: review.EvPeopleChanged, Actor: "system"}))
}

func grantsKept(t *testing.T, s review.Store) {
	ctx := t.Context()
	accessPeople(t, s)
	first, second := sampleGrant("g1"), sampleGrant("g2")
	second.Role, second.Until = policy.Collaborator, later(0).AddDate(1, 0, 0)
	must(t, changeAccess(t, s, review.AccessChange{Begin: []review.RoleGrant{first, second}}))
	got, err := s.Grants(ctx, review.GrantQuery{Person: "ada"})
	must(t, err)
	same(t, "grants", []review.RoleGrant{first, second}, got)
	p, err := s.Person(ctx, "ada")
	must(t, err)
	same(t, "what they may be", []review.ScopedRole{{Role: policy.Copilot, Project: "one", Until: first.Until}, {Role: policy.Collaborator, Project: "one", Until: second.Until}}, p.Scoped)

	ended := first
	ended.Ended, ended.EndedBy, ended.EndWhy = later(3), "cyn", "left"
	must(t, changeAccess(t, s, review.AccessChange{End: []review.RoleGrant{ended}}))
	if err := changeAccess(t, s, review.AccessChange{End: []review.RoleGrant{ended}}); review.KindOf(err) != review.Conflict {
		t.Errorf("a grant ended twice: %v", err)
	}
	got, err = s.Grants(ctx, review.GrantQuery{Open: true})
	must(t, err)
	same(t, "open grants", []review.RoleGrant{second}, got)
	got, err = s.Grants(ctx, review.GrantQuery{})
	must(t, err)
	same(t, "all grants", []review.RoleGrant{ended, second}, got)
}

func proposalsKept(t *testing.T, s review.Store) {
	ctx := t.Context()
	accessPeople(t, s)
	p := sampleProposal("p1")
	must(t, changeAccess(t, s, review.AccessChange{Propose: []review.Proposal{p}}))
	got, err := s.Proposals(ctx, true)
	must(t, err)
	same(t, "what waits", []review.Proposal{p}, got)
	for _, who := range []review.Username{"ada", "bob"} { // the one concerned, and who proposed it
		p.Settled, p.Second, p.Outcome = later(3), who, review.Confirmed
		if err := changeAccess(t, s, review.AccessChange{Settle: []review.Proposal{p}}); err == nil {
			t.Errorf("%s was the second person", who)
		}
	}
	p.Second = "cyn"
	must(t, changeAccess(t, s, review.AccessChange{Settle: []review.Proposal{p}}))
	if err := changeAccess(t, s, review.AccessChange{Settle: []review.Proposal{p}}); review.KindOf(err) != review.Conflict {
		t.Errorf("a proposal was settled twice: %v", err)
	}
	got, err = s.Proposals(ctx, true)
	must(t, err)
	same(t, "what waits", 0, len(got))
	got, err = s.Proposals(ctx, false)
	must(t, err)
	same(t, "all proposals", []review.Proposal{p}, got)
}

func accessWhole(t *testing.T, s review.Store) {
	accessPeople(t, s)
	nobody, own, silent := sampleGrant("g1"), sampleGrant("g2"), sampleGrant("g3")
	nobody.Person, own.By, own.Second = "zed", "ada", ""
	for name, c := range map[string]review.AccessChange{
		"nobody":     {Begin: []review.RoleGrant{sampleGrant("g0"), nobody}},
		"themselves": {Begin: []review.RoleGrant{sampleGrant("g0"), own}},
		"not there":  {Begin: []review.RoleGrant{sampleGrant("g0")}, End: []review.RoleGrant{silent}},
	} {
		if changeAccess(t, s, c) == nil {
			t.Errorf("%s: the change was kept", name)
		}
	}
	err := s.UpdateAccess(t.Context(), func([]review.RoleGrant, []review.Proposal) (review.AccessChange, error) {
		return review.AccessChange{Begin: []review.RoleGrant{silent}}, nil
	})
	if err == nil {
		t.Error("a change without an event was kept")
	}
	got, err := s.Grants(t.Context(), review.GrantQuery{})
	must(t, err)
	same(t, "what was kept", 0, len(got))

	// People come with the proposals about them, or not at all.
	zoe := review.Person{Username: "zoe", Name: "Zoe", Projects: []review.ProjectID{"nowhere"}}
	about := sampleGrant("g4")
	about.Person = "zoe"
	asked := []review.Proposal{{ID: "p4", Kind: review.ProposeGrant, Grant: about, By: "system", Why: "a file", Made: about.Made, Lapses: later(7)}}
	wantKind(t, changeAccess(t, s, review.AccessChange{People: []review.Person{zoe}, Propose: asked}), review.Invalid)
	_, err = s.Person(t.Context(), "zoe")
	wantKind(t, err, review.NotFound)
	waiting, err := s.Proposals(t.Context(), true)
	must(t, err)
	same(t, "proposals of what was refused", 0, len(waiting))
	zoe.Projects = []review.ProjectID{"p9"}
	must(t, changeAccess(t, s, review.AccessChange{People: []review.Person{zoe}, Projects: []review.Project{{ID: "p9", Name: "Nine"}}, Propose: asked}))
	p, err := s.Person(t.Context(), "zoe")
	must(t, err)
	same(t, "projects", zoe.Projects, p.Projects)
	waiting, err = s.Proposals(t.Context(), true)
	must(t, err)
	same(t, "proposals", 1, len(waiting))
}
