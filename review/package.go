package review

import (
	"context"
	"io"
	"time"

	"sallyport/checks"
	"sallyport/policy"
)

// Package is a release ready to leave. It is the same byte for byte whenever it
// is made again: what had to be written for it is kept as a [Seal].
type Package struct {
	Release *Release
	// Manifest is the JSON that goes with the files.
	Manifest []byte
	// Entries are all files of the package, a BagIt bag, sorted by path.
	Entries []Entry
	// Open yields the bytes of one released file, checked against its digest.
	Open func(ctx context.Context, d Digest) (io.ReadCloser, error)
}

// Entry is one file of a package.
type Entry struct {
	Path   string // relative, slashes: "data/release/t.csv"
	Size   int64
	SHA256 Digest
	// Open yields the bytes. Of a released file they are checked as they are
	// read: a reader that reaches the end has yielded the bytes of the digest.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Packer writes what a package holds besides the released files.
type Packer interface {
	// Pack returns every file of the package, sorted by path. It reads no clock
	// and draws no chance.
	Pack(ctx context.Context, e *Evidence) ([]SealedFile, error)
}

// Evidence is all that a package tells of a release.
type Evidence struct {
	Release *Release
	Request *Request // as it was decided
	Project Project
	People  map[Username]string // full names
	Policy  *policy.Policy      // under which it was decided
	Report  *checks.Report      // the findings the decision rested on; nil if there are none
	Events  []Event             // of the request, in order, up to the decision
	// Checkpoint is of the log as it stood, and Proved the events by which the
	// release was decided, each with its proof; nil without a ledger.
	Checkpoint *Checkpoint
	Proved     []ProvedEvent
	// Open yields the bytes of a released file.
	Open func(ctx context.Context, d Digest) (io.ReadCloser, error)
}

// ProvedEvent is an event with the proof that it is in the log.
type ProvedEvent struct {
	Event Event
	Proof Proof
}

// Seal is what was written for the package of one release: once, and kept, so
// that the package stays the same for ever.
type Seal struct {
	Release string
	Made    time.Time
	Files   []SealedFile // every file of the package, sorted by path
}

// SealedFile is one file of a package: with its bytes, or, for a released file,
// without them, since they are kept as the blob of that digest.
type SealedFile struct {
	Path     string
	Size     int64
	SHA256   Digest
	Body     []byte // nil for a released file
	Released bool
}
