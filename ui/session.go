package ui

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"sallyport/review"
	"sallyport/ui/api"
)

// Keys of what a session holds. It names the person and nothing of their
// rights, which are looked up for every request.
const (
	keyUser  = "user"
	keySeen  = "seen" // Unix seconds of the last use, kept to the minute
	keyFlash = "flash"
)

func newSessions(o Options) *scs.SessionManager {
	s := scs.New()
	s.Store = o.Sessions
	s.HashTokenInStore = true // reading the store gives nobody a session
	s.Lifetime = orDefault(o.Lifetime, 12*time.Hour)
	s.Cookie.Name = "sallyport"
	s.Cookie.HttpOnly = true
	s.Cookie.Persist = false
	s.Cookie.SameSite = http.SameSiteLaxMode
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
// what is asked by programs, whose cookies count for nothing.
func (u *UI) session(next echo.HandlerFunc) echo.HandlerFunc {
	wrapped := echo.WrapMiddleware(u.sessions.LoadAndSave)(next)
	return func(c echo.Context) error {
		if c.Path() == "/static/*" || c.Path() == "/health" || api.Owns(c.Request().URL.Path) {
			return next(c)
		}
		return wrapped(c)
	}
}

// username returns who the session belongs to, "" when nobody is signed in or
// the session was idle too long. The time of use is written once a minute, not
// with every request, to spare the store.
func (u *UI) username(ctx context.Context) review.Username {
	name := u.sessions.GetString(ctx, keyUser)
	if name == "" {
		return ""
	}
	now, seen := u.now().Unix(), u.sessions.GetInt64(ctx, keySeen)
	if now-seen > int64(orDefault(u.options.Idle, time.Hour).Seconds()) {
		return ""
	}
	if now-seen >= 60 {
		u.sessions.Put(ctx, keySeen, now)
	}
	return review.Username(name)
}

// startSession makes the session the person's, under a new token and without
// anything of whoever used the browser before.
func (u *UI) startSession(ctx context.Context, name review.Username) error {
	if err := u.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := u.sessions.RenewToken(ctx); err != nil {
		return err
	}
	u.sessions.Put(ctx, keyUser, string(name))
	u.sessions.Put(ctx, keySeen, u.now().Unix())
	return nil
}

// A flash is what the next page says happened.
type flash struct {
	Text     string
	Problems []string // what did not work, each with its reason
}

// setFlash keeps a flash for the next page of this session.
func (c *call) setFlash(f flash) {
	const most = 25
	if n := len(f.Problems); n > most {
		f.Problems = append(f.Problems[:most:most], plural(n-most, "more problem", "more problems"))
	}
	text, err := json.Marshal(f)
	if err != nil {
		return // a struct of strings always marshals
	}
	c.ui.sessions.Put(c.ctx(), keyFlash, string(text))
}

// takeFlash returns the flash and forgets it; nil when there is none.
func (c *call) takeFlash() *flash {
	text := c.ui.sessions.PopString(c.ctx(), keyFlash)
	if text == "" {
		return nil
	}
	var f flash
	if json.Unmarshal([]byte(text), &f) != nil {
		return nil
	}
	return &f
}
