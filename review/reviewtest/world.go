package reviewtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/crate"
)

// World is a Service over a real store, with the outside in memory: workspaces
// that can be written to, blobs that can be spoilt, a sink that remembers, and
// a clock that is set by hand. Its people are those of [People].
type World struct {
	*review.Service
	Store      review.Store
	Workspaces *Workspaces
	Blobs      *Blobs
	Sink       *Sink
	clock      *clock
}

// The projects and workspaces of a World: study has two workspaces, trial one.
const (
	Study      review.ProjectID     = "study"
	Trial      review.ProjectID     = "trial"
	Cohort     review.WorkspaceName = "cohort"
	CohortNext review.WorkspaceName = "cohort-next"
	Arms       review.WorkspaceName = "arms"
)

// People of a World. Ann and Abe research in study, Tim in trial. Carl, Cora and
// Chen check; Cyn checks too, but belongs to study. Lea leads, Aud audits, Ops
// operates.
func People() []review.Person {
	person := func(name review.Username, in []review.ProjectID, roles ...policy.Role) review.Person {
		return review.Person{
			Username: name, Name: "Person " + string(name), Email: string(name) + "@example.org", Roles: roles, Projects: in,
			TrainedUntil: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		}
	}
	return []review.Person{
		person("ann", []review.ProjectID{Study}, policy.Researcher),
		person("abe", []review.ProjectID{Study}, policy.Researcher),
		person("tim", []review.ProjectID{Trial}, policy.Researcher),
		person("carl", nil, policy.Checker),
		person("cora", nil, policy.Checker),
		person("chen", nil, policy.Checker),
		person("cyn", []review.ProjectID{Study}, policy.Researcher, policy.Checker),
		person("lea", nil, policy.Lead),
		person("aud", nil, policy.Auditor),
		person("ops", nil, policy.Operator),
	}
}

// NewWorld makes a World over an empty store.
func NewWorld(t testing.TB, store review.Store) *World {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	w := &World{
		Store:      store,
		Blobs:      newBlobs(c.tick),
		Workspaces: newWorkspaces(Cohort, CohortNext, Arms),
		Sink:       NewSink(),
		clock:      c,
	}
	w.Service = &review.Service{
		Store: store, Blobs: w.Blobs, Workspaces: w.Workspaces, Sanitiser: sanitiser{}, Checker: plainChecker{},
		Sinks: []review.NamedSink{{Name: "exports", Sink: w.Sink}}, Packer: crate.Packer{}, Policy: policy.Default(), Now: w.clock.tick, Log: slog.New(slog.DiscardHandler),
	}
	projects := []review.Project{
		{ID: Study, Name: "A study", Number: "1", Workspaces: []review.WorkspaceName{Cohort, CohortNext}},
		{ID: Trial, Name: "A trial", Number: "2", Workspaces: []review.WorkspaceName{Arms}},
	}
	e := review.Event{At: w.clock.tick(), Type: review.EvPeopleChanged, Actor: "system"}
	if err := store.SavePeople(context.Background(), People(), projects, e); err != nil {
		t.Fatal(err)
	}
	return w
}

// As is the actor of that name, as the service knows them now.
func (w *World) As(t testing.TB, name review.Username) review.Actor {
	t.Helper()
	a, err := w.Actor(context.Background(), name, "local")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Advance moves the clock.
func (w *World) Advance(d time.Duration) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.now = w.clock.now.Add(d)
}

// Context fills every field that the policy asks of any group.
func Context() (about, controls map[string]string) {
	about, controls = map[string]string{}, map[string]string{}
	for _, f := range policy.Default().Context {
		about[f.ID] = "described"
	}
	for _, f := range policy.Default().Controls {
		controls[f.ID] = "applied"
	}
	return about, controls
}

// Checklist ticks everything, and permitted is the version in force.
func Checklist() (ticked []string, permitted string) {
	p := policy.Default()
	for _, c := range p.Checklist {
		ticked = append(ticked, c.ID)
	}
	return ticked, p.PermittedResults.Version
}

// clock moves on by a millisecond whenever it is read, so that times differ.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) tick() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// JSON is what a value looks like from outside, for comparing two answers.
func JSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
