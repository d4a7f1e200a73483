package review_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/storagetest"
)

// spoiltSeal is a store that gives back one of the written files of a package
// with other bytes than were kept.
type spoiltSeal struct {
	review.Store
	spoilt *bool
}

func (s spoiltSeal) Seal(ctx context.Context, release string) (*review.Seal, error) {
	seal, err := s.Store.Seal(ctx, release)
	if err != nil || !*s.spoilt {
		return seal, err
	}
	for i := range seal.Files {
		if f := &seal.Files[i]; !f.Released && len(f.Body) > 0 {
			f.Body = bytes.Clone(f.Body)
			f.Body[len(f.Body)-1] ^= 1
			return seal, nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// realSinks are the sinks of every kind, each with how to say how many whole
// packages it shows.
func realSinks(t *testing.T) map[string]func(*testing.T) (sink review.Sink, whole func() int) {
	t.Helper()
	count := func(pattern string) func() int {
		return func() int {
			found, err := filepath.Glob(pattern)
			must(t, err)
			return len(found)
		}
	}
	return map[string]func(*testing.T) (review.Sink, func() int){
		"folder": func(t *testing.T) (review.Sink, func() int) {
			dir := t.TempDir()
			f, err := storage.OpenFolder(dir)
			must(t, err)
			t.Cleanup(func() { must(t, f.Close()) })
			return f, count(filepath.Join(dir, "*", "[^.]*.zip"))
		},
		"S3": func(t *testing.T) (review.Sink, func() int) {
			server := storagetest.StartS3(t)
			b, err := storage.OpenBucket(t.Context(), storage.BucketSettings{
				Bucket: storagetest.BucketName, Endpoint: server.Endpoint, PathStyle: true,
				AccessKey: storagetest.AccessKey, SecretKey: storagetest.SecretKey,
			})
			must(t, err)
			t.Cleanup(func() { must(t, b.Close()) })
			return storage.NewBucketSink(b), count(filepath.Join(server.Dir, "*", "*.complete.json"))
		},
		"job server": func(t *testing.T) (review.Sink, func() int) {
			stand := new(storagetest.JobServer)
			web := httptest.NewServer(stand)
			t.Cleanup(web.Close)
			j, err := storage.OpenJobServer(storage.JobServerSettings{URL: web.URL + "/api/v2", Token: storagetest.Token, Timeout: 5 * time.Second})
			must(t, err)
			t.Cleanup(func() { must(t, j.Close()) })
			return j, func() (n int) {
				for _, a := range stand.Arrived() {
					if len(a.Files) == len(a.Announced) {
						n++
					}
				}
				return n
			}
		},
	}
}

// Bytes of a package that change between the check and the upload, as a sink
// reads them by entry or by digest, never count as delivered at any kind of
// place, and nothing there looks whole. Once they are right the release goes out.
func TestEntriesThatChangeNeverCountAsDelivered(t *testing.T) {
	faults := map[string]func(*testing.T, *reviewtest.World, review.Digest) (spoil func(), restore func()){
		"a released file": func(t *testing.T, w *reviewtest.World, d review.Digest) (func(), func()) {
			var restore func()
			return func() { restore = w.Blobs.Damage(d, bytes.ToUpper) }, func() {
				restore()
				alarms, err := w.Alarms(context.Background(), w.As(t, "ops"))
				must(t, err)
				if len(alarms) != 1 || alarms[0].Digest != d {
					t.Fatalf("alarms: %+v", alarms)
				}
				must(t, w.Restored(context.Background(), w.As(t, "ops"), alarms[0].ID, "restored from a copy"))
			}
		},
		"a written file": func(_ *testing.T, w *reviewtest.World, _ review.Digest) (func(), func()) {
			spoilt := false
			w.Service.Store = spoiltSeal{w.Service.Store, &spoilt}
			return func() { spoilt = true }, func() { spoilt = false }
		},
	}
	for kind, open := range realSinks(t) {
		for what, fault := range faults {
			if kind == "job server" && what == "a written file" {
				continue // it takes the released files alone
			}
			t.Run(kind+" "+what, func(t *testing.T) {
				w, ctx := newWorld(t), context.Background()
				sink, whole := open(t)
				w.Sinks = []review.NamedSink{{Name: "exports", Sink: sink}}
				id, one, _ := reviewed(t, w)
				must(t, w.Release(ctx, one, id))
				spoil, restore := fault(t, w, stored(t, w, id).Groups[0].Files[0].Release)
				done, at := false, "release.deliver"
				if what == "a written file" {
					at = "release.package" // its bytes are read with the package
				}
				w.Step = func(name string) {
					if name == at && !done {
						spoil()
						done = true
					}
				}
				work(t, w)
				if !done || status(t, w, id) != review.Approved || whole() != 0 || len(onRecord(t, w, review.EvDelivered, review.EvReleased)) != 0 {
					t.Fatalf("spoilt %v: status %s, %d whole packages", done, status(t, w, id), whole())
				}
				restore()
				w.Advance(2 * time.Hour)
				work(t, w)
				if status(t, w, id) != review.Released || whole() != 1 {
					t.Errorf("once the bytes are right: status %s, %d whole packages", status(t, w, id), whole())
				}
			})
		}
	}
}

// hasty reads the entries, or the ZIP made of them, no further than their sizes
// say, and believes all of it.
type hasty struct {
	review.Sink
	zip bool
}

func (h hasty) Deliver(ctx context.Context, p *review.Package) (string, error) {
	if h.zip {
		_ = crate.WriteZIP(ctx, io.Discard, "x", p.Entries)
		return "somewhere", nil
	}
	for _, e := range p.Entries {
		if r, err := e.Open(ctx); err == nil {
			_, _ = io.CopyN(io.Discard, r, e.Size)
			_ = r.Close()
		}
	}
	return "somewhere", nil
}

// A sink that takes entries as they come, and says that all went well, is not
// believed either.
func TestASinkThatTakesEntriesIsNotBelieved(t *testing.T) {
	for _, zip := range []bool{false, true} {
		for _, damage := range []func([]byte) []byte{
			bytes.ToUpper,
			func(b []byte) []byte { return b[:len(b)-1] },
			func([]byte) []byte { return nil },
		} {
			w, ctx := newWorld(t), context.Background()
			id, one, _ := reviewed(t, w)
			must(t, w.Release(ctx, one, id))
			w.Sinks[0].Sink = hasty{w.Sink, zip}
			d := stored(t, w, id).Groups[0].Files[0].Release
			w.Step = func(name string) {
				if name == "release.deliver" {
					w.Blobs.Damage(d, damage)
				}
			}
			work(t, w)
			if status(t, w, id) != review.Approved {
				t.Errorf("zip %v: status %s", zip, status(t, w, id))
			}
		}
	}
}
