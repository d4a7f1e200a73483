package ui

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/password"
)

// accountPage is what a person sees of their own account.
type accountPage struct {
	Name, Username, Email, Roles string
	Projects                     []review.ProjectID
	Trained                      time.Time
	Local                        bool // signs in with a password or a passkey here
	Password                     bool
	MustEnrol                    bool
	CanCode, CanPasskeys         bool
	Code                         *review.CodeFactor
	Passkeys                     []review.Passkey
	Recovery                     int
	Identities                   []identityItem
	Sessions                     []sessionItem
	Others                       int // sessions besides this one
	Tokens                       bool
	Zone                         zoneForm
}

type identityItem struct{ Label, Subject string }

type sessionItem struct {
	review.Session
	Here bool // the one that is asking
	How  string
}

func accountFrame(title string) frame {
	return frame{Title: title, Crumbs: []crumb{{"Your account", "/account"}, {title, ""}}}
}

func (u *UI) account(c *call) error {
	return u.showAccount(c, http.StatusOK, zoneForm{Value: c.actor.Zone})
}

func (u *UI) showAccount(c *call, status int, zone zoneForm) error {
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	p := accountPage{
		Name: c.actor.Name, Username: string(c.actor.Username), Email: c.actor.Email, Roles: roleNames(c.actor.AllRoles()),
		Projects: c.actor.Projects, Trained: c.actor.TrainedUntil, Local: !u.options.NoPasswords && c.session.Method != demoMethod,
		Password: cred.PasswordHash != "", MustEnrol: u.mustEnrol(c), CanCode: u.options.Sealer != nil, CanPasskeys: u.passkeys != nil,
		Code: cred.Code, Passkeys: cred.Passkeys, Recovery: len(cred.Recovery), Tokens: u.options.API != nil,
	}
	ids, err := u.options.Accounts.Identities(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	for _, i := range ids {
		label := i.Method
		if m := u.method(i.Method); m != nil {
			label = m.Label()
		}
		p.Identities = append(p.Identities, identityItem{label, i.Subject})
	}
	if p.Sessions, err = u.sessionsOf(c, c.actor.Person); err != nil {
		return err
	}
	p.Others = max(0, len(p.Sessions)-1)
	zone.Service, zone.Names, zone.Now = zoneName(u.zone), wellKnownZones(), u.now()
	p.Zone = zone
	return c.render(status, "account", frame{Title: "Your account"}, p)
}

func roleNames(roles []policy.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, roleName(r))
	}
	return strings.Join(names, ", ")
}

// sessionsOf lists a person's sessions that still count.
func (u *UI) sessionsOf(c *call, p *review.Person) ([]sessionItem, error) {
	open, err := u.options.Accounts.OpenSessions(c.ctx(), review.SessionQuery{Person: p.Username})
	if err != nil {
		return nil, err
	}
	var items []sessionItem
	for _, s := range open {
		if u.over(&s, p) == "" {
			how := s.Factors
			if m := u.method(s.Method); m != nil {
				how = m.Label()
			}
			items = append(items, sessionItem{s, s.ID == c.session.ID, how})
		}
	}
	return items, nil
}

// endOwnSession ends one of the person's sessions; of somebody else's they
// learn nothing.
func (u *UI) endOwnSession(c *call) error {
	return u.endChosen(c, review.SessionQuery{ID: c.Param("session"), Person: c.actor.Username}, "/account")
}

func (u *UI) endOtherSessions(c *call) error {
	return u.endChosen(c, review.SessionQuery{Person: c.actor.Username, Except: c.session.ID}, "/account")
}

// endChosen ends sessions that a person chose.
func (u *UI) endChosen(c *call, q review.SessionQuery, back string) error {
	e := c.event(review.EvSessionEnded, c.actor.Username, "why", "chosen", "person", string(q.Person))
	if q.ID != "" {
		e.Detail["session"] = q.ID
	}
	n, err := u.options.Accounts.EndSessions(c.ctx(), q, u.now(), e)
	if err != nil {
		return err
	}
	if n == 0 && q.ID != "" {
		return review.Errorf(review.NotFound, "There is no such session.")
	}
	c.setFlash(flash{Text: plural(n, "session has", "sessions have") + " ended, from the next request on."})
	return c.redirect(back)
}

type newPasswordPage struct {
	Problem  string
	Username string
	Action   string
	Name     string // of the person an invitation is for
	Has      bool   // there is a password already
}

func (u *UI) passwordPage(c *call) error { return u.showNewPassword(c, http.StatusOK, "") }

func (u *UI) showNewPassword(c *call, status int, problem string) error {
	if u.options.NoPasswords || c.session.Method == demoMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	p := newPasswordPage{Problem: problem, Username: string(c.actor.Username), Action: "/account/password", Has: true}
	return c.render(status, "new-password", accountFrame("Change your password"), p)
}

// changePassword ends the person's other sessions too: whoever had the old one
// is out.
func (u *UI) changePassword(c *call) error {
	if u.options.NoPasswords || c.session.Method == demoMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	hash, problem, err := newPassword(c, c.actor.Person)
	if err != nil {
		return err
	}
	if problem != "" {
		return u.showNewPassword(c, http.StatusUnprocessableEntity, problem)
	}
	err = u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		cred.PasswordHash = hash
		return []review.Event{c.event(review.EvPasswordSet, cred.Person, "by", "change")}, nil
	})
	if err != nil {
		return err
	}
	if err := u.sessions.RenewToken(c.ctx()); err != nil {
		return err
	}
	return u.endChosen(c, review.SessionQuery{Person: c.actor.Username, Except: c.session.ID}, "/account")
}

// newPassword judges the password that a form sets, typed twice.
func newPassword(c *call, p *review.Person) (hash, problem string, err error) {
	pass := c.FormValue("password")
	if pass != c.FormValue("again") {
		return "", "The two do not match. Type the same password twice.", nil
	}
	words := append(strings.Fields(p.Name), string(p.Username), p.Email)
	local, _, _ := strings.Cut(p.Email, "@")
	if problem, err = c.ui.options.Passwords.Weakness(pass, append(words, local)...); problem != "" || err != nil {
		return "", problem, err
	}
	hash, err = password.Hash(pass)
	return hash, "", err
}

// ownPasskey finds a passkey of the person's by the name that pages give it.
func ownPasskey(cred *review.Credentials, id string) int {
	return slices.IndexFunc(cred.Passkeys, func(k review.Passkey) bool { return passkeyID(k) == id })
}
