package ui

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sallyport/review"
)

// releasedRequest plays a request of ann's until its package is out.
func (s *site) releasedRequest(t *testing.T) (path string, id review.RequestID, checker string) {
	t.Helper()
	path = s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, path)
	id = review.RequestID(strings.TrimPrefix(path, "/requests/"))
	ctx := context.Background()
	r, err := s.World.Store.Request(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, seat := range r.Seats {
		a := s.As(t, seat.Checker)
		for _, f := range r.Outputs() {
			if err := s.Vote(ctx, a, id, review.VoteInput{File: f.ID, Decision: review.Approve, Seen: f.Release}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.SubmitReview(ctx, a, id); err != nil {
			t.Fatal(err)
		}
	}
	checker = string(r.Seats[0].Checker)
	if err := s.Release(ctx, s.As(t, r.Seats[0].Checker), id); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	return path, id, checker
}

func (s *site) work(t *testing.T) {
	t.Helper()
	for {
		did, err := s.WorkOnce(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !did {
			return
		}
	}
}

func TestRecallPages(t *testing.T) {
	s := newSite(t)
	path, id, checker := s.releasedRequest(t)
	b := s.as(t, checker)
	b.get(path).want(http.StatusOK).has("Report a breach and recall")
	b.get(path + "/recall").want(http.StatusOK).has("This cannot be undone")
	if r, _ := s.World.Store.Release(context.Background(), id); r.Recalled != nil {
		t.Fatal("the question recalled it")
	}
	b.post(path+"/recall", "which", "files", "words", "Row 3 shows 4.").want(http.StatusUnprocessableEntity).has("Choose the files")
	now := s.Now().UTC().Format(fieldTime)
	b.post(path+"/recall", "which", "all", "words", "Row 3 shows 4.", "severity", "serious", "discovered", now).
		want(http.StatusUnprocessableEntity).has("Leave out every number", "Row 3 shows 4.")
	b.post(path+"/recall", "which", "all", "words", "A small <b>count</b> is shown.", "severity", "serious", "discovered", now).
		want(http.StatusOK).has("Recall report", "A small <b>count</b> is shown.", "Not yet taken back by")
	s.work(t)
	b.get(path+"/recall/report").has("Taken back by every place", "What was released")
	for who, page := range map[string]string{"ann": path, checker: path, "aud": "/records/" + string(id)} {
		s.as(t, who).get(page).want(http.StatusOK).has("This release was recalled on")
	}
	s.as(t, "ann").get("/requests").has("recalled")
	s.as(t, "aud").get("/releases").has("Recalled")
	ann := s.as(t, "ann").get(path)
	ann.get(ann.links(fileLink)[0] + "/download").want(http.StatusConflict).has("was recalled on")
	ann.get(path + "/recall/report").want(http.StatusNotFound)
	b.get(path + "/recall").want(http.StatusConflict)
	s.as(t, "ann").get(path + "/package?recalled=known").want(http.StatusConflict)
	s.as(t, "aud").get(path + "/package").want(http.StatusConflict)
	s.as(t, "aud").get(path + "/package?recalled=known").want(http.StatusOK)

	var doc review.RecallDocument
	b.get(path + "/recall/report.json").want(http.StatusOK)
	if err := json.Unmarshal([]byte(b.body), &doc); err != nil || doc.Schema != "sallyport-recall/1" || len(doc.Reports) != 1 || len(doc.Files) != 1 || !doc.Files[0].Recalled {
		t.Errorf("the document: %v\n%s", err, b.body)
	}
	b.post(path+"/recall/notes", "report", doc.Reports[0].ID, "words", "There are 3.").want(http.StatusUnprocessableEntity).has("Leave out every number")
	b.post(path+"/recall/notes", "report", doc.Reports[0].ID, "words", "This was a mistake.").want(http.StatusOK).has("This was a mistake.", "stays recalled")
}

func TestHoldPages(t *testing.T) {
	s := newSite(t)
	path, _, _ := s.releasedRequest(t)
	aud := s.as(t, "aud")
	aud.get(path).has("Put a legal hold on it")
	aud.post(path+"/hold", "reason", " ").want(http.StatusUnprocessableEntity).has("Say why.")
	aud.post(path+"/hold", "reason", "A complaint.").want(http.StatusOK).has("The request is held.", "A complaint.")
	aud.post(path+"/hold", "reason", "Settled.").want(http.StatusOK).has("The hold is lifted.")
	s.as(t, "ann").get(path + "/hold").want(http.StatusNotFound)
}

// Damage is shown to the operator and to the checkers it concerns, until the
// bytes are back and the operator says so.
func TestAlarmPages(t *testing.T) {
	s := newSite(t)
	path := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, path)
	r, err := s.World.Store.Request(context.Background(), review.RequestID(strings.TrimPrefix(path, "/requests/")))
	if err != nil {
		t.Fatal(err)
	}
	ops, checker := s.as(t, "ops"), s.as(t, string(r.Seats[0].Checker))
	ops.get("/status").has("not begun yet").lacks("stored file is")
	restore := s.World.Blobs.Damage(r.Groups[0].Files[0].Release, func([]byte) []byte { return nil })
	if _, err := s.ScrubStep(context.Background()); err != nil {
		t.Fatal(err)
	}
	ops.get("/status").has("1 stored file is not what it was", "missing", "Record that it is back", string(r.ID))
	checker.get("/queue").has("1 stored file is not what it was")
	checker.get(path).has("Stored bytes that this request rests on are damaged")
	s.as(t, "ann").get("/requests").lacks("stored file is")
	alarms, err := s.Alarms(context.Background(), s.As(t, "ops"))
	if err != nil || len(alarms) != 1 {
		t.Fatal(alarms, err)
	}
	at := "/status/alarms/" + alarms[0].ID
	ops.get(at).want(http.StatusOK).has("Read them again")
	ops.post(at, "reason", "").want(http.StatusUnprocessableEntity).has("Say what happened")
	ops.post(at, "reason", "Copied back.").want(http.StatusConflict).has("The bytes are not back")
	s.as(t, "lea").get(at).want(http.StatusNotFound)
	restore()
	ops.post(at, "reason", "Copied back from the backup.").want(http.StatusOK).has("The bytes are back").lacks("stored file is")
	ops.get(at).want(http.StatusNotFound)
}
