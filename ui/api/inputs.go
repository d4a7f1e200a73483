package api

import (
	"sallyport/review"
	"sallyport/ui/form"
)

// What programs send. A member without omitzero is required.

type createInput struct {
	Workspace review.WorkspaceName `json:"workspace"`
}

// formInput is a whole form: what it leaves empty stays as the draft has it.
type formInput struct {
	Title         string           `json:"title,omitzero"`
	ProjectNumber string           `json:"project_number,omitzero"`
	Repository    string           `json:"repository,omitzero"`
	Purpose       string           `json:"purpose,omitzero"`
	Concerns      string           `json:"concerns,omitzero"`
	Reuse         string           `json:"reuse,omitzero" doc:"id of an earlier request to fill empty descriptions from, or latest"`
	Groups        []formGroupInput `json:"groups"`
	LeaveOut      bool             `json:"leave_out,omitzero" doc:"file the rest where a file is refused; without it, nothing is changed then"`
}

type formGroupInput struct {
	Name         string            `json:"name"`
	Pattern      string            `json:"pattern,omitzero" doc:"a wildcard that names the group's outputs"`
	PatternCount int               `json:"pattern_count,omitzero" doc:"how many files it captures"`
	Intermediate bool              `json:"intermediate,omitzero" doc:"data that only serves to make final outputs"`
	Context      map[string]string `json:"context,omitzero" doc:"by field of the policy"`
	Controls     map[string]string `json:"controls,omitzero" doc:"by field of the policy"`
	Files        []formFileInput   `json:"files,omitzero"`
}

type formFileInput struct {
	Path       string           `json:"path"`
	Kind       review.FileKind  `json:"kind"`
	Exceptions []exceptionInput `json:"exceptions,omitzero"`
}

// form is the form of a workspace.
func (in formInput) form(ws review.WorkspaceName) *form.Form {
	f := &form.Form{
		Workspace: string(ws), Title: in.Title, ProjectNumber: in.ProjectNumber, Repository: in.Repository, Purpose: in.Purpose, Concerns: in.Concerns, Reuse: in.Reuse,
	}
	for _, g := range in.Groups {
		group := form.Group{Name: g.Name, Wildcard: g.Pattern, Count: g.PatternCount, Intermediate: g.Intermediate, Context: g.Context, Controls: g.Controls}
		for _, x := range g.Files {
			file := form.File{Path: x.Path, Kind: x.Kind}
			for _, e := range x.Exceptions {
				file.Exceptions = append(file.Exceptions, form.Exception(e))
			}
			group.Files = append(group.Files, file)
		}
		f.Groups = append(f.Groups, group)
	}
	return f
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
	Files  []addFileInput `json:"files"`
	Behind bool           `json:"behind,omitzero" doc:"of many files only the first are added before the answer, and the others behind it, all at once: the request's \"adding\" tells how far that is"`
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
	Behind  bool   `json:"behind,omitzero" doc:"as of adding files by their paths"`
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
