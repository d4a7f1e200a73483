package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/password"
	"sallyport/ui/signin"
)

type accessCommand struct {
	Show    accessShow    `cmd:"" help:"Say who may do what, by whom and why, and what waits for a second person."`
	Grant   accessGrant   `cmd:"" help:"Give a role, or propose one that takes two people."`
	Revoke  accessRevoke  `cmd:"" help:"End a role at once; a second person signs under a guarded one afterwards."`
	Confirm accessConfirm `cmd:"" help:"Be the second person, who says yes or no to a proposal."`
	Import  accessImport  `cmd:"" help:"Give the roles of a list, all or none."`
	Token   accessToken   `cmd:"" help:"Make a token for a service account, which cannot sign in."`
}

// openAccess opens as much of a service as who may do what needs.
func (f databaseFlags) openAccess(ctx context.Context, a *app) (*review.Service, io.Closer, error) {
	c, err := f.config()
	if err != nil {
		return nil, nil, err
	}
	p, err := loadPolicy(c.Policy)
	if err != nil {
		return nil, nil, err
	}
	store, closer, err := f.open(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	return &review.Service{Store: store, Policy: p, Now: a.now, Log: slog.New(slog.DiscardHandler)}, closer, nil
}

type accessShow struct {
	databaseFlags `embed:""`
	Username      string `arg:"" optional:"" help:"Only this person, with the actions that follow."`
}

func (c accessShow) Run(ctx context.Context, a *app) (err error) {
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	rep, err := s.WhoMay(ctx)
	if err != nil {
		return err
	}
	for _, p := range rep.People {
		if c.Username != "" && string(p.Person.Username) != c.Username {
			continue
		}
		for _, g := range p.Grants {
			if err := a.say("%s  %s\n", g.ID, grantLine(g)); err != nil {
				return err
			}
		}
		for _, x := range p.Actions {
			if c.Username == "" {
				break
			}
			if err := a.say("  %-20s as %s, where they are %v\n", x.Action, x.Role, x.Relations); err != nil {
				return err
			}
		}
	}
	for _, p := range rep.Waiting {
		if err := a.say("%s  waits until %s: %s %s, proposed by %s (%s)\n", p.ID, p.Lapses.Format(time.DateOnly), p.Kind, report.Safe(reachLine(p.Grant)), p.By, report.Safe(p.Why)); err != nil {
			return err
		}
	}
	return nil
}

// reachLine is whose role it is, how far it holds and until when.
func reachLine(g review.RoleGrant) string {
	line := string(g.Person) + " " + string(g.Role) + " " + string(g.Reach)
	if g.In != "" {
		line += " " + g.In
	}
	if !g.Until.IsZero() {
		line += " until " + g.Until.Format(time.DateOnly)
	}
	return line
}

func grantLine(g review.RoleGrant) string {
	line := reachLine(g)
	switch {
	case g.By != "" && g.By != "system":
		line += ", by " + string(g.By)
		if g.Second != "" {
			line += " and " + string(g.Second)
		}
	case g.Second != "": // why says where a role is from that nobody gave
		line += ", confirmed by " + string(g.Second)
	}
	return report.Safe(line + " (" + g.Why + ")")
}

type accessGrant struct {
	databaseFlags `embed:""`
	Project       string `xor:"reach" placeholder:"ID" help:"For this project only."`
	Backend       string `xor:"reach" placeholder:"NAME" help:"For the projects of this backend only."`
	Until         string `placeholder:"DATE" help:"First day on which it no longer holds, such as 2027-06-30."`
	Reason        string `required:"" help:"Why."`
	Username      string `arg:"" help:"Who gets the role."`
	Role          string `arg:"" help:"The role: see docs/access.md."`
}

func (accessGrant) Help() string {
	return `A role that takes two people is only proposed, unless fewer than two could
confirm it yet: the first ones are made here, and the record says so.`
}

func (c accessGrant) Run(ctx context.Context, a *app) (err error) {
	ask := review.Ask{Person: review.Username(c.Username), Role: policy.Role(c.Role), Reach: policy.WholeService, Why: c.Reason}
	switch {
	case c.Project != "":
		ask.Reach, ask.In = policy.OneProject, c.Project
	case c.Backend != "":
		ask.Reach, ask.In = policy.OneBackend, c.Backend
	}
	if c.Until != "" {
		if ask.Until, err = time.Parse(time.DateOnly, c.Until); err != nil {
			return errors.New("--until is a date such as 2027-06-30")
		}
	}
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	proposed, err := s.GrantHere(ctx, ask)
	if err != nil {
		return err
	}
	if proposed {
		return a.say("Proposed. A second person confirms it: sallyport access show, sallyport access confirm.\n")
	}
	return a.say("%s is %s.\n", c.Username, c.Role)
}

type accessRevoke struct {
	databaseFlags `embed:""`
	Reason        string `required:"" help:"Why."`
	Grant         string `arg:"" help:"The grant's id, as access show has it."`
}

func (c accessRevoke) Run(ctx context.Context, a *app) (err error) {
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	if err := s.RevokeHere(ctx, c.Grant, c.Reason); err != nil {
		return err
	}
	return a.say("The role has ended.\n")
}

type accessConfirm struct {
	databaseFlags `embed:""`
	As            string `required:"" placeholder:"USERNAME" help:"The second person; their password is asked for."`
	Refuse        bool   `help:"Say no."`
	Proposal      string `arg:"" help:"The proposal's id, as access show has it."`
}

func (accessConfirm) Help() string {
	return `Who has an authenticator app is asked for its code, too. Who has only a passkey
confirms on the page Roles, or with a recovery code.`
}

func (c accessConfirm) Run(ctx context.Context, a *app) (err error) {
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	actor, err := s.Actor(ctx, review.Username(c.As), "local")
	if err != nil {
		return errNotRight()
	}
	if err := c.shows(ctx, a, s, actor.Username); err != nil {
		return err
	}
	if err := s.Confirm(ctx, actor, c.Proposal, !c.Refuse); err != nil {
		return err
	}
	return a.say("Done.\n")
}

func errNotRight() error { return errors.New("that is not right") }

// shows asks for as much as signing in does.
func (c accessConfirm) shows(ctx context.Context, a *app, s *review.Service, name review.Username) error {
	accounts, err := accountsOf(s.Store)
	if err != nil {
		return err
	}
	cred, err := accounts.Credentials(ctx, name)
	if err != nil {
		return err
	}
	pass, err := a.ask("Password: ")
	if err != nil {
		return err
	}
	right := cred.PasswordHash != "" && password.Verify(cred.PasswordHash, pass)
	if cred.SecondFactor() {
		code, err := a.ask("Code: ")
		if err != nil {
			return err
		}
		// A right code is taken with a right password only: else it could be used up
		// by somebody who guesses.
		took := right
		if took {
			took, err = c.takeCode(ctx, a, accounts, name, code)
		}
		if err != nil {
			return err
		}
		right = took
	}
	if !right {
		return errors.Join(errNotRight(), s.RecordSignIn(ctx, name, "local", false))
	}
	return nil
}

func (c accessConfirm) takeCode(ctx context.Context, a *app, accounts review.Accounts, name review.Username, code string) (right bool, err error) {
	conf, err := c.config()
	if err != nil {
		return false, err
	}
	sealer, err := signin.OpenSealer(conf.keysFolder())
	if err != nil {
		return false, err
	}
	err = accounts.UpdateCredentials(ctx, name, func(cred *review.Credentials) ([]review.Event, error) {
		took, err := signin.TakeCode(cred, sealer, code, a.now())
		right = took != signin.FactorNone
		if took == signin.FactorRecovery {
			return []review.Event{a.accountEvent(review.EvRecoveryUsed, name)}, nil
		}
		return nil, err
	})
	return right, err
}
