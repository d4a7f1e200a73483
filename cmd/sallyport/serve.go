package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"sallyport/cmd/sallyport/internal/demo"
	"sallyport/ui"
)

type serveCommand struct {
	configFlags `embed:""`
}

func (serveCommand) Help() string {
	return `A configuration file has the keys listen, data, workspaces, exports, code,
policy, secure and hosts; database_file (PostgreSQL); public_url, mail and notify, which say how people are
told what happens; sign_in, second_factor and sessions, which say how people
sign in (docs/sign-in.md); trusted_proxies, content_host and pace (docs/shell.md); and schedules: requests that are drafted each month in
their author's name, and never submitted. An unknown key is an error. Flags win
over the file.

  schedules:
    - {id: coverage, workspace: vaccines-2026, author: jane, form: coverage.yaml, day: 3}

People and projects are made with "sallyport people import". When anybody but
this machine is to reach the service, put a proxy that speaks HTTPS in front, or
name a certificate in the key tls; it is read again when it changes and on SIGHUP.
Secrets come from files that only their owner may read, from the environment, or
from systemd (credential:NAME), never from flags.`
}

func (c serveCommand) Run(ctx context.Context, a *app) error {
	conf, err := c.config()
	if err != nil {
		return err
	}
	if demo.Is(conf.Data) {
		return fmt.Errorf("%s belongs to a demonstration, in which anybody may sign in as anybody: name another folder", conf.Data)
	}
	if err := conf.protected(); err != nil {
		return err
	}
	narrowUmask()
	log, err := conf.Log.logger(a.stderr)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, conf, log, a.now, nil)
	if err != nil {
		return err
	}
	people, err := s.store.People(ctx)
	if err == nil && len(people) == 0 {
		a.complain("nobody can sign in yet: add people with \"sallyport people import\"")
	}
	err = errors.Join(err, s.run(ctx, func(url string) { log.Info("listening", "address", url, "version", buildVersion()) }))
	return errors.Join(err, s.Close())
}

// protected refuses to have passwords cross the network in the clear.
func (conf config) protected() error {
	if !conf.Secure && !loopback(conf.Listen) {
		return errors.New("passwords would cross the network unprotected: listen on 127.0.0.1 behind a proxy that speaks HTTPS, and say so with --secure, or give the server a certificate (tls: in the configuration file)")
	}
	return nil
}

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address on this machine to listen on (default ${default})."`
	Data   string `default:"demo-data" placeholder:"DIR" help:"Folder for everything it makes (default ${default}); it must be new, or a demonstration's."`
	Fresh  bool   `help:"Throw the demonstration's folder away and begin anew."`

	database string // address, for a test; a file in the folder when empty
}

func (demoCommand) Help() string {
	return `Everything in it is invented, and anybody may sign in as anybody without a
password; so it listens on this machine only, and says on every page what it is.`
}

func (c demoCommand) Run(ctx context.Context, a *app) error {
	s, err := c.server(ctx, a)
	if err != nil {
		return err
	}
	err = s.run(ctx, func(url string) { _ = a.say(demoText, url, c.Data) })
	return errors.Join(err, s.Close())
}

const demoText = `
Sallyport, a demonstration on invented data.

  Open     %s
  Sign in  choose a person on the page; no password is needed.
           Two researchers file requests, three output checkers review them,
           an auditor reads the record, an operator watches the service.
  Data     %s (--fresh begins anew)

Stop it with Ctrl-C.
`

// server makes the demonstration's folder, if need be, and its people.
func (c demoCommand) server(ctx context.Context, a *app) (*server, error) {
	if !loopback(c.Listen) {
		return nil, fmt.Errorf("a demonstration lets anybody in, so it listens on this machine only, not on %s", c.Listen)
	}
	if c.Fresh {
		if err := demo.Remove(c.Data); err != nil {
			return nil, err
		}
	}
	if _, err := demo.Prepare(c.Data); err != nil {
		return nil, err
	}
	conf := config{
		Address: c.database,
		Listen:  c.Listen, Data: c.Data, Workspaces: demo.Workspaces(c.Data), Exports: demo.Exports(c.Data), Code: demo.Code(c.Data),
		PublicRegister: true, PublicURL: "http://" + c.Listen, Notify: notifyConfig{Folder: filepath.Join(c.Data, "mail")},
	}
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var offered []ui.DemoPerson
	for _, p := range demo.People() {
		offered = append(offered, ui.DemoPerson{Username: p.Username, Name: p.Name, Role: p.Role, About: p.About})
	}
	s, err := newServer(ctx, conf, log, a.now, offered)
	if err != nil {
		return nil, err
	}
	if err := demo.SavePeople(ctx, s.store, a.now()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
