package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"sallyport/review/durable"
	"sallyport/storage"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Take the steps that the schema of the database has not had."`
	Status migrateStatus `cmd:"" help:"List the steps of the schema, and when each was taken. The exit status is 1 when some are still to come."`
	Plan   migratePlan   `cmd:"" help:"Print the statements that \"up\" would run."`
}

type migrateUp struct {
	databaseFlags `embed:""`
	Grant         []string `placeholder:"ROLE" help:"PostgreSQL: role of the servers, which gets what they need and nothing that alters the record; may be repeated. Roles that were named before need not be named again."`
}

func (migrateUp) Help() string {
	return `Each step is taken in a transaction of its own, once, whoever else migrates at the
same time. There is no way back: take a backup first. In PostgreSQL the command is
run in the name of the owner of the tables, while servers of the version before
may still be running; a SQLite file is also brought up to date by serve.`
}

func (c migrateUp) Run(ctx context.Context, a *app) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	if embedded(address) {
		if err := durable.Folder(filepath.Dir(address), 0o700); err != nil {
			return err
		}
	}
	taken, err := storage.Migrate(ctx, address, a.now, c.Grant...)
	for _, step := range taken {
		err = errors.Join(err, a.say("%04d %s: taken\n", step.Version, step.Name))
	}
	if err == nil && len(taken) == 0 {
		err = a.say("The schema is up to date.\n")
	}
	return err
}

// address is that of the database, which need not be there yet.
func (f databaseFlags) address() (string, error) {
	conf, err := f.config()
	if err != nil {
		return "", err
	}
	return conf.database()
}

type migrateStatus struct {
	databaseFlags `embed:""`
}

func (c migrateStatus) Run(ctx context.Context, a *app) error {
	steps, err := c.steps(ctx)
	if err != nil {
		return err
	}
	left := 0
	for _, step := range steps {
		when := "still to be taken"
		if !step.Applied.IsZero() {
			when = step.Applied.Format(time.DateTime)
		} else {
			left++
		}
		if err := a.say("%04d %-12s %s  %.12s\n", step.Version, step.Name, when, step.SHA256); err != nil {
			return err
		}
	}
	if left > 0 {
		return errFindings
	}
	return nil
}

// steps are those of a database that is there.
func (f databaseFlags) steps(ctx context.Context) ([]storage.Step, error) {
	address, err := f.address()
	if err != nil {
		return nil, err
	}
	return storage.Schema(ctx, address)
}

type migratePlan struct {
	databaseFlags `embed:""`
}

func (c migratePlan) Run(ctx context.Context, a *app) error {
	steps, err := c.steps(ctx)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if !step.Applied.IsZero() {
			continue
		}
		if err := a.say("-- %04d %s\n%s\n", step.Version, step.Name, step.Statements); err != nil {
			return err
		}
	}
	return nil
}
