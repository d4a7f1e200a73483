package main

import (
	"context"
	"errors"
	"fmt"

	"sallyport/review"
)

type notifyCommand struct {
	Test notifyTest `cmd:"" help:"Send a test message, and say what became of it."`
}

type notifyTest struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file (YAML)."`
	To     string `required:"" placeholder:"NAME" help:"A person, who is sent one by each channel for people; or a channel by its name."`
}

func (notifyTest) Help() string {
	return `The message says that it is a test and holds nothing else. It is sent at once,
not through the outbox, so that the answer is the channel's own.`
}

func (c notifyTest) Run(ctx context.Context, a *app) (err error) {
	conf, err := configFlags{Config: c.Config}.config()
	if err != nil {
		return err
	}
	if err := conf.checkNotify(); err != nil {
		return err
	}
	n, folder, err := conf.channels(a.now)
	if err != nil {
		return err
	}
	if folder != nil {
		defer func() { err = errors.Join(err, folder.Close()) }()
	}
	notice := review.Notice{
		ID: "test-" + a.now().Format("20060102T150405.000"), Kind: review.NoticeTest, At: a.now(), Path: "/", Link: n.PublicURL + "/",
		Subject: "A test from Sallyport", Text: "Somebody who runs Sallyport sent this to see that messages arrive.",
	}
	for _, ch := range n.Channels {
		if ch.Name == c.To && ch.Name == jobServer {
			return errors.New("the job-server takes no tests: it would believe them")
		}
		if ch.Name == c.To && !ch.Personal {
			return a.sendTest(ctx, ch, notice, ch.Name)
		}
	}
	return c.person(ctx, a, conf, n, notice)
}

// person sends the test to somebody of the database.
func (c notifyTest) person(ctx context.Context, a *app, conf config, n review.Notify, notice review.Notice) (err error) {
	store, err := openStore(ctx, conf, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	p, err := store.Person(ctx, review.Username(c.To))
	if review.KindOf(err) == review.NotFound {
		return fmt.Errorf("%q is neither a person nor a channel", c.To)
	}
	if err != nil {
		return err
	}
	if p.Email == "" {
		return fmt.Errorf("%s has no mail address", p.Username)
	}
	notice.Person, notice.Name, notice.Email = p.Username, p.Name, p.Email
	sent := false
	for _, ch := range n.Channels {
		if ch.Personal {
			sent = true
			err = errors.Join(err, a.sendTest(ctx, ch, notice, p.Email))
		}
	}
	if !sent {
		return errors.New("no channel for people is configured: there is no mail section")
	}
	return err
}

// sendTest sends one message and says what happened.
func (a *app) sendTest(ctx context.Context, ch review.NamedChannel, n review.Notice, to string) error {
	if err := ch.Channel.Send(ctx, n); err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			return fmt.Errorf("%s: %w (%s)", ch.Name, err, cause)
		}
		return fmt.Errorf("%s: %w", ch.Name, err)
	}
	return a.say("%s: handed over for %s.\n", ch.Name, to)
}
