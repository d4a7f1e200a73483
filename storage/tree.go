package storage

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/review/ledger"
)

// treeRow is what one event completes of the tree: its leaf's hash, and those of
// the subtrees that end with it.
type treeRow struct {
	Seq    int64 `gorm:"primaryKey;autoIncrement:false"`
	Hashes []byte
}

func (treeRow) TableName() string { return "tree" }

// ends is where the record, the tree over it, and the newest checkpoint end.
type ends struct{ Events, Tree, Signed int64 }

func endsOf(tx *gorm.DB) (at ends, err error) {
	err = tx.Raw(`SELECT (SELECT coalesce(max(seq), 0) FROM events) AS events,
		(SELECT coalesce(max(seq), 0) FROM tree) AS tree,
		(SELECT coalesce(max(size), 0) FROM checkpoints) AS signed`).Scan(&at).Error
	if err == nil && (at.Tree > at.Events || at.Signed > at.Tree) {
		err = fmt.Errorf("%w: the record ends at event %d, its tree at %d, and %d were signed", review.ErrCorrupt, at.Events, at.Tree, at.Signed)
	}
	return at, err
}

// growTree adds the leaves of events that follow on the tree of a size.
func growTree(tx *gorm.DB, size int64, leaves [][]byte) error {
	edge, err := nodeHashes(tx, ledger.Growing(size, int64(len(leaves))))
	if err != nil {
		return err
	}
	tree := ledger.Resume(size, edge)
	rows := make([]treeRow, len(leaves))
	for i, leaf := range leaves {
		done := tree.Append(ledger.LeafHash(ledger.Hash(leaf)))
		rows[i] = treeRow{Seq: tree.Size(), Hashes: make([]byte, 0, len(done)*len(done[0]))}
		for _, h := range done {
			rows[i].Hashes = append(rows[i].Hashes, h[:]...)
		}
	}
	return tx.CreateInBatches(&rows, batch).Error
}

// treeStep is how many events of an older record one statement puts under the
// tree.
const treeStep = 5000

// catchUp puts the events under the tree that were recorded before there was
// one.
func catchUp(tx *gorm.DB, at ends) error {
	for at.Tree < at.Events {
		var leaves [][]byte
		err := tx.Raw("SELECT leaf FROM events WHERE seq > ? AND seq <= ? ORDER BY seq", at.Tree, at.Tree+treeStep).Scan(&leaves).Error
		if err != nil {
			return err
		}
		if want := min(treeStep, at.Events-at.Tree); int64(len(leaves)) != want {
			return fmt.Errorf("%w: of the %d events after %d there are %d", review.ErrCorrupt, want, at.Tree, len(leaves))
		}
		if err := growTree(tx, at.Tree, leaves); err != nil {
			return err
		}
		at.Tree += int64(len(leaves))
	}
	return nil
}

// plant lets the tree grow to the end of a record that an older program began.
func (s *Store) plant(ctx context.Context) error {
	at, err := endsOf(s.reader.WithContext(ctx))
	if err != nil || at.Tree == at.Events {
		return nil // what is wrong with it, Verify says; and no event can be added
	}
	return s.write(ctx, "growing the tree of the record", func(tx *gorm.DB) error {
		if at, err = endsOf(tx); err != nil {
			return err
		}
		return catchUp(tx, at)
	})
}

// nodeHashes reads hashes of the tree.
func nodeHashes(tx *gorm.DB, nodes []ledger.Node) ([]ledger.Hash, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	seqs := make([]int64, len(nodes))
	for i, n := range nodes {
		seqs[i] = n.Seq
	}
	var rows []treeRow
	if err := tx.Where("seq IN ?", seqs).Order("seq").Find(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]ledger.Hash, len(nodes))
	for i, n := range nodes {
		at, found := slices.BinarySearchFunc(rows, n.Seq, func(r treeRow, seq int64) int { return int(r.Seq - seq) })
		from := n.Level * len(out[i])
		if !found || len(rows[at].Hashes) < from+len(out[i]) {
			return nil, fmt.Errorf("%w: the tree has no hash of level %d at event %d", review.ErrCorrupt, n.Level, n.Seq)
		}
		copy(out[i][:], rows[at].Hashes[from:])
	}
	return out, nil
}

// TreeSize is how many events are under the tree.
func (s *Store) TreeSize(ctx context.Context) (int64, error) {
	at, err := endsOf(s.reader.WithContext(ctx))
	return at.Tree, wrap("reading the tree", err)
}

// TreeNodes reads hashes of the tree, in the order asked; ErrCorrupt when one is
// not there.
func (s *Store) TreeNodes(ctx context.Context, nodes []ledger.Node) ([]ledger.Hash, error) {
	hashes, err := nodeHashes(s.reader.WithContext(ctx), nodes)
	return hashes, wrap("reading the tree", err)
}

type checkpointRow struct {
	Size int64 `gorm:"primaryKey;autoIncrement:false"`
	Root []byte
	At   int64
	Note string
}

func (checkpointRow) TableName() string { return "checkpoints" }

func (q checkpointRow) checkpoint() review.Checkpoint {
	c := review.Checkpoint{Size: q.Size, At: moment(q.At), Note: []byte(q.Note)}
	copy(c.Root[:], q.Root)
	return c
}

// Checkpoints lists checkpoints of more events than after, by size.
func (s *Store) Checkpoints(ctx context.Context, after int64, atMost int) ([]review.Checkpoint, error) {
	var rows []checkpointRow
	err := s.reader.WithContext(ctx).Where("size > ?", after).Order("size").Limit(atMost).Find(&rows).Error
	out := make([]review.Checkpoint, len(rows))
	for i, row := range rows {
		out[i] = row.checkpoint()
	}
	return out, wrap("reading checkpoints", err)
}

// LatestCheckpoints lists checkpoints of fewer events than before, the newest
// first; from the newest of all when before is 0.
func (s *Store) LatestCheckpoints(ctx context.Context, before int64, atMost int) ([]review.Checkpoint, error) {
	tx := s.reader.WithContext(ctx)
	if before > 0 {
		tx = tx.Where("size < ?", before)
	}
	var rows []checkpointRow
	err := tx.Order("size DESC").Limit(atMost).Find(&rows).Error
	out := make([]review.Checkpoint, len(rows))
	for i, row := range rows {
		out[i] = row.checkpoint()
	}
	return out, wrap("reading checkpoints", err)
}

// NewestCheckpoint is the checkpoint of most events; NotFound when there is none.
func (s *Store) NewestCheckpoint(ctx context.Context) (review.Checkpoint, error) {
	list, err := s.LatestCheckpoints(ctx, 0, 1)
	if err != nil {
		return review.Checkpoint{}, err
	}
	if len(list) == 0 {
		return review.Checkpoint{}, review.Errorf(review.NotFound, "There is no checkpoint yet.")
	}
	return list[0], nil
}

// KeepCheckpoint keeps a checkpoint, for ever. Conflict when there is one of as
// many events or more.
func (s *Store) KeepCheckpoint(ctx context.Context, c review.Checkpoint) error {
	return s.write(ctx, "keeping a checkpoint", func(tx *gorm.DB) error {
		var longest int64
		if err := tx.Model(&checkpointRow{}).Select("coalesce(max(size), 0)").Scan(&longest).Error; err != nil {
			return err
		}
		if longest >= c.Size {
			return review.Errorf(review.Conflict, "There is a checkpoint of %d events already.", longest)
		}
		return tx.Create(&checkpointRow{c.Size, c.Root[:], micros(c.At), string(c.Note)}).Error
	})
}
