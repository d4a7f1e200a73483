package storage

import (
	"context"
	"io"

	"gorm.io/gorm"

	"sallyport/review"
)

// Verify has the database check its own structure and references, and holds
// every event of the record to its seal, and the tree to the events. It returns
// how many events there are. What is not as it was written is ErrCorrupt.
func (s *Store) Verify(ctx context.Context) (events int64, err error) {
	err = s.read(ctx, "verifying", func(tx *gorm.DB) error {
		return s.engine.intact(tx)
	})
	if err != nil {
		return 0, err
	}
	report, err := s.VerifyRecord(ctx)
	if err == nil && report.First != nil {
		err = damagef("event %d of the record %s", report.First.From, report.First.What)
	}
	return report.Size, err
}

// VerifyBytes reads, from blobs, all bytes that any request or release names
// and that the retention policy has not given up, and returns how many there are.
// Bad is told of each that is missing or no longer what it was, as ErrCorrupt or NotFound.
func (s *Store) VerifyBytes(ctx context.Context, blobs review.Blobs, bad func(review.Digest, error)) (n int, err error) {
	named, err := s.namedBytes(s.reader.WithContext(ctx))
	if err != nil {
		return 0, wrap("listing the bytes in use", err)
	}
	for _, digest := range named {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := readThrough(ctx, blobs, digest); err != nil {
			bad(digest, err)
		}
	}
	return len(named), nil
}

// namedBytes are the digests of all bytes that must be there.
func (s *Store) namedBytes(tx *gorm.DB) (list []review.Digest, err error) {
	err = tx.Table(s.blobUses()).Distinct("digest").Where(unretired).Order("digest").Scan(&list).Error
	return list, err
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
