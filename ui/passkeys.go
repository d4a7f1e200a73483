package ui

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sallyport/review"
	"sallyport/ui/signin"
)

// newPasskeys makes the relying party of the address that people use; nil when
// that is no name, which passkeys are bound to.
func newPasskeys(address string) (*webauthn.WebAuthn, error) {
	if address == "" {
		return nil, nil
	}
	a, err := url.Parse(address)
	if err != nil || a.Hostname() == "" {
		return nil, errors.New("the service's address is no URL")
	}
	if net.ParseIP(a.Hostname()) != nil {
		return nil, nil
	}
	return webauthn.New(&webauthn.Config{
		RPID: a.Hostname(), RPDisplayName: "Sallyport", RPOrigins: []string{a.Scheme + "://" + a.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// holder is a person as the library wants one.
type holder struct {
	*review.Credentials
	name string
}

func (h holder) WebAuthnID() []byte          { return h.Handle }
func (h holder) WebAuthnName() string        { return string(h.Person) }
func (h holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials leaves out what cannot be read, which then signs nobody in.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range h.Passkeys {
		var c webauthn.Credential
		if json.Unmarshal(k.Record, &c) == nil {
			all = append(all, c)
		}
	}
	return all
}

// problem answers the script, which shows Problem or goes to Next.
type problem struct {
	Problem string `json:"problem,omitempty"`
	Next    string `json:"next,omitempty"`
}

const (
	maxPasskeys     = 20
	maxPasskeyName  = 60
	passkeyNotTaken = "The passkey was not accepted."
)

// script answers a step of the script: known errors in its own form.
func (u *UI) script(c *call, answer any, err error) error {
	if u.passkeys == nil {
		err = review.Errorf(review.NotFound, "There are no passkeys here.")
	}
	var known *review.Error
	if errors.As(err, &known) && known.Kind == review.Invalid {
		return c.JSON(http.StatusUnprocessableEntity, problem{Problem: known.Message})
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

func (u *UI) beginPasskeySignIn(c *call) error { return u.beginAssertion(c, keyPasskey) }

func (u *UI) beginPasskeyConfirm(c *call) error { return u.beginAssertion(c, keyPasskey+" confirm") }

// beginAssertion challenges a device; whose it is is not known yet.
func (u *UI) beginAssertion(c *call, key string) error {
	if u.passkeys == nil {
		return u.script(c, nil, nil)
	}
	options, challenge, err := u.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err == nil {
		u.putJSON(c.ctx(), key, challenge)
	}
	return u.script(c, options, err)
}

// assertion takes a device's answer to the challenge, once, and returns whose it
// is: nil when it does not count.
func (u *UI) assertion(c *call, key string) (*review.Credentials, error) {
	challenge, ok := takeJSON[webauthn.SessionData](c.ctx(), u, key)
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, 64<<10))
	if err != nil || !ok {
		return nil, nil
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return nil, nil
	}
	var cred *review.Credentials
	find := func(_, handle []byte) (webauthn.User, error) {
		var err error
		if cred, err = u.options.Accounts.CredentialsByHandle(c.ctx(), handle); err != nil {
			return nil, err
		}
		return holder{cred, ""}, nil
	}
	used, err := u.passkeys.ValidateDiscoverableLogin(find, challenge, answer)
	if err != nil || cred == nil || !used.Flags.UserVerified {
		return nil, nil
	}
	if used.Authenticator.CloneWarning { // its counter went back: there may be a copy
		e := c.event(review.EvSignInFailed, cred.Person, "what", "passkey counter")
		return nil, u.options.Accounts.Append(c.ctx(), e)
	}
	return cred, u.passkeyUsed(c.ctx(), cred.Person, used)
}

// passkeyUsed keeps the device's counter.
func (u *UI) passkeyUsed(ctx context.Context, name review.Username, used *webauthn.Credential) error {
	record, err := json.Marshal(used)
	if err != nil {
		return err
	}
	now := u.now()
	return u.options.Accounts.UpdateCredentials(ctx, name, func(cred *review.Credentials) ([]review.Event, error) {
		for i := range cred.Passkeys {
			if string(cred.Passkeys[i].ID) == string(used.ID) {
				cred.Passkeys[i].Record, cred.Passkeys[i].Used = record, now
			}
		}
		return nil, nil
	})
}

// passkeySignIn signs in whoever the device belongs to: it checked that it was
// they, so that no other factor is asked for. No number of failed tries by
// others stands in its way.
func (u *UI) passkeySignIn(c *call) error {
	if u.passkeys == nil {
		return u.script(c, nil, nil)
	}
	next := localPath(c.QueryParam("next"))
	if h, ok := u.waiting(c); ok {
		next = localPath(h.Next)
	}
	cred, err := u.assertion(c, keyPasskey)
	if err != nil {
		return err
	}
	if cred == nil {
		if err := u.service.RecordSignIn(c.ctx(), "", c.source(), false); err != nil {
			return err
		}
		return u.script(c, nil, review.Errorf(review.Invalid, passkeyNotTaken))
	}
	if _, err := u.service.Actor(c.ctx(), cred.Person, c.source()); review.KindOf(err) == review.Unauthenticated {
		return u.script(c, nil, review.Errorf(review.Invalid, passkeyNotTaken))
	} else if err != nil {
		return err
	}
	err = u.startSession(c, review.Session{Person: cred.Person, Method: localMethod, Factors: factorPasskey})
	return u.script(c, problem{Next: next}, err)
}

func (u *UI) passkeyConfirm(c *call) error {
	if u.passkeys == nil || c.session.Method != localMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	cred, err := u.assertion(c, keyPasskey+" confirm")
	if err != nil {
		return err
	}
	if cred == nil || cred.Person != c.actor.Username {
		if err := u.service.RecordSignIn(c.ctx(), c.actor.Username, c.source(), false); err != nil {
			return err
		}
		return u.script(c, nil, review.Errorf(review.Invalid, passkeyNotTaken))
	}
	next, err := u.noteConfirmed(c, factorPasskey, nil)
	return u.script(c, problem{Next: next}, err)
}

type passkeysPage struct{ Passkeys []review.Passkey }

func (u *UI) passkeysPage(c *call) error {
	if u.passkeys == nil || c.session.Method == demoMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "passkeys", accountFrame("Passkeys"), passkeysPage{cred.Passkeys})
}

func (u *UI) beginPasskey(c *call) error {
	if u.passkeys == nil || c.session.Method == demoMethod {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	if len(cred.Handle) == 0 || len(cred.Passkeys) >= maxPasskeys {
		return u.script(c, nil, review.Errorf(review.Invalid, "You have %d passkeys, which is the most. Remove one first.", maxPasskeys))
	}
	// The handle is kept with the first change; it must be there before the device has it.
	keep := func(*review.Credentials) ([]review.Event, error) { return nil, nil }
	if err := u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, keep); err != nil {
		return err
	}
	if cred, err = u.options.Accounts.Credentials(c.ctx(), c.actor.Username); err != nil {
		return err
	}
	h := holder{cred, c.actor.Name}
	var known []protocol.CredentialDescriptor
	for _, k := range h.WebAuthnCredentials() {
		known = append(known, k.Descriptor())
	}
	options, challenge, err := u.passkeys.BeginRegistration(h, webauthn.WithExclusions(known))
	if err == nil {
		u.putJSON(c.ctx(), keyPasskey+" new", challenge)
	}
	return u.script(c, options, err)
}

// newPasskey is what the script sends of a new one.
type newPasskey struct {
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
}

func (u *UI) addPasskey(c *call) error {
	challenge, ok := takeJSON[webauthn.SessionData](c.ctx(), u, keyPasskey+" new")
	refused := review.Errorf(review.Invalid, passkeyNotTaken)
	if u.passkeys == nil || !ok {
		return u.script(c, nil, refused)
	}
	var in newPasskey
	if err := json.NewDecoder(io.LimitReader(c.Request().Body, 256<<10)).Decode(&in); err != nil {
		return u.script(c, nil, refused)
	}
	name := strings.Join(strings.Fields(in.Name), " ")
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || utf8.RuneCountInString(name) > maxPasskeyName || strings.ContainsFunc(name, odd) {
		return u.script(c, nil, review.Errorf(review.Invalid, "Give the passkey a name of up to %d characters: \"work laptop\".", maxPasskeyName))
	}
	cred, err := u.options.Accounts.Credentials(c.ctx(), c.actor.Username)
	if err != nil {
		return err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(in.Response)
	if err != nil {
		return u.script(c, nil, refused)
	}
	made, err := u.passkeys.CreateCredential(holder{cred, c.actor.Name}, challenge, answer)
	if err != nil || !made.Flags.UserVerified {
		return u.script(c, nil, refused)
	}
	return u.keepPasskey(c, name, made)
}

func (u *UI) keepPasskey(c *call, name string, made *webauthn.Credential) error {
	record, err := json.Marshal(made)
	if err != nil {
		return err
	}
	fresh := false
	err = u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		if len(cred.Passkeys) >= maxPasskeys {
			return nil, review.Errorf(review.Invalid, "You have the most passkeys already.")
		}
		cred.Passkeys = append(cred.Passkeys, review.Passkey{ID: made.ID, Name: name, Record: record, Added: u.now()})
		fresh = len(cred.Recovery) == 0
		return []review.Event{c.event(review.EvFactorAdded, cred.Person, "factor", "passkey")}, nil
	})
	if err == nil {
		err = u.strengthen(c, factorPasskey)
	}
	if err == nil {
		text := "The passkey is added."
		if fresh {
			text += " Make recovery codes too, for the day on which the device is lost."
		}
		c.setFlash(flash{Text: text})
	}
	return u.script(c, problem{Next: "/account"}, err)
}

func (u *UI) removePasskey(c *call) error {
	err := u.options.Accounts.UpdateCredentials(c.ctx(), c.actor.Username, func(cred *review.Credentials) ([]review.Event, error) {
		i := ownPasskey(cred, c.Param("passkey"))
		if i < 0 {
			return nil, review.Errorf(review.NotFound, "There is no such passkey.")
		}
		cred.Passkeys = append(cred.Passkeys[:i:i], cred.Passkeys[i+1:]...)
		if err := u.keepsFactor(c, cred); err != nil {
			return nil, err
		}
		return []review.Event{c.event(review.EvFactorRemoved, cred.Person, "factor", "passkey")}, nil
	})
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "The passkey is removed."})
	return c.redirect("/account")
}

// passkeyID names a passkey in addresses.
func passkeyID(k review.Passkey) string {
	return signin.Hash(base64.StdEncoding.EncodeToString(k.ID))[:16]
}
