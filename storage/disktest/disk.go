package disktest

import (
	"fmt"
	"syscall"
)

// Fault says which call fails, and how. Calls are counted from 1, from when the
// fault was set: those that change a file or a folder below the watched one, or
// flush or close it.
type Fault struct {
	At   int
	Err  syscall.Errno
	On   bool // all calls from there on fail, as on a full disk
	Half bool // the call itself writes half of its bytes, if it is a write; those after it fail
	// Reads counts the calls that read instead.
	Reads bool
}

// String is how a test names it.
func (f Fault) String() string {
	how := ""
	switch {
	case f.Half:
		how = ", half written"
	case f.On:
		how = " from there on"
	}
	what := "change"
	if f.Reads {
		what = "read"
	}
	return fmt.Sprintf("%s %d: %v%s", what, f.At, f.Err, how)
}

// Seen is what became of a fault.
type Seen struct {
	Calls int    // counted since it was set
	Hit   string // the call that failed first: "fsync blobs/ab"; "" for none
}

// Mode is what becomes, in a power cut, of what was not flushed.
type Mode int

const (
	// Nothing of it is there.
	Nothing Mode = iota
	// Everything of it is there.
	Everything
	// Some of it is: names up to some moment, any of the writes, and of one write
	// perhaps a part.
	Some
)
