package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
)

// chaosFor says for how long the test of several servers goes on; "make chaos"
// says minutes.
const chaosFor = "SALLYPORT_CHAOS"

// mild is what is done in a usual run: after a kill, or without the database, what
// was begun waits for the end of a lease, half a minute.
func mild() []string { return []string{"stopped", "slowed", "held up", "storage cut off"} }

// harsh is what "make chaos" does.
func harsh() []string {
	return []string{"killed", "cut off", "killed", "held up", "disk busy", "killed", "slowed", "disk hangs", "stopped"}
}

// Three servers on one PostgreSQL and one S3 server, with clocks seconds apart,
// are killed, stopped and held up at random, and their networks cut and slowed,
// while people file, review and release. Nobody is told what did not happen,
// nothing is lost or released twice, and the record verifies.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for a while")
	}
	length, people, kinds := 3*time.Second, 2, mild()
	if told := os.Getenv(chaosFor); told != "" {
		var err error
		length, err = time.ParseDuration(told)
		must(t, err)
		people, kinds = 8, harsh()
	}
	c := newCluster(t, load.Site{Researchers: people, Checkers: 4, Courses: 20 + int(length/time.Second), Bytes: 40_000}, 3, true)
	skew := []time.Duration{0, 4 * time.Second, -4 * time.Second}
	for i, m := range c.members {
		m.start(skew[i])
		defer func() { m.end(syscall.SIGKILL) }()
	}
	for _, m := range c.members {
		if !m.answers(t.Context()) {
			t.Fatal("a server does not start")
		}
	}
	told, mischief := c.play(length, skew, kinds)
	for _, m := range c.members {
		m.end(syscall.SIGTERM)
		if out := m.said(); strings.Contains(out, "panic") || strings.Contains(out, "DATA RACE") {
			t.Errorf("server %d: %s", m.n, out)
		}
	}
	c.check(told)
	t.Logf("%d requests, of which %d were released; mischief: %v", len(told), count(told, func(x load.Told) bool { return x.Released }), mischief)
}

func count[T any](list []T, is func(T) bool) (n int) {
	for _, x := range list {
		if is(x) {
			n++
		}
	}
	return n
}

// play has everybody at work for so long, while mischief is done, and then lets
// them finish what they have begun.
func (c *cluster) play(length time.Duration, skew []time.Duration, kinds []string) (told []load.Told, mischief map[string]int) {
	var mu sync.Mutex
	p := &load.Players{
		Site: c.site, Tokens: c.tokens, Retry: 100 * time.Millisecond, Tally: new(load.Tally), Audited: true,
		HTTP: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
		// As a load balancer without a memory would send them.
		Server: func() string { return c.members[rand.N(len(c.members))].url },
	}
	last, cancel := context.WithTimeout(c.t.Context(), length+3*time.Minute)
	defer cancel()
	over := time.Now().Add(length)
	var group errgroup.Group
	for i := range c.site.Researchers {
		group.Go(func() error {
			for course := range c.site.Courses {
				if course > 0 && time.Now().After(over) {
					return nil
				}
				one, err := p.Course(last, i, course)
				mu.Lock()
				told = append(told, one)
				mu.Unlock()
				if err != nil {
					return fmt.Errorf("request %s: %w", one.Request, err)
				}
			}
			return nil
		})
	}
	mischief = c.harm(over, skew, kinds)
	if err := group.Wait(); err != nil {
		c.t.Error(err)
	}
	c.t.Logf("\n%s", load.Table(p.Tally.Sums(), length))
	return told, mischief
}

// harm does one bad thing after the other until it is over, and mends all.
func (c *cluster) harm(over time.Time, skew []time.Duration, kinds []string) map[string]int {
	done := map[string]int{}
	pause := func(most time.Duration) { time.Sleep(most/4 + rand.N(most)) }
	for n := 0; time.Now().Before(over); n++ {
		m := c.members[rand.N(len(c.members))]
		w := []*wire{c.db, c.s3}[rand.N(2)]
		what := kinds[n%len(kinds)]
		done[what]++
		switch what {
		case "killed", "stopped":
			s := syscall.SIGKILL
			if what == "stopped" {
				s = syscall.SIGTERM
			}
			m.end(s)
			pause(500 * time.Millisecond)
			c.raise(m, skew)
		case "cut off", "storage cut off":
			if what != "cut off" {
				w = c.s3
			}
			w.set(true, 0)
			pause(2 * time.Second)
			w.set(false, 0)
		case "held up":
			m.signal(syscall.SIGSTOP)
			pause(2 * time.Second)
			m.signal(syscall.SIGCONT)
		case "disk hangs":
			if err := c.bucket.Hang(time.Second + rand.N(2*time.Second)); err != nil {
				c.t.Error(err)
			}
		case "disk busy":
			c.busyDisk(time.Second + rand.N(2*time.Second))
		case "slowed":
			w.set(false, 20*time.Millisecond)
			pause(3 * time.Second)
			w.set(false, 0)
		}
		pause(time.Second)
	}
	return done
}

// busyDisk writes and flushes megabytes one after the other on the disk that the
// exports and the keys are on, so that everybody else's writes wait.
func (c *cluster) busyDisk(d time.Duration) {
	over := time.Now().Add(d)
	megabyte := make([]byte, 1<<20)
	var group errgroup.Group
	for i := range 4 {
		group.Go(func() error {
			name := filepath.Join(c.dir, fmt.Sprint("busy", i))
			for time.Now().Before(over) {
				f, err := os.Create(name)
				if err != nil {
					return err
				}
				_, err = f.Write(megabyte)
				if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
					return err
				}
			}
			return os.Remove(name)
		})
	}
	if err := group.Wait(); err != nil {
		c.t.Error(err)
	}
}

// raise starts a server again until it answers.
func (c *cluster) raise(m *member, skew []time.Duration) {
	for range 10 {
		m.end(syscall.SIGKILL) // one that gave up at its start
		m.start(skew[m.n])
		ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
		up := m.answers(ctx)
		cancel()
		if up {
			return
		}
	}
	c.t.Error("a server does not come back")
}

// check holds what people were told, what is on record, and what left to each
// other.
func (c *cluster) check(told []load.Told) {
	t := c.t
	store := c.store()
	defer func() { must(t, store.Close()) }()
	if _, err := store.Verify(t.Context()); err != nil {
		t.Errorf("the record: %v", err)
	}
	if c.db != nil {
		wrote(t, exitOK, "", "audit", "verify", "--config", c.members[0].config)
		c.db.set(false, 0)
	}
	dead, err := store.DeadJobs(t.Context())
	if err != nil || len(dead) > 0 {
		t.Errorf("given up: %+v, %v", dead, err)
	}
	released := map[string]bool{}
	for _, x := range told {
		if x.Request == "" {
			continue
		}
		c.checkRequest(store, x)
		if rel, err := store.Release(t.Context(), x.Request); err == nil {
			released[filepath.Join(string(rel.Workspace), rel.ID)] = true
			c.checkLeft(store, rel)
		}
	}
	packages, err := filepath.Glob(filepath.Join(c.exports, "*", "*"))
	must(t, err)
	for _, path := range packages {
		name, err := filepath.Rel(c.exports, strings.TrimSuffix(path, ".zip"))
		must(t, err)
		if !released[name] {
			t.Errorf("%s left and is no release's", path)
		}
	}
}

// once is what can happen once to a request of a course that is never returned.
func once() []review.EventType {
	return []review.EventType{review.EvRequestCreated, review.EvFileAdded, review.EvSubmitted, review.EvApproved, review.EvPackaged, review.EvReleased}
}

// checkRequest: everything that was told is on record as often as it was told,
// and what can happen once did so at most once.
func (c *cluster) checkRequest(store eventStore, x load.Told) {
	events, err := store.Events(c.t.Context(), review.EventQuery{Request: x.Request})
	must(c.t, err)
	have, want := map[review.EventType]int{}, map[review.EventType]int{}
	for _, e := range events {
		if e.Type != review.EvApproved || e.File == "" { // one more for each file
			have[e.Type]++
		}
	}
	for _, e := range x.Done {
		want[e]++
	}
	for e, n := range want {
		if have[e] < n {
			c.t.Errorf("request %s: told of %d %s, on record are %d", x.Request, n, e, have[e])
		}
	}
	for _, e := range once() {
		if have[e] > 1 {
			c.t.Errorf("request %s: %s is on record %d times", x.Request, e, have[e])
		}
	}
}

// eventStore is what reads the record.
type eventStore interface {
	Events(ctx context.Context, q review.EventQuery) ([]review.Event, error)
	Request(ctx context.Context, id review.RequestID) (*review.Request, error)
}

// checkLeft: a release is whole at each place, with the bytes that were approved.
func (c *cluster) checkLeft(store eventStore, rel *review.Release) {
	t := c.t
	r, err := store.Request(t.Context(), rel.Request)
	must(t, err)
	if r.Status != review.Released {
		t.Errorf("request %s is %s", r.ID, r.Status)
		return
	}
	place := filepath.Join(string(rel.Workspace), rel.ID)
	folder := filesIn(t, os.DirFS(filepath.Join(c.exports, place)))
	for _, f := range rel.Files {
		source, err := os.ReadFile(filepath.Join(c.dir, "workspaces", string(rel.Workspace), f.Path))
		must(t, err)
		if folder["data/"+f.Path] != string(source) {
			t.Errorf("release %s: %s differs from what was approved", rel.ID, f.Path)
		}
	}
	goodPackage(t, filepath.Join(c.exports, place), filepath.Join(c.dir, "keys", "sallyport.pub"))
	goodPackage(t, filepath.Join(c.exports, place)+".zip", filepath.Join(c.dir, "keys", "sallyport.pub"))
	if c.bucket == nil {
		return
	}
	out := filepath.Join(c.bucket.Dir, "out", place)
	if _, err := os.Stat(out + ".complete.json"); err != nil {
		t.Errorf("the bucket's package is not complete: %v", err)
	}
	if bucket := filesIn(t, os.DirFS(out)); len(bucket) != len(folder) {
		t.Errorf("release %s: the bucket holds %d files, the folder %d", rel.ID, len(bucket), len(folder))
	}
}
