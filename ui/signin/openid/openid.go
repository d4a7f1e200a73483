// Package openid signs people in with a provider of OpenID Connect: the browser
// goes to the provider's pages and comes back with a code, which this server
// exchanges. PKCE, state and nonce tie the code to the attempt; issuer,
// audience, signature and expiry of what comes back are checked exactly, by
// go-oidc. Groups in a claim become roles and projects by the configuration.
//
// A provider that cannot be reached when the server starts is asked for at the
// first sign-in: it can be down, and nobody new comes in while it is.
package openid

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
)

// Options say which provider, and what its word means here.
type Options struct {
	ID, Label    string
	Issuer       string // exactly as the provider writes it
	ClientID     string
	ClientSecret string
	Scopes       []string // besides openid; profile, email and offline_access when nil
	Back         string   // address that the browser comes back to
	AfterSignOut string   // address that the provider sends it to after signing out

	UsernameClaim string // preferred_username when empty
	GroupsClaim   string // groups when empty
	Roles         map[string]policy.Role
	Projects      map[string]review.ProjectID
	InProjects    map[string]review.ScopedRole // role in one project, by group

	// Trained is for how long the provider's word makes somebody a trained
	// checker; 90 days when 0.
	Trained time.Duration

	// ACR and AMR, when set, are what a confirmation must show: one of the
	// values, each.
	ACR, AMR []string

	Every, Grace time.Duration
	Now          func() time.Time
	Client       *http.Client
}

const (
	defaultEvery = 15 * time.Minute
	defaultGrace = 30 * time.Minute
	// defaultTrained is as long as for a job server's word.
	defaultTrained = 90 * 24 * time.Hour
	// skew is how far the clocks of the provider and this server may differ.
	skew = time.Minute
	// freshWithin is how long ago a confirmation may have happened there.
	freshWithin = 5 * time.Minute
	maxAnswer   = 1 << 20
)

// Method is a signin.Sender.
type Method struct {
	o      Options
	client *http.Client

	mu       sync.Mutex
	provider *oidc.Provider // once it has been reached
	ends     string         // its end_session_endpoint
	used     map[string]time.Time
}

var _ signin.Sender = (*Method)(nil)

// New checks the options and makes the method. It does not ask the provider.
func New(o Options) (*Method, error) {
	if o.ID == "" || o.Label == "" || o.Issuer == "" || o.ClientID == "" || o.Back == "" || o.Now == nil {
		return nil, errors.New("a provider needs an id, a label, an issuer, a client id, an address to come back to and a clock")
	}
	if u, err := url.Parse(o.Issuer); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("the issuer is no address")
	}
	if o.Scopes == nil {
		o.Scopes = []string{"profile", "email", "offline_access"}
	}
	o.UsernameClaim, o.GroupsClaim = or(o.UsernameClaim, "preferred_username"), or(o.GroupsClaim, "groups")
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Trained <= 0 {
		o.Trained = defaultTrained
	}
	base := http.DefaultTransport
	if o.Client != nil && o.Client.Transport != nil {
		base = o.Client.Transport
	}
	client := &http.Client{Transport: bounded{base}, Timeout: 10 * time.Second}
	return &Method{o: o, client: client, used: map[string]time.Time{}}, nil
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// bounded reads no more of an answer than anybody needs.
type bounded struct{ base http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.base.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	}
	return res, err
}

// ID is the configuration's.
func (m *Method) ID() string { return m.o.ID }

// Label is the configuration's.
func (m *Method) Label() string { return m.o.Label }

// Terms are the configuration's.
func (m *Method) Terms() signin.Terms { return signin.Terms{Every: m.o.Every, Grace: m.o.Grace} }

// Origin is the issuer's.
func (m *Method) Origin() string {
	u, err := url.Parse(m.o.Issuer)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func unavailable(err error) error {
	return &review.Error{Kind: review.Unavailable, Message: "The sign-in service cannot be reached just now. Try again in a few minutes.", Err: err}
}

func refused(why string) error {
	return &review.Error{Kind: review.Invalid, Message: "The sign-in did not succeed. Begin again.", Err: errors.New(why)}
}

// ready finds the provider, once. Its keys are fetched again when it signs with
// new ones.
func (m *Method) ready(ctx context.Context) (*oidc.Provider, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.provider != nil {
		return m.provider, nil
	}
	// The provider keeps this context for its keys: it must not end.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), m.client), m.o.Issuer)
	if err != nil {
		return nil, unavailable(err)
	}
	var more struct {
		Ends string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, unavailable(err)
	}
	m.provider, m.ends = p, more.Ends
	return p, nil
}

func (m *Method) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: m.o.ClientID, ClientSecret: m.o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: m.o.Back,
		Scopes: append([]string{oidc.ScopeOpenID}, m.o.Scopes...),
	}
}

// verifier checks a token's issuer, audience, signature and expiry. "none" and
// what is signed with the client's secret are never taken.
func (m *Method) verifier(p *oidc.Provider) *oidc.IDTokenVerifier {
	return p.Verifier(&oidc.Config{
		ClientID: m.o.ClientID, Now: func() time.Time { return m.o.Now().Add(-skew) },
		SupportedSigningAlgs: []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA},
	})
}

// Begin returns the provider's page to sign in.
func (m *Method) Begin(ctx context.Context, a signin.Attempt, fresh bool) (string, error) {
	p, err := m.ready(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	switch {
	case fresh:
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
		if len(m.o.ACR) > 0 {
			options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(m.o.ACR, " ")))
		}
	case slices.Contains(m.o.Scopes, oidc.ScopeOfflineAccess):
		options = append(options, oauth2.SetAuthURLParam("prompt", "consent")) // without which there is no lasting grant
	}
	return m.config(p).AuthCodeURL(a.State, options...), nil
}

// grant is what is kept to ask again, sealed.
type grant struct {
	Refresh string `json:"refresh"`
	ID      string `json:"id"` // the ID token, which names the session at sign-out
}

// Finish judges what the browser brought back, and exchanges the code.
func (m *Method) Finish(ctx context.Context, a signin.Attempt, fresh bool, q url.Values) (*signin.Profile, error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1 {
		return nil, refused("the state is another")
	}
	iss := q.Get("iss")
	if iss != "" && iss != m.o.Issuer {
		return nil, refused("the answer is another provider's")
	}
	if e := q.Get("error"); e != "" {
		if e == "access_denied" {
			return nil, review.Errorf(review.Forbidden, "The sign-in was not allowed there. Nothing was done.")
		}
		return nil, refused("the provider refused")
	}
	p, err := m.ready(ctx)
	if err != nil {
		return nil, err
	}
	if iss == "" && namesItself(p) {
		return nil, refused("the answer names no provider, and this one always does")
	}
	ctx = oidc.ClientContext(ctx, m.client)
	token, err := m.config(p).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return nil, exchangeError(err)
	}
	raw, id, err := m.idToken(ctx, p, token)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return nil, refused("the nonce is another")
	}
	if fresh {
		if err := m.isFresh(id); err != nil {
			return nil, err
		}
	}
	return m.profile(ctx, p, token, raw, id)
}

// namesItself reports whether a provider says that its answers hold its name, by
// which one provider's answer cannot be taken for another's (RFC 9207).
func namesItself(p *oidc.Provider) bool {
	var said struct {
		Names bool `json:"authorization_response_iss_parameter_supported"`
	}
	return p.Claims(&said) == nil && said.Names
}

// exchangeError tells a refusal from a provider that cannot be asked.
func exchangeError(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.StatusCode < 500 && answered.Response.StatusCode != http.StatusTooManyRequests {
		return refused("the exchange was refused: " + answered.ErrorCode)
	}
	return unavailable(errors.New("the exchange failed"))
}

func (m *Method) idToken(ctx context.Context, p *oidc.Provider, token *oauth2.Token) (string, *oidc.IDToken, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", nil, refused("there is no ID token")
	}
	id, err := m.verifier(p).Verify(ctx, raw)
	if err != nil {
		return "", nil, refused("the ID token: " + err.Error())
	}
	if id.Subject == "" {
		return "", nil, refused("the ID token names nobody")
	}
	if id.IssuedAt.After(m.o.Now().Add(skew)) {
		return "", nil, refused("the ID token is from the future")
	}
	return raw, id, nil
}

// isFresh holds a confirmation to what was asked of it.
func (m *Method) isFresh(id *oidc.IDToken) error {
	var c struct {
		AuthTime int64    `json:"auth_time"`
		ACR      string   `json:"acr"`
		AMR      []string `json:"amr"`
	}
	if err := id.Claims(&c); err != nil {
		return refused("claims that cannot be read")
	}
	if age := m.o.Now().Sub(time.Unix(c.AuthTime, 0)); age > freshWithin || age < -skew {
		return refused("the person did not sign in anew")
	}
	if len(m.o.ACR) > 0 && !slices.Contains(m.o.ACR, c.ACR) {
		return refused("the acr is not enough")
	}
	if len(m.o.AMR) > 0 && !slices.ContainsFunc(m.o.AMR, func(v string) bool { return slices.Contains(c.AMR, v) }) {
		return refused("the amr is not enough")
	}
	return nil
}

// profile reads who it is from the ID token and, for what that leaves out, from
// the provider's userinfo.
func (m *Method) profile(ctx context.Context, p *oidc.Provider, token *oauth2.Token, raw string, id *oidc.IDToken) (*signin.Profile, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, refused("claims that cannot be read")
	}
	if p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, unavailable(errors.New("userinfo failed"))
		}
		if info.Subject != id.Subject {
			return nil, refused("userinfo is about somebody else")
		}
		if err := info.Claims(&claims); err != nil {
			return nil, refused("userinfo that cannot be read")
		}
	}
	out := &signin.Profile{
		Subject: id.Subject, Key: text(claims["sid"]), Username: review.Username(text(claims[m.o.UsernameClaim])),
		Name: text(claims["name"]), Email: text(claims["email"]),
	}
	m.applyGroups(out, list(claims[m.o.GroupsClaim]))
	kept, err := json.Marshal(grant{token.RefreshToken, raw})
	if err != nil {
		return nil, err
	}
	out.Grant = kept
	return out, nil
}

// applyGroups turns groups into roles and projects. What the configuration says
// nothing of, nobody gets.
func (m *Method) applyGroups(p *signin.Profile, groups []string) {
	for group, role := range m.o.Roles {
		if !slices.Contains(p.Manages, role) {
			p.Manages = append(p.Manages, role)
		}
		if slices.Contains(groups, group) && !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
	}
	p.ManagesProjects = len(m.o.Projects) > 0
	for _, group := range slices.Sorted(maps.Keys(m.o.InProjects)) {
		if r := m.o.InProjects[group]; slices.Contains(groups, group) && !slices.Contains(p.InProjects, r) {
			p.InProjects = append(p.InProjects, r)
		}
	}
	for group, project := range m.o.Projects {
		if slices.Contains(groups, group) {
			p.Projects = append(p.Projects, project)
		}
	}
	if slices.Contains(p.Roles, policy.Checker) {
		p.TrainedUntil = m.o.Now().Add(m.o.Trained)
	}
	slices.Sort(p.Roles)
	slices.Sort(p.Projects)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func list(v any) []string {
	all, _ := v.([]any)
	var out []string
	for _, item := range all {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Refresh asks for a new ID token with the grant. Without a lasting grant the
// session's word cannot be renewed: it ends.
func (m *Method) Refresh(ctx context.Context, subject string, kept []byte) (*signin.Profile, error) {
	var g grant
	if json.Unmarshal(kept, &g) != nil || g.Refresh == "" {
		return nil, review.Errorf(review.Forbidden, "Sign in again.")
	}
	p, err := m.ready(ctx)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, m.client)
	token, err := m.config(p).TokenSource(ctx, &oauth2.Token{RefreshToken: g.Refresh}).Token()
	if err != nil {
		return nil, exchangeError(err)
	}
	raw, id, err := m.idToken(ctx, p, token)
	if err != nil {
		return nil, err
	}
	if id.Subject != subject {
		return nil, refused("the ID token is somebody else's")
	}
	return m.profile(ctx, p, token, raw, id)
}

// SignOut is the provider's page that ends the session there.
func (m *Method) SignOut(ctx context.Context, kept []byte) string {
	var g grant
	if json.Unmarshal(kept, &g) != nil {
		return ""
	}
	if _, err := m.ready(ctx); err != nil || m.ends == "" {
		return ""
	}
	u, err := url.Parse(m.ends)
	if err != nil || u.Scheme+"://"+u.Host != m.Origin() {
		return ""
	}
	q := u.Query()
	q.Set("id_token_hint", g.ID)
	q.Set("client_id", m.o.ClientID)
	if m.o.AfterSignOut != "" {
		q.Set("post_logout_redirect_uri", m.o.AfterSignOut)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// BackChannel takes a logout token, once.
func (m *Method) BackChannel(ctx context.Context, token string) (subject, key string, err error) {
	p, err := m.ready(ctx)
	if err != nil {
		return "", "", err
	}
	t, err := m.verifier(p).VerifyLogout(oidc.ClientContext(ctx, m.client), token)
	if err != nil {
		return "", "", refused("the logout token: " + err.Error())
	}
	now := m.o.Now()
	if age := now.Sub(t.IssuedAt); age > 10*time.Minute || age < -skew {
		return "", "", refused("the logout token is old")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, at := range m.used {
		if now.Sub(at) > time.Hour {
			delete(m.used, id)
		}
	}
	if _, again := m.used[t.TokenID]; again || t.TokenID == "" {
		return "", "", refused("the logout token was used")
	}
	m.used[t.TokenID] = now
	if t.Subject == "" && t.SessionID == "" {
		return "", "", fmt.Errorf("a logout token that names nobody")
	}
	return t.Subject, t.SessionID, nil
}
