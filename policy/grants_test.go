package policy

import "testing"

func TestDeniedByDefault(t *testing.T) {
	tests := []struct {
		role Role
		act  Action
		rel  Relation
		want bool
	}{
		{Researcher, RequestEdit, Author, true},
		{Researcher, RequestEdit, Member, false},
		{Researcher, ReviewVote, Assigned, false}, // a seat without the role is nothing
		{Checker, ReviewVote, Assigned, true},
		{Checker, ReviewVote, Author, false},
		{Checker, ReviewVote, Other, false},
		{Checker, FileContent, Other, false},
		{Auditor, RequestView, Other, true},
		{Auditor, ReviewVote, Assigned, false},
		{Auditor, RequestEdit, Author, false},
		{Operator, FileContent, Other, false},
		{Operator, RequestView, Other, false},
		{Operator, ReviewRelease, Assigned, false},
		{Operator, StatusView, Other, true},
		{"invented", StatusView, Other, false},
		{Researcher, "invented", Author, false},
	}
	for _, tt := range tests {
		if got := Allowed([]Role{tt.role}, tt.act, tt.rel); got != tt.want {
			t.Errorf("%s %s as %s: %v, want %v", tt.role, tt.act, tt.rel, got, tt.want)
		}
	}
}

// An operator and an auditor together still cannot change anything.
func TestStaffCannotReview(t *testing.T) {
	for _, rel := range []Relation{Author, Member, Assigned, Other} {
		for _, a := range []Action{RequestEdit, RequestSubmit, ReviewVote, ReviewSubmit, ReviewReturn, ReviewReject, ReviewRelease} {
			if Allowed([]Role{Operator, Auditor, Lead}, a, rel) {
				t.Errorf("%s allowed to staff as %s", a, rel)
			}
		}
	}
}

func TestRolesThatDoNotGoTogether(t *testing.T) {
	tests := []struct {
		roles []Role
		act   Action
		want  bool
	}{
		{[]Role{Operator, Checker}, ReviewVote, false},
		{[]Role{Operator, Auditor}, FileContent, false},
		{[]Role{Operator, Auditor}, StatusView, true},
		{[]Role{Auditor, Checker}, RecordView, false},
		{[]Role{Auditor, Checker}, AuditView, false},
		{[]Role{Auditor, Checker}, ReviewVote, true},
		{[]Role{Auditor, Researcher}, FileContent, false},
		{[]Role{Researcher, Checker}, ReviewVote, true},
	}
	for _, tt := range tests {
		if got := Allowed(tt.roles, tt.act, Assigned); got != tt.want {
			t.Errorf("%v %s: %v, want %v", tt.roles, tt.act, got, tt.want)
		}
	}
}
