package crate

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"time"

	"sallyport/review"
)

// zipTime is the time that every file in a ZIP carries: the oldest it can hold,
// so that the same package is the same ZIP.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// WriteZIP writes a package as a ZIP, one file after the other, below a single
// folder. The same entries give the same bytes. Files are stored, not packed:
// their bytes stand in the ZIP as they are.
func WriteZIP(ctx context.Context, w io.Writer, folder string, entries []review.Entry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		to, err := z.CreateHeader(&zip.FileHeader{Name: folder + "/" + e.Path, Method: zip.Store, Modified: zipTime})
		if err != nil {
			return fmt.Errorf("crate: writing a ZIP: %w", err)
		}
		if err := copyEntry(ctx, to, e); err != nil {
			return fmt.Errorf("crate: writing a ZIP: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("crate: writing a ZIP: %w", err)
	}
	return nil
}

func copyEntry(ctx context.Context, to io.Writer, e review.Entry) error {
	from, err := e.Open(ctx)
	if err != nil {
		return err
	}
	defer from.Close() // only read from
	n, err := io.Copy(to, from)
	if err == nil && n != e.Size {
		err = fmt.Errorf("%w: a file of the package", review.ErrCorrupt)
	}
	return err
}
