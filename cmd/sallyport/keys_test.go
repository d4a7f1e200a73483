package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// A second server of a database whose folder of keys is its own, and no copy, is
// refused once there is a checkpoint; with a copy it starts.
func TestForeignKeysAreRefused(t *testing.T) {
	dir := t.TempDir()
	first := config{Listen: "127.0.0.1:0", Data: filepath.Join(dir, "first"), Workspaces: filepath.Join(dir, "workspaces"), Exports: filepath.Join(dir, "exports")}
	must(t, os.Mkdir(first.Workspaces, 0o700))
	must(t, os.Mkdir(first.Exports, 0o700))
	open := func(c config) error {
		s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler), func() time.Time { return time.Now().UTC() }, nil)
		if err != nil {
			return err
		}
		defer func() { must(t, s.Close()) }()
		must(t, s.store.Append(t.Context(), review.Event{At: time.Now().UTC(), Type: review.EvSignOut, Actor: "ann"}))
		_, err = s.service.Ledger.Checkpoint(t.Context())
		return err
	}
	must(t, open(first))

	second := first
	second.Keys = filepath.Join(dir, "second-keys")
	if err := open(second); err == nil || !strings.Contains(err.Error(), "the folder of keys is not this database's") {
		t.Errorf("a server with keys of its own: %v", err)
	}
	must(t, os.RemoveAll(second.Keys))
	must(t, os.CopyFS(second.Keys, os.DirFS(first.keysFolder())))
	entries, err := os.ReadDir(second.Keys)
	must(t, err)
	for _, e := range entries { // a copy keeps who may read it
		info, err := os.Stat(filepath.Join(first.keysFolder(), e.Name()))
		must(t, err)
		must(t, os.Chmod(filepath.Join(second.Keys, e.Name()), info.Mode()))
	}
	must(t, os.Chmod(second.Keys, 0o700))
	if err := open(second); err != nil {
		t.Errorf("a server with a copy of the keys: %v", err)
	}
}
