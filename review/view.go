package review

import (
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// View is a request as one person may see it now. Everything in it may be
// shown to that person; what they may not see is not in it.
type View struct {
	Request Request // votes, seats and comments are filtered
	You     Username
	// Relation of the viewer to the request.
	Relation policy.Relation
	// Can holds the actions open to the viewer in this status, so that a page
	// shows only buttons that work. Why says, for an action a person in this
	// relation would expect, why it is closed now.
	Can map[policy.Action]bool
	Why map[policy.Action]string
	// Missing says what must be mended before it can be submitted, in order.
	Missing []Problem
	// Groups, in the request's order.
	Groups []GroupView
	// Report holds the findings in force; nil when none are stored yet.
	Report *checks.Report
	// Checking says how far the checks are while they go on behind; nil when they
	// do not, or on another instance. Files that are done have their Report before
	// they were compared with one another.
	Checking *Checking
	// Adding is the files that are being added behind, or were not, for the author
	// and members of the project; nil when there is nothing to tell.
	Adding *Adding
	// Seats as the viewer may know them: names always, Submitted only after
	// both are in (a checker always sees their own).
	Phase Phase
	Names map[Username]string // full names of all people mentioned
	// Damaged says that stored bytes which the request rests on are under an
	// alarm: nothing of it can be decided.
	Damaged bool
	// Deliveries says how its release stands with each of its places.
	Deliveries []DeliveryState
	// Recalled says what of its release was recalled; nil for nothing.
	Recalled *Recall
	// Hold is the legal hold in force; nil for none, and for those who may not
	// put one.
	Hold *Hold
	// Retired is when its stored bytes were given up under the retention policy;
	// zero while they are kept.
	Retired time.Time
}

// Phase of the review.
type Phase string

const (
	NoReview      Phase = ""              // the author owns it, or it is over
	Independent   Phase = "independent"   // reviews are being made, blind
	Consolidation Phase = "consolidation" // both are in
)

// Problem is something that stands in the way of submission, and where.
type Problem struct {
	Group   GroupID // may be empty
	File    FileID  // may be empty
	Field   string  // policy field id, or "purpose", "checklist", "files", ...
	Message string
}

// GroupView is one group with its files and visible comments.
type GroupView struct {
	Group    *Group
	Files    []FileView
	Comments []Comment
}

// FileView is one file with what the viewer may know of it.
type FileView struct {
	File *File
	// Report is the file's part of the findings; nil when there is none.
	Report *checks.FileReport
	// Yours says that the file is the viewer's to decide on. Mine is their own
	// standing vote, nil if none, and MineVoid that a decision is still needed:
	// there is none, or the file or its context changed since.
	Yours    bool
	Mine     *Vote
	MineVoid bool
	// Votes holds all standing votes the viewer may see (consolidation, and the
	// author after the request came back).
	Votes []Vote
	// Acknowledged holds the author's answers to findings, by fingerprint.
	Acknowledged map[string]*Acknowledgement
	// Outcome of the file once both reviews are in.
	Outcome Outcome
	// Scan is the verdict of the malware scan; nil when nothing is scanned here.
	Scan *Scan
	// Changed says that the file in the workspace is no longer the snapshot:
	// "", "changed" or "gone". Known only while the author owns the request.
	Changed string
}

// Outcome of one file.
type Outcome string

const (
	Incomplete       Outcome = "incomplete"
	AllApproved      Outcome = "approved"
	ChangesRequested Outcome = "changes requested"
	FileRejected     Outcome = "rejected"
	Conflicted       Outcome = "conflicted"
)

// QueueItem is one request routed to a checker.
type QueueItem struct {
	Request  Request // without files
	Files    int     // output files
	Mine     int     // of which the checker has voted on
	Due      time.Time
	Overdue  bool
	YourTurn bool   // the checker's own review is not submitted, or consolidation waits
	State    string // in plain words
	Worst    policy.Severity
}

// FileContent is what a page needs to show one file.
type FileContent struct {
	View FileView
	// Original is what the researcher supplied; Clean what would leave. They
	// are equal where the type needs no cleaning.
	Original, Clean []byte
	MediaType       string // of Clean
	Doc             *checks.Document
}
