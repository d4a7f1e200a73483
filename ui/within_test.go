package ui

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Work on a request ends before the answer could no longer be written.
func TestWorkOnARequestEnds(t *testing.T) {
	var left time.Duration
	look := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if until, ok := r.Context().Deadline(); ok {
			left = time.Until(until)
		}
	})
	s := HTTPServer("", look, slog.New(slog.DiscardHandler))
	s.Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
	if left <= 0 || left >= s.WriteTimeout {
		t.Errorf("the work may take %s, and the answer %s", left, s.WriteTimeout)
	}
}
