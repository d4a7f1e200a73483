package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

const regularForm = `workspace: vaccine-coverage-2026
purpose: The monthly report.
groups:
  - name: Coverage
    wildcard: "{release}/coverage_by_*.csv"
    count: 2
    context: {variables: One row each., population: 4.3 million., model: none, related: none}
    controls: {redaction: 7, rounding: 5}
`

// regular is a demonstration with one schedule, on a clock that the test sets.
type regular struct {
	*server
	data  string
	form  string
	clock *time.Time
}

func newRegular(t *testing.T, form string) *regular {
	t.Helper()
	clock := time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)
	r := &regular{data: filepath.Join(t.TempDir(), "data"), form: filepath.Join(t.TempDir(), "form.yaml"), clock: &clock}
	r.write(t, form)
	r.server = r.process(t)
	return r
}

func (r *regular) write(t *testing.T, form string) {
	t.Helper()
	if err := os.WriteFile(r.form, []byte(form), 0o600); err != nil {
		t.Fatal(err)
	}
}

// process is one more server on the same data.
func (r *regular) process(t *testing.T) *server {
	t.Helper()
	s, err := demoServer(t.Context(), r.data, func() time.Time { return *r.clock })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	s.regular.log = slog.New(slog.DiscardHandler)
	s.regular.all = []schedule{{ID: "monthly", Workspace: "vaccine-coverage-2026", Author: "rowan", Form: r.form, Day: 21}}
	return s
}

// drafts are all requests, newest first.
func (r *regular) drafts(t *testing.T) []review.Request {
	t.Helper()
	all, err := r.store.Requests(t.Context(), review.RequestQuery{Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (r *regular) want(t *testing.T, n int, why string) {
	t.Helper()
	if got := len(r.drafts(t)); got != n {
		t.Fatalf("%s: %d requests, want %d", why, got, n)
	}
}

func (r *regular) actor(t *testing.T, name review.Username) review.Actor {
	t.Helper()
	a, err := r.service.Actor(t.Context(), name, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// problems are what the status page says of schedules.
func (r *regular) problems(t *testing.T) []review.ScheduleProblem {
	t.Helper()
	rep, err := r.service.Status(t.Context(), r.actor(t, "oakley"))
	if err != nil {
		t.Fatal(err)
	}
	return rep.Schedules
}

// events counts those of one type.
func (r *regular) events(t *testing.T, typ review.EventType) int {
	t.Helper()
	all, err := r.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{typ}})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A draft is made once in a month, on its day, whole and not submitted; not
// again after a restart, nor when its author has withdrawn it.
func TestARegularRequestIsDraftedOnceAMonth(t *testing.T) {
	r := newRegular(t, regularForm)
	ctx := t.Context()
	r.regular.tick(ctx)
	r.want(t, 0, "before its day")

	*r.clock = r.clock.Add(time.Minute)
	r.regular.tick(ctx)
	r.want(t, 1, "on its day")
	d := r.drafts(t)[0]
	if d.Status != review.Pending || d.Author != "rowan" || d.Purpose == "" || len(d.Groups) != 1 || len(d.Groups[0].Files) != 2 || d.Groups[0].Context["model"] != "none" {
		t.Errorf("the draft is %+v", d)
	}
	if n := r.events(t, review.EvScheduleBegun); n != 1 {
		t.Errorf("%d events begin it", n)
	}
	*r.clock = r.clock.Add(48 * time.Hour)
	r.regular.tick(ctx)
	r.process(t).regular.tick(ctx)
	r.want(t, 1, "after a restart")

	if err := r.service.Withdraw(ctx, r.actor(t, "rowan"), d.ID); err != nil {
		t.Fatal(err)
	}
	r.regular.tick(ctx)
	r.want(t, 1, "after its withdrawal")
	if p := r.problems(t); len(p) != 0 {
		t.Errorf("problems: %v", p)
	}
	*r.clock = time.Date(2026, 12, 21, 6, 0, 0, 0, time.UTC)
	r.regular.tick(ctx)
	r.want(t, 2, "a month later")
}

// Two processes that look at the same moment make one draft, with each file
// once.
func TestTwoProcessesMakeOneDraft(t *testing.T) {
	r := newRegular(t, regularForm)
	*r.clock = r.clock.Add(time.Hour)
	other := r.process(t)
	var wg sync.WaitGroup
	for _, s := range []*server{r.server, other, r.server, other} {
		wg.Go(func() { s.regular.tick(context.Background()) })
	}
	wg.Wait()
	r.want(t, 1, "two processes")
	if n := len(r.drafts(t)[0].Groups[0].Files); n != 2 {
		t.Errorf("the draft has %d files", n)
	}
	if n := r.events(t, review.EvScheduleFailed); n != 0 {
		t.Errorf("%d failures", n)
	}
}

// A draft that was begun by a process that died is finished by the next.
func TestADraftLeftHalfMadeIsFinished(t *testing.T) {
	r := newRegular(t, regularForm)
	*r.clock = r.clock.Add(time.Hour)
	d, _ := r.regular.all[0].due(*r.clock)
	if _, made, err := r.service.ScheduledDraft(t.Context(), d); err != nil || !made {
		t.Fatal(made, err)
	}
	r.regular.tick(t.Context())
	r.want(t, 1, "after a crash")
	if d := r.drafts(t)[0]; len(d.Groups) != 1 || len(d.Groups[0].Files) != 2 {
		t.Errorf("the draft is %+v", d)
	}
}

// cut is a workspace that cannot be read from the second file on.
type cut struct {
	review.Workspaces
	opened *int
}

func (c cut) Open(ctx context.Context, name review.WorkspaceName, path string) (io.ReadCloser, error) {
	if *c.opened++; *c.opened > 1 {
		return nil, errors.New("the disk is gone")
	}
	return c.Workspaces.Open(ctx, name, path)
}

// A draft that could not be made whole is not there at all, and is made once it
// can be.
func TestARegularRequestIsWholeOrNot(t *testing.T) {
	r := newRegular(t, regularForm)
	*r.clock = r.clock.Add(time.Hour)
	whole, opened := r.service.Workspaces, 0
	r.service.Workspaces = cut{whole, &opened}
	r.regular.tick(t.Context())
	r.want(t, 0, "after half of it was read")
	if opened < 2 {
		t.Fatalf("%d files were opened, so nothing was tried", opened)
	}
	if n := r.events(t, review.EvScheduleBegun) + r.events(t, review.EvRequestCreated) + r.events(t, review.EvFileAdded); n != 0 {
		t.Errorf("%d events of it are there", n)
	}
	r.service.Workspaces = whole
	r.regular.tick(t.Context())
	r.want(t, 1, "once it can be read")
	if d := r.drafts(t)[0]; len(d.Groups) != 1 || len(d.Groups[0].Files) != 2 {
		t.Errorf("the draft is %+v", d)
	}
}

// What stands in the way is said once on the status page, and the draft is made
// when it is gone.
func TestARegularRequestThatCannotBeMade(t *testing.T) {
	r := newRegular(t, regularForm)
	ctx := t.Context()
	rowan := r.actor(t, "rowan")
	own, err := r.service.CreateRequest(ctx, rowan, "vaccine-coverage-2026")
	if err != nil {
		t.Fatal(err)
	}
	*r.clock = r.clock.Add(time.Hour)
	r.regular.tick(ctx)
	r.regular.tick(ctx)
	r.want(t, 1, "while another is open")
	if p := r.problems(t); len(p) != 1 || !strings.Contains(p[0].Reason, "active request") || p[0].Author != "rowan" {
		t.Errorf("problems: %v", p)
	}
	if n := r.events(t, review.EvScheduleFailed); n != 1 {
		t.Errorf("the reason is on record %d times", n)
	}
	if err := r.service.Withdraw(ctx, rowan, own); err != nil {
		t.Fatal(err)
	}
	r.regular.tick(ctx)
	r.want(t, 2, "once it is free")
	if p := r.problems(t); len(p) != 0 {
		t.Errorf("problems: %v", p)
	}
}

// Who may no longer file has no draft made in their name.
func TestARegularRequestOfSomebodyWhoLeft(t *testing.T) {
	for name, alter := range map[string]func(*review.Person){
		"disabled":    func(p *review.Person) { p.Disabled = true },
		"left":        func(p *review.Person) { p.Projects = nil },
		"other roles": func(p *review.Person) { p.Roles = []policy.Role{policy.Checker} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegular(t, regularForm)
			p, err := r.store.Person(t.Context(), "rowan")
			if err != nil {
				t.Fatal(err)
			}
			alter(p)
			if err := r.store.SavePeople(t.Context(), []review.Person{*p}, nil, review.Event{At: *r.clock, Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
				t.Fatal(err)
			}
			*r.clock = r.clock.Add(time.Hour)
			r.regular.tick(t.Context())
			r.want(t, 0, name)
			if p := r.problems(t); len(p) != 1 {
				t.Errorf("problems: %v", p)
			}
		})
	}
}

// A draft that lacks something of its form is made, and the page says so.
func TestARegularRequestThatIsNotWhole(t *testing.T) {
	r := newRegular(t, strings.Replace(regularForm, "count: 2", "count: 3", 1))
	*r.clock = r.clock.Add(time.Hour)
	r.regular.tick(t.Context())
	r.regular.tick(t.Context())
	r.want(t, 1, "a wildcard that captures less")
	if p := r.problems(t); len(p) != 1 || !strings.Contains(p[0].Reason, "1 of the form's") {
		t.Errorf("problems: %v", p)
	}
}

func TestDue(t *testing.T) {
	for _, c := range []struct {
		day  int
		now  string
		want bool
	}{{1, "2026-11-01", true}, {2, "2026-11-01", false}, {31, "2026-11-29", false}, {31, "2026-11-30", true}, {31, "2027-02-28", true}, {29, "2028-02-28", false}, {31, "2026-12-30", false}, {31, "2026-12-31", true}} {
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if d, got := (schedule{Day: c.day}).due(now); got != c.want || d.Period != c.now[:7] {
			t.Errorf("day %d on %s: %v in %s, want %v", c.day, c.now, got, d.Period, c.want)
		}
	}
}

// A configuration with a schedule that could not work does not start.
func TestSchedulesAreChecked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "form.yaml")
	if err := os.WriteFile(file, []byte(regularForm), 0o600); err != nil {
		t.Fatal(err)
	}
	good := schedule{ID: "a", Workspace: "vaccine-coverage-2026", Author: "rowan", Form: file, Day: 1}
	if err := checkSchedules([]schedule{good}); err != nil {
		t.Error(err)
	}
	for want, alter := range map[string]func(*schedule){
		"the id has letters":     func(s *schedule) { s.ID = "a b" },
		"needs a workspace":      func(s *schedule) { s.Author = "" },
		"1 to 31":                func(s *schedule) { s.Day = 32 },
		"is for the workspace":   func(s *schedule) { s.Workspace = "other" },
		"no such file":           func(s *schedule) { s.Form = "nowhere.yaml" },
		`schedule "a" is there`:  func(*schedule) {},
		"a form is a .yaml or a": func(s *schedule) { s.Form = "form.txt" },
	} {
		bad := good
		bad.ID = "b"
		if strings.HasPrefix(want, "schedule") {
			bad.ID = "a"
		}
		alter(&bad)
		if err := checkSchedules([]schedule{good, bad}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
