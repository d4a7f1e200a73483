package main

import (
	"context"
	"errors"
	"os"

	"sallyport/storage"
)

type backupCommand struct {
	Make   backupMake   `cmd:"" help:"Write the database and the snapshots to a new folder, while the service runs."`
	Verify backupVerify `cmd:"" help:"Read a backup whole."`
}

type backupMake struct {
	databaseFlags `embed:""`
	Out           string `required:"" placeholder:"DIR" help:"Folder to be made."`
}

func (backupMake) Help() string {
	return `The folder appears when all is in it. It can be restored into SQLite and into
PostgreSQL. The signing key, the configuration and the policy are not in it: keep
them apart.`
}

func (c backupMake) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.anyConfig()
	if err != nil {
		return err
	}
	if conf.Data == "" {
		return errNoData
	}
	address, err := conf.database()
	if err != nil {
		return err
	}
	blobs, err := conf.openBlobs(ctx, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	made, err := storage.Backup(ctx, address, blobs, c.Out, a.now)
	if err != nil {
		return err
	}
	return a.sayBacked(made)
}

func (a *app) sayBacked(b *storage.Backed) error {
	if err := a.say("%d tables and %d snapshots.\n", len(b.Tables), b.Blobs); err != nil || len(b.Missing) == 0 {
		return err
	}
	err := a.say("%d snapshots that are named were not there, the first of them %s.\n", len(b.Missing), b.Missing[0])
	return errors.Join(err, errFindings)
}

type backupVerify struct {
	Dir string `arg:"" help:"The backup."`
}

func (c backupVerify) Run(ctx context.Context, a *app) error {
	b, err := storage.VerifyBackup(ctx, c.Dir, a.now)
	if err != nil {
		return err
	}
	return a.sayBacked(b)
}

type restoreCommand struct {
	databaseFlags `embed:""`
	From          string `required:"" placeholder:"DIR" help:"The backup."`
}

func (restoreCommand) Help() string {
	return `The database must be empty, and in PostgreSQL is written in the name of the owner
of the tables. Put the signing key back before the service starts. What was recorded
after the backup is gone: "audit verify" with a checkpoint that was kept elsewhere
says how much.`
}

func (c restoreCommand) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.config()
	if err != nil {
		return err
	}
	if conf.Data == "" {
		return errNoData
	}
	address, err := conf.database()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return err
	}
	blobs, err := conf.openBlobs(ctx, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	done, err := storage.Restore(ctx, c.From, address, blobs, a.now)
	if err != nil {
		return err
	}
	return a.sayCopied(done)
}
