package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui"
	"sallyport/ui/password"
	"sallyport/ui/signin"
)

// signInConfig is the part of a configuration that says how people sign in.
type signInConfig struct {
	// SignIn lists the methods, in the order in which they are shown; passwords
	// and passkeys alone when empty.
	SignIn []signInMethod `yaml:"sign_in"`
	// SecondFactor lists roles that do nothing with a password alone, beside those
	// of the policy.
	SecondFactor []policy.Role `yaml:"second_factor"`
	Sessions     sessionConfig `yaml:"sessions"` // how long sessions last
	// Passwords is what is asked of a new password beyond the usual.
	Passwords passwordConfig `yaml:"passwords"`
}

// passwordConfig says which passwords nobody may choose.
type passwordConfig struct {
	Words        []string `yaml:"words"`         // of the organisation
	BreachedFile string   `yaml:"breached_file"` // SHA-1 hashes in order, as Pwned Passwords gives them away
}

// rule opens the list, which the caller closes with the rule's Breached.
func (c passwordConfig) rule() (r password.Rule, err error) {
	r.Words = c.Words
	if c.BreachedFile != "" {
		if r.Breached, err = password.OpenBreached(c.BreachedFile); err != nil {
			err = fmt.Errorf("passwords: %w", err)
		}
	}
	return r, err
}

// sessionConfig says how long sessions last; what is not said is as ui.Options
// say.
type sessionConfig struct {
	Idle       duration `yaml:"idle"`        // a session not used for so long ends; an hour when not said
	IdleStrict duration `yaml:"idle_strict"` // the same for people who decide or see everything; half an hour when not said
	Lifetime   duration `yaml:"lifetime"`    // every session ends after; twelve hours when not said
	Confirm    duration `yaml:"confirm"`     // how long a person counts as having shown that it is they; five minutes when not said
	Most       int      `yaml:"most"`        // sessions that a person has at once; no limit when 0
}

// duration is a time such as 30m or 12h.
type duration struct{ time.Duration }

// UnmarshalYAML reads a positive duration and nothing else.
func (d *duration) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.Duration, err = time.ParseDuration(n.Value); err != nil || d.Duration <= 0 {
		return fmt.Errorf("line %d: %q is not a time such as 30m or 12h", n.Line, n.Value)
	}
	return nil
}

// check says what is wrong with the configuration, before anything is opened.
func (c *signInConfig) check(publicURL string) error {
	for _, r := range c.SecondFactor {
		if !slices.Contains(knownRoles(), r) {
			return fmt.Errorf("second_factor: there is no role %q", r)
		}
	}
	for _, word := range c.Passwords.Words {
		if utf8.RuneCountInString(word) < 4 {
			return fmt.Errorf("passwords: the word %q is in too many others: use four characters or more", word)
		}
	}
	if c.Sessions.Most < 0 {
		return errors.New("sessions: most is how many sessions a person may have at once")
	}
	seen := map[string]bool{}
	for _, m := range c.SignIn {
		if err := m.check(publicURL); err != nil {
			return fmt.Errorf("sign_in: %w", err)
		}
		if seen[m.id()] {
			return fmt.Errorf("sign_in: %q is there twice", m.id())
		}
		seen[m.id()] = true
	}
	return nil
}

// signInOptions puts into the options, which have their policy, how people sign in.
func (c config) signInOptions(o *ui.Options, accounts review.Accounts, now review.Clock) (err error) {
	o.Accounts, o.URL = accounts, c.PublicURL
	o.Idle, o.IdleStrict = c.Access.Sessions.Idle.Duration, c.Access.Sessions.IdleStrict.Duration
	o.Lifetime, o.Confirm, o.MaxSessions = c.Access.Sessions.Lifetime.Duration, c.Access.Sessions.Confirm.Duration, c.Access.Sessions.Most
	if o.Sealer, err = signin.OpenSealer(c.keysFolder()); err != nil {
		return err
	}
	if !o.Demo { // where anybody is anybody
		o.SecondFactor = o.Policy.SecondFactor(c.Access.SecondFactor)
	}
	o.NoPasswords = len(c.Access.SignIn) > 0
	for _, m := range c.Access.SignIn {
		if m.Method == methodPassword {
			o.NoPasswords = false
			continue
		}
		method, err := m.open(c.PublicURL, now)
		if err != nil {
			return fmt.Errorf("sign_in: %s: %w", m.id(), err)
		}
		o.Methods = append(o.Methods, method)
	}
	return nil
}
