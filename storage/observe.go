package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

// Statement is one statement that a database did, without its values.
type Statement struct {
	Kind  string // "create", "query", "update", "delete", "rows" or "raw"
	Table string // "" when it is not of one table
	Began time.Time
	Took  time.Duration
	Err   error // not for people: it may hold values
}

// Observe has each statement told to see from now on, in the context in which it
// was asked for. Call it before the store is used.
func (s *Store) Observe(see func(context.Context, Statement)) error {
	type registers interface {
		Register(name string, fn func(*gorm.DB)) error
	}
	var errs []error
	for _, db := range []*gorm.DB{s.writer, s.reader} {
		c := db.Callback()
		for kind, around := range map[string][2]registers{
			"create": {c.Create().Before("*"), c.Create().After("*")}, "query": {c.Query().Before("*"), c.Query().After("*")},
			"update": {c.Update().Before("*"), c.Update().After("*")}, "delete": {c.Delete().Before("*"), c.Delete().After("*")},
			"rows": {c.Row().Before("*"), c.Row().After("*")}, "raw": {c.Raw().Before("*"), c.Raw().After("*")},
		} {
			errs = append(errs, around[0].Register("sallyport:began", began), around[1].Register("sallyport:done", func(tx *gorm.DB) { tell(tx, kind, see) }))
		}
	}
	return errors.Join(errs...)
}

func began(tx *gorm.DB) {
	tx.InstanceSet("sallyport:began", time.Now()) //permit:time.Now // how long a statement takes is the machine's time
}

func tell(tx *gorm.DB, kind string, see func(context.Context, Statement)) {
	began, ok := tx.InstanceGet("sallyport:began")
	if !ok || tx.DryRun {
		return
	}
	at := began.(time.Time)
	err := tx.Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	see(tx.Statement.Context, Statement{Kind: kind, Table: tx.Statement.Table, Began: at, Took: time.Since(at), Err: err})
}

// Ready reports why the store cannot be worked with: it cannot be reached, its
// schema is another program's (ErrSchema), it is damaged (ErrCorrupt), or it takes
// no writes, or did not keep the last change for want of a working disk. It
// changes nothing. A schema that became newer while the program ran is no reason:
// instances of the version before stay in service until they are replaced.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.current(ctx); err != nil && !errors.Is(err, errNewerSchema) {
		return wrap("looking at the schema", err)
	}
	was := s.ails.now()
	err := s.write(ctx, "trying to write", func(tx *gorm.DB) error { return errNothingKept })
	if errors.Is(err, errNothingKept) {
		return was
	}
	return err
}

var errNothingKept = &review.Error{Kind: review.Unavailable, Message: "Nothing is kept."}

// Pools are the pools of connections, by what they are for.
func (s *Store) Pools() (map[string]*sql.DB, error) {
	writer, err := s.writer.DB()
	if err != nil {
		return nil, err
	}
	reader, err := s.reader.DB()
	return map[string]*sql.DB{"writer": writer, "reader": reader}, err
}
