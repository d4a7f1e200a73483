package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"sallyport/review"
)

// partSize is how much of an object is sent, and kept in memory, at once.
const partSize = 8 << 20

// errThere says that there is an object of the name already.
var errThere = errors.New("there is an object of this name already")

// put writes an object if there is none of its name, else errThere. What write
// yields is the object only if write and its check end well: an upload that is
// broken off leaves nothing. The storage holds each part to a checksum.
//
// It is asked for first: a server that refuses a large upload may hang up before
// it says why. The condition decides when two come at once.
func (b *Bucket) put(ctx context.Context, key, mediaType string, write func(io.Writer) error) error {
	exists, err := b.bucket.Exists(ctx, key)
	if err != nil {
		return err
	}
	if exists {
		return errThere
	}
	return b.upload(ctx, key, &blob.WriterOptions{ContentType: mediaType, IfNotExist: true, BufferSize: partSize, MaxConcurrency: 1}, write)
}

// replace writes an object, in place of any that is there.
func (b *Bucket) replace(ctx context.Context, key, mediaType string, write func(io.Writer) error) error {
	return b.upload(ctx, key, &blob.WriterOptions{ContentType: mediaType, BufferSize: partSize, MaxConcurrency: 1}, write)
}

func (b *Bucket) upload(ctx context.Context, key string, how *blob.WriterOptions, write func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, key, how)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		cancel()      // before Close, which would make an object of what there is
		_ = w.Close() // reports the cancellation
		return there(err)
	}
	return there(w.Close())
}

// there gives a failed condition its name.
func there(err error) error {
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return errThere
	}
	return err
}

// digestOfObject reads an object to its end; NotFound when there is none.
func (b *Bucket) digestOfObject(ctx context.Context, key string) (review.Digest, error) {
	r, err := b.open(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(sum, review.Interruptible(ctx, r)); err != nil {
		return "", err
	}
	return review.Digest(hex.EncodeToString(sum.Sum(nil))), nil
}

// open reads an object; NotFound when there is none.
func (b *Bucket) open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, &review.Error{Kind: review.NotFound, Message: "The storage has no such object.", Err: err}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ensure makes sure that an object of these bytes is there, and reads it back.
// Other bytes in its place are ErrCorrupt, and left alone.
func (b *Bucket) ensure(ctx context.Context, key, mediaType string, write func(io.Writer) error) error {
	sum := sha256.New()
	err := b.put(ctx, key, mediaType, func(w io.Writer) error { return write(io.MultiWriter(w, sum)) })
	if errors.Is(err, errThere) {
		// The upload may have been refused before all was read.
		sum.Reset()
		err = write(sum)
	}
	if err != nil {
		return err
	}
	found, err := b.digestOfObject(ctx, key)
	if err == nil && string(found) != hex.EncodeToString(sum.Sum(nil)) {
		err = fmt.Errorf("%w: the object %s", review.ErrCorrupt, key)
	}
	return err
}

// bytesOf writes the same bytes each time.
func bytesOf(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	}
}

// remove deletes an object, also one that is not there.
func (b *Bucket) remove(ctx context.Context, key string) error {
	err := b.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// removeAll deletes every object whose name begins with prefix.
func (b *Bucket) removeAll(ctx context.Context, prefix string) error {
	list := b.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.remove(ctx, object.Key); err != nil {
			return err
		}
	}
}
