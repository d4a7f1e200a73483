package ui

import (
	"html/template"
	"net/http"
	"slices"
	"time"

	"sallyport/review"
	"sallyport/ui/signin"
)

// What a session was opened with.
const (
	factorPassword = "password"
	factorCode     = "password, code"
	factorRecovery = "password, recovery code"
	factorPasskey  = "passkey"
)

// half is a sign-in whose password was right and whose second factor is awaited.
type half struct {
	Person review.Username
	Next   string
	At     time.Time
}

// halfLife is how long a second factor may take.
const halfLife = 10 * time.Minute

// halfWay asks for the second factor. The browser is not signed in yet, and its
// session has a new token all the same.
func (u *UI) halfWay(c *call, cred *review.Credentials, next string) error {
	if err := u.sessions.RenewToken(c.ctx()); err != nil {
		return err
	}
	u.putJSON(c.ctx(), keyHalf, half{cred.Person, next, u.now()})
	return c.redirect("/sign-in/code")
}

type secondStep struct {
	Problem  string
	Code     bool // the person has an app that shows codes
	Recovery bool
	Passkeys bool
}

func (u *UI) waiting(c *call) (half, bool) {
	h, ok := peekJSON[half](c.ctx(), u, keyHalf)
	return h, ok && u.now().Sub(h.At) < halfLife
}

func (u *UI) secondFactorPage(c *call) error {
	h, ok := u.waiting(c)
	if !ok {
		return c.redirect("/sign-in")
	}
	return u.showSecondFactor(c, http.StatusOK, h, "")
}

func (u *UI) showSecondFactor(c *call, status int, h half, problem string) error {
	cred, err := u.options.Accounts.Credentials(c.ctx(), h.Person)
	if err != nil {
		return err
	}
	p := secondStep{problem, cred.Code != nil, len(cred.Recovery) > 0, len(cred.Passkeys) > 0 && u.passkeys != nil}
	return c.render(status, "second-factor", frame{Title: "Sign in: second step"}, p)
}

// secondFactor takes a code of the app, or a recovery code.
func (u *UI) secondFactor(c *call) error {
	h, ok := u.waiting(c)
	if !ok {
		return c.redirect("/sign-in")
	}
	if problem, err := u.tooMany(c, string(h.Person)); err != nil {
		return err
	} else if problem != "" {
		return u.showSecondFactor(c, http.StatusTooManyRequests, h, problem)
	}
	actor, err := u.service.Actor(c.ctx(), h.Person, c.source())
	if err != nil {
		return err
	}
	factors, err := u.takeCode(c, actor.Username, c.FormValue("code"))
	if err != nil {
		return err
	}
	if factors == "" {
		if err := u.failedTry(c, string(h.Person), "code"); err != nil {
			return err
		}
		return u.showSecondFactor(c, http.StatusUnprocessableEntity, h, "This code is not right, or was used already. Wait for the next one.")
	}
	if err := u.passed(c); err != nil {
		return err
	}
	return u.welcome(c, review.Session{Person: h.Person, Method: localMethod, Factors: factors}, localPath(h.Next))
}

// takeCode takes a code of the app or a recovery code, once, and says which; ""
// when it is neither.
func (u *UI) takeCode(c *call, name review.Username, code string) (factors string, err error) {
	err = u.options.Accounts.UpdateCredentials(c.ctx(), name, func(cred *review.Credentials) ([]review.Event, error) {
		factors = ""
		took, err := signin.TakeCode(cred, u.options.Sealer, code, u.now())
		if err != nil {
			u.log.Error("a code's secret", "error", err.Error())
		}
		switch took {
		case signin.FactorCode:
			factors = factorCode
		case signin.FactorRecovery:
			factors = factorRecovery
			return []review.Event{c.event(review.EvRecoveryUsed, name, "left", plural(len(cred.Recovery), "code", "codes"))}, nil
		}
		return nil, nil
	})
	return factors, err
}

// mustEnrol reports whether the person has to add a second factor before they
// can do anything else: their role asks for one, and a password was all.
func (u *UI) mustEnrol(c *call) bool {
	if c.session.Method != localMethod || c.session.Factors != factorPassword {
		return false
	}
	return slices.ContainsFunc(u.options.SecondFactor, c.actor.Has)
}

// enrolling reports whether a route is one of those that are open until then.
func enrolling(path string) bool {
	return slices.Contains([]string{
		"/account", "/account/code", "/account/passkeys", "/account/passkeys/begin", "/account/recovery", "/account/password",
		"/confirm", "/confirm/go", "/sign-out", "/static/*",
	}, path)
}

type newCodePage struct {
	*signin.NewCode
	QR      template.URL //permit:template.URL // made here, of nothing but the secret
	Problem string
	Has     bool
}

// appPage shows a new secret, the same until it is confirmed.
func (u *UI) appPage(c *call) error { return u.showApp(c, http.StatusOK, "") }

func (u *UI) showApp(c *call, status int, problem string) error {
	if u.options.Sealer == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	p := newCodePage{Problem: problem, Has: cred.Code != nil}
	account := string(c.actor.Username)
	if secret, err := u.newCode(c); err == nil {
		p.NewCode, err = signin.ShowCode(account, secret)
		if err != nil {
			return err
		}
	} else if p.NewCode, err = signin.MakeCode(account); err != nil {
		return err
	}
	u.sessions.Put(c.ctx(), keyNewCode, string(u.options.Sealer.Seal([]byte(p.Secret), "new "+signin.CodePurpose(c.actor.Username))))
	p.QR = template.URL(p.Image) //permit:template.URL // a picture made here
	return c.render(status, "code-app", accountFrame("Authenticator app"), p)
}

// newCode is the secret that waits to be confirmed.
func (u *UI) newCode(c *call) (string, error) {
	sealed := u.sessions.GetString(c.ctx(), keyNewCode)
	secret, err := u.options.Sealer.Open([]byte(sealed), "new "+signin.CodePurpose(c.actor.Username))
	return string(secret), err
}

// addCode keeps the new secret once the app has shown a code for it.
func (u *UI) addCode(c *call) error {
	if u.options.Sealer == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	secret, err := u.newCode(c)
	if err != nil {
		return c.redirect("/account/code")
	}
	if problem, err := u.tooMany(c, string(c.actor.Username)); err != nil {
		return err
	} else if problem != "" {
		return u.showApp(c, http.StatusTooManyRequests, problem)
	}
	step, ok := signin.CheckCode(secret, c.FormValue("code"), u.now(), 0)
	if !ok {
		if err := u.failedTry(c, string(c.actor.Username), "new code"); err != nil {
			return err
		}
		return u.showApp(c, http.StatusUnprocessableEntity, "This is not the code that the app shows now. Check that the clock of the device is right.")
	}
	if err := u.passed(c); err != nil {
		return err
	}
	u.sessions.Remove(c.ctx(), keyNewCode)
	var codes []string
	err = u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		sealed := u.options.Sealer.Seal([]byte(secret), signin.CodePurpose(cred.Person))
		cred.Code = &review.CodeFactor{Secret: sealed, Added: u.now(), Step: step}
		events := []review.Event{c.event(review.EvFactorAdded, cred.Person, "factor", "code")}
		codes = nil
		if len(cred.Recovery) == 0 {
			codes, cred.Recovery = signin.MakeRecovery()
			events = append(events, c.event(review.EvRecoveryMade, cred.Person))
		}
		return events, nil
	})
	if err == nil {
		err = u.strengthen(c, factorCode)
	}
	if err != nil {
		return err
	}
	return u.factorAdded(c, "The authenticator app is set up. From now on signing in asks for its code.", codes)
}

// factorAdded shows recovery codes when there are new ones, this once.
func (u *UI) factorAdded(c *call, text string, codes []string) error {
	if len(codes) == 0 {
		c.setFlash(flash{Text: text})
		return c.redirect("/account")
	}
	return c.render(http.StatusOK, "recovery", accountFrame("Recovery codes"), struct {
		Text  string
		Codes []string
	}{text, codes})
}

// strengthen notes in the session that a further factor was shown, under a new
// token.
func (u *UI) strengthen(c *call, factors string) error {
	now := u.now()
	err := u.options.Accounts.UpdateSession(c.ctx(), c.session.ID, func(s *review.Session) error {
		if s.Method == localMethod {
			s.Factors = factors
		}
		s.Confirmed = now
		return nil
	})
	if err != nil {
		return err
	}
	return u.sessions.RenewToken(c.ctx())
}

func (u *UI) removeCode(c *call) error {
	err := u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		if cred.Code == nil {
			return nil, review.Errorf(review.Conflict, "There is no authenticator app to remove.")
		}
		cred.Code = nil
		if err := u.keepsFactor(c, cred); err != nil {
			return nil, err
		}
		return []review.Event{c.event(review.EvFactorRemoved, cred.Person, "factor", "code")}, nil
	})
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The authenticator app is removed."})
	return c.redirect("/account")
}

// keepsFactor refuses to take the last second factor from somebody whose role
// asks for one, and the recovery codes go with the last factor.
func (u *UI) keepsFactor(c *call, cred *review.Credentials) error {
	if cred.SecondFactor() {
		return nil
	}
	cred.Recovery = nil
	if slices.ContainsFunc(u.options.SecondFactor, c.actor.Has) {
		return review.Errorf(review.Conflict, "Your role asks for a second factor. Add another before you remove this one.")
	}
	return nil
}

// makeRecovery makes new recovery codes in place of the old.
func (u *UI) makeRecovery(c *call) error {
	var codes []string
	err := u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		if !cred.SecondFactor() {
			return nil, review.Errorf(review.Conflict, "Recovery codes stand in for a second factor. Add one first.")
		}
		codes, cred.Recovery = signin.MakeRecovery()
		return []review.Event{c.event(review.EvRecoveryMade, cred.Person)}, nil
	})
	if err != nil {
		return err
	}
	return u.factorAdded(c, "These are your new recovery codes. The earlier ones no longer work.", codes)
}
