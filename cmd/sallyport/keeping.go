package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/review"
)

// keeper opens what looking after stored bytes needs: the database, the blobs
// and the places that releases go to, wherever the configuration has them. The
// service may be running.
func keeper(ctx context.Context, a *app, conf config) (s *review.Service, done func() error, err error) {
	if conf.Data == "" {
		return nil, nil, errors.New("no data folder is named (--data, or data: in the configuration file)")
	}
	if _, err := os.Stat(conf.Data); err != nil {
		return nil, nil, fmt.Errorf("%q holds no data", conf.Data)
	}
	p, err := loadPolicy(conf.Policy)
	if err != nil {
		return nil, nil, err
	}
	var open []func() error
	done = func() error {
		var errs []error
		for i := len(open) - 1; i >= 0; i-- {
			errs = append(errs, open[i]())
		}
		return errors.Join(errs...)
	}
	store, err := openStore(ctx, conf, a.now)
	if err != nil {
		return nil, nil, err
	}
	open = append(open, store.Close)
	blobs, err := conf.openBlobs(ctx, a.now)
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	open = append(open, blobs.Close)
	s = &review.Service{Store: store, Blobs: blobs, Policy: p, Now: a.now, Log: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))}
	if len(conf.Sinks) == 0 && conf.Exports == "" {
		return s, done, nil
	}
	for _, c := range conf.sinks() {
		sink, err := c.open(ctx)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("sink %s: %w", c.Name, err), done())
		}
		open = append(open, sink.Close)
		s.Sinks = append(s.Sinks, review.NamedSink{Name: c.Name, Sink: sink})
	}
	return s, done, nil
}

type verifyBlobsCommand struct {
	databaseFlags `embed:""`
}

func (verifyBlobsCommand) Help() string {
	return `What is damaged raises an alarm, which stops every request that rests on it until
an operator has brought the bytes back and recorded that on the status page. The
service may be running; it reads all bytes again by itself once a day. The exit
status is 1 when something is damaged.`
}

func (c verifyBlobsCommand) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.anyConfig()
	if err != nil {
		return err
	}
	s, done, err := keeper(ctx, a, conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	bad := 0
	n, err := s.VerifyBlobs(ctx, func(d review.Digest, damage review.Damage) {
		bad++
		_ = a.say("%s is %s\n", d, damage)
	})
	if err != nil {
		return err
	}
	if err := a.say("%d of %d stored blobs are whole.\n", n-bad, n); err != nil {
		return err
	}
	if bad > 0 {
		return errFindings
	}
	return nil
}

type retentionCommand struct {
	Plan  retentionPlanCommand  `cmd:"" help:"List what would go now, and why. Nothing is changed."`
	Apply retentionApplyCommand `cmd:"" help:"Do it now. The running service does it once a day by itself."`
}

type retentionFlags struct {
	databaseFlags `embed:""`
	Exports       string `placeholder:"DIR" help:"Folder that released packages are put into."`
	Policy        string `placeholder:"FILE" help:"Policy, instead of the embedded default."`
}

func (f retentionFlags) run(ctx context.Context, a *app, dry bool) (err error) {
	conf, err := configFlags{Config: f.Config, Data: f.Data, DatabaseFile: f.DatabaseFile, Exports: f.Exports, Policy: f.Policy}.config()
	if err != nil {
		return err
	}
	s, done, err := keeper(ctx, a, conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	plan, err := s.ApplyRetention(ctx, dry)
	if err != nil {
		return err
	}
	return a.say("%s", planText(plan, dry))
}

func planText(plan *review.RetentionPlan, dry bool) string {
	t := &lines{}
	for _, i := range plan.Items {
		t.add("%s", report.Safe(fmt.Sprintf("%s  %-24s %-20s since %s, %s: %s", i.Request, i.Workspace, i.Rule, i.Since.Format("2006-01-02"), i.Days, i.What)))
		for _, d := range i.Digests {
			t.add("    %s", d)
		}
	}
	if plan.Held > 0 {
		t.add("Kept by a legal hold although their time is over: %d.", plan.Held)
	}
	if n := plan.Forgotten; n != (review.Forgotten{}) {
		t.add("Of the outbox: %d finished jobs and %d sent notices, past their time.", n.Jobs, n.Notices)
	}
	switch {
	case len(plan.Items) == 0 && plan.Forgotten == (review.Forgotten{}) && dry:
		t.add("Nothing is due.")
	case dry:
		t.add("Nothing was changed: this is what applying it now would do.")
	default:
		t.add("%d things done; %d stored blobs and %d sign-ins removed. Each is on record.", len(plan.Items), plan.Removed, plan.Sessions)
	}
	return t.String()
}

type retentionPlanCommand struct {
	retentionFlags `embed:""`
}

func (c retentionPlanCommand) Run(ctx context.Context, a *app) error { return c.run(ctx, a, true) }

type retentionApplyCommand struct {
	retentionFlags `embed:""`
}

func (c retentionApplyCommand) Run(ctx context.Context, a *app) error { return c.run(ctx, a, false) }
