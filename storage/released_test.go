package storage

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/storage/pgtest"
)

// releases are the steps that each published version of the program had. A new
// version adds a line, and never takes one away.
func releases() map[string][]string {
	return map[string][]string{
		"first": {"0001_first.sql", "0002_api.sql"},
	}
}

// onlySteps are the migrations of both engines that are named.
func onlySteps(t *testing.T, named []string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, dir := range []string{"migrations/", "migrations/postgres/"} {
		for _, name := range named {
			text, err := fs.ReadFile(migrationFiles, dir+name)
			must(t, err)
			files[dir+name] = &fstest.MapFile{Data: text}
		}
	}
	return files
}

// usedStatements are what the first version did most, in its own words: they
// must still do what they did on a newer schema, since in PostgreSQL servers of
// that version may still run while the schema is brought up to date.
func usedStatements(n int) []string {
	request := fmt.Sprintf("r%d", n)
	return []string{
		fmt.Sprintf(`INSERT INTO projects (id, name, number, kind, backend) VALUES ('p%d', '', '', '', '')`, n),
		fmt.Sprintf(`INSERT INTO people (username, name, email, roles, disabled, trained_until, absences, skills, password_hash)
			VALUES ('ada%d', 'Ada', '', '[]', FALSE, 0, '[]', '[]', '')`, n),
		fmt.Sprintf(`INSERT INTO requests (id, version, workspace, project, author, status, turn, title, project_number, repository, purpose,
			concerns, checklist, policy_name, policy_version, policy_sha256, permitted_results, report_set, report_policy, report_engine,
			findings, worst, created, updated, submitted, due, decided, released, acknowledgements, reused)
			VALUES ('%s', 1, 'w%d', 'p%[2]d', 'ada%[2]d', 'APPROVED', 1, 'title', '', '', '', '', '[]', '', '', '', '', '', '', '', '', '', 5, 5, 0, 0, 0, 0, '[]', '')`, request, n),
		fmt.Sprintf(`INSERT INTO request_groups (request, id, position, name, context, controls, pattern, pattern_count, intermediate)
			VALUES ('%s', 'g', 0, '', '{}', '{}', '', 0, FALSE)`, request),
		fmt.Sprintf(`INSERT INTO request_files (request, id, group_id, position, path, kind, digest, size, release, release_size, media_type,
			cleaning, clean_error, origin, added, checkers, exceptions, previous, past_votes)
			VALUES ('%s', 'f', 'g', 0, 'release/t.csv', 'output', 'd', 1, 'd', 1, '', '[]', '', '{}', 5, '[]', '[]', '[]', '[]')`, request),
		fmt.Sprintf(`UPDATE requests SET title = 'other', version = 2 WHERE id = '%s' AND version = 1`, request),
		fmt.Sprintf(`INSERT INTO releases (id, request, workspace, project, author, title, purpose, policy_name, policy_version, policy_sha256,
			findings, approved, approved_by, checkers, file_count, delivered, location)
			VALUES ('rel%d', '%s', 'w', 'p', 'ada', '', '', '', '', '', '', 5, 'otto', '[]', 1, 0, '')`, n, request),
		fmt.Sprintf(`INSERT INTO release_files (release, position, path, sha256, size, original, group_name, approvals)
			VALUES ('rel%d', 0, 'release/t.csv', '%s', 1, 'd', '', '[]')`, n, strings.Repeat("a", 64)),
		fmt.Sprintf(`INSERT INTO jobs (id, kind, request, state, tries, max_tries, due, leased, reason)
			VALUES ('j%d', 'release', '%s', 'waiting', 0, 3, 5, 0, '')`, n, request),
		fmt.Sprintf(`UPDATE releases SET delivered = 7, location = 'there' WHERE id = 'rel%d' AND delivered = 0`, n),
		fmt.Sprintf(`UPDATE jobs SET state = 'done', leased = 0 WHERE id = 'j%d'`, n),
		fmt.Sprintf(`INSERT INTO tokens (id, hash, username, name, scopes, created, expires, used, revoked)
			VALUES ('t%d', '%064d', 'ada%[1]d', '', '[]', 5, 6, 0, 0)`, n, n),
	}
}

// oldEvent is an event as the first version wrote it.
func oldEvent(t *testing.T, s *Store, seq int64) {
	t.Helper()
	row := eventRowOf(review.Event{Seq: seq, At: noon(), Type: review.EvSignIn, Actor: "ada"})
	must(t, s.writer.Omit("purpose").Create(&row).Error)
}

// TestReleasedSchemas brings the schema of every published version up to date,
// with rows in it, and has the old version go on working meanwhile.
func TestReleasedSchemas(t *testing.T) {
	for version, named := range releases() {
		t.Run(version, func(t *testing.T) {
			t.Run("SQLite", func(t *testing.T) {
				testReleased(t, filepath.Join(t.TempDir(), "x.db"), onlySteps(t, named))
			})
			t.Run("PostgreSQL", func(t *testing.T) { testReleased(t, pgtest.Empty(t), onlySteps(t, named)) })
		})
	}
}

func testReleased(t *testing.T, address string, files fstest.MapFS) {
	old, _ := bare(t, address)
	must(t, old.take(t, files))
	use := func(n int) {
		t.Helper()
		for _, statement := range usedStatements(n) {
			done := old.writer.Exec(statement)
			if done.Error != nil || done.RowsAffected != 1 {
				t.Errorf("%d rows, %v, by the old version's %.300s", done.RowsAffected, done.Error, statement)
			}
		}
	}
	use(1)
	for seq := range int64(10) {
		oldEvent(t, old, seq+1)
	}
	before := rowsBefore(t, old)
	taken, err := Migrate(t.Context(), address, noon)
	must(t, err)
	if len(taken) == 0 {
		t.Fatal("no step was taken")
	}
	if isPostgres(address) { // no server of SQLite's runs while another brings its schema up to date
		use(2)
		oldEvent(t, old, 11)
	}
	s := openStore(t, address) // whose record is verified when it is closed
	after := rowsBefore(t, s)
	for table, n := range before {
		if after[table] < n {
			t.Errorf("%d of %d rows of %s came through", after[table], n, table)
		}
	}
	r, err := s.Request(t.Context(), "r1")
	must(t, err)
	release, err := s.Release(t.Context(), "r1")
	must(t, err)
	if r.Title != "other" || len(release.Files) != 1 {
		t.Errorf("request %+v, release %+v", r, release)
	}
	must(t, s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
	again, err := Migrate(t.Context(), address, noon)
	must(t, err)
	if diff := cmp.Diff([]Step(nil), again); diff != "" {
		t.Errorf("migrated again: %s", diff)
	}
}

// rowsBefore counts the rows of each table.
func rowsBefore(t *testing.T, s *Store) map[string]int64 {
	t.Helper()
	n := map[string]int64{}
	for _, sum := range tablesOf(t, s) {
		n[sum.Table] = sum.Rows
	}
	return n
}

// TestMigrateTogether: of several that migrate at once, each step is taken by
// one.
func TestMigrateTogether(t *testing.T) {
	bothEngines(t, func(t *testing.T, s *Store, _ *sql.DB) {
		files, err := migrations(migrationFiles, s.engine.steps())
		must(t, err)
		type done struct {
			steps []Step
			err   error
		}
		results := make(chan done)
		const n = 4
		for range n {
			go func() {
				steps, err := migrate(context.Background(), s.writer, s.engine, migrationFiles, noon)
				results <- done{steps, err}
			}()
		}
		var taken []int
		for range n {
			r := <-results
			if r.err != nil {
				t.Error(r.err)
			}
			for _, step := range r.steps {
				taken = append(taken, step.Version)
			}
		}
		slices.Sort(taken)
		var want []int
		for _, file := range files {
			want = append(want, file.version)
		}
		if diff := cmp.Diff(want, taken); diff != "" {
			t.Errorf("steps (-want +taken):\n%s", diff)
		}
	})
}

// TestOpenNeedsTheSchema: a server of PostgreSQL does not change the schema.
func TestOpenNeedsTheSchema(t *testing.T) {
	address := pgtest.Empty(t)
	if s, err := Open(t.Context(), address, noon); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("opened %v, %v", s, err)
	}
	_, err := Migrate(t.Context(), address, noon)
	must(t, err)
	openStore(t, address)
}
