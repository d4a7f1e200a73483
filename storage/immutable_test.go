package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// recorded opens a store with a request, two events, findings and a release.
func recorded(t *testing.T) *Store {
	t.Helper()
	s := newStore(t)
	r := reviewtest.FullRequest("r1")
	must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		r.Status = review.Approved
		return review.Change{
			Events: []review.Event{reviewtest.Happened(r, review.EvApproved, noon())},
			Release: &review.Release{
				ID: "rel1", Request: "r1", Workspace: "study", Approved: noon(),
				Files: []review.ReleasedFile{{Path: "release/t.csv", SHA256: digestOf("t")}},
			},
		}, nil
	})
	must(t, err)
	must(t, s.SaveReport(t.Context(), r.ReportKey, &checks.Report{Engine: "first"}))
	must(t, s.SavePolicy(t.Context(), policy.Default()))
	must(t, s.SaveSeal(t.Context(), &review.Seal{Release: "rel1", Made: noon(), Files: []review.SealedFile{
		{Path: "bagit.txt", Size: 1, SHA256: digestOf("t"), Body: []byte("t")},
	}}))
	return s
}

// TestImmutable tries with plain SQL what no code of this program does.
func TestImmutable(t *testing.T) {
	onlySQLite(t, "REPLACE")
	s := recorded(t)
	db, err := s.writer.DB()
	must(t, err)
	const event = `(seq, at, type, actor, request, workspace, group_id, file, path, turn, from_status, to_status, digest, findings, policy, detail, source, leaf)`
	values := func(seq string) string {
		return `(` + seq + `, 1, 't', '', '', '', '', '', '', 0, '', '', '', '', '', '{}', '', zeroblob(32))`
	}
	for _, statement := range []string{
		"UPDATE events SET actor = 'x'",
		"UPDATE events SET seq = seq + 10 WHERE seq = 2",
		"UPDATE OR IGNORE events SET at = 1 WHERE seq = 1",
		"DELETE FROM events",
		"DELETE FROM events WHERE seq = 2",
		"INSERT INTO events " + event + " VALUES " + values("9"),
		"INSERT INTO events " + event + " VALUES " + values("2"),
		"INSERT INTO events " + event + " VALUES " + values("0"),
		"INSERT INTO events " + event + " VALUES " + values("-1"),
		"INSERT INTO events " + event + " VALUES " + values("NULL"),
		"INSERT OR REPLACE INTO events " + event + " VALUES " + values("2"),
		"REPLACE INTO events " + event + " VALUES " + values("1"),
		"INSERT INTO events " + event + " VALUES " + values("2") + " ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
		"UPDATE reports SET body = x'00'",
		"DELETE FROM reports",
		"UPDATE releases SET title = 'x'",
		"UPDATE releases SET location = 'x'",
		"UPDATE releases SET delivered = 5, approved_by = 'x'",
		"UPDATE releases SET delivered = 5, file_count = 9",
		"DELETE FROM releases",
		"REPLACE INTO releases SELECT * FROM releases",
		"INSERT INTO releases SELECT 'rel2', request, workspace, project, author, title, purpose, policy_name, policy_version, policy_sha256, findings, approved, approved_by, checkers, file_count, delivered, location FROM releases",
		"UPDATE policies SET source = x'00'",
		"DELETE FROM policies",
		"REPLACE INTO policies SELECT * FROM policies",
		"UPDATE seals SET made = 9",
		"DELETE FROM seals",
		"REPLACE INTO seals SELECT * FROM seals",
		"UPDATE seal_files SET body = x'00'",
		"DELETE FROM seal_files",
		"REPLACE INTO seal_files SELECT * FROM seal_files",
		"INSERT INTO seal_files SELECT release, 1, 'data/more', size, sha256, released, body FROM seal_files",
		"UPDATE release_files SET sha256 = path",
		"DELETE FROM release_files",
		"REPLACE INTO release_files SELECT * FROM release_files",
		"INSERT INTO release_files SELECT release, 1, 'release/more.csv', sha256, size, original, group_name, approvals FROM release_files",
	} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("the database allowed: %.90s", statement)
		}
	}
	for _, statement := range []string{ // these do nothing, quietly
		"INSERT OR REPLACE INTO reports SELECT set_digest, policy, engine, x'00' FROM reports",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Error(err)
		}
	}
	must(t, verify(s.Verify))
	key := reviewtest.FullRequest("r1").ReportKey
	if report, err := s.Report(t.Context(), key); err != nil || report.Engine != "first" {
		t.Errorf("findings are now %+v, %v", report, err)
	}
	list, err := s.Events(t.Context(), review.EventQuery{})
	must(t, err)
	if len(list) != 2 {
		t.Errorf("%d events, want 2", len(list))
	}
	if _, err := db.Exec("UPDATE releases SET delivered = 5, location = 'there'"); err != nil {
		t.Errorf("a release could not be delivered: %v", err)
	}
	if _, err := db.Exec("UPDATE releases SET delivered = 6"); err == nil {
		t.Error("a release was delivered twice")
	}
}

// kept puts a row into each table of recalls, holds, retention and alarms.
func kept(t *testing.T) *Store {
	t.Helper()
	s := recorded(t)
	ctx, at := t.Context(), noon()
	e := review.Event{At: at, Type: review.EvIntegrity, Actor: "ops", Request: "r1"}
	_, err := s.RaiseAlarm(ctx, review.Alarm{ID: "a1", Digest: digestOf("x"), Damage: review.Changed, At: at}, e)
	must(t, err)
	must(t, s.EndAlarm(ctx, review.Alarm{ID: "a1", Ended: at, By: "ops", Reason: "back"}, e))
	for _, c := range []review.RecallChange{
		{Report: &review.BreachReport{ID: "b1", Release: "rel1", At: at, By: "aud", Whole: true, Words: "w", Severity: review.RecallLow, Discovered: at}},
		{Of: "b1", Withdrawal: &review.Withdrawal{Sink: "exports", At: at, Words: "w"}},
		{Of: "b1", Note: &review.RecallNote{ID: "n1", At: at, By: "aud", Words: "w"}},
	} {
		_, err := s.Update(ctx, "r1", func(*review.Request) (review.Change, error) {
			return review.Change{Recall: c, Events: []review.Event{e}}, nil
		})
		must(t, err)
	}
	must(t, s.Hold(ctx, review.Hold{ID: "h1", Request: "r1", At: at, By: "aud", Reason: "w"}, e))
	must(t, s.LiftHold(ctx, review.Hold{Request: "r1", Lifted: at, LiftedBy: "aud", LiftReason: "w"}, e))
	_, err = s.RemovePackage(ctx, "rel1", "exports", at, e)
	must(t, err)
	old := reviewtest.Draft("old", "bob", "elsewhere", at)
	old.Status, old.ReportKey = review.Withdrawn, review.ReportKey{Set: digestOf("set"), Policy: "p", Engine: "e"}
	old.Groups = []review.Group{{ID: "g", Files: []review.File{{ID: "f", Path: "release/o.csv", Kind: review.Output, Digest: digestOf("old")}}}}
	must(t, s.Create(ctx, old, reviewtest.Happened(old, review.EvRequestCreated, at)))
	must(t, s.SaveReport(ctx, old.ReportKey, &checks.Report{Engine: "e"}))
	gone, err := s.Retire(ctx, []review.RequestID{"old"}, review.RetireOptions{
		At: at, Findings: true, Events: func([]review.Retired) []review.Event { return []review.Event{e} },
	})
	must(t, err)
	if len(gone) != 1 || len(gone[0].Digests) != 1 || gone[0].Findings != 1 {
		t.Fatalf("retired %+v", gone)
	}
	must(t, s.EndRemoval(ctx, review.BlobRemoval{Digest: digestOf("old"), At: at}, at, true))
	return s
}

// TestKeptIsImmutable tries with plain SQL to change, delete, replace and double
// what was recalled, held, retired, removed and alarmed.
func TestKeptIsImmutable(t *testing.T) {
	onlySQLite(t, "REPLACE")
	s := kept(t)
	db, err := s.writer.DB()
	must(t, err)
	columns := map[string]string{
		"blob_alarms": "at", "blob_alarm_ends": "reason", "recalls": "words", "recall_withdrawals": "done", "recall_notes": "words",
		"holds": "reason", "hold_ends": "reason", "retired_requests": "at", "blob_removals": "at", "blob_removal_ends": "done",
		"package_removals": "at", "report_removals": "at",
	}
	for table, column := range columns {
		var n int
		must(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
		if n != 1 {
			t.Fatalf("%d rows of %s, want one", n, table)
		}
		for _, statement := range []string{
			"UPDATE " + table + " SET " + column + " = " + column,
			"UPDATE OR IGNORE " + table + " SET " + column + " = 1",
			"UPDATE OR REPLACE " + table + " SET " + column + " = 1",
			"DELETE FROM " + table,
			"REPLACE INTO " + table + " SELECT * FROM " + table,
			"INSERT INTO " + table + " SELECT * FROM " + table,
		} {
			if _, err := db.Exec(statement); err == nil {
				t.Errorf("the database allowed: %s", statement)
			}
		}
	}
	if _, err := db.Exec("DELETE FROM reports"); err == nil {
		t.Error("findings of a request that is not retired could be deleted")
	}
	must(t, verify(s.Verify))
}

// TestVerify finds what somebody with the database file and its triggers gone
// has done.
func TestVerify(t *testing.T) {
	for name, statement := range map[string]string{
		"an event altered":      "UPDATE events SET actor = 'somebody else' WHERE seq = 1",
		"a detail altered":      `UPDATE events SET detail = '{"a":"b"}' WHERE seq = 1`,
		"an event dropped":      "DELETE FROM events WHERE seq = 1",
		"events change places":  "UPDATE events SET seq = CASE seq WHEN 1 THEN -2 ELSE -1 END; UPDATE events SET seq = -seq",
		"a reference to nobody": "PRAGMA foreign_keys = off; DELETE FROM requests; PRAGMA foreign_keys = on",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.db")
			s, err := Open(t.Context(), file, noon)
			must(t, err)
			defer s.Close()
			r := reviewtest.FullRequest("r1")
			must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon()), reviewtest.Happened(r, review.EvFileAdded, noon())))
			must(t, verify(s.Verify))
			db, err := s.writer.DB()
			must(t, err)
			_, err = db.Exec("DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; " + statement)
			must(t, err)
			if _, err := s.Verify(t.Context()); !errors.Is(err, review.ErrCorrupt) {
				t.Errorf("Verify: %v, want ErrCorrupt", err)
			}
		})
	}
}

// TestVerifyBytes finds bytes that are gone or spoilt, of files as they are, as
// they were, and as they left.
func TestVerifyBytes(t *testing.T) {
	s := newStore(t)
	blobs, dir := newBlobs(t)
	names := []string{"now", "cleaned", "earlier", "released", "original"}
	d := map[string]review.Digest{}
	for _, name := range names {
		d[name] = put(t, blobs, name)
	}
	put(t, blobs, "of nobody")
	r := reviewtest.Draft("r1", "ada", "study", noon())
	r.Groups = []review.Group{{ID: "g", Files: []review.File{{
		ID: "f", Path: "release/t.csv", Kind: review.Output, Digest: d["now"], Release: d["cleaned"],
		Previous: []review.Snapshot{{Digest: d["earlier"]}},
	}, {ID: "f2", Path: "release/u.csv", Kind: review.Output, Digest: d["now"]}}}}
	must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
		return review.Change{
			Events: []review.Event{reviewtest.Happened(r, review.EvApproved, noon())},
			Release: &review.Release{ID: "rel", Request: "r1", Files: []review.ReleasedFile{
				{Path: "release/t.csv", SHA256: d["released"], Original: d["original"]},
			}},
		}, nil
	})
	must(t, err)
	found := func() map[review.Digest]bool {
		bad := map[review.Digest]bool{}
		n, err := s.VerifyBytes(t.Context(), blobs, func(d review.Digest, err error) {
			if !errors.Is(err, review.ErrCorrupt) && review.KindOf(err) != review.NotFound {
				t.Errorf("%s: %v", d, err)
			}
			bad[d] = true
		})
		if err != nil || n != len(names) {
			t.Fatalf("%d looked at, %v, want %d", n, err, len(names))
		}
		return bad
	}
	if bad := found(); len(bad) > 0 {
		t.Errorf("bad: %v, want none", bad)
	}
	for i, name := range names {
		file := filepath.Join(dir, string(d[name][:2]), string(d[name][2:]))
		must(t, os.Remove(file))
		if i%2 == 0 {
			must(t, os.WriteFile(file, []byte("spoilt"), 0o600))
		}
		if bad := found(); len(bad) != i+1 || !bad[d[name]] {
			t.Errorf("%s is spoilt or gone, and bad are %v", name, bad)
		}
	}
}

// TestVerifyTornPages overwrites the middle of the database file.
func TestVerifyTornPages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	s, err := Open(t.Context(), file, noon)
	must(t, err)
	r := reviewtest.WithFiles("r1", 200)
	must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	must(t, s.Close())
	data, err := os.ReadFile(file)
	must(t, err)
	for i := len(data) / 2; i < len(data)/2+3*4096; i++ {
		data[i] ^= 0x5a
	}
	must(t, os.WriteFile(file, data, 0o600))
	if s, err = Open(t.Context(), file, noon); err != nil {
		return // it may be seen that early
	}
	defer s.Close()
	if _, err := s.Verify(t.Context()); err == nil {
		t.Error("torn pages are not found")
	}
}

// TestCreatedPrivate: the database is its owner's alone.
func TestCreatedPrivate(t *testing.T) {
	dir := t.TempDir()
	openStore(t, filepath.Join(dir, "x.db"))
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", entry.Name(), info.Mode())
		}
	}
}

// TestOpenRefuses files that are no database of this program.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "text"), strings.Repeat("no database\n", 1000))
	for _, name := range []string{"text", "missing/x.db", ""} {
		s, err := Open(t.Context(), filepath.Join(dir, name), noon)
		if err == nil {
			s.Close()
			t.Errorf("Open(%q) succeeded", name)
		}
	}
}
