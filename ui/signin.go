package ui

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/password"
	"sallyport/ui/signin"
)

// The ids of the methods that are not in Options.Methods.
const (
	localMethod = "local"
	demoMethod  = "demo"
)

type signInPage struct {
	Username, Next, Problem string
	People                  []DemoPerson // of a demonstration
	Local, Passkeys         bool
	Register                bool // anybody may read the register of releases
	Askers, Senders         []methodItem
}

type methodItem struct{ ID, Label string }

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
	p.Local, p.Passkeys, p.Register = !u.options.NoPasswords, u.passkeys != nil, u.options.Register
	for _, m := range u.options.Methods {
		item := methodItem{m.ID(), m.Label()}
		switch m.(type) {
		case signin.Asker:
			p.Askers = append(p.Askers, item)
		case signin.Sender:
			p.Senders = append(p.Senders, item)
		}
	}
	return c.render(status, "sign-in", frame{Title: "Sign in"}, p)
}

// methodOffered reports whether a session of the method may go on.
func (u *UI) methodOffered(id string) bool {
	switch id {
	case localMethod:
		return !u.options.NoPasswords
	case demoMethod:
		return u.options.Demo
	}
	return u.method(id) != nil
}

// tryOf is who tries to sign in, as the throttle counts them.
func (c *call) tryOf(name string) attempt {
	return attempt{strings.ToLower(name), network(c.Request().RemoteAddr)}
}

// tooMany counts a try, as failed until succeeded says otherwise, and says what to
// do when the account may not be tried now; "" when it may.
func (u *UI) tooMany(c *call, name string) (problem string, err error) {
	wait, lock, err := u.throttle.begin(c.ctx(), c.tryOf(name))
	if err != nil || wait == 0 {
		c.begun = &begun{name, lock}
		return "", err
	}
	seconds := int(wait.Round(time.Second).Seconds()) + 1
	c.Response().Header().Set("Retry-After", fmt.Sprint(seconds))
	return "There were too many failed tries. Wait " + plural(1+seconds/60, "minute", "minutes") + ", then try again. A passkey works at once.", nil
}

// begun is a try that is counted already, and the lock that it brings if it fails.
type begun struct {
	name string
	lock time.Duration
}

// passed forgives, when the try succeeded.
func (u *UI) passed(c *call) error { return u.takenBack(c, u.throttle.succeeded) }

// unjudged takes the try back, which is neither a success nor a failure.
func (u *UI) unjudged(c *call) error { return u.takenBack(c, u.throttle.undone) }

func (u *UI) takenBack(c *call, how func(context.Context, attempt) error) error {
	if c.begun == nil {
		return nil
	}
	name := c.begun.name
	c.begun = nil
	return how(c.ctx(), c.tryOf(name))
}

// failedTry records a failure, and a lock that it brings. One that tooMany has
// not counted is counted here.
func (u *UI) failedTry(c *call, name, what string) error {
	if err := u.service.RecordSignIn(c.ctx(), review.Username(name), c.source(), false); err != nil {
		return err
	}
	if c.begun == nil {
		if _, err := u.tooMany(c, name); err != nil {
			return err
		}
	}
	if c.begun == nil || c.begun.lock == 0 {
		return nil
	}
	who := review.Username(c.begun.name)
	if _, err := u.service.Actor(c.ctx(), who, ""); err != nil {
		who = "" // people type passwords into the wrong field
	}
	e := c.event(review.EvLockedOut, who, "what", what, "seconds", fmt.Sprint(int(c.begun.lock.Seconds())))
	return u.options.Accounts.Append(c.ctx(), e)
}

const wrongPassword = "The username or the password is not right."

// signIn answers every failure with the same words after the same work, so that
// nobody learns which accounts exist.
func (u *UI) signIn(c *call) error {
	name := strings.TrimSpace(c.FormValue("username"))
	page := signInPage{Username: name, Next: localPath(c.FormValue("next"))}
	if len(name) > 200 {
		name = name[:200]
	}
	if u.options.NoPasswords {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	var err error
	if page.Problem, err = u.tooMany(c, name); err != nil {
		return err
	}
	if page.Problem != "" {
		return u.showSignIn(c, http.StatusTooManyRequests, page)
	}
	cred, err := u.checkPassword(c, review.Username(name), c.FormValue("password"))
	if err != nil {
		return err
	}
	if cred == nil {
		page.Problem = wrongPassword
		if err := u.failedTry(c, name, "password"); err != nil {
			return err
		}
		return u.showSignIn(c, http.StatusUnprocessableEntity, page)
	}
	if cred.SecondFactor() {
		if err := u.unjudged(c); err != nil {
			return err
		}
		return u.halfWay(c, cred, page.Next)
	}
	if err := u.passed(c); err != nil {
		return err
	}
	return u.welcome(c, review.Session{Person: cred.Person, Method: localMethod, Factors: factorPassword}, page.Next)
}

// checkPassword returns the credentials of whoever the name and the password
// belong to, nil when they do not match. It does the same work for everybody.
func (u *UI) checkPassword(c *call, name review.Username, pass string) (*review.Credentials, error) {
	actor, err := u.service.Actor(c.ctx(), name, c.source())
	if k := review.KindOf(err); err != nil && k != review.Unauthenticated && k != review.NotFound && k != review.Invalid {
		return nil, err
	}
	encoded := ""
	if err == nil && actor.Person != nil {
		encoded = actor.PasswordHash
	}
	select {
	case u.throttle.slots <- struct{}{}:
		defer func() { <-u.throttle.slots }()
	case <-c.ctx().Done():
		return nil, review.Errorf(review.Unavailable, "The service is busy. Try again.")
	}
	if !u.verify(encoded, pass) {
		return nil, nil
	}
	if password.Outdated(encoded) {
		if err := u.rehash(c, actor.Username, encoded, pass); err != nil {
			return nil, err
		}
	}
	return u.options.Accounts.Credentials(c.ctx(), actor.Username)
}

// rehash keeps the password with the work that new ones have.
func (u *UI) rehash(c *call, name review.Username, was, pass string) error {
	fresh, err := password.Hash(pass)
	if err != nil {
		return err
	}
	return u.options.Accounts.UpdateCredentials(c.ctx(), name, func(cred *review.Credentials) ([]review.Event, error) {
		if cred.PasswordHash == was {
			cred.PasswordHash = fresh
		}
		return nil, nil
	})
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
	actor, err := u.service.Actor(c.ctx(), name, c.source())
	if err != nil {
		return err
	}
	return u.welcome(c, review.Session{Person: actor.Username, Method: demoMethod, Factors: "a click"}, localPath(c.FormValue("next")))
}

func (u *UI) welcome(c *call, s review.Session, next string) error {
	if err := u.startSession(c, s); err != nil {
		return err
	}
	return c.redirect(next)
}

func (u *UI) signOut(c *call) error {
	if err := u.service.RecordSignOut(c.ctx(), c.actor); err != nil {
		return err
	}
	if _, err := u.options.Accounts.EndSessions(c.ctx(), review.SessionQuery{ID: c.session.ID}, u.now()); err != nil {
		return err
	}
	if err := u.sessions.Destroy(c.ctx()); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	if there := u.signOutThere(c); there != "" {
		return c.redirect(there)
	}
	return c.redirect("/sign-in")
}

// home sends each role to where its work is.
func (u *UI) home(c *call) error {
	for _, h := range []struct {
		role   policy.Role
		path   string
		action policy.Action // of the page
	}{
		{policy.Checker, "/queue", policy.QueueView}, {policy.Lead, "/board", policy.QueueAll},
		{policy.Researcher, "/workspaces", policy.WorkspaceList}, {policy.CoreDeveloper, "/workspaces", policy.WorkspaceList},
		{policy.DataInvestigator, "/workspaces", policy.WorkspaceList}, {policy.Collaborator, "/workspaces", policy.WorkspaceList},
		{policy.Copilot, "/requests", policy.RequestList}, {policy.Auditor, "/releases", policy.ReleaseList},
		{policy.Auditor, "/records", policy.RecordView}, {policy.Lead, "/queue", policy.QueueView}, {policy.Operator, "/status", policy.StatusView},
	} {
		if slices.Contains(c.actor.AllRoles(), h.role) && c.actor.MaySomewhere(h.action) {
			return c.redirect(h.path)
		}
	}
	mine, err := u.service.MyAccess(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "no-role", frame{Title: "You have no role yet"}, roleNames(mine.Waiting))
}
