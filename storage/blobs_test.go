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
