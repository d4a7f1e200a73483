package storage

import (
	"context"
	"fmt"
	"io"

	"gorm.io/gorm"

	"sallyport/review"
)

// Verify has the database check its own structure and references, and holds
// every event of the record to its seal, and the tree to the events. It returns
// how many events there are. What is not as it was written is ErrCorrupt.
func (s *Store) Verify(ctx context.Context) (events int64, err error) {
	err = s.read(ctx, "verifying", func(tx *gorm.DB) error {
		var said string
		if err := tx.Raw("PRAGMA integrity_check(1)").Scan(&said).Error; err != nil {
			return err
		}
		if said != "ok" {
			return fmt.Errorf("%w: %s", review.ErrCorrupt, said)
		}
		var dangling int64
		if err := tx.Raw("SELECT count(*) FROM pragma_foreign_key_check").Scan(&dangling).Error; err != nil {
			return err
		}
		if dangling > 0 {
			return fmt.Errorf("%w: %d references lead nowhere", review.ErrCorrupt, dangling)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	report, err := s.VerifyRecord(ctx)
	if err == nil && report.First != nil {
		err = fmt.Errorf("%w: event %d %s", review.ErrCorrupt, report.First.From, report.First.What)
	}
	return report.Size, err
}

// VerifyBytes reads, from blobs, all bytes that any request or release names,
// and returns how many there are. Bad is told of each that is missing or no
// longer what it was, as ErrCorrupt or NotFound.
func (s *Store) VerifyBytes(ctx context.Context, blobs review.Blobs, bad func(review.Digest, error)) (n int, err error) {
	var named []string
	err = s.reader.WithContext(ctx).Raw(`SELECT digest FROM request_files
		UNION SELECT release FROM request_files WHERE release <> ''
		UNION SELECT earlier.value ->> 'digest' FROM request_files, json_each(previous) AS earlier
		UNION SELECT sha256 FROM release_files
		UNION SELECT original FROM release_files`).Scan(&named).Error
	if err != nil {
		return 0, wrap("listing the bytes in use", err)
	}
	for _, digest := range named {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := readThrough(ctx, blobs, review.Digest(digest)); err != nil {
			bad(review.Digest(digest), err)
		}
	}
	return len(named), nil
}

// readThrough reads a blob to its end.
func readThrough(ctx context.Context, blobs review.Blobs, d review.Digest) error {
	r, err := blobs.Open(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	_, err = io.Copy(io.Discard, r)
	return err
}
