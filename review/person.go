package review

import (
	"slices"
	"time"

	"sallyport/policy"
)

// Person is somebody who can sign in.
type Person struct {
	Username Username
	Name     string
	Email    string
	Roles    []policy.Role
	Projects []ProjectID
	Disabled bool
	// TrainedUntil is when a checker's training expires: from then on nothing
	// is routed to them.
	TrainedUntil time.Time
	Absences     []Absence
	// Skills are uses of files (see policy.TypeRule.Use) that the checker is
	// trained to review beyond the usual: "report", "log".
	Skills []string
	// PasswordHash is an argon2id string, or "" when the person cannot sign in
	// with a password. It never leaves storage and sign-in.
	PasswordHash string
}

// Has reports whether the person has the role.
func (p *Person) Has(r policy.Role) bool { return slices.Contains(p.Roles, r) }

// In reports whether the person belongs to the project.
func (p *Person) In(id ProjectID) bool { return slices.Contains(p.Projects, id) }

// Absence is a time when nothing is routed to a checker.
type Absence struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"` // exclusive
}

// Away reports whether the person is absent at the time.
func (p *Person) Away(at time.Time) bool {
	return slices.ContainsFunc(p.Absences, func(a Absence) bool { return !at.Before(a.From) && at.Before(a.Until) })
}

// ProjectKind says what a project is for, and so who may file requests in it.
type ProjectKind string

const (
	StudyProject    ProjectKind = "study"    // researchers
	TestingProject  ProjectKind = "testing"  // core developers only
	CurationProject ProjectKind = "curation" // core developers and data investigators, on the curation backends
)

// Project is a study with its workspaces.
type Project struct {
	ID         ProjectID
	Name       string
	Number     string
	Kind       ProjectKind // "" means a study
	Backend    string      // "TPP", "EMIS", ...
	Workspaces []WorkspaceName
}

// Actor is who is asking, looked up afresh for each call.
type Actor struct {
	*Person
	Source string // source address class, for the record
}
