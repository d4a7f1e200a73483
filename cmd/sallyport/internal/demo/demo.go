package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// marker is the file that makes a folder a demonstration's.
const marker = "SALLYPORT-DEMO"

const markerText = `This folder was made by "sallyport demo". Everything in it is invented.
The command may change or delete it; a real server refuses to start on it.
`

// Workspaces is the folder of the workspaces within a demo folder.
func Workspaces(dir string) string { return filepath.Join(dir, "workspaces") }

// Exports is the folder that packages are put into within a demo folder.
func Exports(dir string) string { return filepath.Join(dir, "exports") }

// Is reports whether dir is a demonstration's folder.
func Is(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, marker))
	return err == nil
}

// Prepare makes dir a demo folder with its workspaces, unless it is one
// already; made says which. It refuses a folder that holds anything and was not
// made by it.
func Prepare(dir string) (made bool, err error) {
	if Is(dir) {
		return false, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if len(entries) > 0 {
		return false, fmt.Errorf("%s is not empty and was not made by the demo: name another folder", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	// The marker comes first: a folder left half made is then still the demo's,
	// and may be thrown away.
	if err := os.WriteFile(filepath.Join(dir, marker), []byte(markerText), 0o600); err != nil {
		return false, err
	}
	for _, s := range studies() {
		if err := s.mirror(Code(dir)); err != nil {
			return false, fmt.Errorf("making the code of %s: %w", s.name, err)
		}
		if err := s.write(filepath.Join(Workspaces(dir), s.name)); err != nil {
			return false, fmt.Errorf("making workspace %s: %w", s.name, err)
		}
	}
	return true, nil
}

// Remove deletes a demo folder, and no other.
func Remove(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !Is(dir) {
		return fmt.Errorf("%s was not made by the demo: it stays as it is", dir)
	}
	return os.RemoveAll(dir)
}

// Person is one invented person, and what they are good for trying out.
type Person struct {
	review.Person
	Role  string
	About string
}

// People are the invented people: two researchers on different projects, three
// output checkers, an auditor and an operator. None can sign in with a
// password; the demo's sign-in page offers them by name.
func People() []Person {
	person := func(username, name, role, about string, r policy.Role, projects ...review.ProjectID) Person {
		return Person{review.Person{
			Username: review.Username(username), Name: name, Email: username + "@example.org",
			Roles: []policy.Role{r}, Projects: projects, TrainedUntil: trainedUntil(r),
		}, role, about}
	}
	return []Person{
		person("rowan", "Rowan Inventado", "Researcher", "Files requests for the vaccine coverage and the prescribing study.", policy.Researcher, "vaccine-coverage", "prescribing"),
		person("riley", "Riley Pretence", "Researcher", "Files requests for the long COVID study, whose tables need work.", policy.Researcher, "long-covid"),
		person("casey", "Casey Figment", "Output checker", "Reviews what is routed to them, blind to the other checker.", policy.Checker),
		person("charlie", "Charlie Madeup", "Output checker", "Reviews what is routed to them, blind to the other checker.", policy.Checker),
		also(person("cameron", "Cameron Fable", "Output checker and lead", "The third: two of the three get each request. Also leads: the board shows who carries what, and moves seats.", policy.Checker), policy.Lead),
		person("audrey", "Audrey Fiction", "Auditor", "Reads every request's whole record, and changes nothing.", policy.Auditor),
		person("oakley", "Oakley Phantom", "Operator", "Keeps the service running; sees no contents, never votes or releases.", policy.Operator),
	}
}

// also gives somebody a second role.
func also(p Person, r policy.Role) Person {
	p.Roles = append(p.Roles, r)
	return p
}

// trainedUntil is far enough away for any demonstration.
func trainedUntil(r policy.Role) time.Time {
	if r != policy.Checker {
		return time.Time{}
	}
	return time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)
}

// Projects are the invented studies.
func Projects() []review.Project {
	var all []review.Project
	for _, s := range studies() {
		all = append(all, review.Project{ID: review.ProjectID(s.project), Name: s.title, Number: s.number, Workspaces: []review.WorkspaceName{review.WorkspaceName(s.name)}})
	}
	return all
}

// SavePeople keeps the invented people and studies, unless they are kept
// already.
func SavePeople(ctx context.Context, store review.Store, now time.Time) error {
	kept, err := store.People(ctx)
	if err != nil || len(kept) > 0 {
		return err
	}
	var people []review.Person
	for _, p := range People() {
		people = append(people, p.Person)
	}
	return store.SavePeople(ctx, people, Projects(), review.Event{
		At: now, Type: review.EvPeopleChanged, Actor: "system", Source: "local", Detail: map[string]string{"by": "demo"},
	})
}
