package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema, written by hand and never edited after
// it has been published.
type migration struct {
	version int // its number: steps are taken in this order, and known by it
	name    string
	sql     string
	sum     string // sha256 of sql, kept with the version
}

// migrations reads the steps that match a pattern: files "0001_name.sql", each
// with a number of its own. Numbers may be left out: steps are written side by
// side, and one with a lower number may be published after one with a higher.
func migrations(files fs.FS, pattern string) ([]migration, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, err
	}
	var steps []migration
	taken := map[int]string{}
	for _, name := range names { // Glob sorts
		number, title, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		n, err := strconv.Atoi(number)
		if err != nil || !ok || len(number) != 4 || n < 1 {
			return nil, fmt.Errorf("migration %q should be named like 0001_name.sql", name)
		}
		if other, ok := taken[n]; ok {
			return nil, fmt.Errorf("migrations %q and %q have the same number", other, name)
		}
		taken[n] = name
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		steps = append(steps, migration{n, title, string(text), hex.EncodeToString(sum[:])})
	}
	return steps, nil
}

// migrate brings the database up to date: each step that it has not had, in the
// order of their numbers and in a transaction of its own. It refuses a database
// that a newer program made, one whose steps were not these, and one that is
// something else's.
func migrate(ctx context.Context, db *sql.DB, files fs.FS, now time.Time) error {
	steps, err := migrations(files, "migrations/*.sql")
	if err != nil {
		return err
	}
	done, err := applied(ctx, db)
	if err != nil {
		return err
	}
	left, err := pending(steps, done)
	if err != nil {
		return err
	}
	for _, step := range left {
		if err := step.apply(ctx, db, now); err != nil {
			return fmt.Errorf("schema version %d (%s): %w", step.version, step.name, err)
		}
	}
	return nil
}

// pending returns the steps that are not among those done, which are the sums
// of steps by version.
func pending(steps []migration, done map[int]string) ([]migration, error) {
	var left []migration
	known := map[int]bool{}
	for _, step := range steps {
		known[step.version] = true
		switch sum, ok := done[step.version]; {
		case !ok:
			left = append(left, step)
		case sum != step.sum:
			return nil, fmt.Errorf("the database's schema version %d is not this program's", step.version)
		}
	}
	for _, version := range slices.Sorted(maps.Keys(done)) {
		if !known[version] {
			return nil, fmt.Errorf("the database has schema version %d, which this program does not know: use a newer program", version)
		}
	}
	return left, nil
}

// applied returns the sums of the steps taken, by version, after making the
// table that records them in an empty database.
func applied(ctx context.Context, db *sql.DB) (map[int]string, error) {
	var tables, known int
	err := db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(name = 'schema_migrations'), 0)
		FROM sqlite_schema WHERE type = 'table'`).Scan(&tables, &known)
	if err != nil {
		return nil, err
	}
	if known == 0 {
		if tables > 0 {
			return nil, fmt.Errorf("the file holds a database of something else")
		}
		_, err := db.ExecContext(ctx, `CREATE TABLE schema_migrations (
			version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied INTEGER NOT NULL) STRICT`)
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT version, sha256 FROM schema_migrations`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[int]string{}
	for rows.Next() {
		var version int
		var sum string
		if err := rows.Scan(&version, &sum); err != nil {
			return nil, err
		}
		sums[version] = sum
	}
	return sums, rows.Err()
}

func (m migration) apply(ctx context.Context, db *sql.DB, now time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO schema_migrations (version, name, sha256, applied) VALUES (?, ?, ?, ?)`,
		m.version, m.name, m.sum, micros(now))
	if err != nil {
		return err
	}
	return tx.Commit()
}
