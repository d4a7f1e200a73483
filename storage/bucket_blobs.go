package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

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

// Put writes the bytes to a file that nobody else sees, to learn their name, and
// then uploads them, also when they are there already: that mends what is spoilt,
// and makes them young again for Remove. See review.Blobs.
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
	size, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(review.Interruptible(ctx, r), max+1))
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
		_, err := io.Copy(w, review.Interruptible(ctx, f))
		return err
	}
	return digest, size, s.stay(ctx, s.bucket.prefix+name, again)
}

// stay uploads until the object is there and nobody is about to remove it. A
// removal says so before it looks at the object's age, so one that is not to be
// seen here is either over, and then its deletion is to be seen, or will find
// the object young.
func (s BucketBlobs) stay(ctx context.Context, key string, write func(io.Writer) error) error {
	for {
		if err := s.bucket.replace(ctx, key, bytesType, write); err != nil {
			return err
		}
		removing, err := s.bucket.bucket.Attributes(ctx, key+removal)
		for err == nil && time.Since(removing.ModTime) < removalTime {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(removalPause):
			}
			removing, err = s.bucket.bucket.Attributes(ctx, key+removal)
		}
		if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return err
		}
		if exists, err := s.bucket.bucket.Exists(ctx, key); err != nil || exists {
			return err
		}
	}
}

const (
	// removal ends the name of the object that says that another is being
	// removed; removalTime after it was made nobody is at it any more.
	removal      = ".removing"
	removalTime  = 5 * time.Minute
	removalPause = 200 * time.Millisecond
)

// Remove deletes an object that is old enough; see review.Blobs.
func (s BucketBlobs) Remove(ctx context.Context, d review.Digest, before time.Time) (gone bool, err error) {
	name, ok := blobPath(d)
	if !ok {
		return true, nil
	}
	gone, err = s.remove(ctx, s.bucket.prefix+name, before)
	return gone, bucketError("removing bytes", err)
}

func (s BucketBlobs) remove(ctx context.Context, key string, before time.Time) (gone bool, err error) {
	// It must end before a Put stops believing in it.
	ctx, cancel := context.WithTimeout(ctx, removalTime/2)
	defer cancel()
	if err := s.bucket.replace(ctx, key+removal, textType, bytesOf(nil)); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.bucket.remove(context.WithoutCancel(ctx), key+removal)) }()
	object, err := s.bucket.bucket.Attributes(ctx, key)
	switch {
	case gcerrors.Code(err) == gcerrors.NotFound:
		return true, nil
	case err != nil:
		return false, err
	case !object.ModTime.Before(before):
		return false, nil
	}
	return true, s.bucket.remove(ctx, key)
}

// List calls each for the objects that were put before a time; see review.Blobs.
func (s BucketBlobs) List(ctx context.Context, before time.Time, each func(review.Digest) error) error {
	list := s.bucket.bucket.List(&blob.ListOptions{Prefix: s.bucket.prefix})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bucketError("listing bytes", err)
		}
		name := strings.TrimPrefix(object.Key, s.bucket.prefix)
		d := review.Digest(strings.Replace(name, "/", "", 1))
		if place, ok := blobPath(d); !ok || place != name || !object.ModTime.Before(before) {
			continue
		}
		if err := each(d); err != nil {
			return err
		}
	}
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
