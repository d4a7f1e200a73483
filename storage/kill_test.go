package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// The kill test runs its own binary as a child that works as the service does:
// bytes into blobs, changes into the store, packages out. The child is killed
// at a random moment, again and again on the same folder; what it had said was
// done is there each time, and what it was doing is there whole or not at all.

// killDir, when set, makes the test binary be the child and names its folder.
const killDir = "SALLYPORT_KILL_TEST_DIR"

// killRounds is how often the child is killed.
const killRounds = 20

// rig is the three stores in one folder.
type rig struct {
	store  *Store
	blobs  *Blobs
	folder *Folder
	out    io.Writer // hears what is certain
}

func openRig(ctx context.Context, dir string) (*rig, error) {
	store, err := Open(ctx, filepath.Join(dir, "data.db"), time.Now)
	if err != nil {
		return nil, err
	}
	blobs, err := OpenBlobs(filepath.Join(dir, "blobs"), time.Now)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	folder, err := OpenFolder(filepath.Join(dir, "out"))
	if err != nil {
		return nil, errors.Join(err, blobs.Close(), store.Close())
	}
	return &rig{store, blobs, folder, io.Discard}, nil
}

func (b *rig) close() error { return errors.Join(b.folder.Close(), b.blobs.Close(), b.store.Close()) }

// TestKillChild is the child's life, and no test of its own.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("started by TestKill")
	}
	b, err := openRig(t.Context(), dir)
	must(t, err)
	b.out = os.Stdout
	for t.Context().Err() == nil {
		must(t, b.work(t.Context()))
	}
}

// work takes a request of chance from its draft to its delivery.
func (b *rig) work(ctx context.Context) error {
	return b.take(ctx, review.RequestID(fmt.Sprintf("r%d", rand.Uint64())), func(int) int { return rand.IntN(20_000) })
}

// take takes one request from its draft to its delivery, saying so at each step.
// Size is about that of its nth file.
func (b *rig) take(ctx context.Context, id review.RequestID, size func(n int) int) error {
	r := reviewtest.Draft(id, "ada", review.WorkspaceName(id), time.Now().UTC())
	if err := b.store.Create(ctx, r, reviewtest.Happened(r, review.EvRequestCreated, time.Now())); err != nil {
		return err
	}
	b.say("created", id, 1)
	for i := range 4 {
		data := fmt.Sprintf("%s file %d ", id, i) + strings.Repeat("data ", size(i))
		d, n, err := b.blobs.Put(ctx, strings.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		kept, err := b.store.Update(ctx, id, func(r *review.Request) (review.Change, error) {
			file := review.File{
				ID: review.FileID(fmt.Sprint(i)), Path: fmt.Sprintf("release/%d.csv", i), Kind: review.Output,
				Digest: d, Size: n, Release: d, ReleaseSize: n,
			}
			r.Groups = append(r.Groups, review.Group{ID: review.GroupID(fmt.Sprint(i)), Files: []review.File{file}})
			return review.Change{Events: []review.Event{reviewtest.Happened(r, review.EvFileAdded, time.Now())}}, nil
		})
		if err != nil {
			return err
		}
		b.say("updated", id, kept.Version)
	}
	kept, err := b.store.Update(ctx, id, approveAll)
	if err != nil {
		return err
	}
	b.say("approved", id, kept.Version)
	return b.deliverAll(ctx)
}

// say tells the test what is certain from here on.
func (b *rig) say(what string, id review.RequestID, version int64) {
	fmt.Fprintf(b.out, "did %s %s %d\n", what, id, version)
}

// approveAll makes a release of a request's files.
func approveAll(r *review.Request) (review.Change, error) {
	r.Status = review.Approved
	release := &review.Release{ID: "rel-" + string(r.ID), Request: r.ID, Workspace: r.Workspace, Approved: time.Now().UTC()}
	for _, g := range r.Groups {
		f := g.Files[0]
		release.Files = append(release.Files, review.ReleasedFile{Path: f.Path, SHA256: f.Release, Size: f.ReleaseSize})
	}
	return review.Change{
		Events:  []review.Event{reviewtest.Happened(r, review.EvApproved, time.Now())},
		Release: release,
		Jobs:    []review.Job{{ID: release.ID, Kind: "release", Request: r.ID, MaxTries: 100, Due: time.Now()}},
	}, nil
}

// deliverAll does the jobs that are due, those that a killed child had leased
// included: the leases here are over at once.
func (b *rig) deliverAll(ctx context.Context) error {
	for {
		now := time.Now()
		job, err := b.store.NextJob(ctx, now, now)
		if review.KindOf(err) == review.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		release, err := b.store.Release(ctx, job.Request)
		if err != nil {
			return err
		}
		location, err := b.folder.Deliver(ctx, b.packageOf(release))
		if err != nil {
			return err
		}
		if err := b.markReleased(ctx, release, location); err != nil {
			return err
		}
		if err := b.store.FinishJob(ctx, job); err != nil {
			return err
		}
	}
}

func (b *rig) markReleased(ctx context.Context, release *review.Release, location string) error {
	if !release.Delivered.IsZero() {
		return nil
	}
	kept, err := b.store.Update(ctx, release.Request, func(r *review.Request) (review.Change, error) {
		r.Status = review.Released
		done := *release
		done.Delivered, done.Location = time.Now().UTC(), location
		return review.Change{Events: []review.Event{reviewtest.Happened(r, review.EvReleased, time.Now())}, Release: &done}, nil
	})
	if err == nil {
		b.say("released", release.Request, kept.Version)
	}
	return err
}

// packageOf is a plain package: the files, and the release's name.
func (b *rig) packageOf(r *review.Release) *review.Package {
	p := &review.Package{Release: r, Entries: []review.Entry{{
		Path: "manifest.json", Size: int64(len(r.ID)), SHA256: digestOf(r.ID),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(r.ID)), nil },
	}}}
	for _, f := range r.Files {
		p.Entries = append(p.Entries, review.Entry{
			Path: "files/" + f.Path, Size: f.Size, SHA256: f.SHA256,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return b.blobs.Open(ctx, f.SHA256) },
		})
	}
	return p
}

func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills its child twenty times")
	}
	dir := t.TempDir()
	done := map[review.RequestID]progress{}
	for range killRounds {
		killChild(t, dir, done)
		checkRig(t, dir, done)
		if t.Failed() {
			return
		}
	}
	b, err := openRig(t.Context(), dir)
	must(t, err)
	must(t, b.deliverAll(t.Context()))
	must(t, b.close())
	statuses := checkRig(t, dir, done)
	unzipped(t, filepath.Join(dir, "out"))
	if statuses[review.Approved] > 0 || statuses[review.Released] == 0 {
		t.Errorf("after the last delivery: %v, want nothing left approved", statuses)
	}
	t.Logf("%d requests, %v", len(done), statuses)
}

// progress is the last that a child said of one request.
type progress struct {
	what    string
	version int64
}

// killChild starts a child, kills it between a few and some hundred milliseconds
// after its first word, and notes what it said.
func killChild(t *testing.T, dir string, done map[review.RequestID]progress) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillChild$", "-test.v=false")
	child.Env = append(os.Environ(), killDir+"="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	child.Stderr = os.Stderr
	must(t, child.Start())
	var timer *time.Timer
	var other []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(time.Duration(5+rand.IntN(120))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
		words := strings.Fields(lines.Text())
		if len(words) != 4 || words[0] != "did" {
			other = append(other, lines.Text()) // half a line, or a failure
			continue
		}
		version, err := strconv.ParseInt(words[3], 10, 64)
		must(t, err)
		done[review.RequestID(words[2])] = progress{words[1], version}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended by itself: %v\n%s", err, strings.Join(other, "\n"))
	}
}

// checkRig opens what a child left and holds all of it against each other.
func checkRig(t *testing.T, dir string, done map[review.RequestID]progress) map[review.Status]int {
	t.Helper()
	b, err := openRig(t.Context(), dir)
	must(t, err)
	defer b.close()
	must(t, verify(b.store.Verify))
	for id, said := range done {
		r, err := b.store.Request(t.Context(), id)
		if err != nil || r.Version < said.version {
			t.Errorf("request %s, %s at version %d: %v, %v", id, said.what, said.version, r, err)
		}
	}
	list, err := b.store.Requests(t.Context(), review.RequestQuery{Limit: 1 << 20})
	must(t, err)
	for _, listed := range list {
		checkRequest(t, b, listed.ID)
	}
	checkPackages(t, b, filepath.Join(dir, "out"))
	statuses, err := b.store.Counts(t.Context())
	must(t, err)
	return statuses
}

// checkRequest: one event for each version, and every file's bytes in store.
func checkRequest(t *testing.T, b *rig, id review.RequestID) {
	t.Helper()
	r, err := b.store.Request(t.Context(), id)
	must(t, err)
	events, err := b.store.Events(t.Context(), review.EventQuery{Request: id})
	must(t, err)
	if int64(len(events)) != r.Version {
		t.Errorf("request %s has version %d and %d events", id, r.Version, len(events))
	}
	for _, g := range r.Groups {
		if got, err := readBlob(b.blobs, g.Files[0].Digest); err != nil || int64(len(got)) != g.Files[0].Size {
			t.Errorf("a file of %s: %d bytes, %v", id, len(got), err)
		}
	}
	release, err := b.store.Release(t.Context(), id)
	if approved := r.Status == review.Approved || r.Status == review.Released; approved != (err == nil) {
		t.Errorf("request %s is %s and its release: %v", id, r.Status, err)
	}
	if err == nil && (r.Status == review.Released) == release.Delivered.IsZero() {
		t.Errorf("request %s is %s, delivered at %v", id, r.Status, release.Delivered)
	}
}

// checkPackages: every package that can be seen is whole and of a release; and
// every release that is marked delivered has its package.
func checkPackages(t *testing.T, b *rig, out string) {
	t.Helper()
	seen := map[string]bool{}
	packages, err := filepath.Glob(filepath.Join(out, "*", "[^.]*"))
	must(t, err)
	for _, dir := range packages {
		if filepath.Ext(dir) != ".zip" {
			seen[filepath.Base(dir)] = true
		}
	}
	releases, err := b.store.Releases(t.Context(), review.ReleaseQuery{Limit: 1 << 20})
	must(t, err)
	for _, r := range releases {
		if seen[r.ID] {
			checkPackage(t, filepath.Join(out, string(r.Workspace), r.ID), r)
		} else if !r.Delivered.IsZero() {
			t.Errorf("release %s is delivered and not there", r.ID)
		}
		delete(seen, r.ID)
	}
	if len(seen) > 0 {
		t.Errorf("packages of no release: %v", seen)
	}
}

func checkPackage(t *testing.T, dir string, r review.Release) {
	t.Helper()
	found := contents(t, dir)
	if found["manifest.json"] != r.ID || len(found) != 1+len(r.Files) {
		t.Errorf("package %s holds %d files", r.ID, len(found))
	}
	for _, f := range r.Files {
		if digestOf(found["files/"+f.Path]) != f.SHA256 {
			t.Errorf("package %s: %s has other bytes", r.ID, f.Path)
		}
	}
}
