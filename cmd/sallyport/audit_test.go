package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
)

// tampered is a data folder of 100 events, in the hands of somebody who may do
// anything to the database. Checkpoints of 40 and of 100 events left it before.
type tampered struct {
	t       *testing.T
	data    string
	db      *sql.DB
	outside []string // flags that give the checkpoints and the key from outside
}

// loggedData makes the folder, with a copy of the database as it was at 60
// events, and what left it.
func loggedData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	c := config{Data: filepath.Join(dir, "data")}
	must(t, os.Mkdir(c.Data, 0o700))
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	store, err := openStore(t.Context(), c, now)
	must(t, err)
	log, err := c.openLedger(store, now)
	must(t, err)
	for i := 1; i <= 100; i++ {
		must(t, store.Append(t.Context(), review.Event{
			At: now().Add(time.Duration(i) * time.Second), Type: review.EvFileViewed, Actor: review.Username(fmt.Sprint("person", i%7)),
			Request: "r1", Workspace: "study", Group: "g", File: "f", Path: "release/t.csv", Turn: 1, From: review.Submitted, To: review.Submitted,
			Digest: review.Digest(strings.Repeat("d", 64)), Findings: "n", Policy: "p", Detail: map[string]string{"n": fmt.Sprint(i)}, Source: "private",
			Purpose: review.ForReview,
		}))
		switch i {
		case 40, 100:
			point, err := log.Checkpoint(t.Context())
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".txt")), point.Note, 0o600))
		case 60:
			db := openRaw(t, c.Data)
			_, err := db.Exec("VACUUM INTO ?", filepath.Join(dir, "older.db"))
			must(t, err)
			must(t, db.Close())
		}
	}
	must(t, store.Close())
	must(t, os.WriteFile(filepath.Join(dir, "log.pub"), []byte(log.Signer.PublicKey()), 0o600))
	proof := auditProve{auditFlags: auditFlags{databaseFlags: databaseFlags{Data: c.Data}}, Event: 75, Out: filepath.Join(dir, "75.json")}
	must(t, proof.Run(t.Context(), &app{stdout: new(bytes.Buffer), now: now}))
	return dir
}

func openRaw(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(data, databaseFile))
	must(t, err)
	db.SetMaxOpenConns(1)
	return db
}

// copyOf copies the folder and takes the triggers away.
func copyOf(t *testing.T, dir string) *tampered {
	t.Helper()
	to := t.TempDir()
	must(t, os.CopyFS(to, os.DirFS(dir)))
	x := &tampered{t: t, data: filepath.Join(to, "data")}
	must(t, os.Chmod(filepath.Join(x.data, "keys"), 0o700))
	must(t, os.Chmod(filepath.Join(x.data, "keys", ledger.KeyFile), 0o600))
	x.outside = []string{"--checkpoint", filepath.Join(to, "40.txt"), "--checkpoint", filepath.Join(to, "100.txt"), "--key", filepath.Join(to, "log.pub")}
	x.db = openRaw(t, x.data)
	rows, err := x.db.Query("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	must(t, err)
	var drop strings.Builder
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		fmt.Fprintf(&drop, "DROP TRIGGER %s;", name)
	}
	must(t, rows.Err())
	x.sql(drop.String())
	return x
}

func (x *tampered) sql(statement string, args ...any) {
	x.t.Helper()
	if _, err := x.db.Exec(statement, args...); err != nil {
		x.t.Fatalf("%s: %v", statement, err)
	}
}

// verify runs the command, and returns what it says.
func (x *tampered) verify(more ...string) (string, int) {
	x.t.Helper()
	must(x.t, x.db.Close())
	var out, bad bytes.Buffer
	args := append([]string{"audit", "verify", "--data", x.data}, more...)
	status := run(x.t.Context(), args, strings.NewReader(""), &out, &bad)
	if bad.Len() > 0 {
		x.t.Errorf("standard error: %s", &bad)
	}
	return out.String(), status
}

// events reads the events as they now are.
func (x *tampered) events() []review.Event {
	x.t.Helper()
	store, err := storage.Open(context.Background(), filepath.Join(x.data, databaseFile), time.Now)
	must(x.t, err)
	list, err := store.Events(x.t.Context(), review.EventQuery{})
	must(x.t, err)
	must(x.t, store.Close())
	return list
}

// seal gives every event, as it now is, the seal that it should have.
func (x *tampered) seal() {
	x.t.Helper()
	for _, e := range x.events() {
		leaf := e.Leaf()
		x.sql("UPDATE events SET leaf = ? WHERE seq = ?", leaf[:], e.Seq)
	}
}

// rebuild makes the tree that the events should have, and returns it at 40 and
// at its end.
func (x *tampered) rebuild() (forty, all ledger.Tree) {
	x.t.Helper()
	x.seal()
	events := x.events()
	x.sql("DELETE FROM tree")
	for _, e := range events {
		var hashes []byte
		for _, h := range all.Append(ledger.LeafHash(e.Leaf())) {
			hashes = append(hashes, h[:]...)
		}
		x.sql("INSERT INTO tree (seq, hashes) VALUES (?, ?)", e.Seq, hashes)
		if e.Seq <= 40 {
			forty.Append(ledger.LeafHash(e.Leaf()))
		}
	}
	return forty, all
}

// resign replaces the checkpoints by ones of the tree as it is, signed with
// another key, or with the right one when it is known.
func (x *tampered) resign(keys string) {
	x.t.Helper()
	forty, all := x.rebuild()
	signer, err := ledger.OpenSigner(keys)
	must(x.t, err)
	x.sql("DELETE FROM checkpoints")
	for _, tree := range []*ledger.Tree{&forty, &all} {
		c, err := signer.Issue(tree.Size(), tree.Root(), time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
		must(x.t, err)
		x.sql("INSERT INTO checkpoints (size, root, at, note) VALUES (?, ?, ?, ?)", c.Size, c.Root[:], c.At.UnixMicro(), string(c.Note))
		must(x.t, os.WriteFile(filepath.Join(x.data, "keys", ledger.NewestFile), c.Note, 0o600))
	}
}

const swap = `UPDATE events SET seq = -seq WHERE seq IN (30, 31); UPDATE events SET seq = CASE seq WHEN -30 THEN 31 ELSE 30 END WHERE seq < 0;`

// gap moves the events after a number down by one.
func gap(after int) string {
	return fmt.Sprintf("UPDATE events SET seq = -seq WHERE seq > %d; UPDATE events SET seq = -seq - 1 WHERE seq < 0;", after)
}

const insert = `INSERT INTO events SELECT 0, at, type, 'mallory', request, workspace, group_id, file, path, turn, from_status, to_status,
	digest, findings, policy, detail, source, leaf, purpose FROM events WHERE seq = 50;
	UPDATE events SET seq = -seq WHERE seq > 50; UPDATE events SET seq = -seq + 1 WHERE seq < 0; UPDATE events SET seq = 51 WHERE seq = 0;`

// TestTampering does to the database all that its administrator could, and
// expects the first event that differs to be named. What is found only with the
// checkpoints from outside says so by missing.
func TestTampering(t *testing.T) {
	dir := loggedData(t)
	edit := func(column string) func(x *tampered) {
		return func(x *tampered) { x.sql("UPDATE events SET "+column+" WHERE seq = ?", 33) }
	}
	cases := []struct {
		name string
		do   func(x *tampered)
		want []string
	}{
		{"the first event deleted", func(x *tampered) { x.sql("DELETE FROM events WHERE seq = 1") }, []string{"Event 1 is gone", "In all, 1 events", "The stored tree still is what the checkpoint"}},
		{"one in the middle deleted", func(x *tampered) { x.sql("DELETE FROM events WHERE seq = 50") }, []string{"Event 50 is gone"}},
		{"the last deleted", func(x *tampered) { x.sql("DELETE FROM events WHERE seq = 100") }, []string{"Event 100 is gone"}},
		{"one deleted, the gap closed", func(x *tampered) { x.sql("DELETE FROM events WHERE seq = 50;" + gap(50)) }, []string{"Event 50 was changed"}},
		{"one deleted with its place in the tree", func(x *tampered) { x.sql("DELETE FROM events WHERE seq = 50; DELETE FROM tree WHERE seq = 50") }, []string{"Event 50 is gone, and its place in the tree with it"}},
		{"the tail cut off", func(x *tampered) { x.sql("DELETE FROM events WHERE seq > 90") }, []string{"Event 91 is gone", "In all, 10 events"}},
		{"the tail cut off the tree too", func(x *tampered) {
			x.sql("DELETE FROM events WHERE seq > 90; DELETE FROM tree WHERE seq > 90; DELETE FROM checkpoints WHERE size > 90")
		}, []string{"of the events 91 to 100", "the record ends at event 90", "does not have the checkpoint of 100 events"}},
		{"the tree cut off", func(x *tampered) { x.sql("DELETE FROM tree WHERE seq = 70") }, []string{"Event 70 has no place in the tree"}},
		{"a hash of the tree changed", func(x *tampered) { x.sql("UPDATE tree SET hashes = substr(hashes, 1, 32) WHERE seq = 64") }, []string{"Event 64 is as it was sealed, and the tree that is stored"}},
		{"two events change places", func(x *tampered) { x.sql(swap) }, []string{"Event 30 was changed, or another was put in its place", "In all, 2 events"}},
		{"an event put in", func(x *tampered) { x.sql(insert) }, []string{"Event 51 was changed, or another"}},
		{"an event put in behind", func(x *tampered) {
			x.sql(strings.Split(insert, ";")[0] + "; UPDATE events SET seq = 101 WHERE seq = 0")
		}, []string{"Event 101 was changed"}},
		{"an event put in before", func(x *tampered) { x.sql(strings.Split(insert, ";")[0]) }, []string{"cannot be told from others"}},
		{"an altered event sealed anew", func(x *tampered) { edit("actor = 'mallory'")(x); x.seal() }, []string{"Event 33 was changed and sealed anew: the tree over the record has its earlier seal", "The stored tree still is what"}},
		{"the tree rebuilt", func(x *tampered) { edit("actor = 'mallory'")(x); x.rebuild() }, []string{"One of the events 1 to 40, or several, is not the one that was signed", "The first 40 events are not those of"}},
		{"the tree rebuilt after 40", func(x *tampered) { x.sql("UPDATE events SET actor = 'mallory' WHERE seq = 77"); x.rebuild() }, []string{"One of the events 41 to 100", "the first 100 events are not"}},
		{"rebuilt and signed with another key", func(x *tampered) { edit("actor = 'mallory'")(x); x.resign(filepath.Join(x.data, "other")) }, []string{"One of the events 1 to 40", "is not signed by a key that is trusted"}},
		{"rebuilt and signed with the right key", func(x *tampered) { edit("actor = 'mallory'")(x); x.resign(filepath.Join(x.data, "keys")) }, []string{"One of the events 1 to 40"}},
		{"an older copy", func(x *tampered) {
			older, err := os.ReadFile(filepath.Join(dir, "older.db"))
			must(x.t, err)
			must(x.t, x.db.Close())
			must(x.t, os.WriteFile(filepath.Join(x.data, databaseFile), older, 0o600))
			x.db = openRaw(x.t, x.data)
		}, []string{"the events 61 to 100", "the record ends at event 60", "does not have the checkpoint of 100 events"}},
		{"checkpoints dropped", func(x *tampered) { x.sql("DELETE FROM checkpoints") }, []string{"does not have the checkpoint of 40 events", "does not have the checkpoint of 100 events"}},
		{"a checkpoint's row changed", func(x *tampered) { x.sql("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 40") }, []string{"The checkpoint of 40 events in the database is not what its signed note says"}},
		{"a checkpoint's note changed", func(x *tampered) { x.sql("UPDATE checkpoints SET note = replace(note, '40', '41') WHERE size = 40") }, []string{"The checkpoint of 40 events in the database cannot be relied on"}},
		{"checkpoints swapped", func(x *tampered) {
			x.sql("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 100)")
		}, []string{"The checkpoint of 40 events in the database is not what"}},
	}
	for _, column := range []string{
		"at = at + 1", "type = 'file.voted'", "actor = 'mallory'", "actor = ''", "request = 'r2'", "workspace = 'x'", "group_id = 'x'", "file = 'x'", "path = 'x'", "turn = 2",
		"from_status = 'x'", "to_status = 'x'", "digest = 'x'", "findings = 'x'", "policy = 'x'", "detail = '{}'", `detail = '{"n":"33","m":""}'`, "detail = '[1]'",
		"source = 'local'", "purpose = 'audit'", "purpose = ''",
	} {
		cases = append(cases, struct {
			name string
			do   func(x *tampered)
			want []string
		}{"edited: " + column, edit(column), []string{"Event 33 was changed after it was recorded", "In all, 1 events"}})
	}
	cases = append(cases, struct {
		name string
		do   func(x *tampered)
		want []string
	}{"edited: leaf", edit("leaf = zeroblob(32)"), []string{"Event 33 "}})
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			x := copyOf(t, dir)
			test.do(x)
			said, status := x.verify(x.outside...)
			if status != exitFindings {
				t.Errorf("status %d, want %d", status, exitFindings)
			}
			for _, want := range test.want {
				if strings.HasPrefix(want, "In all, 1 ") {
					if strings.Contains(said, "In all") {
						t.Errorf("more than one event is said to differ:\n%s", said)
					}
				} else if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
		})
	}
}

// TestTamperingNot: nothing was done, and nothing is found; a log that was
// rebuilt and signed with the stolen key is found by what left the building, and
// by nothing else; and a proof that left tells which event it was.
func TestTamperingNot(t *testing.T) {
	dir := loggedData(t)
	x := copyOf(t, dir)
	if said, status := x.verify(x.outside...); status != exitOK || !strings.Contains(said, "100 events are as they were recorded") {
		t.Errorf("status %d:\n%s", status, said)
	}
	x = copyOf(t, dir)
	x.sql("UPDATE events SET actor = 'mallory' WHERE seq = 75")
	x.resign(filepath.Join(x.data, "keys"))
	if said, status := x.verify(); status != exitOK {
		t.Errorf("without anything from outside it is found, which cannot be: %d\n%s", status, said)
	}
	said, status := x.verify("--proof", filepath.Join(dir, "75.json"))
	if status != exitFindings || !strings.Contains(said, "Event 75 is not the one that was signed") {
		t.Errorf("with a proof: status %d\n%s", status, said)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
