package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"sallyport/review"
	"sallyport/ui/signin"
)

const (
	// retryAfter is how long a method that could not be asked is left alone.
	retryAfter = time.Minute
	// askWithin bounds one question to a method.
	askWithin = 8 * time.Second
)

// pageCSPFor is the policy of pages that may send a form on to where methods
// end sessions, since browsers hold redirects of a form to it, and show what the
// host of contents sends; contents is its origin, or "".
func pageCSPFor(methods []signin.Method, contents string) string {
	var more string
	for _, m := range methods {
		if s, ok := m.(signin.Sender); ok && s.Origin() != "" {
			more += " " + s.Origin()
		}
	}
	csp := strings.Replace(pageCSP, "form-action 'self'", "form-action 'self'"+more, 1)
	if contents == "" {
		return csp
	}
	return strings.NewReplacer("img-src 'self'", "img-src 'self' "+contents, "frame-src 'self'", "frame-src 'self' "+contents).Replace(csp)
}

// method finds one of Options.Methods; nil when there is none of that id.
func (u *UI) method(id string) signin.Method {
	for _, m := range u.options.Methods {
		if m.ID() == id {
			return m
		}
	}
	return nil
}

func nothingHere() error { return review.Errorf(review.NotFound, "There is nothing here.") }

// ask runs a question to a method within its time.
func ask[T any](c *call, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(c.ctx(), askWithin)
	defer cancel()
	return question(ctx)
}

// askMethod signs in by a name and a token that a method judges.
func (u *UI) askMethod(c *call) error {
	m, ok := u.method(c.Param("method")).(signin.Asker)
	if !ok {
		return nothingHere()
	}
	name, token := strings.TrimSpace(c.FormValue("username")), strings.TrimSpace(c.FormValue("token"))
	if len(name) > 200 {
		name = name[:200]
	}
	page := signInPage{Next: localPath(c.FormValue("next"))}
	var err error
	if page.Problem, err = u.tooMany(c, name); err != nil {
		return err
	}
	if page.Problem != "" {
		return u.showSignIn(c, http.StatusTooManyRequests, page)
	}
	p, err := ask(c, func(ctx context.Context) (*signin.Profile, error) { return m.Authenticate(ctx, name, token) })
	if err != nil {
		return u.notVouched(c, m, name, page, err)
	}
	if err := u.passed(c); err != nil {
		return err
	}
	return u.welcomeVouched(c, m, p, page.Next)
}

// notVouched shows why a method did not let somebody in.
func (u *UI) notVouched(c *call, m signin.Method, name string, page signInPage, err error) error {
	status := http.StatusUnprocessableEntity
	switch review.KindOf(err) {
	case review.Unavailable:
		status = http.StatusServiceUnavailable
		if err := u.unjudged(c); err != nil {
			return err
		}
	case review.Invalid, review.Forbidden, review.Conflict:
		if err := u.failedTry(c, name, m.ID()); err != nil {
			return err
		}
	default:
		return err
	}
	u.log.Warn("sign-in not vouched for", "method", m.ID(), "id", c.Get(keyRequestID), "reason", reason(err))
	page.Problem = err.Error()
	return u.showSignIn(c, status, page)
}

// reason is what lies behind an error, for the log.
func reason(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}

// welcomeVouched starts a session of whoever the profile is.
func (u *UI) welcomeVouched(c *call, m signin.Method, p *signin.Profile, next string) error {
	name, err := u.vouchedPerson(c, m, p)
	if err == nil {
		_, err = u.service.Actor(c.ctx(), name, c.source()) // may be closed
	}
	if k := review.KindOf(err); k == review.Conflict || k == review.Forbidden || k == review.Unauthenticated {
		if k == review.Unauthenticated {
			err = review.Errorf(review.Forbidden, "Your account here is closed.")
		}
		return u.notVouched(c, m, "", signInPage{Next: next}, err)
	}
	if err != nil {
		return err
	}
	factors := m.ID()
	return u.welcome(c, review.Session{
		Person: name, Method: m.ID(), Factors: factors, Subject: p.Subject, Key: p.Key, Grant: u.sealGrant(m, p),
	}, next)
}

func (u *UI) sealGrant(m signin.Method, p *signin.Profile) []byte {
	if len(p.Grant) == 0 {
		return nil
	}
	return u.options.Sealer.Seal(p.Grant, grantPurpose(m, p.Subject))
}

func grantPurpose(m signin.Method, subject string) string { return "grant " + m.ID() + " " + subject }

// vouchedPerson finds or makes the person that a profile's subject is, and keeps
// what the method decides about them. A name or an address that is the same
// makes nobody the same person: only who runs the service links accounts.
func (u *UI) vouchedPerson(c *call, m signin.Method, p *signin.Profile) (review.Username, error) {
	name, err := u.options.Accounts.Identity(c.ctx(), m.ID(), p.Subject)
	if review.KindOf(err) == review.NotFound {
		return u.newPerson(c, m, p)
	}
	if err != nil {
		return "", err
	}
	actor, err := u.service.Actor(c.ctx(), name, c.source())
	if err != nil {
		return "", err
	}
	now, changed := p.Apply(*actor.Person)
	if !changed {
		return name, nil
	}
	return name, u.keepVouched(c, m, p, now)
}

func (u *UI) keepVouched(c *call, m signin.Method, p *signin.Profile, person review.Person, more ...review.Event) error {
	roles, _ := json.Marshal(person.Roles) // of strings: cannot fail
	var in []string
	for _, v := range person.Vouched {
		in = append(in, string(v.Role)+" of "+string(v.Project))
	}
	facts := []string{"by", m.ID(), "people", string(person.Username), "roles", string(roles)}
	if len(in) > 0 {
		facts = append(facts, "in_projects", strings.Join(in, ", "))
	}
	e := c.event(review.EvPeopleChanged, "system", facts...)
	id := review.Identity{Method: m.ID(), Subject: p.Subject, Person: person.Username, Linked: u.now()}
	return u.options.Accounts.Vouch(c.ctx(), id, person, p.Known, append(more, e)...)
}

func (u *UI) newPerson(c *call, m signin.Method, p *signin.Profile) (review.Username, error) {
	if !usable(p.Username) {
		return "", review.Errorf(review.Forbidden, "Your username there cannot be used here. Ask whoever runs the service.")
	}
	_, err := u.service.Actor(c.ctx(), p.Username, c.source())
	if k := review.KindOf(err); err == nil || k == review.Unauthenticated && u.exists(c, p.Username) {
		return "", review.Errorf(review.Conflict, "There is an account of that name here already, and nobody said that it is yours. Ask whoever runs the service to link it.")
	} else if k != review.Unauthenticated {
		return "", err
	}
	person, _ := p.Apply(review.Person{Username: p.Username, Name: string(p.Username), Email: p.Email})
	if len(person.Roles)+len(person.Vouched) == 0 {
		return "", review.Errorf(review.Forbidden, "You have no role here. Ask whoever runs the service.")
	}
	linked := c.event(review.EvIdentityLinked, p.Username, "method", m.ID())
	return p.Username, u.keepVouched(c, m, p, person, linked)
}

// exists reports whether there is a person of the name, closed or not.
func (u *UI) exists(c *call, name review.Username) bool {
	_, err := u.options.Accounts.Credentials(c.ctx(), name)
	return review.KindOf(err) != review.NotFound
}

// usable reports whether a name from elsewhere can be a username: what a people
// file takes.
func usable(name review.Username) bool {
	if name == "" || len(name) > 100 || name == "system" {
		return false
	}
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	for i, r := range name {
		if !plain(r) && (i == 0 || !strings.ContainsRune("._-", r)) {
			return false
		}
	}
	return true
}

// stillVouched asks the session's method again when its word has grown old. A
// refusal ends the session at once. While the method cannot be asked its word
// counts until the grace is over; from then on nothing can be done but sign out.
func (u *UI) stillVouched(c *call, s *review.Session, actor review.Actor) (review.Actor, error) {
	m := u.method(s.Method)
	if m == nil {
		return actor, nil
	}
	age, terms := u.now().Sub(s.Checked), m.Terms()
	if age < terms.Every {
		return actor, nil
	}
	err := error(review.Errorf(review.Unavailable, "It cannot be asked now whether you may still come in."))
	if !u.retry.Reached(s.ID, 1) {
		_, err, _ = u.vouching.Do(s.ID, func() (any, error) { return nil, u.askAgain(c, m, s) })
	}
	switch review.KindOf(err) {
	case review.Unavailable:
		u.retry.Add(s.ID)
		if age < terms.Grace || c.Path() == "/sign-out" {
			return actor, nil
		}
		u.log.Warn("a session waits for its method", "method", m.ID(), "id", c.Get(keyRequestID))
		return actor, review.Errorf(review.Unavailable, "%s cannot be asked whether you may still come in, so nothing can be done here but sign out.", m.Label())
	case review.Forbidden, review.Invalid, review.Conflict, review.Unauthenticated, review.NotFound:
		e := c.event(review.EvVouchRefused, s.Person, "method", m.ID())
		if err := u.options.Accounts.Append(c.ctx(), e); err != nil {
			return review.Actor{}, err
		}
		return review.Actor{}, u.endSession(c, s, "refused")
	}
	if err != nil {
		return review.Actor{}, err
	}
	return u.service.Actor(c.ctx(), s.Person, c.source()) // its roles may be others now
}

// askAgain refreshes one session. It is not cut short by the request that asked,
// since others wait for it, and a grant may count only once.
func (u *UI) askAgain(c *call, m signin.Method, s *review.Session) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx()), askWithin)
	defer cancel()
	fresh, err := u.options.Accounts.Session(ctx, s.ID) // another may have asked meanwhile
	if err != nil {
		return err
	}
	if u.now().Sub(fresh.Checked) < m.Terms().Every {
		return nil
	}
	var grant []byte
	if len(fresh.Grant) > 0 {
		if grant, err = u.options.Sealer.Open(fresh.Grant, grantPurpose(m, s.Subject)); err != nil {
			return review.Errorf(review.Forbidden, "Sign in again.")
		}
	}
	p, err := m.Refresh(ctx, s.Subject, grant)
	if err != nil {
		return err
	}
	if p.Subject != s.Subject {
		return review.Errorf(review.Forbidden, "Sign in again.")
	}
	name, err := u.vouchedPerson(c, m, p)
	if err != nil {
		return err
	}
	if name != s.Person {
		return review.Errorf(review.Forbidden, "Sign in again.")
	}
	now := u.now()
	return u.options.Accounts.UpdateSession(ctx, s.ID, func(q *review.Session) error {
		q.Checked = now
		if sealed := u.sealGrant(m, p); sealed != nil {
			q.Grant = sealed
		}
		return nil
	})
}

// away is kept while the browser is at another's page.
type away struct {
	signin.Attempt
	Method  string
	Next    string
	Confirm bool // to show that it is they, not to sign in
	At      time.Time
}

// leaveToMethod sends the browser to a method's own page.
func (u *UI) leaveToMethod(c *call) error {
	m, ok := u.method(c.Param("method")).(signin.Sender)
	if !ok {
		return nothingHere()
	}
	a := away{
		Attempt: signin.Attempt{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()},
		Method:  m.ID(), Next: localPath(c.QueryParam("next")), Confirm: c.session != nil && c.session.Method == m.ID(), At: u.now(),
	}
	to, err := ask(c, func(ctx context.Context) (string, error) { return m.Begin(ctx, a.Attempt, a.Confirm) })
	if err != nil {
		return u.notVouched(c, m, "", signInPage{Next: a.Next}, err)
	}
	u.putJSON(c.ctx(), keyAttempt, a)
	return c.redirect(to)
}

// backFromMethod takes the browser back. What it brings counts once.
func (u *UI) backFromMethod(c *call) error {
	m, ok := u.method(c.Param("method")).(signin.Sender)
	if !ok {
		return nothingHere()
	}
	a, ok := takeJSON[away](c.ctx(), u, keyAttempt)
	if !ok || a.Method != m.ID() || u.now().Sub(a.At) > halfLife {
		return u.notVouched(c, m, "", signInPage{}, review.Errorf(review.Invalid, "This sign-in was not begun here, or took too long. Begin again."))
	}
	p, err := ask(c, func(ctx context.Context) (*signin.Profile, error) {
		return m.Finish(ctx, a.Attempt, a.Confirm, c.QueryParams())
	})
	if a.Confirm {
		return u.confirmByMethod(c, m, p, err)
	}
	if err != nil {
		return u.notVouched(c, m, "", signInPage{Next: a.Next}, err)
	}
	return u.welcomeVouched(c, m, p, a.Next)
}

// confirmByMethod takes a method's word that it is the session's person.
func (u *UI) confirmByMethod(c *call, m signin.Method, p *signin.Profile, err error) error {
	if c.session == nil {
		return c.redirect("/sign-in")
	}
	if err == nil && (c.session.Method != m.ID() || p.Subject != c.session.Subject) {
		err = review.Errorf(review.Forbidden, "That was somebody else. Nothing was done.")
	}
	if k := review.KindOf(err); err != nil {
		if k != review.Invalid && k != review.Forbidden && k != review.Unavailable {
			return err
		}
		counted := u.unjudged
		if k != review.Unavailable {
			counted = func(c *call) error { return u.failedTry(c, string(c.actor.Username), "confirmation") }
		}
		if err := counted(c); err != nil {
			return err
		}
		return u.showConfirmWho(c, http.StatusUnprocessableEntity, err.Error())
	}
	if err := u.passed(c); err != nil {
		return err
	}
	now := u.now()
	return u.confirmedBy(c, m.ID(), func(s *review.Session) {
		s.Checked = now
		if sealed := u.sealGrant(m, p); sealed != nil {
			s.Grant = sealed
		}
	})
}

// confirmByToken is the same with a new token.
func (u *UI) confirmByToken(c *call, m signin.Asker) error {
	token := strings.TrimSpace(c.FormValue("token"))
	p, err := ask(c, func(ctx context.Context) (*signin.Profile, error) {
		return m.Authenticate(ctx, c.session.Subject, token)
	})
	if err != nil && review.KindOf(err) == review.Forbidden {
		err = review.Errorf(review.Invalid, "That is not right. Nothing was done.")
	}
	return u.confirmByMethod(c, m, p, err)
}

// signOutThere is where the browser goes to sign out of the method too.
func (u *UI) signOutThere(c *call) string {
	m, ok := u.method(c.session.Method).(signin.Sender)
	if !ok {
		return ""
	}
	grant, err := u.options.Sealer.Open(c.session.Grant, grantPurpose(m, c.session.Subject))
	if err != nil {
		return ""
	}
	to, err := ask(c, func(ctx context.Context) (string, error) { return m.SignOut(ctx, grant), nil })
	if err != nil {
		return ""
	}
	return to
}

// endedByMethod takes a provider's own word, without any browser, that a session
// is over there.
func (u *UI) endedByMethod(c *call) error {
	m, ok := u.method(c.Param("method")).(signin.Sender)
	if !ok {
		return nothingHere()
	}
	type ended struct{ subject, key string }
	e, err := ask(c, func(ctx context.Context) (e ended, err error) {
		e.subject, e.key, err = m.BackChannel(ctx, c.FormValue("logout_token"))
		return e, err
	})
	if err != nil || e == (ended{}) {
		return c.String(http.StatusBadRequest, "refused\n")
	}
	q := review.SessionQuery{Method: m.ID(), Subject: e.subject, Key: e.key}
	event := c.event(review.EvSessionEnded, "system", "why", "ended there", "method", m.ID())
	if _, err := u.options.Accounts.EndSessions(c.ctx(), q, u.now(), event); err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}
