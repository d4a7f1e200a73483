package ui

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/password"
	"sallyport/ui/web"
)

type signInPage struct {
	Username, Next, Problem string
	People                  []DemoPerson // of a demonstration
}

func (u *UI) signInPage(c *call) error {
	next := localPath(c.QueryParam("next"))
	if c.actor.Person != nil {
		return c.redirect(next)
	}
	return u.showSignIn(c, http.StatusOK, signInPage{Next: next})
}

func (u *UI) showSignIn(c *call, status int, p signInPage) error {
	if u.options.Demo {
		p.People = u.options.People
	}
	return c.render(status, "sign-in", frame{Title: "Sign in"}, p)
}

// signIn answers every failure with the same words after the same work, so that
// nobody learns which accounts exist.
func (u *UI) signIn(c *call) error {
	name := strings.TrimSpace(c.FormValue("username"))
	page := signInPage{Username: name, Next: localPath(c.FormValue("next"))}
	host, _, err := net.SplitHostPort(c.Request().RemoteAddr)
	if err != nil {
		host = c.Request().RemoteAddr
	}
	if len(name) > 200 {
		name = name[:200]
	}
	account := strings.ToLower(name)
	if !u.throttle.allowed(account, host) {
		page.Problem = "There were too many failed tries. Wait 15 minutes, then try again."
		c.Response().Header().Set("Retry-After", fmt.Sprint(int(failWindow.Seconds())))
		return u.showSignIn(c, http.StatusTooManyRequests, page)
	}
	actor, err := u.passwordActor(c, review.Username(name), c.FormValue("password"))
	if err != nil {
		return err
	}
	if actor.Person == nil {
		u.throttle.failed(account, host)
		page.Problem = "The username or the password is not right."
		return u.showSignIn(c, http.StatusUnprocessableEntity, page)
	}
	u.throttle.succeeded(account, host)
	return u.welcome(c, actor.Username, page.Next)
}

// passwordActor returns the actor whose name and password these are, or an
// actor without a person.
func (u *UI) passwordActor(c *call, name review.Username, pass string) (review.Actor, error) {
	source := web.SourceClass(c.Request().RemoteAddr)
	actor, err := u.service.Actor(c.ctx(), name, source)
	if k := review.KindOf(err); err != nil && k != review.Unauthenticated && k != review.NotFound && k != review.Invalid {
		return review.Actor{}, err
	}
	encoded := ""
	if err == nil && actor.Person != nil {
		encoded = actor.PasswordHash
	}
	select {
	case u.throttle.slots <- struct{}{}:
		defer func() { <-u.throttle.slots }()
	case <-c.ctx().Done():
		return review.Actor{}, review.Errorf(review.Unavailable, "The service is busy. Try again.")
	}
	if !password.Verify(encoded, pass) {
		return review.Actor{}, u.service.RecordSignIn(c.ctx(), name, source, false)
	}
	return actor, u.service.RecordSignIn(c.ctx(), name, source, true)
}

// demoSignIn lets anybody be one of the people of a demonstration, and nobody
// else: outside of demo mode there is no such page.
func (u *UI) demoSignIn(c *call) error {
	name := review.Username(c.FormValue("person"))
	known := false
	for _, p := range u.options.People {
		known = known || p.Username == name
	}
	if !u.options.Demo || !known {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	source := web.SourceClass(c.Request().RemoteAddr)
	actor, err := u.service.Actor(c.ctx(), name, source)
	if err != nil {
		return err
	}
	if err := u.service.RecordSignIn(c.ctx(), name, source, true); err != nil {
		return err
	}
	return u.welcome(c, actor.Username, localPath(c.FormValue("next")))
}

func (u *UI) welcome(c *call, name review.Username, next string) error {
	if err := u.startSession(c.ctx(), name); err != nil {
		return fmt.Errorf("starting a session: %w", err)
	}
	return c.redirect(next)
}

func (u *UI) signOut(c *call) error {
	if err := u.service.RecordSignOut(c.ctx(), c.actor); err != nil {
		return err
	}
	if err := u.sessions.Destroy(c.ctx()); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.redirect("/sign-in")
}

// home sends each role to where its work is.
func (u *UI) home(c *call) error {
	for _, h := range []struct {
		role policy.Role
		path string
	}{
		{policy.Checker, "/queue"}, {policy.Lead, "/board"}, {policy.Researcher, "/workspaces"},
		{policy.CoreDeveloper, "/workspaces"}, {policy.DataInvestigator, "/workspaces"},
		{policy.Auditor, "/releases"}, {policy.Operator, "/status"},
	} {
		if c.has(h.role) {
			return c.redirect(h.path)
		}
	}
	return review.Errorf(review.Forbidden, "Your account has no role yet. Ask whoever runs the service to give you one.")
}

// health tells a load balancer that the process answers, and nothing more.
func (u *UI) health(c *call) error { return c.String(http.StatusOK, "ok\n") }
