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
	Roles    []policy.Role // that hold in the whole service
	Projects []ProjectID   // that they belong to, in whichever roles they hold
	// Scoped are roles that hold for one project only, or until a time. Who reads
	// a person from a [Store] sees them in here; [Service.Actor] moves those that
	// hold now and everywhere to Roles and Projects, and drops those that are over.
	Scoped []ScopedRole
	// Vouched are the roles in one project that follow from what a sign-in method
	// says of the person; they are among Scoped too.
	Vouched  []ScopedRole
	Disabled bool
	// TrainedUntil is when a checker's training expires: from then on nothing
	// is routed to them.
	TrainedUntil time.Time
	Absences     []Absence
	// Skills are uses of files (see policy.TypeRule.Use) that the checker is
	// trained to review beyond the usual: "report", "log".
	Skills []string
	// Zone is the time zone in which they read times, an IANA name such as
	// "Europe/London"; "" for the service's own. They choose it themselves:
	// [Service.ChooseZone].
	Zone string
	// PasswordHash is an argon2id string, or "" when the person cannot sign in
	// with a password. It never leaves storage and sign-in.
	PasswordHash string
}

// ScopedRole is a role with its bounds.
type ScopedRole struct {
	Role    policy.Role
	Project ProjectID // "" is the whole service
	Until   time.Time // exclusive; zero is without an end
}

// Has reports whether the person has the role in the whole service.
func (p *Person) Has(r policy.Role) bool { return slices.Contains(p.Roles, r) }

// In reports whether the person belongs to the project.
func (p *Person) In(id ProjectID) bool {
	return slices.Contains(p.Projects, id) ||
		slices.ContainsFunc(p.Scoped, func(s ScopedRole) bool { return s.Project == id && id != "" && policy.Joins(s.Role) })
}

// Helps reports whether the person is a copilot of the project.
func (p *Person) Helps(id ProjectID) bool {
	return slices.ContainsFunc(p.Scoped, func(s ScopedRole) bool { return s.Project == id && s.Role == policy.Copilot })
}

// partOf reports whether the person takes any part in the project, and so never
// checks what comes out of it.
func (p *Person) partOf(id ProjectID) bool { return p.In(id) || p.Helps(id) }

// AllRoles are the roles that the person holds anywhere.
func (p *Person) AllRoles() []policy.Role {
	all := slices.Clone(p.Roles)
	for _, s := range p.Scoped {
		if s.Role != policy.InProject && !slices.Contains(all, s.Role) {
			all = append(all, s.Role)
		}
	}
	return all
}

// RolesIn are the roles in which the person acts in a project; those of the
// whole service for "". A role that does not go together with another, wherever
// they hold that one, is not among them. A role in which people file counts in
// the projects that they belong to, and not by their being a collaborator there.
func (p *Person) RolesIn(id ProjectID) []policy.Role {
	effective := policy.Effective(p.AllRoles())
	var out []policy.Role
	add := func(r policy.Role) {
		if slices.Contains(effective, r) && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, r := range p.Roles {
		if id == "" || !policy.Joins(r) || slices.Contains(p.Projects, id) {
			add(r)
		}
	}
	for _, s := range p.Scoped {
		if s.Project == id && id != "" && s.Role != policy.InProject {
			add(s.Role)
		}
	}
	return out
}

// projectsWhere are those in which the person holds a role that is ok.
func (p *Person) projectsWhere(ok func(policy.Role) bool) []ProjectID {
	var out []ProjectID
	for _, s := range p.Scoped {
		if s.Project != "" && ok(s.Role) && !slices.Contains(out, s.Project) {
			out = append(out, s.Project)
		}
	}
	return out
}

// span says how far the person may do an action: in all projects, or only in
// those that their roles are for.
func (p *Person) span(action policy.Action) (all bool, in []ProjectID) {
	if policy.Somewhere(p.RolesIn(""), action) {
		return true, nil
	}
	effective := policy.Effective(p.AllRoles())
	return false, p.projectsWhere(func(r policy.Role) bool {
		return slices.Contains(effective, r) && policy.Somewhere([]policy.Role{r}, action)
	})
}

// joined are the projects that the person belongs to.
func (p *Person) joined() []ProjectID {
	out := slices.Clone(p.Projects)
	for _, id := range p.projectsWhere(policy.Joins) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// at is the person as they stand at a time.
func (p *Person) at(now time.Time) *Person {
	q := *p
	q.Roles, q.Projects, q.Scoped = slices.Clone(p.Roles), slices.Clone(p.Projects), nil
	for _, s := range p.Scoped {
		switch {
		case !s.Until.IsZero() && !now.Before(s.Until):
		case s.Project == "":
			if !slices.Contains(q.Roles, s.Role) {
				q.Roles = append(q.Roles, s.Role)
			}
		case s.Role == policy.InProject:
			if !slices.Contains(q.Projects, s.Project) {
				q.Projects = append(q.Projects, s.Project)
			}
		default:
			q.Scoped = append(q.Scoped, s)
		}
	}
	return &q
}

// Absence is a time when nothing is routed to a checker.
type Absence struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"` // exclusive
}

// AwayUntil is when the absence ends that the time lies in, one that begins at its
// end with it; zero when the person is there.
func (p *Person) AwayUntil(at time.Time) time.Time {
	var until time.Time
	for i := 0; i <= len(p.Absences) && p.Away(at); i++ {
		for _, a := range p.Absences {
			if !at.Before(a.From) && at.Before(a.Until) {
				until, at = a.Until, a.Until
			}
		}
	}
	return until
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
