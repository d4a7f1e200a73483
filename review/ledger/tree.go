package ledger

import (
	"crypto/sha256"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree: of a leaf, of a subtree, or the root.
type Hash = [sha256.Size]byte

// LeafHash is the hash that the leaf of an event has in the tree: as RFC 6962
// hashes a record, the record being the event's 32 byte leaf.
func LeafHash(leaf Hash) Hash {
	var record [1 + sha256.Size]byte // 0x00 says that it is a record
	copy(record[1:], leaf[:])
	return sha256.Sum256(record[:])
}

// Tree is the growing edge of a tree: enough to go on appending and to know the
// root, in about log2(size) hashes. The zero Tree is empty.
type Tree struct {
	size int64
	edge []Hash // of the complete subtrees, largest first: one for each bit of size
	done []Hash
}

// Resume is the tree of the first size events, whose edge holds the hashes that
// Edge names; or, if it is only to grow, those that Growing names.
func Resume(size int64, edge []Hash) *Tree {
	return &Tree{size: size, edge: edge}
}

// A Node is a place in the tree: the subtree of 1<<Level leaves that the event
// of the sequence number Seq completes.
type Node struct {
	Seq   int64
	Level int
}

// Edge names the complete subtrees of which the tree of a size consists, the
// largest first.
func Edge(size int64) []Node {
	var nodes []Node
	for left := uint64(size); left != 0; {
		level := bits.Len64(left) - 1
		left &^= 1 << level
		nodes = append(nodes, Node{size &^ (int64(1)<<level - 1), level})
	}
	return nodes
}

// Growing names the part of the edge that changes while a tree of a size grows
// by so many leaves.
func Growing(size, more int64) []Node {
	height := bits.Len64(uint64(size ^ (size + more)))
	return slices.DeleteFunc(Edge(size), func(n Node) bool { return n.Level >= height })
}

// NodeAt is the place that a stored hash index of package tlog stands for.
func NodeAt(index int64) Node {
	level, n := tlog.SplitStoredHashIndex(index)
	return Node{(n + 1) << level, level}
}

// Size is how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

// Append adds the hash of a leaf and returns the hashes that are now complete:
// the leaf's, then those of the subtrees that end with it. They are valid until
// the next call.
func (t *Tree) Append(leaf Hash) []Hash {
	h := leaf
	t.done = append(t.done[:0], h)
	for n := t.size; n&1 != 0; n >>= 1 {
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		t.done = append(t.done, h)
	}
	t.edge = append(t.edge, h)
	t.size++
	return t.done
}

// Root is the hash of the whole tree.
func (t *Tree) Root() Hash {
	if len(t.edge) == 0 {
		return sha256.Sum256(nil) // of the empty tree, by RFC 6962
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

// clone is a tree that grows on its own.
func (t *Tree) clone() *Tree {
	return &Tree{size: t.size, edge: append([]Hash(nil), t.edge...)}
}
