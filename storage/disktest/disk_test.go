package disktest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// save writes a file as one that must not be lost is written.
func save(dir, name, text string) error {
	f, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Each call fails when it is told to, and is named; others are let through.
func TestEachCallFails(t *testing.T) {
	Run(t, func(t *testing.T, d *Disk) {
		dir := t.TempDir()
		d.Watch(dir)
		var hit []string
		for n := 1; ; n++ {
			d.Fail(Fault{At: n, Err: syscall.EIO})
			err := save(dir, "file", "some text")
			seen := d.Heal()
			if seen.Hit == "" {
				if err != nil {
					t.Error(err)
				}
				break
			}
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("%s failed, and the error is %v", seen.Hit, err)
			}
			word, _, _ := strings.Cut(seen.Hit, " ")
			hit = append(hit, word)
		}
		if diff := cmp.Diff([]string{"create", "write", "sync", "close", "rename", "sync"}, hit); diff != "" {
			t.Error(diff)
		}
	})
}

// A disk that is full takes half of a write, and nothing after it.
func TestHalfWritten(t *testing.T) {
	Run(t, func(t *testing.T, d *Disk) {
		dir := t.TempDir()
		d.Watch(dir)
		d.Fail(Fault{At: 2, Err: syscall.ENOSPC, Half: true})
		if err := save(dir, "file", "some text"); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		d.Heal()
		left, err := filepath.Glob(filepath.Join(dir, ".new-*"))
		if err != nil || len(left) != 1 {
			t.Fatal(left, err)
		}
		if text, err := os.ReadFile(left[0]); err != nil || string(text) != "some" {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// What was flushed is there after a power cut, and what was not may be or not.
func TestCrash(t *testing.T) {
	record := Run(t, func(t *testing.T, d *Disk) {
		dir := t.TempDir()
		d.Watch(dir)
		stop := d.Record()
		for _, name := range []string{"one", "two"} {
			if err := save(dir, name, "text of "+name); err != nil {
				t.Error(err)
			}
			d.Mark(name)
		}
		stop()
	})
	if record == nil {
		return
	}
	words, after := record.Marks()
	if diff := cmp.Diff([]string{"one", "two"}, words); diff != "" || record.Calls() != 10 || after[1] != 10 {
		t.Fatalf("%v, %d calls:\n%v", words, record.Calls(), record)
	}
	states := map[string]bool{}
	for n := 0; n <= record.Calls(); n++ {
		for mode, seeds := range []uint64{Nothing: 1, Everything: 1, Some: 8} {
			for seed := range seeds {
				dir := t.TempDir()
				if err := record.Crash(dir, n, Mode(mode), seed); err != nil {
					t.Fatal(err)
				}
				for i, name := range words {
					text, err := os.ReadFile(filepath.Join(dir, name))
					switch {
					case err == nil && string(text) != "text of "+name:
						t.Errorf("after %d calls %s holds %q", n, name, text)
					case err != nil && n >= after[i]:
						t.Errorf("after %d calls: %v", n, err)
					}
				}
				list, err := filepath.Glob(filepath.Join(dir, ".new-*"))
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range list {
					text, err := os.ReadFile(name)
					if err != nil {
						t.Fatal(err)
					}
					states[string(text)] = true
				}
			}
		}
	}
	if !states[""] || !states["text of one"] {
		t.Errorf("files half written were found as %v: want some with nothing, and some whole", states)
	}
}
