package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/term"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/durable"
	"sallyport/ui/password"
)

type peopleCommand struct {
	Import   peopleImport   `cmd:"" help:"Add or replace people and projects from a YAML file."`
	List     peopleList     `cmd:"" help:"List people, their roles and projects."`
	Password peoplePassword `cmd:"" help:"Set one person's password, asked for or read from standard input."`
	Invite   peopleInvite   `cmd:"" help:"Make a link with which a person chooses their password."`
	Link     peopleLink     `cmd:"" help:"Say who a person is to a sign-in method."`
	Reset    peopleReset    `cmd:"" help:"Remove the second factors of somebody who lost them."`
	NewKey   peopleNewKey   `cmd:"" help:"Put a new key before the one that seals sign-in secrets."`
}

// open opens the database of a real server.
func (f databaseFlags) open(ctx context.Context, a *app) (review.Store, io.Closer, error) {
	c, err := f.config()
	if err != nil {
		return nil, nil, err
	}
	if c.Data != "" {
		if err := durable.Folder(c.Data, 0o700); err != nil {
			return nil, nil, err
		}
	}
	store, err := openStore(ctx, c, a.now)
	if err != nil {
		return nil, nil, err
	}
	return store, store, nil
}

type peopleImport struct {
	databaseFlags `embed:""`
	Generate      bool   `help:"Make a password for everybody in the file who has none, and print it once."`
	File          string `arg:"" help:"YAML file with projects and people; - is standard input."`
}

func (peopleImport) Help() string {
	return `The file has two lists. Whoever it names is added or replaced; others stay as
they are. A password is kept unless the person is new.

  projects:
    - {id: vaccines, name: Vaccine coverage, number: "91", workspaces: [vaccines-2026]}
  people:
    - {username: jane, name: Jane Doe, email: jane@example.org, roles: [researcher], projects: [vaccines]}
    - {username: otto, name: Otto Check, email: otto@example.org, roles: [checker],
       trained_until: 2027-06-30, skills: [report], absences: [{from: 2026-12-21, until: 2027-01-04}]}

Roles: researcher, checker, lead, auditor, operator, core-developer,
data-investigator. A role that takes two people (see docs/access.md) is proposed,
and counts once a second person has confirmed it; only the first who can confirm
are made by the file alone. Nothing is routed to a checker without current training, or
while they are away. A project may have a kind (study, testing or curation) and
a backend. To take somebody's access away, say "disabled: true".`
}

// roster is a people file.
type roster struct {
	Projects []rosterProject `yaml:"projects"`
	People   []rosterPerson  `yaml:"people"`
}

type rosterProject struct {
	ID         string   `yaml:"id"`
	Name       string   `yaml:"name"`
	Number     string   `yaml:"number"`
	Kind       string   `yaml:"kind"`
	Backend    string   `yaml:"backend"`
	Workspaces []string `yaml:"workspaces"`
}

type rosterPerson struct {
	TrainedUntil day             `yaml:"trained_until"`
	Skills       []string        `yaml:"skills"`
	Absences     []rosterAbsence `yaml:"absences"`

	Username string   `yaml:"username"`
	Name     string   `yaml:"name"`
	Email    string   `yaml:"email"`
	Roles    []string `yaml:"roles"`
	Projects []string `yaml:"projects"`
	Disabled bool     `yaml:"disabled"`
}

// rosterAbsence is a time away, the last day excluded.
type rosterAbsence struct {
	From  day `yaml:"from"`
	Until day `yaml:"until"`
}

// day is a date such as 2026-12-24, from its midnight, UTC.
type day struct{ time.Time }

// UnmarshalYAML reads a date and nothing else.
func (d *day) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, n.Value); err != nil {
		return fmt.Errorf("line %d: %q is not a date such as 2026-12-24", n.Line, n.Value)
	}
	return nil
}

func (c peopleImport) Run(ctx context.Context, a *app) (err error) {
	source, err := c.read(a)
	if err != nil {
		return err
	}
	r, err := parseRoster(source)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	service, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	store := service.Store
	people, err := r.people(ctx, store)
	if err != nil {
		return err
	}
	held, err := service.FromFile(ctx, people, "the people file says so")
	if err != nil {
		return err
	}
	people = held.People
	before, err := store.People(ctx)
	if err != nil {
		return err
	}
	made := map[review.Username]string{}
	if c.Generate {
		if made, err = generate(people); err != nil {
			return err
		}
	}
	changed := a.peopleChanged(before, people)
	if held.Alone {
		changed.Detail["two_people"] = "no"
	}
	if err := service.ImportPeople(ctx, held, r.projects(), changed); err != nil {
		return err
	}
	return errors.Join(a.imported(people, len(r.Projects), made), a.proposedByFile(held.Asks))
}

// proposedByFile names the roles that wait for a second person.
func (a *app) proposedByFile(asks []review.Ask) error {
	for _, ask := range asks {
		if err := a.say("%s: %s takes two people, and is proposed\n", report.Safe(string(ask.Person)), ask.Role); err != nil {
			return err
		}
	}
	return a.sayProposed(len(asks) > 0)
}

func (c peopleImport) read(a *app) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(io.LimitReader(a.stdin, maxPolicy))
	}
	return os.ReadFile(c.File)
}

// peopleChanged is the event of a change: whom it concerns, and which roles and
// projects they had and have, where these differ.
func (a *app) peopleChanged(before, people []review.Person) review.Event {
	names := make([]string, len(people))
	detail := map[string]string{"by": "command line"}
	for i, p := range people {
		names[i] = string(p.Username)
		was := ""
		if at := slices.IndexFunc(before, func(b review.Person) bool { return b.Username == p.Username }); at >= 0 {
			was = rights(before[at])
		}
		if is := rights(p); is != was {
			detail["was "+names[i]], detail["is "+names[i]] = was, is
		}
	}
	detail["people"] = strings.Join(names, " ")
	return review.Event{At: a.now(), Type: review.EvPeopleChanged, Actor: "system", Source: "local", Detail: detail}
}

// rights are what a person may be, as the record tells it.
func rights(p review.Person) string {
	text := fmt.Sprintf("roles %v, projects %v", p.Roles, p.Projects)
	if p.Disabled {
		text += ", disabled"
	}
	return text
}

// imported says what was done. A password that was made is printed here and
// nowhere else.
func (a *app) imported(people []review.Person, projects int, made map[review.Username]string) error {
	if err := a.say("Imported: %s, %s.\n", counted(len(people), "person", "people"), counted(projects, "project", "projects")); err != nil {
		return err
	}
	for _, p := range people {
		switch pass, ok := made[p.Username]; {
		case ok:
			if err := a.say("%s: password %s\n", p.Username, pass); err != nil {
				return err
			}
		case p.PasswordHash == "" && !p.Disabled:
			if err := a.say("%s has no password yet: sallyport people invite %[1]s makes a link to choose one.\n", p.Username); err != nil {
				return err
			}
		}
	}
	return nil
}

// counted is "1 project" or "2 projects".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// generate gives a password to those without one.
func generate(people []review.Person) (map[review.Username]string, error) {
	made := map[review.Username]string{}
	for i := range people {
		p := &people[i]
		if p.PasswordHash != "" || p.Disabled {
			continue
		}
		pass := rand.Text()
		hash, err := password.Hash(pass)
		if err != nil {
			return nil, err
		}
		p.PasswordHash, made[p.Username] = hash, pass
	}
	return made, nil
}

// name is what a username, a project's id and a workspace look like.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// parseRoster reads a people file strictly.
func parseRoster(source []byte) (*roster, error) {
	r := &roster{}
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(r); err != nil {
		return nil, plainYAML(err)
	}
	seen := map[string]bool{}
	unique := func(kind, id string) error {
		if !name.MatchString(id) {
			return fmt.Errorf("%s %q: use letters, digits, dots, dashes and underscores", kind, id)
		}
		if seen[kind+id] {
			return fmt.Errorf("%s %q is there twice", kind, id)
		}
		seen[kind+id] = true
		return nil
	}
	for _, p := range r.Projects {
		if err := unique("project", p.ID); err != nil {
			return nil, err
		}
		if !slices.Contains([]string{"", "study", "testing", "curation"}, p.Kind) {
			return nil, fmt.Errorf("project %q: the kind is study, testing or curation", p.ID)
		}
		for _, w := range p.Workspaces {
			if err := unique("workspace", w); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range r.People {
		if err := errors.Join(unique("person", p.Username), p.check()); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (p rosterPerson) check() error {
	if strings.TrimSpace(p.Name) == "" {
		return fmt.Errorf("person %q has no name", p.Username)
	}
	if p.Username == "system" {
		return errors.New("the username \"system\" is the service's own")
	}
	if p.Roles == nil {
		return fmt.Errorf("person %q has no role: say roles: [] for somebody who gets theirs elsewhere", p.Username)
	}
	if slices.Contains(p.Roles, string(policy.Checker)) && p.TrainedUntil.IsZero() {
		return fmt.Errorf("person %q: an output checker needs trained_until, the date the training expires", p.Username)
	}
	for _, r := range p.Roles {
		if !slices.Contains(knownRoles(), policy.Role(r)) {
			return fmt.Errorf("person %q: there is no role %q", p.Username, r)
		}
	}
	return nil
}

func knownRoles() []policy.Role {
	return []policy.Role{policy.Researcher, policy.Checker, policy.Lead, policy.Auditor, policy.Operator, policy.CoreDeveloper, policy.DataInvestigator}
}

// people are the roster's people with the passwords they have.
func (r *roster) people(ctx context.Context, store review.Store) ([]review.Person, error) {
	kept, err := store.People(ctx)
	if err != nil {
		return nil, err
	}
	hashes := map[review.Username]string{}
	for _, p := range kept {
		hashes[p.Username] = p.PasswordHash
	}
	var all []review.Person
	for _, p := range r.People {
		person := review.Person{Username: review.Username(p.Username), Name: p.Name, Email: p.Email, Disabled: p.Disabled}
		person.PasswordHash = hashes[person.Username]
		person.TrainedUntil, person.Skills = p.TrainedUntil.Time, p.Skills
		for _, a := range p.Absences {
			person.Absences = append(person.Absences, review.Absence{From: a.From.Time, Until: a.Until.Time})
		}
		for _, role := range p.Roles {
			person.Roles = append(person.Roles, policy.Role(role))
		}
		for _, id := range p.Projects {
			person.Projects = append(person.Projects, review.ProjectID(id))
		}
		all = append(all, person)
	}
	return all, nil
}

func (r *roster) projects() []review.Project {
	var all []review.Project
	for _, p := range r.Projects {
		project := review.Project{
			ID: review.ProjectID(p.ID), Name: p.Name, Number: p.Number, Kind: review.ProjectKind(p.Kind), Backend: p.Backend,
		}
		for _, w := range p.Workspaces {
			project.Workspaces = append(project.Workspaces, review.WorkspaceName(w))
		}
		all = append(all, project)
	}
	return all
}

type peopleList struct {
	databaseFlags `embed:""`
}

func (c peopleList) Run(ctx context.Context, a *app) (err error) {
	store, closer, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	people, err := store.People(ctx)
	if err != nil {
		return err
	}
	for _, p := range people {
		state := ""
		switch {
		case p.Disabled:
			state = "  (disabled)"
		case p.PasswordHash == "":
			state = "  (no password)"
		}
		if err := a.say("%-20s %-30s %v %v%s\n", p.Username, report.Safe(p.Name), p.Roles, p.Projects, state); err != nil {
			return err
		}
	}
	return nil
}

type peoplePassword struct {
	databaseFlags `embed:""`
	Username      string `arg:"" help:"Whose password."`
}

// judge says why a password is not to be taken, by the configuration's rule.
func (c peoplePassword) judge(pass string, words []string) error {
	conf, err := c.config()
	if err != nil {
		return err
	}
	rule, err := conf.Access.Passwords.rule()
	if err != nil {
		return err
	}
	if rule.Breached != nil {
		defer rule.Breached.Close() // only read from
	}
	weak, err := rule.Weakness(pass, words...)
	if err == nil && weak != "" {
		err = errors.New(weak)
	}
	return err
}

func (c peoplePassword) Run(ctx context.Context, a *app) (err error) {
	store, closer, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	accounts, err := accountsOf(store)
	if err != nil {
		return err
	}
	p, err := store.Person(ctx, review.Username(c.Username))
	if err != nil {
		return err
	}
	pass, err := a.askPassword()
	if err != nil {
		return err
	}
	if err := c.judge(pass, append(strings.Fields(p.Name), c.Username, p.Email)); err != nil {
		return err
	}
	hash, err := password.Hash(pass)
	if err != nil {
		return err
	}
	err = accounts.UpdateCredentials(ctx, p.Username, func(cred *review.Credentials) ([]review.Event, error) {
		cred.PasswordHash = hash
		return []review.Event{a.accountEvent(review.EvPasswordSet, p.Username)}, nil
	})
	if err != nil {
		return err
	}
	ended := a.accountEvent(review.EvSessionEnded, p.Username, "why", "password")
	if _, err := accounts.EndSessions(ctx, review.SessionQuery{Person: p.Username}, a.now(), ended); err != nil {
		return err
	}
	return a.say("The password of %s is set.\n", p.Username)
}

// askPassword asks for a new password.
func (a *app) askPassword() (string, error) { return a.ask("New password: ") }

// ask reads one line: unseen from a terminal, else as it comes, and no further.
func (a *app) ask(prompt string) (string, error) {
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(a.stderr, prompt)
		line, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(a.stderr)
		return string(line), err
	}
	var line []byte
	for one := make([]byte, 1); len(line) < password.MaxLength+2; {
		n, err := a.stdin.Read(one)
		if n == 1 && one[0] == '\n' || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		line = append(line, one[:n]...)
	}
	return strings.TrimRight(string(line), "\r"), nil
}
