package main

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"
)

// A folder of mirrors that is named must be there: without it pages would say
// that no code is kept, and nobody would know why.
func TestTheFolderOfCodeMustBeThere(t *testing.T) {
	dir := t.TempDir()
	c := config{Listen: "127.0.0.1:0", Data: filepath.Join(dir, "data"), Workspaces: t.TempDir(), Exports: filepath.Join(dir, "exports")}
	for code, want := range map[string]struct{ starts, shows bool }{
		"":                           {true, false},
		t.TempDir():                  {true, true},
		filepath.Join(dir, "absent"): {false, false},
	} {
		c.Code = code
		s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler), time.Now, nil)
		if (err == nil) != want.starts {
			t.Fatalf("code %q: %v", code, err)
		}
		if err != nil {
			continue
		}
		if got := s.service.Code != nil; got != want.shows {
			t.Errorf("code %q is shown: %v", code, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
