package storage

import (
	"os"
	"path/filepath"
	"testing"
)

// A database whose log is left is not all in its file, and is not put in place.
func TestADatabaseIsPutInPlaceWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	file, name := filepath.Join(dir, "new.db"), filepath.Join(dir, "sallyport.db")
	for _, written := range []string{file, file + "-wal"} {
		if err := os.WriteFile(written, []byte("pages"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := flushed(file, name); err == nil {
		t.Error("put in place without its log")
	}
	if _, err := os.Lstat(name); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", name, err)
	}
	if err := os.Remove(file + "-wal"); err != nil {
		t.Fatal(err)
	}
	if err := flushed(file, name); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "pages" {
		t.Errorf("%q, %v", got, err)
	}
}
