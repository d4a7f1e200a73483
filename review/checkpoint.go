package review

import (
	"context"
	"crypto/sha256"
	"time"
)

// Ledger proves what the record holds. Its tree has one leaf for each event, in
// order: package review/ledger says how it is built and how it is checked
// without this program's word for it.
type Ledger interface {
	// Checkpoint signs the log as it stands (or returns the newest one when
	// nothing was added), keeps it, and returns the signed note. It refuses, as
	// ErrCorrupt, to sign a log that does not continue the newest checkpoint.
	// Conflict while the log is empty.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Newest is the newest checkpoint; NotFound while there is none.
	Newest(ctx context.Context) (Checkpoint, error)
	// Checkpoints lists checkpoints of fewer events than before, the newest first;
	// from the newest of all when before is 0.
	Checkpoints(ctx context.Context, before int64, atMost int) ([]Checkpoint, error)
	// PublicKey is what checkpoints are checked with, as one line of text.
	PublicKey() string
	// Inclusion proves that event seq is in the log of the size of a checkpoint.
	// Invalid unless 1 <= seq <= size, NotFound past the end of the log.
	Inclusion(ctx context.Context, seq, size int64) (Proof, error)
}

// Checkpoint is a promise about the log: that its first Size events, and no
// others, have this root. Whoever keeps one can tell later whether any of them
// was changed or dropped.
type Checkpoint struct {
	Size int64 // events covered, from the first
	Root [sha256.Size]byte
	At   time.Time
	// Note is the signed note that says so (golang.org/x/mod/sumdb/note,
	// Ed25519): the only part that proves anything outside this service.
	Note []byte
}

// Proof is the path of hashes from one event's leaf to the root of the log of a
// size, as RFC 6962 lays it down.
type Proof struct {
	Seq, Size int64
	Hashes    [][sha256.Size]byte
}

// DecisionEvents are the types of the events that together say what was decided
// about a request, by whom, what left, to which places, and what was taken back.
func DecisionEvents() []EventType {
	return []EventType{
		EvSubmitted, EvResubmitted, EvVoted, EvVoteVoided, EvReviewSubmitted, EvPartiallyReviewed, EvReviewed, EvReturned, EvRejected,
		EvExceptionAnswered, EvApproved, EvPackaged, EvDelivered, EvReleased, EvReleaseFailed,
		EvRecalled, EvTakenBack, EvNotTakenBack, EvRecallNoted,
	}
}

// Prove proves that events are in the log: by the newest checkpoint, or by a new
// one when that does not cover them all. The proofs come in the events' order.
func Prove(ctx context.Context, l Ledger, events []Event) (Checkpoint, []Proof, error) {
	var last int64
	for _, e := range events {
		last = max(last, e.Seq)
	}
	if last == 0 {
		return Checkpoint{}, nil, Errorf(NotFound, "There is nothing to prove.")
	}
	c, err := l.Newest(ctx)
	if KindOf(err) == NotFound || err == nil && c.Size < last {
		c, err = l.Checkpoint(ctx)
	}
	if err != nil {
		return c, nil, err
	}
	proofs := make([]Proof, len(events))
	for i, e := range events {
		if proofs[i], err = l.Inclusion(ctx, e.Seq, c.Size); err != nil {
			return c, nil, err
		}
	}
	return c, proofs, nil
}
