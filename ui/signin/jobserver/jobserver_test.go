package jobserver_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
	"sallyport/ui/signin/jobserver"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const jane = `{"username": "jane", "fullname": "Jane Doe", "output_checker": true, "readonly_access": true,
	"copiloted_workspaces": {"theirs": {"project_details": {"name": "Theirs"}, "archived": false}},
	"workspaces": {
		"vaccines-2026": {"project_details": {"name": "Vaccine coverage", "ongoing": true, "orgs": ["x"]}, "archived": false},
		"vaccines-2025": {"project_details": {"name": "Vaccine coverage", "ongoing": true, "orgs": []}, "archived": false},
		"old": {"project_details": {"name": "Old", "ongoing": false, "orgs": []}, "archived": true},
		"../etc": {"project_details": {"name": "Odd", "ongoing": true, "orgs": []}, "archived": false}}}`

// method asks a stand-in that answers as given.
func method(t *testing.T, change func(*jobserver.Options), answer http.HandlerFunc) *jobserver.Method {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	o := jobserver.Options{
		ID: "opensafely", Label: "OpenSAFELY", Endpoint: srv.URL + "/api/v2/", Token: "backend-token",
		Now: func() time.Time { return now }, Client: &http.Client{Timeout: 300 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	m, err := jobserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestProfile(t *testing.T) {
	var asked []string
	m := method(t, func(o *jobserver.Options) { o.ReadOnly = policy.Auditor }, func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		_ = json.NewDecoder(r.Body).Decode(&in)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+in["user"]+" "+in["token"])
		_, _ = io.WriteString(w, jane)
	})
	got, err := m.Authenticate(t.Context(), "jane", " correct horse battery ")
	if err != nil {
		t.Fatal(err)
	}
	want := &signin.Profile{
		Subject: "jane", Username: "jane", Name: "Jane Doe",
		Roles:    []policy.Role{policy.Researcher, policy.Checker, policy.Auditor},
		Manages:  []policy.Role{policy.Researcher, policy.Checker, policy.Auditor},
		Projects: []review.ProjectID{"vaccine-coverage"}, ManagesProjects: true,
		InProjects: []review.ScopedRole{{Role: policy.Copilot, Project: "theirs"}},
		Known: []review.Project{
			{ID: "vaccine-coverage", Name: "Vaccine coverage", Workspaces: []review.WorkspaceName{"vaccines-2025", "vaccines-2026"}},
			{ID: "theirs", Name: "Theirs", Workspaces: []review.WorkspaceName{"theirs"}},
		},
		TrainedUntil: now.AddDate(0, 0, 90),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the profile (-want +got):\n%s", diff)
	}
	if _, err := m.Refresh(t.Context(), "jane", nil); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{
		"POST /api/v2/releases/authenticate backend-token jane correct horse battery",
		"POST /api/v2/releases/authorise backend-token jane ",
	}, asked); diff != "" {
		t.Errorf("what was asked (-want +got):\n%s", diff)
	}
	m = method(t, nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, jane) })
	if got, err := m.Refresh(t.Context(), "jane", nil); err != nil || slices.Contains(got.Roles, policy.Auditor) {
		t.Errorf("read-only access is a role without the configuration: %+v, %v", got, err)
	}
}

// Only the server's own refusal is one; whatever else is not a good answer means
// that it could not be asked.
func TestBadAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		kind   review.Kind
	}{
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, review.Forbidden},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, review.Unavailable},
		{"our token refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, review.Unavailable},
		{"moved", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, review.Unavailable},
		{"slow", func(http.ResponseWriter, *http.Request) { time.Sleep(500 * time.Millisecond) }, review.Unavailable},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, review.Unavailable},
		{"a page", says("<html>Hello</html>"), review.Unavailable},
		{"nothing", says(""), review.Unavailable},
		{"null", says("null"), review.Unavailable},
		{"a list", says("[]"), review.Unavailable},
		{"half", says(jane[:200]), review.Unavailable},
		{"huge", says(`{"fullname": "` + strings.Repeat("x", 2<<20) + `"`), review.Unavailable},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<16)); err != nil {
					return
				}
			}
		}, review.Unavailable},
		{"nobody", says(`{"workspaces": {}, "output_checker": true}`), review.Unavailable},
		{"no workspaces", says(`{"username": "jane", "output_checker": true}`), review.Unavailable},
		{"no word on checking", says(`{"username": "jane", "workspaces": {}}`), review.Unavailable},
		{"somebody else", says(strings.Replace(jane, `"jane"`, `"mallory"`, 1)), review.Unavailable},
		{"odd types", says(`{"username": "jane", "workspaces": {}, "output_checker": "yes"}`), review.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := method(t, nil, tt.answer)
			p, err := m.Refresh(t.Context(), "jane", nil)
			if p != nil && err == nil || review.KindOf(err) != tt.kind {
				t.Errorf("refresh: %v, %v", p, err)
			}
			want := tt.kind
			if want == review.Forbidden {
				want = review.Invalid
			}
			if _, err := m.Authenticate(t.Context(), "jane", "one two three"); review.KindOf(err) != want {
				t.Errorf("authenticate: %v", err)
			}
		})
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// What is no token is not sent, and the backend's secret goes to no other place.
func TestTokensOfAnotherForm(t *testing.T) {
	m := method(t, nil, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	for _, token := range []string{"", "one", "one two", "one two three four", "one two 3", "one\ntwo\nthree", strings.Repeat("x", 300) + " b c", "<a> b c"} {
		if _, err := m.Authenticate(t.Context(), "jane", token); review.KindOf(err) != review.Invalid {
			t.Errorf("%q: %v", token, err)
		}
	}
	if _, err := m.Authenticate(t.Context(), "", "one two three"); review.KindOf(err) != review.Invalid {
		t.Error("nobody may sign in")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(jane)
	f.Add(`{"username": "jane", "workspaces": {"a": {"project_details": {"name": "` + strings.Repeat("é", 200) + `"}}}, "output_checker": false}`)
	var answer string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	f.Cleanup(srv.Close)
	m, err := jobserver.New(jobserver.Options{ID: "j", Label: "J", Endpoint: srv.URL, Token: "t", Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		answer = text
		p, err := m.Refresh(t.Context(), "jane", nil)
		if err != nil {
			if k := review.KindOf(err); k != review.Unavailable && k != review.Forbidden {
				t.Errorf("error of kind %v: %v", k, err)
			}
			return
		}
		for _, q := range p.Known {
			for _, w := range q.Workspaces {
				if strings.ContainsAny(string(w)+string(q.ID), "/\\ \n") || w == ".." || q.ID == "" {
					t.Errorf("workspace %q of project %q", w, q.ID)
				}
			}
		}
	})
}
