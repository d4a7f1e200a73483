package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/storage"
	"sallyport/storage/pgtest"
)

// command runs the program and returns its exit status and all that it wrote.
func command(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := run(t.Context(), args, strings.NewReader(""), &out, &out)
	return status, out.String()
}

// wrote fails unless the program ends with a status and says all the words.
func wrote(t *testing.T, status int, words string, args ...string) {
	t.Helper()
	got, out := command(t, args...)
	if got != status || !strings.Contains(out, words) {
		t.Errorf("sallyport %s: status %d, want %d that says %q:\n%s", strings.Join(args, " "), got, status, words, out)
	}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const somebody = "people:\n  - {username: otto, name: Otto, email: otto@example.org, roles: [auditor]}\n"

// TestPostgresLife sets a database of PostgreSQL up as docs/databases.md says,
// and works on it as its owner and as the application.
func TestPostgresLife(t *testing.T) {
	owner := pgtest.Empty(t)
	ownerFile, appFile := file(t, "owner", owner+"\n"), file(t, "app", pgtest.As(owner, pgtest.AppRole)+"\n")
	people := file(t, "people.yaml", somebody)

	wrote(t, exitFindings, "0001 first        still to be taken", "migrate", "status", "--database-file", ownerFile)
	wrote(t, exitOK, "CREATE TABLE events", "migrate", "plan", "--database-file", ownerFile)
	wrote(t, exitError, "permission denied", "migrate", "up", "--database-file", appFile)
	wrote(t, exitError, "migrate up", "people", "import", "--database-file", ownerFile, people)
	wrote(t, exitOK, "0001 first: taken", "migrate", "up", "--database-file", ownerFile, "--grant", pgtest.AppRole)
	wrote(t, exitOK, "up to date", "migrate", "up", "--database-file", ownerFile)
	wrote(t, exitOK, "0001 first        20", "migrate", "status", "--database-file", appFile)
	if _, out := command(t, "migrate", "plan", "--database-file", ownerFile); out != "" {
		t.Errorf("there is still to do: %s", out)
	}
	wrote(t, exitOK, "1 person", "people", "import", "--database-file", appFile, people)
	wrote(t, exitOK, "otto", "people", "list", "--database-file", appFile)
	data := t.TempDir()
	wrote(t, exitOK, "database is whole, and 1 entries", "verify", "--database-file", appFile, "--data", data)

	t.Setenv(databaseVariable, pgtest.As(owner, pgtest.AppRole))
	wrote(t, exitOK, "otto", "people", "list")
}

func TestCopyCommand(t *testing.T) {
	dir := t.TempDir()
	wrote(t, exitOK, "1 person", "people", "import", "--data", dir, file(t, "people.yaml", somebody))
	target := pgtest.Empty(t)
	lite := "sqlite:" + filepath.Join(dir, databaseFile)
	post := "postgres-file:" + file(t, "target", target)
	wrote(t, exitOK, "The record is whole: 1 entries", "copy", "--from", lite, "--to", post)
	wrote(t, exitError, "not empty", "copy", "--from", lite, "--to", post)
	t.Setenv("OLD", target)
	wrote(t, exitOK, "The record is whole: 1 entries", "copy", "--from", "postgres-env:OLD", "--to", "sqlite:"+filepath.Join(dir, "again.db"))
	wrote(t, exitError, "no such file", "copy", "--from", "sqlite:"+filepath.Join(dir, "none"), "--to", post)
	for _, wrong := range []string{"", "sqlite", "sqlite:", "x:y", "postgres-env:NONE", target} {
		if status, _ := command(t, "copy", "--from", wrong, "--to", lite); status != exitError {
			t.Errorf("--from %q: status %d", wrong, status)
		}
	}
}

// TestAddressIsNotShown: an address that is wrong may hold a password too.
func TestAddressIsNotShown(t *testing.T) {
	for _, wrong := range []string{
		"postgres://a:hunter2@%zz/", "mysql://a:hunter2@h/d", "hunter2", "postgres://a:hunter2@127.0.0.1:1/d?connect_timeout=1",
		"postgres://a:hunter2@127.0.0.1:1/d?sslmode=hunter2", "postgres://a:hunter2@host\nb/d", "postgres://a:hunter2@h:port/d",
	} {
		status, out := command(t, "migrate", "status", "--database-file", file(t, "x", wrong))
		if status != exitError || strings.Contains(out, "hunter2") {
			t.Errorf("%q: status %d, %s", wrong, status, out)
		}
	}
}

// TestDemoStaysEmbedded: a demonstration does not touch the database that the
// environment names.
func TestDemoStaysEmbedded(t *testing.T) {
	t.Setenv(databaseVariable, "postgres://nobody@127.0.0.1:1/none")
	data := filepath.Join(t.TempDir(), "demo")
	s, err := demoServer(t.Context(), data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// schema makes the schema of a test's database.
func schema(ctx context.Context, owner string) error {
	_, err := storage.Migrate(ctx, owner, time.Now, pgtest.AppRole)
	return err
}

// TestDemoOnPostgres: the service as a whole runs on PostgreSQL, in the name of
// the application's role.
func TestDemoOnPostgres(t *testing.T) {
	a := &app{stdout: os.Stderr, stderr: os.Stderr, now: func() time.Time { return time.Now().UTC() }}
	s, err := demoCommand{
		Listen: "127.0.0.1:0", Data: filepath.Join(t.TempDir(), "demo"), database: pgtest.Database(t, schema),
	}.server(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	people, err := s.store.People(t.Context())
	if err := errors.Join(err, s.Close()); err != nil || len(people) < 5 {
		t.Errorf("%d people, %v", len(people), err)
	}
}

func TestBackupCommand(t *testing.T) {
	dir := t.TempDir()
	data, backup := filepath.Join(dir, "data"), filepath.Join(dir, "backup")
	wrote(t, exitOK, "1 person", "people", "import", "--data", data, file(t, "people.yaml", somebody))
	wrote(t, exitOK, "0 snapshots", "backup", "make", "--data", data, "--out", backup)
	wrote(t, exitError, "there already", "backup", "make", "--data", data, "--out", backup)
	wrote(t, exitOK, "0 snapshots", "backup", "verify", backup)
	wrote(t, exitOK, "The record is whole: 1 entries", "restore", "--from", backup, "--data", filepath.Join(dir, "again"))
	wrote(t, exitError, "not empty", "restore", "--from", backup, "--data", data)
	wrote(t, exitOK, "otto", "people", "list", "--data", filepath.Join(dir, "again"))
	target := file(t, "target", pgtest.Empty(t))
	wrote(t, exitOK, "The record is whole: 1 entries", "restore", "--from", backup, "--data", filepath.Join(dir, "third"), "--database-file", target)
}
