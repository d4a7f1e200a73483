package ui

import (
	"net/http"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
)

// InvitationLife is how long an invitation may be used.
const InvitationLife = 72 * time.Hour

// invited finds the invitation of the link and its person. Trying out links is
// throttled by source; there are too many to guess.
func (u *UI) invited(c *call) (*review.Invitation, review.Actor, error) {
	nothing := review.Errorf(review.NotFound, "There is no such invitation.")
	if u.options.NoPasswords {
		return nil, review.Actor{}, nothing
	}
	if problem, err := u.tooMany(c, ""); err != nil {
		return nil, review.Actor{}, err
	} else if problem != "" {
		return nil, review.Actor{}, nothing
	}
	i, err := u.options.Accounts.Invitation(c.ctx(), signin.Hash(c.Param("secret")))
	if err == nil && !u.now().Before(i.Expires) {
		err = nothing
	}
	if err != nil {
		return nil, review.Actor{}, err
	}
	if err := u.unjudged(c); err != nil {
		return nil, review.Actor{}, err
	}
	actor, err := u.service.Actor(c.ctx(), i.Person, c.source())
	if review.KindOf(err) == review.Unauthenticated {
		err = nothing
	}
	return i, actor, err
}

func (u *UI) invitationPage(c *call) error {
	_, actor, err := u.invited(c)
	if review.KindOf(err) == review.NotFound {
		return u.noInvitation(c)
	}
	if err != nil {
		return err
	}
	return u.showInvitation(c, http.StatusOK, actor, "")
}

// noInvitation says the same of every link that is none, so that trying them out
// tells nothing: whoever has used theirs learns what to do next.
func (u *UI) noInvitation(c *call) error {
	return c.render(http.StatusNotFound, "no-invitation", frame{Title: "This link does not work"}, nil)
}

func (u *UI) showInvitation(c *call, status int, actor review.Actor, problem string) error {
	p := newPasswordPage{Problem: problem, Username: string(actor.Username), Name: actor.Name, Action: "/invitation/" + c.Param("secret")}
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	return c.render(status, "new-password", frame{Title: "Choose your password"}, p)
}

// acceptInvitation sets the password and signs nobody in: a second factor, if
// there is one, is still asked for. Sessions from before end.
func (u *UI) acceptInvitation(c *call) error {
	i, actor, err := u.invited(c)
	if review.KindOf(err) == review.NotFound {
		return u.noInvitation(c)
	}
	if err != nil {
		return err
	}
	hash, problem, err := newPassword(c, actor.Person)
	if err != nil {
		return err
	}
	if problem != "" {
		return u.showInvitation(c, http.StatusUnprocessableEntity, actor, problem)
	}
	waits, err := u.invitedRoles(c, actor, i.By)
	if err != nil {
		return err
	}
	now := u.now()
	set := c.event(review.EvPasswordSet, actor.Username, "by", "invitation")
	if err := u.options.Accounts.Accept(c.ctx(), i.Hash, hash, now, set); err != nil {
		return err
	}
	ended := c.event(review.EvSessionEnded, actor.Username, "why", "password", "person", string(actor.Username))
	if _, err := u.options.Accounts.EndSessions(c.ctx(), review.SessionQuery{Person: actor.Username}, now, ended); err != nil {
		return err
	}
	return c.render(http.StatusOK, "invitation-done", frame{Title: "Your password is set"}, invitationDone{string(actor.Username), roleNames(waits)})
}

type invitationDone struct {
	Username string
	Waits    string // roles that a second person has to confirm
}

// invitedRoles suspends what takes two people, before the link counts: whoever
// made the invitation has seen it, and could have used it. Who has a second
// factor shows by it that it is they.
func (u *UI) invitedRoles(c *call, actor review.Actor, by review.Username) ([]policy.Role, error) {
	cred, err := u.options.Accounts.Credentials(c.ctx(), actor.Username)
	if err != nil || cred.SecondFactor() {
		return nil, err
	}
	return u.service.Invited(c.ctx(), actor, by)
}

// peoplePage is what an operator sees of who can come in.
type peoplePage struct {
	People []personItem
	// Invited says that an invitation is the only way in.
	Invited bool
}

type personItem struct {
	review.Person
	RoleNames string
	Factor    string // in plain words
}

func (u *UI) people(c *call) error {
	all, err := u.service.People(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p := peoplePage{Invited: !u.options.NoPasswords && len(u.options.Methods) == 0 && !u.options.Demo}
	for _, q := range all {
		item, err := u.personItem(c, q)
		if err != nil {
			return err
		}
		p.People = append(p.People, *item)
	}
	return c.render(http.StatusOK, "people", frame{Title: "People", Wide: true}, p)
}

func (u *UI) personItem(c *call, p review.Person) (*personItem, error) {
	cred, err := u.options.Accounts.Credentials(c.ctx(), p.Username)
	if err != nil {
		return nil, err
	}
	var has []string
	if cred.PasswordHash != "" {
		has = append(has, "password")
	}
	if cred.Code != nil {
		has = append(has, "authenticator app")
	}
	if n := len(cred.Passkeys); n > 0 {
		has = append(has, plural(n, "passkey", "passkeys"))
	}
	p.PasswordHash = ""
	return &personItem{p, roleNames(p.Roles), strings.Join(has, ", ")}, nil
}

type personPage struct {
	personItem
	Sessions []sessionItem
	Link     string // of the invitation just made: shown this once
	Until    time.Time
	Local    bool
}

func (u *UI) person(c *call) error { return u.showPerson(c, "", time.Time{}) }

func (u *UI) showPerson(c *call, link string, until time.Time) error {
	p, err := u.service.PersonNamed(c.ctx(), c.actor, review.Username(c.Param("person")))
	if err != nil {
		return err
	}
	item, err := u.personItem(c, *p)
	if err != nil {
		return err
	}
	page := personPage{personItem: *item, Link: link, Until: until, Local: !u.options.NoPasswords}
	if page.Sessions, err = u.sessionsOf(c, p); err != nil {
		return err
	}
	return c.render(http.StatusOK, "person", frame{Title: p.Name, Crumbs: []crumb{{"People", "/people"}, {p.Name, ""}}}, page)
}

// invite answers with the page itself: the link is then in no address, no
// session and no store.
func (u *UI) invite(c *call) error {
	p, err := u.service.PersonNamed(c.ctx(), c.actor, review.Username(c.Param("person")))
	if err != nil {
		return err
	}
	if u.options.NoPasswords || p.Disabled {
		return review.Errorf(review.Conflict, "This person cannot sign in with a password here.")
	}
	secret, hash := signin.MakeSecret()
	now := u.now()
	i := review.Invitation{Hash: hash, Person: p.Username, By: c.actor.Username, Made: now, Expires: now.Add(InvitationLife)}
	if err := u.options.Accounts.Invite(c.ctx(), i, c.event(review.EvInvited, c.actor.Username, "person", string(p.Username))); err != nil {
		return err
	}
	return u.showPerson(c, u.address(c)+"/invitation/"+secret, i.Expires)
}

// address is where people reach the service.
func (u *UI) address(c *call) string {
	if u.options.URL != "" {
		return strings.TrimSuffix(u.options.URL, "/")
	}
	if u.options.Secure {
		return "https://" + c.Request().Host
	}
	return "http://" + c.Request().Host
}

func (u *UI) endSessionsOf(c *call) error {
	p, err := u.service.PersonNamed(c.ctx(), c.actor, review.Username(c.Param("person")))
	if err != nil {
		return err
	}
	return u.endChosen(c, review.SessionQuery{Person: p.Username, Except: c.session.ID}, "/people/"+string(p.Username))
}
