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

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sallyport/review"
)

// readers is how many connections read at once.
const readers = 4

// busyTimeout is how long a writer waits for another process.
const busyTimeout = 10 * time.Second

// Store is a review.Store in a SQLite database. It is safe for concurrent use,
// by several processes too.
type Store struct {
	writer *gorm.DB // one connection; its transactions take the write lock at once
	reader *gorm.DB // cannot write
}

var _ review.Store = (*Store)(nil)

// Open opens the database in the file, made when it is not there, readable by
// its owner alone, and brings its schema up to date. It refuses a database that
// a newer program made. Now dates the schema's record.
func Open(ctx context.Context, file string, now review.Clock) (*Store, error) {
	s, err := open(ctx, file, now)
	if err != nil {
		return nil, fmt.Errorf("storage: opening %s: %w", filepath.Base(file), err)
	}
	return s, nil
}

func open(ctx context.Context, file string, now review.Clock) (*Store, error) {
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
	s := new(Store)
	if s.writer, err = connect(file, "immediate", false, 1); err != nil {
		return nil, err
	}
	if s.reader, err = connect(file, "deferred", true, readers); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	db, err := s.writer.DB()
	if err == nil {
		err = migrate(ctx, db, migrationFiles, now())
	}
	if err == nil {
		err = s.plant(ctx)
	}
	if err != nil {
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
	}
	if readOnly {
		pragmas.Set("_query_only", "on")
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(file), RawQuery: pragmas.Encode()}
	pool, err := sql.Open(sqlite.DriverName, address.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), &gorm.Config{
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard, // its messages hold values
	})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*gorm.DB{s.reader, s.writer} {
		if pool == nil {
			continue
		}
		db, err := pool.DB()
		if err == nil {
			err = db.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// write runs f in a transaction that holds the write lock from its start.
func (s *Store) write(ctx context.Context, doing string, f func(tx *gorm.DB) error) error {
	return wrap(doing, s.writer.WithContext(ctx).Transaction(f))
}

// read runs f on one moment's state of the database.
func (s *Store) read(ctx context.Context, doing string, f func(tx *gorm.DB) error) error {
	return wrap(doing, s.reader.WithContext(ctx).Transaction(f))
}

// wrap makes a database's error one of a known kind where there is one, and
// says what was being done. Errors of a kind pass as they are.
func wrap(doing string, err error) error {
	var known *review.Error
	var db sqlite3.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &db) && (db.Code == sqlite3.ErrBusy || db.Code == sqlite3.ErrLocked):
		return &review.Error{Kind: review.Unavailable, Message: "The database is busy. Try again.", Err: err}
	case errors.As(err, &db) && db.Code == sqlite3.ErrFull:
		return &review.Error{Kind: review.Unavailable, Message: "The disk is full.", Err: err}
	}
	return fmt.Errorf("storage: %s: %w", doing, err)
}

// broken reports whether err is the refusal of a constraint of the database.
func broken(err error, code sqlite3.ErrNoExtended) bool {
	var db sqlite3.Error
	return errors.As(err, &db) && db.ExtendedCode == code
}
