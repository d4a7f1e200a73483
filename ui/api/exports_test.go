package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"sallyport/review"
)

// An export holds what the lists do, and its event names its bytes.
func TestExports(t *testing.T) {
	s := newStage(t, review.Reviewed)
	aud := s.as(t, "aud")
	for path, want := range map[string]string{
		"/export/events?type=file.voted":               "file.voted",
		"/export/requests?person=ann&since=2026-01-01": s.id,
		"/export/releases":                             "release",
		"/export/records/" + s.id:                      "Votes",
	} {
		aud.get(path).want(http.StatusOK)
		sum := sha256.Sum256(aud.body)
		list, err := s.store.Events(t.Context(), review.EventQuery{Digest: review.Digest(hex.EncodeToString(sum[:])), Types: []review.EventType{review.EvExported}})
		if err != nil || len(list) != 1 || list[0].Actor != "aud" || !strings.Contains(string(aud.body), want) {
			t.Errorf("%s: %d events of these bytes (%v), %d bytes", path, len(list), err, len(aud.body))
		}
	}
	if aud.get("/export/records/" + s.id + "?format=xlsx").want(http.StatusOK); !strings.HasPrefix(string(aud.body), "PK") {
		t.Error("the workbook is none")
	}
	aud.get("/export/events?format=pdf").want(http.StatusUnprocessableEntity)
	aud.get("/records?since=soon").want(http.StatusUnprocessableEntity)
	s.as(t, "ann").get("/export/records/" + s.id).want(http.StatusNotFound)
}
