package storage

import (
	"context"
	"errors"
	"fmt"

	"sallyport/review"
	"sallyport/review/ledger"
)

// Restore fills an empty database, and a place for bytes, from a backup. The
// record is verified before it is there, and goes on from its last event. When it
// fails, the database is left empty, and bytes that it put are taken away again.
func Restore(ctx context.Context, dir, address string, blobs review.Blobs, now review.Clock) (done *Copied, err error) {
	if _, err := VerifyBackup(ctx, dir, now); err != nil {
		return nil, fmt.Errorf("storage: the backup: %w", err)
	}
	_, tables, err := readBackup(dir)
	if err != nil {
		return nil, err
	}
	var placed []review.Digest
	defer func() {
		if err != nil {
			err = errors.Join(err, takeAway(context.WithoutCancel(ctx), blobs, placed, now))
		}
	}()
	_, err = eachBackedBlob(ctx, dir, now, func(from review.Blobs, d review.Digest) error {
		there, err := hasBlob(ctx, blobs, d)
		if err == nil && !there {
			placed = append(placed, d)
		}
		return errors.Join(err, moveBlob(ctx, d, from, blobs))
	})
	if err != nil {
		return nil, err
	}
	return fillAt(ctx, address, now, tables, func(ledger.Report) error { return nil })
}

func hasBlob(ctx context.Context, blobs review.Blobs, d review.Digest) (bool, error) {
	r, err := blobs.Open(ctx, d)
	if review.KindOf(err) == review.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}

// takeAway removes bytes that were put a moment ago.
func takeAway(ctx context.Context, blobs review.Blobs, placed []review.Digest, now review.Clock) error {
	var errs []error
	for _, d := range placed {
		_, err := blobs.Remove(ctx, d, now().AddDate(100, 0, 0))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
