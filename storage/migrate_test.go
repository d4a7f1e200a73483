package storage

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"sallyport/storage/pgtest"
)

// bare opens a database as this package does, with no schema.
func bare(t *testing.T, address string) (*Store, *sql.DB) {
	t.Helper()
	s, err := connectTo(address)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	db, err := s.writer.DB()
	must(t, err)
	return s, db
}

// bothEngines runs a test on an empty database of each.
func bothEngines(t *testing.T, test func(t *testing.T, s *Store, db *sql.DB)) {
	t.Run("SQLite", func(t *testing.T) {
		s, db := bare(t, filepath.Join(t.TempDir(), "x.db"))
		test(t, s, db)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s, db := bare(t, pgtest.Empty(t))
		test(t, s, db)
	})
}

// steps are migrations of either engine.
func steps(named ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(named); i += 2 {
		files["migrations/"+named[i]] = &fstest.MapFile{Data: []byte(named[i+1])}
		files["migrations/postgres/"+named[i]] = files["migrations/"+named[i]]
	}
	return files
}

func (s *Store) take(t *testing.T, files fstest.MapFS) error {
	_, err := migrate(t.Context(), s.writer, s.engine, files, noon)
	return err
}

// onlySQLite skips a test of what SQLite alone has, when the other engine is
// tested.
func onlySQLite(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(pgtest.Engine) == "postgres" {
		t.Skipf("%s is SQLite's", what)
	}
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	must(t, db.QueryRow(query).Scan(&n))
	return n
}

func TestMigrate(t *testing.T) {
	bothEngines(t, testMigrate)
}

func testMigrate(t *testing.T, s *Store, db *sql.DB) {
	one := steps("0001_a.sql", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")
	two := steps("0001_a.sql", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);",
		"0002_b.sql", "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'new';")
	for _, files := range []fstest.MapFS{one, one, two, two} {
		must(t, s.take(t, files))
	}
	if n := count(t, db, "SELECT count(*) FROM a WHERE x = 1 AND y = 'new'"); n != 1 {
		t.Errorf("%d rows came through the steps, want 1", n)
	}
	if n := count(t, db, "SELECT count(*) FROM schema_migrations WHERE applied = 1795262400000000"); n != 2 {
		t.Errorf("%d steps are on record with their time, want 2", n)
	}
}

// TestMigrateOutOfOrder: a step with a lower number may be published after one
// with a higher, and is still taken, once.
func TestMigrateOutOfOrder(t *testing.T) {
	bothEngines(t, testMigrateOutOfOrder)
}

func testMigrateOutOfOrder(t *testing.T, s *Store, db *sql.DB) {
	const a, b, c = "CREATE TABLE a (x INTEGER);", "CREATE TABLE b (x INTEGER);", "CREATE TABLE c (x INTEGER);"
	for _, files := range []fstest.MapFS{
		steps("0001_a.sql", a, "0004_c.sql", c),
		steps("0001_a.sql", a, "0003_b.sql", b, "0004_c.sql", c),
		steps("0001_a.sql", a, "0003_b.sql", b, "0004_c.sql", c),
	} {
		must(t, s.take(t, files))
	}
	if n := count(t, db, "SELECT sum(version) FROM schema_migrations"); n != 8 {
		t.Errorf("the versions on record add up to %d, want 1 + 3 + 4", n)
	}
}

func TestMigrateRefuses(t *testing.T) {
	const a = "CREATE TABLE a (x INTEGER);"
	for _, test := range []struct {
		name       string
		before     fstest.MapFS
		setup      string
		files      fstest.MapFS
		want       string
		tables     int // of the steps, afterwards
		versionNow int
	}{
		{
			name: "a database of a newer program", before: steps("0001_a.sql", a, "0002_b.sql", "CREATE TABLE b (x INTEGER);"),
			files: steps("0001_a.sql", a), want: "newer program", tables: 2, versionNow: 2,
		},
		{
			name: "a step that was edited", before: steps("0001_a.sql", a),
			files: steps("0001_a.sql", a+" "), want: "not this program's", tables: 1, versionNow: 1,
		},
		{
			name: "a database of something else", setup: "CREATE TABLE b (x INTEGER)",
			files: steps("0001_a.sql", a), want: "something else", tables: 1,
		},
		{
			name: "two steps of one number", files: steps("0001_a.sql", a, "0001_b.sql", a), want: "same number",
		},
		{
			name: "a step without a number", files: steps("0001_a.sql", a, "b.sql", a), want: "should be named like",
		},
		{
			name: "a step that is not there any more", before: steps("0001_a.sql", a, "0002_b.sql", "CREATE TABLE b (x INTEGER);"),
			files: steps("0001_a.sql", a, "0003_c.sql", "CREATE TABLE c (x INTEGER);"), want: "newer program", tables: 2, versionNow: 2,
		},
		{
			name: "a step that fails half way", before: steps("0001_a.sql", a),
			files: steps("0001_a.sql", a, "0002_b.sql", "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);"),
			want:  "schema version 2 (b)", tables: 1, versionNow: 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothEngines(t, func(t *testing.T, s *Store, db *sql.DB) {
				if test.before != nil {
					must(t, s.take(t, test.before))
				}
				if test.setup != "" {
					_, err := db.Exec(test.setup)
					must(t, err)
				}
				err := s.take(t, test.files)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want one that says %q", err, test.want)
				}
				tables, err := s.engine.tables(s.reader)
				must(t, err)
				if n := len(slices.DeleteFunc(tables, func(name string) bool { return name != "a" && name != "b" })); n != test.tables {
					t.Errorf("%d tables, want %d", n, test.tables)
				}
				if test.versionNow > 0 {
					if n := count(t, db, "SELECT max(version) FROM schema_migrations"); n != test.versionNow {
						t.Errorf("schema version %d, want %d", n, test.versionNow)
					}
				}
			})
		})
	}
}

// TestSchema holds every table to being STRICT, and the schema to knowing every
// column by a reference to a real table.
func TestSchema(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "x.db"))
	db, err := s.writer.DB()
	must(t, err)
	if n := count(t, db, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' AND NOT strict"); n != 0 {
		t.Errorf("%d tables are not STRICT", n)
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "recursive_triggers": "1"} {
		for name, pool := range map[string]func() (*sql.DB, error){"writer": s.writer.DB, "reader": s.reader.DB} {
			db, err := pool()
			must(t, err)
			var got string
			must(t, db.QueryRowContext(context.Background(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s: %s = %s, want %s", name, pragma, got, want)
			}
		}
	}
	if err := s.reader.Exec("DELETE FROM sessions").Error; err == nil {
		t.Error("the reader can write")
	}
}

// TestCopy: the copy that the documentation tells to make is a whole database,
// with its guards.
func TestCopy(t *testing.T) {
	onlySQLite(t, "VACUUM INTO")
	s := recorded(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	must(t, s.writer.Exec("VACUUM INTO ?", file).Error)
	copied := openStore(t, file)
	if diff := cmp.Diff(dump(t, s), dump(t, copied)); diff != "" {
		t.Error(diff)
	}
	if err := copied.writer.Exec("DELETE FROM events").Error; err == nil {
		t.Error("the copy lets events be deleted")
	}
}
