package input_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/cmd/sallyport/internal/input"
)

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("a,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCollectKeepsTheSpellingThatWasGiven(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "out/b.csv")
	write(t, "out/a.csv")
	write(t, "out/sub/c.csv")
	write(t, "out/.hidden")
	write(t, "out/.git/config")
	if err := os.Symlink("/etc/hostname", "out/link.csv"); err != nil {
		t.Fatal(err)
	}

	got, skipped, err := input.Collect(context.Background(), []string{"./out/", "out/a.csv"})
	if err != nil {
		t.Fatal(err)
	}
	want := []input.Entry{
		{Path: "./out/a.csv", Below: "a.csv"},
		{Path: "./out/b.csv", Below: "b.csv"},
		{Path: "./out/link.csv", Below: "link.csv", Problem: "a link: links are not followed; put the file itself there"},
		{Path: "./out/sub/c.csv", Below: "sub/c.csv"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if len(skipped) != 2 || skipped[0].Path != "./out/.git" || skipped[1].Path != "./out/.hidden" {
		t.Errorf("skipped %v", skipped)
	}
}

func TestANamedPipeIsReportedAndNeverOpened(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "p.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	got, _, err := input.Collect(context.Background(), []string{dir})
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	if _, err := got[0].Open(); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("Open: %v", err)
	}
}

func TestAFileThatVanishedIsSaidToBeGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write(t, path)
	got, _, err := input.Collect(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := got[0].Open(); err == nil || err.Error() != "the file is no longer there" {
		t.Errorf("Open: %v", err)
	}
}

func TestAMissingPathIsAnError(t *testing.T) {
	if _, _, err := input.Collect(context.Background(), []string{filepath.Join(t.TempDir(), "no")}); err == nil {
		t.Error("no error for a path that does not exist")
	}
}
