package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"sallyport/review"
)

// engine is what differs between the databases that a Store may be kept in.
// Rows, conversions and almost all statements are the same in each.
type engine interface {
	// begin is the first thing that a writing transaction does: once it returns,
	// no other transaction writes, and tx sees all that was committed.
	begin(tx *gorm.DB) error

	// intact has the database look at itself: ErrCorrupt when its structure is
	// broken or a reference leads nowhere.
	intact(tx *gorm.DB) error

	// earlierUses selects the requests of what files were before, and the digests,
	// as it came and as it would have left.
	earlierUses() string

	// steps is the pattern of its migrations' names.
	steps() string

	// lockSchema lets one transaction at a time change the schema.
	lockSchema(tx *gorm.DB) error

	// tables are the names of all tables.
	tables(tx *gorm.DB) ([]string, error)

	// columns are those of a table, in the order of their names.
	columns(tx *gorm.DB, table string) ([]tableColumn, error)

	// withoutGuards puts the triggers aside until restore is called in the same
	// transaction, as only the owner of the tables may.
	withoutGuards(tx *gorm.DB) (restore func() error, err error)

	// recordTable makes the table that records the steps taken.
	recordTable() string
}

// isPostgres reports whether an address is one of PostgreSQL; any other is a
// file's name.
func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// constraint is a kind of rule that the database holds by itself.
type constraint int

const (
	uniqueIndex constraint = iota + 1
	primaryKey
	foreignKey
)

// broken reports whether err is the database's refusal by a rule of the kind.
func broken(err error, kind constraint) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.ExtendedCode == map[constraint]sqlite3.ErrNoExtended{
			uniqueIndex: sqlite3.ErrConstraintUnique,
			primaryKey:  sqlite3.ErrConstraintPrimaryKey,
			foreignKey:  sqlite3.ErrConstraintForeignKey,
		}[kind]
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "23503":
		return kind == foreignKey
	case "23505":
		return strings.HasSuffix(pg.ConstraintName, "_pkey") == (kind == primaryKey) && kind != foreignKey
	}
	return false
}

// wrap makes a database's error one of a known kind where there is one, and
// says what was being done. Errors of a kind pass as they are.
func wrap(doing string, err error) error {
	var known *review.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if kind, message := trouble(err); message != "" {
		return &review.Error{Kind: kind, Message: message, Err: err}
	}
	return fmt.Errorf("storage: %s: %w", doing, err)
}

const (
	occupied = "The database is busy. Try again."
	diskFull = "The disk is full."
	away     = "The database cannot be reached. Try again."
	unkept   = "The text holds a character that cannot be kept."
)

// trouble says what ails the database in words for people, and "" when it is
// nothing that they could wait for or mend.
func trouble(err error) (review.Kind, string) {
	var lite sqlite3.Error
	var pg *pgconn.PgError
	var unreached *pgconn.ConnectError
	switch {
	case errors.Is(err, errUnkept):
		return review.Invalid, unkept
	case errors.As(err, &lite):
		switch lite.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			return review.Unavailable, occupied
		case sqlite3.ErrFull:
			return review.Unavailable, diskFull
		}
	case errors.As(err, &pg):
		return troubleCode(pg.Code)
	case errors.As(err, &unreached) && !errors.Is(err, context.Canceled):
		return review.Unavailable, away
	}
	return 0, ""
}

// troubleCode knows the codes of PostgreSQL's manual, appendix A.
func troubleCode(code string) (review.Kind, string) {
	switch code {
	case "53100":
		return review.Unavailable, diskFull
	case "40001", "40P01", "55P03", "53200", "53300":
		return review.Unavailable, occupied
	case "57P01", "57P02", "57P03", "25006":
		return review.Unavailable, away // shut down, or a standby that only reads
	case "22021":
		return review.Invalid, unkept
	}
	return 0, ""
}
