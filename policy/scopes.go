package policy

import "slices"

// Scope is a part of what a person may do, which a token of theirs can be
// limited to. A scope gives nothing: it only lets through what the person's
// roles allow at that moment.
type Scope string

const (
	ScopeRead    Scope = "read"    // see workspaces, requests, files, queues and the status
	ScopeRequest Scope = "request" // file requests and answer comments
	ScopeReview  Scope = "review"  // claim, vote, comment, submit, return and reject
	ScopeRelease Scope = "release" // release what both checkers approved, recall it, hold and restore stored bytes
	ScopeAudit   Scope = "audit"   // the registers, the records and the event log
	ScopeAccess  Scope = "access"  // see, give and take roles
	ScopeNotices Scope = "notices" // say of what one is told, and when
)

// Scopes lists every scope with the actions it lets through.
func Scopes() []ScopeActions {
	return []ScopeActions{
		{ScopeRead, []Action{
			WorkspaceList, WorkspaceView, WorkspaceContent, WorkspaceJobs, RequestList, RequestView, FileContent,
			QueueView, QueueAll, StatusView, ReviewExport, ReleasePackage,
		}},
		{ScopeRequest, []Action{RequestCreate, RequestEdit, RequestSubmit, RequestWithdraw, RequestComment}},
		{ScopeReview, []Action{
			ReviewClaim, ReviewHandOver, ReviewReassign, ReviewVote, ReviewSubmit, ReviewReturn, ReviewReject, RequestComment,
		}},
		{ScopeRelease, []Action{ReviewRelease, ReleaseRecall, RequestHold, BlobRestore}},
		{ScopeAudit, []Action{ReleaseList, RecordView, RecordExport, AuditView, AuditExport, JobRetry}},
		{ScopeAccess, []Action{AccessView, AccessPropose, AccessConfirm}},
		{ScopeNotices, []Action{NoticesChoose}},
	}
}

// ScopeActions is one row of the table of scopes.
type ScopeActions struct {
	Scope   Scope
	Actions []Action
}

// InScope reports whether any of the scopes lets the action through.
func InScope(scopes []Scope, action Action) bool {
	return slices.ContainsFunc(Scopes(), func(row ScopeActions) bool {
		return slices.Contains(scopes, row.Scope) && slices.Contains(row.Actions, action)
	})
}

// KnownScope reports whether there is such a scope.
func KnownScope(s Scope) bool {
	return slices.ContainsFunc(Scopes(), func(row ScopeActions) bool { return row.Scope == s })
}

// GraveScope reports whether a scope lets a grave action through: see [Grave].
func GraveScope(s Scope) bool {
	return slices.ContainsFunc(Scopes(), func(row ScopeActions) bool {
		return row.Scope == s && slices.ContainsFunc(row.Actions, Grave)
	})
}
