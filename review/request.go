package review

import (
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
)

// Identifiers. They are unguessable, and still checked.
type (
	RequestID string
	GroupID   string
	FileID    string
	CommentID string
	// Username names a person; it is unique and stable.
	Username string
	// WorkspaceName names a workspace; it is a single path element.
	WorkspaceName string
	ProjectID     string
	// Digest is the lower-case hex SHA-256 of some bytes.
	Digest string
)

// Status of a request.
type Status string

const (
	Pending           Status = "PENDING"            // draft; the author owns it
	Submitted         Status = "SUBMITTED"          // checkers own it from here
	PartiallyReviewed Status = "PARTIALLY_REVIEWED" // one review is in
	Reviewed          Status = "REVIEWED"           // both are in: consolidation
	Approved          Status = "APPROVED"           // decided; the package is being made
	Released          Status = "RELEASED"
	Returned          Status = "RETURNED" // with the author again
	Rejected          Status = "REJECTED"
	Withdrawn         Status = "WITHDRAWN"
)

// Owner of a status: "author", "checkers" or "system" (final or in delivery).
func (s Status) Owner() string {
	switch s {
	case Pending, Returned:
		return "author"
	case Submitted, PartiallyReviewed, Reviewed:
		return "checkers"
	default:
		return "system"
	}
}

// Active says whether the request still counts against the one active request
// per author and workspace.
func (s Status) Active() bool {
	return s.Owner() != "system" || s == Approved
}

// Request is one release request: the aggregate that a Store keeps whole.
type Request struct {
	ID      RequestID
	Version int64 // raised by every change; the compare-and-swap counter

	Workspace WorkspaceName
	Project   ProjectID
	Author    Username

	Status Status
	// Turn counts changes of owner, from 1 (the first draft).
	Turn int

	// What the request as a whole carries.
	Title         string
	ProjectNumber string
	Repository    string
	Purpose       string // why the release is necessary for the project's purpose
	Concerns      string // disclosure concerns the author sees

	// Confirmed at submission: the checklist items by id, and under which policy.
	Checklist        []string
	Policy           policy.Ref
	PermittedResults string // version of the permitted study results policy

	Groups []Group
	// Seats are the checkers it is routed to: two for the request as a whole,
	// and specialists for single files (see Seat.Specialist, File.Checkers).
	Seats            []Seat
	Comments         []Comment // by group, see Comment.Group
	Acknowledgements []Acknowledgement
	// Reused is the earlier request whose context this one was filled from.
	Reused RequestID

	// ReportKey names the findings in force, and Findings is their digest (see
	// ReportDigest). Both are zero after a change that the checks have not seen.
	ReportKey ReportKey
	Findings  Digest
	// Worst is the weightiest finding in force: policy.Off when there is none.
	Worst policy.Severity

	Created   time.Time
	Updated   time.Time
	Submitted time.Time // last submission
	Due       time.Time // feedback promised by: zero before submission and while returned, kept once decided
	Decided   time.Time
	Released  time.Time
}

// Group is a set of files that share a description.
type Group struct {
	ID   GroupID
	Name string
	// Context and Controls hold what the author wrote, by policy field id.
	Context  map[string]string
	Controls map[string]string
	// Pattern and PatternCount are the stated wildcard and number of files it
	// captures, when the group is named by one.
	Pattern      string
	PatternCount int
	// Intermediate marks data that only serves to make final outputs; it needs
	// a justification.
	Intermediate bool
	Files        []File
}

// FileKind says what is to become of a file.
type FileKind string

const (
	Output     FileKind = "output"     // to be released
	Supporting FileKind = "supporting" // reviewed with the outputs, never released
	WithdrawnF FileKind = "withdrawn"  // taken back by the author; kept for the record
)

// File is one file of a request, snapshotted when it was added.
type File struct {
	ID     FileID
	Path   string // in the workspace, "release/t.csv"
	Kind   FileKind
	Digest Digest // of the bytes as the workspace had them
	Size   int64
	// Release is the digest of the bytes that would leave: the sanitised form
	// where the type has one, else equal to Digest. Empty when cleaning failed;
	// such a file cannot be approved.
	Release     Digest
	ReleaseSize int64
	MediaType   string // of the release bytes
	Cleaning    []Removal
	CleanError  string // why cleaning failed, for the page

	Origin provenance.Origin
	Added  time.Time
	Votes  []Vote // the standing vote of each seat, history is in the events
	// PastVotes are votes that were changed, undone or made void, oldest first:
	// for the record, with their reasons, which events do not hold.
	PastVotes []Vote
	// Checkers are the two who decide on this file, when it is routed
	// differently from its request; empty otherwise. See Request.CheckersOf.
	Checkers   []Username
	Exceptions []Exception
	Previous   []Snapshot // what it was before, oldest first
}

// Snapshot is what a file was before its author updated it.
type Snapshot struct {
	Digest   Digest    `json:"digest"`
	Release  Digest    `json:"release,omitempty"`
	Size     int64     `json:"size"`
	Turn     int       `json:"turn"` // in which it was replaced
	Replaced time.Time `json:"replaced"`
}

// ExceptionKind says which rule a file asks to be excepted from.
type ExceptionKind string

const (
	ExceptType    ExceptionKind = "type"    // a file type that the policy does not list
	ExceptSize    ExceptionKind = "size"    // over the size limit
	ExceptRows    ExceptionKind = "rows"    // over the row limit
	ExceptFinding ExceptionKind = "finding" // another blocking finding, see Exception.Check
)

// Exception is asked for by the author, with a reason, and accepted or refused
// explicitly by each of the file's two checkers. Without both no approval of
// the file counts.
type Exception struct {
	Kind    ExceptionKind `json:"kind"`
	Check   string        `json:"check,omitempty"`
	Reason  string        `json:"reason"`
	Asked   time.Time     `json:"asked"`
	Answers []Answer      `json:"answers,omitempty"`
}

// Answer is one checker's acceptance or refusal of an exception or an
// acknowledgement. It is part of the review: blind until both are in.
type Answer struct {
	Checker Username  `json:"checker"`
	Accept  bool      `json:"accept"`
	Reason  string    `json:"reason,omitempty"` // required for a refusal
	Turn    int       `json:"turn"`
	At      time.Time `json:"at"`
}

// Acknowledgement is the author's answer to one finding. It explains; it never
// hides the finding or lowers it. It holds for as long as the fingerprint does:
// a change of value, check or policy opens the finding again.
type Acknowledgement struct {
	Fingerprint string    `json:"fingerprint"`
	File        FileID    `json:"file"`
	Check       string    `json:"check"`
	Code        string    `json:"code"` // an id of Policy.Acknowledgements
	Text        string    `json:"text"`
	CodeLink    string    `json:"code_link,omitempty"` // "analysis/x.R:42@commit"
	By          Username  `json:"by"`
	At          time.Time `json:"at"`
	Answers     []Answer  `json:"answers,omitempty"`
}

// Removal is one thing that cleaning took out, or changed.
type Removal struct {
	What  string `json:"what"`  // "script element", "style attribute"
	Count int    `json:"count"` // how many
	Where string `json:"where,omitempty"`
}

// Decision is what one checker says of one file.
type Decision string

const (
	Approve        Decision = "approve"
	RequestChanges Decision = "changes"
	Reject         Decision = "reject"    // not an acceptable type of output
	Undecided      Decision = "undecided" // after a resubmission that touched it
)

// Vote is one checker's standing decision on one file.
type Vote struct {
	Checker  Username
	Decision Decision
	Reason   string // required for changes and reject
	Turn     int
	At       time.Time
	// Basis is what the vote rests on: the digest over the file's release
	// bytes, its kind, and its group's context and controls. A vote whose basis
	// is no longer the file's is void: see Request.Basis.
	Basis Digest
	// Earlier is the decision before a resubmission made the vote undecided,
	// with its reason, so that the checker can go on from it.
	Earlier       Decision
	EarlierReason string
}

// Seat is one of the two places on a request.
type Seat struct {
	Checker  Username
	Assigned time.Time
	Why      string // why this person, in a sentence
	// Submitted is when the checker handed in the review of this turn; zero
	// before. While zero, nobody else may learn anything of it.
	Submitted time.Time
	// Specialist holds the seat for single files only: those that name the
	// checker in File.Checkers.
	Specialist bool
	// Reminded is when the checker was last reminded of it.
	Reminded time.Time
}

// Visibility of a comment.
type Visibility string

const (
	Public   Visibility = "public"   // the author sees it after the turn
	Checkers Visibility = "checkers" // checkers only
)

// Comment is a remark on a group, a file, or a place in it.
type Comment struct {
	ID         CommentID
	Group      GroupID
	File       FileID // may be empty
	Author     Username
	ByChecker  bool
	Visibility Visibility
	Text       string // Markdown, hostile
	// Line and Column point at a place in the file: the 1-based record, and the
	// 0-based column plus one. Zero means the whole.
	Line, Column int
	Turn         int
	At           time.Time
	// Independent marks a comment made before both reviews were in: the other
	// checker sees it only afterwards.
	Independent bool
	// Published is when a checkers-only comment was made public, in
	// consolidation; zero otherwise.
	Published time.Time
}

// ReportKey names stored findings: the same files, policy and engine give the
// same findings, so they are made once.
type ReportKey struct {
	Set    Digest // over path, kind, group and digest of each file, and the earlier releases
	Policy string // sha256 of the policy
	Engine string // version of the checks
}
