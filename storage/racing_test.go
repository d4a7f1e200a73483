package storage

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/review"
)

// swaps are what somebody who can write to a workspace puts in the place of a
// file or of its folder while it is read: each makes the place anew by a rename,
// which is at once. secret is what must never be read.
func swaps(t *testing.T, dir, secret string) []func(file string) error {
	t.Helper()
	aside := filepath.Join(dir, "aside") // the same file system
	put := func(make func(temporary string) error) func(string) error {
		return func(file string) error {
			if err := os.RemoveAll(aside); err != nil {
				return err
			}
			if err := make(aside); err != nil {
				return err
			}
			if err := os.Rename(aside, file); err == nil {
				return nil
			}
			if err := os.RemoveAll(file); err != nil { // a folder gives way to nothing
				return err
			}
			return os.Rename(aside, file)
		}
	}
	link := func(to string) func(string) error {
		return put(func(at string) error { return os.Symlink(to, at) })
	}
	file := put(func(at string) error { return os.WriteFile(at, []byte("a,b\n"), 0o600) })
	return []func(string) error{
		file, link(secret), file, link("../notes/private.txt"), file, link("../output/rows/r.csv"), file, link("/dev/zero"), file, link("/proc/self/environ"),
		file, put(func(at string) error { return syscall.Mkfifo(at, 0o600) }), file, put(func(at string) error { return os.Mkdir(at, 0o700) }),
		file, link("."), file, put(func(at string) error { return os.WriteFile(at, []byte("more,of it\n"), 0o600) }),
	}
}

// A workspace whose owner swaps its files and folders for links, pipes and
// devices while they are read gives away nothing that lies elsewhere, and keeps
// nobody waiting.
func TestWorkspaceRacing(t *testing.T) {
	w, dir := study(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "t.csv")
	write(t, secret, "SECRET")
	write(t, filepath.Join(dir, "notes/private.txt"), "SECRET")
	write(t, filepath.Join(dir, "output/rows/r.csv"), "SECRET")
	file := filepath.Join(dir, "release", "t.csv")

	stop := make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		all := swaps(t, dir, secret)
		kept := filepath.Join(dir, "kept")
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := all[n%len(all)](file); err != nil {
				t.Errorf("swapping the file: %v", err)
				return
			}
			if n%3 == 0 { // and the folder it lies in
				err := os.Rename(filepath.Join(dir, "release"), kept)
				if err == nil {
					err = os.Symlink(outside, filepath.Join(dir, "release"))
				}
				if err == nil {
					err = os.Remove(filepath.Join(dir, "release"))
				}
				if err == nil {
					err = os.Rename(kept, filepath.Join(dir, "release"))
				}
				if err != nil {
					t.Errorf("swapping the folder: %v", err)
					return
				}
			}
		}
	})
	var read, refusals int
	slowest := time.Duration(0)
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); {
		start := time.Now()
		data, err := readOnce(w, t)
		slowest = max(slowest, time.Since(start))
		switch {
		case strings.Contains(data, "SECRET"):
			t.Fatalf("read %q", data)
		case err != nil:
			if refusals++; review.KindOf(err) == review.Internal {
				t.Errorf("a fault and no refusal: %v", err)
			}
			if strings.Contains(err.Error(), outside) {
				t.Errorf("the error tells a path: %v", err)
			}
		case data == "a,b\n" || data == "more,of it\n":
			read++
		default:
			t.Fatalf("read %q", data)
		}
		if read%20 == 0 {
			racingList(t, w)
		}
	}
	close(stop)
	swapper.Wait()
	if read == 0 || refusals == 0 {
		t.Errorf("%d reads, %d refusals: the race was none", read, refusals)
	}
	t.Logf("%d reads, %d refusals, the slowest in %v", read, refusals, slowest)
}

// readOnce reads the file as the service does; what was read before an error
// counts too.
func readOnce(w *Workspaces, t *testing.T) (string, error) {
	f, err := w.Open(t.Context(), "study", "release/t.csv")
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	return string(data), err
}

// racingList lists the workspace, which may fail, and holds what it says to
// digests of what may be read.
func racingList(t *testing.T, w *Workspaces) {
	t.Helper()
	ws, err := w.Workspace(t.Context(), "study")
	if err != nil {
		return
	}
	for _, f := range ws.Files {
		if f.Release && f.Digest == digestOf("SECRET") {
			t.Errorf("%s was hashed through a link", f.Path)
		}
	}
}
