//go:build !(linux && amd64)

package disktest

import (
	"os"
	"testing"
)

// Disk is the child's end: what its test says to the parent.
type Disk struct{}

// Run skips the test: system calls can be watched on Linux on AMD64 only.
func Run(t *testing.T, part func(t *testing.T, d *Disk)) *Record {
	t.Helper()
	if os.Getenv("SALLYPORT_DISKTEST") == "required" {
		t.Fatal("system calls can be watched on Linux on AMD64 only")
	}
	t.Skip("system calls can be watched on Linux on AMD64 only")
	return nil
}

// Watch says which folder is on the disk that fails.
func (d *Disk) Watch(string) {}

// Fail sets a fault, in the place of one before.
func (d *Disk) Fail(Fault) {}

// Heal ends the fault, and says what became of it.
func (d *Disk) Heal() Seen { return Seen{} }

// Record begins to record. The watched folder is empty. Stop ends it.
func (d *Disk) Record() (stop func()) { return func() {} }

// Mark puts a word in the record, between the calls before and those to come.
func (d *Disk) Mark(string) {}
