package review_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/review/reviewtest"
)

// The register is closed unless it was opened, lists nothing that has not left,
// counts files by type, tells days and no times, and marks what was recalled.
func TestPublicReleases(t *testing.T) {
	ctx, store := context.Background(), openStore(t)
	w := reviewtest.NewWorld(t, store)
	signer, err := ledger.OpenSigner(filepath.Join(t.TempDir(), "keys"))
	must(t, err)
	w.Ledger = &ledger.Log{Store: store, Signer: signer, Now: w.Now}
	_, err = w.PublicReleases(ctx)
	wantKind(t, err, review.NotFound)

	w.Public = &review.PublicRegister{}
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	register(t, w, []review.PublicRelease{}) // approved, and still inside
	work(t, w)
	w.Advance(2 * time.Minute)
	seal, err := store.Seal(ctx, releaseOf(t, w, id).ID)
	must(t, err)
	var note []byte
	for _, f := range seal.Files {
		if f.Path == review.CheckpointPath {
			note = f.Body
		}
	}
	keys, err := ledger.ParseKeys(signer.PublicKey())
	must(t, err)
	c, err := keys.Checkpoint(note)
	must(t, err)
	want := review.PublicRelease{
		Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Project: "A study", Number: "1", Workspace: reviewtest.Cohort, Title: "Tables",
		Files: []review.TypeCount{{Type: "csv", N: 2}, {Type: "html", N: 1}}, Policy: w.Policy.Version, Checkpoint: c.Size,
	}
	register(t, w, []review.PublicRelease{want})

	w.Public = &review.PublicRegister{Names: true}
	want.Names = []string{"release/a.csv", "release/b.csv", "release/r.html"}
	register(t, w, []review.PublicRelease{want})
	must(t, w.Recall(ctx, w.As(t, "aud"), id, breach(w, "release/b.csv")))
	w.Advance(24 * time.Hour)
	want.Recalled = &review.PublicRecall{Day: want.Day}
	want.Names = []string{"release/a.csv", "release/r.html"} // the name may be what is wrong
	register(t, w, []review.PublicRelease{want})
	must(t, w.Recall(ctx, w.As(t, "aud"), id, breach(w)))
	w.Advance(24 * time.Hour)
	want.Recalled.Whole, want.Names = true, nil
	register(t, w, []review.PublicRelease{want})
}

// A release that was stopped before it reached any place is in no register.
func TestStoppedReleaseIsNotPublic(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	w.Public = &review.PublicRegister{}
	id, one, _ := reviewed(t, w)
	must(t, w.Release(ctx, one, id))
	must(t, w.Recall(ctx, one, id, breach(w)))
	work(t, w)
	register(t, w, []review.PublicRelease{})
}

func register(t *testing.T, w *reviewtest.World, want []review.PublicRelease) {
	t.Helper()
	got, err := w.PublicReleases(context.Background())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("register (-want +got):\n%s", diff)
	}
}

// However often it is read, the store is asked once a minute.
func TestPublicReleasesAreCheap(t *testing.T) {
	ctx, w := context.Background(), newWorld(t)
	counted := &countedReleases{Store: w.Store}
	w.Service.Store, w.Public = counted, &review.PublicRegister{}
	for range 100 {
		_, err := w.PublicReleases(ctx)
		must(t, err)
	}
	w.Advance(2 * time.Minute)
	_, err := w.PublicReleases(ctx)
	must(t, err)
	if counted.n != 2 {
		t.Errorf("the store was asked %d times, want 2", counted.n)
	}
}

type countedReleases struct {
	review.Store
	n int
}

func (c *countedReleases) Releases(ctx context.Context, q review.ReleaseQuery) ([]review.Release, error) {
	c.n++
	return c.Store.Releases(ctx, q)
}
