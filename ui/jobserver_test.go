package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
	"sallyport/ui/signin/jobserver"
)

// standIn is a job server that says of anybody what it is set to.
type standIn struct {
	status  atomic.Int64
	checker atomic.Bool
	asked   atomic.Int64
}

func jobServerSite(t *testing.T) (*site, *standIn) {
	t.Helper()
	js := new(standIn)
	js.status.Store(http.StatusOK)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		js.asked.Add(1)
		w.WriteHeader(int(js.status.Load()))
		_, _ = fmt.Fprintf(w, `{"username": "jane", "fullname": "Jane Doe", "output_checker": %v, "workspaces": {"vaccines": {"project_details": {"name": "Vaccines"}}}}`, js.checker.Load())
	}))
	t.Cleanup(srv.Close)
	sealer, err := signin.NewSealer([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(o *Options) {
		m, err := jobserver.New(jobserver.Options{ID: "jobs", Label: "OpenSAFELY", Endpoint: srv.URL, Token: "x", Now: o.Now, Client: &http.Client{Timeout: time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		o.Demo, o.People, o.NoPasswords, o.Sealer, o.Methods = false, nil, true, sealer, []signin.Method{m}
	})
	return s, js
}

func (s *site) byToken(t *testing.T) *browser {
	t.Helper()
	return s.as(t, "").post("/sign-in/by/jobs", "username", "jane", "token", "correct horse battery", "next", "/workspaces")
}

func TestJobServer(t *testing.T) {
	s, js := jobServerSite(t)
	s.as(t, "").get("/sign-in").want(http.StatusOK).has("Single-use token").lacks("Password")
	s.as(t, "").post("/sign-in", "username", "ann", "password", "x").want(http.StatusNotFound)
	js.checker.Store(true)
	b := s.byToken(t).want(http.StatusOK).has("Jane Doe", "Researcher", "Output checker", "vaccines")
	jane, err := s.Store.Person(context.Background(), "jane")
	if err != nil || len(jane.Projects) != 1 || jane.Projects[0] != "vaccines" || !jane.Has(policy.Checker) || !jane.TrainedUntil.After(s.Now()) {
		t.Errorf("jane is %+v, %v", jane, err)
	}
	before := js.asked.Load()
	b.get("/queue").want(http.StatusOK)
	if js.asked.Load() != before {
		t.Error("the job server is asked for every page")
	}
	js.checker.Store(false)
	s.Advance(15 * time.Minute)
	b.get("/queue").want(http.StatusNotFound)
	if js.asked.Load() != before+1 {
		t.Errorf("asked %d times more, want once", js.asked.Load()-before)
	}
	js.status.Store(http.StatusForbidden)
	s.Advance(15 * time.Minute)
	if b.get("/workspaces"); b.path != "/sign-in" {
		t.Errorf("refused, the browser is at %s", b.path)
	}
	if s.events(t, review.EvVouchRefused) != 1 {
		t.Error("the refusal is not on record")
	}
	js.status.Store(http.StatusOK)
	if b.get("/workspaces"); b.path != "/sign-in" {
		t.Error("a refused session opened again")
	}
}

// While the job server is away its word counts for the grace, and no longer;
// when it is back, so is the session.
func TestJobServerAway(t *testing.T) {
	s, js := jobServerSite(t)
	js.checker.Store(true)
	b := s.byToken(t).want(http.StatusOK)
	js.status.Store(http.StatusInternalServerError)
	s.byToken(t).want(http.StatusServiceUnavailable).has("cannot be asked just now")
	s.Advance(29 * time.Minute)
	b.get("/workspaces").want(http.StatusOK)
	b.get("/queue").want(http.StatusOK) // its last word counts, in all that it said
	asked := js.asked.Load()
	b.get("/workspaces").want(http.StatusOK)
	if js.asked.Load() != asked {
		t.Error("a job server that is away is asked for every page")
	}
	s.Advance(2 * time.Minute)
	b.get("/workspaces").want(http.StatusServiceUnavailable).has("nothing can be done here but sign out")
	b.get("/account").want(http.StatusServiceUnavailable)
	js.status.Store(http.StatusOK)
	js.checker.Store(false) // taken away while nobody could be asked
	s.Advance(2 * time.Minute)
	b.get("/workspaces").want(http.StatusOK)
	b.get("/queue").want(http.StatusNotFound)
	js.status.Store(http.StatusInternalServerError)
	s.Advance(20 * time.Minute)
	b.get("/workspaces").want(http.StatusOK)
	s.Advance(20 * time.Minute)
	b.get("/workspaces").want(http.StatusServiceUnavailable)
	b.post("/sign-out").want(http.StatusOK)
	if b.path != "/sign-in" {
		t.Errorf("signed out, the browser is at %s", b.path)
	}
	js.status.Store(http.StatusOK)
	b = s.byToken(t).want(http.StatusOK)
	js.status.Store(http.StatusInternalServerError)
	s.Advance(20 * time.Minute)
	b.get("/workspaces").want(http.StatusOK)
	js.status.Store(http.StatusForbidden) // a refusal is an answer: no grace
	s.Advance(2 * time.Minute)
	if b.get("/workspaces"); b.path != "/sign-in" {
		t.Errorf("refused within the grace, the browser is at %s", b.path)
	}
}

func TestJobServerConfirm(t *testing.T) {
	s, js := jobServerSite(t)
	b := s.byToken(t).want(http.StatusOK)
	s.Advance(6 * time.Minute)
	b.get("/account/recovery").want(http.StatusMethodNotAllowed)
	b.post("/account/recovery").want(http.StatusOK).has("A new single-use token")
	js.status.Store(http.StatusForbidden)
	b.post("/confirm", "token", "one two three").want(http.StatusUnprocessableEntity).has("Not confirmed")
	js.status.Store(http.StatusOK)
	b.post("/confirm", "token", "one two three").want(http.StatusOK).has("it is you")
}

// The same name here and there does not make the same person.
func TestJobServerTakesNobodyOver(t *testing.T) {
	s, _ := jobServerSite(t)
	s.save(t, review.Person{Username: "jane", Name: "Jane of old", Email: "jane@example.org", Roles: []policy.Role{policy.Auditor}})
	s.byToken(t).want(http.StatusUnprocessableEntity).has("nobody said that it is yours")
	closed := review.Person{Username: "jane", Name: "Jane of old", Roles: []policy.Role{policy.Auditor}, Disabled: true}
	s.save(t, closed)
	s.byToken(t).want(http.StatusUnprocessableEntity)
	jane, err := s.Store.Person(context.Background(), "jane")
	if err != nil || jane.Name != "Jane of old" || len(jane.Roles) != 1 {
		t.Errorf("jane is %+v, %v", jane, err)
	}
}
