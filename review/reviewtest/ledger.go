package reviewtest

import (
	"path/filepath"
	"testing"

	"sallyport/review/ledger"
)

// Sign has the log of a World signed with a new key, which lies in the folder
// returned, and signs what it holds. The store must keep the tree.
func (w *World) Sign(t testing.TB) (keys string) {
	t.Helper()
	tree, ok := w.Store.(ledger.Store)
	if !ok {
		t.Fatal("the store keeps no tree")
	}
	keys = filepath.Join(t.TempDir(), "keys")
	signer, err := ledger.OpenSigner(keys)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := ledger.FolderKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	w.Ledger = &ledger.Log{Store: tree, Signer: signer, Keys: trusted, Now: w.Now, Beside: filepath.Join(keys, ledger.NewestFile)}
	if _, err := w.Ledger.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	return keys
}
