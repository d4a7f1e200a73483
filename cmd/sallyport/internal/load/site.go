package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// Site is what there is to file, and who files and checks it. Each researcher has
// a project and a workspace; checkers belong to none.
type Site struct {
	Researchers, Checkers int
	Courses               int // requests that each researcher can file
	Bytes                 int // of each file, about; requests are of one file
	// Mixed has requests of one to eight files of many sizes instead, as they
	// come: most tables are small, and a few are as large as a policy lets them be.
	Mixed bool
	Files int // of each request, when above 0
}

// sizes are those of a mixed site's files, each as often as the others: a tenth
// of the tables makes most of the bytes.
func sizes() []int {
	return []int{1_000, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 40_000, 80_000, 120_000}
}

// counts are how many files a mixed site's requests have, in turn.
func counts() []int { return []int{1, 3, 1, 2, 8, 1, 4, 1} }

// There is one of each of these at a site.
const (
	Auditor  review.Username = "auditor"
	Lead     review.Username = "lead"
	Operator review.Username = "operator"
)

// Researcher and Checker name people, counted from 0.
func Researcher(i int) review.Username { return review.Username(fmt.Sprintf("researcher%d", i)) }

// Checker names a checker.
func Checker(i int) review.Username { return review.Username(fmt.Sprintf("checker%d", i)) }

// Workspace names a researcher's workspace.
func Workspace(i int) review.WorkspaceName {
	return review.WorkspaceName(fmt.Sprintf("workspace%d", i))
}

// paths are what a course releases.
func (s Site) paths(course int) []string {
	n := s.Files
	switch {
	case n == 0 && !s.Mixed:
		return []string{fmt.Sprintf("release/counts_%d.csv", course)}
	case n == 0:
		n = counts()[course%len(counts())]
	}
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("release/counts_%d_%d.csv", course, i))
	}
	return out
}

// bytes is how large a file of a course is.
func (s Site) bytes(researcher, course, file int) int {
	if !s.Mixed {
		return s.Bytes
	}
	return sizes()[(researcher*7+course*3+file)%len(sizes())]
}

// Lay writes the workspaces below dir.
func (s Site) Lay(dir string) error {
	for i := range s.Researchers {
		outputs := map[string]any{}
		for c := range s.Courses {
			for n, name := range s.paths(c) {
				data := table(i, c, n, s.bytes(i, c, n))
				path := filepath.Join(dir, string(Workspace(i)), name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(path, data, 0o644); err != nil {
					return err
				}
				outputs["output/"+strings.TrimPrefix(name, "release/")] = madeBy(i, data)
			}
		}
		text, err := json.Marshal(map[string]any{"workspace": Workspace(i), "repo": "https://example.org/study", "outputs": outputs})
		if err != nil {
			return err
		}
		meta := filepath.Join(dir, string(Workspace(i)), "metadata")
		if err := os.MkdirAll(meta, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(meta, "manifest.json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// madeBy is what a manifest says of a file.
func madeBy(researcher int, data []byte) map[string]any {
	sum := sha256.Sum256(data)
	return map[string]any{
		"level": "moderately_sensitive", "job_id": "job", "job_request": "jobrequest", "action": "count", "user": string(Researcher(researcher)),
		"repo": "https://example.org/study", "commit": "0123456789abcdef0123456789abcdef01234567", "size": len(data),
		"timestamp": 1760000000.0, "content_hash": hex.EncodeToString(sum[:]), "excluded": false,
	}
}

// table is a table of rounded counts, other ones for each file.
func table(researcher, course, file, size int) []byte {
	var b bytes.Buffer
	b.WriteString("week,region,adults_rounded,vaccinated_rounded\n")
	for row := 0; row == 0 || b.Len() < size; row++ {
		fmt.Fprintf(&b, "%d,region %d,%d,%d\n", row/9+1, row%9+1, 100_000+5*(row*7%900+researcher), 50_000+5*(row*13%700+course+41*file))
	}
	return b.Bytes()
}

// People puts the site's people and projects into a database, with a token for
// each, and returns the tokens.
func (s Site) People(ctx context.Context, store Store, now time.Time) (map[review.Username]string, error) {
	var people []review.Person
	var projects []review.Project
	person := func(name review.Username, role policy.Role, in ...review.ProjectID) {
		people = append(people, review.Person{
			Username: name, Name: "Person " + string(name), Email: string(name) + "@example.org",
			Roles: []policy.Role{role}, Projects: in, TrainedUntil: now.AddDate(1, 0, 0),
		})
	}
	for i := range s.Researchers {
		id := review.ProjectID(fmt.Sprintf("project%d", i))
		projects = append(projects, review.Project{ID: id, Name: "Study " + string(id), Number: fmt.Sprint(100 + i), Workspaces: []review.WorkspaceName{Workspace(i)}})
		person(Researcher(i), policy.Researcher, id)
	}
	for i := range s.Checkers {
		person(Checker(i), policy.Checker)
	}
	person(Auditor, policy.Auditor)
	person(Lead, policy.Lead)
	person(Operator, policy.Operator)
	if err := store.SavePeople(ctx, people, projects, review.Event{At: now, Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
		return nil, err
	}
	tokens := map[review.Username]string{}
	for _, p := range people {
		secret, err := token(ctx, store, p.Username, now)
		if err != nil {
			return nil, err
		}
		tokens[p.Username] = secret
	}
	return tokens, nil
}

// Store is what a site needs of a database.
type Store interface {
	SavePeople(ctx context.Context, people []review.Person, projects []review.Project, e review.Event) error
	AddToken(ctx context.Context, t review.Token, digest string, e review.Event) error
}

func token(ctx context.Context, store Store, person review.Username, now time.Time) (string, error) {
	secret := "sp_" + strings.Repeat("x", 32) + string(person)
	sum := sha256.Sum256([]byte(secret))
	t := review.Token{ID: "T" + string(person), Person: person, Name: "load", Created: now, Expires: now.AddDate(0, 0, 7)}
	for _, row := range policy.Scopes() {
		t.Scopes = append(t.Scopes, row.Scope)
	}
	e := review.Event{At: now, Type: review.EvTokenCreated, Actor: person, Detail: map[string]string{"token": t.ID}}
	return secret, store.AddToken(ctx, t, hex.EncodeToString(sum[:]), e)
}
