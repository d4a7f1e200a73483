package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"sallyport/review"
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

func readBlob(b *Blobs, d review.Digest) (string, error) {
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

func TestBlobsNotFound(t *testing.T) {
	b, dir := newBlobs(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []review.Digest{
		digestOf("never put"), "", "ab", "../secret", review.Digest(strings.Repeat("A", 64)), review.Digest("../" + strings.Repeat("a", 61)),
	} {
		if _, err := readBlob(b, d); review.KindOf(err) != review.NotFound {
			t.Errorf("Open(%q): %v, want NotFound", d, err)
		}
	}
}

func TestBlobsPutKeepsNothing(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	broken := errors.New("broken")
	for _, test := range []struct {
		name  string
		ctx   context.Context
		r     io.Reader
		check func(error) bool
	}{
		{"one byte too many", t.Context(), strings.NewReader("12345"), func(err error) bool { return review.KindOf(err) == review.TooLarge }},
		{"without end", t.Context(), iotest.DataErrReader(endless{}), func(err error) bool { return review.KindOf(err) == review.TooLarge }},
		{"a reader that breaks", t.Context(), io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)), func(err error) bool { return errors.Is(err, broken) }},
		{"nobody waits any more", ended, strings.NewReader("1"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, dir := newBlobs(t)
			if _, _, err := b.Put(test.ctx, test.r, 4); !test.check(err) {
				t.Errorf("error %v", err)
			}
			if left := files(t, dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestBlobsCorrupt(t *testing.T) {
	b, dir := newBlobs(t)
	const data = "the approved bytes"
	d := put(t, b, data)
	file := filepath.Join(dir, string(d[:2]), string(d[2:]))
	for name, bad := range map[string]string{"changed": "the approved bytez", "cut": "the approved", "longer": data + "!", "empty": ""} {
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readBlob(b, d); !errors.Is(err, review.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		put(t, b, data) // mends it
		if got, err := readBlob(b, d); err != nil || got != data {
			t.Errorf("%s and put again: %q, %v", name, got, err)
		}
	}
}

func TestBlobsConcurrent(t *testing.T) {
	b, dir := newBlobs(t)
	data := bytes.Repeat([]byte("same "), 20_000)
	d := digestOf(string(data))
	put(t, b, string(data))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				got, _, err := b.Put(context.Background(), bytes.NewReader(data), int64(len(data)))
				if err != nil || got != d {
					t.Errorf("Put: %s, %v", got, err)
				}
				if got, err := readBlob(b, d); err != nil || got != string(data) {
					t.Errorf("Open while others put: %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wait.Wait()
	if list := files(t, dir); len(list) != 1 {
		t.Errorf("files on disk: %v, want one", list)
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
