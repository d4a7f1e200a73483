package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Environment variables that say what is tested.
const (
	Engine   = "SALLYPORT_TEST_ENGINE" // "postgres" for what else runs on SQLite
	Required = "SALLYPORT_POSTGRES"    // "required": to be without PostgreSQL is a failure
	Fsync    = "SALLYPORT_TEST_FSYNC"  // "on" to flush to the disk, for measuring
)

// Roles of a test's database: its owner changes the schema, and the application
// has what it was granted.
const (
	OwnerRole = "sallyport_owner"
	AppRole   = "sallyport_app"
)

// patience is how long the server may take to start.
const patience = 30 * time.Second

// Schema makes the schema of an empty database in the name of its owner, and
// grants the application's role what it may do.
type Schema func(ctx context.Context, owner string) error

// server is the one server of this process.
type server struct {
	dir    string // of its socket and data
	stdin  io.WriteCloser
	admin  string // address in the name of the superuser
	schema sync.Once
	failed error        // of schema
	made   atomic.Int64 // databases
}

// start starts the server, once; it ends when this process does, however that
// happens.
var start = sync.OnceValues(startServer)

// errAbsent says that PostgreSQL is not installed.
var errAbsent = errors.New("PostgreSQL is not installed: initdb and postgres were found neither in the PATH nor in /usr/lib/postgresql")

// Address returns file, or the address of a new database of PostgreSQL when
// that is the engine to be tested.
func Address(t testing.TB, file string, schema Schema) string {
	t.Helper()
	if os.Getenv(Engine) != "postgres" {
		return file
	}
	return Database(t, schema)
}

// Database makes a database with the schema and returns its address in the name
// of the application. It is gone when the test is.
func Database(t testing.TB, schema Schema) string {
	t.Helper()
	s := running(t)
	s.schema.Do(func() { s.failed = s.template(t.Context(), schema) })
	if s.failed != nil {
		t.Fatalf("making the schema: %v", s.failed)
	}
	return s.create(t, "template_sallyport", AppRole)
}

// Empty makes a database without any table and returns its address in the name
// of its owner.
func Empty(t testing.TB) string {
	t.Helper()
	return running(t).create(t, "template0", OwnerRole)
}

// As returns the address of the same database in the name of another role; ""
// is the superuser.
func As(address, role string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err) // not an address of this package
	}
	if role == "" {
		role = superuser
	}
	u.User = url.User(role)
	return u.String()
}

func running(t testing.TB) *server {
	t.Helper()
	s, err := start()
	if errors.Is(err, errAbsent) && os.Getenv(Required) != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const superuser = "postgres"

// template makes the database that others are copied from.
func (s *server) template(ctx context.Context, schema Schema) error {
	if err := s.exec(ctx, "CREATE DATABASE template_sallyport OWNER "+OwnerRole); err != nil {
		return err
	}
	return schema(ctx, s.address("template_sallyport", OwnerRole))
}

// create makes a database for one test.
func (s *server) create(t testing.TB, template, role string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.made.Add(1))
	if err := s.exec(context.Background(), fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s", name, OwnerRole, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.address(name, role)
}

func (s *server) address(database, role string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

func (s *server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// startServer makes a cluster in a folder of its own and starts it on a socket
// there; no network is listened to.
func startServer() (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	who, err := unprivileged(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = who, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	s := &server{dir: dir}
	s.admin = s.address("postgres", superuser)
	if err := s.launch(bin, who); err != nil {
		return nil, err
	}
	return s, s.prepare()
}

// launch starts the server below a shell that stops it, and removes its folder,
// once this process has let go of the shell's input, as it does when it ends in
// whatever way.
func (s *server) launch(bin string, who *syscall.SysProcAttr) error {
	const watch = `trap "" INT TERM HUP
"$0" -D data -k . -c listen_addresses= -c max_connections=300 -c shared_buffers=64MB \
  -c fsync=${SALLYPORT_TEST_FSYNC:-off} -c full_page_writes=${SALLYPORT_TEST_FSYNC:-off} -c log_min_messages=fatal -c logging_collector=off \
  -c unix_socket_directories="$PWD" >log 2>&1 </dev/null &
cat >/dev/null
kill -QUIT $!
wait $!
rm -rf "$PWD"`
	shell := exec.Command("/bin/sh", "-c", watch, filepath.Join(bin, "postgres"))
	shell.Dir, shell.SysProcAttr = s.dir, who
	var err error
	if s.stdin, err = shell.StdinPipe(); err != nil {
		return err
	}
	return shell.Start()
}

// prepare waits for the server and makes the roles.
func (s *server) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := s.exec(ctx, "SELECT 1")
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			text, _ := os.ReadFile(filepath.Join(s.dir, "log")) // what there is of it
			return errors.Join(fmt.Errorf("PostgreSQL did not start: %w: %s", err, text), s.stdin.Close())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(s.exec(ctx, "CREATE ROLE "+OwnerRole+" LOGIN"), s.exec(ctx, "CREATE ROLE "+AppRole+" LOGIN"))
}

// programs finds the folder of the server's programs, of the newest version
// that is installed.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if _, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errAbsent
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // 0 for what is no number
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// unprivileged gives the folder to somebody else when this process is root's,
// whom the server would refuse, and says who runs the server.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Setpgid: true}, nil
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
