package crate

import (
	"time"

	"sallyport/review"
)

// RecordSchema names the form of the disclosure-control record. A change that
// an existing reader would misunderstand gets another number.
const RecordSchema = "sallyport-disclosure-record/1"

// Record is the disclosure-control record of one release: under which policy it
// was checked, by what and by whom, and what each of them said (SATRE 3.3.09).
//
// It leaves with the files, so it holds nothing that has not been checked
// itself: no value of any cell, nothing of files that stay, no sentence that
// somebody wrote for a review, and no address. Withheld says so to its reader.
type Record struct {
	Schema    string         `json:"schema"`
	Release   ReleaseFacts   `json:"release"`
	Project   ProjectFacts   `json:"project"`
	People    []PersonFacts  `json:"people"` // everybody who is named below
	Policy    PolicyFacts    `json:"policy"`
	Engine    EngineFacts    `json:"engine"`
	Confirmed []StatementRef `json:"confirmed"` // by the author, at submission
	Routing   []SeatFacts    `json:"routing"`
	Blind     BlindFacts     `json:"independence"`
	History   []Step         `json:"history"` // changes of status and owner
	Files     []FileFacts    `json:"files"`
	Withheld  []string       `json:"withheld"`
	Log       *LogFacts      `json:"log,omitempty"`
}

// ReleaseFacts say what was released, for whom and by whom.
type ReleaseFacts struct {
	ID         string               `json:"id"`
	Identifier string               `json:"identifier"` // urn:uuid, as in bag-info.txt
	Request    review.RequestID     `json:"request"`
	Workspace  review.WorkspaceName `json:"workspace"`
	Title      string               `json:"title"`
	Purpose    string               `json:"purpose"`
	Author     review.Username      `json:"author"`
	Approved   time.Time            `json:"approved"`
	ReleasedBy review.Username      `json:"released_by"`
	Findings   review.Digest        `json:"findings_sha256"` // of the findings in force
	// Supporting and Withdrawn count files that were part of the request and
	// are not part of the release.
	Supporting int `json:"supporting_files"`
	Withdrawn  int `json:"withdrawn_files"`
}

// ProjectFacts name the project on whose behalf the results were made.
type ProjectFacts struct {
	ID     review.ProjectID `json:"id"`
	Name   string           `json:"name"`
	Number string           `json:"number,omitempty"`
}

// PersonFacts name a person.
type PersonFacts struct {
	Username review.Username `json:"username"`
	Name     string          `json:"name"`
	Roles    []string        `json:"roles"` // in this release: "author", "checker", "released it"
}

// PolicyFacts are the policy under which the release was decided, in full.
type PolicyFacts struct {
	Name      string       `json:"name"`
	Version   string       `json:"version"`
	SHA256    string       `json:"sha256"` // of Text
	Text      string       `json:"text"`   // YAML, as it was loaded
	Approvals int          `json:"approvals"`
	Permitted PermittedRef `json:"permitted_results"`
}

// PermittedRef is the permitted study results policy that the author confirmed.
type PermittedRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	URL     string `json:"url,omitempty"`
}

// EngineFacts say which checks were run.
type EngineFacts struct {
	Version string `json:"version"`
	// Checks are all that were run; without Listed, only those that found
	// something, because the engine's own list is not at hand.
	Checks []CheckFacts `json:"checks"`
	Listed bool         `json:"listed"`
}

// CheckFacts name one check.
type CheckFacts struct {
	Name    string `json:"name"`
	Version int    `json:"version,omitempty"`
	Title   string `json:"title,omitempty"`
}

// StatementRef is a statement of the policy's by id and wording.
type StatementRef struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
}

// SeatFacts are one checker's place on the request.
type SeatFacts struct {
	Checker    review.Username `json:"checker"`
	Assigned   time.Time       `json:"assigned"`
	Submitted  time.Time       `json:"submitted,omitzero"`  // the review of the last turn
	Specialist bool            `json:"specialist,omitzero"` // for single files only
}

// BlindFacts say what the log shows of the reviews' independence.
type BlindFacts struct {
	Verdict review.Verdict `json:"verdict"`
	Claims  []ClaimFacts   `json:"claims"`
}

// ClaimFacts are one statement and whether the log shows it.
type ClaimFacts struct {
	Text    string         `json:"text"`
	Verdict review.Verdict `json:"verdict"`
}

// Step is one change of the request's status.
type Step struct {
	Event review.EventType `json:"event"`
	Seq   int64            `json:"seq"` // in the log
	At    time.Time        `json:"at"`
	By    review.Username  `json:"by"`
	Turn  int              `json:"turn"`
	From  review.Status    `json:"from,omitempty"`
	To    review.Status    `json:"to,omitempty"`
}

// FileFacts are one released file, and everything said of it.
type FileFacts struct {
	Path      string        `json:"path"`
	SHA256    review.Digest `json:"sha256"` // of the bytes in this package
	Size      int64         `json:"size"`
	MediaType string        `json:"media_type"`
	Before    BeforeFacts   `json:"before_cleaning"`
	Removed   []Removed     `json:"removed"` // by cleaning
	Origin    OriginFacts   `json:"origin"`
	Checks    RunFacts      `json:"checks"`
	// Exceptions that the author asked for, and the checkers' answers.
	Exceptions []ExceptionFacts `json:"exceptions"`
	// Decisions of the checkers, oldest first; Standing are those that count.
	Decisions []DecisionFacts `json:"decisions"`
}

// BeforeFacts are the bytes as the workspace had them.
type BeforeFacts struct {
	SHA256 review.Digest `json:"sha256"`
	Size   int64         `json:"size"`
	Same   bool          `json:"same"` // cleaning changed nothing
}

// Removed is one sort of thing that cleaning took out.
type Removed struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// OriginFacts say which code made a file; empty where it is not known.
type OriginFacts struct {
	Repository string    `json:"repository,omitempty"`
	Commit     string    `json:"commit,omitempty"`
	Action     string    `json:"action,omitempty"`
	Job        string    `json:"job,omitempty"`
	Level      string    `json:"level,omitempty"`
	Created    time.Time `json:"created,omitzero"`
	OutOfDate  bool      `json:"out_of_date,omitzero"`
}

// RunFacts are what the checks said of a file.
type RunFacts struct {
	// Status is "complete", or "incomplete" when the file could not be examined
	// to its end: then a check that found nothing says nothing.
	Status  string        `json:"status"`
	Results []CheckResult `json:"results"` // one for each check, in their order
}

// CheckResult is one check of one file.
type CheckResult struct {
	Check    string         `json:"check"`
	Result   string         `json:"result"` // "nothing found", "found" or "not finished"
	Findings []FindingFacts `json:"findings,omitempty"`
}

// FindingFacts are one finding without its values.
type FindingFacts struct {
	ID       string `json:"id"` // within this record
	Kind     string `json:"kind,omitempty"`
	Severity string `json:"severity"`
	Lines    []int  `json:"lines,omitempty"`  // records of the file, from 1; the first hundred
	Column   int    `json:"column,omitempty"` // from 1
	Cells    int    `json:"cells,omitempty"`  // concerned in all
	// Acknowledged is the author's answer to it.
	Acknowledged *AcknowledgedFacts `json:"acknowledged,omitempty"`
	Excepted     bool               `json:"excepted,omitzero"` // an exception covers its check
}

// AcknowledgedFacts are the author's answer to a finding, by the policy's code.
type AcknowledgedFacts struct {
	Code      string          `json:"code"`
	Statement string          `json:"statement,omitempty"` // the policy's words for the code
	By        review.Username `json:"by"`
	At        time.Time       `json:"at"`
	Answers   []AnswerFacts   `json:"answers"`
}

// AnswerFacts are a checker's acceptance or refusal.
type AnswerFacts struct {
	Checker review.Username `json:"checker"`
	Accept  bool            `json:"accept"`
	Turn    int             `json:"turn"`
	At      time.Time       `json:"at"`
}

// ExceptionFacts are an exception from one rule.
type ExceptionFacts struct {
	Kind    review.ExceptionKind `json:"kind"`
	Check   string               `json:"check,omitempty"`
	Asked   time.Time            `json:"asked"`
	Answers []AnswerFacts        `json:"answers"`
}

// DecisionFacts are one decision of one checker.
type DecisionFacts struct {
	Checker  review.Username `json:"checker"`
	Decision review.Decision `json:"decision"`
	Turn     int             `json:"turn"`
	At       time.Time       `json:"at"`
	Standing bool            `json:"standing,omitzero"`
}

// LogFacts name the checkpoint that the proofs in the package lead to.
type LogFacts struct {
	Size int64     `json:"size"` // events
	Root string    `json:"root"` // hex
	At   time.Time `json:"at"`
}
