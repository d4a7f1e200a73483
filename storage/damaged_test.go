package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// pageSize is that of the databases made here.
const pageSize = 4096

// TestDamagedPages spoils one page of a database after the other, and its first
// bytes, as a bad disk does. What is damaged is refused when it is opened, or found
// when the database is inspected, or does no harm; then nothing is written any
// more, and those who ask whether the service is ready are told why.
func TestDamagedPages(t *testing.T) {
	onlySQLite(t, "the pages of a file")
	whole := filepath.Join(t.TempDir(), "x.db")
	s, err := Open(t.Context(), whole, noon)
	must(t, err)
	furnish(t, s)
	must(t, s.writer.Exec("PRAGMA wal_checkpoint(TRUNCATE)").Error)
	must(t, s.Close())
	data, err := os.ReadFile(whole)
	must(t, err)
	pages := len(data) / pageSize
	step := pages/12 + 1
	if wholeSweep() {
		step = 1
	}
	found := map[string]int{}
	for page := 0; page < pages; page += step {
		spoilt := bytes.Clone(data)
		for i := range 64 {
			spoilt[page*pageSize+i] ^= 0xa5
		}
		name := filepath.Join(t.TempDir(), "x.db")
		must(t, os.WriteFile(name, spoilt, 0o600))
		found[lookAtDamage(t, name, page)]++
	}
	t.Logf("%d pages: %v", pages, found)
	if found["refused"] == 0 || found["found"] == 0 {
		t.Error("some damage should be refused at the opening, and some found later")
	}
}

// lookAtDamage tells how damage of a page is met.
func lookAtDamage(t *testing.T, name string, page int) string {
	t.Helper()
	s, err := Open(t.Context(), name, noon)
	if err != nil {
		if review.KindOf(err) != review.Unavailable || !errors.Is(err, review.ErrCorrupt) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("page %d: refused with %v", page, err)
		}
		return "refused"
	}
	defer s.Close()
	err = s.Inspect(t.Context())
	if err == nil {
		if _, err := s.Verify(t.Context()); err != nil {
			t.Errorf("page %d: inspected and whole, and then: %v", page, err)
		}
		return "harmless"
	}
	if !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("page %d: inspected: %v", page, err)
	}
	if err := s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}); review.KindOf(err) != review.Unavailable || !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("page %d: written to all the same: %v", page, err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("page %d: ready: %v", page, err)
	}
	return "found"
}

// TestDamageInTheLog: what a disk spoils of SQLite's log of changes is not taken
// for changes. Those before it stand; that later ones are gone shows when the
// record is held to a checkpoint.
func TestDamageInTheLog(t *testing.T) {
	onlySQLite(t, "its log of changes")
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "x.db"))
	for n := range 5 {
		r := reviewtest.Draft(review.RequestID(fmt.Sprint("r", n)), "ada", review.WorkspaceName(fmt.Sprint("w", n)), noon())
		must(t, s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
	}
	copied := t.TempDir()
	for _, name := range []string{"x.db", "x.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if name == "x.db-wal" {
			data[len(data)-5000] ^= 0xa5
		}
		must(t, os.WriteFile(filepath.Join(copied, name), data, 0o600))
	}
	after := openStore(t, filepath.Join(copied, "x.db"))
	n, err := after.Verify(t.Context())
	if err != nil || n >= 5 {
		t.Errorf("%d events, %v; want fewer than 5, whole", n, err)
	}
}

// TestLastChangeNotKept: a service whose disk takes no changes is not ready, says
// why, and is ready again after one that was kept.
func TestLastChangeNotKept(t *testing.T) {
	onlySQLite(t, "max_page_count")
	s := newStore(t)
	must(t, s.Ready(t.Context()))
	must(t, s.writer.Exec("PRAGMA max_page_count = 1").Error)
	var list []review.Event
	for range 3000 {
		list = append(list, review.Event{At: noon(), Type: review.EvSignIn, Path: strings.Repeat("x", 100)})
	}
	if err := s.Append(t.Context(), list...); review.KindOf(err) != review.Unavailable {
		t.Errorf("on a full disk: %v", err)
	}
	if err := s.Ready(t.Context()); err == nil || err.Error() != diskFull {
		t.Errorf("ready: %v, want %q", err, diskFull)
	}
	must(t, s.writer.Exec("PRAGMA max_page_count = 1000000").Error)
	must(t, s.Append(t.Context(), list[0]))
	must(t, s.Ready(t.Context()))
}
