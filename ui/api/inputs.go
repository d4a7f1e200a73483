package api

import (
	"sallyport/review"
)

// What programs send. A member without omitzero is required.

type createInput struct {
	Workspace review.WorkspaceName `json:"workspace"`
}

type detailsInput struct {
	Title         string `json:"title"`
	ProjectNumber string `json:"project_number,omitzero"`
	Repository    string `json:"repository,omitzero"`
	Purpose       string `json:"purpose" doc:"why the release is necessary for the project's purpose"`
	Concerns      string `json:"concerns,omitzero" doc:"disclosure concerns that the author sees"`
}

type reuseInput struct {
	From review.RequestID `json:"from"`
}

type groupInput struct {
	Context      map[string]string `json:"context" doc:"by field of the policy"`
	Controls     map[string]string `json:"controls" doc:"by field of the policy"`
	Pattern      string            `json:"pattern,omitzero" doc:"the wildcard that names the group's outputs"`
	PatternCount int               `json:"pattern_count,omitzero" doc:"how many files it captures"`
	Intermediate bool              `json:"intermediate,omitzero" doc:"data that only serves to make final outputs"`
}

type addFilesInput struct {
	Files []addFileInput `json:"files"`
}

type addFileInput struct {
	Path      string          `json:"path"`
	Kind      review.FileKind `json:"kind"`
	Group     string          `json:"group" doc:"name of the group; made when there is none of that name"`
	Exception string          `json:"exception,omitzero" doc:"why a file over the size limit is asked for all the same"`
}

type wildcardInput struct {
	Group   string `json:"group"`
	Pattern string `json:"pattern" doc:"like release/rate_by_*.csv"`
	Count   int    `json:"count" doc:"how many files it captures"`
}

type moveInput struct {
	Group string          `json:"group"`
	Kind  review.FileKind `json:"kind"`
}

type exceptionInput struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

type exceptionAnswerInput struct {
	Check  string `json:"check"`
	Accept bool   `json:"accept"`
	Reason string `json:"reason,omitzero" doc:"required for a refusal"`
}

type acknowledgeInput struct {
	Fingerprint string `json:"fingerprint"`
	Code        string `json:"code" doc:"an acknowledgement of the policy"`
	Text        string `json:"text,omitzero"`
	CodeLink    string `json:"code_link,omitzero"`
}

type acknowledgeAnswerInput struct {
	Fingerprint string `json:"fingerprint"`
	Accept      bool   `json:"accept"`
	Reason      string `json:"reason,omitzero" doc:"required for a refusal"`
}

type submitInput struct {
	Checklist        []string `json:"checklist" doc:"every item of the policy's checklist that is confirmed"`
	PermittedResults string   `json:"permitted_results" doc:"version of the permitted study results policy that is confirmed"`
}

type commentInput struct {
	Group      review.GroupID    `json:"group"`
	File       review.FileID     `json:"file,omitzero"`
	Line       int               `json:"line,omitzero" doc:"record of the file, the first is 1"`
	Column     int               `json:"column,omitzero" doc:"column of the record, the first is 1"`
	Visibility review.Visibility `json:"visibility,omitzero" doc:"required of checkers; an author's comments are public"`
	Text       string            `json:"text" doc:"Markdown"`
}

type handOverInput struct {
	To     review.Username `json:"to,omitzero" doc:"whoever the rule chooses when it is not there"`
	Reason string          `json:"reason"`
}

type reassignInput struct {
	From   review.Username `json:"from"`
	To     review.Username `json:"to,omitzero" doc:"whoever the rule chooses when it is not there"`
	Reason string          `json:"reason"`
}

type routeFileInput struct {
	From   review.Username `json:"from"`
	To     review.Username `json:"to"`
	Reason string          `json:"reason"`
}

type voteInput struct {
	Decision review.Decision `json:"decision"`
	Reason   string          `json:"reason,omitzero" doc:"required to request changes and to reject"`
	Seen     review.Digest   `json:"seen" doc:"release_sha256 of the bytes that were looked at"`
}

type reasonInput struct {
	Reason string `json:"reason"`
}
