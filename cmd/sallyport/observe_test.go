package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"sallyport/checks/provenance"
	"sallyport/cmd/sallyport/internal/observe"
	"sallyport/policy"
	"sallyport/review"
)

// watched is a demonstration's server, and what is asked of it.
func watched(t *testing.T) *server {
	t.Helper()
	a := &app{stdout: io.Discard, stderr: io.Discard, now: func() time.Time { return time.Now().UTC() }}
	s, err := demoCommand{Listen: "127.0.0.1:0", Data: filepath.Join(t.TempDir(), "demo")}.server(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestWatched looks at a working service from outside: what it answers, and that
// neither numbers nor traces hold a name, an identifier, a path or a word of
// anybody's, whatever is asked.
func TestWatched(t *testing.T) {
	s := watched(t)
	spans := tracetest.NewInMemoryExporter()
	traces := observe.NewTraces(sdktrace.NewSimpleSpanProcessor(spans), "test", 1)
	defer traces.Close()
	s.service.Trace = observe.Begin

	ctx := t.Context()
	rowan, err := s.service.Actor(ctx, "rowan", "local")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "zqxjkv"
	for _, path := range []string{"/", "/sign-in", "/requests/" + secret, "/invitation/" + secret, "/nowhere/" + secret + "?q=" + secret, "/static/" + secret, "/api/v1/requests/" + secret} {
		ask(s.handler, "GET", path)
		ask(s.handler, strings.ToUpper(secret), path)
	}
	const workspace = "vaccine-coverage-2026"
	id, err := s.service.CreateRequest(ctx, rowan, workspace)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.service.EditDetails(ctx, rowan, id, review.RequestDetails{Title: secret, Purpose: secret}); err != nil {
		t.Fatal(err)
	}
	files, _, err := s.service.WorkspaceFiles(ctx, rowan, workspace)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files.Files {
		if f.Release && f.Problem == "" && f.Origin.Level == provenance.Moderately {
			if _, err := s.service.AddFiles(ctx, rowan, id, []review.AddFile{{Path: f.Path, Kind: review.Output, Group: secret}}); err != nil {
				t.Fatal(err)
			}
			break
		}
	}

	details := s.probes.Details("")
	numbers := ask(details, "GET", "/metrics").Body.String()
	for _, want := range []string{
		`sallyport_http_requests_total{method="GET",route="/sign-in",status="200"} 1`, `sallyport_requests{status="PENDING"} 1`,
		"sallyport_store_up 1", `sallyport_store_statements_total{kind="create",outcome="done"}`, "sallyport_checks_seconds_count", "sallyport_build_info{",
		"sallyport_record_events", "go_goroutines", `sallyport_ready{part="keys"} 1`, "sallyport_sessions_in_use 0", "sallyport_disk_free_bytes{", `method="other"`,
	} {
		if !strings.Contains(numbers, want) {
			t.Errorf("the numbers lack %s", want)
		}
	}
	told := numbers + ask(details, "GET", "/readyz").Body.String() + fmt.Sprintf("%+v", spans.GetSpans())
	for _, no := range []string{secret, strings.ToUpper(secret), "rowan", string(id), workspace} {
		if at := strings.Index(told, no); at >= 0 {
			t.Errorf("%q is told: ...%s...", no, told[max(0, at-80):min(len(told), at+80)])
		}
	}
	if n := len(spans.GetSpans()); n < 20 {
		t.Errorf("%d spans", n)
	}
	must(t, s.store.Enqueue(ctx, review.Job{ID: "odd", Kind: review.JobWitness, Target: "nobody", Due: s.service.Now(), MaxTries: 1}))
	for did := true; did; {
		if did, err = s.service.WorkOnce(ctx); err != nil {
			t.Fatal(err)
		}
	}
	named := map[string]bool{}
	for _, span := range spans.GetSpans() {
		named[span.Name] = true
	}
	for _, want := range []string{"GET /sign-in", "change " + string(policy.RequestEdit), "job " + review.JobWitness, "checks"} {
		if !named[want] {
			t.Errorf("no span is named %q", want)
		}
	}
	if got := ask(s.probes.Details("open sesame"), "GET", "/metrics"); got.Code != http.StatusUnauthorized {
		t.Errorf("without the token: %d", got.Code)
	}
	if got := ask(s.probes.Details("open sesame"), "GET", "/metrics", "Authorization", "Bearer open sesame"); got.Code != http.StatusOK {
		t.Errorf("with it: %d", got.Code)
	}
}

// TestReady spoils what readiness rests on, one after another: the service's own
// address says only that it is not ready, the other one why.
func TestReady(t *testing.T) {
	s := watched(t)
	// A part is looked at again only after a while: each question is asked anew.
	look := func() (code int, text, why string) {
		p := &observe.Probes{Service: s.service, Store: s.store, Metrics: s.metrics, Keys: s.probes.Keys, Stopping: s.stopping.Load}
		w := ask(p.Public(s.handler), "GET", "/readyz")
		var d struct{ Parts []observe.Part }
		if err := json.Unmarshal(ask(p.Details(""), "GET", "/readyz").Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		for _, part := range d.Parts {
			if !part.OK && part.Needed {
				why += part.Name + " "
			}
		}
		return w.Code, w.Body.String(), why
	}
	expect := func(when string, code int, text, why string) {
		t.Helper()
		if c, x, y := look(); c != code || x != text || y != why {
			t.Errorf("%s: %d %q because of %q", when, c, x, y)
		}
	}
	// cli asks as `sallyport ready` does, by an address of its own with a token.
	aside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(&observe.Probes{Service: s.service, Store: s.store, Metrics: s.metrics, Keys: s.probes.Keys, Stopping: s.stopping.Load}).Details("open-sesame").ServeHTTP(w, r)
	}))
	defer aside.Close()
	dir := t.TempDir()
	token, file := filepath.Join(dir, "token"), filepath.Join(dir, "sallyport.yaml")
	must(t, os.WriteFile(token, []byte("open-sesame\n"), 0o600))
	must(t, os.WriteFile(file, fmt.Appendf(nil, "metrics: {listen: %q, token_file: %q}\n", aside.Listener.Addr().String(), token), 0o600))
	cli := func(when string, code int, want string) {
		t.Helper()
		var out, complaint bytes.Buffer
		if got := run(t.Context(), []string{"ready", "--config", file}, strings.NewReader(""), &out, &complaint); got != code || !strings.Contains(out.String()+complaint.String(), want) {
			t.Errorf("%s: `ready` exits with %d: %s%s", when, got, out.String(), complaint.String())
		}
	}
	expect("at first", 200, "ready\n", "")
	cli("at first", exitOK, "ready\n  database         ok\n")
	if got := ask(s.handler, "GET", "/healthz"); got.Code != 200 || got.Body.String() != "alive\n" {
		t.Errorf("alive: %d %q", got.Code, got.Body.String())
	}
	if got := ask(s.handler, "POST", "/readyz"); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("a post: %d", got.Code)
	}

	s.stopping.Store(true)
	expect("stopping", 503, "not ready\n", "running ")
	s.stopping.Store(false)

	key := filepath.Join(s.probes.Keys, "sallyport.key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	expect("without its key", 503, "not ready\n", "keys ")
	cli("without its key", exitFindings, "keys             WRONG: the signing key is not where it was")
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}

	t.Setenv("TMPDIR", filepath.Join(dir, "none"))
	expect("without a folder for temporary files", 503, "not ready\n", "temporary ")
	t.Setenv("TMPDIR", dir)

	blobs := s.service.Blobs
	s.service.Blobs = noBlobs{blobs}
	expect("without stored files", 503, "not ready\n", "files ")
	s.service.Blobs = blobs

	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if c, _, why := look(); c != 503 || !strings.Contains(why, "database") {
		t.Errorf("without its database: %d because of %q", c, why)
	}
	must(t, os.WriteFile(token, []byte("open-says-me\n"), 0o600))
	cli("with another token", exitError, "401")
	aside.Close()
	cli("with nobody there", exitError, "nobody answers")
}

type noBlobs struct{ review.Blobs }

func (noBlobs) Open(context.Context, review.Digest) (io.ReadCloser, error) {
	return nil, os.ErrPermission
}

// TestLog writes the log as it is told to.
func TestLog(t *testing.T) {
	for _, tt := range []struct {
		conf logConfig
		want string // beginning of the only line, of info and debug; "" for none
	}{
		{logConfig{}, `{"time":`},
		{logConfig{Format: "text"}, "time="},
		{logConfig{Level: "warn"}, ""},
	} {
		var b bytes.Buffer
		log, err := tt.conf.logger(&b)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("small")
		log.Info("told")
		if got := b.String(); !strings.HasPrefix(got, tt.want) || strings.Count(got, "\n") != min(1, len(tt.want)) {
			t.Errorf("%+v writes %q", tt.conf, got)
		}
	}
	for _, bad := range []config{
		{Log: logConfig{Level: "loud"}}, {Log: logConfig{Format: "xml"}}, {Metrics: metricsConfig{TokenFile: "x"}}, {Metrics: metricsConfig{Listen: "9464"}},
		{Metrics: metricsConfig{Listen: "0.0.0.0:9464"}}, {Traces: tracesConfig{URL: "collector"}}, {Traces: tracesConfig{Share: .5}}, {Traces: tracesConfig{URL: "http://c", Share: 2}},
	} {
		if bad.checkObserve() == nil {
			t.Errorf("accepted: %+v", bad)
		}
	}
}

// TestStartingLine holds the first line of the log to naming everything, and to
// keeping what lets anybody in.
func TestStartingLine(t *testing.T) {
	for address, want := range map[string]string{
		"/var/lib/sallyport/sallyport.db":                             "/var/lib/sallyport/sallyport.db",
		"postgres://app:hunter2@db.example.org:5432/sallyport?x=1":    "postgres://db.example.org:5432/sallyport",
		"postgres:///sallyport?host=/run/postgresql&password=hunter2": "postgres:///run/postgresql/sallyport",
		"s3://bucket/prefix?region=eu&secret=hunter2":                 "s3://bucket/prefix",
		"postgres://app:hunt%zzer2@db/x":                              "an address that cannot be shown",
		"":                                                            "",
	} {
		if got := bare(address); got != want {
			t.Errorf("%s: %s, not %s", address, got, want)
		}
	}
	s := watched(t)
	var said bytes.Buffer
	s.log = slog.New(slog.NewJSONHandler(&said, nil))
	p, err := loadPolicy("")
	must(t, err)
	must(t, s.tell(config{Data: "/d", Address: "postgres://app:hunter2@db/x", Workspaces: "/w", Exports: "/e", Metrics: metricsConfig{Listen: "127.0.0.1:9"}}, p))
	line := said.String()
	for _, want := range []string{`"database":"postgres://db/x"`, `"data":"/d"`, `"keys":"/d/keys"`, `"workspaces":"/w"`, `"sinks":["exports"]`, `"metrics":"127.0.0.1:9"`, p.SHA256, `"malware_scan":"off"`} {
		if !strings.Contains(line, want) {
			t.Errorf("the first line of the log lacks %s: %s", want, line)
		}
	}
	if strings.Contains(line, "hunter2") {
		t.Errorf("the first line of the log has a password: %s", line)
	}
}
