package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sallyport/review"
	"sallyport/storage"
	"sallyport/ui/signin"
)

// TestNewSealKey changes the key that seals sign-in secrets, as an operator does:
// an authenticator app that was set up before works on at each step, and nothing
// is left that the earlier key is needed for.
func TestNewSealKey(t *testing.T) {
	ctx, data := t.Context(), filepath.Join(t.TempDir(), "data")
	keys := filepath.Join(data, "keys")
	tool := func(want int, args ...string) string {
		t.Helper()
		var out, complaints bytes.Buffer
		if code := run(ctx, append(args, "--data", data), strings.NewReader("people: [{username: ann, name: Ann, roles: [researcher]}, {username: bob, name: Bob, roles: [researcher]}]"), &out, &complaints); code != want {
			t.Fatalf("%v: %d\n%s%s", args, code, &out, &complaints)
		}
		return out.String() + complaints.String()
	}
	tool(0, "people", "import", "-")
	first, err := signin.OpenSealer(keys)
	if err != nil {
		t.Fatal(err)
	}
	made, err := signin.MakeCode("ann")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	// with opens the database as a running server does, and gives what is kept of
	// a person's app to a function.
	with := func(name review.Username, do func(*review.Credentials) error) {
		t.Helper()
		store, err := storage.Open(ctx, filepath.Join(data, databaseFile), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		if err := store.UpdateCredentials(ctx, name, func(c *review.Credentials) ([]review.Event, error) { return nil, do(c) }); err != nil {
			t.Fatal(err)
		}
	}
	// works shows that ann's app is taken by a server that starts now.
	works := func() {
		t.Helper()
		sealer, err := signin.OpenSealer(keys)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		code, err := totp.GenerateCode(made.Secret, now)
		if err != nil {
			t.Fatal(err)
		}
		with("ann", func(c *review.Credentials) error {
			took, err := signin.TakeCode(c, sealer, code, now)
			if took != signin.FactorCode {
				t.Errorf("the app's code counts as %q, %v", took, err)
			}
			return err
		})
	}
	with("ann", func(c *review.Credentials) error {
		c.Code = &review.CodeFactor{Secret: first.Seal([]byte(made.Secret), signin.CodePurpose("ann")), Added: now}
		return nil
	})
	opensWith := func(s *signin.Sealer) (ok bool) {
		with("ann", func(c *review.Credentials) error {
			_, err := s.Open(c.Code.Secret, signin.CodePurpose("ann"))
			ok = err == nil
			return nil
		})
		return ok
	}
	tool(0, "people", "new-key")
	if !opensWith(first) {
		t.Error("the new key alone changed what is kept")
	}
	works()
	if opensWith(first) {
		t.Error("a code was taken, and its secret still rests on the earlier key")
	}

	// Another time, by the command alone, and with a secret that no key opens.
	tool(0, "people", "new-key")
	with("bob", func(c *review.Credentials) error {
		c.Code = &review.CodeFactor{Secret: first.Seal([]byte("x"), signin.CodePurpose("ann")), Added: now}
		return nil
	})
	if said := tool(2, "people", "new-key", "--finish"); !strings.Contains(said, "bob") {
		t.Errorf("it does not say whose: %s", said)
	}
	with("bob", func(c *review.Credentials) error { c.Code = nil; return nil })
	if said := tool(0, "people", "new-key", "--finish"); !strings.Contains(said, "looked at: 1. Earlier keys let go: 2.") {
		t.Errorf("said: %s", said)
	}
	works()
	text, err := os.ReadFile(filepath.Join(keys, signin.SealKeyFile))
	if err != nil || len(strings.Fields(string(text))) != 1 {
		t.Errorf("%d keys are left, %v", len(strings.Fields(string(text))), err)
	}
	if info, err := os.Stat(filepath.Join(keys, signin.SealKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of keys: %v, %v", info.Mode(), err)
	}
}
