package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// filed is what a test needs to know of a request.
type filed struct {
	Summary struct{ ID, Status, Title string }
	Phase   string
	Can     map[string]bool
	Missing []struct{ Field, Message string }
	Seats   []struct{ Checker, Submitted string }
	Groups  []struct {
		ID, Name string
		Comments []struct{ ID, Author, Text string }
		Files    []struct {
			ID, Path, Kind, Outcome string
			ReleaseSHA256           string `json:"release_sha256"`
			Yours                   bool
			Votes                   []struct{ Checker, Decision, Reason string }
			Exceptions              []struct{ Check, Reason string }
			Acknowledgements        []struct{ Fingerprint, Code string }
			Report                  *struct {
				Findings []struct{ Check, Fingerprint string }
			}
		}
	}
	People map[string]string
}

// draft files a request as ann, by the interface alone, and describes it.
func (s *site) draft(t testing.TB, files ...string) string {
	t.Helper()
	ann := s.as(t, "ann")
	ann.post("/requests", object{"workspace": "cohort"}).want(http.StatusCreated)
	id := into[struct{ ID string }](ann).ID
	if at := ann.header.Get("Location"); at != v1+"/requests/"+id {
		t.Errorf("the draft is said to be at %q", at)
	}
	ann.put("/requests/"+id+"/details", object{"title": "Rates by region", "purpose": "A paper."}).want(http.StatusNoContent)
	var add []object
	for _, f := range files {
		s.Workspaces.Write(reviewtest.Cohort, f, "region,people\nNorth,120\n"+f+",345\n")
		add = append(add, object{"path": f, "kind": "output", "group": "group of " + f})
	}
	ann.post("/requests/"+id+"/files", object{"files": add}).want(http.StatusOK)
	for _, r := range into[struct {
		Results []struct{ File, Problem string }
	}](ann).Results {
		if r.Problem != "" || r.File == "" {
			t.Fatalf("a file was not added: %+v", r)
		}
	}
	s.describe(t, id)
	return id
}

func (s *site) describe(t testing.TB, id string) {
	t.Helper()
	ann := s.as(t, "ann")
	about, controls := reviewtest.Context()
	for _, g := range into[filed](ann.get("/requests/" + id)).Groups {
		ann.put("/requests/"+id+"/groups/"+g.ID, object{"context": about, "controls": controls}).want(http.StatusNoContent)
	}
}

func (s *site) submit(t testing.TB, id string) {
	t.Helper()
	ticked, permitted := reviewtest.Checklist()
	s.as(t, "ann").post("/requests/"+id+"/submit", object{"checklist": ticked, "permitted_results": permitted}).want(http.StatusNoContent)
}

// seats are programs of the two checkers.
func (s *site) seats(t testing.TB, id string) (one, two *program) {
	t.Helper()
	v := into[filed](s.as(t, "ann").get("/requests/" + id).want(http.StatusOK))
	if len(v.Seats) != 2 {
		t.Fatalf("%d seats, want 2", len(v.Seats))
	}
	return s.as(t, v.Seats[0].Checker), s.as(t, v.Seats[1].Checker)
}

// voteAll decides the same on every file that is the checker's.
func (p *program) voteAll(id, decision, reason string) {
	p.t.Helper()
	for _, g := range into[filed](p.get("/requests/" + id).want(http.StatusOK)).Groups {
		for _, f := range g.Files {
			if f.Yours {
				p.get("/requests/" + id + "/files/" + f.ID + "/content").want(http.StatusOK)
				vote := object{"decision": decision, "seen": f.ReleaseSHA256}
				if reason != "" {
					vote["reason"] = reason
				}
				p.post("/requests/"+id+"/files/"+f.ID+"/vote", vote).want(http.StatusNoContent)
			}
		}
	}
}

// One request goes the whole way by the interface alone: filed, reviewed blind,
// returned, answered, reviewed again, released, and read by an auditor.
func TestJourney(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/rates.csv", "release/counts.csv")
	s.submit(t, id)
	ann := s.as(t, "ann")
	if v := into[filed](ann.get("/requests/" + id)); v.Summary.Status != "SUBMITTED" || v.Can["request.edit"] {
		t.Errorf("after submission: %+v", v.Summary)
	}
	one, two := s.seats(t, id)
	queue := into[struct {
		Items []struct{ Request struct{ ID string } }
	}](one.get("/queue").want(http.StatusOK))
	if len(queue.Items) != 1 || queue.Items[0].Request.ID != id {
		t.Errorf("the queue holds %+v", queue.Items)
	}
	one.voteAll(id, "approve", "")
	one.post("/requests/"+id+"/review", nil).want(http.StatusNoContent)
	two.voteAll(id, "changes", "Say which year this is.")
	for _, g := range into[filed](two.get("/requests/" + id)).Groups {
		two.post("/requests/"+id+"/comments", object{"group": g.ID, "visibility": "public", "text": "Which *year*?"}).want(http.StatusNoContent)
	}
	two.post("/requests/"+id+"/review", nil).want(http.StatusNoContent)
	if v := into[filed](one.get("/requests/" + id)); v.Phase != "consolidation" || len(v.Groups[0].Files[0].Votes) != 2 {
		t.Errorf("in consolidation a checker sees %+v", v)
	}
	one.post("/requests/"+id+"/release", nil).want(http.StatusConflict)
	two.post("/requests/"+id+"/return", nil).want(http.StatusNoContent)

	for _, g := range into[filed](ann.get("/requests/" + id)).Groups {
		if len(g.Comments) != 1 {
			t.Errorf("the author sees %+v", g.Comments)
		}
		ann.post("/requests/"+id+"/comments", object{"group": g.ID, "text": "It is 2025."}).want(http.StatusNoContent)
	}
	s.submit(t, id)
	for _, p := range []*program{one, two} {
		p.voteAll(id, "approve", "")
		p.post("/requests/"+id+"/review", nil).want(http.StatusNoContent)
	}
	one.post("/requests/"+id+"/release", nil).want(http.StatusAccepted)
	two.post("/requests/"+id+"/release", nil).want(http.StatusAccepted) // releases nothing twice
	if _, err := s.WorkOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{}
	for _, f := range []string{"release/rates.csv", "release/counts.csv"} {
		want[f] = []byte("region,people\nNorth,120\n" + f + ",345\n")
	}
	if len(s.Sink.Delivered) != 1 {
		t.Fatalf("%d packages left, want 1", len(s.Sink.Delivered))
	}
	for _, got := range s.Sink.Delivered {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what left (-want +got):\n%s", diff)
		}
	}
	s.audited(t, id)
}

// audited reads the record of a released request.
func (s *site) audited(t *testing.T, id string) {
	t.Helper()
	aud := s.as(t, "aud")
	rec := into[struct {
		Request filed
		Events  []struct{ Type string }
		Release struct {
			ID    string
			Files []struct{ SHA256 string }
		}
	}](aud.get("/records/" + id).want(http.StatusOK))
	if rec.Request.Summary.Status != "RELEASED" || len(rec.Release.Files) != 2 || len(rec.Events) < 20 {
		t.Errorf("the record: %s, %d files, %d events", rec.Request.Summary.Status, len(rec.Release.Files), len(rec.Events))
	}
	release, err := s.store.Release(t.Context(), review.RequestID(id))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := review.Manifest(release)
	if err != nil {
		t.Fatal(err)
	}
	if aud.get("/records/" + id + "/manifest").want(http.StatusOK); !bytes.Equal(aud.body, manifest) {
		t.Error("the manifest is not the one that left")
	}
	if aud.get("/releases").want(http.StatusOK); !bytes.Contains(aud.body, []byte(rec.Release.ID)) {
		t.Error("the register does not hold the release")
	}
	s.as(t, "ops").get("/status").want(http.StatusOK)
	if aud.get("/audit?type=request.released").want(http.StatusOK); bytes.Count(aud.body, []byte(`"seq"`)) != 1 {
		t.Errorf("events of the release: %s", aud.body)
	}
}

// A file that needs an exception and a finding that needs an answer go their
// way by the interface.
func TestExceptionsAndAnswers(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/small.csv")
	ann := s.as(t, "ann")
	v := into[filed](ann.get("/requests/" + id))
	file := v.Groups[0].Files[0]
	if file.Report == nil || len(file.Report.Findings) != 1 {
		t.Fatalf("the findings: %+v", file.Report)
	}
	finding := file.Report.Findings[0]
	at := "/requests/" + id
	code := policy.Default().Acknowledgements[0].ID
	ann.post(at+"/acknowledgements", object{"fingerprint": finding.Fingerprint, "code": code, "text": "These are towns."}).want(http.StatusNoContent)
	ann.post(at+"/acknowledgements", object{"fingerprint": finding.Fingerprint, "code": "odd", "text": "x"}).want(http.StatusUnprocessableEntity)
	ann.post(at+"/files/"+file.ID+"/exceptions", object{"check": finding.Check, "reason": "Towns, not people."}).want(http.StatusNoContent)
	s.submit(t, id)
	one, _ := s.seats(t, id)
	vote := object{"decision": "approve", "seen": file.ReleaseSHA256, "reason": "I looked."}
	one.post(at+"/files/"+file.ID+"/vote", vote).want(http.StatusUnprocessableEntity)
	one.post(at+"/files/"+file.ID+"/exceptions/answer", object{"check": finding.Check, "accept": false}).want(http.StatusUnprocessableEntity)
	one.post(at+"/files/"+file.ID+"/exceptions/answer", object{"check": finding.Check, "accept": true}).want(http.StatusNoContent)
	one.post(at+"/acknowledgements/answer", object{"fingerprint": finding.Fingerprint, "accept": true}).want(http.StatusNoContent)
	one.post(at+"/files/"+file.ID+"/vote", vote).want(http.StatusNoContent)
	vote["seen"] = strings.Repeat("0", 64)
	one.post(at+"/files/"+file.ID+"/vote", vote).want(http.StatusConflict)
}

// The rest of drafting: wildcards, moves, updates, versions, reuse, withdrawal.
func TestDrafting(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/one.csv")
	ann, at := s.as(t, "ann"), "/requests/"+id
	for _, f := range []string{"release/rate_a.csv", "release/rate_b.csv"} {
		s.Workspaces.Write(reviewtest.Cohort, f, "sex,n\nF,10\n"+f+",5\n")
	}
	ann.post(at+"/wildcards", object{"group": "rates", "pattern": "release/rate_*.csv", "count": 3}).want(http.StatusUnprocessableEntity)
	if p := into[problem](ann); p.Fields["pattern_count"] == "" || p.Type != "urn:sallyport:problem:invalid" {
		t.Errorf("a wrong count: %+v", p)
	}
	ann.post(at+"/wildcards", object{"group": "rates", "pattern": "release/rate_*.csv", "count": 2}).want(http.StatusOK)
	v := into[filed](ann.get(at))
	rate := v.Groups[1].Files[0]
	ann.post(at+"/files/"+rate.ID+"/move", object{"group": "others", "kind": "supporting"}).want(http.StatusNoContent)
	ann.get(at + "/files/" + rate.ID + "/versions").want(http.StatusConflict)
	s.Workspaces.Write(reviewtest.Cohort, rate.Path, "sex,n\nF,15\n")
	ann.get(at + "/files/" + rate.ID + "/versions").want(http.StatusOK)
	if got := into[struct{ After []byte }](ann).After; string(got) != "sex,n\nF,15\n" {
		t.Errorf("the version in the workspace is %q", got)
	}
	if ann.get(at + "/files/" + rate.ID + "/versions/after").want(http.StatusOK); string(ann.body) != "sex,n\nF,15\n" {
		t.Errorf("the version after the change is %q", ann.body)
	}
	ann.get(at + "/files/" + rate.ID + "/versions/between").want(http.StatusNotFound)
	ann.post(at+"/files/"+rate.ID+"/update", nil).want(http.StatusNoContent)
	ann.get(at + "/files/" + rate.ID + "/download").want(http.StatusOK)
	if string(ann.body) != "sex,n\nF,15\n" || ann.header.Get("Content-Disposition") != "attachment" || !strings.Contains(ann.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the download: %q, %v", ann.body, ann.header)
	}
	ann.post(at+"/files/"+rate.ID+"/withdraw", nil).want(http.StatusNoContent)
	ann.post(at+"/withdraw", object{}).want(http.StatusNoContent)
	ann.post(at+"/withdraw", nil).want(http.StatusConflict)

	next := s.draft(t, "release/two.csv")
	ann.post("/requests/"+next+"/reuse", object{"from": id}).want(http.StatusNoContent)
	ann.post("/requests/"+next+"/submit", object{"checklist": []string{}, "permitted_results": "0"}).want(http.StatusUnprocessableEntity)
	if p := into[problem](ann); p.Fields["permitted_results"] == "" {
		t.Errorf("an unconfirmed submission: %+v", p)
	}
	if v := into[filed](ann.get("/requests/" + next)); len(v.People) != 1 || v.People["ann"] != "Person ann" {
		t.Errorf("a draft of ann's mentions %v", v.People)
	}
}

// Leads and checkers move work by the interface.
func TestRouting(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/one.csv")
	s.submit(t, id)
	one, two := s.seats(t, id)
	me := func(p *program) string { return into[struct{ Username string }](p.get("/me")).Username }
	first, second := me(one), me(two)
	third := strings.Trim(strings.NewReplacer(first, "", second, "", ",", "").Replace("carl,cora,chen"), ",")
	at := "/requests/" + id
	lea := s.as(t, "lea")
	file := into[filed](lea.get(at).want(http.StatusOK)).Groups[0].Files[0].ID
	lea.get("/board").want(http.StatusOK)
	if bytes.Contains(lea.body, []byte("Rates by region")) || bytes.Contains(lea.body, []byte("hash")) {
		t.Errorf("the board shows more than the load: %s", lea.body)
	}
	one.post(at+"/hand-over", object{"to": third}).want(http.StatusUnprocessableEntity)
	one.post(at+"/hand-over", object{"to": third, "reason": "I am away."}).want(http.StatusNoContent)
	one.get(at).want(http.StatusNotFound)
	lea.post(at+"/files/"+file+"/route", object{"from": second, "to": first, "reason": "They know this."}).want(http.StatusNoContent)
	lea.post(at+"/reassign", object{"from": third, "to": "ann", "reason": "x"}).want(http.StatusUnprocessableEntity)
	s.as(t, "cyn").get("/claimable").want(http.StatusOK)
	one.post(at+"/groups/"+into[filed](one.get(at)).Groups[0].ID+"/request-changes", object{"reason": "More."}).want(http.StatusNoContent)
}

// The register of one's own requests, the log and the files of a workspace come
// in pages that meet without gaps.
func TestPages(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	for range 5 {
		ann.post("/requests", object{"workspace": "cohort"}).want(http.StatusCreated)
		ann.post("/requests/"+into[struct{ ID string }](ann).ID+"/withdraw", nil).want(http.StatusNoContent)
	}
	for _, f := range []string{"a", "b", "c"} {
		s.Workspaces.Write(reviewtest.Cohort, "release/"+f+".csv", f)
	}
	type anyPage struct {
		Items []json.RawMessage
		Next  string
	}
	for path, who := range map[string]string{"/requests": "ann", "/workspaces/cohort/files": "ann", "/audit": "aud", "/records": "aud"} {
		p := s.as(t, who)
		whole := into[anyPage](p.get(path + "?limit=200").want(http.StatusOK))
		var got []json.RawMessage
		for next := v1 + path + "?limit=2"; next != ""; {
			page := into[anyPage](p.call(http.MethodGet, next, nil).want(http.StatusOK))
			if len(page.Items) > 2 || len(page.Items) == 0 {
				t.Fatalf("a page of %s holds %d", path, len(page.Items))
			}
			got, next = append(got, page.Items...), page.Next
		}
		if diff := cmp.Diff(whole.Items, got[:len(whole.Items)]); diff != "" || len(whole.Items) < 3 {
			t.Errorf("%s in pages (-whole +pages):\n%s", path, diff)
		}
	}
	for _, bad := range []string{"?limit=0", "?limit=201", "?limit=x", "?limit=", "?offset=-1", "?offset=100001", "?colour=red", "?limit=1&limit=2", "?limit=%zz"} {
		if ann.get("/requests" + bad); ann.status != http.StatusUnprocessableEntity && ann.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, ann.status)
		}
	}
	s.as(t, "aud").get("/records?status=LOST").want(http.StatusUnprocessableEntity)
}
