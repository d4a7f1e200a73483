package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"sallyport/storage"
)

type copyCommand struct {
	From string `required:"" placeholder:"WHERE" help:"What is copied: sqlite:FILE, postgres-file:FILE (a file that holds the URL) or postgres-env:NAME (an environment variable that does)."`
	To   string `required:"" placeholder:"WHERE" help:"The empty database that is filled, named in the same way."`
}

func (copyCommand) Help() string {
	return `Copies everything that a database holds into another, of the same or the other
engine, and verifies the record and every checkpoint in the copy. The target must be
empty; it is filled in one transaction, or stays empty. PostgreSQL is written in the
name of the owner of the tables. Snapshots are not in the database: keep the data
folder, or copy it.

Stop the service first, so that nothing is written to the old database afterwards.
An address is never part of the command line, since other users of a machine can
read that.`
}

func (c copyCommand) Run(ctx context.Context, a *app) error {
	from, err1 := place(c.From)
	to, err2 := place(c.To)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	done, err := storage.Copy(ctx, from, to, a.now)
	if err != nil {
		return err
	}
	return a.sayCopied(done)
}

func (a *app) sayCopied(done *storage.Copied) error {
	rows := int64(0)
	for _, sum := range done.Tables {
		rows += sum.Rows
	}
	return a.say("%d rows in %d tables. The record is whole: %d entries, %d checkpoints, root %x.\n",
		rows, len(done.Tables), done.Record.Size, len(done.Record.Results), done.Record.Root)
}

// place reads one end of a copy.
func place(where string) (string, error) {
	kind, name, _ := strings.Cut(where, ":")
	switch {
	case name == "":
	case kind == "sqlite":
		return name, nil
	case kind == "postgres-file":
		return config{DatabaseFile: name}.fromFile()
	case kind == "postgres-env":
		return checkAddress(os.Getenv(name), name)
	}
	return "", fmt.Errorf("%q names no database: write sqlite:FILE, postgres-file:FILE or postgres-env:NAME", where)
}
