package api

import (
	"context"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// Service is what the interface needs of the domain; *review.Service is one.
// Every method authorises its actor itself.
type Service interface {
	Actor(ctx context.Context, name review.Username, source string) (review.Actor, error)
	RecordSignIn(ctx context.Context, name review.Username, source string, ok bool) error
	Authorise(ctx context.Context, a review.Actor, action policy.Action) error

	drafting
	reviewing
	registers
	noticing
	accessing
}

// drafting is what an author needs.
type drafting interface {
	MyWorkspaces(ctx context.Context, a review.Actor) ([]review.WorkspaceSummary, error)
	WorkspaceFiles(ctx context.Context, a review.Actor, ws review.WorkspaceName) (*review.Workspace, *review.WorkspaceSummary, error)
	Jobs(ctx context.Context, a review.Actor, ws review.WorkspaceName) (*review.WorkspaceJobs, error)
	Job(ctx context.Context, a review.Actor, ws review.WorkspaceName, id string) (*review.JobPage, error)
	JobLog(ctx context.Context, a review.Actor, ws review.WorkspaceName, action string) (*provenance.Log, error)
	CodeAt(ctx context.Context, a review.Actor, ws review.WorkspaceName, commit, file string) (*review.SourceCode, error)
	CompareCode(ctx context.Context, a review.Actor, ws review.WorkspaceName, from, to string) ([]review.CodeChange, error)
	RequestsPage(ctx context.Context, a review.Actor, limit, offset int) ([]review.Request, error)
	CreateRequest(ctx context.Context, a review.Actor, ws review.WorkspaceName) (review.RequestID, error)
	Together(ctx context.Context, a review.Actor, do func(*review.Service) error) error
	EditDetails(ctx context.Context, a review.Actor, id review.RequestID, d review.RequestDetails) error
	ReuseContext(ctx context.Context, a review.Actor, id, from review.RequestID) error
	EditGroup(ctx context.Context, a review.Actor, id review.RequestID, g review.GroupID, d review.GroupDetails) error
	AddFiles(ctx context.Context, a review.Actor, id review.RequestID, files []review.AddFile) ([]review.AddResult, error)
	AddFilesBehind(ctx context.Context, a review.Actor, id review.RequestID, files []review.AddFile) ([]review.AddResult, error)
	AddMatchingBehind(ctx context.Context, a review.Actor, id review.RequestID, group string, d review.GroupDetails) ([]review.AddResult, error)
	AddMatching(ctx context.Context, a review.Actor, id review.RequestID, group string, d review.GroupDetails) ([]review.AddResult, error)
	MoveFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, group string, kind review.FileKind) error
	UpdateFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) error
	WithdrawFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) error
	AskException(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, check, reason string) error
	Acknowledge(ctx context.Context, a review.Actor, id review.RequestID, in review.AcknowledgeInput) error
	Submit(ctx context.Context, a review.Actor, id review.RequestID, checklist []string, permittedResultsVersion string) error
	Withdraw(ctx context.Context, a review.Actor, id review.RequestID) error
}

// reviewing is what checkers and leads need, and everybody who reads a request.
type reviewing interface {
	Request(ctx context.Context, a review.Actor, id review.RequestID) (*review.View, error)
	RefuseScope(ctx context.Context, a review.Actor, action policy.Action, token string) error
	FileContent(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) (*review.FileContent, error)
	Download(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) ([]byte, *review.File, error)
	Versions(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) (*review.Versions, error)
	VersionContent(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, which string) (clean []byte, mediaType string, err error)
	Comment(ctx context.Context, a review.Actor, id review.RequestID, in review.CommentInput) error
	PublishComment(ctx context.Context, a review.Actor, id review.RequestID, comment review.CommentID) error

	Queue(ctx context.Context, a review.Actor) ([]review.QueueItem, error)
	Claimable(ctx context.Context, a review.Actor) ([]review.Request, error)
	Board(ctx context.Context, a review.Actor) (*review.Board, error)
	Claim(ctx context.Context, a review.Actor, id review.RequestID) error
	HandOver(ctx context.Context, a review.Actor, id review.RequestID, to review.Username, reason string) error
	Reassign(ctx context.Context, a review.Actor, id review.RequestID, from, to review.Username, reason string) error
	RouteFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, from, to review.Username, reason string) error
	Vote(ctx context.Context, a review.Actor, id review.RequestID, v review.VoteInput) error
	RequestGroupChanges(ctx context.Context, a review.Actor, id review.RequestID, g review.GroupID, reason string) error
	AnswerException(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, check string, accept bool, reason string) error
	AnswerAcknowledgement(ctx context.Context, a review.Actor, id review.RequestID, fingerprint string, accept bool, reason string) error
	SubmitReview(ctx context.Context, a review.Actor, id review.RequestID) error
	Return(ctx context.Context, a review.Actor, id review.RequestID) error
	RejectRequest(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	Release(ctx context.Context, a review.Actor, id review.RequestID) error
}

// registers is what auditors and operators need.
type registers interface {
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
	Status(ctx context.Context, a review.Actor) (*review.StatusReport, error)
	RetryDead(ctx context.Context, a review.Actor, job string) error
	ReleasedPackage(ctx context.Context, a review.Actor, id review.RequestID) (*review.Package, error)

	Recall(ctx context.Context, a review.Actor, id review.RequestID, in review.BreachInput) error
	NoteRecall(ctx context.Context, a review.Actor, id review.RequestID, report, words string) error
	RecallReport(ctx context.Context, a review.Actor, id review.RequestID) (*review.RecallReport, error)
	Hold(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	LiftHold(ctx context.Context, a review.Actor, id review.RequestID, reason string) error
	Restored(ctx context.Context, a review.Actor, alarm, reason string) error
}

// Tokens keeps tokens by the hex SHA-256 of their secrets. Errors of a known
// kind are *review.Error.
type Tokens interface {
	// AddToken keeps a new token with its event, both or neither.
	AddToken(ctx context.Context, t review.Token, hash string, e review.Event) error
	// TokenByHash finds a token, in force or not; NotFound when there is none.
	TokenByHash(ctx context.Context, hash string) (*review.Token, error)
	// TokensOf lists a person's tokens, in force or not, newest first.
	TokensOf(ctx context.Context, person review.Username) ([]review.Token, error)
	// UseToken keeps when a token was used last.
	UseToken(ctx context.Context, id string, at time.Time) error
	// RevokeToken ends a token with its event, both or neither; NotFound when
	// the person has none of that id in force.
	RevokeToken(ctx context.Context, person review.Username, id string, at time.Time, e review.Event) error
}

// Keys keeps the first answers to changes, by the person and the key that the
// sender chose.
type Keys interface {
	// HoldKey lengthens the lease of a claim; Conflict when it was lost.
	HoldKey(ctx context.Context, person review.Username, key, claim string, lease time.Time) error
	// ClaimKey takes a key for the change of that digest until the lease ends.
	// It returns the kept answer if the change was made already, else nil: it is
	// the caller's to make. Conflict while another claim runs, Invalid when the
	// key was used for another change.
	ClaimKey(ctx context.Context, person review.Username, key, digest, claim string, now, lease time.Time) ([]byte, error)
	// KeepAnswer keeps the answer of the claim until the time given.
	KeepAnswer(ctx context.Context, person review.Username, key, claim string, answer []byte, until time.Time) error
	// FreeKey gives the claim back, because no change was made.
	FreeKey(ctx context.Context, person review.Username, key, claim string) error
}
