package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"sallyport/review"
)

// readers is how many connections read at once.
const readers = 4

// busyTimeout is how long a writer waits for another process.
const busyTimeout = 10 * time.Second

// sqliteEngine is the database in the program: one connection writes, and takes
// the write lock when its transactions begin.
type sqliteEngine struct{}

// openSQLite opens the file, made when it is not there.
func openSQLite(ctx context.Context, file string, now review.Clock) (*Store, error) {
	s, err := connectSQLite(file)
	if err != nil {
		return nil, err
	}
	_, err = migrate(ctx, s.writer, s.engine, migrationFiles, now)
	if err == nil {
		err = s.plant(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connectSQLite opens the pools of a file, whatever its schema.
func connectSQLite(file string) (*Store, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	s := &Store{engine: sqliteEngine{}}
	if s.writer, err = connect(file, "immediate", false, 1); err != nil {
		return nil, err
	}
	if s.reader, err = connect(file, "deferred", true, readers); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.heed(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connect opens a pool. The pragmas are in the address, so that each of its
// connections has them: synchronous FULL flushes the log at each commit, so
// that what was acknowledged survives a power cut.
func connect(file, lock string, readOnly bool, connections int) (*gorm.DB, error) {
	pragmas := url.Values{
		"_journal_mode":       {"WAL"},
		"_synchronous":        {"FULL"},
		"_foreign_keys":       {"on"},
		"_recursive_triggers": {"on"}, // REPLACE fires the triggers that forbid a deletion
		"_busy_timeout":       {fmt.Sprint(busyTimeout.Milliseconds())},
		"_txlock":             {lock},
		"_stmt_cache_size":    {"100"}, // parsing a statement takes longer than most of them
	}
	if readOnly {
		pragmas.Set("_query_only", "on")
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(file), RawQuery: pragmas.Encode()}
	pool, err := sql.Open(sqlite.DriverName, address.String())
	if err != nil {
		return nil, err
	}
	return overPool(sqlite.New(sqlite.Config{Conn: textPool{pool}}), pool, connections)
}

func (sqliteEngine) begin(*gorm.DB) error { return nil } // the connection's lock is "immediate"

func (sqliteEngine) intact(tx *gorm.DB) error {
	var said string
	if err := tx.Raw("PRAGMA integrity_check(1)").Scan(&said).Error; err != nil {
		return err
	}
	if said != "ok" {
		return damagef("its structure is damaged: %s", said)
	}
	var dangling int64
	if err := tx.Raw("SELECT count(*) FROM pragma_foreign_key_check").Scan(&dangling).Error; err != nil {
		return err
	}
	if dangling > 0 {
		return damagef("%d references between its tables lead nowhere", dangling)
	}
	return nil
}

func (sqliteEngine) earlierUses() string {
	return `SELECT f.request, v.value ->> 'digest' FROM request_files AS f, json_each(f.previous) AS v
		UNION ALL SELECT f.request, v.value ->> 'release' FROM request_files AS f, json_each(f.previous) AS v
			WHERE coalesce(v.value ->> 'release', '') <> ''`
}

func (sqliteEngine) steps() string { return "migrations/*.sql" }

func (sqliteEngine) lockSchema(*gorm.DB) error { return nil } // as begin

func (sqliteEngine) tables(tx *gorm.DB) (names []string, err error) {
	err = tx.Raw("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").Scan(&names).Error
	return names, err
}

func (sqliteEngine) recordTable() string {
	return `CREATE TABLE schema_migrations (
		version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied INTEGER NOT NULL) STRICT`
}

func (sqliteEngine) columns(tx *gorm.DB, table string) (list []tableColumn, err error) {
	err = tx.Raw(`SELECT name, CASE type WHEN 'TEXT' THEN 'text' WHEN 'INTEGER' THEN 'integer' WHEN 'BLOB' THEN 'bytes' ELSE type END AS kind,
		pk AS key FROM pragma_table_info(?) ORDER BY name`, table).Scan(&list).Error
	return list, err
}

func (sqliteEngine) withoutGuards(tx *gorm.DB) (restore func() error, err error) {
	var guards []struct{ Name, SQL string }
	if err := tx.Raw("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").Scan(&guards).Error; err != nil {
		return nil, err
	}
	exec := func(statement string) error {
		_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement)
		return err
	}
	for _, guard := range guards {
		if err := exec("DROP TRIGGER " + quoted(guard.Name)); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, guard := range guards {
			if err := exec(guard.SQL); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
