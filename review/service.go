package review

import (
	"context"
	"log/slog"
	"time"

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
	// Trace, if set, is told of work that begins, "job release" or "change
	// request.submit", and returns what is told how it ended. Names are of the
	// program's own words.
	Trace func(ctx context.Context, name string) (context.Context, func(error))
	// Scanner looks for malware in every file; nil when none is configured.
	Scanner Scanner
	// Sinks are where a release goes: to each of them, by a job of its own.
	Sinks  []NamedSink
	Packer Packer
	// Ledger proves what the record holds; nil leaves packages without proofs.
	Ledger Ledger
	// Checkpoints says when the record is signed, and who is told.
	Checkpoints Checkpoints
	// Notify says how people hear of what happened.
	Notify Notify
	// Code shows the code behind an output; nil when no mirror is configured.
	Code   Code
	Policy *policy.Policy
	// Public opens the register of releases to anybody; nil keeps it closed.
	Public *PublicRegister
	Now    Clock
	Log    *slog.Logger
	// Behind lets the checks of large requests go on behind; nil for none.
	Behind *Behind
	// Keeping is how often the retention policy is applied in the background;
	// zero for never.
	Keeping time.Duration
	// Steady notices when the clock was set; with nil the retention policy is
	// applied whatever it did.
	Steady *SteadyClock
	// Host knows of the program and its machine; nil where nothing is known.
	Host Host
	// Step, when set, is told of each step of a release before it is taken:
	// tests kill the process there.
	Step func(name string)

	// later is Behind of a service that stages changes: the checks of large
	// requests wait until these are kept. See Together.
	later *Behind

	// Tally keeps what Figures has read; nil reads the log anew at each call.
	Tally *Tally
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
	// Exception is the reason for which a file over the size limit is asked for
	// all the same; "" when none is.
	Exception string
	// Pattern is the wildcard that captured the file among PatternCount: a group that
	// has none is named by it when the first file comes. "" for a file by its path.
	Pattern      string
	PatternCount int
}

// AddResult says what became of one AddFile.
type AddResult struct {
	Path    string
	File    FileID
	Problem string // why it was not added, in plain words
	// Before is true of a file that was there as it was asked for: the same bytes,
	// kind and group. Nothing was changed, and File is the one that is there.
	Before bool
	// Later is true of a file that is being added behind: see AddFilesBehind.
	Later bool
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
	// Independence is what the events show of the two reviews behind the
	// release; nil when nothing was released.
	Independence *Independence
	// Checkpoint is the newest of the log; nil while there is none.
	Checkpoint *Checkpoint
}

// StatusReport is what an operator sees: that work flows, never contents.
type StatusReport struct {
	ByStatus  map[Status]int
	Overdue   []Request // without files
	Unrouted  []Request // fewer seats than the policy asks for
	Abandoned []Request // drafts untouched for longer than the policy says
	DeadJobs  []Job
	Schedules []ScheduleProblem // regular drafts that could not be made whole
	Integrity int               // integrity failures on record, mended or not
	Alarms    []Alarm           // that stand
	Malware   *MalwareStatus    // nil when nothing is scanned here
	Scrub     Scrub             // how far reading all stored bytes again has come
	Health    *Health
	Beginning *Beginning // nil once something was released
	Engine    string
	Policy    policy.Ref
}

// traced tells Trace of work that begins; end is told how it ended.
func (s *Service) traced(ctx context.Context, name string) (_ context.Context, end func(error)) {
	if s.Trace == nil {
		return ctx, func(error) {}
	}
	return s.Trace(ctx, name)
}
