package main

import (
	"context"
	"errors"
	"fmt"

	"sallyport/review"
	"sallyport/storage"
)

type verifyCommand struct {
	All   verifyAllCommand   `cmd:"" default:"withargs" help:"Check the database, the record and the snapshots."`
	Blobs verifyBlobsCommand `cmd:"" help:"Read every stored blob that is in use, and raise an alarm for each that is damaged."`
}

type verifyAllCommand struct {
	databaseFlags `embed:""`
}

func (verifyAllCommand) Help() string {
	return `Reads the whole database, every entry of the record and all bytes that a request
or a release names, and holds each to what was written: the service may be
running. The exit status is 1 when something is not as it was.`
}

func (c verifyAllCommand) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.anyConfig()
	if err != nil {
		return err
	}
	store, err := openPresent(ctx, conf, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	blobs, err := conf.openBlobs(ctx, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	return verify(ctx, a, store, blobs)
}

// verify says what is whole, and then what is not.
func verify(ctx context.Context, a *app, store *storage.Store, blobs review.Blobs) error {
	whole := true
	events, err := store.Verify(ctx)
	switch {
	case errors.Is(err, review.ErrCorrupt):
		whole = false
		fmt.Fprintf(a.stdout, "The database is not as it was written: %v\n", cause(err))
	case err != nil:
		return err
	default:
		fmt.Fprintf(a.stdout, "The database is whole, and %d entries of the record are as they were written.\n", events)
	}
	missing := 0
	n, err := store.VerifyBytes(ctx, blobs, func(d review.Digest, err error) {
		missing++
		fmt.Fprintf(a.stdout, "The bytes %s cannot be relied on: %v\n", d, err)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%d of %d snapshots are whole.\n", n-missing, n)
	if !whole || missing > 0 {
		return errFindings
	}
	return nil
}
