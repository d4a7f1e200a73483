package review

import (
	"context"
	"io"
	"time"

	"sallyport/checks"
	"sallyport/checks/provenance"
	"sallyport/policy"
)

// Store keeps requests, people, findings and the event log. Package reviewtest
// holds every implementation to these contracts.
//
// All times are UTC, kept to the microsecond. Text is UTF-8 without the NUL
// character: every store refuses other text as Invalid, so that what one holds
// another can hold, and what is asked for by such text is not there. Errors of a
// known kind are *Error; a missing thing is NotFound.
type Store interface {
	NoticeStore
	IntegrityStore
	RecallStore
	RetentionStore
	ScanStore
	AccessStore
	TallyStore
	LeadStore
	VisitStore
	CheckingStore
	AddingStore

	// Create keeps a new request with its events. Conflict when the author has
	// an active request for the workspace: the database itself says so.
	Create(ctx context.Context, r *Request, events ...Event) error

	// Request reads one request whole.
	Request(ctx context.Context, id RequestID) (*Request, error)

	// Update reads the request in a write transaction, lets change alter it,
	// and keeps it together with the Change that it returns, or keeps nothing.
	// A change without an event is refused. The request's Version goes up by
	// one. When another writer was first, change is run again on the newer
	// request, so it must decide from the request it is given, and do nothing
	// else. The kept request is returned.
	Update(ctx context.Context, id RequestID, change func(*Request) (Change, error)) (*Request, error)

	// Requests lists requests, newest first, in a constant number of statements:
	// with their seats, and nothing else below them unless Whole is asked for.
	Requests(ctx context.Context, q RequestQuery) ([]Request, error)

	// Counts tells how many requests there are in each status.
	Counts(ctx context.Context) (map[Status]int, error)

	// Append adds events that change no request: views, sign-ins, denials.
	Append(ctx context.Context, events ...Event) error

	// Events lists the log in order.
	Events(ctx context.Context, q EventQuery) ([]Event, error)

	// SaveReport keeps findings under their key, once: a second save under the
	// same key changes nothing. Report reads them.
	SaveReport(ctx context.Context, key ReportKey, report *checks.Report) error
	Report(ctx context.Context, key ReportKey) (*checks.Report, error)

	// Release of a request, once it is approved. SaveRelease is part of
	// Update (Change.Release).
	Release(ctx context.Context, id RequestID) (*Release, error)
	Releases(ctx context.Context, q ReleaseQuery) ([]Release, error)

	// Enqueue adds jobs outside any change. A job whose ID is known is not added
	// again, whatever became of it, here as in Change.Jobs.
	Enqueue(ctx context.Context, jobs ...Job) error

	// SavePolicy keeps the text of a policy, once. Policy loads one by the digest
	// of its text; NotFound when it was never kept.
	SavePolicy(ctx context.Context, p *policy.Policy) error
	Policy(ctx context.Context, sha256 string) (*policy.Policy, error)

	// SaveSeal keeps what was written for the package of a release, once: a
	// second save changes nothing. Seal reads it, by the release's ID.
	SaveSeal(ctx context.Context, seal *Seal) error
	Seal(ctx context.Context, release string) (*Seal, error)
	// SealedText is one file that was written for the packages of releases, by
	// release; those without a package, or without the file, are left out.
	SealedText(ctx context.Context, path string, releases []string) (map[string][]byte, error)

	// NextJob returns a due outbox job and leases it until the time given, so
	// that another worker does not take it; NotFound when there is none. It is
	// the one due longest of those whose target no other worker is busy with:
	// a target that is stuck holds up nothing but its own jobs. A job is due too
	// when its time is further ahead than LongestWait, or LongestRest once it failed.
	NextJob(ctx context.Context, now, lease time.Time) (*Job, error)
	// HoldJob lengthens a lease. HoldJob, FinishJob and RetryJob are Conflict
	// when the lease ran out and somebody else took the job up (Job.Fence says
	// so), or it was given up.
	HoldJob(ctx context.Context, job *Job, lease time.Time) error
	// FinishJob marks a job done.
	FinishJob(ctx context.Context, job *Job) error
	// RetryJob puts it back, to be tried again at a time, with the reason.
	// After Job.MaxTries it is a dead letter, which DeadJobs lists; a caller that
	// knows that it is no use gives the job fewer for this once.
	RetryJob(ctx context.Context, job *Job, now, at time.Time, reason string) error
	DeadJobs(ctx context.Context) ([]Job, error)
	// Jobs lists jobs in whatever state, those due longest first.
	Jobs(ctx context.Context, q JobQuery) ([]Job, error)
	// Revive gives a dead job all its tries again, due at the event's time, with
	// its event. NotFound when there is no such job, Conflict when it is not dead.
	Revive(ctx context.Context, id string, e Event) error

	Person(ctx context.Context, name Username) (*Person, error)
	People(ctx context.Context) ([]Person, error)
	Projects(ctx context.Context) ([]Project, error)
	// SavePeople adds or replaces people and projects, with its event.
	SavePeople(ctx context.Context, people []Person, projects []Project, e Event) error
	// SaveZone keeps the time zone that a person chose, with its event; SavePeople
	// leaves it alone. NotFound when there is no such person.
	SaveZone(ctx context.Context, name Username, zone string, e Event) error
}

// Change is what one update of a request carries besides the request.
type Change struct {
	Events  []Event  // at least one
	Release *Release // kept with it: new when the change approves; later only Delivered, Location and Deliveries may differ
	Jobs    []Job    // outbox, delivered after commit
	// Rests are bytes that the change rests on: it is refused, as ErrDamaged,
	// while an alarm stands for any of them.
	Rests  []Digest
	Recall RecallChange
}

// Blobs keeps bytes by their SHA-256 until they are removed, which nothing but
// the retention policy does.
type Blobs interface {
	// Put stores what r yields and returns its digest and size. It reads at
	// most max bytes; one more is TooLarge and stores nothing. Storing the same
	// bytes twice is no error.
	Put(ctx context.Context, r io.Reader, max int64) (Digest, int64, error)
	// Open reads a blob, checking as it goes: a reader that reaches the end has
	// yielded exactly the bytes of that digest, or an error that matches
	// ErrCorrupt. NotFound when there is none.
	Open(ctx context.Context, d Digest) (io.ReadCloser, error)
	// Remove removes a blob that was last put before a time; false when it was
	// put since, and stays. Removing what is not there is no error. It loses
	// nothing to a Put of the same bytes at the same moment.
	Remove(ctx context.Context, d Digest, before time.Time) (gone bool, err error)
	// List calls each for every blob that was last put before a time, in no
	// particular order, and ends with its first error.
	List(ctx context.Context, before time.Time, each func(Digest) error) error
}

// Workspaces reads workspace folders. Nothing outside a workspace's folder is
// ever read, whatever names and links it holds.
type Workspaces interface {
	// Workspace describes one; NotFound for an unknown name.
	Workspace(ctx context.Context, name WorkspaceName) (*Workspace, error)
	// Open opens a regular file for reading. Invalid, with the reason in plain
	// words, for anything else: a link, a folder, a device, a hostile name.
	Open(ctx context.Context, name WorkspaceName, path string) (io.ReadCloser, error)
	// Records reads what the workspace says about its own runs; NotFound for an
	// unknown name. What cannot be read is among the problems of its Sources.
	Records(ctx context.Context, name WorkspaceName) (*Records, error)
	// Log reads an action's log whole; NotFound when there is none.
	Log(ctx context.Context, name WorkspaceName, action string) ([]byte, error)
	// Origins finds the origin of files by path and content.
	Origins(ctx context.Context, name WorkspaceName, files []FileRef) ([]provenance.Origin, error)
}

// Records is what a workspace says about its runs.
type Records struct {
	Sources  *provenance.Sources
	Recorded map[string]provenance.JobRequest // of metadata/job_requests.json
	Problems []string                         // in plain words
}

// Code reads the repositories of studies, from local mirrors: nothing is
// fetched. NotFound when there is no mirror, no such commit or no such file.
type Code interface {
	// Tree lists the files of a repository at a commit, sorted.
	Tree(ctx context.Context, repo, commit string) ([]string, error)
	// File reads one file at a commit; TooLarge over a few megabytes.
	File(ctx context.Context, repo, commit, path string) ([]byte, error)
	// Compare tells what changed from one commit to another, by file.
	Compare(ctx context.Context, repo, from, to string) ([]CodeChange, error)
}

// CodeChange is one file that differs between two commits.
type CodeChange struct {
	Path    string
	Was     string // its earlier path, when it was renamed or removed
	Added   int    // lines
	Removed int
	// Patch is the difference in unified form; "" for a binary or huge file.
	Patch string
}

// FileRef is a file of a workspace by path and content.
type FileRef struct {
	Path   string
	Digest Digest
}

// Workspace is what can be listed of a workspace without reading contents.
type Workspace struct {
	Name     WorkspaceName
	Releases []string        // release folders, newest name last
	Files    []WorkspaceFile // of the release folders and the outputs, sorted by path
	Problems []string        // in plain words: unreadable manifest, odd names
}

// WorkspaceFile is one file on disk.
type WorkspaceFile struct {
	Path     string // relative, slashes
	Size     int64
	Modified time.Time
	// Release says that it lies in a release folder.
	Release bool
	// Digest of the contents, when the listing knows it; "" otherwise.
	Digest Digest
	// Problem says why it cannot be added (a link, a device, a hostile name);
	// Path is then only for showing.
	Problem string
	Origin  provenance.Origin
}

// Sanitiser makes the bytes that leave out of the bytes that came.
type Sanitiser interface {
	// Sanitise returns data itself when the type needs no cleaning. An error is
	// a reason in plain words; such a file cannot be released.
	Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []Removal, err error)
}

// Checker runs the checks over a set of files.
type Checker interface {
	Run(ctx context.Context, p *policy.Policy, set checks.Set) (*checks.Report, error)
	// Engine is the version that goes into ReportKey.
	Engine() string
}

// Sink takes a finished package out of the building. An error that people should
// read is an *Error; of any other they are told only that it happened.
type Sink interface {
	// Deliver publishes the package of a release. It is called again after a
	// crash, and must then find that it is done, or do it over, with one effect.
	// Location says where it is, in a form that people can use.
	Deliver(ctx context.Context, p *Package) (location string, err error)
	// Withdraw takes a recalled release back as far as this sink can, and says in
	// plain words what it did and what it could not. Idempotent. Location is what
	// Deliver returned, "" when it never did: then nothing may be left of it
	// either. An error that is ErrCannotWithdraw says that this place has no way
	// to take anything back; what then tells people what to do. A package goes as
	// a whole, also when only files of it were recalled.
	Withdraw(ctx context.Context, rel *Release, location string) (what string, err error)
}

// NamedSink is a sink by the name that the configuration gives it. The name is
// kept with each release, and is the target of its job.
type NamedSink struct {
	Name string
	Sink Sink
}

// Clock tells the time, in UTC.
type Clock func() time.Time
