package ui

import (
	"net/http"
	"net/url"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
)

// graveRoute reports whether a route asks for a person who has shown a moment
// ago that it is they.
func graveRoute(r route) bool {
	return r.Action == confirmed || r.Method == http.MethodPost && policy.Grave(r.Action)
}

// recent reports whether the person has shown it lately enough.
func (u *UI) recent(c *call) bool {
	since := u.now().Sub(c.session.Confirmed)
	limit := orDefault(u.options.Confirm, defaultConfirm)
	return since < limit && since > -limit // a clock that was set back makes nothing last longer
}

// pending is what the person was about to do when they were asked who they are:
// a form, or a page.
type pending struct {
	Path  string // where the form goes, "" for a page
	Form  url.Values
	Words string // on the button
	Next  string // the page, or that which the form is on
	At    time.Time
}

// maxPending bounds the form that is kept, in bytes as it was sent.
const maxPending = 64 << 10

// askWho keeps what the person was about to do, and asks them to show that it
// is they.
func (u *UI) askWho(c *call, r route) error {
	if c.Request().Header.Get("Content-Type") == "application/json" {
		return c.JSON(http.StatusForbidden, problem{Problem: "Confirm first that it is you.", Next: "/confirm?next=/account"})
	}
	p := pending{At: u.now(), Next: localPath(c.Request().URL.RequestURI())}
	if r.Method == http.MethodPost {
		form := c.Request().PostForm
		if form.Has("password") || form.Has("code") { // never kept: the page asks for it anew
			u.putJSON(c.ctx(), keyPending, p)
			return c.redirect("/confirm")
		}
		if len(form.Encode()) > maxPending {
			return review.Errorf(review.TooLarge, "Confirm first that it is you, on your account's page, then send this again.")
		}
		p = pending{At: p.At, Path: c.Request().URL.Path, Form: form, Words: graveWords(r, form), Next: cameFrom(c.Request())}
	}
	u.putJSON(c.ctx(), keyPending, p)
	return c.redirect("/confirm")
}

// cameFrom is the page of ours that a form was sent from, as the browser says,
// and the start when it does not.
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return "/"
	}
	return localPath(from.RequestURI())
}

// graveWords say what waits to be done, as the button did that was pressed.
func graveWords(r route, form url.Values) string {
	switch r.Action {
	case policy.ReviewRelease:
		return "Release"
	case policy.ReleaseRecall:
		return "Recall"
	case policy.AccessPropose:
		return "Change the role"
	case policy.AccessConfirm:
		if form.Get("answer") == "no" {
			return "Refuse the proposal"
		}
		return "Confirm the proposal"
	}
	return map[string]string{
		"/people/:person/invite": "Make an invitation link", "/people/:person/sessions/end": "End all sessions",
		"/account/recovery":    "Make new recovery codes",
		"/account/code/remove": "Remove the authenticator app", "/account/passkeys/:passkey/remove": "Remove the passkey",
	}[r.Path]
}

type confirmWhoPage struct {
	Problem  string
	Words    string // what waits
	Back     string // the page to go back to
	Demo     bool
	Password bool
	Code     bool
	Passkeys bool
	Asker    string // label of a method that takes a token
	Sender   string // label of a method to whose page the browser goes
	Method   string
}

func (u *UI) confirmWhoPage(c *call) error {
	if next := c.QueryParam("next"); next != "" {
		u.putJSON(c.ctx(), keyPending, pending{At: u.now(), Next: localPath(next)})
	}
	return u.showConfirmWho(c, http.StatusOK, "")
}

func (u *UI) showConfirmWho(c *call, status int, problem string) error {
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	p := confirmWhoPage{Problem: problem, Method: c.session.Method, Back: "/"}
	if w, ok := peekJSON[pending](c.ctx(), u, keyPending); ok {
		p.Words = w.Words
		if w.Path != "" {
			p.Back = w.Next
		}
	}
	switch m := u.method(c.session.Method).(type) {
	case signin.Asker:
		p.Asker = m.Label()
	case signin.Sender:
		p.Sender = m.Label()
	default:
		p.Demo = c.session.Method == demoMethod
		p.Password = !p.Demo && cred.PasswordHash != ""
		p.Code = p.Password && cred.Code != nil
		p.Passkeys = !p.Demo && len(cred.Passkeys) > 0 && u.passkeys != nil
	}
	return c.render(status, "confirm-who", frame{Title: "Confirm that it is you"}, p)
}

// confirmWho takes what the person shows: as much as signing in asks of them.
func (u *UI) confirmWho(c *call) error {
	name := string(c.actor.Username)
	if c.session.Method == demoMethod {
		return u.confirmedBy(c, "a click", nil)
	}
	asker, asks := u.method(c.session.Method).(signin.Asker)
	if !asks && c.session.Method != localMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	if problem, err := u.tooMany(c, name); err != nil {
		return err
	} else if problem != "" {
		return u.showConfirmWho(c, http.StatusTooManyRequests, problem)
	}
	if asks {
		return u.confirmByToken(c, asker)
	}
	cred, err := u.checkPassword(c, c.actor.Username, c.FormValue("password"))
	if err != nil {
		return err
	}
	factors := factorPassword
	if cred != nil && cred.SecondFactor() {
		if factors, err = u.takeCode(c, cred.Person, c.FormValue("code")); err != nil {
			return err
		}
	}
	if cred == nil || factors == "" {
		if err := u.failedTry(c, name, "confirmation"); err != nil {
			return err
		}
		return u.showConfirmWho(c, http.StatusUnprocessableEntity, "That is not right. Nothing was done.")
	}
	if err := u.passed(c); err != nil {
		return err
	}
	return u.confirmedBy(c, factors, nil)
}

// confirmedBy notes that it is they, under a new token, and goes back to what
// they were about to do. alter may change the session further.
func (u *UI) confirmedBy(c *call, factors string, alter func(*review.Session)) error {
	next, err := u.noteConfirmed(c, factors, alter)
	if err != nil {
		return err
	}
	return c.redirect(next)
}

func (u *UI) noteConfirmed(c *call, factors string, alter func(*review.Session)) (next string, err error) {
	now := u.now()
	e := c.event(review.EvConfirmed, c.actor.Username, "factors", factors, "session", c.session.ID)
	err = u.options.Accounts.UpdateSession(c.ctx(), c.session.ID, func(s *review.Session) error {
		s.Confirmed = now
		if alter != nil {
			alter(s)
		}
		return nil
	}, e)
	if err != nil {
		return "", err
	}
	if err := u.sessions.RenewToken(c.ctx()); err != nil {
		return "", err
	}
	p, ok := peekJSON[pending](c.ctx(), u, keyPending)
	switch {
	case !ok || now.Sub(p.At) > halfLife:
		u.sessions.Remove(c.ctx(), keyPending)
		return "/account", nil
	case p.Path != "":
		return "/confirm/go", nil
	}
	u.sessions.Remove(c.ctx(), keyPending)
	return localPath(p.Next), nil
}

// resumePage gives the form back, for the person to send: nothing grave happens
// by being sent from page to page.
func (u *UI) resumePage(c *call) error {
	p, ok := peekJSON[pending](c.ctx(), u, keyPending)
	if !ok || p.Path == "" || u.now().Sub(p.At) > halfLife {
		return c.redirect("/")
	}
	return c.render(http.StatusOK, "resume", frame{Title: "Confirmed"}, p)
}
