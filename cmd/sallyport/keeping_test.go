package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
)

// TestKeepingScripts plays the commands that look after stored bytes:
// testdata/keeping. The data folder holds a request that was withdrawn long ago,
// one like it under a hold and one that is open, and bytes of no request. Their
// places are in OLD, HELD, OPEN, NOBODY and YOUNG.
func TestKeepingScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/keeping", Setup: func(env *testscript.Env) error {
		return keptLong(t.Context(), env)
	}})
}

func keptLong(ctx context.Context, env *testscript.Env) (err error) {
	data := filepath.Join(env.WorkDir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	store, err := openStore(ctx, config{Data: data}, time.Now)
	if err != nil {
		return err
	}
	blobs, err := storage.OpenBlobs(filepath.Join(data, blobsFolder), time.Now)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	defer func() { err = errors.Join(err, store.Close(), blobs.Close()) }()
	long := time.Now().UTC().AddDate(-2, 0, 0)
	keep := func(name, contents string, at time.Time) (review.Digest, error) {
		d, _, err := blobs.Put(ctx, strings.NewReader(contents), 100)
		if err != nil {
			return "", err
		}
		place := string(d[:2]) + "/" + string(d[2:])
		env.Setenv(name, blobsFolder+"/"+place)
		return d, os.Chtimes(filepath.Join(data, blobsFolder, place), at, at)
	}
	for id, status := range map[review.RequestID]review.Status{"old": review.Withdrawn, "held": review.Withdrawn, "open": review.Submitted} {
		d, err := keep(strings.ToUpper(string(id)), "bytes of "+string(id), long)
		if err != nil {
			return err
		}
		r := reviewtest.Draft(id, review.Username("author-"+id), "cohort", long)
		r.Status, r.Decided = status, long
		r.Groups = []review.Group{{ID: "g", Files: []review.File{{ID: "f", Path: "release/t.csv", Kind: review.Output, Digest: d, Release: d}}}}
		if err := store.Create(ctx, r, reviewtest.Happened(r, review.EvRequestCreated, long)); err != nil {
			return err
		}
	}
	hold := review.Hold{ID: "h", Request: "held", At: long, By: "aud", Reason: "a complaint"}
	if err := store.Hold(ctx, hold, review.Event{At: long, Type: review.EvHeld, Actor: "aud", Request: "held"}); err != nil {
		return err
	}
	if _, err := keep("NOBODY", "of no request", long); err != nil {
		return err
	}
	_, err = keep("YOUNG", "of no request yet", time.Now().Add(-time.Hour))
	return err
}
