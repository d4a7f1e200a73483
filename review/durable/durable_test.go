package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := errors.Join(Folder(dir, 0o700), Folder(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := New(file, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(file, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second file of the name: %v", err)
	}
	if err := Replace(file, []byte("three"), 0o640); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || string(text) != "three" || info.Mode() != 0o640 {
		t.Errorf("%q, %v, %v, %v", text, info.Mode(), err, statErr)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := Folder(filepath.Join(file, "below"), 0o700); err == nil {
		t.Error("a folder was made below a file")
	}
}
