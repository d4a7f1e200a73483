package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
)

type auditVerify struct {
	auditFlags `embed:""`
	Checkpoint []string `sep:"none" placeholder:"FILE" help:"Checkpoint that was kept elsewhere; may be repeated."`
	Proof      []string `sep:"none" placeholder:"FILE" help:"Proof that was kept elsewhere: it narrows down what differs; may be repeated."`
	Key        []string `sep:"none" placeholder:"FILE" help:"Public key that is trusted, instead of those in the folder of keys; may be repeated."`
}

func (auditVerify) Help() string {
	return `Reads every event, computes its seal and the tree over all of them again, and
holds them to the stored tree, to the checkpoints in the database, and to those
that are given. What was changed before a checkpoint is found with a checkpoint
that was kept elsewhere, whatever was done to the database since, even with the
signing key. It names the first event that differs. The exit status is 1 when
something does. The record is all that it reads: for the rest of the database and
the stored bytes there is "sallyport verify".`
}

func (c auditVerify) Run(ctx context.Context, a *app) (err error) {
	conf, store, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	v := verification{app: a}
	if len(c.Key) > 0 {
		v.keys, err = ledger.ReadKeys(c.Key...)
	} else {
		v.keys, err = ledger.FolderKeys(conf.keysFolder())
	}
	if err != nil {
		return err
	}
	if err := v.outside(c.Checkpoint, c.Proof); err != nil {
		return err
	}
	if err := v.beside(filepath.Join(conf.keysFolder(), ledger.NewestFile)); err != nil {
		return err
	}
	return v.run(ctx, store)
}

// verification holds a record to what was signed, and says what it finds.
type verification struct {
	app    *app
	keys   ledger.Keys
	claims []ledger.Claim
	// needed are the checkpoints from outside, which the database must have too.
	needed  []review.Checkpoint
	differs bool
}

// found says that something is not as it was.
func (v *verification) found(format string, args ...any) {
	v.differs = true
	_ = v.app.say("%s\n", report.Safe(fmt.Sprintf(format, args...)))
}

// outside reads checkpoints and proofs that were kept elsewhere.
func (v *verification) outside(checkpoints, proofs []string) error {
	for _, file := range checkpoints {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		v.checkpoint(text, file)
	}
	for _, file := range proofs {
		text, err := readFileOrInput(v.app, file, ledger.MaxProof)
		if err != nil {
			return err
		}
		proof, err := ledger.ParseProof(text)
		if err == nil {
			var claims []ledger.Claim
			claims, err = proof.Claims(v.keys, "the proof "+file)
			v.claims = append(v.claims, claims...)
		}
		if err != nil {
			v.found("The proof %s cannot be used: %v.", file, err)
		}
	}
	return nil
}

func (v *verification) checkpoint(text []byte, file string) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // as mail is saved
	c, err := v.keys.Checkpoint(text)
	if err != nil {
		v.found("The checkpoint %s cannot be used: %v.", file, err)
		return
	}
	v.needed = append(v.needed, c)
	v.claims = append(v.claims, ledger.CheckpointClaim(c, "the checkpoint "+file))
}

// beside reads the newest checkpoint that the service keeps outside its database.
func (v *verification) beside(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		v.checkpoint(text, file)
	}
	return err
}

func (v *verification) run(ctx context.Context, store *storage.Store) error {
	kept, err := v.kept(ctx, store)
	if err != nil {
		return err
	}
	for _, c := range v.needed {
		_, found := slices.BinarySearchFunc(kept, c.Size, func(k review.Checkpoint, size int64) int { return cmp.Compare(k.Size, size) })
		if !found {
			v.found("The database does not have the checkpoint of %d events any more that was signed at %s.", c.Size, c.At.Format(timeShown))
		}
	}
	r, err := store.VerifyRecord(ctx, v.claims...)
	if err != nil {
		return err
	}
	return v.tell(r)
}

// kept reads the checkpoints in the database. Those that are not signed by a
// trusted key, or whose row is not what was signed, claim nothing.
func (v *verification) kept(ctx context.Context, store *storage.Store) ([]review.Checkpoint, error) {
	const page = 1000
	var all []review.Checkpoint
	for after := int64(0); ; after = all[len(all)-1].Size {
		list, err := store.Checkpoints(ctx, after, page)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		for _, c := range list {
			signed, err := v.keys.Checkpoint(c.Note)
			switch {
			case err != nil:
				v.found("The checkpoint of %d events in the database cannot be relied on: %v.", c.Size, err)
			case signed.Size != c.Size || signed.Root != c.Root || !signed.At.Equal(c.At):
				v.found("The checkpoint of %d events in the database is not what its signed note says.", c.Size)
			default:
				v.claims = append(v.claims, ledger.CheckpointClaim(c, fmt.Sprintf("the checkpoint of %d events in the database", c.Size)))
			}
		}
		if len(list) < page {
			return all, nil
		}
	}
}

// tell says what was found.
func (v *verification) tell(r ledger.Report) error {
	if d := r.First; d != nil {
		switch {
		case d.From == d.To:
			v.found("Event %d %s.", d.From, d.What)
		default:
			v.found("One of the events %d to %d, or several, %s.", d.From, d.To, d.What)
		}
	}
	if r.Differ > 1 {
		v.found("In all, %d events are not as they were sealed, or not there.", r.Differ)
	}
	v.agreements(r)
	if v.differs {
		return errFindings
	}
	if err := v.app.say("%d events are as they were recorded, root %s.\n", r.Size, ledger.Fingerprint(r.Root)); err != nil {
		return err
	}
	if err := v.app.say("This is the record; what else is in the database, and the stored bytes, sallyport verify reads.\n"); err != nil {
		return err
	}
	if len(v.needed) == 0 {
		return v.app.say("No checkpoint from outside was given: somebody with the database and the signing key could have rebuilt all of it.\n")
	}
	return nil
}

// agreements says of each checkpoint from outside what agrees with it.
func (v *verification) agreements(r ledger.Report) {
	agree := 0
	for _, c := range r.Results {
		switch {
		case c.Lo != 0:
		case c.Events:
			agree++
		case c.Tree && r.First != nil && r.First.From <= c.Hi:
			v.found("The stored tree still is what %s signs: it is the events that were changed.", c.Source)
		case c.Short:
			v.found("The record could not be followed to %s, which covers %d events.", c.Source, c.Hi)
		default:
			v.found("The first %d events are not those of %s.", c.Hi, c.Source)
		}
	}
	_ = v.app.say("%d signed checkpoints agree with the events.\n", agree)
}

// readFileOrInput reads a file, or standard input for "-", up to a length in bytes.
func readFileOrInput(a *app, file string, most int64) ([]byte, error) {
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close() // only read from
		in = f
	}
	var buffer bytes.Buffer
	n, err := io.Copy(&buffer, io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%s is too long", file)
	}
	return buffer.Bytes(), err
}
