package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage/storagetest"
)

// sinksOf makes the list of places that a child delivers to.
func sinksOf(exports, s3, jobs string) []sinkConfig {
	return []sinkConfig{
		{Name: "exports", Kind: folderKind, Folder: exports},
		{Name: "archive", Kind: s3Kind, Bucket: storagetest.BucketName, Endpoint: s3, PathStyle: true, AccessKeyEnv: "SALLYPORT_TEST_ACCESS", SecretKeyEnv: "SALLYPORT_TEST_SECRET"},
		{Name: "jobs", Kind: jobServerKind, URL: jobs, TokenEnv: "SALLYPORT_TEST_TOKEN", Timeout: 5 * time.Second},
	}
}

// useSinks gives a demonstration's server other places to deliver to.
func useSinks(ctx context.Context, s *server, list []sinkConfig) error {
	var err error
	s.service.Sinks, err = s.openSinks(ctx, config{Sinks: list})
	return err
}

// A process that is killed at random moments while it delivers to a folder, to
// S3-compatible storage and to a job server at once leaves, once another has
// taken up its work, each release at each place once and whole.
func TestKilledAtRandomItDeliversOnceEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("kills its child fifty times")
	}
	s3 := storagetest.StartS3(t)
	stand := new(storagetest.JobServer)
	web := httptest.NewServer(stand)
	defer web.Close()
	t.Setenv("SALLYPORT_TEST_ACCESS", storagetest.AccessKey)
	t.Setenv("SALLYPORT_TEST_SECRET", storagetest.SecretKey)
	t.Setenv("SALLYPORT_TEST_TOKEN", storagetest.Token)

	prepared := filepath.Join(t.TempDir(), "data")
	id, checker := reviewedRequest(t, prepared)
	data := copied(t, prepared)
	list := sinksOf(demo.Exports(data), s3.Endpoint, web.URL+"/api/v2")
	kills, rounds := wantedKills(t), 0
	for kills > 0 {
		// Killed again and again until it gets through, then anew.
		ahead := time.Duration(0)
		for ; kills > 0; ahead += time.Hour {
			killed := killedSoon(t, dying{Data: data, Request: id, Checker: checker, Step: -1, Sinks: list, Ahead: ahead})
			if !killed {
				break
			}
			kills--
		}
		finish(t, data, id, checker, list, ahead+time.Hour)
		everywhereOnce(t, data, id, s3, stand)
		if t.Failed() {
			return
		}
		rounds++
		data = copied(t, prepared)
		stand.Forget() // the same request anew
		list = sinksOf(demo.Exports(data), s3.Endpoint, web.URL+"/api/v2")
	}
	t.Logf("%d releases came through", rounds)
}

// A process that is killed before each step that a release has, by its name, and
// each time taken up by another one that is killed a step later, leaves the
// release once and whole: in S3-compatible storage, and at a job server.
func TestKilledAtEachNamedStepItDeliversOnce(t *testing.T) {
	s3 := storagetest.StartS3(t)
	stand := new(storagetest.JobServer)
	web := httptest.NewServer(stand)
	defer web.Close()
	t.Setenv("SALLYPORT_TEST_ACCESS", storagetest.AccessKey)
	t.Setenv("SALLYPORT_TEST_SECRET", storagetest.SecretKey)
	t.Setenv("SALLYPORT_TEST_TOKEN", storagetest.Token)
	prepared := filepath.Join(t.TempDir(), "data")
	id, checker := reviewedRequest(t, prepared)

	places := sinksOf("", s3.Endpoint, web.URL+"/api/v2")[1:]
	once := map[string]func(t *testing.T, s *server, release *review.Release){
		"archive": func(t *testing.T, _ *server, release *review.Release) {
			onceInBucket(t, s3, release)
			at := filepath.Join(s3.Dir, string(release.Workspace), release.ID)
			key := filepath.Join(prepared, "keys", ledger.PublicFile)
			goodPackage(t, at, key)
			goodPackage(t, at+".zip", key)
		},
		"jobs": func(t *testing.T, s *server, release *review.Release) { onceAtJobServer(t, s, stand, release) },
	}
	for i := range places {
		list := places[i : i+1]
		t.Run(list[0].Name, func(t *testing.T) {
			data := copied(t, prepared)
			d := dying{Data: data, Request: id, Checker: checker, Step: -1, Sinks: list}
			whole := d
			whole.Data = copied(t, prepared)
			steps, killed := stepsOf(t, whole)
			steps = slices.DeleteFunc(steps, func(name string) bool { return strings.HasPrefix(name, "notify.") })
			if killed || len(steps) < 7 {
				t.Fatalf("undisturbed, the steps are %q (killed: %v)", steps, killed)
			}
			if list[0].Name == "jobs" {
				stand.Forget() // the same request anew
			}
			for _, d.Named = range steps {
				if _, killed := stepsOf(t, d); !killed {
					t.Fatalf("%s: not killed", d.Named)
				}
				d.Ahead += time.Hour
			}
			t.Logf("killed at %q", steps)
			finish(t, data, id, checker, list, d.Ahead)
			s, release := released(t, data, id)
			defer closeServer(t, s)
			if !release.Complete() || len(release.Deliveries) != 1 {
				t.Errorf("the deliveries on record: %+v", release.Deliveries)
			}
			oneOfEach(t, s, id)
			once[list[0].Name](t, s, release)
		})
	}
}

// Four processes that work off one outbox at once do each job once: no place is
// asked for anything that it has.
func TestSeveralProcessesDeliverOnce(t *testing.T) {
	s3 := storagetest.StartS3(t)
	stand := new(storagetest.JobServer)
	web := httptest.NewServer(stand)
	defer web.Close()
	t.Setenv("SALLYPORT_TEST_ACCESS", storagetest.AccessKey)
	t.Setenv("SALLYPORT_TEST_SECRET", storagetest.SecretKey)
	t.Setenv("SALLYPORT_TEST_TOKEN", storagetest.Token)
	data := filepath.Join(t.TempDir(), "data")
	id, checker := reviewedRequest(t, data)
	d := dying{Data: data, Request: id, Checker: checker, Step: -1, Sinks: sinksOf(demo.Exports(data), s3.Endpoint, web.URL+"/api/v2")}

	lives := make(chan string)
	for range 4 {
		go func() {
			said, killed := "", false
			defer func() { lives <- said }() // whatever becomes of it
			if said, killed = lifeOf(t, d, func(*os.Process) {}); killed {
				t.Error("a process was killed")
			}
		}()
	}
	deliveries := 0
	for range 4 {
		deliveries += strings.Count(<-lives, "step release.deliver\n")
	}
	finish(t, data, id, checker, d.Sinks, 0)
	everywhereOnce(t, data, id, s3, stand)
	if calls := 1 + len(stand.Arrived()[string(id)].Files); deliveries != len(d.Sinks) || stand.Calls() != calls {
		t.Errorf("%d deliveries were begun at %d places, and the job server was called %d times for what takes %d", deliveries, len(d.Sinks), stand.Calls(), calls)
	}
}

// stepsOf runs a child to its end and returns the names of the steps that it
// came to, each once.
func stepsOf(t *testing.T, d dying) (steps []string, killed bool) {
	t.Helper()
	out, killed := lifeOf(t, d, func(*os.Process) {})
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "step "); ok && !slices.Contains(steps, name) {
			steps = append(steps, name)
		}
	}
	return steps, killed
}

// released opens a folder and reads the release of a request there.
func released(t *testing.T, data string, id review.RequestID) (*server, *review.Release) {
	t.Helper()
	s, err := demoServer(t.Context(), data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	release, err := s.store.Release(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s, release
}

func wantedKills(t *testing.T) int {
	t.Helper()
	told := os.Getenv("SALLYPORT_KILLS")
	if told == "" {
		return 50
	}
	n, err := strconv.Atoi(told)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// killedSoon runs a child and kills it at a random moment after it has opened
// everything; false when it was done before.
func killedSoon(t *testing.T, d dying) bool {
	t.Helper()
	_, killed := lifeOf(t, d, func(p *os.Process) {
		time.AfterFunc(time.Duration(rand.N(300))*time.Millisecond, func() { _ = p.Kill() })
	})
	return killed
}

// lifeOf runs a child to its end, and returns what it said and whether it was
// killed. Ready is called once it has opened everything.
func lifeOf(t *testing.T, d dying, ready func(*os.Process)) (said string, killed bool) {
	t.Helper()
	told, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killAt+"="+string(told))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if first, err := lines.ReadString('\n'); err == nil && first == "ready\n" {
		ready(cmd.Process)
	}
	text, _ := io.ReadAll(lines) // until it ends
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return string(text), true
		}
	}
	if err != nil {
		t.Fatalf("the child failed: %v\n%s", err, complaint.String())
	}
	return string(text), false
}

// finish takes up what the killed ones left, later than any lease.
func finish(t *testing.T, data string, id review.RequestID, checker review.Username, list []sinkConfig, ahead time.Duration) {
	t.Helper()
	ctx := context.Background()
	s, err := demoServer(ctx, data, func() time.Time { return time.Now().Add(ahead) })
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, s)
	if err := useSinks(ctx, s, list); err != nil {
		t.Fatal(err)
	}
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
	dead, err := s.store.DeadJobs(ctx)
	if err != nil || len(dead) > 0 {
		t.Errorf("given up: %+v, %v", dead, err)
	}
}

// everywhereOnce holds every place to what was approved.
func everywhereOnce(t *testing.T, data string, id review.RequestID, s3 *storagetest.S3, stand *storagetest.JobServer) {
	t.Helper()
	onePackage(t, data, id)
	s, release := released(t, data, id)
	defer closeServer(t, s)
	if !release.Complete() || len(release.Deliveries) != 3 {
		t.Errorf("the deliveries on record: %+v", release.Deliveries)
	}
	onceInBucket(t, s3, release)
	folder := filesIn(t, os.DirFS(filepath.Join(demo.Exports(data), string(release.Workspace), release.ID)))
	bucket := filesIn(t, os.DirFS(filepath.Join(s3.Dir, string(release.Workspace), release.ID)))
	if len(folder) != len(bucket) {
		t.Errorf("the bucket holds %d files, the folder %d", len(bucket), len(folder))
	}
	for name, want := range folder {
		if bucket[name] != want {
			t.Errorf("the bucket's %s differs", name)
		}
	}
	onceAtJobServer(t, s, stand, release)
}

// onceInBucket looks for the mark of a release that is complete.
func onceInBucket(t *testing.T, s3 *storagetest.S3, release *review.Release) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s3.Dir, string(release.Workspace), release.ID+".complete.json")); err != nil {
		t.Errorf("the bucket's package is not complete: %v", err)
	}
}

// onceAtJobServer holds a job server to the one release that it was sent.
func onceAtJobServer(t *testing.T, s *server, stand *storagetest.JobServer, release *review.Release) {
	t.Helper()
	got := stand.Arrived()[string(release.Request)]
	if len(stand.Arrived()) != 1 || got == nil || len(stand.Problems()) > 0 {
		t.Fatalf("at the job server: %+v, %q", stand.Arrived(), stand.Problems())
	}
	for _, f := range release.Files {
		if got.Files[f.Path] != blobOf(t, s.service.Blobs, f.SHA256) || got.Uploads[f.Path] != 1 {
			t.Errorf("the job server took %s %d times", f.Path, got.Uploads[f.Path])
		}
	}
	if len(got.Files) != len(release.Files) {
		t.Errorf("the job server has %d files of %d", len(got.Files), len(release.Files))
	}
}
