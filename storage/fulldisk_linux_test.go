package storage

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// fullDiskMark is set in the process that has a small disk of its own.
const fullDiskMark = "SALLYPORT_TEST_SMALL_DISK"

// TestFullDisk fills a real file system, and then makes it read-only: changes and
// files are refused in plain words, what was kept before stays, and the same goes
// through once there is room. It needs the right to mount.
func TestFullDisk(t *testing.T) {
	onlySQLite(t, "a disk of its own")
	dir := os.Getenv(fullDiskMark)
	if dir == "" {
		inSmallDisk(t)
		return
	}
	b, err := openRig(t.Context(), dir)
	must(t, err)
	must(t, b.take(t.Context(), "before", func(int) int { return 10 }))
	ballast := filepath.Join(dir, "ballast")
	var refused error
	fillDisk(t, ballast)
	for n := range 50 {
		id := review.RequestID("r" + strings.Repeat("x", n))
		if refused = b.take(t.Context(), id, func(int) int { return 3000 }); refused != nil {
			break
		}
	}
	if review.KindOf(refused) != review.Unavailable || refused.Error() != diskFull {
		t.Errorf("on a full disk: %v", refused)
	}
	must(t, verify(b.store.Verify))
	must(t, os.Remove(ballast))
	must(t, b.take(t.Context(), "after", func(int) int { return 10 }))

	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); errors.Is(err, syscall.EBUSY) {
		must(t, b.close()) // a file system with files that are open for writing stays writable
		must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	}
	if s, err := Open(t.Context(), filepath.Join(dir, "data.db"), noon); err == nil {
		defer s.Close()
		r := reviewtest.Draft("late", "ada", "late", noon())
		if err := s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())); review.KindOf(err) != review.Unavailable {
			t.Errorf("on a disk that only reads: %v", err)
		}
	} else if !errors.Is(err, syscall.EROFS) && review.KindOf(err) != review.Unavailable {
		t.Errorf("opened on a disk that only reads: %v", err)
	}
	must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""))
	checkRig(t, dir, map[review.RequestID]progress{"before": {"released", 1}, "after": {"released", 1}})
}

// fillDisk takes all the room but a little.
func fillDisk(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	block := make([]byte, 1<<16)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	info, err := f.Stat()
	must(t, errors.Join(err, f.Truncate(max(0, info.Size()-1<<17)), f.Close()))
}

// inSmallDisk runs the test again in a process with a file system of 8 MiB that
// nobody else sees.
func inSmallDisk(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	script := `mount -t tmpfs -o size=8m,mode=700 tmpfs "$0" || exit 77; exec "$1" -test.run '^TestFullDisk$' -test.count=1`
	args := []string{"--mount", "sh", "-c", script, dir, os.Args[0]}
	if os.Getuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append(os.Environ(), fullDiskMark+"="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.As(err, &exit) && strings.Contains(string(out), "unshare"), errors.As(err, &exit) && exit.ExitCode() == 77:
		t.Skipf("no file system can be mounted here: %s", out)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	}
}
