package ui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/ledger"
)

// trusted is the public key as the page gives it out.
func (b *browser) trusted() ledger.Keys {
	b.t.Helper()
	b.get("/audit/key").want(http.StatusOK)
	keys, err := ledger.ParseKeys(b.body)
	if err != nil {
		b.t.Fatal(err)
	}
	return keys
}

// A checkpoint, an event's proof and the key, each as downloaded, hold together
// without anything else of the service.
func TestCheckpointsAndProofs(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	aud := s.as(t, "aud")
	point, err := s.Ledger.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := strconv.FormatInt(point.Size, 10)
	aud.get("/audit").want(http.StatusOK).has("The newest checkpoint covers "+size+" events", ledger.KeyFingerprint(s.Ledger.PublicKey()))
	aud.get("/audit/checkpoints").want(http.StatusOK).has(ledger.Fingerprint(point.Root), ledger.KeyFingerprint(s.Ledger.PublicKey()))
	if notes := aud.links(`/audit/checkpoints/[0-9]+`); len(notes) < 2 || notes[0] != "/audit/checkpoints/"+size {
		t.Errorf("the list leads to %v", notes)
	}
	keys := aud.trusted()
	note := aud.exported("/audit/checkpoints/" + size)
	if c, err := keys.Checkpoint(note); err != nil || c.Root != point.Root {
		t.Errorf("the note downloaded: %+v, %v", c, err)
	}
	for _, seq := range []int64{1, point.Size, point.Size + 1} { // the last is signed for now
		proof, err := ledger.ParseProof(aud.exported("/audit/proofs/" + strconv.FormatInt(seq, 10)))
		if err != nil {
			t.Fatal(err)
		}
		if c, events, err := proof.Check(keys); err != nil || len(events) != 1 || events[0].Seq != seq || c.Size < seq {
			t.Errorf("the proof of event %d: %+v, %+v, %v", seq, c, events, err)
		}
	}
	for path, want := range map[string]int{
		"/audit/proofs/0": 404, "/audit/proofs/-1": 404, "/audit/proofs/x": 404, "/audit/proofs/9223372036854775807": 404, "/audit/proofs/99999": 404,
		"/audit/checkpoints/0": 404, "/audit/checkpoints/99999": 404, "/audit/checkpoints/9223372036854775807": 404, "/audit/checkpoints/x": 404,
		strings.Replace(request, "/requests/", "/records/", 1) + "/proof": 409, "/records/none/proof": 404,
	} {
		if got := aud.get(path).status; got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
	for _, name := range []string{"ann", "carl", "lea", "ops"} {
		for _, path := range []string{"/audit/checkpoints", "/audit/checkpoints/" + size, "/audit/proofs/1"} {
			s.as(t, name).get(path).want(http.StatusNotFound)
		}
		s.as(t, name).trusted() // the key is for whoever checks a package
	}
}

// The proof of a release holds every decision, the delivery to each place, and a
// recall; it is for auditors, since it tells of files that did not leave.
func TestReleaseProof(t *testing.T) {
	s := newSite(t)
	path, id, checker := s.releasedRequest(t)
	s.work(t)
	aud := s.as(t, "aud")
	address := strings.Replace(path, "/requests/", "/records/", 1) + "/proof"
	types := func() (out []review.EventType) {
		proof, err := ledger.ParseProof(aud.exported(address))
		if err != nil {
			t.Fatal(err)
		}
		_, events, err := proof.Check(aud.trusted())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Request != id {
				t.Errorf("event %d is of request %q", e.Seq, e.Request)
			}
			out = append(out, e.Type)
		}
		return out
	}
	got := types()
	for _, want := range []review.EventType{review.EvSubmitted, review.EvVoted, review.EvReviewSubmitted, review.EvApproved, review.EvPackaged, review.EvDelivered, review.EvReleased} {
		if !slices.Contains(got, want) {
			t.Errorf("the proof holds %v, and not %s", got, want)
		}
	}
	in := review.BreachInput{Words: "A small count is shown.", Severity: review.RecallLow, Discovered: s.Now()}
	if err := s.Recall(t.Context(), s.As(t, "aud"), id, in); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	if got := types(); !slices.Contains(got, review.EvRecalled) || !slices.Contains(got, review.EvTakenBack) {
		t.Errorf("after the recall the proof holds %v", got)
	}
	for _, name := range []string{"ann", checker, "tim", "ops"} {
		if got := s.as(t, name).get(address).status; got != http.StatusNotFound {
			t.Errorf("%s is answered %d", name, got)
		}
	}
}

// Where nothing is signed the pages say so, and offer nothing.
func TestNothingSigned(t *testing.T) {
	s := newSite(t)
	s.Ledger = nil
	aud := s.as(t, "aud")
	aud.get("/audit").want(http.StatusOK).lacks("checkpoint")
	for _, path := range []string{"/audit/checkpoints", "/audit/checkpoints/1", "/audit/key", "/audit/proofs/1"} {
		aud.get(path).want(http.StatusNotFound)
	}
}
