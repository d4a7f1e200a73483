package review

import (
	"slices"

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
	// PasswordHash is an argon2id string, or "" when the person cannot sign in
	// with a password. It never leaves storage and sign-in.
	PasswordHash string
}

// Has reports whether the person has the role.
func (p *Person) Has(r policy.Role) bool { return slices.Contains(p.Roles, r) }

// In reports whether the person belongs to the project.
func (p *Person) In(id ProjectID) bool { return slices.Contains(p.Projects, id) }

// Project is a study with its workspaces.
type Project struct {
	ID         ProjectID
	Name       string
	Number     string
	Workspaces []WorkspaceName
}

// Actor is who is asking, looked up afresh for each call.
type Actor struct {
	*Person
	Source string // source address class, for the record
}
