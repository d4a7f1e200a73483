package policy

import "testing"

// Every action that some role may do is let through by a scope, and by no scope
// that a token does not have.
func TestScopesCoverTheGrants(t *testing.T) {
	var all []Scope
	for _, row := range Scopes() {
		all = append(all, row.Scope)
	}
	for _, g := range Grants() {
		for _, action := range g.Actions {
			if !InScope(all, action) && action != PeopleManage { // no program decides who may come in
				t.Errorf("no scope lets %s through", action)
			}
			if InScope(nil, action) || InScope([]Scope{"admin"}, action) {
				t.Errorf("%s is let through without a scope", action)
			}
		}
	}
}

func TestScopesKeepReadingFromActing(t *testing.T) {
	for _, action := range []Action{RequestCreate, RequestEdit, RequestSubmit, ReviewVote, ReviewSubmit, ReviewRelease, ReviewReject, NoticesChoose} {
		if InScope([]Scope{ScopeRead, ScopeAudit}, action) {
			t.Errorf("a token that may only read lets %s through", action)
		}
	}
	if InScope([]Scope{ScopeReview}, ReviewRelease) {
		t.Error("reviewing lets releasing through")
	}
	if KnownScope("admin") || !KnownScope(ScopeRead) {
		t.Error("KnownScope is wrong")
	}
}
