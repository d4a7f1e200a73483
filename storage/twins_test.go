package storage

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"sallyport/storage/pgtest"
)

// column is a column of a table, in the words of neither engine.
type column struct{ table, name, kind, null string }

func columns(t *testing.T, s *Store, query string) []string {
	t.Helper()
	var rows []column
	found, err := s.reader.Raw(query).Rows()
	must(t, err)
	defer found.Close()
	for found.Next() {
		var c column
		must(t, found.Scan(&c.table, &c.name, &c.kind, &c.null))
		rows = append(rows, c)
	}
	must(t, found.Err())
	slices.SortFunc(rows, func(a, b column) int { return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.name, b.name)) })
	var list []string
	for _, c := range rows {
		list = append(list, fmt.Sprintf("%s.%s %s %s", c.table, c.name, c.kind, c.null))
	}
	return list
}

// TestTwins: both engines have the same tables with the same columns.
func TestTwins(t *testing.T) {
	lite := columns(t, openStore(t, filepath.Join(t.TempDir(), "x.db")),
		`SELECT t.name, c.name, lower(c.type), CASE WHEN c."notnull" THEN 'not null' ELSE 'null' END
		FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`)
	post := columns(t, openStore(t, pgtest.Database(t, schema)),
		`SELECT table_name, column_name, CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'boolean' THEN 'integer'
			WHEN 'bytea' THEN 'blob' ELSE data_type END, CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END
		FROM information_schema.columns WHERE table_schema = current_schema()`)
	if diff := gocmp.Diff(lite, post); diff != "" {
		t.Errorf("columns (-SQLite +PostgreSQL):\n%s", diff)
	}
}

// TestTwinNames: each step has a twin of the same number and name.
func TestTwinNames(t *testing.T) {
	var named [2][]string
	for i, e := range []engine{sqliteEngine{}, postgresEngine{}} {
		steps, err := migrations(migrationFiles, e.steps())
		must(t, err)
		for _, step := range steps {
			named[i] = append(named[i], fmt.Sprintf("%04d_%s", step.version, step.name))
		}
	}
	if diff := gocmp.Diff(named[0], named[1]); diff != "" {
		t.Errorf("steps (-SQLite +PostgreSQL):\n%s", diff)
	}
}

// TestPrivileges: what the application's role may do is said for every table,
// and is what it may do in the database.
func TestPrivileges(t *testing.T) {
	s := openStore(t, pgtest.Database(t, schema))
	tables, err := s.engine.tables(s.reader)
	must(t, err)
	for _, table := range tables {
		said, ok := privileges()[table]
		if !ok {
			t.Errorf("grants.go says nothing of table %s", table)
		}
		for _, what := range []string{"INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"} {
			var may bool
			must(t, s.reader.Raw("SELECT has_table_privilege(?, ?)", table, what).Scan(&may).Error)
			want := slices.Contains(strings.Split(said, ", "), what)
			if may != want {
				t.Errorf("the application may %s in %s: %v, want %v", what, table, may, want)
			}
		}
	}
	for table := range privileges() {
		if !slices.Contains(tables, table) {
			t.Errorf("grants.go speaks of table %s, which is not there", table)
		}
	}
}
