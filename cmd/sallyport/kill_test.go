package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/review/reviewtest"
)

// killAt is what a child process of the kill test is told, in its environment.
const killAt = "SALLYPORT_TEST_KILL"

// dying is a release that ends its own process, as kill -9 does, before its
// step number Step.
type dying struct {
	Data    string
	Request review.RequestID
	Checker review.Username
	Step    int
	Named   string        // the step of the service before which it ends, if not ""
	Sinks   []sinkConfig  // instead of the demonstration's folder
	Ahead   time.Duration // how much later it is, past the leases of others
}

// dieReleasing runs in the child process.
func dieReleasing(told string) error {
	var d dying
	if err := json.Unmarshal([]byte(told), &d); err != nil {
		return err
	}
	ctx := context.Background()
	s, err := demoServer(ctx, d.Data, func() time.Time { return time.Now().Add(d.Ahead) })
	if err != nil {
		return err
	}
	if len(d.Sinks) > 0 {
		if err := useSinks(ctx, s, d.Sinks); err != nil {
			return err
		}
		fmt.Println("ready")
	}
	steps := 0
	end := func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal arrives
	}
	die := func() {
		if steps++; steps == d.Step {
			end()
		}
	}
	s.service.Step = func(name string) {
		if len(d.Sinks) > 0 {
			fmt.Println("step", name)
		}
		if name == d.Named {
			end()
		}
		die()
	}
	s.service.Blobs = dyingBlobs{s.service.Blobs, die}
	actor, err := s.service.Actor(ctx, d.Checker, "local")
	if err != nil {
		return err
	}
	die() // before anything
	if err := s.service.Release(ctx, actor, d.Request); err != nil {
		return err
	}
	for {
		if did, err := s.service.WorkOnce(ctx); err != nil || !did {
			fmt.Println(steps)
			return errors.Join(err, s.Close())
		}
	}
}

// dyingBlobs may die in the middle of every blob it yields.
type dyingBlobs struct {
	review.Blobs
	die func()
}

func (b dyingBlobs) Open(ctx context.Context, d review.Digest) (io.ReadCloser, error) {
	r, err := b.Blobs.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	return &dyingReader{ReadCloser: r, die: b.die}, nil
}

type dyingReader struct {
	io.ReadCloser
	die  func()
	read bool
}

func (r *dyingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p[:min(len(p), 64)])
	if !r.read {
		r.read = true
		return n, err
	}
	if r.die != nil {
		r.die()
		r.die = nil
	}
	return n, err
}

// demoServer is a demonstration's server over a folder, not listening.
func demoServer(ctx context.Context, data string, now func() time.Time) (*server, error) {
	a := &app{stdout: io.Discard, stderr: io.Discard, now: func() time.Time { return now().UTC() }}
	return demoCommand{Listen: "127.0.0.1:0", Data: data}.server(ctx, a)
}

// A process that is killed at any step of a release leaves, once another has
// taken up its work, exactly one package with exactly the approved bytes.
func TestAReleaseSurvivesBeingKilledAtEveryStep(t *testing.T) {
	prepared := filepath.Join(t.TempDir(), "data")
	id, checker := reviewedRequest(t, prepared)

	steps, killed := child(t, dying{Data: copied(t, prepared), Request: id, Checker: checker, Step: -1})
	if killed || steps < 8 {
		t.Fatalf("undisturbed, the release took %d steps (killed: %v)", steps, killed)
	}
	t.Logf("%d steps", steps)
	for step := 1; step <= steps; step++ {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			data := copied(t, prepared)
			if _, killed := child(t, dying{Data: data, Request: id, Checker: checker, Step: step}); !killed {
				t.Fatal("the child was not killed")
			}
			recover(t, data, id, checker)
			onePackage(t, data, id)
		})
	}
}

// reviewedRequest takes a request of the demonstration to where both checkers
// have approved all of it, and returns it with one of them.
func reviewedRequest(t *testing.T, data string) (review.RequestID, review.Username) {
	t.Helper()
	ctx := context.Background()
	s, err := demoServer(ctx, data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, s)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	as := func(name review.Username) review.Actor {
		a, err := s.service.Actor(ctx, name, "local")
		must(err)
		return a
	}
	author := as("rowan")
	id, err := s.service.CreateRequest(ctx, author, "vaccine-coverage-2026")
	must(err)
	must(s.service.EditDetails(ctx, author, id, review.RequestDetails{
		Title: "Coverage", ProjectNumber: "901", Repository: "https://example.org/studies/vaccine-coverage", Purpose: "A report.", Concerns: "None.",
	}))
	added, err := s.service.AddFiles(ctx, author, id, []review.AddFile{
		{Path: "release/coverage_by_region.csv", Kind: review.Output, Group: "Tables"},
		{Path: "release/report.html", Kind: review.Output, Group: "Report"},
		{Path: "release/uptake_by_week.svg", Kind: review.Output, Group: "Figure"},
		{Path: "release/uptake_by_week.csv", Kind: review.Supporting, Group: "Figure"},
	})
	must(err)
	for _, a := range added {
		if a.Problem != "" {
			t.Fatalf("%s: %s", a.Path, a.Problem)
		}
	}
	r, err := s.store.Request(ctx, id)
	must(err)
	for _, g := range r.Groups {
		about, controls := reviewtest.Context()
		about["code-link"] = "https://example.org/studies/vaccine-coverage/blob/4be1c0f2/analysis/report.Rmd"
		must(s.service.EditGroup(ctx, author, id, g.ID, review.GroupDetails{Context: about, Controls: controls}))
	}
	ticked, permitted := reviewtest.Checklist()
	must(s.service.Submit(ctx, author, id, ticked, permitted))
	r, err = s.store.Request(ctx, id)
	must(err)
	for _, seat := range r.Seats {
		checker := as(seat.Checker)
		for _, f := range r.Outputs() {
			must(s.service.Vote(ctx, checker, id, review.VoteInput{File: f.ID, Decision: review.Approve, Reason: "Read in full.", Seen: f.Release}))
		}
		must(s.service.SubmitReview(ctx, checker, id))
	}
	return id, r.Seats[0].Checker
}

func closeServer(t *testing.T, s *server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// copied is a copy of a demo folder, so that each step starts from the same.
func copied(t *testing.T, data string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, withoutWorkspaces{os.DirFS(data)}); err != nil {
		t.Fatal(err)
	}
	private := filepath.Join(dir, "keys") // a copy does not keep that it is
	if err := errors.Join(os.Chmod(dir, 0o700), os.Chmod(private, 0o700), os.Chmod(filepath.Join(private, ledger.KeyFile), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(demo.Workspaces(data), demo.Workspaces(dir)); err != nil {
		t.Fatal(err)
	}
	// A copy is readable by others, which no key may be.
	keys, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil {
		t.Fatal(err)
	}
	lone, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(keys, lone...) {
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// withoutWorkspaces hides the workspaces, which a release does not read.
type withoutWorkspaces struct{ fs.FS }

func (f withoutWorkspaces) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return name == "." && e.Name() == "workspaces" }), err
}

// child releases in a process of its own, and tells whether it was killed, else
// how many steps it took.
func child(t *testing.T, d dying) (steps int, killed bool) {
	t.Helper()
	told, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killAt+"="+string(told))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return 0, true
		}
	}
	if err != nil {
		t.Fatalf("the child failed: %v\n%s", err, complaint.String())
	}
	_, err = fmt.Sscan(string(out), &steps)
	if err != nil {
		t.Fatalf("the child said %q: %v", out, err)
	}
	return steps, false
}

// recover starts the service again, later than any lease, and lets it finish.
// A checker who was not told that the release had begun presses it again.
func recover(t *testing.T, data string, id review.RequestID, checker review.Username) {
	t.Helper()
	ctx := context.Background()
	s, err := demoServer(ctx, data, func() time.Time { return time.Now().Add(time.Hour) })
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, s)
	s.service.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	actor, err := s.service.Actor(ctx, checker, "local")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.service.Release(ctx, actor, id); err != nil {
		t.Fatal(err)
	}
	for did := true; did; {
		if did, err = s.service.WorkOnce(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// onePackage holds what is on record and on disk to what was approved.
func onePackage(t *testing.T, data string, id review.RequestID) {
	t.Helper()
	ctx := context.Background()
	s, err := demoServer(ctx, data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, s)
	r, err := s.store.Request(ctx, id)
	if err != nil || r.Status != review.Released {
		t.Fatalf("the request is %v, %v", r.Status, err)
	}
	oneOfEach(t, s, id)
	release, err := s.store.Release(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	checkPackage(t, demo.Exports(data), s.service.Blobs, release)
	key := filepath.Join(data, "keys", ledger.PublicFile)
	folder := filepath.Join(demo.Exports(data), string(release.Workspace), release.ID)
	goodPackage(t, folder, key)
	goodPackage(t, folder+".zip", key)
}

// oneOfEach looks for the two events of a release that has left.
func oneOfEach(t *testing.T, s *server, id review.RequestID) {
	t.Helper()
	for _, kind := range []review.EventType{review.EvPackaged, review.EvReleased} {
		events, err := s.store.Events(t.Context(), review.EventQuery{Request: id, Types: []review.EventType{kind}})
		if err != nil || len(events) != 1 {
			t.Errorf("%d events %s, %v", len(events), kind, err)
		}
	}
}

// checkPackage compares the exports folder with the one release that it holds:
// the payload is these files, with these bytes, the ZIP holds the same as the
// folder, and there is nothing else.
func checkPackage(t *testing.T, exports string, blobs review.Blobs, release *review.Release) {
	t.Helper()
	want := map[string]string{}
	for _, f := range release.Files {
		want["data/"+f.Path] = blobOf(t, blobs, f.SHA256)
	}
	place := filepath.Join(string(release.Workspace), release.ID)
	payload, inFolder, inZIP := map[string]string{}, map[string]string{}, map[string]string{}
	for name, data := range filesIn(t, os.DirFS(exports)) {
		inside, ok := strings.CutPrefix(name, place+"/")
		switch {
		case ok:
			inFolder[inside] = data
			if _, known := want[inside]; known || strings.HasPrefix(inside, "data/release/") {
				payload[inside] = data
			}
		case name == place+".zip":
			z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range filesIn(t, z) {
				inZIP[strings.TrimPrefix(name, release.ID+"/")] = data
			}
		default:
			t.Errorf("there is %s besides the package", name)
		}
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Errorf("the package differs from what was approved (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(inFolder, inZIP); diff != "" {
		t.Errorf("the ZIP differs from the folder (-folder +ZIP):\n%s", diff)
	}
}

func blobOf(t *testing.T, blobs review.Blobs, d review.Digest) string {
	t.Helper()
	r, err := blobs.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // only read from
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// filesIn reads every file, by path.
func filesIn(t *testing.T, dir fs.FS) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		found[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
