package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sallyport/review"
	"sallyport/ui"
	"sallyport/ui/signin"
)

// openAccounts opens what people sign in with.
func (f databaseFlags) openAccounts(ctx context.Context, a *app) (review.Accounts, io.Closer, error) {
	store, closer, err := f.open(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	accounts, err := accountsOf(store)
	if err != nil {
		return nil, nil, errors.Join(err, closer.Close())
	}
	return accounts, closer, nil
}

// accountsOf is what people sign in with, of a store that keeps it.
func accountsOf(store review.Store) (review.Accounts, error) {
	accounts, ok := store.(review.Accounts)
	if !ok {
		return nil, errors.New("this store keeps no accounts")
	}
	return accounts, nil
}

// accountEvent is something that the command line did to a person's account.
func (a *app) accountEvent(t review.EventType, person review.Username, pairs ...string) review.Event {
	e := review.Event{At: a.now(), Type: t, Actor: "system", Source: "local", Detail: map[string]string{"by": "command line", "person": string(person)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Detail[pairs[i]] = pairs[i+1]
	}
	return e
}

type peopleInvite struct {
	databaseFlags `embed:""`
	URL           string `placeholder:"URL" help:"Address of the service, when the configuration file has no public_url."`
	Username      string `arg:"" help:"Whom to invite."`
}

func (peopleInvite) Help() string {
	return `The link works once, for 72 hours, and lets whoever has it choose the person's
password: send it by a way on which only they read it. Making another ends it.
A second factor that the person has stays.`
}

func (c peopleInvite) Run(ctx context.Context, a *app) (err error) {
	accounts, closer, err := c.openAccounts(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	address := c.URL
	if address == "" {
		conf, err := (configFlags{Config: c.Config, Data: c.Data}).config()
		if err != nil {
			return err
		}
		address = conf.address()
	}
	secret, hash := signin.MakeSecret()
	now, name := a.now(), review.Username(c.Username)
	i := review.Invitation{Hash: hash, Person: name, By: "system", Made: now, Expires: now.Add(ui.InvitationLife)}
	if err := accounts.Invite(ctx, i, a.accountEvent(review.EvInvited, name)); err != nil {
		return err
	}
	return a.say("%s/invitation/%s\nThe link works once, until %s UTC.\n", strings.TrimSuffix(address, "/"), secret, i.Expires.UTC().Format("2006-01-02 15:04"))
}

type peopleLink struct {
	databaseFlags `embed:""`
	Username      string `arg:"" help:"Who it is here."`
	Method        string `arg:"" help:"Id of the sign-in method, as in the configuration file."`
	Subject       string `arg:"" help:"Who they are to the method: its \"sub\", or the username of a job server."`
}

func (peopleLink) Help() string {
	return `Somebody who is known elsewhere under the name of a person here is not taken
for that person until this says so. It cannot be undone: close the account instead.`
}

func (c peopleLink) Run(ctx context.Context, a *app) (err error) {
	accounts, closer, err := c.openAccounts(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	id := review.Identity{Method: c.Method, Subject: c.Subject, Person: review.Username(c.Username), Linked: a.now()}
	if err := accounts.Link(ctx, id, a.accountEvent(review.EvIdentityLinked, id.Person, "method", c.Method)); err != nil {
		return err
	}
	return a.say("%s is linked.\n", c.Username)
}

type peopleReset struct {
	databaseFlags `embed:""`
	Username      string `arg:"" help:"Whose second factors to remove."`
}

func (peopleReset) Help() string {
	return `For somebody who lost their devices and their recovery codes. Make sure by
another way that it is they who ask: from here on a password is enough to sign
in and add a new factor. It is on record. Their sessions end.`
}

func (c peopleReset) Run(ctx context.Context, a *app) (err error) {
	accounts, closer, err := c.openAccounts(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	name := review.Username(c.Username)
	err = accounts.UpdateCredentials(ctx, name, func(cred *review.Credentials) ([]review.Event, error) {
		cred.Code, cred.Passkeys, cred.Recovery = nil, nil, nil
		return []review.Event{a.accountEvent(review.EvFactorRemoved, name, "factor", "all")}, nil
	})
	if err != nil {
		return err
	}
	ended := a.accountEvent(review.EvSessionEnded, name, "why", "factors reset")
	if _, err := accounts.EndSessions(ctx, review.SessionQuery{Person: name}, a.now(), ended); err != nil {
		return err
	}
	return a.say("The second factors of %s are removed.\n", c.Username)
}

type sessionsCommand struct {
	List   sessionsList   `cmd:"" help:"List a person's open sessions."`
	Revoke sessionsRevoke `cmd:"" help:"End all sessions of a person, from the next request on."`
}

type sessionsList struct {
	databaseFlags `embed:""`
	Username      string `arg:"" help:"Whose sessions."`
}

func (c sessionsList) Run(ctx context.Context, a *app) (err error) {
	accounts, closer, err := c.openAccounts(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	open, err := accounts.OpenSessions(ctx, review.SessionQuery{Person: review.Username(c.Username)})
	if err != nil {
		return err
	}
	for _, s := range open {
		err := a.say("%s  began %s  used %s  %s  %s  %s\n", s.ID[:8], s.Started.Format("2006-01-02 15:04"), s.Seen.Format("2006-01-02 15:04"),
			s.Source, s.Browser, s.Factors)
		if err != nil {
			return err
		}
	}
	return nil
}

type sessionsRevoke struct {
	databaseFlags `embed:""`
	Username      string `arg:"" help:"Whose sessions."`
}

func (c sessionsRevoke) Run(ctx context.Context, a *app) (err error) {
	accounts, closer, err := c.openAccounts(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	name := review.Username(c.Username)
	n, err := accounts.EndSessions(ctx, review.SessionQuery{Person: name}, a.now(), a.accountEvent(review.EvSessionEnded, name, "why", "revoked"))
	if err != nil {
		return err
	}
	return a.say("%s\n", fmt.Sprintf("%d sessions of %s have ended.", n, c.Username))
}
