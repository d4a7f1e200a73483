package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"sallyport/review/ledger"
)

// TestTree holds the tree to the library's, for every size to 300.
func TestTree(t *testing.T) {
	var tree ledger.Tree
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	completed := map[ledger.Node]ledger.Hash{}
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, reader)
		must(t, err)
		if tree.Root() != root || tree.Size() != n {
			t.Fatalf("the root of %d is %x, want %x", n, tree.Root(), root)
		}
		var edge []ledger.Hash
		for _, node := range ledger.Edge(n) {
			edge = append(edge, completed[node])
		}
		if again := ledger.Resume(n, edge); again.Root() != root {
			t.Fatalf("resumed at %d the root is another", n)
		}
		leaf := sha256.Sum256(fmt.Append(nil, n))
		hashes, err := tlog.StoredHashes(n, leaf[:], reader)
		must(t, err)
		var got []tlog.Hash
		for level, h := range tree.Append(ledger.LeafHash(leaf)) {
			got = append(got, h)
			node := ledger.Node{Seq: n + 1, Level: level}
			completed[node] = h
			if at := ledger.NodeAt(int64(len(stored) + level)); at != node {
				t.Fatalf("index %d is %+v, want %+v", len(stored)+level, at, node)
			}
		}
		if diff := cmp.Diff(hashes, got); diff != "" {
			t.Fatal(diff)
		}
		stored = append(stored, hashes...)
	}
}
