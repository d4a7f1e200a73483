package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage/storagetest"
)

// A delivery that a job server refuses is given up; an operator sees it with
// `jobs list`, mends the cause and has it tried again with `jobs retry`. Then
// `audit prove --release` proves the decisions to whoever has the public key.
func TestGivenUpTriedAgainAndProven(t *testing.T) {
	stand := new(storagetest.JobServer)
	var mended atomic.Bool
	stand.Before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		if mended.Load() {
			return false
		}
		http.Error(w, `{"detail": "Invalid token s3cret"}`, http.StatusForbidden)
		return true
	}
	web := httptest.NewServer(stand)
	defer web.Close()
	t.Setenv("SALLYPORT_TEST_TOKEN", storagetest.Token)
	data := filepath.Join(t.TempDir(), "data")
	id, checker := reviewedRequest(t, data)
	list := sinksOf("", "", web.URL+"/api/v2")[2:]

	unmarked(t, data, func() { wrote(t, exitOK, "Nothing was given up.", "jobs", "list", "--data", data) })
	ahead := workUntil(t, data, id, checker, list, 0, func(s *server) bool {
		dead, err := s.store.DeadJobs(t.Context())
		must(t, err)
		return len(dead) == 1
	})
	var job string
	unmarked(t, data, func() {
		job = givenUp(t, data, id)
		wrote(t, exitError, "", "jobs", "retry", "--data", data, "no-such-job")
		mended.Store(true)
		wrote(t, exitOK, "is tried again as soon as the service runs", "jobs", "retry", "--data", data, job)
		wrote(t, exitError, "", "jobs", "retry", "--data", data, job)
		wrote(t, exitOK, "Nothing was given up.", "jobs", "list", "--data", data)
		wrote(t, exitOK, "waiting", "jobs", "list", "--data", data, "--waiting")
	})
	workUntil(t, data, id, checker, list, ahead, func(s *server) bool {
		r, err := s.store.Request(t.Context(), id)
		must(t, err)
		return r.Status == review.Released
	})
	s, release := released(t, data, id)
	oneOfEach(t, s, id)
	onceAtJobServer(t, s, stand, release)
	revived, err := s.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvJobRevived}})
	must(t, err)
	if len(revived) != 1 || revived[0].Detail["job"] != job {
		t.Errorf("on record: %+v", revived)
	}
	closeServer(t, s)
	unmarked(t, data, func() { provenRelease(t, data, release) })
}

// unmarked does something with a demonstration's folder as a real one.
func unmarked(t *testing.T, data string, do func()) {
	t.Helper()
	mark, aside := filepath.Join(data, "SALLYPORT-DEMO"), filepath.Join(t.TempDir(), "mark")
	must(t, os.Rename(mark, aside))
	do()
	must(t, os.Rename(aside, mark))
}

// givenUp reads the one job that was given up, as a program does, and returns
// its name.
func givenUp(t *testing.T, data string, id review.RequestID) string {
	t.Helper()
	status, out := command(t, "jobs", "list", "--data", data, "--format", "json")
	var lines []jobLine
	if err := json.Unmarshal([]byte(out), &lines); err != nil || status != exitFindings || len(lines) != 1 {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	j := lines[0]
	if j.State != review.JobDead || j.Target != "jobs" || j.Request != id || j.Tries != 4 || j.Failing.IsZero() || j.Reason == "" {
		t.Errorf("given up: %+v", j)
	}
	if strings.Contains(out, "s3cret") {
		t.Errorf("it tells what another machine said: %s", out)
	}
	wrote(t, exitFindings, j.ID, "jobs", "list", "--data", data, "--waiting")
	return j.ID
}

// workUntil works the outbox off, an hour later after each job, until done; it
// returns how much later it is then.
func workUntil(t *testing.T, data string, id review.RequestID, checker review.Username, list []sinkConfig, ahead time.Duration, done func(*server) bool) time.Duration {
	t.Helper()
	s, err := demoServer(t.Context(), data, func() time.Time { return time.Now().Add(ahead) })
	must(t, err)
	defer closeServer(t, s)
	must(t, useSinks(t.Context(), s, list))
	actor, err := s.service.Actor(t.Context(), checker, "local")
	must(t, err)
	must(t, s.service.Release(t.Context(), actor, id))
	for range 30 {
		if done(s) {
			return ahead
		}
		ahead += time.Hour
		_, err := s.service.WorkOnce(t.Context())
		must(t, err)
	}
	t.Fatal("it is never done")
	return 0
}

// provenRelease writes the proof of a release's decisions, and holds the proof,
// and what somebody makes of it, to the public key.
func provenRelease(t *testing.T, data string, release *review.Release) {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(data, "keys", ledger.PublicFile)
	proof := filepath.Join(dir, "release.json")
	wrote(t, exitOK, "by a checkpoint of", "audit", "prove", "--data", data, "--release", release.ID, "--out", proof)
	status, out := command(t, "audit", "check-proof", "--key", key, proof)
	votes := strings.Count(out, ", file.voted ")
	for _, c := range release.Checkers {
		if status != exitOK || !strings.Contains(out, " by "+string(c)+": in the log.") {
			t.Errorf("status %d, and no word of %s:\n%s", status, c, out)
		}
	}
	if votes < 2*len(release.Files) {
		t.Errorf("%d votes on %d files are proven:\n%s", votes, len(release.Files), out)
	}
	wrote(t, exitOK, "Signed for", "audit", "check-proof", "--key", key, proof)
	wrote(t, exitError, "no release", "audit", "prove", "--data", data, "--release", "none")
	wrote(t, exitError, "name either", "audit", "prove", "--data", data, "--release", release.ID, "--event", "3")
	wrote(t, exitError, "exist", "audit", "prove", "--data", data, "--release", release.ID, "--out", proof)

	byRequest := filepath.Join(dir, "request.json")
	wrote(t, exitOK, "A proof of", "audit", "prove", "--data", data, "--release", string(release.Request), "--out", byRequest)
	wrote(t, exitOK, "Signed for", "audit", "check-proof", "--key", key, byRequest)

	text, err := os.ReadFile(proof)
	must(t, err)
	actor := regexp.MustCompile(`"actor": "` + string(release.Checkers[0]) + `"`)
	altered := actor.ReplaceAllLiteral(text, []byte(`"actor": "`+string(release.Author)+`"`))
	if bytes.Equal(text, altered) {
		t.Fatalf("the proof names no %s:\n%.2000s", release.Checkers[0], text)
	}
	wrote(t, exitFindings, "This proves nothing", "audit", "check-proof", "--key", key, file(t, "altered.json", string(altered)))
}
