package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/cmd/sallyport/internal/observe"
	"sallyport/review"
)

// What must not get about: each place has a word of its own.
const (
	markContents = "zqcontents" // in the bytes of files
	markWords    = "zqwords"    // in titles, purposes, comments
	markArgument = "zqargument" // typed after a flag or a command
	markSecret   = "zqsecret"   // in tokens, passwords and addresses with passwords
)

// notTried are the commands that run until they are stopped; what a server lets
// out is looked at from outside.
var notTried = []string{"sallyport serve", "sallyport demo", "sallyport examine"}

// quotes are the commands whose answer holds words or contents because that is
// what they are for: findings quote the file that one asks about, and whoever asks
// for their own request, or makes a copy, gets it.
var quotes = map[string][]string{
	"sallyport check":          {markContents},
	"sallyport request files":  {markContents}, // findings
	"sallyport request status": {markWords},
	"sallyport request create": {markWords},
	"sallyport audit prove":    {markWords}, // events, as the record has them
	"sallyport access show":    {markWords},
}

// marked is a real server's data with marks everywhere, and the server.
type marked struct {
	*server
	config, data, workspaces, url string
	request                       review.RequestID
	log                           *logs
}

// startMarked makes the data, and starts a server on it whose log is kept.
func startMarked(t *testing.T) *marked {
	t.Helper()
	dir := t.TempDir()
	if _, err := demo.Prepare(filepath.Join(dir, "demo")); err != nil {
		t.Fatal(err)
	}
	m := &marked{config: filepath.Join(dir, "sallyport.yaml"), data: filepath.Join(dir, "data"), workspaces: demo.Workspaces(filepath.Join(dir, "demo")), log: new(logs)}
	conf := fmt.Sprintf("listen: 127.0.0.1:0\ndata: %s\nworkspaces: %s\nexports: %s\npublic_url: http://127.0.0.1\nnotify: {folder: %s}\n",
		m.data, m.workspaces, filepath.Join(dir, "exports"), filepath.Join(dir, "mail"))
	m.write(t, m.config, conf)
	if code := run(t.Context(), []string{"people", "import", "-", "--config", m.config}, strings.NewReader(`
projects: [{id: vaccines, name: Vaccines, workspaces: [vaccine-coverage-2026]}]
people:
  - {username: ann, name: Ann, email: ann@example.org, roles: [researcher], projects: [vaccines]}
  - {username: lea, name: Lea, email: lea@example.org, roles: [lead, checker], trained_until: 2099-01-01}
  - {username: bot, name: Bot, roles: []}
`), m.log, m.log); code != exitOK {
		t.Fatal(m.log.String())
	}
	c, err := configFlags{Config: m.config}.config()
	if err != nil {
		t.Fatal(err)
	}
	m.server, err = newServer(t.Context(), c, slog.New(slog.NewJSONHandler(m.log, &slog.HandlerOptions{Level: slog.LevelDebug})), func() time.Time { return time.Now().UTC() }, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	m.fill(t)
	srv := httptest.NewServer(m.handler)
	t.Cleanup(srv.Close)
	m.url = srv.URL
	return m
}

func (m *marked) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fill makes a request of ann's with marks in each field and in its file.
func (m *marked) fill(t *testing.T) {
	t.Helper()
	const workspace, file = "vaccine-coverage-2026", "release/coverage_by_region.csv"
	at := filepath.Join(m.workspaces, workspace, file)
	text, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, at, string(text)+strings.Replace(strings.SplitN(string(text), "\n", 3)[1], ",", markContents+",", 1)+"\n")
	ctx := t.Context()
	ann, err := m.service.Actor(ctx, "ann", "local")
	if err != nil {
		t.Fatal(err)
	}
	if m.request, err = m.service.CreateRequest(ctx, ann, workspace); err != nil {
		t.Fatal(err)
	}
	if err := m.service.EditDetails(ctx, ann, m.request, review.RequestDetails{Title: markWords, Purpose: markWords, Concerns: markWords, Repository: markWords}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.service.AddFiles(ctx, ann, m.request, []review.AddFile{{Path: file, Kind: review.Output, Group: markWords}}); err != nil {
		t.Fatal(err)
	}
}

// good are arguments with which commands do what they are for; the others are
// tried with marks alone.
func (m *marked) good(t *testing.T) map[string][]string {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	m.write(t, in("form.yaml"), "workspace: vaccine-coverage-2026\ntitle: "+markWords+"\npurpose: "+markWords+"\n")
	m.write(t, in("roles.csv"), "username,role,project,reason\nann,"+markArgument+",vaccines,"+markWords+"\n")
	conf := []string{"--config", m.config}
	with := func(args ...string) []string { return append(args, conf...) }
	file := filepath.Join(m.workspaces, "vaccine-coverage-2026", "release", "coverage_by_region.csv")
	return map[string][]string{
		"sallyport check": {file}, "sallyport sanitise": {"--out", in("clean"), file}, "sallyport version": nil,
		"sallyport request create": {"--form", in("form.yaml")}, "sallyport request form": {"--workspace", "vaccine-coverage-2026", "--out", in("out.yaml")},
		"sallyport request status": {string(m.request)}, "sallyport request files": {string(m.request)},
		"sallyport people list": conf, "sallyport people password": with("ann"), "sallyport people invite": with("ann"), "sallyport people reset": with("ann"),
		"sallyport people link": with("ann", "university", markArgument), "sallyport people new-key": conf,
		"sallyport access show": conf, "sallyport access grant": with("ann", "collaborator", "--project", "vaccines", "--reason", markWords),
		"sallyport access import": with(in("roles.csv")),
		"sallyport sessions list": with("ann"), "sallyport sessions revoke": with("ann"), "sallyport migrate status": conf, "sallyport migrate plan": conf,
		"sallyport backup make": with("--out", in("backup")), "sallyport jobs list": conf, "sallyport verify all": conf, "sallyport verify blobs": conf,
		"sallyport audit checkpoint": conf, "sallyport audit verify": conf, "sallyport audit prove": with("--event", "1"), "sallyport retention plan": conf, "sallyport retention apply": conf,
		"sallyport config check": {m.config}, "sallyport policy show": nil, "sallyport notify test": with("--to", "ann"),
	}
}

// withMarks are arguments that are marks, wherever something can be typed.
func withMarks(leaf *kong.Node) (args []string) {
	for range leaf.Positional {
		args = append(args, markArgument+"\x1b[31m")
	}
	for _, group := range leaf.AllFlags(false) {
		for _, f := range group {
			if !f.IsBool() && f.Enum == "" && f.Name != "help" {
				args = append(args, "--"+f.Name+"="+markArgument+"\x1b[31m")
			}
		}
	}
	return args
}

// Every command of the command line is run on data, and against a server, that
// hold marks wherever somebody can write something: neither what it prints nor
// what the server writes, counts, traces and sends holds what must not get about.
// A new command is tried by itself, with marks for whatever it takes.
func TestCommandsLetNothingOut(t *testing.T) {
	m := startMarked(t)
	spans := tracetest.NewInMemoryExporter()
	traces := observe.NewTraces(sdktrace.NewSimpleSpanProcessor(spans), "test", 1)
	defer traces.Close()
	token, err := (&world{server: m.server}).token(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("SALLYPORT_SERVER", m.url)
	t.Setenv("HOME", t.TempDir())
	parser, err := kong.New(&commands{}, kong.Name("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	good, done := m.good(t), 0
	for _, leaf := range parser.Model.Leaves(false) {
		path := "sallyport " + leaf.Path()
		if slices.Contains(notTried, path) {
			continue
		}
		words := strings.Fields(path)[1:]
		tries := [][]string{slices.Concat(words, withMarks(leaf))}
		if args, ok := good[path]; ok {
			tries = append(tries, slices.Concat(words, args))
		}
		delete(good, path)
		for i, args := range tries {
			t.Setenv("SALLYPORT_TOKEN", "sp_"+markSecret) // of nobody
			t.Setenv("SALLYPORT_DATABASE", "")
			if i == 1 {
				t.Setenv("SALLYPORT_TOKEN", token)
			}
			out, said, code := quietly(t, args)
			if i == 1 && code == exitError && path != "sallyport people link" && path != "sallyport access import" {
				t.Errorf("%s does not work: %s", path, said)
			}
			holdToQuiet(t, path, "says", said, nil)
			holdToQuiet(t, path, "answers", out, quotes[path])
			done++
		}
	}
	for path := range good {
		t.Errorf("there is no command %s", path)
	}
	if done < 60 {
		t.Errorf("only %d commands were run", done)
	}

	// An address with a password in it, that leads nowhere.
	t.Setenv("SALLYPORT_DATABASE", "postgres://u:"+markSecret+"@127.0.0.1:1/nothing?sslmode=disable&connect_timeout=1")
	out, said, _ := quietly(t, []string{"people", "list"})
	holdToQuiet(t, "a database that is not there", "says", out+said, nil)

	details := m.probes.Details("")
	for what, text := range map[string]string{
		"the server's log": m.log.String(), "the numbers": ask(details, http.MethodGet, "/metrics").Body.String(),
		"readiness": ask(details, http.MethodGet, "/readyz").Body.String(), "the traces": fmt.Sprintf("%+v", spans.GetSpans()), "the mails": mails(t, m),
	} {
		if text == "" {
			t.Errorf("%s: there is nothing to look at", what)
		}
		for _, word := range []string{markContents, markWords, markArgument, markSecret, token} {
			if strings.Contains(text, word) {
				t.Errorf("%s hold %s", what, word)
			}
		}
	}
}

// quietly runs a command, and returns what it printed on both ways.
func quietly(t *testing.T, args []string) (out, said string, code int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var o, e bytes.Buffer
	code = run(ctx, args, strings.NewReader("lantern gravel otter "+markSecret+"\n"), &o, &e)
	return o.String(), e.String(), code
}

func holdToQuiet(t *testing.T, path, how, text string, may []string) {
	t.Helper()
	for _, word := range []string{markContents, markWords, markSecret, "\x1b"} {
		if at := strings.Index(text, word); at >= 0 && !slices.Contains(may, word) {
			t.Errorf("%s %s %q", path, how, text[max(0, at-200):min(len(text), at+60)])
		}
	}
}

// mails are those that the server and the commands put into the folder.
func mails(t *testing.T, m *marked) string {
	t.Helper()
	for {
		did, err := m.service.WorkOnce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !did {
			break
		}
	}
	var all []string
	found, err := filepath.Glob(filepath.Join(filepath.Dir(m.config), "mail", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return strings.Join(all, "\n")
}
