package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"sallyport/review"
)

type jobsCommand struct {
	List  jobsList  `cmd:"" help:"List deliveries and messages that were given up, or all that are not done."`
	Retry jobsRetry `cmd:"" help:"Have one that was given up tried again."`
}

type jobsList struct {
	databaseFlags `embed:""`
	Waiting       bool   `help:"Also list what is waiting, or failing and tried again by itself."`
	Format        string `enum:"text,json" default:"text" help:"text or json (default ${default})."`
}

func (jobsList) Help() string {
	return `What is delivered or sent is never listed. No file contents are in a job. The exit
status is 1 when something was given up.`
}

// jobLine is one job, as JSON.
type jobLine struct {
	ID      string           `json:"id"`
	State   review.JobState  `json:"state"`
	Kind    string           `json:"kind"`
	Target  string           `json:"target"`
	Request review.RequestID `json:"request,omitzero"`
	Tries   int              `json:"tries"`
	Due     time.Time        `json:"due"`
	Failing time.Time        `json:"failing_since,omitzero"`
	Reason  string           `json:"reason,omitzero"`
}

func (c jobsList) Run(ctx context.Context, a *app) (err error) {
	store, closer, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	states := []review.JobState{review.JobDead}
	if c.Waiting {
		states = append(states, review.JobWaiting)
	}
	jobs, err := store.Jobs(ctx, review.JobQuery{States: states, Limit: 100_000})
	if err != nil {
		return err
	}
	dead := false
	lines := make([]jobLine, len(jobs))
	for i, j := range jobs {
		dead = dead || j.State == review.JobDead
		lines[i] = jobLine{j.ID, j.State, j.Kind, j.Target, j.Request, j.Tries, j.Due, j.Failing, j.Reason}
	}
	if err := c.write(a, lines); err != nil {
		return err
	}
	if dead {
		return errFindings
	}
	return nil
}

func (c jobsList) write(a *app, lines []jobLine) error {
	if c.Format == "json" {
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		return out.Encode(lines)
	}
	if len(lines) == 0 {
		return a.say("Nothing was given up.\n")
	}
	table := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tSTATE\tKIND\tTARGET\tTRIES\tFAILING SINCE\tREASON")
	for _, l := range lines {
		since := "-"
		if !l.Failing.IsZero() {
			since = l.Failing.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%q\n", l.ID, l.State, l.Kind, l.Target, l.Tries, since, l.Reason)
	}
	return table.Flush()
}

type jobsRetry struct {
	databaseFlags `embed:""`
	Job           string `arg:"" help:"Its name, as jobs list gives it."`
}

func (c jobsRetry) Run(ctx context.Context, a *app) (err error) {
	store, closer, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	e := review.Event{
		At: a.now(), Type: review.EvJobRevived, Actor: "system", Source: "local",
		Detail: map[string]string{"job": c.Job, "how": "command line"},
	}
	if err := store.Revive(ctx, c.Job, e); err != nil {
		return err
	}
	return a.say("%s is tried again as soon as the service runs.\n", c.Job)
}
