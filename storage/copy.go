package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/review/durable"
	"sallyport/review/ledger"
)

// Copied tells what a copy holds.
type Copied struct {
	Tables []TableSum
	Record ledger.Report // of the copy, held to its own checkpoints
}

// Copy writes all that the database at one address holds into the empty one at
// another, of the same or the other engine. A file that is to be made appears
// whole or not at all; in PostgreSQL everything is written in one transaction, in
// the name of the owner of its tables. Before the commit every row is read again,
// and the record is verified in the copy as it was in the source. Both databases have the schema of
// this program; that of an empty target is made. The source is read as it is at
// one moment; what is written to it afterwards is not in the copy.
func Copy(ctx context.Context, from, to string, now review.Clock) (*Copied, error) {
	source, err := openCurrent(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("storage: opening what is to be copied: %w", err)
	}
	report, err := source.verifiedRecord(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: the record to be copied: %w", err), source.Close())
	}
	copied, err := fillAt(ctx, to, now, func(into tableReader) error {
		return source.read(ctx, "reading what is to be copied", func(tx *gorm.DB) error { return eachTable(tx, source.engine, into) })
	}, func(copied ledger.Report) error {
		if copied.Size < report.Size {
			return fmt.Errorf("the copy's record ends at event %d, that of the source at %d", copied.Size, report.Size)
		}
		return nil
	})
	return copied, errors.Join(err, source.Close())
}

// openCurrent opens a database whose schema is this program's, and leaves it so.
func openCurrent(ctx context.Context, address string) (*Store, error) {
	if err := present(address); err != nil {
		return nil, err
	}
	s, err := connectTo(address)
	if err != nil {
		return nil, err
	}
	if err := s.current(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// present refuses a file that is not there, which to open would make.
func present(address string) error {
	if isPostgres(address) {
		return nil
	}
	_, err := os.Stat(address)
	return err
}

// fillAt makes a database at an address and fills it.
func fillAt(ctx context.Context, address string, now review.Clock, from func(tableReader) error, check func(ledger.Report) error) (*Copied, error) {
	if isPostgres(address) {
		return fillNew(ctx, address, now, from, check)
	}
	if _, err := os.Lstat(address); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("storage: %w: %s is there already", errNotEmpty, filepath.Base(address))
	}
	dir, err := os.MkdirTemp(filepath.Dir(address), ".new-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "new.db")
	copied, err := fillNew(ctx, file, now, from, check)
	if err == nil {
		err = flushed(file, address)
	}
	if gone := os.RemoveAll(dir); err != nil {
		err = errors.Join(err, gone) // else the database is in place, and what is left is in nobody's way
	}
	return copied, err
}

// fillNew makes the schema, and fills the tables with what passes the check, or
// leaves them empty.
func fillNew(ctx context.Context, address string, now review.Clock, from func(tableReader) error, check func(ledger.Report) error) (*Copied, error) {
	if _, err := Migrate(ctx, address, now); err != nil {
		return nil, err
	}
	s, err := connectTo(address)
	if err != nil {
		return nil, err
	}
	copied, err := s.fill(ctx, from, check)
	if err != nil {
		err = fmt.Errorf("storage: filling the database: %w", err)
	}
	return copied, errors.Join(err, s.Close())
}

// flushed puts a closed database file, and its name, on the disk. SQLite moves its log
// into the file when the last connection closes, says nothing when that fails, and
// leaves the log: then the file does not hold all.
func flushed(file, name string) error {
	if _, err := os.Lstat(file + "-wal"); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(errors.New("the disk did not take all of the database: its log is left"), err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(file, name); err != nil { // unlike a renaming, it replaces nothing
		return err
	}
	if err := durable.Flush(filepath.Dir(name)); err != nil {
		// Whoever is told of a failure takes away what belongs to the database.
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// verifiedRecord holds the record to its seals, its tree and every checkpoint
// that it keeps.
func (s *Store) verifiedRecord(ctx context.Context) (ledger.Report, error) {
	var claims []ledger.Claim
	const page = 1000
	for after := int64(0); ; {
		list, err := s.Checkpoints(ctx, after, page)
		if err != nil {
			return ledger.Report{}, err
		}
		for _, c := range list {
			claims = append(claims, ledger.CheckpointClaim(c, "kept in the database"))
			after = c.Size
		}
		if len(list) < page {
			break
		}
	}
	report, err := s.VerifyRecord(ctx, claims...)
	if err == nil && report.First != nil {
		err = damagef("event %d of the record %s", report.First.From, report.First.What)
	}
	return report, err
}
