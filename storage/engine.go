package storage

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"
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
