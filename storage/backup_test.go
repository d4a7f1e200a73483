package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		spoil(t, dir, !strings.Contains(from+to, "://")) // a backup is the same folder, whichever engine wrote it
	})
}

// spoil changes a byte of each file of a backup in turn. In every way, it also cuts
// each that holds something short, within a line and between two, empties it, takes
// it away, and lays another beside it.
func spoil(t *testing.T, dir string, everyWay bool) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		must(t, err)
		must(t, os.Chmod(name, 0o600))
		manifest, table := entry.Name() == "manifest.json", filepath.Base(filepath.Dir(name)) == "tables"
		end := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') // before the last line
		everyWay := everyWay && (!table || end >= 0)
		changes := map[string][]byte{}
		if everyWay {
			changes["cut in half"], changes["emptied"] = data[:len(data)/2], nil
		}
		if !manifest {
			changes["changed"] = bytes.Clone(data)
			changes["changed"][len(data)/2] ^= 1
		}
		if everyWay && table {
			changes["without its last line"] = data[:end+1]
		}
		for _, how := range slices.Sorted(maps.Keys(changes)) {
			must(t, os.WriteFile(name, changes[how], 0o600))
			refusedBackup(t, dir, entry.Name()+" "+how, manifest || table && how == "changed")
		}
		if everyWay {
			must(t, os.Remove(name))
			refusedBackup(t, dir, entry.Name()+" taken away", true)
		}
		must(t, os.WriteFile(name, data, 0o600))
		if everyWay && !manifest {
			must(t, os.WriteFile(name+".jsonl", data, 0o600))
			refusedBackup(t, dir, entry.Name()+" twice", !table && filepath.Base(filepath.Dir(name)) != "service")
			must(t, os.Remove(name+".jsonl"))
		}
		return nil
	}))
	_, err := VerifyBackup(t.Context(), dir, noon)
	must(t, err)
}

// refusedBackup wants a backup refused, as damaged unless another error will do.
func refusedBackup(t *testing.T, dir, how string, other bool) {
	t.Helper()
	if _, err := VerifyBackup(t.Context(), dir, noon); err == nil {
		t.Errorf("%s: not found", how)
	} else if !other && !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("%s: %v", how, err)
	}
}

// Files of one backup do not pass in another, and a restore from such a mixture
// leaves an empty database.
func TestBackupsMixed(t *testing.T) {
	pairs(t, func(t *testing.T, from, to string) {
		if strings.Contains(from, "://") == strings.Contains(to, "://") {
			return // each engine writes and is filled once
		}
		source := openStore(t, from)
		blobs, _ := newBlobs(t)
		backup := func(id review.RequestID, text string) (string, review.Digest) {
			d := put(t, blobs, text)
			r := reviewtest.Draft(id, review.Username("person-"+id), "other", noon())
			r.Groups = []review.Group{{ID: review.GroupID(id), Files: []review.File{{ID: review.FileID(id), Path: "release/t.csv", Kind: review.Output, Digest: d, Release: d}}}}
			must(t, source.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
			dir := filepath.Join(t.TempDir(), "backup")
			_, err := Backup(t.Context(), from, blobs, map[string][]byte{"newest-checkpoint": []byte(text)}, dir, noon)
			must(t, err)
			return dir, d
		}
		one, _ := backup("r1", "the first")
		two, late := backup("r2", "the second")
		other, _ := newBlobs(t)
		blob, _ := blobPath(late)
		for _, name := range []string{"manifest.json", "tables/events.jsonl", "tables/requests.jsonl", "service/newest-checkpoint", "blobs/" + blob} {
			mixed := filepath.Join(t.TempDir(), "mixed")
			must(t, os.CopyFS(mixed, os.DirFS(one)))
			data, err := os.ReadFile(filepath.Join(two, name))
			must(t, err)
			if strings.HasPrefix(name, "blobs/") { // in the place of the other, so that the number is right
				must(t, os.RemoveAll(filepath.Join(mixed, "blobs")))
			}
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(mixed, name)), 0o700))
			must(t, errors.Join(os.RemoveAll(filepath.Join(mixed, name)), os.WriteFile(filepath.Join(mixed, name), data, 0o600)))
			if _, err := Restore(t.Context(), mixed, to, other, noon); !errors.Is(err, review.ErrCorrupt) {
				t.Errorf("with %s of another: %v", name, err)
			}
		}
		_, err := Restore(t.Context(), one, to, other, noon)
		must(t, err)
	})
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
