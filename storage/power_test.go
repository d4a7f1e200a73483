package storage

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/storage/disktest"
)

// wholeSweep says that every step is tried, not a sample: make failures.
func wholeSweep() bool { return os.Getenv("SALLYPORT_FAILURES") == "all" }

// marking puts what is said of a rig into the record of its disk.
type marking struct{ d *disktest.Disk }

func (m marking) Write(said []byte) (int, error) {
	m.d.Mark(strings.TrimSpace(string(said)))
	return len(said), nil
}

// TestPowerCut records every write, flush and change of a name that two requests
// make on their way, from the making of the database on, and cuts the power after
// each: what was not flushed is gone, or some of it, written in any order and
// halves of it. What had been acknowledged is there each time, and the rest whole
// or not at all.
func TestPowerCut(t *testing.T) {
	onlySQLite(t, "what it writes to files")
	record := disktest.Run(t, func(t *testing.T, d *disktest.Disk) {
		dir := t.TempDir()
		d.Watch(dir)
		stop := d.Record()
		b, err := openRig(t.Context(), dir)
		must(t, err)
		b.out = marking{d}
		for n := range 2 {
			must(t, b.take(t.Context(), review.RequestID(fmt.Sprint("r", n)), func(file int) int { return 300 * file }))
		}
		stop()
		must(t, b.close())
	})
	if record == nil {
		return
	}
	states := crashes(t, record)
	for _, s := range states {
		dir := t.TempDir()
		must(t, record.Crash(dir, s.after, s.mode, s.seed))
		checkRig(t, dir, s.said)
		if t.Failed() {
			t.Fatalf("the power was cut after call %d of %d, %+v", s.after, record.Calls(), s)
		}
	}
	t.Logf("%d power cuts, in %d calls", len(states), record.Calls())
}

// crash is one power cut, and what had been said was certain before.
type crash struct {
	after int
	mode  disktest.Mode
	seed  uint64
	said  map[review.RequestID]progress
}

// crashes are the power cuts that are tried: one at each word, when all that was
// not flushed is lost, and others; or after each call several, in a whole sweep.
func crashes(t *testing.T, record *disktest.Record) (list []crash) {
	t.Helper()
	words, at := record.Marks()
	if len(words) != 14 {
		t.Fatalf("%d things were said", len(words))
	}
	add := func(after int, mode disktest.Mode, seed uint64) {
		said := map[review.RequestID]progress{}
		for i, text := range words {
			var what, id string
			var version int64
			if _, err := fmt.Sscanf(text, "did %s %s %d", &what, &id, &version); err != nil {
				t.Fatal(err)
			}
			if at[i] <= after {
				said[review.RequestID(id)] = progress{what, version}
			}
		}
		list = append(list, crash{after, mode, seed, said})
	}
	step := record.Calls()/10 + 1
	if wholeSweep() {
		step = 1
	} else {
		for _, after := range at {
			add(after, disktest.Nothing, 0)
		}
	}
	for after := step / 2; after <= record.Calls(); after += step {
		add(after, disktest.Some, uint64(after))
		if wholeSweep() {
			add(after, disktest.Nothing, 0)
			add(after, disktest.Everything, 0)
			add(after, disktest.Some, uint64(after)+1e6)
		}
	}
	return list
}
