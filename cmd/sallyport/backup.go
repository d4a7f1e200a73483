package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sallyport/review"
	"sallyport/review/durable"
	"sallyport/review/ledger"
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
PostgreSQL. Its folder service holds the public keys, the newest checkpoint, and the
files of the configuration and the policy. The signing key and files of passwords are
not in it: keep them apart. Snapshots that are damaged are named and left out; the
exit status is 1 then.`
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
	beside, err := conf.beside(c.Config)
	if err != nil {
		return err
	}
	made, err := storage.Backup(ctx, address, blobs, beside, c.Out, a.now)
	if err != nil {
		return err
	}
	if err := markBackup(conf.Data, a.now()); err != nil {
		a.complain("the backup is made; the service's status page will not know of it: %v", err)
	}
	return a.sayBacked(made)
}

// beside is what a backup holds besides tables and bytes, named one by one: public
// halves of keys, what was signed last, and the files of configuration and policy,
// whose secrets are in files of their own.
func (c config) beside(configFile string) (map[string][]byte, error) {
	names := map[string]string{"configuration.yaml": configFile, "policy.yaml": c.Policy}
	for _, pattern := range []string{"*.pub", ledger.NewestFile} {
		list, err := fs.Glob(os.DirFS(c.keysFolder()), pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range list {
			names[name] = filepath.Join(c.keysFolder(), name)
		}
	}
	out := map[string][]byte{}
	for name, file := range names {
		if file == "" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		out[name] = data
	}
	return out, nil
}

func (a *app) sayBacked(b *storage.Backed) error {
	err := a.say("%d tables and %d snapshots.\n", len(b.Tables), b.Blobs)
	if len(b.Missing) > 0 {
		err = errors.Join(err, errFindings, a.say("%d snapshots that are named were not there, the first of them %s.\n", len(b.Missing), b.Missing[0]))
	}
	for _, d := range b.Damaged {
		err = errors.Join(err, errFindings, a.say("The snapshot %s is damaged, and not in the backup.\n", d))
	}
	return err
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
	From          string   `required:"" placeholder:"DIR" help:"The backup."`
	Checkpoint    []string `sep:"none" placeholder:"FILE" help:"Checkpoint that was kept elsewhere, to be told what is missing since the backup; may be repeated."`
	Key           []string `sep:"none" placeholder:"FILE" help:"Public key that is trusted, instead of those in the folder of keys and in the backup; may be repeated."`
}

func (restoreCommand) Help() string {
	return `The database must be empty, and in PostgreSQL is written in the name of the owner
of the tables. When it fails, the database stays empty. Put the signing key back
before the service starts. What was recorded after the backup is gone: a checkpoint
that was kept elsewhere says how much. The exit status is 1 when something is missing
or is not what a checkpoint signs.`
}

func (c restoreCommand) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.config()
	if err != nil {
		return err
	}
	points, err := c.checkpoints(conf)
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
	if err := durable.Folder(conf.Data, 0o700); err != nil {
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
	if err := a.sayCopied(done); err != nil || len(points) == 0 {
		return err
	}
	return a.sayMissing(ctx, address, points)
}

// checkpoints reads the checkpoints from outside.
func (c restoreCommand) checkpoints(conf config) ([]review.Checkpoint, error) {
	if len(c.Checkpoint) == 0 {
		return nil, nil
	}
	trusted := c.Key
	if len(trusted) == 0 {
		for _, dir := range []string{conf.keysFolder(), filepath.Join(c.From, "service")} {
			list, err := fs.Glob(os.DirFS(dir), "*.pub")
			if err != nil {
				return nil, err
			}
			for _, name := range list {
				trusted = append(trusted, filepath.Join(dir, name))
			}
		}
	}
	keys, err := ledger.ReadKeys(trusted...)
	if err != nil {
		return nil, err
	}
	var out []review.Checkpoint
	for _, file := range c.Checkpoint {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		point, err := keys.Checkpoint(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, point)
	}
	return out, nil
}

// sayMissing holds what was restored to checkpoints from outside.
func (a *app) sayMissing(ctx context.Context, address string, points []review.Checkpoint) (err error) {
	store, err := storage.Open(ctx, address, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var claims []ledger.Claim
	for _, c := range points {
		claims = append(claims, ledger.CheckpointClaim(c, "the checkpoint signed at "+c.At.Format(timeShown)))
	}
	r, err := store.VerifyRecord(ctx, claims...)
	if err != nil {
		return err
	}
	for _, c := range r.Results {
		words := fmt.Sprintf("The first %d events are those of %s.", c.Hi, c.Source)
		switch {
		case c.Short:
			words = fmt.Sprintf("Events %d to %d are missing: %s covers them, and the backup does not.", r.Size+1, c.Hi, c.Source)
		case !c.Events:
			words = fmt.Sprintf("The first %d events are NOT those of %s.", c.Hi, c.Source)
		}
		err = errors.Join(err, a.say("%s\n", words))
		if !c.Events {
			err = errors.Join(err, errFindings)
		}
	}
	return err
}
