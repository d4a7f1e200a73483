package storage

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"sallyport/review"
)

func TestFolderWitness(t *testing.T) {
	w := FolderWitness{t.TempDir()}
	for range 2 {
		must(t, w.Observe(t.Context(), 12, []byte("a note")))
	}
	must(t, w.Observe(t.Context(), 13, []byte("the next")))
	if err := w.Observe(t.Context(), 12, []byte("another")); !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("another note for as many events: %v, want ErrCorrupt", err)
	}
	text, err := os.ReadFile(filepath.Join(w.Folder, "checkpoint-000000000012.txt"))
	if err != nil || string(text) != "a note" {
		t.Errorf("the folder has %q, %v", text, err)
	}
	if err := (FolderWitness{filepath.Join(w.Folder, "missing")}).Observe(t.Context(), 1, nil); err == nil {
		t.Error("a folder that is not there took a note")
	}
}

func TestWebhookWitness(t *testing.T) {
	answer, got := http.StatusAccepted, ""
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		got = r.Method + " " + r.Header.Get("Idempotency-Key") + " " + string(body[:n])
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answer)
	}))
	defer server.Close()
	w := WebhookWitness{URL: server.URL, Client: server.Client()}
	w.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	must(t, w.Observe(t.Context(), 12, []byte("a note")))
	if got != "POST checkpoint-12 a note" {
		t.Errorf("it was sent %q", got)
	}
	for _, answer = range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		if err := w.Observe(t.Context(), 12, []byte("a note")); err == nil {
			t.Errorf("status %d is no error", answer)
		}
	}
	for address, good := range map[string]bool{
		"https://example.org/x": true, "http://example.org": false, "https://u:p@example.org": false, "https://": false, "ftp://x": false, "": false,
	} {
		if err := CheckWitnessURL(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestTreeImmutable tries with plain SQL to alter the tree and the checkpoints.
func TestTreeImmutable(t *testing.T) {
	s := recorded(t)
	must(t, s.KeepCheckpoint(t.Context(), review.Checkpoint{Size: 2, At: noon(), Note: []byte("a note")}))
	for _, statement := range []string{
		"UPDATE tree SET hashes = zeroblob(32)", "DELETE FROM tree", "DELETE FROM tree WHERE seq = 2", "REPLACE INTO tree VALUES (2, zeroblob(32))",
		"INSERT INTO tree VALUES (9, zeroblob(32))", "INSERT INTO tree VALUES (3, zeroblob(31))",
		"UPDATE checkpoints SET note = 'x'", "DELETE FROM checkpoints", "REPLACE INTO checkpoints VALUES (2, zeroblob(32), 1, 'x')",
		"INSERT INTO checkpoints VALUES (1, zeroblob(32), 1, 'x')", "INSERT INTO checkpoints VALUES (99, zeroblob(32), 1, 'x')",
	} {
		if err := s.writer.Exec(statement).Error; err == nil {
			t.Errorf("the database allowed: %s", statement)
		}
	}
	if err := s.KeepCheckpoint(t.Context(), review.Checkpoint{Size: 2, At: noon(), Note: []byte("another")}); review.KindOf(err) != review.Conflict {
		t.Errorf("a second checkpoint of as many events: %v", err)
	}
}
