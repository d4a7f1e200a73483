package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/review"
	"sallyport/review/ledger"
	"sallyport/storage"
)

type auditCommand struct {
	Checkpoint auditCheckpoint `cmd:"" help:"Sign the log as it stands, and print the signed note."`
	Verify     auditVerify     `cmd:"" help:"Compute the whole log again and hold it to everything that was signed."`
	Prove      auditProve      `cmd:"" help:"Write a proof that an event, or the decisions of a release, are in the log."`
	CheckProof auditCheckProof `cmd:"" help:"Check such a proof with a public key and nothing else."`
	NewKey     auditNewKey     `cmd:"" help:"Put a new signing key in the place of the old one."`
}

// auditFlags name the data folder and the folder of keys.
type auditFlags struct {
	databaseFlags `embed:""`
	Keys          string `placeholder:"DIR" help:"Folder of the signing key (default: keys, in the data folder)."`
}

func (f auditFlags) config() (config, error) {
	c, err := f.anyConfig()
	if f.Keys != "" {
		c.Keys = f.Keys
	}
	return c, err
}

// open opens a database that is there already.
func (f auditFlags) open(ctx context.Context, a *app) (config, *storage.Store, error) {
	c, err := f.config()
	if err != nil {
		return c, nil, err
	}
	store, err := openPresent(ctx, c, a.now)
	return c, store, err
}

type auditCheckpoint struct {
	auditFlags `embed:""`
	Out        string `placeholder:"FILE" help:"Write the note to a new file instead."`
}

func (auditCheckpoint) Help() string {
	return `Keep the note where those who run the service cannot write. Whoever has it can
tell later whether any of the events it covers was changed or dropped. The
service may be running.`
}

func (c auditCheckpoint) Run(ctx context.Context, a *app) (err error) {
	conf, store, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	log, err := conf.openLedger(store, a.now)
	if err != nil {
		return err
	}
	point, err := log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if c.Out == "" {
		return a.say("%s", point.Note)
	}
	if err := writeNewFile(c.Out, point.Note); err != nil {
		return err
	}
	return a.say("A checkpoint of %d events is in %s.\n", point.Size, report.Safe(c.Out))
}

// writeNewFile writes a file that must not be there yet.
func writeNewFile(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

type auditProve struct {
	auditFlags `embed:""`
	Event      int64  `placeholder:"SEQ" help:"Number of the event."`
	Release    string `placeholder:"ID" help:"ID of the release, or of its request: proves its decisions."`
	Out        string `placeholder:"FILE" help:"Write the proof to a new file instead of standard output."`
}

func (c auditProve) Run(ctx context.Context, a *app) (err error) {
	if (c.Event > 0) == (c.Release != "") {
		return errors.New("name either --event or --release")
	}
	conf, store, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	log, err := conf.openLedger(store, a.now)
	if err != nil {
		return err
	}
	about, events, err := c.events(ctx, store)
	if err != nil {
		return err
	}
	point, proofs, err := review.Prove(ctx, log, events)
	if err != nil {
		return err
	}
	text, err := ledger.NewProofFile(about, point, events, proofs).JSON()
	if err != nil {
		return err
	}
	if c.Out == "" {
		return a.say("%s", text)
	}
	if err := writeNewFile(c.Out, text); err != nil {
		return err
	}
	return a.say("A proof of %d events, by a checkpoint of %d, is in %s.\n", len(events), point.Size, report.Safe(c.Out))
}

// events finds what is to be proven.
func (c auditProve) events(ctx context.Context, store *storage.Store) (string, []review.Event, error) {
	if c.Event > 0 {
		list, err := store.Events(ctx, review.EventQuery{After: c.Event - 1, Limit: 1})
		if err == nil && (len(list) == 0 || list[0].Seq != c.Event) {
			err = fmt.Errorf("there is no event %d", c.Event)
		}
		return fmt.Sprintf("event %d", c.Event), list, err
	}
	request, err := requestOfRelease(ctx, store, c.Release)
	if err != nil {
		return "", nil, err
	}
	list, err := store.Events(ctx, review.EventQuery{Request: request, Types: review.DecisionEvents(), Limit: 100_000})
	return "the decisions on release " + c.Release, list, err
}

// requestOfRelease finds the request that a release is of.
func requestOfRelease(ctx context.Context, store *storage.Store, id string) (review.RequestID, error) {
	if _, err := store.Release(ctx, review.RequestID(id)); err == nil {
		return review.RequestID(id), nil
	}
	const page = 1000
	for offset := 0; ; offset += page {
		list, err := store.Releases(ctx, review.ReleaseQuery{Limit: page, Offset: offset})
		if err != nil {
			return "", err
		}
		for _, r := range list {
			if r.ID == id {
				return r.Request, nil
			}
		}
		if len(list) < page {
			return "", fmt.Errorf("there is no release %q", id)
		}
	}
}

type auditCheckProof struct {
	File string   `arg:"" placeholder:"FILE" help:"Proof, or - for standard input."`
	Key  []string `sep:"none" placeholder:"FILE" required:"" help:"Public key that is trusted; may be repeated."`
}

func (c auditCheckProof) Run(a *app) error {
	keys, err := ledger.ReadKeys(c.Key...)
	if err != nil {
		return err
	}
	text, err := readFileOrInput(a, c.File, ledger.MaxProof)
	if err != nil {
		return err
	}
	proof, err := ledger.ParseProof(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	point, events, err := proof.Check(keys)
	if err != nil {
		if err := a.say("This proves nothing: %s.\n", report.Safe(err.Error())); err != nil {
			return err
		}
		return errFindings
	}
	for _, e := range events {
		what := string(e.Type)
		if e.Path != "" {
			what += " " + e.Path
		}
		if err := a.say("Event %d, %s, %s by %s: in the log.\n", e.Seq, e.At.Format(timeShown), report.Safe(what), report.Safe(string(e.Actor))); err != nil {
			return err
		}
	}
	return a.say("Signed for %d events at %s, root %s.\n", point.Size, point.At.Format(timeShown), ledger.Fingerprint(point.Root))
}

// timeShown is how times are written for people: they are in UTC.
const timeShown = "2006-01-02 15:04:05"

type auditNewKey struct {
	auditFlags `embed:""`
}

func (auditNewKey) Help() string {
	return `The old key is destroyed; its public half stays in the folder, so that what it
signed can still be checked. Give the new public half to all who check.`
}

func (c auditNewKey) Run(a *app) error {
	conf, err := c.config()
	if err != nil {
		return err
	}
	signer, err := ledger.NewKey(conf.keysFolder())
	if err != nil {
		return err
	}
	return a.say("The log is signed with a new key from the next start of the service. Its public half:\n%s\n", signer.PublicKey())
}
