package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sallyport/review"
)

// BucketBlobs is a review.Blobs in S3-compatible storage: the bytes with digest
// abcdef... are the object <prefix>ab/cdef...
type BucketBlobs struct{ bucket *Bucket }

var _ review.Blobs = BucketBlobs{}

// NewBucketBlobs keeps bytes in a bucket.
func NewBucketBlobs(b *Bucket) BucketBlobs { return BucketBlobs{b} }

// Close lets go of the bucket.
func (s BucketBlobs) Close() error { return s.bucket.Close() }

// Put writes the bytes to a file that nobody else sees, to learn their name,
// and then uploads them; see review.Blobs. Bytes that are there already are read
// through, and written anew only if they are spoilt.
func (s BucketBlobs) Put(ctx context.Context, r io.Reader, max int64) (review.Digest, int64, error) {
	digest, size, err := s.keep(ctx, r, max)
	if err != nil {
		return "", 0, bucketError("keeping bytes", err)
	}
	return digest, size, nil
}

func (s BucketBlobs) keep(ctx context.Context, r io.Reader, max int64) (review.Digest, int64, error) {
	f, err := spool()
	if err != nil {
		return "", 0, err
	}
	defer f.Close() // it has no name, and nothing of it is needed
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(interruptible{ctx, r}, max+1))
	if err == nil && size > max {
		err = review.Errorf(review.TooLarge, "The file is larger than the limit of %d bytes.", max)
	}
	if err != nil {
		return "", 0, err
	}
	digest := review.Digest(hex.EncodeToString(sum.Sum(nil)))
	name, _ := blobPath(digest)
	again := func(w io.Writer) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, interruptible{ctx, f})
		return err
	}
	key := s.bucket.prefix + name
	err = s.bucket.put(ctx, key, bytesType, again)
	if errors.Is(err, errThere) {
		err = s.mend(ctx, key, digest, again)
	}
	return digest, size, err
}

// mend replaces an object that is not what its name says.
func (s BucketBlobs) mend(ctx context.Context, key string, want review.Digest, write func(io.Writer) error) error {
	found, err := s.bucket.digestOfObject(ctx, key)
	if err != nil || found == want {
		return err
	}
	return s.bucket.replace(ctx, key, bytesType, write)
}

// spool makes a file without a name.
func spool() (*os.File, error) {
	f, err := os.CreateTemp("", "sallyport-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Open reads a blob, checking its digest at the end; see review.Blobs.
func (s BucketBlobs) Open(ctx context.Context, d review.Digest) (io.ReadCloser, error) {
	name, ok := blobPath(d)
	if !ok {
		return nil, review.Errorf(review.NotFound, "These bytes are not in store.")
	}
	r, err := s.bucket.open(ctx, s.bucket.prefix+name)
	if review.KindOf(err) == review.NotFound {
		return nil, &review.Error{Kind: review.NotFound, Message: "These bytes are not in store.", Err: err}
	}
	if err != nil {
		return nil, bucketError(fmt.Sprintf("reading %s", d), err)
	}
	return &verifier{f: r, sum: sha256.New(), want: d}, nil
}

// Remove leaves every object where it is and says so: the storage cannot take
// one away only if nobody has put the same bytes again meanwhile.
func (s BucketBlobs) Remove(context.Context, review.Digest, time.Time) (bool, error) {
	return false, nil
}
