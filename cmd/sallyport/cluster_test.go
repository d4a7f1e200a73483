package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
	"sallyport/storage/pgtest"
	"sallyport/storage/storagetest"
	"sallyport/ui/signin"
)

// What a child that serves is told, in its environment: its configuration file,
// and by how much its clock is wrong.
const (
	serveWith = "SALLYPORT_TEST_SERVE"
	clockOff  = "SALLYPORT_TEST_CLOCK"
)

// serveChild is a server in a process of its own: "sallyport serve", but for the
// clock.
func serveChild(config string) error {
	off, err := time.ParseDuration(os.Getenv(clockOff))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdout: os.Stdout, stderr: os.Stderr, now: func() time.Time { return time.Now().Add(off).UTC() }}
	return serveCommand{configFlags{Config: config}}.Run(ctx, a)
}

// wire passes connections on to a server, and can be cut and slowed.
type wire struct {
	address  string
	listener net.Listener
	dial     func() (net.Conn, error)

	mu   sync.Mutex
	open map[net.Conn]bool
	cut  bool
	slow time.Duration
}

func newWire(t *testing.T, network, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{address: l.Addr().String(), listener: l, open: map[net.Conn]bool{}, dial: func() (net.Conn, error) { return net.Dial(network, target) }}
	go w.serve()
	t.Cleanup(func() {
		_ = l.Close()
		w.set(true, 0)
	})
	return w
}

// set cuts the wire, or mends it; an answer through it takes longer by slow.
func (w *wire) set(cut bool, slow time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.slow = cut, slow
	if cut {
		for c := range w.open {
			_ = c.Close()
		}
		clear(w.open)
	}
}

// enter keeps a connection, unless the wire is cut.
func (w *wire) enter(list ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range list {
		if w.cut {
			_ = c.Close()
		} else {
			w.open[c] = true
		}
	}
	return !w.cut
}

func (w *wire) serve() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.pass(c)
	}
}

func (w *wire) pass(c net.Conn) {
	s, err := w.dial()
	if err != nil {
		_ = c.Close()
		return
	}
	if !w.enter(c, s) {
		return
	}
	copied := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			w.mu.Lock()
			slow := w.slow
			w.mu.Unlock()
			time.Sleep(slow)
			if _, gone := to.Write(buffer[:n]); gone != nil || err != nil {
				break
			}
		}
		_, _ = to.Close(), from.Close()
		w.mu.Lock()
		delete(w.open, to)
		delete(w.open, from)
		w.mu.Unlock()
	}
	go copied(s, c)
	copied(c, s)
}

// cluster is several servers on one database and one place for bytes, each in a
// process of its own.
type cluster struct {
	t        *testing.T
	dir      string
	site     load.Site
	tokens   map[review.Username]string
	database string // its address, past the wire
	db, s3   *wire  // nil where there is none
	bucket   *storagetest.S3
	exports  string
	members  []*member
}

// member is one server.
type member struct {
	c       *cluster
	n       int
	url     string
	metrics string // the address of its numbers
	config  string
	cmd     *exec.Cmd
	log     *bytes.Buffer
	stopped bool
	mu      sync.Mutex
}

// newCluster lays a site out and prepares servers for it. On PostgreSQL they keep
// bytes in an S3 server and are reached by wires; on SQLite all is in one folder.
func newCluster(t *testing.T, site load.Site, servers int, postgres bool) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir(), site: site}
	c.exports = filepath.Join(c.dir, "exports")
	must(t, errors.Join(site.Lay(filepath.Join(c.dir, "workspaces")), os.Mkdir(c.exports, 0o700)))
	keys := filepath.Join(c.dir, "keys")
	_, err := ledger.OpenSigner(keys)
	must(t, err)
	_, err = signin.OpenSealer(keys)
	must(t, err)
	shared := "exports: " + c.exports + "\n"
	if postgres {
		shared = c.usePostgres()
	} else {
		c.database = filepath.Join(c.dir, "data", databaseFile)
		must(t, os.Mkdir(filepath.Join(c.dir, "data"), 0o700))
	}
	store := c.store()
	defer func() { must(t, store.Close()) }()
	c.tokens, err = site.People(t.Context(), store, time.Now().UTC())
	must(t, err)
	for n := range servers {
		c.members = append(c.members, c.member(n, postgres, shared))
	}
	return c
}

// usePostgres makes a database and a bucket behind wires, and returns what the
// configurations say of them.
func (c *cluster) usePostgres() string {
	t := c.t
	owner := pgtest.Empty(t)
	wrote(t, exitOK, "0001 first: taken", "migrate", "up", "--database-file", file(t, "owner", owner+"\n"), "--grant", pgtest.AppRole)
	c.database = pgtest.As(owner, pgtest.AppRole)
	u, err := url.Parse(c.database)
	must(t, err)
	c.db = newWire(t, "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	u.Host, u.RawQuery = c.db.address, "sslmode=disable&connect_timeout=5"
	must(t, os.WriteFile(filepath.Join(c.dir, "database.url"), []byte(u.String()+"\n"), 0o600))
	c.bucket = storagetest.StartS3(t)
	t.Setenv("SALLYPORT_TEST_ACCESS", storagetest.AccessKey)
	t.Setenv("SALLYPORT_TEST_SECRET", storagetest.SecretKey)
	c.s3 = newWire(t, "tcp", strings.TrimPrefix(c.bucket.Endpoint, "http://"))
	return fmt.Sprintf(`database_file: %[1]s/database.url
blobs: "s3://%[2]s/snapshots?endpoint=http://%[3]s&path_style=true&region=us-east-1&access_key_env=SALLYPORT_TEST_ACCESS&secret_key_env=SALLYPORT_TEST_SECRET"
sinks:
  - {name: exports, kind: folder, folder: %[4]s}
  - {name: archive, kind: s3, bucket: %[2]s, prefix: out, endpoint: "http://%[3]s", path_style: true, region: us-east-1, access_key_env: SALLYPORT_TEST_ACCESS, secret_key_env: SALLYPORT_TEST_SECRET}
`, c.dir, storagetest.BucketName, c.s3.address, c.exports)
}

func (c *cluster) store() *storage.Store {
	c.t.Helper()
	s, err := storage.Open(c.t.Context(), c.database, func() time.Time { return time.Now().UTC() })
	must(c.t, err)
	return s
}

// cookies signs everybody in.
func (c *cluster) cookies() map[review.Username]string {
	c.t.Helper()
	store := c.store()
	defer func() { must(c.t, store.Close()) }()
	now := func() time.Time { return time.Now().UTC() }
	out, err := c.site.SignIn(c.t.Context(), store, store.Sessions(now), now())
	must(c.t, err)
	return out
}

func (c *cluster) member(n int, own bool, shared string) *member {
	t := c.t
	port, metrics := freePort(t), freePort(t)
	data := filepath.Join(c.dir, "data")
	if own {
		data = filepath.Join(c.dir, fmt.Sprint("data", n))
	}
	keys := filepath.Join(data, "keys")
	must(t, os.MkdirAll(data, 0o700))
	if _, err := os.Stat(keys); err != nil {
		must(t, os.CopyFS(keys, os.DirFS(filepath.Join(c.dir, "keys"))))
		must(t, os.Chmod(keys, 0o700))
		for _, name := range []string{ledger.KeyFile, signin.SealKeyFile} {
			must(t, os.Chmod(filepath.Join(keys, name), 0o600))
		}
	}
	m := &member{c: c, n: n, url: "http://127.0.0.1:" + port, metrics: "http://127.0.0.1:" + metrics + "/metrics", config: filepath.Join(c.dir, fmt.Sprintf("server%d.yaml", n)), log: new(bytes.Buffer)}
	text := fmt.Sprintf("listen: 127.0.0.1:%s\nmetrics: {listen: 127.0.0.1:%s}\ndata: %s\nworkspaces: %s/workspaces\npace: {person: {per_second: 10000, burst: 10000}, source: {per_second: 10000, burst: 10000}}\n%s", port, metrics, data, c.dir, shared)
	must(t, os.WriteFile(m.config, []byte(text), 0o600))
	return m
}

// start starts the server, whose clock is off, and waits until it answers.
func (m *member) start(off time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), serveWith+"="+m.config, clockOff+"="+off.String())
	m.cmd.Stderr, m.stopped = m.log, false
	if err := m.cmd.Start(); err != nil {
		m.c.t.Error(err)
	}
}

// answers waits until the server does; it may have ended before, where the
// database could not be reached.
func (m *member) answers(ctx context.Context) bool {
	client := http.Client{Timeout: 5 * time.Second}
	for ctx.Err() == nil {
		if resp, err := client.Get(m.url + "/health"); err == nil {
			_ = resp.Body.Close()
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// end ends the server with a signal and waits for it. Whatever its exit status,
// it is a panic only when the log says so.
func (m *member) end(s syscall.Signal) (status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd == nil || m.stopped {
		return 0
	}
	_ = m.cmd.Process.Signal(s)
	err := m.cmd.Wait()
	m.stopped = true
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// signal sends one without waiting.
func (m *member) signal(s syscall.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd != nil && !m.stopped {
		_ = m.cmd.Process.Signal(s)
	}
}

// said is what the server logged; only after its end.
func (m *member) said() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.String()
}
