package policy

// Role is what a person is, as far as permissions are concerned.
type Role string

const (
	Researcher Role = "researcher" // files requests for the workspaces of their projects
	Checker    Role = "checker"    // output checker: trained, named, reviews what is routed to them
	Lead       Role = "lead"       // lead checker: sees the load, reassigns
	Auditor    Role = "auditor"    // reads all, changes nothing; may report a breach and hold what must not be removed
	Operator   Role = "operator"   // keeps the service running; sees no contents, never votes or releases

	CoreDeveloper    Role = "core-developer"    // platform staff: files requests of testing and curation projects only
	DataInvestigator Role = "data-investigator" // platform staff: files requests of curation projects only

	Collaborator Role = "collaborator"    // sees the workspaces and requests of their projects; no contents, changes nothing
	Copilot      Role = "copilot"         // helps the projects they are given: sees their requests and comments; no contents, never files or decides
	Service      Role = "service-account" // a program: prepares drafts in its projects; never submits, votes or releases

	// InProject gives nothing by itself: it says that a person belongs to a
	// project, in whichever roles they hold.
	InProject Role = "member"
)

// Roles lists every role that somebody can act in, in the order in which they
// are shown.
func Roles() []Role {
	return []Role{Researcher, Collaborator, Copilot, Checker, Lead, Auditor, Operator, CoreDeveloper, DataInvestigator, Service}
}

// Relation is how a person stands to one request or workspace.
type Relation string

const (
	Author   Relation = "author"   // filed the request
	Member   Relation = "member"   // belongs to the project, is not the author
	Assigned Relation = "assigned" // one of the two checkers it is routed to
	Helper   Relation = "helper"   // copilot of the project; takes part in it, so never checks its requests
	Other    Relation = "other"    // none of these
	Anyone   Relation = "*"        // in a grant: whatever the relation
)

// Action is one thing that can be done; every route and use case names one.
type Action string

const (
	WorkspaceList    Action = "workspace.list"
	WorkspaceView    Action = "workspace.view"    // files of the release folder, levels, jobs; not contents
	WorkspaceContent Action = "workspace.content" // contents of moderately sensitive files
	WorkspaceJobs    Action = "workspace.jobs"    // job requests, pipeline, logs and code
	RequestCreate    Action = "request.create"
	RequestList      Action = "request.list" // one's own requests
	RequestView      Action = "request.view"
	RequestEdit      Action = "request.edit" // files, groups, context, controls while the author owns it
	RequestSubmit    Action = "request.submit"
	RequestWithdraw  Action = "request.withdraw"
	RequestComment   Action = "request.comment"
	FileContent      Action = "file.content" // view or download the bytes in a request
	QueueView        Action = "queue.view"
	ReviewClaim      Action = "review.claim"     // take a free seat
	ReviewHandOver   Action = "review.hand_over" // give one's seat to another
	ReviewReassign   Action = "review.reassign"  // move a seat, or one file, to another checker
	QueueAll         Action = "queue.all"        // the load of all checkers
	ReviewVote       Action = "review.vote"
	ReviewSubmit     Action = "review.submit"
	ReviewReturn     Action = "review.return"
	ReviewExport     Action = "review.export" // one's own review as a file; once both are in, both
	ReviewReject     Action = "review.reject"
	ReviewRelease    Action = "review.release"
	ReleaseList      Action = "release.list"
	RecordView       Action = "record.view"     // one request's whole record
	AuditView        Action = "audit.view"      // the event log
	AuditExport      Action = "audit.export"    // the log, the figures and proofs of any event as files
	RecordExport     Action = "record.export"   // one request's whole record, and lists of what one audits, as files
	ReleaseRecall    Action = "release.recall"  // report a released file, read and annotate the report
	RequestHold      Action = "request.hold"    // put or lift a legal hold
	BlobRestore      Action = "blob.restore"    // record that damaged bytes are back
	JobRetry         Action = "job.retry"       // have a delivery or a message that was given up tried again
	StatusView       Action = "status.view"     // health and stuck work; no contents
	PeopleManage     Action = "people.manage"   // invite people and end their sessions
	ReleasePackage   Action = "release.package" // the package of a delivered release, as it left
	NoticesChoose    Action = "notices.choose"  // say of what one is told, and when
	AccessView       Action = "access.view"     // who may do what, by whom and why
	AccessPropose    Action = "access.propose"  // give a role, or take it away
	AccessConfirm    Action = "access.confirm"  // be the second person whom some roles need
)

// Grave reports whether an action asks for a person who has shown a moment ago
// that it is they: it lets results leave, takes them back, or decides who may
// come in.
func Grave(a Action) bool {
	switch a {
	case ReviewRelease, ReleaseRecall, PeopleManage, AccessPropose, AccessConfirm:
		return true
	}
	return false
}

// A Grant lets a role do some actions where it stands in one of the relations.
type Grant struct {
	Role      Role
	Relations []Relation
	Actions   []Action
}

// Everywhere reports whether an action is about the whole service at once, so
// that a role which holds for a project or a backend only does not give it.
func Everywhere(a Action) bool {
	switch a {
	case AuditView, AuditExport, StatusView, PeopleManage, BlobRestore, JobRetry, AccessView, AccessPropose, AccessConfirm:
		return true
	}
	return false
}
