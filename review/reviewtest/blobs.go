package reviewtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"sallyport/review"
)

// Shelf is a review.Blobs under test, with a back door.
type Shelf struct {
	review.Blobs
	// Kept counts everything that is there, whole or not.
	Kept func() int
	// Spoil puts other bytes in the place of a blob's.
	Spoil func(d review.Digest, data string)
}

// RunBlobs holds an implementation of review.Blobs to its contract. Open makes
// an empty one.
func RunBlobs(t *testing.T, open func(t *testing.T) Shelf) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Shelf)
	}{
		{"bytes come back", blobsComeBack},
		{"what is not there is not found", blobsNotFound},
		{"a failed put keeps nothing", blobsKeepNothing},
		{"spoilt bytes are told and mended", blobsCorrupt},
		{"many at once", blobsTogether},
		{"removed bytes are gone, and free their place", blobsRemoved},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func putBlob(t *testing.T, b review.Blobs, data string) review.Digest {
	t.Helper()
	d, n, err := b.Put(t.Context(), strings.NewReader(data), int64(len(data)))
	if err != nil || n != int64(len(data)) || d != sum([]byte(data)) {
		t.Fatalf("Put = %s, %d, %v", d, n, err)
	}
	return d
}

func readBlob(b review.Blobs, d review.Digest) (string, error) {
	r, err := b.Open(context.Background(), d)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func blobsComeBack(t *testing.T, s Shelf) {
	for _, data := range []string{"", "a", strings.Repeat("long ", 1e5)} {
		d := putBlob(t, s, data)
		putBlob(t, s, data) // again is no error
		if got, err := readBlob(s, d); err != nil || got != data {
			t.Errorf("%d bytes came back as %d, %v", len(data), len(got), err)
		}
	}
	same(t, "kept", 3, s.Kept())
}

func blobsNotFound(t *testing.T, s Shelf) {
	for _, d := range []review.Digest{
		sum([]byte("never put")), "", "ab", "../secret", review.Digest(strings.Repeat("A", 64)), review.Digest("../" + strings.Repeat("a", 61)),
	} {
		if _, err := readBlob(s, d); review.KindOf(err) != review.NotFound {
			t.Errorf("Open(%q): %v, want NotFound", d, err)
		}
	}
}

func blobsKeepNothing(t *testing.T, s Shelf) {
	ended, end := context.WithCancel(t.Context())
	end()
	broken := errors.New("broken")
	for _, test := range []struct {
		name  string
		ctx   context.Context
		r     io.Reader
		check func(error) bool
	}{
		{"one byte too many", t.Context(), strings.NewReader("12345"), func(err error) bool { return review.KindOf(err) == review.TooLarge }},
		{"without end", t.Context(), iotest.DataErrReader(endless{}), func(err error) bool { return review.KindOf(err) == review.TooLarge }},
		{"a reader that breaks", t.Context(), io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)), func(err error) bool { return errors.Is(err, broken) }},
		{"nobody waits any more", ended, strings.NewReader("1"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		if _, _, err := s.Put(test.ctx, test.r, 4); !test.check(err) {
			t.Errorf("%s: error %v", test.name, err)
		}
		same(t, test.name+" keeps", 0, s.Kept())
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func blobsCorrupt(t *testing.T, s Shelf) {
	const data = "the approved bytes"
	d := putBlob(t, s, data)
	for name, bad := range map[string]string{"changed": "the approved bytez", "cut": "the approved", "longer": data + "!", "empty": ""} {
		s.Spoil(d, bad)
		if _, err := readBlob(s, d); !errors.Is(err, review.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		putBlob(t, s, data) // mends it
		if got, err := readBlob(s, d); err != nil || got != data {
			t.Errorf("%s and put again: %q, %v", name, got, err)
		}
	}
}

func blobsRemoved(t *testing.T, s Shelf) {
	const data = "to be removed"
	d, other := putBlob(t, s, data), putBlob(t, s, "to stay")
	never, always := time.Unix(0, 0), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	if gone, err := s.Remove(t.Context(), d, never); gone || err != nil {
		t.Errorf("too young: %v, %v", gone, err)
	}
	if got, err := readBlob(s, d); err != nil || got != data {
		t.Errorf("it was too young to be removed: %q, %v", got, err)
	}
	for _, name := range []string{"old enough", "gone already"} {
		if gone, err := s.Remove(t.Context(), d, always); !gone || err != nil {
			t.Errorf("%s: %v, %v", name, gone, err)
		}
		if _, err := readBlob(s, d); review.KindOf(err) != review.NotFound {
			t.Errorf("%s: %v, want NotFound", name, err)
		}
		same(t, "kept", 1, s.Kept())
	}
	if got, err := readBlob(s, other); err != nil || got != "to stay" {
		t.Errorf("another was touched: %q, %v", got, err)
	}
	putBlob(t, s, data)
	if got, err := readBlob(s, d); err != nil || got != data {
		t.Errorf("put after it was removed: %q, %v", got, err)
	}
	for _, d := range []review.Digest{"", "../secret", "ab"} {
		if gone, err := s.Remove(t.Context(), d, always); !gone || err != nil {
			t.Errorf("Remove(%q) = %v, %v", d, gone, err)
		}
	}
	same(t, "kept", 2, s.Kept())
}

func blobsTogether(t *testing.T, s Shelf) {
	data := bytes.Repeat([]byte("same "), 20_000)
	d := putBlob(t, s, string(data))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				got, _, err := s.Put(context.Background(), bytes.NewReader(data), int64(len(data)))
				if err != nil || got != d {
					t.Errorf("Put: %s, %v", got, err)
				}
				if got, err := readBlob(s, d); err != nil || got != string(data) {
					t.Errorf("Open while others put: %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wait.Wait()
	same(t, "kept", 1, s.Kept())
}
