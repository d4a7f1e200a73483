package policy

import "slices"

// Grants is the whole table of who may do what. What is not in it is denied.
// Further rules that depend on a request's status, or on who else has acted,
// live with the use cases; none of them allows what this table denies.
//
// An operator keeps the service running and can neither see contents nor vote
// nor release. A checker sees only what is routed to them.
func Grants() []Grant {
	anyone := []Relation{Anyone}
	grants := []Grant{
		{Checker, anyone, []Action{QueueView}},
		{Checker, []Relation{Other}, []Action{ReviewClaim}},
		{Checker, []Relation{Assigned}, []Action{
			RequestView, FileContent, RequestComment, ReviewHandOver, WorkspaceJobs,
			ReviewVote, ReviewSubmit, ReviewReturn, ReviewReject, ReviewRelease, ReleaseRecall, ReviewExport,
		}},

		{Collaborator, anyone, []Action{WorkspaceList}},
		{Collaborator, []Relation{Member}, []Action{WorkspaceView, RequestView}},

		{Copilot, []Relation{Helper}, []Action{RequestView, RequestComment}},
		{Copilot, anyone, []Action{RequestList}},

		{Service, anyone, []Action{WorkspaceList, RequestList}},
		{Service, []Relation{Member}, []Action{WorkspaceView, RequestCreate}},
		{Service, []Relation{Author}, []Action{WorkspaceView, RequestCreate, RequestView, RequestEdit, RequestWithdraw}},

		// Who only reads chooses nothing: collaborators are told of nothing, and an
		// auditor is told what the rules say.
		{Checker, anyone, []Action{NoticesChoose}},
		{Lead, anyone, []Action{NoticesChoose}},
		{Operator, anyone, []Action{NoticesChoose}},

		{Lead, anyone, []Action{AccessView, AccessPropose, AccessConfirm}},
		{Auditor, anyone, []Action{AccessView}},
		{Operator, anyone, []Action{AccessView, AccessPropose, AccessConfirm}},

		{Lead, anyone, []Action{QueueView, QueueAll, StatusView}},
		{Lead, []Relation{Assigned, Other}, []Action{RequestView, ReviewReassign, ReleaseRecall, RequestHold}},

		{Auditor, anyone, []Action{
			ReleaseList, ReleasePackage, RecordView, RecordExport, AuditView, AuditExport, StatusView, RequestView, FileContent, WorkspaceJobs,
			ReleaseRecall, RequestHold,
		}},

		{Operator, anyone, []Action{BlobRestore, JobRetry, PeopleManage, StatusView}},
	}
	// Who may file in which kind of project is a rule of the project: see
	// review.Service.CreateRequest.
	for _, r := range []Role{Researcher, CoreDeveloper, DataInvestigator} {
		grants = append(grants,
			Grant{r, anyone, []Action{WorkspaceList, RequestList, NoticesChoose}},
			Grant{r, []Relation{Member, Author}, []Action{WorkspaceView, WorkspaceContent, WorkspaceJobs, RequestCreate}},
			Grant{r, []Relation{Author}, []Action{
				RequestView, RequestEdit, RequestSubmit, RequestWithdraw, RequestComment, FileContent, ReleasePackage,
			}},
			Grant{r, []Relation{Member}, []Action{RequestView}})
	}
	return grants
}

// Effective drops the roles that do not go together, the safer one staying. An
// operator is nothing else, so that keeping the service running is never a way
// to contents. An auditor reads everything, both reviews of a request in its
// blind phase included, so nobody who files, helps or reviews can be one. A
// program's account is nothing else either.
func Effective(roles []Role) []Role {
	if slices.Contains(roles, Operator) {
		return []Role{Operator}
	}
	if slices.Contains(roles, Service) {
		return []Role{Service}
	}
	if slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(acting(), r) }) {
		return slices.DeleteFunc(slices.Clone(roles), func(r Role) bool { return r == Auditor })
	}
	return roles
}

// acting are the roles that an auditor cannot also hold.
func acting() []Role {
	return []Role{Researcher, CoreDeveloper, DataInvestigator, Checker, Lead, Copilot, Collaborator}
}

// Allowed reports whether any of the roles may do the action in the relation.
func Allowed(roles []Role, action Action, rel Relation) bool {
	roles = Effective(roles)
	for _, g := range Grants() {
		if slices.Contains(roles, g.Role) && slices.Contains(g.Actions, action) &&
			(slices.Contains(g.Relations, Anyone) || slices.Contains(g.Relations, rel)) {
			return true
		}
	}
	return false
}

// Somewhere reports whether any of the roles may do the action in at least one
// relation: the gate of a route, which does not yet know the relation.
func Somewhere(roles []Role, action Action) bool {
	roles = Effective(roles)
	for _, g := range Grants() {
		if slices.Contains(roles, g.Role) && slices.Contains(g.Actions, action) {
			return true
		}
	}
	return false
}
