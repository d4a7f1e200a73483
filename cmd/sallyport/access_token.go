package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
)

type accessToken struct {
	databaseFlags `embed:""`
	Scope         []policy.Scope `default:"read,request" help:"What it lets through of what the account may do: read, request."`
	Days          int            `default:"30" help:"How many days it is in force, 90 at most."`
	Name          string         `required:"" help:"What it is for."`
	Username      string         `arg:"" help:"The service account."`
}

func (accessToken) Help() string {
	return `A service account has no session of a browser, so its tokens are made here. The
token is printed once and kept nowhere. It ends with its days, or as soon as the
account has no role any more.`
}

func (c accessToken) Run(ctx context.Context, a *app) (err error) {
	s, closer, err := c.openAccess(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	for _, scope := range c.Scope {
		if !slices.Contains([]policy.Scope{policy.ScopeRead, policy.ScopeRequest}, scope) {
			return fmt.Errorf("a service account has no use for the scope %q", scope)
		}
	}
	actor, err := s.Actor(ctx, review.Username(c.Username), "local")
	if err != nil {
		return err
	}
	if !slices.Contains(actor.AllRoles(), policy.Service) {
		return errors.New("this is no service account: people make their tokens on the page of their account")
	}
	tokens, ok1 := s.Store.(api.Tokens)
	keys, ok2 := s.Store.(api.Keys)
	if !ok1 || !ok2 {
		return errors.New("this store keeps no tokens")
	}
	programs, err := api.New(s, api.Options{Tokens: tokens, Keys: keys, Policy: s.Policy, Log: slog.New(slog.DiscardHandler), Now: a.now})
	if err != nil {
		return err
	}
	secret, _, err := programs.CreateToken(ctx, actor, api.NewToken{Name: c.Name, Scopes: c.Scope, Days: c.Days})
	if err != nil {
		return err
	}
	return a.say("%s\n", secret)
}
