package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"
)

// The key opens the register, and names are not shown in a closed one.
func TestRegisterIsConfigured(t *testing.T) {
	for _, open := range []bool{false, true} {
		dir := t.TempDir()
		c := config{Listen: "127.0.0.1:0", Data: filepath.Join(dir, "data"), Workspaces: t.TempDir(), Exports: filepath.Join(dir, "exports"), PublicRegister: open}
		s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler), time.Now, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/register", nil))
		if want := map[bool]int{false: http.StatusNotFound, true: http.StatusOK}[open]; w.Code != want {
			t.Errorf("public_register: %t: status %d, want %d", open, w.Code, want)
		}
	}
	c := config{Data: "d", Workspaces: "w", Exports: "e", PublicRegisterNames: true}
	if err := c.complete(); err == nil {
		t.Error("names are to be shown in a register that is closed")
	}
}
