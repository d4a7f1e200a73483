package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sallyport/policy"
	"sallyport/review"
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
