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
	r.Deliveries = []review.Delivery{{Sink: "exports"}, {Sink: "archive"}}
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

	altered, fewer, other := *want, *want, *want
	altered.Title = "other"
	fewer.Deliveries = want.Deliveries[:1]
	other.Deliveries = []review.Delivery{{Sink: "exports"}, {Sink: "elsewhere"}}
	another := fullRelease("rel2", "r1")
	ofAnother := fullRelease("rel3", "r2")
	for name, bad := range map[string]*review.Release{"altered": &altered, "to fewer places": &fewer, "to another place": &other, "second": another, "of another request": ofAnother} {
		if _, err := s.Update(t.Context(), "r1", carrying(bad, review.Approved)); err == nil {
			t.Errorf("a release %s was kept", name)
		}
	}

	half := *want
	half.Deliveries = []review.Delivery{{Sink: "exports"}, {Sink: "archive", At: later(2), Location: "there"}}
	_, err = s.Update(t.Context(), "r1", carrying(&half, review.Approved))
	must(t, err)
	for name, deliveries := range map[string][]review.Delivery{
		"taken back": {{Sink: "exports"}, {Sink: "archive"}},
		"moved":      {{Sink: "exports"}, {Sink: "archive", At: later(2), Location: "elsewhere"}},
	} {
		bad := *want
		bad.Deliveries = deliveries
		if _, err := s.Update(t.Context(), "r1", carrying(&bad, review.Approved)); err == nil {
			t.Errorf("a delivery was %s", name)
		}
	}

	delivered := half
	delivered.Deliveries = []review.Delivery{{Sink: "exports", At: later(3), Location: "study/rel1"}, half.Deliveries[1]}
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
	same(t, "versions", int64(4), read(t, s, "r1").Version)
}

func listReleases(t *testing.T, s review.Store) {
	var all []review.Release // newest first
	for i, id := range []string{"c", "b", "a"} {
		r := fullRelease("rel-"+id, review.RequestID(id))
		r.Approved = later(9 - i)
		if id == "b" {
			r.Workspace, r.Project, r.Files = "other", "elsewhere", nil
		}
		approve(t, s, r)
		all = append(all, *r)
	}
	yes, no := true, false
	for _, test := range []struct {
		name string
		q    review.ReleaseQuery
		want []review.Release
	}{
		{"all", review.ReleaseQuery{}, all},
		{"workspace", review.ReleaseQuery{Workspace: "other"}, all[1:2]},
		{"limit", review.ReleaseQuery{Limit: 2}, all[:2]},
		{"offset", review.ReleaseQuery{Offset: 1, Limit: 1}, all[1:2]},
		{"after a place", review.ReleaseQuery{After: all[0].Place(), Limit: 1}, all[1:2]},
		{"before a place", review.ReleaseQuery{Before: all[2].Place(), Limit: 1}, all[1:2]},
		{"all before a place", review.ReleaseQuery{Before: all[2].Place()}, all[:2]},
		{"recalled", review.ReleaseQuery{Recalled: &yes}, nil},
		{"not recalled", review.ReleaseQuery{Recalled: &no}, all},
		{"projects", review.ReleaseQuery{Projects: []review.ProjectID{"elsewhere", "nowhere"}}, all[1:2]},
		{"none", review.ReleaseQuery{Workspace: "nowhere"}, nil},
	} {
		got, err := s.Releases(t.Context(), test.q)
		must(t, err)
		same(t, test.name, test.want, got)
	}
}

// samplePeople has every field set, of one person and one project.
func samplePeople() ([]review.Person, []review.Project) {
	var ada review.Person
	var one review.Project
	f := new(filler)
	f.fill(reflect.ValueOf(&ada).Elem())
	f.fill(reflect.ValueOf(&one).Elem())
	ada.Username, ada.Projects = "ada", []review.ProjectID{"p2", "p1"}
	ada.Scoped, ada.Vouched = nil, nil // given by UpdateAccess and Vouch, which are held to that elsewhere
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
	late := wantPeople[0] // as it was read before its password was changed, or without any
	for _, late.PasswordHash = range []string{"an older hash", ""} {
		must(t, savePeople(t, s, []review.Person{late}, nil))
		compare()
	}
	wantProjects[0].Workspaces, wantProjects[1].Workspaces = []review.WorkspaceName{"a"}, []review.WorkspaceName{"z"}
	must(t, savePeople(t, s, nil, wantProjects)) // a workspace passes on
	compare()
	must(t, s.SaveZone(t.Context(), "ada", "Asia/Tokyo", review.Event{At: start, Type: review.EvZoneChosen, Actor: "ada"}))
	wantPeople[0].Zone = "Asia/Tokyo"
	compare()
	must(t, savePeople(t, s, []review.Person{late}, nil)) // which was read before
	compare()
	wantKind(t, s.SaveZone(t.Context(), "nobody", "Asia/Tokyo", review.Event{At: start, Type: review.EvZoneChosen}), review.NotFound)
	same(t, "events", 8, len(events(t, s)))
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
