package storage

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

//go:embed migrations/*.sql migrations/postgres/*.sql
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

// ErrSchema says that the schema of a database is older than the program.
var ErrSchema = errors.New("the schema of the database is older than this program: run \"sallyport migrate up\"")

// Step is one step of a schema.
type Step struct {
	Version int // its number
	Name    string
	SHA256  string    // of its statements
	Applied time.Time // zero when it is still to be taken

	Statements string // of SQL
}

// Migrate takes the steps that the database at an address has not had, and
// returns them. Grant names roles of PostgreSQL that may use the tables from now
// on, each as far as [privileges] says; roles that had been named before need
// not be named again. Two that migrate at once do each step once.
func Migrate(ctx context.Context, address string, now review.Clock, grant ...string) ([]Step, error) {
	s, err := connectTo(address)
	if err != nil {
		return nil, fmt.Errorf("storage: opening the database: %w", err)
	}
	var taken []Step
	if isPostgres(address) {
		err = ordered(s.reader.WithContext(ctx))
	}
	if err == nil {
		taken, err = migrate(ctx, s.writer, s.engine, migrationFiles, now)
	}
	if err == nil && isPostgres(address) {
		err = grantAll(ctx, s.writer, grant)
	}
	return taken, errors.Join(err, s.Close())
}

// Schema lists the steps of the database at an address, those that it has had
// and those that it has not.
func Schema(ctx context.Context, address string) ([]Step, error) {
	if err := present(address); err != nil {
		return nil, err
	}
	s, err := connectTo(address)
	if err != nil {
		return nil, fmt.Errorf("storage: opening the database: %w", err)
	}
	steps, err := migrations(migrationFiles, s.engine.steps())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	done, err := applied(s.reader.WithContext(ctx), s.engine)
	if err == nil {
		_, err = pending(steps, done)
	}
	list := make([]Step, len(steps))
	for i, m := range steps {
		list[i] = Step{m.version, m.name, m.sum, moment(done[m.version].Applied), m.sql}
	}
	return list, errors.Join(err, s.Close())
}

// current refuses a database whose schema is not this program's.
func (s *Store) current(ctx context.Context) error {
	steps, err := migrations(migrationFiles, s.engine.steps())
	if err != nil {
		return err
	}
	done, err := applied(s.reader.WithContext(ctx), s.engine)
	if err != nil {
		return err
	}
	left, err := pending(steps, done)
	if len(left) > 0 {
		err = ErrSchema
	}
	return err
}

// errNewerSchema is of a database that a newer program has brought up to date. No
// program starts on one; one that runs goes on, since steps only add what the
// version before does not mind.
var errNewerSchema = errors.New("use a newer program")

// migrate brings the database up to date: each step that it has not had, in the
// order of their numbers and in a transaction of its own. It refuses a database
// that a newer program made, one whose steps were not these, and one that is
// something else's.
func migrate(ctx context.Context, db *gorm.DB, e engine, files fs.FS, now review.Clock) ([]Step, error) {
	db = db.WithContext(ctx)
	steps, err := migrations(files, e.steps())
	if err != nil {
		return nil, err
	}
	done, err := applied(db, e)
	if err != nil {
		return nil, err
	}
	left, err := pending(steps, done)
	if err != nil {
		return nil, err
	}
	var taken []Step
	for _, step := range left {
		at, err := step.apply(db, e, now)
		if err != nil {
			return taken, fmt.Errorf("schema version %d (%s): %w", step.version, step.name, err)
		}
		if !at.IsZero() {
			taken = append(taken, Step{step.version, step.name, step.sum, at, step.sql})
		}
	}
	return taken, nil
}

// pending returns the steps that are not among those done, by version, also when the
// database has steps that nobody here knows: errNewerSchema.
func pending(steps []migration, done map[int]takenRow) ([]migration, error) {
	var left []migration
	known := map[int]bool{}
	for _, step := range steps {
		known[step.version] = true
		switch was, ok := done[step.version]; {
		case !ok:
			left = append(left, step)
		case was.SHA256 != step.sum:
			return nil, fmt.Errorf("the database's schema version %d is not this program's", step.version)
		}
	}
	for _, version := range slices.Sorted(maps.Keys(done)) {
		if !known[version] {
			return left, fmt.Errorf("the database has schema version %d, which this program does not know: %w", version, errNewerSchema)
		}
	}
	return left, nil
}

// takenRow records a step that was taken.
type takenRow struct {
	Version int `gorm:"primaryKey;autoIncrement:false"`
	Name    string
	SHA256  string `gorm:"column:sha256"`
	Applied int64
}

func (takenRow) TableName() string { return "schema_migrations" }

// applied returns the steps taken, by version: none in an empty database.
func applied(db *gorm.DB, e engine) (map[int]takenRow, error) {
	tables, err := e.tables(db)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	if !slices.Contains(tables, takenRow{}.TableName()) {
		return nil, fmt.Errorf("the database is one of something else")
	}
	var rows []takenRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, err
	}
	done := map[int]takenRow{}
	for _, row := range rows {
		done[row.Version] = row
	}
	return done, nil
}

// apply takes the step, and returns when: the zero time when another process
// has taken it meanwhile.
func (m migration) apply(db *gorm.DB, e engine, now review.Clock) (at time.Time, err error) {
	err = db.Transaction(func(tx *gorm.DB) error {
		if err := e.lockSchema(tx); err != nil {
			return err
		}
		done, err := applied(tx, e)
		if err != nil {
			return err
		}
		if _, ok := done[m.version]; ok {
			return nil
		}
		if done == nil {
			if err := tx.Exec(e.recordTable()).Error; err != nil {
				return err
			}
		}
		ctx := tx.Statement.Context
		if _, err := tx.Statement.ConnPool.ExecContext(ctx, m.sql); err != nil { // as it is: it holds no placeholders
			return err
		}
		at = moment(micros(now()))
		return tx.Create(&takenRow{m.version, m.name, m.sum, micros(at)}).Error
	})
	return at, err
}
