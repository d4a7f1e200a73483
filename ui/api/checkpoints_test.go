package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/ledger"
)

// told fails unless the newest export on record has the bytes of the answer.
func (p *program) told() {
	p.t.Helper()
	list, err := p.site.store.Events(p.t.Context(), review.EventQuery{Types: []review.EventType{review.EvExported}, Newest: true, Limit: 1})
	sum := sha256.Sum256(p.body)
	if err != nil || len(list) != 1 || string(list[0].Digest) != hex.EncodeToString(sum[:]) {
		p.t.Errorf("%s: the newest export on record is %+v, %v", p.asked, list, err)
	}
}

// A collector elsewhere reads on from the number that it has: it gets each event
// once, in order and without a gap, and leaves nothing on record by looking.
func TestFollowingTheRecord(t *testing.T) {
	s := newStage(t, review.Pending)
	aud := s.as(t, "aud")
	type page struct {
		Items []struct{ Seq int64 }
	}
	at := int64(0)
	read := func() (n int) {
		t.Helper()
		for {
			got := into[page](aud.get("/audit?limit=3&after=" + strconv.FormatInt(at, 10)).want(http.StatusOK)).Items
			if len(got) == 0 {
				return n
			}
			for _, e := range got {
				if e.Seq != at+1 {
					t.Fatalf("after event %d comes %d", at, e.Seq)
				}
				at, n = e.Seq, n+1
			}
		}
	}
	if n := read(); n < 5 {
		t.Errorf("the record has %d events", n)
	}
	if n := read(); n != 0 {
		t.Errorf("looking left %d events", n)
	}
	aud.get("/audit/proofs/1").want(http.StatusOK).told()
	if n := read(); n != 1 {
		t.Errorf("one thing happened, and %d events came", n)
	}
}

// What programs fetch proves the same as what pages give out, to somebody who
// has the key and nothing else.
func TestCheckpointsAndProofs(t *testing.T) {
	s := newStage(t, review.Released)
	aud := s.as(t, "aud")
	keys, err := ledger.ParseKeys(string(aud.get("/audit/key").want(http.StatusOK).body))
	if err != nil {
		t.Fatal(err)
	}
	type list struct {
		Items []struct {
			Size       int64
			Root, Note string
		}
		Next string
	}
	all := into[list](aud.get("/audit/checkpoints?limit=1").want(http.StatusOK))
	c, err := keys.Checkpoint([]byte(all.Items[0].Note))
	if err != nil || c.Size != all.Items[0].Size || hex.EncodeToString(c.Root[:]) != all.Items[0].Root {
		t.Errorf("the checkpoint %+v, %v", all.Items[0], err)
	}
	size := strconv.FormatInt(c.Size, 10)
	if rest := into[list](aud.call(http.MethodGet, all.Next, nil).want(http.StatusOK)); len(rest.Items) != 1 || rest.Items[0].Size >= c.Size {
		t.Errorf("the next page of checkpoints is %+v", rest)
	}
	aud.get("/audit/checkpoints/" + size).want(http.StatusOK).told()
	if string(aud.body) != all.Items[0].Note {
		t.Error("the note is another than in the list")
	}
	for path, events := range map[string]int{"/audit/proofs/1": 1, "/records/" + s.id + "/proof": 10} {
		aud.get(path).want(http.StatusOK).told()
		proof, err := ledger.ParseProof(aud.body)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := proof.Check(keys); err != nil || len(got) < events {
			t.Errorf("%s proves %d events, want at least %d: %v", path, len(got), events, err)
		}
	}
	aud.get("/audit/proofs/x").want(http.StatusNotFound)
	aud.get("/audit/checkpoints?before=-1").want(http.StatusUnprocessableEntity)
}

// The package of a release is the same for pages and programs, and is verified as
// its recipient would.
func TestPackage(t *testing.T) {
	s := newStage(t, review.Released)
	ann := s.as(t, "ann").get("/requests/" + s.id + "/package").want(http.StatusOK)
	file := filepath.Join(t.TempDir(), "p.zip")
	if err := os.WriteFile(file, ann.body, 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := crate.Verify(t.Context(), file, ""); err != nil || len(v.Record.Files) != 2 {
		t.Errorf("the package says %+v, %v", v, err)
	}
	list, err := s.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvPackageDownloaded}})
	if err != nil || len(list) != 1 || list[0].Actor != "ann" {
		t.Errorf("events %+v, %v", list, err)
	}
	for _, other := range []string{"abe", "tim", "ops", s.one} {
		if got := s.as(t, other).get("/requests/" + s.id + "/package").status; got < 400 {
			t.Errorf("%s is answered %d", other, got)
		}
	}
}
