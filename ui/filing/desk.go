package filing

import (
	"time"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// Summary is a request in short, as the interface for programs writes it.
type Summary struct {
	ID        review.RequestID     `json:"id"`
	Workspace review.WorkspaceName `json:"workspace"`
	Author    review.Username      `json:"author"`
	Title     string               `json:"title"`
	Status    review.Status        `json:"status"`
	Updated   time.Time            `json:"updated"`
	Submitted time.Time            `json:"submitted"`
	Due       time.Time            `json:"due"`
	Released  time.Time            `json:"released"`
}

// View is a request as its reader may see it now, as far as is needed here.
type View struct {
	Summary       Summary                    `json:"summary"`
	ProjectNumber string                     `json:"project_number"`
	Repository    string                     `json:"repository"`
	Purpose       string                     `json:"purpose"`
	Concerns      string                     `json:"concerns"`
	Relation      policy.Relation            `json:"relation"`
	Missing       []Missing                  `json:"missing"`
	Groups        []Group                    `json:"groups"`
	People        map[review.Username]string `json:"people"`
}

// Missing is what must be mended before submission.
type Missing struct {
	Message string `json:"message"`
}

// Group is a group with its files and the comments one may see.
type Group struct {
	ID           review.GroupID    `json:"id"`
	Name         string            `json:"name"`
	Context      map[string]string `json:"context"`
	Controls     map[string]string `json:"controls"`
	Pattern      string            `json:"pattern"`
	PatternCount int               `json:"pattern_count"`
	Intermediate bool              `json:"intermediate"`
	Files        []File            `json:"files"`
	Comments     []Comment         `json:"comments"`
}

// File is a file of the request.
type File struct {
	ID         review.FileID      `json:"id"`
	Path       string             `json:"path"`
	Kind       review.FileKind    `json:"kind"`
	Size       int64              `json:"size"`
	CleanError string             `json:"clean_error"`
	Exceptions []Exception        `json:"exceptions"`
	Report     *checks.FileReport `json:"report"`
	Votes      []Vote             `json:"votes"`
	Outcome    review.Outcome     `json:"outcome"`
	Changed    string             `json:"changed"`
}

// Exception that was asked for.
type Exception struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// Vote is a checker's, once one may see it.
type Vote struct {
	Checker  review.Username `json:"checker"`
	Decision review.Decision `json:"decision"`
	Reason   string          `json:"reason"`
}

// Comment is one that the reader may see.
type Comment struct {
	Author    review.Username `json:"author"`
	ByChecker bool            `json:"by_checker"`
	Text      string          `json:"text"`
	At        time.Time       `json:"at"`
}

// file is the file of that path that has not been withdrawn, with its group.
func (v *View) file(path string) (*Group, *File) {
	for i := range v.Groups {
		for j := range v.Groups[i].Files {
			if f := &v.Groups[i].Files[j]; f.Path == path && f.Kind != review.WithdrawnF {
				return &v.Groups[i], f
			}
		}
	}
	return nil, nil
}

func (v *View) group(name string) *Group {
	for i := range v.Groups {
		if v.Groups[i].Name == name {
			return &v.Groups[i]
		}
	}
	return nil
}
