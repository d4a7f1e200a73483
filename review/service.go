package review

import (
	"context"
	"log/slog"

	"sallyport/checks"
	"sallyport/policy"
)

// Service is the use cases. Every method authorises its actor first; what the
// actor may not see is NotFound, what they may see and not do is Forbidden.
type Service struct {
	Store      Store
	Blobs      Blobs
	Workspaces Workspaces
	Sanitiser  Sanitiser
	Checker    Checker
	Sink       Sink
	Policy     *policy.Policy
	Now        Clock
	Log        *slog.Logger
	// Step, when set, is told of each step of a release before it is taken:
	// tests kill the process there.
	Step func(name string)
}

// WorkspaceSummary is one workspace of the actor's projects.
type WorkspaceSummary struct {
	Name    WorkspaceName
	Project Project
	Active  *Request // the actor's active request for it, without files
	Problem string   // in plain words, when the folder cannot be read
}

// AddFile names one file to add to a group of a request.
type AddFile struct {
	Path  string
	Kind  FileKind
	Group string // name; made when there is none of that name
}

// AddResult says what became of one AddFile.
type AddResult struct {
	Path    string
	File    FileID
	Problem string // why it was not added, in plain words
}

// RequestDetails is what the request as a whole carries.
type RequestDetails struct {
	Title, ProjectNumber, Repository, Purpose, Concerns string
}

// VoteInput is one vote.
type VoteInput struct {
	File     FileID
	Decision Decision
	Reason   string
	// Seen is the digest of the release bytes the checker was shown; a vote on
	// other bytes is a Conflict.
	Seen Digest
}

// Record is one request's whole record, for an auditor.
type Record struct {
	View    *View
	Events  []Event
	Release *Release
}

// serviceAPI lists the use cases, for the reader.
type serviceAPI interface {
	// Researcher.
	MyWorkspaces(ctx context.Context, a Actor) ([]WorkspaceSummary, error)
	WorkspaceFiles(ctx context.Context, a Actor, ws WorkspaceName) (*Workspace, *WorkspaceSummary, error)
	CreateRequest(ctx context.Context, a Actor, ws WorkspaceName) (RequestID, error)
	EditDetails(ctx context.Context, a Actor, id RequestID, d RequestDetails) error
	AddFiles(ctx context.Context, a Actor, id RequestID, files []AddFile) ([]AddResult, error)
	MoveFile(ctx context.Context, a Actor, id RequestID, f FileID, group string, kind FileKind) error
	WithdrawFile(ctx context.Context, a Actor, id RequestID, f FileID) error
	UpdateFile(ctx context.Context, a Actor, id RequestID, f FileID) error // take a new snapshot
	EditGroup(ctx context.Context, a Actor, id RequestID, g GroupID, context, controls map[string]string) error
	Submit(ctx context.Context, a Actor, id RequestID, checklist []string, permittedResultsVersion string) error // also resubmits
	Withdraw(ctx context.Context, a Actor, id RequestID) error
	Requests(ctx context.Context, a Actor) ([]Request, error) // one's own

	// Everyone who may see the request.
	Request(ctx context.Context, a Actor, id RequestID) (*View, error)
	// FileContent records the view before it returns the bytes.
	FileContent(ctx context.Context, a Actor, id RequestID, f FileID) (*FileContent, error)
	// Download records the download; the bytes are those that would leave.
	Download(ctx context.Context, a Actor, id RequestID, f FileID) ([]byte, *File, error)
	Comment(ctx context.Context, a Actor, id RequestID, g GroupID, f FileID, v Visibility, text string) error

	// Checkers.
	Queue(ctx context.Context, a Actor) ([]QueueItem, error)
	Vote(ctx context.Context, a Actor, id RequestID, v VoteInput) error
	SubmitReview(ctx context.Context, a Actor, id RequestID) error
	Return(ctx context.Context, a Actor, id RequestID) error
	RejectRequest(ctx context.Context, a Actor, id RequestID, reason string) error
	// Release approves the request and puts its package on the way out. It
	// returns once that is certain to happen; delivery follows.
	Release(ctx context.Context, a Actor, id RequestID) error

	// Auditors.
	Releases(ctx context.Context, a Actor, q ReleaseQuery) ([]Release, error)
	AllRequests(ctx context.Context, a Actor, q RequestQuery) ([]Request, error)
	Record(ctx context.Context, a Actor, id RequestID) (*Record, error)
	Audit(ctx context.Context, a Actor, q EventQuery) ([]Event, error)
	Status(ctx context.Context, a Actor) (*StatusReport, error)

	// Sign-in, used by ui.
	Actor(ctx context.Context, name Username, source string) (Actor, error) // Unauthenticated when unknown or disabled
	RecordSignIn(ctx context.Context, name Username, source string, ok bool) error
	RecordSignOut(ctx context.Context, a Actor) error
	Authorise(ctx context.Context, a Actor, action policy.Action) error // the route gate

	// Work does outbox jobs until ctx ends.
	Work(ctx context.Context) error
}

// StatusReport is what an operator sees: that work flows, never contents.
type StatusReport struct {
	ByStatus  map[Status]int
	Overdue   []Request // without files
	Unrouted  []Request // fewer seats than the policy asks for
	DeadJobs  []Job
	Integrity int // integrity failures on record
	Engine    string
	Policy    policy.Ref
}

var _ = checks.Report{}
