package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"sallyport/review"
	"sallyport/review/durable"
)

// Store is what keeps the tree and its checkpoints.
type Store interface {
	// TreeSize is how many events are under the tree.
	TreeSize(ctx context.Context) (int64, error)
	// TreeNodes reads hashes of the tree, in the order asked.
	TreeNodes(ctx context.Context, nodes []Node) ([]Hash, error)
	// NewestCheckpoint is the checkpoint of most events; NotFound when there is
	// none.
	NewestCheckpoint(ctx context.Context) (review.Checkpoint, error)
	// LatestCheckpoints lists checkpoints of fewer events than before, the newest
	// first; from the newest of all when before is 0.
	LatestCheckpoints(ctx context.Context, before int64, atMost int) ([]review.Checkpoint, error)
	// KeepCheckpoint keeps a checkpoint; Conflict when there is one of as many
	// events or more.
	KeepCheckpoint(ctx context.Context, c review.Checkpoint) error
}

// Log signs checkpoints of a stored tree, and makes proofs from it. Each takes
// about log2(size) reads.
type Log struct {
	Store  Store
	Signer *Signer
	Keys   Keys // that signed earlier checkpoints: the signer's, and those before it
	Now    review.Clock
	// Beside is a file outside the database that holds the newest checkpoint: a
	// database that was put back to an older state is not signed any further.
	// No file when empty.
	Beside string
}

var _ review.Ledger = (*Log)(nil)

// NewestFile is the usual name of Log.Beside, in the folder of keys.
const NewestFile = "newest-checkpoint"

// Checkpoint signs the log as it stands, if it continues what was signed last.
func (l *Log) Checkpoint(ctx context.Context) (review.Checkpoint, error) {
	signed, err := l.signed(ctx)
	if err != nil {
		return review.Checkpoint{}, err
	}
	size, err := l.Store.TreeSize(ctx) // after what was signed, so that it cannot be the smaller
	if err != nil {
		return review.Checkpoint{}, err
	}
	if size == 0 && len(signed) == 0 {
		return review.Checkpoint{}, review.Errorf(review.Conflict, "The audit log is empty, so there is nothing to sign.")
	}
	var newest review.Checkpoint
	for _, c := range signed {
		if err := l.consistent(ctx, c, size); err != nil {
			return newest, err
		}
		if c.Size > newest.Size {
			newest = c
		}
	}
	if newest.Size == size {
		return newest, l.putBeside(newest.Note) // a crash may have come before it
	}
	return l.sign(ctx, size)
}

// Newest is the newest checkpoint that is kept.
func (l *Log) Newest(ctx context.Context) (review.Checkpoint, error) {
	return l.Store.NewestCheckpoint(ctx)
}

// Checkpoints lists the checkpoints that are kept, the newest first.
func (l *Log) Checkpoints(ctx context.Context, before int64, atMost int) ([]review.Checkpoint, error) {
	return l.Store.LatestCheckpoints(ctx, before, atMost)
}

// PublicKey is the key that new checkpoints are checked with.
func (l *Log) PublicKey() string { return l.Signer.PublicKey() }

// signed are the newest checkpoint that is kept with the tree, and the one that
// is kept outside the database: whichever there are.
func (l *Log) signed(ctx context.Context) (list []review.Checkpoint, err error) {
	kept, err := l.Store.NewestCheckpoint(ctx)
	if err != nil && review.KindOf(err) != review.NotFound {
		return nil, err
	}
	beside, err := l.beside()
	if err != nil {
		return nil, err
	}
	for _, text := range [][]byte{kept.Note, beside} {
		if text == nil {
			continue
		}
		c, err := l.Keys.Checkpoint(text)
		if err != nil {
			return nil, fmt.Errorf("%w: the newest checkpoint: %w", review.ErrCorrupt, err)
		}
		list = append(list, c)
	}
	return list, nil
}

// sign signs the first size events, and keeps that.
func (l *Log) sign(ctx context.Context, size int64) (review.Checkpoint, error) {
	root, err := tlog.TreeHash(size, l.reader(ctx))
	if err != nil {
		return review.Checkpoint{}, err
	}
	c, err := l.Signer.Issue(size, root, l.Now())
	if err != nil {
		return c, err
	}
	if err := l.Store.KeepCheckpoint(ctx, c); review.KindOf(err) == review.Conflict {
		return l.Store.NewestCheckpoint(ctx) // another process was first
	} else if err != nil {
		return c, err
	}
	return c, l.putBeside(c.Note)
}

// consistent proves that the first events of the tree are those of a checkpoint.
func (l *Log) consistent(ctx context.Context, old review.Checkpoint, size int64) error {
	if old.Size > size {
		return fmt.Errorf("%w: a checkpoint of %d events was signed, and the log has %d", review.ErrCorrupt, old.Size, size)
	}
	r := l.reader(ctx)
	root, err := tlog.TreeHash(size, r)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(size, old.Size, r)
	if err != nil {
		return err
	}
	if tlog.CheckTree(proof, size, root, old.Size, old.Root) != nil {
		return fmt.Errorf("%w: the log does not continue the checkpoint of %d events", review.ErrCorrupt, old.Size)
	}
	return nil
}

// Inclusion proves that an event is among the first size events.
func (l *Log) Inclusion(ctx context.Context, seq, size int64) (review.Proof, error) {
	if seq < 1 || seq > size {
		return review.Proof{}, review.Errorf(review.Invalid, "Event %d is not among the first %d.", seq, size)
	}
	have, err := l.Store.TreeSize(ctx)
	if err == nil && size > have {
		err = review.Errorf(review.NotFound, "The audit log has %d events.", have)
	}
	if err != nil {
		return review.Proof{}, err
	}
	path, err := tlog.ProveRecord(size, seq-1, l.reader(ctx))
	p := review.Proof{Seq: seq, Size: size}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	return p, err
}

// reader lets package tlog read the stored hashes.
func (l *Log) reader(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		nodes := make([]Node, len(indexes))
		for i, index := range indexes {
			nodes[i] = NodeAt(index)
		}
		hashes, err := l.Store.TreeNodes(ctx, nodes)
		out := make([]tlog.Hash, len(hashes))
		for i, h := range hashes {
			out[i] = h
		}
		return out, err
	})
}

// beside reads the checkpoint outside the database, nil when there is none.
func (l *Log) beside() ([]byte, error) {
	if l.Beside == "" {
		return nil, nil
	}
	signed, err := readUpTo(l.Beside, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return signed, err
}

// putBeside replaces the checkpoint outside the database.
func (l *Log) putBeside(signed []byte) error {
	if l.Beside == "" {
		return nil
	}
	if now, err := l.beside(); err != nil || bytes.Equal(now, signed) {
		return err
	}
	return durable.Replace(l.Beside, signed, 0o600)
}
