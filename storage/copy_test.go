package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/review/reviewtest"
	"sallyport/storage/pgtest"
)

// furnish writes something into most tables.
func furnish(t *testing.T, s *Store) {
	t.Helper()
	people := []review.Person{{Username: "ada", Name: "Ada \u2603", Roles: []policy.Role{policy.Researcher}, Projects: []review.ProjectID{"p1"}, Disabled: true}, {Username: "bob"}}
	projects := []review.Project{{ID: "p1", Workspaces: []review.WorkspaceName{"w1", "w2"}}}
	must(t, s.SavePeople(t.Context(), people, projects, review.Event{At: noon(), Type: review.EvPeopleChanged}))
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
			Jobs: []review.Job{{ID: "j1", Kind: "release", Request: "r1", MaxTries: 1, Due: noon()}},
		}, nil
	})
	must(t, err)
	must(t, s.SaveReport(t.Context(), r.ReportKey, &checks.Report{Engine: "first"}))
	must(t, s.AddToken(t.Context(), review.Token{ID: "T1", Person: "ada", Created: noon(), Expires: noon().Add(time.Hour)},
		string(digestOf("secret")), review.Event{At: noon(), Type: review.EvTokenCreated}))
	_, err = s.ClaimKey(t.Context(), "ada", "key", "d", "c", noon(), noon().Add(time.Hour))
	must(t, err)
	must(t, s.Sessions(noon).Commit("token", []byte{0, 1, 255}, noon().Add(time.Hour)))
	for i := range 300 {
		must(t, s.Append(t.Context(), review.Event{At: noon(), Type: review.EvFileViewed, Detail: map[string]string{"n": fmt.Sprint(i)}}))
		if i == 100 {
			checkpoint(t, s)
		}
	}
	checkpoint(t, s)
}

// checkpoint keeps a checkpoint of the log as it stands, its signature apart.
func checkpoint(t *testing.T, s *Store) {
	t.Helper()
	size, err := s.TreeSize(t.Context())
	must(t, err)
	edge, err := s.TreeNodes(t.Context(), ledger.Edge(size))
	must(t, err)
	must(t, s.KeepCheckpoint(t.Context(), review.Checkpoint{Size: size, Root: ledger.Resume(size, edge).Root(), At: noon(), Note: []byte("note\n")}))
}

// pairs are a source and an empty target, of each engine.
// passed checks nothing.
func passed(ledger.Report) error { return nil }

func pairs(t *testing.T, test func(t *testing.T, from, to string)) {
	file := func(t *testing.T) string { return filepath.Join(t.TempDir(), "x.db") }
	served := func(t *testing.T) string { return pgtest.As(pgtest.Database(t, schema), pgtest.OwnerRole) }
	for name, make := range map[string][2]func(*testing.T) string{
		"SQLite to SQLite":         {file, file},
		"SQLite to PostgreSQL":     {file, served},
		"PostgreSQL to SQLite":     {served, file},
		"PostgreSQL to PostgreSQL": {served, served},
	} {
		t.Run(name, func(t *testing.T) { test(t, make[0](t), make[1](t)) })
	}
}

func TestCopyBetweenEngines(t *testing.T) {
	pairs(t, func(t *testing.T, from, to string) {
		source := openStore(t, from)
		furnish(t, source)
		done, err := Copy(t.Context(), from, to, noon)
		must(t, err)
		copied := openStore(t, to)
		if diff := cmp.Diff(tablesOf(t, source), tablesOf(t, copied)); diff != "" {
			t.Errorf("tables (-source +copy):\n%s", diff)
		}
		if done.Record.Size != 304 || done.Record.First != nil {
			t.Errorf("the copy's record: %+v", done.Record)
		}
		rows := int64(0)
		for _, sum := range done.Tables {
			rows += sum.Rows
		}
		if rows < 2*304 {
			t.Errorf("%d rows", rows)
		}
		// It goes on, and its guards are back.
		must(t, copied.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
		for _, statement := range []string{"UPDATE events SET actor = 'x'", "DELETE FROM tree", "DELETE FROM release_files"} {
			if err := copied.writer.Exec(statement).Error; err == nil || !strings.Contains(err.Error(), "never") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if _, err := Copy(t.Context(), from, to, noon); !errors.Is(err, errNotEmpty) {
			t.Errorf("into a database that is not empty: %v", err)
		}
	})
}

func tablesOf(t *testing.T, s *Store) []TableSum {
	t.Helper()
	kept := new(sums)
	must(t, eachTable(s.reader, s.engine, kept))
	return kept.close()
}

// TestCopyInterrupted: a copy that ends half way leaves nothing.
func TestCopyInterrupted(t *testing.T) {
	pairs(t, func(t *testing.T, from, to string) {
		source := openStore(t, from)
		furnish(t, source)
		ctx, stop := context.WithCancel(t.Context())
		rows := 0
		_, err := fillAt(ctx, to, noon, func(into tableReader) error {
			return eachTable(source.reader, source.engine, tapped{into, func() {
				if rows++; rows == 500 {
					stop()
				}
			}})
		}, passed)
		if err == nil {
			t.Fatal("it did not end")
		}
		unsound := errors.New("not what was copied")
		_, err = fillAt(t.Context(), to, noon, func(into tableReader) error { return eachTable(source.reader, source.engine, into) },
			func(r ledger.Report) error {
				if r.Size < 300 {
					t.Errorf("verified %d events", r.Size)
				}
				return unsound
			})
		if !errors.Is(err, unsound) {
			t.Fatal(err)
		}
		if isPostgres(to) {
			for _, sum := range tablesOf(t, openStore(t, to)) {
				if sum.Rows > 0 {
					t.Errorf("%d rows in %s", sum.Rows, sum.Table)
				}
			}
		} else if left, err := os.ReadDir(filepath.Dir(to)); err != nil || len(left) > 0 && filepath.Dir(from) != filepath.Dir(to) {
			t.Errorf("files left: %v, %v", left, err)
		}
		_, err = Copy(t.Context(), from, to, noon)
		must(t, err)
	})
}

// tapped calls each for each row.
type tapped struct {
	tableReader
	each func()
}

func (r tapped) row(values []any) error { r.each(); return r.tableReader.row(values) }

// TestCopyRefuses a source whose record is not as it was written.
func TestCopyRefuses(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), filepath.Join(dir, "a.db"), noon)
	must(t, err)
	defer s.Close()
	furnish(t, s)
	must(t, s.writer.Exec("DROP TRIGGER events_no_update").Error)
	must(t, s.writer.Exec("UPDATE events SET actor = 'x' WHERE seq = 7").Error)
	_, err = Copy(t.Context(), filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db"), noon)
	if !errors.Is(err, review.ErrCorrupt) || !strings.Contains(err.Error(), "event 7") {
		t.Errorf("error %v, want one that names event 7", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b.db")); err == nil {
		t.Error("a copy was left")
	}
}

// TestLine: any row comes back from its line.
func TestLine(t *testing.T) {
	for _, row := range [][]any{
		{}, {nil}, {"", "a\"<&>\n", "\x00", "\xff\xfe", "\u2028"}, {int64(0), int64(-1 << 63), int64(1<<63 - 1)}, {[]byte{}, []byte{0, 255}},
	} {
		text, err := line(row)
		must(t, err)
		if n := strings.Count(string(text), "\n"); n != 1 {
			t.Errorf("%q has %d lines", text, n)
		}
		got, err := unline(text)
		must(t, err)
		if diff := cmp.Diff(row, got); diff != "" {
			t.Error(diff)
		}
	}
}
