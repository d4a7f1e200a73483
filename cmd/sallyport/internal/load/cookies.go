package load

import (
	"context"
	"time"

	"github.com/alexedwards/scs/v2"

	"sallyport/review"
)

// SignIns is what keeps sessions in a database.
type SignIns interface {
	StartSession(ctx context.Context, s review.Session, most int, events ...review.Event) error
}

// SignIn signs all people of a site in, as if by password and code a moment ago, and returns
// their cookies. Passwords themselves are left out: each costs what it is meant
// to, and people give theirs once a day.
func (s Site) SignIn(ctx context.Context, store SignIns, cookies scs.Store, now time.Time) (map[review.Username]string, error) {
	manager := scs.New()
	manager.Store, manager.HashTokenInStore = cookies, true
	manager.Lifetime = 12 * time.Hour
	out := map[review.Username]string{}
	for _, name := range s.names() {
		session := review.Session{
			ID: "S" + string(name), Person: name, Method: "local", Factors: "password, code",
			Started: now, Seen: now, Confirmed: now, Checked: now, Source: "loopback", Browser: "A browser",
		}
		if err := store.StartSession(ctx, session, 0, review.Event{At: now, Type: review.EvSignIn, Actor: name}); err != nil {
			return nil, err
		}
		opened, err := manager.Load(ctx, "")
		if err != nil {
			return nil, err
		}
		manager.Put(opened, "sign-in", session.ID)
		token, _, err := manager.Commit(opened)
		if err != nil {
			return nil, err
		}
		out[name] = "sallyport=" + token
	}
	return out, nil
}

// names are all people of a site.
func (s Site) names() []review.Username {
	out := []review.Username{Auditor, Lead, Operator}
	for i := range s.Researchers {
		out = append(out, Researcher(i))
	}
	for i := range s.Checkers {
		out = append(out, Checker(i))
	}
	return out
}
