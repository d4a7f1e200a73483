package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/storage"
	"sallyport/storage/disktest"
)

// scene is work that a disk fails in.
type scene struct {
	name string
	// play does the work on a data folder, from wherever an earlier try got to.
	play func(ctx context.Context, data string, now func() time.Time) error
	// meanwhile holds whatever a failure may leave: nothing let out that should not
	// be, nothing half that can be seen.
	meanwhile func(t *testing.T, data string)
	// after holds what there is once the work was done again.
	after func(t *testing.T, data string)
	// calls is how many the work makes at the least.
	calls int
}

// TestFaults has one read, write, flush, renaming or closing of a file fail after
// the other, in the program and in SQLite, while it starts for the first time,
// releases, delivers and signs, recalls, makes a backup and restores it. Each
// failure is an error in plain words, or nobody's concern; nothing leaves that
// should not; and the same again on a working disk ends where it would have.
//
// A usual run tries three calls of each; SALLYPORT_FAILURES=all (make failures) tries
// all, and a number every so many.
func TestFaults(t *testing.T) {
	disktest.Run(t, func(t *testing.T, d *disktest.Disk) {
		base := filepath.Join(t.TempDir(), "data")
		id, checker := reviewedRequest(t, base)
		released := copied(t, base)
		recover(t, released, id, checker)
		for _, s := range []struct {
			scene
			from string
		}{
			{firstStart(demo.Workspaces(base)), ""},
			{releasing(id, checker), base},
			{recalling(id, checker), released},
			{backingUp(), released},
		} {
			t.Run(s.name, func(t *testing.T) { sweep(t, d, s.from, s.scene) })
		}
	})
}

// sweep plays a scene undisturbed, and then with faults.
func sweep(t *testing.T, d *disktest.Disk, from string, s scene) {
	fresh := func() string {
		if from != "" {
			return copied(t, from)
		}
		return filepath.Join(t.TempDir(), "data")
	}
	watched := func(data string) {
		if err := os.MkdirAll(data, 0o700); err != nil {
			t.Fatal(err)
		}
		d.Watch(data)
	}
	count := func(f disktest.Fault) int {
		data := fresh()
		watched(data)
		d.Fail(f)
		err := s.play(t.Context(), data, time.Now)
		n := d.Heal().Calls
		if err != nil {
			t.Fatalf("undisturbed: %v", err)
		}
		s.after(t, data)
		return n
	}
	kinds := []disktest.Fault{
		{Err: syscall.EIO}, {Err: syscall.ENOSPC, On: true, Half: true}, {Err: syscall.EIO, Reads: true},
	}
	each := everyNth(t)
	writes, reads := count(disktest.Fault{}), s.calls
	if each > 0 {
		reads = count(disktest.Fault{Reads: true})
	}
	if writes < s.calls || reads < s.calls {
		t.Fatalf("only %d changes and %d reads", writes, reads)
	}
	said := map[string]int{}
	tries := 0
	for k, f := range kinds {
		all := writes
		if f.Reads {
			all = reads
		}
		first, step := all*(2*k+1)/6, all // one of each kind: early, in the middle, late
		if each > 0 {
			first, step = (each+1)/2, each
		}
		for f.At = first; f.At <= all; f.At += step {
			data := fresh()
			watched(data)
			d.Fail(f)
			err := s.play(t.Context(), data, time.Now)
			seen := d.Heal()
			tries++
			where := fmt.Sprintf("%v, %s", f, seen.Hit)
			if err != nil {
				said[plainly(err)]++
			}
			s.meanwhile(t, data)
			if err := s.play(t.Context(), data, func() time.Time { return time.Now().Add(time.Hour) }); err != nil {
				t.Errorf("%s: and again on a working disk: %v", where, err)
			}
			s.after(t, data)
			if t.Failed() {
				t.Fatal(where)
			}
			if err := os.RemoveAll(data); err != nil { // there are thousands of them
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d changes, %d reads, %d faults tried; what was said: %v", writes, reads, tries, said)
}

// everyNth is which calls fail: each of them, or every so many; 0 means a few.
func everyNth(t *testing.T) int {
	text := os.Getenv("SALLYPORT_FAILURES")
	switch text {
	case "":
		return 0
	case "all":
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("SALLYPORT_FAILURES=%q is neither all nor a number", text)
	}
	return n
}

// plainly is the most of an error that a person is told.
func plainly(err error) string {
	var known *review.Error
	if errors.As(err, &known) {
		return known.Message
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

// firstStart makes a service's folder.
func firstStart(workspaces string) scene {
	open := func(ctx context.Context, data string, now func() time.Time) (*server, error) {
		a := &app{now: func() time.Time { return now().UTC() }}
		conf := config{Listen: "127.0.0.1:0", Data: data, Workspaces: workspaces, Exports: filepath.Join(data, "out")}
		log, err := conf.Log.logger(&bytes.Buffer{})
		if err != nil {
			return nil, err
		}
		return newServer(ctx, conf, log, a.now, nil)
	}
	return scene{
		name: "first start", calls: 50,
		play: func(ctx context.Context, data string, now func() time.Time) error {
			s, err := open(ctx, data, now)
			if err != nil {
				return err
			}
			err = s.service.Started(ctx, "a version", s.config)
			if err == nil {
				_, err = s.service.Ledger.Checkpoint(ctx)
			}
			return errors.Join(err, s.Close())
		},
		meanwhile: func(*testing.T, string) {},
		after: func(t *testing.T, data string) {
			wrote(t, exitOK, "is whole", "verify", "--data", data)
			wrote(t, exitOK, "", "audit", "verify", "--data", data)
		},
	}
}

// working is a demonstration's server, for one piece of work.
func working(ctx context.Context, data string, now func() time.Time, work func(s *server) error) error {
	s, err := demoServer(ctx, data, now)
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.Close())
}

// settle does every job that is due.
func settle(ctx context.Context, s *server) error {
	for {
		if did, err := s.service.WorkOnce(ctx); err != nil || !did {
			return err
		}
	}
}

// releasing takes a request that is reviewed to where it has left.
func releasing(id review.RequestID, checker review.Username) scene {
	return scene{
		name: "release", calls: 60,
		play: func(ctx context.Context, data string, now func() time.Time) error {
			return working(ctx, data, now, func(s *server) error {
				actor, err := s.service.Actor(ctx, checker, "local")
				if err == nil {
					err = s.service.Release(ctx, actor, id)
				}
				if err == nil {
					err = settle(ctx, s)
				}
				if err == nil {
					_, err = s.service.Ledger.Checkpoint(ctx)
				}
				return err
			})
		},
		meanwhile: func(t *testing.T, data string) {
			onlyWhole(t, data, id)
			bytesBack(t, data)
		},
		after: func(t *testing.T, data string) { onePackage(t, data, id) },
	}
}

// onlyWhole holds every package that can be seen to the release that is on record.
func onlyWhole(t *testing.T, data string, id review.RequestID) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(demo.Exports(data), "*", "[^.]*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return
	}
	if err := working(t.Context(), data, time.Now, func(s *server) error {
		release, err := s.store.Release(t.Context(), id)
		if err != nil {
			return fmt.Errorf("%v left without a release: %w", found, err)
		}
		for _, name := range found {
			if strings.TrimSuffix(filepath.Base(name), ".zip") != release.ID {
				t.Errorf("%s is nobody's", name)
			}
			goodPackage(t, name, filepath.Join(data, "keys", "sallyport.pub"))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// bytesBack has an operator see that stored bytes can be read again: what rested on
// bytes that a disk did not give waits for that.
func bytesBack(t *testing.T, data string) {
	t.Helper()
	if err := working(t.Context(), data, time.Now, func(s *server) error {
		operator, err := s.service.Actor(t.Context(), "oakley", "local")
		if err != nil {
			return err
		}
		alarms, err := s.service.Alarms(t.Context(), operator)
		for _, x := range alarms {
			if x.Damage != review.Unreadable {
				t.Errorf("bytes that a disk did not give are said to be %s", x.Damage)
			}
			err = errors.Join(err, s.service.Restored(t.Context(), operator, x.ID, "The disk gives them again."))
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// recalling takes a release back.
func recalling(id review.RequestID, checker review.Username) scene {
	return scene{
		name: "recall", calls: 40,
		play: func(ctx context.Context, data string, now func() time.Time) error {
			return working(ctx, data, now, func(s *server) error {
				lead, err := s.service.Actor(ctx, leadOf(ctx, s), "local")
				if err != nil {
					return err
				}
				release, err := s.store.Release(ctx, id)
				if err == nil && release.Recalled == nil {
					err = s.service.Recall(ctx, lead, id, review.BreachInput{Words: "A small count is shown.", Severity: review.RecallSerious, Discovered: s.service.Now()})
				}
				if err == nil {
					err = settle(ctx, s)
				}
				return err
			})
		},
		meanwhile: func(t *testing.T, data string) { bytesBack(t, data) },
		after: func(t *testing.T, data string) {
			t.Helper()
			left, err := filepath.Glob(filepath.Join(demo.Exports(data), "*", "*"))
			if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], ".withdrawn.txt") {
				t.Errorf("after the recall there is %v, %v", left, err)
			}
			if err := working(t.Context(), data, time.Now, func(s *server) error {
				release, err := s.store.Release(t.Context(), id)
				if err == nil && (release.Recalled == nil || len(release.Recalled.Reports) != 1 || len(release.Recalled.Reports[0].Withdrawals) != 1) {
					t.Errorf("on record: %+v", release.Recalled)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		},
	}
}

// leadOf is somebody who may recall.
func leadOf(ctx context.Context, s *server) review.Username {
	people, err := s.store.People(ctx)
	if err != nil {
		return ""
	}
	for _, p := range people {
		for _, r := range p.Roles {
			if r == policy.Auditor || r == policy.Lead {
				return p.Username
			}
		}
	}
	return ""
}

// backingUp makes a backup, and restores it into an empty folder.
func backingUp() scene {
	places := func(data string) (backup, restored string) {
		return filepath.Join(data, "backup"), filepath.Join(data, "restored")
	}
	do := func(ctx context.Context, args ...string) error {
		var out bytes.Buffer
		if status := run(ctx, args, strings.NewReader(""), &out, &out); status != exitOK {
			return errors.New(strings.TrimSpace(out.String()))
		}
		return nil
	}
	there := func(name string) bool { _, err := os.Lstat(name); return err == nil }
	return scene{
		name: "backup", calls: 60,
		play: func(ctx context.Context, data string, _ func() time.Time) error {
			backup, restored := places(data)
			if !there(backup) {
				if err := do(ctx, "backup", "make", "--data", data, "--out", backup); err != nil {
					return err
				}
			}
			if there(filepath.Join(restored, databaseFile)) {
				return nil
			}
			return do(ctx, "restore", "--from", backup, "--data", restored)
		},
		// A backup that can be seen is whole, and a database that can be seen holds all.
		meanwhile: func(t *testing.T, data string) {
			t.Helper()
			backup, restored := places(data)
			if there(backup) {
				wrote(t, exitOK, "tables", "backup", "verify", backup)
			}
			if there(filepath.Join(restored, databaseFile)) {
				wrote(t, exitOK, "is whole", "verify", "--data", restored)
			}
		},
		after: func(t *testing.T, data string) {
			t.Helper()
			backup, restored := places(data)
			wrote(t, exitOK, "tables", "backup", "verify", backup)
			wrote(t, exitOK, "is whole", "verify", "--data", restored)
			whole, err := storage.VerifyBackup(t.Context(), backup, time.Now)
			if err != nil || whole.Blobs == 0 || len(whole.Missing)+len(whole.Damaged) > 0 {
				t.Errorf("%+v, %v", whole, err)
			}
		},
	}
}
