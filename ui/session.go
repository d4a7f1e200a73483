package ui

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/web"
)

// Keys of what the cookie's session holds. It names a review.Session, and
// nothing of a person's rights, which are looked up for every request.
const (
	keySession = "sign-in" // ID of the review.Session
	keyRoles   = "roles"   // that the person had when the token was made
	keyFlash   = "flash"
	keyHalf    = "half"    // a sign-in that waits for the second factor
	keyPending = "pending" // a form that waits for the person to confirm who they are
	keyPasskey = "passkey" // the challenge that a device was given
	keyAttempt = "attempt" // the browser is away at another's sign-in page
	keyNewCode = "new-code"
)

// How long sessions last where Options say nothing. Whoever decides on what
// leaves, or sees everything, is signed out sooner when idle.
const (
	defaultIdle       = time.Hour
	defaultIdleStrict = 30 * time.Minute
	defaultLifetime   = 12 * time.Hour
	defaultConfirm    = 5 * time.Minute
	seenEvery         = time.Minute // the store is told of use no more often
)

func newSessions(o Options) *scs.SessionManager {
	s := scs.New()
	s.Store = o.Sessions
	s.ErrorFunc = sessionFailed(o.Log)
	s.HashTokenInStore = true // reading the store gives nobody a session
	s.Lifetime = orDefault(o.Lifetime, defaultLifetime)
	s.Cookie.Name = "sallyport"
	s.Cookie.HttpOnly = true
	s.Cookie.Persist = false
	s.Cookie.SameSite = http.SameSiteLaxMode // links from mail, and other sign-in pages, lead here signed in
	if o.Secure {
		s.Cookie.Name = "__Host-sallyport"
		s.Cookie.Secure = true
	}
	return s
}

func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

// session loads and saves the session around everything but static files, and
// what is asked by programs, whose cookies count for nothing, and by anybody.
func (u *UI) session(next echo.HandlerFunc) echo.HandlerFunc {
	wrapped := echo.WrapMiddleware(u.sessions.LoadAndSave)(func(c echo.Context) error {
		if f := faultOf(c.Request()); f != nil {
			f.begun = true
		}
		return next(c)
	})
	return func(c echo.Context) error {
		if sessionless(c.Path()) || api.Owns(c.Request().URL.Path) {
			return next(c)
		}
		var f sessionFault
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), sessionFaultKey{}, &f)))
		if err := wrapped(c); err != nil {
			return err
		}
		return f.err
	}
}

// sessionFault is why the session of a request could not be read, and whether the
// request's own work has begun.
type sessionFault struct {
	err   error
	begun bool
}

type sessionFaultKey struct{}

func faultOf(r *http.Request) *sessionFault {
	f, _ := r.Context().Value(sessionFaultKey{}).(*sessionFault)
	return f
}

// sessionFailed answers for a store that cannot be read or written. A session that
// was not read is left to handleError, which has the page for it; one that is not
// written fails an answer that is being given, in a few words.
func sessionFailed(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if f := faultOf(r); f != nil && !f.begun {
			f.err = err
			return
		}
		log.Error("keeping a session", "error", err.Error())
		http.Error(w, "You may not be signed in: try again.", web.Status(err))
	}
}

// sessionless reports whether a route answers everybody alike, without asking
// who they are.
func sessionless(route string) bool {
	return route == "/static/*" || route == "/health" || route == contentsRoute || strings.HasPrefix(route, registerPath)
}

// startSession makes the browser's session the person's, under a new token and
// without anything of whoever used the browser before. s says who and how.
func (u *UI) startSession(c *call, s review.Session) error {
	ctx := c.ctx()
	if err := u.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := u.sessions.RenewToken(ctx); err != nil {
		return err
	}
	now := u.now()
	s.ID, s.Source, s.Browser = rand.Text(), c.source(), browserOf(c.Request().UserAgent())
	s.Started, s.Seen, s.Confirmed, s.Checked = now, now, now, now
	e := c.event(review.EvSignIn, s.Person, "method", s.Method, "factors", s.Factors)
	if err := u.options.Accounts.StartSession(ctx, s, u.options.MaxSessions, e); err != nil {
		return fmt.Errorf("starting a session: %w", err)
	}
	u.sessions.Put(ctx, keySession, s.ID)
	return nil
}

// event is one of signing in and accounts; pairs are its details.
func (c *call) event(t review.EventType, who review.Username, pairs ...string) review.Event {
	e := review.Event{At: c.ui.now(), Type: t, Actor: who, Policy: c.ui.policy.SHA256, Source: c.source()}
	for i := 0; i+1 < len(pairs); i += 2 {
		if e.Detail == nil {
			e.Detail = map[string]string{}
		}
		e.Detail[pairs[i]] = pairs[i+1]
	}
	return e
}

func (c *call) source() string { return web.SourceClass(c.Request().RemoteAddr) }

// over says why a session has run out, "" when it has not.
func (u *UI) over(s *review.Session, p *review.Person) string {
	now := u.now()
	idle := orDefault(u.options.Idle, defaultIdle)
	if slices.ContainsFunc(policy.StrictRoles(), p.Has) {
		idle = min(idle, orDefault(u.options.IdleStrict, defaultIdleStrict))
	}
	switch {
	case !s.Ended.IsZero():
		return "ended"
	case now.Sub(s.Started) >= orDefault(u.options.Lifetime, defaultLifetime):
		return "lifetime"
	case now.Sub(s.Seen) >= idle:
		return "idle"
	case s.Seen.Sub(now) >= idle: // it was used while the clock was wrong
		return "clock"
	case !u.methodOffered(s.Method):
		return "method"
	}
	return ""
}

// openSession finds the review.Session of the cookie and its person, afresh, so
// that an end, a role taken away or an account closed counts at once. It fails
// closed: nil when there is none that counts.
func (u *UI) openSession(c *call) (*review.Session, review.Actor, error) {
	id := u.sessions.GetString(c.ctx(), keySession)
	if id == "" {
		return nil, review.Actor{}, nil
	}
	s, err := u.options.Accounts.Session(c.ctx(), id)
	var actor review.Actor
	if err == nil {
		actor, err = u.service.Actor(c.ctx(), s.Person, c.source())
	}
	if k := review.KindOf(err); k == review.Unauthenticated || k == review.NotFound {
		return nil, actor, u.sessions.Destroy(c.ctx())
	}
	if err != nil {
		return nil, actor, err
	}
	if slices.Contains(actor.AllRoles(), policy.Service) { // programs have tokens, and no browser
		return nil, review.Actor{}, u.endSession(c, s, "service account")
	}
	if why := u.over(s, actor.Person); why != "" {
		return nil, review.Actor{}, u.endSession(c, s, why)
	}
	return s, actor, nil
}

// endSession ends a session that ran out or lost its ground.
func (u *UI) endSession(c *call, s *review.Session, why string) error {
	e := c.event(review.EvSessionEnded, s.Person, "why", why, "session", s.ID)
	if _, err := u.options.Accounts.EndSessions(c.ctx(), review.SessionQuery{ID: s.ID}, u.now(), e); err != nil {
		return err
	}
	return u.sessions.Destroy(c.ctx())
}

// used keeps when the session was used last, coarsely, and gives it a new token
// when the person's roles are others than before.
func (u *UI) used(c *call) error {
	now := u.now()
	if now.Sub(c.session.Seen) >= seenEvery {
		err := u.options.Accounts.UpdateSession(c.ctx(), c.session.ID, func(s *review.Session) error { s.Seen = now; return nil })
		if err != nil && review.KindOf(err) != review.NotFound {
			return err
		}
	}
	roles := slices.Sorted(slices.Values(c.actor.AllRoles()))
	words := fmt.Sprint(roles)
	switch was := u.sessions.GetString(c.ctx(), keyRoles); was {
	case words:
		return nil
	case "":
	default:
		if err := u.sessions.RenewToken(c.ctx()); err != nil {
			return err
		}
	}
	u.sessions.Put(c.ctx(), keyRoles, words)
	return nil
}

// browserOf names the family and the system of a browser, as it calls itself.
func browserOf(agent string) string {
	family := "A browser"
	for _, f := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(agent, f.mark) {
			family = f.name
			break
		}
	}
	for _, s := range []struct{ mark, name string }{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, s.mark) {
			return family + " on " + s.name
		}
	}
	return family
}

// putJSON keeps a value in the cookie's session, and takeJSON gives it back and
// forgets it.
func (u *UI) putJSON(ctx context.Context, key string, v any) {
	text, err := json.Marshal(v)
	if err == nil { // what is kept always marshals
		u.sessions.Put(ctx, key, string(text))
	}
}

func peekJSON[T any](ctx context.Context, u *UI, key string) (v T, ok bool) {
	text := u.sessions.GetString(ctx, key)
	ok = text != "" && json.Unmarshal([]byte(text), &v) == nil
	return v, ok
}

func takeJSON[T any](ctx context.Context, u *UI, key string) (v T, ok bool) {
	text := u.sessions.PopString(ctx, key)
	ok = text != "" && json.Unmarshal([]byte(text), &v) == nil
	return v, ok
}

// A flash is what the next page says happened.
type flash struct {
	Text     string
	Problems []string // what did not work, each with its reason
	Undo     *undo    `json:",omitempty"` // the decision just made, taken back
}

// setFlash keeps a flash for the next page of this session.
func (c *call) setFlash(f flash) {
	const most = 25
	if n := len(f.Problems); n > most {
		f.Problems = append(f.Problems[:most:most], plural(n-most, "more problem", "more problems"))
	}
	c.ui.putJSON(c.ctx(), keyFlash, f)
}

// takeFlash returns the flash and forgets it; nil when there is none.
func (c *call) takeFlash() *flash {
	if f, ok := takeJSON[flash](c.ctx(), c.ui, keyFlash); ok {
		return &f
	}
	return nil
}
