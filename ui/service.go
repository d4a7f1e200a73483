package ui

import (
	"context"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// Service is what the pages need of the domain; *review.Service is one. Every
// method authorises its actor itself, so that a page can not forget to.
type Service interface {
	AuthoriseOn(ctx context.Context, a review.Actor, action policy.Action, id review.RequestID) error
	MyWorkspaces(ctx context.Context, a review.Actor) ([]review.WorkspaceSummary, error)
	WorkspaceFiles(ctx context.Context, a review.Actor, ws review.WorkspaceName) (*review.Workspace, *review.WorkspaceSummary, error)
	Jobs(ctx context.Context, a review.Actor, ws review.WorkspaceName) (*review.WorkspaceJobs, error)
	Job(ctx context.Context, a review.Actor, ws review.WorkspaceName, id string) (*review.JobPage, error)
	JobLog(ctx context.Context, a review.Actor, ws review.WorkspaceName, action string) (*provenance.Log, error)
	CodeAt(ctx context.Context, a review.Actor, ws review.WorkspaceName, commit, file string) (*review.SourceCode, error)
	CompareCode(ctx context.Context, a review.Actor, ws review.WorkspaceName, from, to string) ([]review.CodeChange, error)
	CreateRequest(ctx context.Context, a review.Actor, ws review.WorkspaceName) (review.RequestID, error)
	Together(ctx context.Context, a review.Actor, do func(*review.Service) error) error
	EditDetails(ctx context.Context, a review.Actor, id review.RequestID, d review.RequestDetails) error
	AddFilesBehind(ctx context.Context, a review.Actor, id review.RequestID, files []review.AddFile) ([]review.AddResult, error)
	AddMatchingBehind(ctx context.Context, a review.Actor, id review.RequestID, group string, d review.GroupDetails) ([]review.AddResult, error)
	ReuseContext(ctx context.Context, a review.Actor, id, from review.RequestID) error
	MoveFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, group string, kind review.FileKind) error
	WithdrawFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) error
	UpdateFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) error
	EditGroup(ctx context.Context, a review.Actor, id review.RequestID, g review.GroupID, d review.GroupDetails) error
	Since(ctx context.Context, a review.Actor, id review.RequestID) (*review.Since, error)
	Amend(ctx context.Context, a review.Actor, id review.RequestID, in review.Amendment) error
	AskException(ctx context.Context, a review.Actor, id review.RequestID, file review.FileID, check, reason string) error
	Acknowledge(ctx context.Context, a review.Actor, id review.RequestID, in review.AcknowledgeInput) error
	Submit(ctx context.Context, a review.Actor, id review.RequestID, checklist []string, permittedResultsVersion string) error
	Withdraw(ctx context.Context, a review.Actor, id review.RequestID) error
	Requests(ctx context.Context, a review.Actor) ([]review.Request, error)
	RequestsPage(ctx context.Context, a review.Actor, limit, offset int) ([]review.Request, error)
	Fields(g *review.Group) (about, controls []policy.Field)

	Request(ctx context.Context, a review.Actor, id review.RequestID) (*review.View, error)
	FileContent(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) (*review.FileContent, error)
	FramedContent(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) (*review.FileContent, error)
	Download(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) ([]byte, *review.File, error)
	Versions(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) (*review.Versions, error)
	VersionContent(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, which string) ([]byte, string, error)
	Comment(ctx context.Context, a review.Actor, id review.RequestID, in review.CommentInput) error

	Queue(ctx context.Context, a review.Actor) ([]review.QueueItem, error)
	MyPace(ctx context.Context, a review.Actor) (review.Pace, error)
	TeamPace(ctx context.Context, a review.Actor) (review.Pace, error)
	Claimable(ctx context.Context, a review.Actor) ([]review.Request, error)
	Claim(ctx context.Context, a review.Actor, id review.RequestID) error
	HandOver(ctx context.Context, a review.Actor, id review.RequestID, to review.Username, reason string) error
	Board(ctx context.Context, a review.Actor) (*review.Board, error)
	Reassign(ctx context.Context, a review.Actor, id review.RequestID, from, to review.Username, reason string) error
	RouteFile(ctx context.Context, a review.Actor, id review.RequestID, file review.FileID, from, to review.Username, reason string) error
	RequestGroupChanges(ctx context.Context, a review.Actor, id review.RequestID, group review.GroupID, reason string) error
	Vote(ctx context.Context, a review.Actor, id review.RequestID, v review.VoteInput) error
	AnswerException(ctx context.Context, a review.Actor, id review.RequestID, file review.FileID, check string, accept bool, reason string) error
	AnswerAcknowledgement(ctx context.Context, a review.Actor, id review.RequestID, fingerprint string, accept bool, reason string) error
	PublishComment(ctx context.Context, a review.Actor, id review.RequestID, comment review.CommentID) error
	SubmitReview(ctx context.Context, a review.Actor, id review.RequestID) error
	Return(ctx context.Context, a review.Actor, id review.RequestID) error
	RejectRequest(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	Release(ctx context.Context, a review.Actor, id review.RequestID) error
	ReleasedPackage(ctx context.Context, a review.Actor, id review.RequestID) (*review.Package, error)

	PublicReleases(ctx context.Context) ([]review.PublicRelease, error)
	Releases(ctx context.Context, a review.Actor, q review.ReleaseQuery) ([]review.Release, error)
	AllRequests(ctx context.Context, a review.Actor, q review.RequestQuery) ([]review.Request, error)
	Record(ctx context.Context, a review.Actor, id review.RequestID) (*review.Record, error)
	ReviewRecord(ctx context.Context, a review.Actor, id review.RequestID) (*review.View, error)
	Figures(ctx context.Context, a review.Actor, since, until time.Time) (*review.Figures, error)
	RecordExport(ctx context.Context, a review.Actor, x review.Export) error
	Audit(ctx context.Context, a review.Actor, q review.EventQuery) ([]review.Event, error)
	SignedCheckpoints(ctx context.Context, a review.Actor, before int64, limit int) ([]review.Checkpoint, error)
	SignedCheckpoint(ctx context.Context, a review.Actor, size int64) (*review.Checkpoint, error)
	LogKey(ctx context.Context, a review.Actor) (string, error)
	ProveEvent(ctx context.Context, a review.Actor, seq int64) (*review.Proven, error)
	ProveRelease(ctx context.Context, a review.Actor, id review.RequestID) (*review.Proven, error)
	RetryDead(ctx context.Context, a review.Actor, job string) error
	Status(ctx context.Context, a review.Actor) (*review.StatusReport, error)

	Recall(ctx context.Context, a review.Actor, id review.RequestID, in review.BreachInput) error
	NoteRecall(ctx context.Context, a review.Actor, id review.RequestID, report, words string) error
	RecallReport(ctx context.Context, a review.Actor, id review.RequestID) (*review.RecallReport, error)
	RecalledRequests(ctx context.Context, a review.Actor) (map[review.RequestID]time.Time, error)
	Hold(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	LiftHold(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	Alarms(ctx context.Context, a review.Actor) ([]review.Alarm, error)
	Restored(ctx context.Context, a review.Actor, alarm, reason string) error

	MyNotices(ctx context.Context, a review.Actor, limit int) ([]review.Notice, error)
	ChooseZone(ctx context.Context, a review.Actor, zone string) error
	NoticeChoices(ctx context.Context, a review.Actor) (*review.MyChoices, error)
	ChooseNotices(ctx context.Context, a review.Actor, c review.NoticeChoices) error
	People(ctx context.Context, a review.Actor) ([]review.Person, error)
	Access(ctx context.Context, a review.Actor) (*review.AccessReport, error)
	MyAccess(ctx context.Context, a review.Actor) (*review.PersonAccess, error)
	Grant(ctx context.Context, a review.Actor, ask review.Ask) (proposed bool, err error)
	Revoke(ctx context.Context, a review.Actor, grant, why string, atOnce bool) (proposed bool, err error)
	Confirm(ctx context.Context, a review.Actor, proposal string, yes bool) error
	Invited(ctx context.Context, invited review.Actor, by review.Username) ([]policy.Role, error)
	PersonNamed(ctx context.Context, a review.Actor, name review.Username) (*review.Person, error)

	Actor(ctx context.Context, name review.Username, source string) (review.Actor, error)
	RecordSignIn(ctx context.Context, name review.Username, source string, ok bool) error
	RecordSignOut(ctx context.Context, a review.Actor) error
	Authorise(ctx context.Context, a review.Actor, action policy.Action) error
}
