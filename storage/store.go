package storage

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sallyport/review"
)

// Store is a review.Store in a database. It is safe for concurrent use, by
// several processes too.
type Store struct {
	engine engine
	writer *gorm.DB // its transactions write one at a time
	reader *gorm.DB // cannot write
	// alone says that reader is one connection, which cannot read two things at
	// once.
	alone bool
	ails  ailing
}

var _ review.Store = (*Store)(nil)

// Open opens the database at an address: the name of a SQLite file, or the
// postgres:// URL of a database of PostgreSQL.
//
// A file is made when it is not there, readable by its owner alone, and its
// schema is brought up to date. In PostgreSQL the schema is changed by [Migrate]
// only, in the name of its owner: a schema that is not up to date is [ErrSchema].
// A database that a newer program made is refused. Now dates the schema's record.
func Open(ctx context.Context, address string, now review.Clock) (*Store, error) {
	if isPostgres(address) {
		s, err := openPostgres(ctx, address)
		if err != nil {
			return nil, wrap("opening the database", err)
		}
		return s, nil
	}
	s, err := openSQLite(ctx, address, now)
	if err != nil {
		return nil, wrap("opening "+filepath.Base(address), err)
	}
	return s, nil
}

// connectTo opens the pools of a database, whatever its schema.
func connectTo(address string) (*Store, error) {
	if isPostgres(address) {
		return connectPostgres(address)
	}
	return connectSQLite(address)
}

// overPool makes a pool of connections one that speaks in rows. Queries name
// their columns, so that a newer schema's do not disturb an older program.
func overPool(dialect gorm.Dialector, pool *sql.DB, connections int) (*gorm.DB, error) {
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db, err := gorm.Open(dialect, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true,
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

// write runs f in a transaction that holds the write lock from its start. A
// database that is known to be damaged takes nothing more.
func (s *Store) write(ctx context.Context, doing string, f func(tx *gorm.DB) error) error {
	if err := s.ails.harmed(); err != nil {
		return err
	}
	err := s.writer.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.engine.begin(tx); err != nil {
			return err
		}
		return f(tx)
	})
	s.ails.wrote(err)
	return wrap(doing, err)
}

// read runs f on one moment's state of the database. What is asked for by text
// that cannot be kept is not there.
func (s *Store) read(ctx context.Context, doing string, f func(tx *gorm.DB) error) error {
	err := s.reader.WithContext(ctx).Transaction(f)
	if _, message := trouble(err); message == unkept {
		return &review.Error{Kind: review.NotFound, Message: "There is no such thing.", Err: err}
	}
	return wrap(doing, err)
}
