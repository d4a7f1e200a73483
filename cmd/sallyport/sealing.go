package main

import (
	"context"
	"errors"
	"fmt"

	"sallyport/review"
	"sallyport/ui/signin"
)

type peopleNewKey struct {
	databaseFlags `embed:""`
	Finish        bool `help:"Seal all that is kept with the newest key, and let go of those before it."`
}

func (peopleNewKey) Help() string {
	return `Secrets of authenticator apps, and what other sign-in services give, are sealed
with the first key in signin.key. This puts a new one before it; the earlier one
still opens what it sealed. Then start the service again (on several machines:
copy the file to all of them first). A day later, when no session rests on the
earlier key any more, --finish seals the rest anew and lets go of that key; copies
of the database from before need a copy of the folder of keys from before.

Whoever may have read the earlier key and the database knows those secrets:
people then set their apps up again (sallyport people reset).`
}

func (c peopleNewKey) Run(ctx context.Context, a *app) (err error) {
	conf, err := c.config()
	if err != nil {
		return err
	}
	if !c.Finish {
		if err := signin.AddSealKey(conf.keysFolder()); err != nil {
			return err
		}
		return a.say("The new key seals from the next start of the service. A day after it: sallyport people new-key --finish\n")
	}
	store, closer, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	n, err := resealAll(ctx, store, conf.keysFolder())
	if err != nil {
		return err
	}
	dropped, err := signin.DropSealKeys(conf.keysFolder())
	if err != nil {
		return err
	}
	return a.say("Authenticator apps looked at: %d. Earlier keys let go: %d.\n", n, dropped)
}

// resealAll seals the secret of every authenticator app with the newest key, and
// says how many apps there are. One that opens with no key stops it, so that no
// key is let go on which something may rest.
func resealAll(ctx context.Context, store review.Store, keys string) (n int, err error) {
	accounts, err := accountsOf(store)
	if err != nil {
		return 0, err
	}
	sealer, err := signin.OpenSealer(keys)
	if err != nil {
		return 0, err
	}
	people, err := store.People(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range people {
		cred, err := accounts.Credentials(ctx, p.Username)
		if err == nil && cred.Code != nil {
			n++
			err = accounts.UpdateCredentials(ctx, p.Username, func(cred *review.Credentials) ([]review.Event, error) {
				return nil, signin.ResealCode(cred, sealer) // only how it is kept changes
			})
		}
		if err != nil {
			return n, fmt.Errorf("%s: %w", p.Username, err)
		}
	}
	return n, nil
}
