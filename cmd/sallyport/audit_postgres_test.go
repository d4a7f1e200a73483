package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
	"sallyport/storage/pgtest"
)

// servedLog is a record of 60 events in PostgreSQL, checkpoints of 40 and of 60
// events outside, and its owner, who has taken the triggers away.
type servedLog struct {
	t        *testing.T
	owner    *pgx.Conn
	app      string   // file of the application's address
	dir      string   // of what left
	flags    []string // that name the database
	checking []string // all of them, and the key
}

func newServedLog(t *testing.T) *servedLog {
	t.Helper()
	address := pgtest.Empty(t)
	x := &servedLog{t: t, dir: t.TempDir(), app: file(t, "app", pgtest.As(address, pgtest.AppRole)+"\n")}
	data := filepath.Join(x.dir, "data")
	must(t, os.Mkdir(data, 0o700))
	wrote(t, exitOK, "0001 first: taken", "migrate", "up", "--database-file", file(t, "owner", address+"\n"), "--grant", pgtest.AppRole)
	x.flags = []string{"--data", data, "--database-file", x.app}
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	store, err := storage.Open(t.Context(), pgtest.As(address, pgtest.AppRole), now)
	must(t, err)
	for i := 1; i <= 60; i++ {
		must(t, store.Append(t.Context(), review.Event{
			At: now(), Type: review.EvFileViewed, Actor: review.Username(fmt.Sprint("person", i%7)), Request: "r1", Path: "release/t.csv", Purpose: review.ForReview,
		}))
		if i == 40 || i == 60 {
			x.says(exitOK, "A checkpoint of", "audit", "checkpoint", "--out", x.out(fmt.Sprint(i, ".txt")))
		}
	}
	must(t, store.Close())
	forty := []string{"--checkpoint", x.out("40.txt")}
	x.checking = append([]string{"--checkpoint", x.out("60.txt"), "--key", filepath.Join(data, "keys", ledger.PublicFile)}, forty...)
	x.owner, err = pgx.Connect(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { _ = x.owner.Close(t.Context()) })
	return x
}

func (x *servedLog) out(name string) string { return filepath.Join(x.dir, name) }

// says runs a command on the database.
func (x *servedLog) says(status int, words string, args ...string) {
	x.t.Helper()
	wrote(x.t, status, words, append(args, x.flags...)...)
}

func (x *servedLog) sql(statement string, args ...any) {
	x.t.Helper()
	if _, err := x.owner.Exec(x.t.Context(), statement, args...); err != nil {
		x.t.Fatalf("%s: %v", statement, err)
	}
}

// rebuild gives every event, as it now is, its seal and its place in the tree.
func (x *servedLog) rebuild() {
	x.t.Helper()
	address, err := os.ReadFile(x.app)
	must(x.t, err)
	store, err := storage.Open(x.t.Context(), strings.TrimSpace(string(address)), time.Now)
	must(x.t, err)
	list, err := store.Events(x.t.Context(), review.EventQuery{Limit: 1000})
	must(x.t, err)
	must(x.t, store.Close())
	x.sql("DELETE FROM tree")
	var tree ledger.Tree
	for _, e := range list {
		leaf := e.Leaf()
		var hashes []byte
		for _, h := range tree.Append(ledger.LeafHash(leaf)) {
			hashes = append(hashes, h[:]...)
		}
		x.sql("UPDATE events SET leaf = $1 WHERE seq = $2", leaf[:], e.Seq)
		x.sql("INSERT INTO tree (seq, hashes) VALUES ($1, $2)", e.Seq, hashes)
	}
}

// TestTamperingPostgres does to the database what its owner could, with the
// triggers off, and expects it to be found as it is in a file; the application
// itself can do none of it.
func TestTamperingPostgres(t *testing.T) {
	x := newServedLog(t)
	x.says(exitOK, "60 events are as they were recorded", append([]string{"audit", "verify"}, x.checking...)...)
	x.says(exitOK, "database is whole, and 60 entries", "verify")
	x.says(exitOK, "A proof of 1 events", "audit", "prove", "--event", "33", "--out", x.out("33.json"))
	wrote(t, exitOK, "Event 33", "audit", "check-proof", x.out("33.json"), "--key", filepath.Join(x.dir, "data", "keys", ledger.PublicFile))
	x.says(exitError, "no release", "audit", "prove", "--release", "none")

	kept := []string{"events", "tree", "checkpoints"}
	for _, table := range kept {
		x.sql("CREATE TABLE kept_" + table + " AS TABLE " + table)
		x.sql("ALTER TABLE " + table + " DISABLE TRIGGER ALL")
	}
	for name, test := range map[string]struct{ statement, want string }{
		"an event edited":            {"UPDATE events SET actor = 'mallory' WHERE seq = 33", "Event 33 was changed after it was recorded"},
		"its purpose edited":         {"UPDATE events SET purpose = 'audit' WHERE seq = 33", "Event 33 was changed after it was recorded"},
		"an event dropped":           {"DELETE FROM events WHERE seq = 50", "Event 50 is gone"},
		"dropped, the gap closed":    {"DELETE FROM events WHERE seq = 50; UPDATE events SET seq = -seq WHERE seq > 50; UPDATE events SET seq = -seq - 1 WHERE seq < 0", "Event 50 was changed"},
		"two events change places":   {swap, "Event 30 was changed, or another was put in its place"},
		"an event put in":            {insert, "Event 51 was changed, or another"},
		"the tail cut off":           {"DELETE FROM events WHERE seq > 55", "Event 56 is gone"},
		"the tail cut off all three": {"DELETE FROM events WHERE seq > 55; DELETE FROM tree WHERE seq > 55; DELETE FROM checkpoints WHERE size > 55", "does not have the checkpoint of 60 events"},
		"a hash of the tree dropped": {"DELETE FROM tree WHERE seq = 44", "Event 44 has no place in the tree"},
		"checkpoints dropped":        {"DELETE FROM checkpoints", "does not have the checkpoint of 40 events"},
		"a checkpoint's note edited": {"UPDATE checkpoints SET note = replace(note, '40', '41') WHERE size = 40", "The checkpoint of 40 events in the database cannot be relied on"},
		"the tree rebuilt":           {"", "One of the events 41 to 60, or several, is not the one that was signed"},
	} {
		t.Run(name, func(t *testing.T) {
			if x.t = t; test.statement == "" {
				x.sql("UPDATE events SET actor = 'mallory' WHERE seq = 45")
				x.rebuild()
			} else {
				x.sql(test.statement)
			}
			x.says(exitFindings, test.want, append([]string{"audit", "verify"}, x.checking...)...)
			for _, table := range kept {
				x.sql("DELETE FROM " + table + "; INSERT INTO " + table + " SELECT * FROM kept_" + table)
			}
		})
	}
	x.t = t
	x.says(exitOK, "60 events are as they were recorded", append([]string{"audit", "verify"}, x.checking...)...)
	for _, table := range kept {
		x.sql("ALTER TABLE " + table + " ENABLE TRIGGER ALL")
	}
	x.applicationCannot()
}

// applicationCannot tries the same in the name that the service has.
func (x *servedLog) applicationCannot() {
	x.t.Helper()
	address, err := os.ReadFile(x.app)
	must(x.t, err)
	db, err := pgx.Connect(x.t.Context(), strings.TrimSpace(string(address)))
	must(x.t, err)
	defer db.Close(x.t.Context())
	for _, statement := range []string{
		"UPDATE events SET actor = 'mallory' WHERE seq = 33", "DELETE FROM events WHERE seq = 60", "TRUNCATE events", "UPDATE tree SET hashes = hashes", "DELETE FROM tree",
		"UPDATE checkpoints SET note = 'x'", "DELETE FROM checkpoints", "ALTER TABLE events DISABLE TRIGGER ALL", "DROP TABLE events",
		"SET session_replication_role = replica", "INSERT INTO events SELECT * FROM events WHERE seq = 1",
	} {
		if _, err := db.Exec(x.t.Context(), statement); err == nil {
			x.t.Errorf("the application may: %s", statement)
		}
	}
}

// TestRestoreSaysWhatIsMissing takes a backup between two checkpoints, and
// restores it into a file.
func TestRestoreSaysWhatIsMissing(t *testing.T) {
	dir := loggedData(t)
	data := filepath.Join(dir, "data")
	conf := file(t, "sallyport.yaml", "data: "+data+"\n")
	backup := filepath.Join(dir, "backup")
	wrote(t, exitOK, "tables and 0 snapshots", "backup", "make", "--config", conf, "--out", backup)
	for _, name := range []string{ledger.PublicFile, ledger.NewestFile, "configuration.yaml"} {
		if _, err := os.Stat(filepath.Join(backup, "service", name)); err != nil {
			t.Error(err)
		}
	}
	must(t, filepath.WalkDir(backup, func(name string, d os.DirEntry, err error) error {
		if d.Name() == ledger.KeyFile {
			t.Errorf("the signing key is in the backup: %s", name)
		}
		return err
	}))
	store, err := storage.Open(t.Context(), filepath.Join(data, databaseFile), time.Now)
	must(t, err)
	for range 7 {
		must(t, store.Append(t.Context(), review.Event{At: time.Now(), Type: review.EvSignIn}))
	}
	must(t, store.Close())
	wrote(t, exitOK, "A checkpoint of 107", "audit", "checkpoint", "--data", data, "--out", filepath.Join(dir, "107.txt"))

	fresh := filepath.Join(dir, "fresh")
	wrote(t, exitFindings, "Events 101 to 107 are missing", "restore", "--data", fresh, "--from", backup, "--checkpoint", filepath.Join(dir, "107.txt"), "--checkpoint", filepath.Join(dir, "100.txt"))
	wrote(t, exitOK, "The first 100 events are those of", "restore", "--data", filepath.Join(dir, "again"), "--from", backup, "--checkpoint", filepath.Join(dir, "100.txt"))
	must(t, os.WriteFile(filepath.Join(backup, "service", ledger.PublicFile), []byte("x"), 0o600))
	wrote(t, exitError, ledger.PublicFile, "backup", "verify", backup)
}
