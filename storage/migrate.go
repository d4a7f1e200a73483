package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema, written by hand and never edited after
// it has been published.
type migration struct {
	version int
	name    string
	sql     string
	sum     string // sha256 of sql, kept with the version
}

// migrations reads the steps: files "0001_name.sql", numbered without gaps.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var steps []migration
	for i, name := range names { // Glob sorts
		number, title, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %q should be number %d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		steps = append(steps, migration{i + 1, title, string(text), hex.EncodeToString(sum[:])})
	}
	return steps, nil
}

// migrate brings the database up to date, each step in a transaction of its
// own. It refuses a database that a newer program made, one whose steps were
// not these, and one that is something else's.
func migrate(ctx context.Context, db *sql.DB, files fs.FS, now time.Time) error {
	steps, err := migrations(files)
	if err != nil {
		return err
	}
	done, err := applied(ctx, db)
	if err != nil {
		return err
	}
	if len(done) > len(steps) {
		return fmt.Errorf("the database has schema version %d and this program knows %d: use a newer program", len(done), len(steps))
	}
	for i, step := range steps {
		if i < len(done) {
			if done[i] != step.sum {
				return fmt.Errorf("the database's schema version %d is not this program's", step.version)
			}
			continue
		}
		if err := step.apply(ctx, db, now); err != nil {
			return fmt.Errorf("schema version %d (%s): %w", step.version, step.name, err)
		}
	}
	return nil
}

// applied returns the sums of the steps taken, in order, after making the table
// that records them in an empty database.
func applied(ctx context.Context, db *sql.DB) ([]string, error) {
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
	rows, err := db.QueryContext(ctx, `SELECT sha256 FROM schema_migrations ORDER BY version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sums []string
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, err
		}
		sums = append(sums, sum)
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
