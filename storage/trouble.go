package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"sallyport/review"
)

// wrap makes an error of the database one of a known kind where there
// is one, and says what was being done. Errors of a kind pass as they are. That
// the database is damaged is ErrCorrupt too.
func wrap(doing string, err error) error {
	var known *review.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind, message := trouble(err)
	if message == "" {
		return fmt.Errorf("storage: %s: %w", doing, err)
	}
	if message == damaged {
		err = damage{err}
	}
	return &review.Error{Kind: kind, Message: message, Err: err}
}

// damage is the database's own word for it.
type damage struct{ error }

func (d damage) Unwrap() error        { return d.error }
func (d damage) Is(target error) bool { return target == review.ErrCorrupt }

// damagef is ErrCorrupt in words that say what is damaged.
func damagef(format string, args ...any) error { return damage{fmt.Errorf(format, args...)} }

const (
	occupied = "The database is busy. Try again."
	diskFull = "The disk is full."
	failing  = "The disk gives errors."
	readOnly = "The disk cannot be written to."
	damaged  = "The database is damaged. Whoever runs the service has to restore it."
	away     = "The database cannot be reached. Try again."
	silent   = "The database does not answer. Try again."
	unkept   = "The text holds a character that cannot be kept."
)

// trouble says what ails the database in words for people, and ""
// when it is nothing that they could wait for or mend.
func trouble(err error) (review.Kind, string) {
	var lite sqlite3.Error
	var pg *pgconn.PgError
	var unreached *pgconn.ConnectError
	switch {
	case errors.Is(err, errUnkept):
		return review.Invalid, unkept
	case errors.As(err, &lite):
		return troubleLite(lite.Code)
	case errors.As(err, &pg):
		return troubleCode(pg.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return review.Unavailable, silent
	case (errors.As(err, &unreached) || cut(err)) && !errors.Is(err, context.Canceled):
		return review.Unavailable, away
	}
	return 0, ""
}

func troubleLite(code sqlite3.ErrNo) (review.Kind, string) {
	switch code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return review.Unavailable, occupied
	case sqlite3.ErrFull:
		return review.Unavailable, diskFull
	case sqlite3.ErrIoErr:
		return review.Unavailable, failing
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
		return review.Unavailable, readOnly
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return review.Unavailable, damaged
	}
	return 0, ""
}

// troubleCode knows the codes of PostgreSQL's manual, appendix A.
func troubleCode(code string) (review.Kind, string) {
	switch code {
	case "53100":
		return review.Unavailable, diskFull
	case "58030":
		return review.Unavailable, failing
	case "XX001", "XX002":
		return review.Unavailable, damaged
	case "40001", "40P01", "55P03", "53200", "53300":
		return review.Unavailable, occupied
	case "57P01", "57P02", "57P03", "25006":
		return review.Unavailable, away // shut down, or a standby that only reads
	case "22021":
		return review.Invalid, unkept
	}
	return 0, ""
}

// cut reports whether a connection was lost on the way: what was asked for last
// may have been done or not.
func cut(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// wrapDisk is wrap for files. Errors of reading stay as they are: of stored bytes
// that cannot be read people are told as of damage.
func wrapDisk(doing string, err error) error {
	var known *review.Error
	var message string
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		message = diskFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		message = readOnly
	case errors.Is(err, syscall.EIO):
		message = failing
	default:
		return fmt.Errorf("storage: %s: %w", doing, err)
	}
	return &review.Error{Kind: review.Unavailable, Message: message, Err: err}
}

// ailing remembers what ails a database, so that those who ask whether it can be
// worked with need not wait for the next person who cannot.
type ailing struct {
	mu      sync.Mutex
	damaged error // found by any statement; stands until the program starts anew
	unkept  error // of the last change, nil when it was kept
}

// wrote notes how a change ended.
func (a *ailing) wrote(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch _, message := trouble(err); {
	case err == nil:
		a.unkept = nil
	case message == diskFull, message == failing, message == readOnly:
		a.unkept = err
	}
}

// said notes what a statement met.
func (a *ailing) said(err error) {
	if _, message := trouble(err); message == damaged || errors.Is(err, review.ErrCorrupt) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.damaged = err
	}
}

// harmed is the damage that is known, nil for none.
func (a *ailing) harmed() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.damaged == nil {
		return nil
	}
	return &review.Error{Kind: review.Unavailable, Message: damaged, Err: damage{a.damaged}}
}

// now is what is known to ail it: damage, or why the last change was not kept.
func (a *ailing) now() error {
	if err := a.harmed(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return wrap("the last change", a.unkept)
}

// heed has each statement's error noted.
func (s *Store) heed() error {
	type registers interface {
		Register(name string, fn func(*gorm.DB)) error
	}
	var errs []error
	for _, db := range []*gorm.DB{s.writer, s.reader} {
		c := db.Callback()
		for _, after := range []registers{c.Create().After("*"), c.Query().After("*"), c.Update().After("*"), c.Delete().After("*"), c.Row().After("*"), c.Raw().After("*")} {
			errs = append(errs, after.Register("sallyport:heed", func(tx *gorm.DB) {
				if tx.Error != nil {
					s.ails.said(tx.Error)
				}
			}))
		}
	}
	return errors.Join(errs...)
}

// Inspect has the database read itself and look whether its structure is whole,
// and remembers what it finds: a damaged database takes no changes any more. It
// takes as long as reading the whole database; the error is ErrCorrupt when it is
// damaged.
func (s *Store) Inspect(ctx context.Context) error {
	return s.read(ctx, "inspecting the database", func(tx *gorm.DB) error {
		err := s.engine.intact(tx)
		s.ails.said(err)
		return err
	})
}
