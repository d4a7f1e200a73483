package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
	"sallyport/storage/pgtest"
)

const (
	// upgradeFrom is a folder of programs of the past, one for each schema that
	// there ever was; their names are in the order of time. "make upgrade-test"
	// builds them.
	upgradeFrom = "SALLYPORT_UPGRADE_FROM"
	// upgradeTo is the present program.
	upgradeTo = "SALLYPORT_UPGRADE_TO"
)

// The program of every schema that there ever was makes data, with a release that
// left and a request under review; the present program takes it over. On
// PostgreSQL the old program runs on over the new schema, and both serve together
// for a while. On SQLite the way back is the copy that was made before.
func TestUpgrades(t *testing.T) {
	dir := os.Getenv(upgradeFrom)
	if dir == "" {
		t.Skip("needs programs of the past: make upgrade-test")
	}
	programs, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	if len(programs) == 0 {
		t.Fatalf("%s holds no programs", dir)
	}
	for _, old := range programs { // Glob sorts
		t.Run(filepath.Base(old), func(t *testing.T) {
			t.Run("SQLite", func(t *testing.T) { newUpgrade(t, old, "").onSQLite() })
			t.Run("PostgreSQL", func(t *testing.T) {
				if err := exec.Command(old, "migrate", "--help").Run(); err != nil {
					t.Skip("this version had no PostgreSQL")
				}
				newUpgrade(t, old, pgtest.Empty(t)).onPostgres()
			})
		})
	}
}

// upgrade is a service that is brought from one program to another.
type upgrade struct {
	t        *testing.T
	old, now string // programs
	dir      string
	owner    string // address of the database in PostgreSQL; "" for SQLite
	players  *load.Players
	course   int
	released []review.RequestID
}

func newUpgrade(t *testing.T, old, owner string) *upgrade {
	now, err := filepath.Abs(os.Getenv(upgradeTo))
	must(t, err)
	u := &upgrade{t: t, old: old, now: now, dir: t.TempDir(), owner: owner}
	site := load.Site{Researchers: 1, Checkers: 3, Courses: 8, Bytes: 2000}
	must(t, site.Lay(u.path("workspaces")))
	must(t, os.Mkdir(u.path("exports"), 0o700))
	must(t, os.Mkdir(u.path("data"), 0o700))
	u.players = &load.Players{Site: site, Tokens: map[review.Username]string{}, HTTP: &http.Client{Timeout: 30 * time.Second}, Tally: new(load.Tally)}
	if owner != "" {
		u.onto(owner)
		u.does(old, "migrate", "up", "--database-file", u.path("owner.url"), "--grant", pgtest.AppRole)
	}
	u.people()
	return u
}

func (u *upgrade) path(name string) string { return filepath.Join(u.dir, name) }

// config writes a configuration that every version reads.
func (u *upgrade) config(port string) string {
	text := fmt.Sprintf("listen: 127.0.0.1:%s\ndata: %s\nworkspaces: %s\nexports: %s\n", port, u.path("data"), u.path("workspaces"), u.path("exports"))
	if u.owner != "" {
		text += "database_file: " + u.path("app.url") + "\n"
	}
	name := u.path("sallyport-" + port + ".yaml")
	must(u.t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// does runs a command that has to succeed.
func (u *upgrade) does(program string, args ...string) string {
	u.t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		u.t.Fatalf("%s %s: %v: %s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// people has the old program bring people in, and gives them tokens, which that
// program makes on a page only.
func (u *upgrade) people() {
	var text strings.Builder
	text.WriteString("projects:\n  - {id: project0, name: Study, workspaces: [" + string(load.Workspace(0)) + "]}\npeople:\n")
	text.WriteString("  - {username: researcher0, name: R, email: r@example.org, roles: [researcher], projects: [project0]}\n")
	names := []review.Username{load.Researcher(0)}
	for i := range u.players.Site.Checkers {
		names = append(names, load.Checker(i))
		fmt.Fprintf(&text, "  - {username: %[1]s, name: %[1]s, email: %[1]s@example.org, roles: [checker], trained_until: 2099-01-01}\n", load.Checker(i))
	}
	must(u.t, os.WriteFile(u.path("people.yaml"), []byte(text.String()), 0o600))
	u.does(u.old, "people", "import", "--config", u.config("1"), u.path("people.yaml"))
	db := u.database()
	defer db.Close()
	for n, name := range names {
		secret := "sp_" + strings.Repeat("x", 32) + string(name)
		sum := sha256.Sum256([]byte(secret))
		u.players.Tokens[name] = secret
		_, err := db.Exec(`INSERT INTO tokens (id, hash, username, name, scopes, created, expires, used, revoked) VALUES ($1, $2, $3, 'upgrade', '["read","request","review","release"]', $4, $5, 0, 0)`,
			fmt.Sprint("T", n), hex.EncodeToString(sum[:]), string(name), time.Now().UnixMicro(), time.Now().AddDate(0, 0, 7).UnixMicro())
		must(u.t, err)
		if n > 0 {
			u.confirm(db, n, name)
		}
	}
}

// confirm makes somebody a checker where a second person would have to say yes.
func (u *upgrade) confirm(db *sql.DB, n int, name review.Username) {
	if _, err := db.Exec("SELECT 1 FROM role_grants"); err != nil {
		return // roles are still a person's own
	}
	_, err := db.Exec(`INSERT INTO role_grants (id, position, username, role, reach, reach_in, source, made_by, second, why, made, until_time, ended, ended_by, end_why)
		VALUES ($1, 0, $2, 'checker', 'service', '', 'local', 'system', '', '', $3, 0, 0, '', '')`, fmt.Sprint("G", n), string(name), time.Now().UnixMicro())
	must(u.t, err)
}

func (u *upgrade) database() *sql.DB {
	driver, address := "sqlite3", "file:"+u.path("data/"+databaseFile)
	if u.owner != "" {
		driver, address = "pgx", u.owner
	}
	db, err := sql.Open(driver, address)
	must(u.t, err)
	return db
}

// running is a program that serves.
type running struct {
	cmd *exec.Cmd
	url string
	log bytes.Buffer
}

// serve starts a program; nil, with what it said, when it refuses.
func (u *upgrade) serve(program string) (*running, string) {
	port := freePort(u.t)
	r := &running{cmd: exec.Command(program, "serve", "--config", u.config(port)), url: "http://127.0.0.1:" + port}
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	must(u.t, r.cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	for {
		if resp, err := http.Get(r.url + "/health"); err == nil {
			_ = resp.Body.Close()
			u.t.Cleanup(func() { _ = r.cmd.Process.Kill(); <-ended })
			return r, ""
		}
		select {
		case <-ended:
			return nil, r.log.String()
		case <-u.t.Context().Done():
			u.t.Fatal("a server neither answers nor ends")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// started is serve for a program that has to start.
func (u *upgrade) started(program string) *running {
	u.t.Helper()
	r, said := u.serve(program)
	if r == nil {
		u.t.Fatalf("%s does not start: %s", filepath.Base(program), said)
	}
	return r
}

// stop ends a server as systemd does, and waits until it is gone.
func (u *upgrade) stop(r *running) {
	u.t.Helper()
	must(u.t, r.cmd.Process.Signal(syscall.SIGTERM))
	for r.cmd.ProcessState == nil {
		if u.t.Context().Err() != nil {
			u.t.Fatal("a server does not end")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// release takes one more request the whole way at a server.
func (u *upgrade) release(at *running) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), time.Minute)
	defer cancel()
	u.players.Server = func() string { return at.url }
	told, err := u.players.Course(ctx, 0, u.course)
	if err != nil {
		u.t.Fatalf("%s: %v\n%s", filepath.Base(at.cmd.Path), err, at.log.String())
	}
	u.course++
	u.released = append(u.released, told.Request)
}

// file hands one more request over at a server.
func (u *upgrade) file(at *running) review.RequestID {
	u.t.Helper()
	u.players.Server = func() string { return at.url }
	id, err := u.players.File(u.t.Context(), 0, u.course)
	must(u.t, err)
	u.course++
	return id
}

// finish takes a request that was handed over before the rest of the way.
func (u *upgrade) finish(at *running, id review.RequestID) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), time.Minute)
	defer cancel()
	u.players.Server = func() string { return at.url }
	if err := u.players.Finish(ctx, 0, id, new(load.Told)); err != nil {
		u.t.Fatalf("%s: %v\n%s", filepath.Base(at.cmd.Path), err, at.log.String())
	}
	u.released = append(u.released, id)
}

// behind reports whether the present program has steps that the schema has not had.
func (u *upgrade) behind() bool {
	args := []string{"migrate", "status", "--config", u.config("1")}
	if u.owner != "" {
		args = []string{"migrate", "status", "--database-file", u.path("owner.url")}
	}
	out, err := exec.Command(u.now, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitFindings {
		return true
	}
	if err != nil {
		u.t.Fatalf("%v: %s", err, out)
	}
	return false
}

// refuses fails unless the old program refuses the database as it is now, if its
// schema was brought up to date.
func (u *upgrade) refuses(was bool) {
	u.t.Helper()
	r, said := u.serve(u.old)
	switch {
	case r != nil && was:
		u.t.Error("the old program takes a newer database")
	case r == nil && !strings.Contains(said, "newer"):
		u.t.Errorf("the old program refuses the newer database with: %s", said)
	}
	if r != nil {
		u.stop(r)
	}
}

// whole holds everything to everything: the record, the snapshots, the packages.
func (u *upgrade) whole() {
	u.t.Helper()
	config := u.config("1")
	u.does(u.now, "verify", "all", "--config", config)
	db := u.database()
	defer db.Close()
	for _, id := range u.released {
		var status string
		must(u.t, db.QueryRow("SELECT status FROM requests WHERE id = $1", string(id)).Scan(&status))
		if status != string(review.Released) {
			u.t.Errorf("request %s is %s", id, status)
		}
	}
	packages, err := filepath.Glob(u.path("exports/*/*.zip"))
	must(u.t, err)
	for _, p := range packages {
		u.does(u.now, "package", "verify", p, "--key", u.path("data/keys/sallyport.pub"))
	}
	u.t.Logf("%d requests are released, %d packages verify", len(u.released), len(packages))
}

func (u *upgrade) onSQLite() {
	old := u.started(u.old)
	u.release(old)
	waits := u.file(old)
	u.stop(old)
	must(u.t, os.CopyFS(u.path("copy"), os.DirFS(u.path("data"))))
	behind := u.behind()

	now := u.started(u.now)
	u.finish(now, waits)
	u.release(now)
	u.stop(now)
	u.whole()
	u.refuses(behind)
	u.moved()

	must(u.t, os.RemoveAll(u.path("data")))
	must(u.t, os.CopyFS(u.path("data"), os.DirFS(u.path("copy"))))
	u.private()
	back := u.started(u.old)
	u.finish(back, waits)
	u.release(back)
	u.stop(back)
}

// moved copies the database into PostgreSQL, and a backup of that into another one
// and an empty folder; each time the present program goes on there, and all that was
// released before is still whole.
func (u *upgrade) moved() {
	u.t.Helper()
	lite, data := u.owner, u.path("data")
	u.onto(pgtest.Empty(u.t))
	u.does(u.now, "copy", "--from", "sqlite:"+filepath.Join(data, databaseFile), "--to", "postgres-file:"+u.path("owner.url"))
	u.goesOn()

	u.does(u.now, "backup", "make", "--config", u.config("1"), "--out", u.path("backup"))
	u.does(u.now, "backup", "verify", u.path("backup"))
	must(u.t, os.Rename(u.path("data"), u.path("lost")))
	u.onto(pgtest.Empty(u.t))
	u.does(u.now, "restore", "--from", u.path("backup"), "--data", u.path("data"), "--database-file", u.path("owner.url"))
	must(u.t, os.CopyFS(u.path("data/keys"), os.DirFS(u.path("lost/keys")))) // a backup holds no keys
	u.private()
	u.goesOn()
	u.owner = lite
}

// onto names another database of PostgreSQL.
func (u *upgrade) onto(owner string) {
	u.owner = owner
	must(u.t, os.WriteFile(u.path("owner.url"), []byte(owner+"\n"), 0o600))
	must(u.t, os.WriteFile(u.path("app.url"), []byte(pgtest.As(owner, pgtest.AppRole)+"\n"), 0o600))
}

// goesOn has the present program release one more request, as the application.
func (u *upgrade) goesOn() {
	u.t.Helper()
	u.does(u.now, "migrate", "up", "--database-file", u.path("owner.url"), "--grant", pgtest.AppRole)
	now := u.started(u.now)
	u.release(now)
	u.stop(now)
	u.whole()
}

// private makes the copied folder its owner's alone again.
func (u *upgrade) private() {
	must(u.t, filepath.WalkDir(u.path("data"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, map[bool]os.FileMode{true: 0o700, false: 0o600}[d.IsDir()])
	}))
}

func (u *upgrade) onPostgres() {
	old := u.started(u.old)
	u.release(old)
	waits := u.file(old)
	behind := u.behind()
	u.does(u.now, "migrate", "up", "--database-file", u.path("owner.url"))

	u.finish(old, waits) // over a schema that it does not know
	waits = u.file(old)
	now := u.started(u.now)
	u.finish(now, waits)
	u.release(old) // beside the present program
	u.stop(old)
	u.release(now) // under a policy that the old program may not be able to read
	u.refuses(behind)
	u.stop(now)
	u.whole()
}
