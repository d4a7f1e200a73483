package ui

import (
	"net/http"
	"slices"
	"strconv"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
)

// tokensPage is where a person makes and revokes tokens for programs.
type tokensPage struct {
	Tokens  []review.Token
	Secret  string // of the token just made: shown this once
	Made    review.Token
	Name    field
	Scopes  []scopeItem
	Scope   string // what is wrong with the choice
	Days    []dayItem
	Problem string // why nothing was done
}

type scopeItem struct {
	ID     policy.Scope
	Label  string
	Ticked bool
}

type dayItem struct {
	N      int
	Chosen bool
}

func (u *UI) tokensPage(c *call) error {
	return u.showTokens(c, http.StatusOK, tokensPage{}, api.NewToken{Days: 30}, nil)
}

func (u *UI) showTokens(c *call, status int, p tokensPage, in api.NewToken, bad map[string]string) error {
	if u.options.API == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	var err error
	if p.Tokens, err = u.options.API.TokensOf(c.ctx(), c.actor); err != nil {
		return err
	}
	p.Name = field{ID: "name", Label: "What is it for?", Help: "So that you know it again in this list: \"monthly tables script\".", Value: in.Name, Required: true, Error: bad["name"]}
	p.Scope = bad["scopes"]
	for _, row := range policy.Scopes() {
		usable := func(a policy.Action) bool { return c.actor.MaySomewhere(a) }
		if slices.ContainsFunc(row.Actions, usable) {
			p.Scopes = append(p.Scopes, scopeItem{row.Scope, scopeWords(row.Scope), slices.Contains(in.Scopes, row.Scope)})
		}
	}
	for _, n := range []int{1, 7, 30, api.MaxTokenDays} {
		p.Days = append(p.Days, dayItem{n, n == in.Days})
	}
	return c.render(status, "tokens", frame{Title: "Tokens for programs"}, p)
}

func scopeWords(s policy.Scope) string {
	switch s {
	case policy.ScopeRead:
		return "Read: workspaces, requests, files, queues"
	case policy.ScopeRequest:
		return "Request: file requests, submit and withdraw them, comment"
	case policy.ScopeReview:
		return "Review: claim, vote, comment, submit reviews, return and reject"
	case policy.ScopeRelease:
		return "Release: let files leave that both checkers approved"
	case policy.ScopeAudit:
		return "Audit: registers, records and the event log"
	case policy.ScopeNotices:
		return "Notices: choose what you are told of, and when"
	case policy.ScopeAccess:
		return "Access: see, give and end roles"
	default:
		return string(s)
	}
}

// createToken answers with the page itself and does not send the browser on:
// the secret is then in no address, no session and no store.
func (u *UI) createToken(c *call) error {
	if u.options.API == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	in := api.NewToken{Name: c.FormValue("name")}
	in.Days, _ = strconv.Atoi(c.FormValue("days")) // what is no number is out of range
	for _, s := range c.Request().PostForm["scope"] {
		in.Scopes = append(in.Scopes, policy.Scope(s))
	}
	if slices.ContainsFunc(in.Scopes, policy.GraveScope) && !u.recent(c) {
		return u.askWho(c, route{Method: http.MethodPost})
	}
	secret, made, err := u.options.API.CreateToken(c.ctx(), c.actor, in)
	if bad := fieldErrors(err); bad != nil {
		return u.showTokens(c, http.StatusUnprocessableEntity, tokensPage{Problem: bad["days"]}, in, bad)
	}
	if review.KindOf(err) == review.Conflict {
		return u.showTokens(c, http.StatusConflict, tokensPage{Problem: err.Error()}, in, nil)
	}
	if err != nil {
		return err
	}
	return u.showTokens(c, http.StatusOK, tokensPage{Secret: secret, Made: made}, api.NewToken{Days: 30}, nil)
}

func (u *UI) revokeToken(c *call) error {
	if u.options.API == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	if err := u.options.API.RevokeToken(c.ctx(), c.actor, c.Param("token")); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The token is revoked. Programs that used it are shut out from now on."})
	return c.redirect("/account/tokens")
}
