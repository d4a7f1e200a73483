package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/filing"
	"sallyport/ui/form"
)

// TestRequestScripts plays the commands that speak to a server as people type
// them, each script with a demonstration of its own that listens in this
// process: testdata/request. Tokens are in TOKEN_ and the person's name.
func TestRequestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/request", Setup: func(env *testscript.Env) error {
		w := startDemo(t)
		lead := review.Person{Username: "lena", Name: "Lena Lead", Roles: []policy.Role{policy.Lead}}
		if err := w.store.SavePeople(t.Context(), []review.Person{lead}, nil, review.Event{At: time.Now().UTC(), Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
			return err
		}
		env.Setenv("SALLYPORT_SERVER", w.url)
		env.Setenv("POLICY", policy.Default().PermittedResults.Version)
		env.Setenv("WORKSPACES", w.data+"/workspaces")
		env.Setenv("HOME", env.WorkDir)
		for _, name := range []review.Username{"rowan", "riley", "casey", "charlie", "cameron", "lena"} {
			secret, err := w.token(t.Context(), name)
			if err != nil {
				return err
			}
			env.Setenv("TOKEN_"+string(name), secret)
		}
		return nil
	}})
}

// token gives a person a token that lets all through that they may do.
func (w *world) token(ctx context.Context, person review.Username) (string, error) {
	secret := "sp_" + strings.Repeat("x", 32) + string(person)
	sum := sha256.Sum256([]byte(secret))
	now := time.Now().UTC()
	t := review.Token{ID: "T" + string(person), Person: person, Name: "a test", Created: now, Expires: now.Add(time.Hour)}
	for _, row := range policy.Scopes() {
		t.Scopes = append(t.Scopes, row.Scope)
	}
	e := review.Event{At: now, Type: review.EvTokenCreated, Actor: person, Detail: map[string]string{"token": t.ID}}
	return secret, w.store.AddToken(ctx, t, hex.EncodeToString(sum[:]), e)
}

// Answers that are lost on the way do not make anything happen twice.
func TestLostAnswers(t *testing.T) {
	w := startDemo(t)
	secret, err := w.token(t.Context(), "rowan")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	lossy := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || seen[key] {
			w.handler.ServeHTTP(out, r)
			return
		}
		seen[key] = true
		w.handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(lossy.Close)
	client, err := filing.NewClient(lossy.URL, secret, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.ReadYAML([]byte(regularForm))
	if err != nil {
		t.Fatal(err)
	}
	r, err := client.File(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Created || len(r.Added) != 2 || len(r.NotAdded) != 0 || len(r.View.Missing) != 0 {
		t.Errorf("the result is %+v", r)
	}
	for typ, want := range map[review.EventType]int{review.EvRequestCreated: 1, review.EvFileAdded: 2} {
		events, err := w.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{typ}})
		if err != nil || len(events) != want {
			t.Errorf("%d events of %s, want %d (%v)", len(events), typ, want, err)
		}
	}
}

// What checkers asked for is shown whole, without their names, and so that a
// terminal does not act on it.
func TestStatusText(t *testing.T) {
	long := strings.Repeat("word ", 100)
	got := statusText(&filing.View{
		Summary: filing.Summary{ID: "R1", Workspace: "w", Status: review.Returned, Due: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)},
		Missing: []filing.Missing{{Message: "Answer the checkers' comment on \"g\"."}},
		Groups: []filing.Group{{
			Name:     "g",
			Files:    []filing.File{{Path: "release/a.csv", Votes: []filing.Vote{{Checker: "otto", Decision: review.RequestChanges, Reason: long + "end\x1b[2J"}, {Checker: "olga", Decision: review.Approve, Reason: "fine"}}}},
			Comments: []filing.Comment{{Author: "otto", ByChecker: true, Text: "Round\nall of it."}, {Author: "jane", Text: "Done."}},
		}},
	})
	want := "Request R1 for w: returned to its author.\n" +
		"What was said:\n" +
		"  release/a.csv, changes requested: " + long + "end\\u001b[2J\n" +
		"  g, a checker: Round\n    all of it.\n" +
		"  g, the author: Done.\n" +
		"Still missing:\n" +
		"  Answer the checkers' comment on \"g\".\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
