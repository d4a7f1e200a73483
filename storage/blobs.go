package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"sallyport/review"
	"sallyport/review/durable"
)

// Modes of what this package writes: no one but the service's account, and
// bytes that are named by their digest are not for writing.
const (
	privateDir  = 0o700
	privateFile = 0o400
)

// unfinished begins the name of a file that is still being written.
const unfinished = ".new-"

// abandoned is the age at which an unfinished file is nobody's any more.
const abandoned = time.Hour

// Blobs is a review.Blobs in a folder: the bytes with digest abcdef... are the
// file ab/cdef...
type Blobs struct {
	root *os.Root
	// flushed are the folders whose names this process knows to be on the disk.
	flushed sync.Map
}

var _ review.Blobs = (*Blobs)(nil)

// OpenBlobs opens the folder, made when it is not there, and removes what was
// abandoned half written. Now tells how old such a file is.
func OpenBlobs(dir string, now review.Clock) (*Blobs, error) {
	if err := durable.Folder(dir, privateDir); err != nil {
		return nil, fmt.Errorf("storage: opening blobs: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: opening blobs: %w", err)
	}
	b := &Blobs{root: root}
	if err := b.sweep(now()); err != nil {
		return nil, errors.Join(fmt.Errorf("storage: opening blobs: %w", err), root.Close())
	}
	return b, nil
}

// Close lets go of the folder.
func (b *Blobs) Close() error { return b.root.Close() }

func (b *Blobs) sweep(now time.Time) error {
	entries, err := fs.ReadDir(b.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		err := b.sweepOne(entry, now)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sweepOne removes a file that was abandoned half written. Bytes that were moved
// aside by a removal that was cut short get their name back: what is to go is
// noted elsewhere, and removed again.
func (b *Blobs) sweepOne(entry fs.DirEntry, now time.Time) error {
	name := entry.Name()
	if aside, ok := strings.CutPrefix(name, rubbish); ok {
		digest, _, _ := strings.Cut(aside, "-")
		if place, ok := blobPath(review.Digest(digest)); ok {
			if _, err := b.root.Lstat(place); err == nil {
				return b.root.Remove(name) // they were put again meanwhile, and are young
			}
			return b.putBack(name, place)
		}
	}
	if !strings.HasPrefix(name, unfinished) {
		return nil
	}
	info, err := entry.Info()
	if err == nil && now.Sub(info.ModTime()) > abandoned {
		err = b.root.Remove(name)
	}
	return err
}

// blobPath is where the bytes of a digest are; false for what is no digest.
func blobPath(d review.Digest) (string, bool) {
	if len(d) != 2*sha256.Size || strings.Trim(string(d), "0123456789abcdef") != "" {
		return "", false
	}
	return path.Join(string(d[:2]), string(d[2:])), true
}

// Put writes beside the place, flushes, and renames; see review.Blobs. Bytes
// that are there already are written anew all the same, so that a blob which
// the disk has spoilt is mended by its next Put.
func (b *Blobs) Put(ctx context.Context, r io.Reader, max int64) (review.Digest, int64, error) {
	name := unfinished + rand.Text()
	digest, size, err := b.write(ctx, name, r, max)
	if err == nil {
		err = b.place(name, digest)
	}
	if err != nil {
		// Nothing is left behind; what cannot be removed now is swept later.
		_ = b.root.Remove(name)
		return "", 0, wrapDisk("keeping bytes", err)
	}
	return digest, size, nil
}

func (b *Blobs) write(ctx context.Context, name string, r io.Reader, max int64) (review.Digest, int64, error) {
	f, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateFile)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(review.Interruptible(ctx, r), max+1))
	if err == nil && size > max {
		err = review.Errorf(review.TooLarge, "The file is larger than the limit of %d bytes.", max)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	return review.Digest(hex.EncodeToString(sum.Sum(nil))), size, nil
}

// place gives the finished file its name, for good.
func (b *Blobs) place(name string, digest review.Digest) error {
	target, _ := blobPath(digest)
	dir := path.Dir(target)
	if err := b.root.Mkdir(dir, privateDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, done := b.flushed.Load(dir); !done { // who made it may not have come so far
		if err := syncDir(b.root, "."); err != nil {
			return err
		}
		b.flushed.Store(dir, true)
	}
	if err := b.root.Rename(name, target); err != nil {
		return err
	}
	return syncDir(b.root, dir)
}

// syncDir flushes the names in a folder.
func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open reads a blob, checking its digest at the end; see review.Blobs.
func (b *Blobs) Open(_ context.Context, d review.Digest) (io.ReadCloser, error) {
	name, ok := blobPath(d)
	if !ok {
		return nil, review.Errorf(review.NotFound, "These bytes are not in store.")
	}
	f, err := b.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, review.Errorf(review.NotFound, "These bytes are not in store.")
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return nil, &review.Error{Kind: review.Unavailable, Message: "Too many files are open. Try again.", Err: err}
	}
	if err != nil {
		return nil, wrapDisk("reading bytes", err)
	}
	return &verifier{f: f, sum: sha256.New(), want: d}, nil
}

// Remove moves a blob aside, looks at its age, and removes it or puts it back;
// see review.Blobs. A Put renames a new file into the place, so it either comes
// before, and makes the file young, or afterwards, and is not touched.
func (b *Blobs) Remove(_ context.Context, d review.Digest, before time.Time) (gone bool, err error) {
	name, ok := blobPath(d)
	if !ok {
		return true, nil
	}
	info, err := b.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil || !info.ModTime().Before(before) {
		return false, wrapDisk("removing bytes", err)
	}
	aside := rubbish + string(d) + "-" + rand.Text()
	if err := b.root.Rename(name, aside); err != nil {
		return errors.Is(err, fs.ErrNotExist), wrapDisk("removing bytes", ignore(err, fs.ErrNotExist))
	}
	info, err = b.root.Stat(aside)
	if err == nil && !info.ModTime().Before(before) {
		return false, wrapDisk("putting bytes back", b.putBack(aside, name))
	}
	if err == nil {
		err = b.root.Remove(aside)
	}
	if err == nil {
		err = syncDir(b.root, path.Dir(name))
	}
	return err == nil, wrapDisk("removing bytes", err)
}

// List calls each for what was put before a time; see review.Blobs.
func (b *Blobs) List(ctx context.Context, before time.Time, each func(review.Digest) error) error {
	err := fs.WalkDir(b.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // removed meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		d := review.Digest(strings.Replace(name, "/", "", 1))
		if place, ok := blobPath(d); !ok || place != name || !entry.Type().IsRegular() {
			return nil
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(before) {
			return ignore(err, fs.ErrNotExist)
		}
		return each(d)
	})
	return wrapDisk("listing bytes", err)
}

// putBack gives bytes that were moved aside their name again.
func (b *Blobs) putBack(aside, name string) error {
	if err := b.root.Rename(aside, name); err != nil {
		return err
	}
	return syncDir(b.root, path.Dir(name))
}

// ignore is err, or nil when it is of the kind.
func ignore(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// verifier reads a file whose digest is known.
type verifier struct {
	f    io.ReadCloser
	sum  hash.Hash
	want review.Digest
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.f.Read(p)
	v.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(v.sum.Sum(nil)) != string(v.want) {
		return n, fmt.Errorf("storage: reading %s: %w", v.want, review.ErrCorrupt)
	}
	return n, err
}

func (v *verifier) Close() error { return v.f.Close() }
