package reviewtest

import (
	"encoding/json"
	"reflect"
	"testing"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

func reportOnce(t *testing.T, s review.Store) {
	first := &checks.Report{
		Schema: "1", Policy: policy.Ref{Name: "p", Version: "1", SHA256: "a"}, Engine: "e",
		Files: []checks.FileReport{{
			Path: "release/t.csv", Size: 12, Status: "complete",
			Findings: []checks.Finding{{
				Check: "small-count", Message: "One <count> is small.", ColumnIndex: checks.Int(0),
				Rows: []checks.Row{{Line: 2, Row: checks.Int(0), Value: "3"}}, Evidence: map[string]any{"T": 7, "how": "3 < 7"},
			}},
		}},
		Summary: checks.Summary{Files: 1, Block: 1},
	}
	key := review.ReportKey{Set: sum([]byte("set")), Policy: "a", Engine: "e"}
	must(t, s.SaveReport(t.Context(), key, first))
	must(t, s.SaveReport(t.Context(), key, &checks.Report{Schema: "1", Engine: "another"}))
	other := key
	other.Engine = "e2"
	must(t, s.SaveReport(t.Context(), other, &checks.Report{Schema: "1", Engine: "e2"}))

	got, err := s.Report(t.Context(), key)
	must(t, err)
	same(t, "findings as JSON", asJSON(t, first), asJSON(t, got))
	got, err = s.Report(t.Context(), other)
	must(t, err)
	same(t, "findings under another key", "e2", got.Engine)
	key.Policy = "b"
	wantKind(t, second(s.Report(t.Context(), key)), review.NotFound)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

// fullRelease returns an undelivered release with every other field set.
func fullRelease(id string, request review.RequestID) *review.Release {
	r := new(review.Release)
	new(filler).fill(reflect.ValueOf(r).Elem())
	undelivered := review.Release{}
	r.ID, r.Request, r.Workspace, r.Delivered, r.Location = id, request, "study", undelivered.Delivered, ""
	return r
}

// approve puts a release with a request that is created for it.
func approve(t *testing.T, s review.Store, r *review.Release) {
	t.Helper()
	request := Draft(r.Request, "ada", review.WorkspaceName(r.Request), start)
	create(t, s, request)
	_, err := s.Update(t.Context(), r.Request, carrying(r, review.Approved))
	must(t, err)
}

// carrying makes a change that moves the status and carries a release.
func carrying(release *review.Release, status review.Status) func(*review.Request) (review.Change, error) {
	return func(r *review.Request) (review.Change, error) {
		r.Status = status
		return review.Change{Events: []review.Event{Happened(r, review.EvApproved, start)}, Release: release}, nil
	}
}

func releaseOnce(t *testing.T, s review.Store) {
	want := fullRelease("rel1", "r1")
	approve(t, s, want)
	got, err := s.Release(t.Context(), "r1")
	must(t, err)
	same(t, "the release", want, got)

	altered := *want
	altered.Title = "other"
	another := fullRelease("rel2", "r1")
	ofAnother := fullRelease("rel3", "r2")
	for name, bad := range map[string]*review.Release{"altered": &altered, "second": another, "of another request": ofAnother} {
		if _, err := s.Update(t.Context(), "r1", carrying(bad, review.Approved)); err == nil {
			t.Errorf("a release %s was kept", name)
		}
	}

	delivered := *want
	delivered.Delivered, delivered.Location = later(3), "study/rel1"
	_, err = s.Update(t.Context(), "r1", carrying(&delivered, review.Released))
	must(t, err)
	moved := delivered
	moved.Location = "elsewhere"
	if _, err := s.Update(t.Context(), "r1", carrying(&moved, review.Released)); err == nil {
		t.Error("a release was delivered twice")
	}
	got, err = s.Release(t.Context(), "r1")
	must(t, err)
	same(t, "the delivered release", &delivered, got)
	same(t, "versions", int64(3), read(t, s, "r1").Version)
}

func listReleases(t *testing.T, s review.Store) {
	var all []review.Release // newest first
	for i, id := range []string{"c", "b", "a"} {
		r := fullRelease("rel-"+id, review.RequestID(id))
		r.Approved = later(9 - i)
		if id == "b" {
			r.Workspace, r.Files = "other", nil
		}
		approve(t, s, r)
		all = append(all, *r)
	}
	for _, test := range []struct {
		name string
		q    review.ReleaseQuery
		want []review.Release
	}{
		{"all", review.ReleaseQuery{}, all},
		{"workspace", review.ReleaseQuery{Workspace: "other"}, all[1:2]},
		{"limit", review.ReleaseQuery{Limit: 2}, all[:2]},
		{"offset", review.ReleaseQuery{Offset: 1, Limit: 1}, all[1:2]},
		{"none", review.ReleaseQuery{Workspace: "nowhere"}, nil},
	} {
		got, err := s.Releases(t.Context(), test.q)
		must(t, err)
		same(t, test.name, test.want, got)
	}
}

// enqueue creates a request that carries jobs.
func enqueue(t *testing.T, s review.Store, list ...review.Job) {
	t.Helper()
	create(t, s, Draft("r1", "ada", "study", start))
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		return review.Change{Events: []review.Event{Happened(r, review.EvApproved, start)}, Jobs: list}, nil
	})
	must(t, err)
}

func jobs(t *testing.T, s review.Store) {
	enqueue(t, s,
		review.Job{ID: "b", Kind: "release", Request: "r1", MaxTries: 3, Due: later(2)},
		review.Job{ID: "a", Kind: "release", Request: "r1", MaxTries: 3, Due: later(1)},
	)
	next := func(now, lease int) string {
		j, err := s.NextJob(t.Context(), later(now), later(lease))
		if review.KindOf(err) == review.NotFound {
			return ""
		}
		must(t, err)
		return j.ID
	}
	same(t, "none is due", "", next(0, 5))
	same(t, "the first due", "a", next(1, 5))
	same(t, "it is leased", "", next(1, 5))
	same(t, "the second", "b", next(2, 9))
	same(t, "both are leased", "", next(4, 9))
	same(t, "a lease that ran out", "a", next(5, 20))
	must(t, s.FinishJob(t.Context(), "a"))
	must(t, s.FinishJob(t.Context(), "a"))
	same(t, "a finished job", "", next(8, 20))
	must(t, s.RetryJob(t.Context(), "b", later(30), "the disk was full"))
	same(t, "put back for later", "", next(29, 40))
	got, err := s.NextJob(t.Context(), later(30), later(40))
	must(t, err)
	same(t, "the job tried again", &review.Job{
		ID: "b", Kind: "release", Request: "r1", Tries: 2, MaxTries: 3, Due: later(30), Reason: "the disk was full",
	}, got)
	must(t, s.FinishJob(t.Context(), "b"))
	must(t, s.RetryJob(t.Context(), "b", later(31), "too late"))
	same(t, "a finished job stays finished", "", next(99, 100))
}

func deadJobs(t *testing.T, s review.Store) {
	enqueue(t, s,
		review.Job{ID: "fails", Kind: "release", Request: "r1", MaxTries: 2, Due: later(1)},
		review.Job{ID: "kills", Kind: "release", Request: "r1", MaxTries: 1, Due: later(50)},
	)
	for try := range 2 {
		_, err := s.NextJob(t.Context(), later(10*try+1), later(10*try+2))
		must(t, err)
		dead, err := s.DeadJobs(t.Context())
		must(t, err)
		same(t, "dead before the last try", 0, len(dead))
		must(t, s.RetryJob(t.Context(), "fails", later(10*try+5), "no"))
	}
	_, err := s.NextJob(t.Context(), later(50), later(51)) // and the process is killed
	must(t, err)
	wantKind(t, second(s.NextJob(t.Context(), later(60), later(61))), review.NotFound)
	dead, err := s.DeadJobs(t.Context())
	must(t, err)
	same(t, "dead jobs", 2, len(dead))
	same(t, "the failing one", review.Job{
		ID: "fails", Kind: "release", Request: "r1", Tries: 2, MaxTries: 2, Due: later(15), Reason: "no",
	}, dead[0])
	if dead[1].ID != "kills" || dead[1].Reason == "" {
		t.Errorf("the job that kills its worker: %+v, want it with a reason", dead[1])
	}
}

func jobRace(t *testing.T, s review.Store) {
	enqueue(t, s, review.Job{ID: "a", Kind: "release", Request: "r1", MaxTries: 9, Due: start})
	won := 0
	for _, err := range race(8, func(int) error {
		return second(s.NextJob(t.Context(), later(1), later(5)))
	}) {
		if err == nil {
			won++
			continue
		}
		wantKind(t, err, review.NotFound)
	}
	same(t, "workers with the job", 1, won)
}

// samplePeople has every field set, of one person and one project.
func samplePeople() ([]review.Person, []review.Project) {
	var ada review.Person
	var one review.Project
	f := new(filler)
	f.fill(reflect.ValueOf(&ada).Elem())
	f.fill(reflect.ValueOf(&one).Elem())
	ada.Username, ada.Projects = "ada", []review.ProjectID{"p2", "p1"}
	one.ID, one.Kind, one.Workspaces = "p1", review.CurationProject, []review.WorkspaceName{"z", "a"}
	return []review.Person{ada, {Username: "bob", Name: "Bob", Roles: []policy.Role{policy.Auditor}}},
		[]review.Project{one, {ID: "p2", Name: "Two"}}
}

func savePeople(t *testing.T, s review.Store, people []review.Person, projects []review.Project) error {
	t.Helper()
	return s.SavePeople(t.Context(), people, projects, review.Event{At: start, Type: review.EvPeopleChanged, Actor: "system"})
}

func people(t *testing.T, s review.Store) {
	wantPeople, wantProjects := samplePeople()
	compare := func() {
		t.Helper()
		gotPeople, err := s.People(t.Context())
		must(t, err)
		same(t, "people", wantPeople, gotPeople)
		gotProjects, err := s.Projects(t.Context())
		must(t, err)
		same(t, "projects", wantProjects, gotProjects)
		one, err := s.Person(t.Context(), "ada")
		must(t, err)
		same(t, "one person", &wantPeople[0], one)
	}
	must(t, savePeople(t, s, wantPeople, wantProjects))
	compare()
	must(t, savePeople(t, s, wantPeople, wantProjects)) // again
	compare()

	wantPeople[0].Projects, wantPeople[0].Disabled = []review.ProjectID{"p1"}, false
	must(t, savePeople(t, s, wantPeople[:1], nil)) // the others stay
	compare()
	wantProjects[0].Workspaces, wantProjects[1].Workspaces = []review.WorkspaceName{"a"}, []review.WorkspaceName{"z"}
	must(t, savePeople(t, s, nil, wantProjects)) // a workspace passes on
	compare()
	same(t, "events", 4, len(events(t, s)))
}

func peopleAtomic(t *testing.T, s review.Store) {
	wantPeople, wantProjects := samplePeople()
	must(t, savePeople(t, s, wantPeople, wantProjects))
	for name, test := range map[string]struct {
		people   []review.Person
		projects []review.Project
		kind     review.Kind
	}{
		"a project that does not exist": {
			people: []review.Person{{Username: "new", Projects: []review.ProjectID{"nowhere"}}}, kind: review.Invalid,
		},
		"a workspace of two projects": {
			people:   []review.Person{{Username: "new"}},
			projects: []review.Project{{ID: "p3", Workspaces: []review.WorkspaceName{"a"}}}, kind: review.Conflict,
		},
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, savePeople(t, s, test.people, test.projects), test.kind) })
	}
	if err := s.SavePeople(t.Context(), []review.Person{{Username: "new"}}, nil, review.Event{}); err == nil {
		t.Error("people were changed without an event")
	}
	got, err := s.People(t.Context())
	must(t, err)
	same(t, "people", wantPeople, got)
	same(t, "events", 1, len(events(t, s)))
}
