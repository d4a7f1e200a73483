package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage/storagetest"
)

// openBucket opens the bucket of a server, below a prefix of its own.
func openBucket(t testing.TB, endpoint, prefix string) *Bucket {
	t.Helper()
	b, err := OpenBucket(t.Context(), BucketSettings{
		Bucket: storagetest.BucketName, Prefix: prefix, Endpoint: endpoint, PathStyle: true,
		AccessKey: storagetest.AccessKey, SecretKey: storagetest.SecretKey,
		pause: 20 * time.Millisecond,
	})
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	return b
}

func TestBucketBlobs(t *testing.T) {
	server := storagetest.StartS3(t)
	n := 0
	reviewtest.RunBlobs(t, func(t *testing.T) reviewtest.Shelf {
		n++
		prefix := "blobs/" + strings.Repeat("x", n)
		b := openBucket(t, server.Endpoint, prefix)
		dir := filepath.Join(server.Dir, prefix)
		must(t, os.MkdirAll(dir, 0o755))
		return reviewtest.Shelf{
			Blobs: NewBucketBlobs(b),
			Kept:  func() int { return len(files(t, dir)) },
			Spoil: func(d review.Digest, data string) {
				name, _ := blobPath(d)
				must(t, b.replace(t.Context(), b.prefix+name, bytesType, bytesOf([]byte(data))))
			},
		}
	})
}

func TestBucketDeliver(t *testing.T) {
	server := storagetest.StartS3(t)
	sink := NewBucketSink(openBucket(t, server.Endpoint, "out"))
	dir := filepath.Join(server.Dir, "out")
	p := pack("R1", "release/a.csv", "a\n", "release/s/ü b%.csv", strings.Repeat("b\n", 5<<20), "release/e.txt", "")
	want := map[string]string{
		"study/R1/files/release/a.csv":      "a\n",
		"study/R1/files/release/s/ü b%.csv": strings.Repeat("b\n", 5<<20), // more than one part
		"study/R1/files/release/e.txt":      "",
		"study/R1/manifest.json":            string(p.Manifest),
	}
	for range 3 { // as after a crash, once delivered
		location, err := sink.Deliver(t.Context(), p)
		if err != nil || location != "s3://releases/out/study/R1/" {
			t.Fatalf("Deliver = %q, %v: %v", location, err, errors.Unwrap(err))
		}
		got := unzipped(t, dir)
		mark := got["study/R1.complete.json"]
		delete(got, "study/R1.complete.json")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.2000s", diff)
		}
		for _, e := range p.Entries {
			if !strings.Contains(mark, string(e.SHA256)) {
				t.Errorf("the mark of completeness lacks %s: %s", e.Path, mark)
			}
		}
	}
	for range 2 {
		what, err := sink.Withdraw(t.Context(), p.Release, "")
		if err != nil || !strings.Contains(what, "deleted") {
			t.Fatalf("Withdraw = %q, %v", what, err)
		}
		if diff := cmp.Diff(map[string]string{"study/R1.withdrawn.txt": string(review.Tombstone(p.Release))}, contents(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := sink.Deliver(t.Context(), p); review.KindOf(err) != review.Conflict {
		t.Errorf("delivered after the withdrawal: %v", err)
	}
}
