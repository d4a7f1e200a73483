package storage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/storage/storagetest"
)

// bucketPackage has two files, the second of so many bytes.
func bucketPackage(id string, size int) (*review.Package, map[string]string) {
	large := strings.Repeat("0123456\n", size/8)
	p := pack(id, "release/a.csv", "a\n", "release/b.csv", large)
	at := "study/" + id
	return p, map[string]string{
		at + "/files/release/a.csv": "a\n", at + "/files/release/b.csv": large, at + "/manifest.json": string(p.Manifest),
	}
}

// inBucket is what a bucket's folder holds, without the ZIP, and whether the mark
// of completeness is there.
func inBucket(t *testing.T, dir, id string) (files map[string]string, complete bool) {
	t.Helper()
	files = contents(t, dir)
	_, complete = files["study/"+id+".complete.json"]
	delete(files, "study/"+id+".complete.json")
	delete(files, "study/"+id+".zip")
	return files, complete
}

// TestBucketNetwork spoils every request of a delivery and of a withdrawal in
// turn, each in every way, for as often as the library tries: nothing is there
// that was not approved, a delivery that says it is done is whole, and the next
// try ends well.
func TestBucketNetwork(t *testing.T) {
	server := storagetest.StartS3(t)
	clean := func(int) storagetest.Fault { return storagetest.Fault{} }
	calls := func(do func(*BucketSink)) int {
		f := storagetest.StartFaulty(t, server.Endpoint, clean)
		sink := NewBucketSink(openBucket(t, f.URL, "counted"))
		do(&sink)
		return f.Requests()
	}
	p, _ := bucketPackage("R0", 1<<10)
	deliveries := calls(func(s *BucketSink) { _, err := s.Deliver(t.Context(), p); must(t, err) })
	withdrawals := calls(func(s *BucketSink) { _, err := s.Withdraw(t.Context(), p.Release, ""); must(t, err) })
	t.Logf("%d requests deliver a release, %d withdraw it", deliveries, withdrawals)

	for name, how := range map[string]storagetest.Fault{
		"500":           {Status: http.StatusInternalServerError},
		"answer lost":   {Lost: true},
		"answer broken": {Broken: true},
	} {
		for n := 1; n <= max(deliveries, withdrawals); n++ {
			at := strings.ReplaceAll(name, " ", "-") + fmt.Sprint(n)
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				spoiltAt(t, server, at, how, n, deliveries, withdrawals)
			})
		}
	}
}

// spoiltAt spoils the n-th request of a delivery, and then of a withdrawal, below
// a prefix of its own.
func spoiltAt(t *testing.T, server *storagetest.S3, prefix string, how storagetest.Fault, n, deliveries, withdrawals int) {
	t.Helper()
	first := n
	f := storagetest.StartFaulty(t, server.Endpoint, func(i int) storagetest.Fault {
		if i >= first && i < first+cloudTries {
			return how
		}
		return storagetest.Fault{}
	})
	sink := NewBucketSink(openBucket(t, f.URL, prefix))
	dir := filepath.Join(server.Dir, prefix)
	must(t, os.MkdirAll(dir, 0o755))
	p, want := bucketPackage("R1", 1<<10)
	if n <= deliveries {
		_, err := sink.Deliver(t.Context(), p)
		if errors.Is(err, review.ErrCorrupt) {
			t.Errorf("a fault of the network is taken for damage: %v", err)
		}
		got, complete := inBucket(t, dir, "R1")
		if err == nil && !complete {
			t.Error("it says that it is delivered")
		}
		for path, data := range got {
			if data != want[path] {
				t.Errorf("half done: %s holds %d bytes", path, len(data))
			}
		}
		if complete && len(got) != len(want) {
			t.Errorf("marked complete with %d files", len(got))
		}
	}
	first = 0 // spoil nothing more
	_, err := sink.Deliver(t.Context(), p)
	must(t, err)
	got, complete := inBucket(t, dir, "R1")
	if diff := cmp.Diff(want, got); diff != "" || !complete {
		t.Fatalf("complete: %v, %.500s", complete, diff)
	}
	if n > withdrawals {
		return
	}
	first = f.Requests() + n
	_, _ = sink.Withdraw(t.Context(), p.Release, "") // as the fault has it
	first = 0
	_, err = sink.Withdraw(t.Context(), p.Release, "")
	must(t, err)
	if diff := cmp.Diff(map[string]string{"study/R1.withdrawn.txt": string(review.Tombstone(p.Release))}, contents(t, dir)); diff != "" {
		t.Errorf("after the withdrawal: %.500s", diff)
	}
}

// TestBucketConnections cuts connections while bytes go up, swallows all answers
// of some, and lets nobody wait for ever.
func TestBucketConnections(t *testing.T) {
	server := storagetest.StartS3(t)
	for name, how := range map[string]storagetest.Spoilt{
		"cut at once":        {CutAfter: 100},
		"cut in an upload":   {CutAfter: 700_000},
		"silent":             {Silent: true},
		"slow, and answered": {Slow: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := storagetest.StartProxy(t, server.Endpoint, func(n int) storagetest.Spoilt {
				if n <= 2 || how.Slow > 0 {
					return how
				}
				return storagetest.Spoilt{}
			})
			prefix := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
			sink := NewBucketSink(openBucket(t, proxy.URL, prefix))
			p, want := bucketPackage("R1", partSize+1<<20) // sent in two parts
			var err error
			for range 4 { // as the outbox does
				ctx, cancel := context.WithTimeout(t.Context(), tryFor(how))
				_, err = sink.Deliver(ctx, p)
				cancel()
				if err == nil {
					break
				}
				if review.KindOf(err) != review.Unavailable {
					t.Errorf("said to be %v", err)
				}
			}
			must(t, err)
			got, complete := inBucket(t, filepath.Join(server.Dir, prefix), "R1")
			if diff := cmp.Diff(want, got); diff != "" || !complete {
				t.Errorf("complete: %v, %.500s", complete, diff)
			}
		})
	}
}

// tryFor is how long one try may take: short only where it is to run out.
func tryFor(how storagetest.Spoilt) time.Duration {
	if how.Silent {
		return 2 * time.Second
	}
	return time.Minute
}
