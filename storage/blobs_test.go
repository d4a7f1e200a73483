package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// newBlobs opens an empty folder of blobs.
func newBlobs(t testing.TB) (*Blobs, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blobs")
	b, err := OpenBlobs(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, dir
}

func digestOf(data string) review.Digest {
	sum := sha256.Sum256([]byte(data))
	return review.Digest(hex.EncodeToString(sum[:]))
}

func put(t testing.TB, b *Blobs, data string) review.Digest {
	t.Helper()
	d, n, err := b.Put(t.Context(), strings.NewReader(data), int64(len(data)))
	if err != nil || n != int64(len(data)) || d != digestOf(data) {
		t.Fatalf("Put = %s, %d, %v", d, n, err)
	}
	return d
}

func readBlob(b review.Blobs, d review.Digest) (string, error) {
	r, err := b.Open(context.Background(), d)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

// files lists the regular files below a folder, by slash path.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestBlobs(t *testing.T) {
	reviewtest.RunBlobs(t, func(t *testing.T) reviewtest.Shelf {
		b, dir := newBlobs(t)
		return reviewtest.Shelf{
			Blobs: b,
			Kept:  func() int { return len(files(t, dir)) },
			Spoil: func(d review.Digest, data string) {
				must(t, replace(filepath.Join(dir, string(d[:2]), string(d[2:])), data))
			},
		}
	})
}

func TestBlobsOnDisk(t *testing.T) {
	b, dir := newBlobs(t)
	for _, data := range []string{"", "a", strings.Repeat("long ", 1e5)} {
		d := put(t, b, data)
		put(t, b, data) // again is no error
		if got, err := readBlob(b, d); err != nil || got != data {
			t.Errorf("%d bytes came back as %d, %v", len(data), len(got), err)
		}
		info, err := os.Stat(filepath.Join(dir, string(d[:2]), string(d[2:])))
		if err != nil || info.Mode() != 0o400 {
			t.Errorf("blob on disk: %v, %v", info, err)
		}
		if info, err := os.Stat(filepath.Join(dir, string(d[:2]))); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder on disk: %v, %v", info, err)
		}
	}
	if got := files(t, dir); len(got) != 3 {
		t.Errorf("files on disk: %v, want 3", got)
	}
}

func TestBlobsSweep(t *testing.T) {
	_, dir := newBlobs(t)
	for name, age := range map[string]time.Duration{unfinished + "old": 2 * time.Hour, unfinished + "new": time.Minute} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, noon(), noon().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := OpenBlobs(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got := files(t, dir); len(got) != 1 || got[0] != unfinished+"new" {
		t.Errorf("after the sweep: %v, want only the new one", got)
	}
}

// age makes the bytes of a digest look as though they were put before.
func age(t *testing.T, dir string, d review.Digest, at time.Time) {
	t.Helper()
	must(t, os.Chtimes(filepath.Join(dir, string(d[:2]), string(d[2:])), at, at))
}

// TestBlobsRemove: only what is old goes, what was put again is young, and what
// is not there is gone.
func TestBlobsRemove(t *testing.T) {
	b, dir := newBlobs(t)
	d := put(t, b, "bytes")
	remove := func(want, there bool) {
		t.Helper()
		gone, err := b.Remove(t.Context(), d, noon())
		if err != nil || gone != want {
			t.Errorf("Remove = %v, %v, want %v", gone, err, want)
		}
		if _, err := readBlob(b, d); (err == nil) != there {
			t.Errorf("read after Remove: %v, want there %v", err, there)
		}
		if rest := files(t, dir); len(rest) != map[bool]int{true: 1}[there] {
			t.Errorf("left in the folder: %v", rest)
		}
	}
	remove(false, true) // put after noon, by this machine's clock
	age(t, dir, d, noon().Add(-time.Hour))
	put(t, b, "bytes") // shared: somebody stored the same bytes anew
	remove(false, true)
	age(t, dir, d, noon().Add(-time.Hour))
	remove(true, false)
	remove(true, false)
	if gone, err := b.Remove(t.Context(), "../../etc/passwd", noon()); err != nil || !gone {
		t.Errorf("what is no digest: %v, %v", gone, err)
	}
}

// TestBlobsRemoveCutShort: bytes that a killed removal had moved aside are there
// again when the folder is opened, unless they were put again meanwhile, and can
// then be removed.
func TestBlobsRemoveCutShort(t *testing.T) {
	for _, again := range []bool{false, true} {
		b, dir := newBlobs(t)
		d := put(t, b, "bytes")
		old := noon().Add(-time.Hour)
		age(t, dir, d, old)
		must(t, os.Rename(filepath.Join(dir, string(d[:2]), string(d[2:])), filepath.Join(dir, rubbish+string(d)+"-x")))
		if again {
			put(t, b, "bytes")
		}
		opened, err := OpenBlobs(dir, noon)
		must(t, err)
		defer opened.Close()
		if got, err := readBlob(opened, d); err != nil || got != "bytes" {
			t.Errorf("put again %v: %q, %v", again, got, err)
		}
		if rest := files(t, dir); len(rest) != 1 {
			t.Errorf("put again %v: left in the folder: %v", again, rest)
		}
		if gone, err := opened.Remove(t.Context(), d, noon()); err != nil || gone == again {
			t.Errorf("put again %v: Remove = %v, %v", again, gone, err)
		}
	}
}

// TestBlobsList: what is old is listed, and nothing but bytes by their digest.
func TestBlobsList(t *testing.T) {
	b, dir := newBlobs(t)
	old, young := put(t, b, "old"), put(t, b, "young")
	age(t, dir, old, noon().Add(-time.Hour))
	write(t, filepath.Join(dir, unfinished+"x"), "half")
	write(t, filepath.Join(dir, string(young[:2]), "stray"), "x")
	for _, stray := range []string{unfinished + "x", string(young[:2]) + "/stray"} {
		must(t, os.Chtimes(filepath.Join(dir, stray), noon().Add(-time.Hour), noon().Add(-time.Hour)))
	}
	var got []review.Digest
	must(t, b.List(t.Context(), noon(), func(d review.Digest) error {
		got = append(got, d)
		return nil
	}))
	if len(got) != 1 || got[0] != old {
		t.Errorf("listed %v, want %s", got, old)
	}
}
