package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/web"
)

const (
	// MaxTokenDays is the longest that a token may be in force.
	MaxTokenDays = 90
	// GraveTokenLife is how long a token may do grave things (see policy.Grave),
	// which a person does only after showing again that it is they: they do so
	// before they make the token.
	GraveTokenLife = 12 * time.Hour
	// maxTokens is how many tokens a person may have in force at once.
	maxTokens = 20
	// maxTokenName is the longest name of a token, in characters.
	maxTokenName = 100
	// tokenPrefix lets people and scanners of leaked secrets know one.
	tokenPrefix = "sp_"
)

// NewToken is what a person says about a token they make.
type NewToken struct {
	Name   string // what it is for
	Scopes []policy.Scope
	Days   int // in force, 1 to MaxTokenDays
}

// CreateToken makes a token of the actor's. The secret is returned this once and
// kept nowhere; Invalid, with fields name, scopes and days, for what is wrong.
func (a *API) CreateToken(ctx context.Context, actor review.Actor, in NewToken) (secret string, t review.Token, err error) {
	if err := a.checkNewToken(&in); err != nil {
		return "", t, err
	}
	live, err := a.TokensOf(ctx, actor)
	if err != nil {
		return "", t, err
	}
	if len(live) >= maxTokens {
		return "", t, review.Errorf(review.Conflict, "You have %d tokens already, which is the most. Revoke one first.", maxTokens)
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", t, err
	}
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	now := a.now()
	t = review.Token{
		ID: rand.Text(), Person: actor.Username, Name: in.Name, Scopes: in.Scopes, Created: now, Expires: now.AddDate(0, 0, in.Days),
	}
	return secret, t, a.tokens.AddToken(ctx, t, hashSecret(secret), a.tokenEvent(actor, review.EvTokenCreated, &t))
}

func (a *API) checkNewToken(in *NewToken) error {
	fields := map[string]string{}
	in.Name = strings.Join(strings.Fields(in.Name), " ")
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if in.Name == "" || !utf8.ValidString(in.Name) || strings.ContainsFunc(in.Name, odd) || utf8.RuneCountInString(in.Name) > maxTokenName {
		fields["name"] = "Say in a few words what the token is for."
	}
	in.Scopes = slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	if len(in.Scopes) == 0 || slices.ContainsFunc(in.Scopes, func(s policy.Scope) bool { return !policy.KnownScope(s) }) {
		fields["scopes"] = "Choose at least one of the scopes."
	}
	if in.Days < 1 || in.Days > MaxTokenDays {
		fields["days"] = "A token is in force for 1 to 90 days."
	}
	if len(fields) > 0 {
		return &review.Error{Kind: review.Invalid, Message: "The token was not made.", Fields: fields}
	}
	return nil
}

// TokensOf lists the actor's tokens that are in force, newest first.
func (a *API) TokensOf(ctx context.Context, actor review.Actor) ([]review.Token, error) {
	all, err := a.tokens.TokensOf(ctx, actor.Username)
	now := a.now()
	return slices.DeleteFunc(all, func(t review.Token) bool { return !t.Valid(now) }), err
}

// RevokeToken ends a token of the actor's at once; NotFound when they have none
// of that id in force.
func (a *API) RevokeToken(ctx context.Context, actor review.Actor, id string) error {
	e := a.tokenEvent(actor, review.EvTokenRevoked, &review.Token{ID: id})
	return a.tokens.RevokeToken(ctx, actor.Username, id, a.now(), e)
}

// tokenEvent tells of a token by its id, never by its secret.
func (a *API) tokenEvent(actor review.Actor, typ review.EventType, t *review.Token) review.Event {
	e := review.Event{
		At: a.now(), Type: typ, Actor: actor.Username, Policy: a.policy.SHA256, Source: actor.Source,
		Detail: map[string]string{"token": t.ID},
	}
	if typ == review.EvTokenCreated {
		var scopes []string
		for _, s := range t.Scopes {
			scopes = append(scopes, string(s))
		}
		e.Detail["scopes"], e.Detail["expires"] = strings.Join(scopes, " "), t.Expires.Format(time.RFC3339)
	}
	return e
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// identify finds whose token came with the call, and looks the person up
// afresh, so that a role taken away or an account closed counts at once.
func (c *call) identify() error {
	secret, sent := bearer(c.Request().Header.Values(echo.HeaderAuthorization))
	if secret == "" {
		if sent {
			return c.unknown("")
		}
		return review.Errorf(review.Unauthenticated, "Send a token: Authorization: Bearer sp_…")
	}
	token, err := c.api.tokens.TokenByHash(c.ctx(), hashSecret(secret))
	switch {
	case review.KindOf(err) == review.NotFound:
		return c.unknown("")
	case err != nil:
		return err
	case !token.Valid(c.api.now()), token.Created.Sub(c.api.now()) >= GraveTokenLife: // made while the clock was wrong, it would outlive its days
		return c.unknown(token.Person)
	}
	c.actor, err = c.api.service.Actor(c.ctx(), token.Person, web.SourceClass(c.Request().RemoteAddr))
	if k := review.KindOf(err); k == review.Unauthenticated || k == review.NotFound {
		return c.unknown(token.Person)
	}
	if err != nil {
		return err
	}
	c.token = token
	if now := c.api.now(); now.Sub(token.Used) >= time.Minute {
		c.note(c.api.tokens.UseToken(c.ctx(), token.ID, now.Truncate(time.Minute)))
	}
	return c.api.rate.Take(string(token.Person))
}

// bearer takes the secret out of the one Authorization header, and says whether
// anything was sent.
func bearer(headers []string) (secret string, sent bool) {
	if len(headers) != 1 {
		return "", len(headers) > 0
	}
	scheme, secret, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 100 {
		return "", true
	}
	return secret, true
}

// unknown answers a token that is none, in the same words whatever is wrong
// with it, and puts it on record as a failed sign-in while there are few.
func (c *call) unknown(person review.Username) error {
	if c.api.failures.Reached(c.host(), failsPerSource) {
		return echo.NewHTTPError(429, "There were too many tries with tokens that are not in force. Wait 15 minutes.")
	}
	c.api.failures.Add(c.host())
	if err := c.api.service.RecordSignIn(c.ctx(), person, web.SourceClass(c.Request().RemoteAddr), false); err != nil {
		return err
	}
	return review.Errorf(review.Unauthenticated, "This token is not in force. Make a new one on the page of your account.")
}
