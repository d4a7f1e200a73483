package storage

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWorkspaceSwapped has somebody exchange a folder, or a file, with a link
// to what must not be read, as fast as they can.
func TestWorkspaceSwapped(t *testing.T) {
	const secret = "id\n1\n"
	for name, test := range map[string]struct{ open, swapped, target string }{
		"a folder":  {"release/rows/r.csv", "release", "output"},
		"a file":    {"output/f.csv", "output/f.csv", "rows/r.csv"},
		"a way out": {"release/sub2/r.csv", "release/sub2", "../output/rows"},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := study(t)
			write(t, filepath.Join(dir, test.open), "public")
			link := filepath.Join(dir, filepath.Dir(test.swapped), "link")
			must(t, os.Symlink(test.target, link))
			exchange(t, filepath.Join(dir, test.swapped), link)
			good, refusals := 0, 0
			begun := time.Now()
			for time.Since(begun) < 400*time.Millisecond || (good == 0 || refusals == 0) && time.Since(begun) < 20*time.Second {
				f, err := w.Open(t.Context(), "study", test.open)
				if err != nil {
					refusals++
					continue
				}
				data, err := io.ReadAll(f)
				must(t, f.Close())
				if string(data) == secret {
					t.Fatal("bytes behind a link were read")
				}
				if err == nil {
					good++
				}
			}
			if good == 0 || refusals == 0 {
				t.Errorf("%d reads and %d refusals: the exchange did not meet the reading", good, refusals)
			}
		})
	}
}

// exchange swaps two names for each other until the test ends.
func exchange(t *testing.T, a, b string) {
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		wait.Wait()
	})
}
