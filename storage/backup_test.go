package storage

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// TestBackup writes a backup while others write, spoils it in each file, and
// restores it into each engine.
func TestBackup(t *testing.T) {
	pairs(t, func(t *testing.T, from, to string) {
		source := openStore(t, from)
		furnish(t, source)
		blobs, _ := newBlobs(t)
		d := put(t, blobs, "the bytes")
		r := reviewtest.Draft("r9", "cyn", "other", noon())
		r.Groups = []review.Group{{ID: "g", Files: []review.File{{ID: "f", Path: "release/t.csv", Kind: review.Output, Digest: d, Release: d}}}}
		must(t, source.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))

		stop := make(chan struct{})
		var writing sync.WaitGroup
		writing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := source.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		dir := filepath.Join(t.TempDir(), "backup")
		made, err := Backup(t.Context(), from, blobs, map[string][]byte{"sallyport.pub": []byte("a key\n")}, dir, noon)
		close(stop)
		writing.Wait()
		must(t, err)
		if made.Blobs != 1 {
			t.Errorf("%d blobs", made.Blobs)
		}
		_, err = VerifyBackup(t.Context(), dir, noon)
		must(t, err)

		other, place := newBlobs(t)
		_ = place
		done, err := Restore(t.Context(), dir, to, other, noon)
		must(t, err)
		if diff := cmp.Diff(made.Tables, done.Tables); diff != "" {
			t.Error(diff)
		}
		restored := openStore(t, to)
		if n, err := restored.VerifyRecord(t.Context()); err != nil || n.Size != done.Record.Size || n.Size < 305 {
			t.Errorf("%d events, %v", n.Size, err)
		}
		if got, err := readBlob(other, d); err != nil || string(got) != "the bytes" {
			t.Errorf("%q, %v", got, err)
		}
		must(t, restored.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
		spoil(t, dir)
	})
}

// spoil changes a byte of each file of a backup in turn.
func spoil(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "manifest.json" {
			return err
		}
		data, err := os.ReadFile(name)
		must(t, err)
		bad := append([]byte(nil), data...)
		bad[len(bad)/2] ^= 1
		must(t, os.Chmod(name, 0o600))
		must(t, os.WriteFile(name, bad, 0o600))
		if _, err := VerifyBackup(t.Context(), dir, noon); err == nil {
			t.Errorf("%s was spoilt and not found", entry.Name())
		} else if filepath.Base(filepath.Dir(name)) != "tables" && !errors.Is(err, review.ErrCorrupt) {
			t.Error(err)
		}
		return os.WriteFile(name, data, 0o600)
	}))
}

// A backup tells of bytes that are damaged and goes on; a restore that fails late
// leaves no rows, no file and no bytes behind.
func TestBackupOfDamage(t *testing.T) {
	pairs(t, func(t *testing.T, from, to string) {
		source := openStore(t, from)
		furnish(t, source)
		blobs, place := newBlobs(t)
		good, bad := put(t, blobs, "good"), put(t, blobs, "bad")
		r := reviewtest.Draft("r9", "cyn", "other", noon())
		r.Groups = []review.Group{{ID: "g", Files: []review.File{
			{ID: "f", Path: "release/t.csv", Kind: review.Output, Digest: good, Release: good}, {ID: "h", Path: "release/u.csv", Kind: review.Output, Digest: bad, Release: bad},
		}}}
		must(t, source.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
		name, _ := blobPath(bad)
		must(t, os.Chmod(filepath.Join(place, name), 0o600))
		must(t, os.WriteFile(filepath.Join(place, name), []byte("bat"), 0o600))
		dir := filepath.Join(t.TempDir(), "backup")
		made, err := Backup(t.Context(), from, blobs, nil, dir, noon)
		must(t, err)
		if made.Blobs != 1 || len(made.Damaged) != 1 || made.Damaged[0] != bad {
			t.Errorf("%+v", made)
		}
		late := &lateBlobs{Blobs: nil}
		other, _ := newBlobs(t)
		late.Blobs = other
		ctx, cancel := context.WithCancel(t.Context())
		late.after = cancel // the bytes are there, and the rows are to come
		if _, err := Restore(ctx, dir, to, late, noon); err == nil {
			t.Fatal("it was broken off, and no error")
		}
		if _, err := readBlob(other, good); review.KindOf(err) != review.NotFound {
			t.Errorf("the bytes were left: %v", err)
		}
		_, err = Restore(t.Context(), dir, to, other, noon)
		must(t, err)
		if got, err := readBlob(other, good); err != nil || got != "good" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// lateBlobs does something after its first Put.
type lateBlobs struct {
	review.Blobs
	after func()
}

func (b *lateBlobs) Put(ctx context.Context, r io.Reader, max int64) (review.Digest, int64, error) {
	d, n, err := b.Blobs.Put(ctx, r, max)
	b.after()
	return d, n, err
}
