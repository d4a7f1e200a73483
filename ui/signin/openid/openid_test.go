package openid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"

	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
	"sallyport/ui/signin/openid"
)

// provider is a stand-in that signs whatever it is told to: what a certified one
// never does.
type provider struct {
	url    string
	key    *ecdsa.PrivateKey
	kid    string
	claims map[string]any
	raw    string // an ID token as it is, instead of claims
	status int    // of the token endpoint
	info   map[string]any
	names  bool // says that its answers name it
}

func start(t *testing.T, change func(*openid.Options)) (*provider, *openid.Method) {
	t.Helper()
	p := &provider{status: http.StatusOK}
	p.rotate(t, "one")
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": p.url, "authorization_endpoint": p.url + "/auth", "token_endpoint": p.url + "/token", "jwks_uri": p.url + "/jwks",
			"userinfo_endpoint": p.url + "/me", "end_session_endpoint": p.url + "/end", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
			"authorization_response_iss_parameter_supported": p.names,
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: p.kid, Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.info) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(p.status)
		if p.status != http.StatusOK {
			_, _ = w.Write([]byte(`{"error": "invalid_grant"}`))
			return
		}
		id := p.raw
		if id == "" {
			id = p.sign(t, p.claims)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "refresh_token": "r", "id_token": id})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	p.claims = map[string]any{
		"iss": p.url, "aud": "sallyport", "sub": "g1", "nonce": "nonce", "preferred_username": "grace", "groups": []string{"scientists"},
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	p.info = map[string]any{"sub": "g1"}
	o := openid.Options{
		ID: "uni", Label: "the university", Issuer: p.url, ClientID: "sallyport", ClientSecret: "s", Back: "https://here/back",
		Roles: map[string]policy.Role{"scientists": policy.Researcher}, Now: time.Now,
	}
	if change != nil {
		change(&o)
	}
	m, err := openid.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func (p *provider) rotate(t *testing.T, kid string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.key, p.kid = key, kid
}

func (p *provider) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

var attempt = signin.Attempt{State: "state", Nonce: "nonce", Verifier: "verifier-verifier-verifier-verifier-verifier"}

func finish(t *testing.T, m *openid.Method, fresh bool) (*signin.Profile, error) {
	t.Helper()
	return m.Finish(t.Context(), attempt, fresh, url.Values{"state": {"state"}, "code": {"c"}})
}

// A provider that says that it names itself in its answers must do so: an answer
// without a name may be another's.
func TestAnswerNamesItsProvider(t *testing.T) {
	for _, tt := range []struct {
		name  string
		names bool
		iss   string
		kind  review.Kind
	}{
		{"named", true, "own", review.Internal}, {"not named", true, "", review.Invalid}, {"another's", true, "https://evil.example", review.Invalid},
		{"need not", false, "", review.Internal}, {"need not, and is another's", false, "https://evil.example", review.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, m := start(t, nil)
			p.names = tt.names
			q := url.Values{"state": {"state"}, "code": {"c"}}
			if tt.iss == "own" {
				tt.iss = p.url
			}
			if tt.iss != "" {
				q.Set("iss", tt.iss)
			}
			if _, err := m.Finish(t.Context(), attempt, false, q); review.KindOf(err) != tt.kind {
				t.Errorf("%v, want kind %v", err, tt.kind)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	tests := []struct {
		name   string
		change func(*testing.T, *provider)
		kind   review.Kind // Internal when it is good
	}{
		{"good", func(*testing.T, *provider) {}, review.Internal},
		{"another nonce", func(_ *testing.T, p *provider) { p.claims["nonce"] = "other" }, review.Invalid},
		{"no nonce", func(_ *testing.T, p *provider) { delete(p.claims, "nonce") }, review.Invalid},
		{"another issuer", func(_ *testing.T, p *provider) { p.claims["iss"] = p.url + "/" }, review.Invalid},
		{"another audience", func(_ *testing.T, p *provider) { p.claims["aud"] = "somebody" }, review.Invalid},
		{"nobody", func(_ *testing.T, p *provider) { p.claims["sub"] = "" }, review.Invalid},
		{"expired", func(_ *testing.T, p *provider) { p.claims["exp"] = time.Now().Add(-2 * time.Minute).Unix() }, review.Invalid},
		{"expired within the skew", func(_ *testing.T, p *provider) { p.claims["exp"] = time.Now().Add(-30 * time.Second).Unix() }, review.Internal},
		{"from the future", func(_ *testing.T, p *provider) { p.claims["iat"] = time.Now().Add(5 * time.Minute).Unix() }, review.Invalid},
		{"unsigned", func(t *testing.T, p *provider) {
			text, _ := json.Marshal(p.claims)
			p.raw = b64([]byte(`{"alg":"none"}`)) + "." + b64(text) + "."
		}, review.Invalid},
		{"signed by another", func(t *testing.T, p *provider) {
			other := &provider{kid: p.kid}
			other.rotate(t, p.kid)
			p.raw = other.sign(t, p.claims)
		}, review.Invalid},
		{"no token", func(_ *testing.T, p *provider) { p.raw = "x" }, review.Invalid},
		{"userinfo of another", func(_ *testing.T, p *provider) { p.info["sub"] = "g2" }, review.Invalid},
		{"code refused", func(_ *testing.T, p *provider) { p.status = http.StatusBadRequest }, review.Invalid},
		{"broken", func(_ *testing.T, p *provider) { p.status = http.StatusBadGateway }, review.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, m := start(t, nil)
			tt.change(t, p)
			got, err := finish(t, m, false)
			if review.KindOf(err) != tt.kind || (err == nil) != (tt.kind == review.Internal) || (err == nil) != (got != nil) {
				t.Errorf("%+v, %v", got, err)
			}
			_, err = m.Refresh(t.Context(), "g1", []byte(`{"refresh": "r"}`))
			if tt.name != "another nonce" && tt.name != "no nonce" && review.KindOf(err) != tt.kind {
				t.Errorf("refresh: %v", err)
			}
		})
	}
}

// New keys are found when the provider signs with them.
func TestKeyRotation(t *testing.T) {
	p, m := start(t, nil)
	if _, err := finish(t, m, false); err != nil {
		t.Fatal(err)
	}
	p.rotate(t, "two")
	// The library may still be ending its earlier request for keys, and then
	// takes that one's answer: the next sign-in finds the new key.
	var err error
	for range 5 {
		if _, err = finish(t, m, false); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("signed with a new key: %v", err)
}

func TestConfirmation(t *testing.T) {
	for _, tt := range []struct {
		name   string
		claims map[string]any
		good   bool
	}{
		{"anew, with what is asked", map[string]any{"auth_time": time.Now().Unix(), "acr": "high", "amr": []string{"pwd", "mfa"}}, true},
		{"no time", map[string]any{"acr": "high", "amr": []string{"mfa"}}, false},
		{"long ago", map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix(), "acr": "high", "amr": []string{"mfa"}}, false},
		{"a lower acr", map[string]any{"auth_time": time.Now().Unix(), "acr": "low", "amr": []string{"mfa"}}, false},
		{"a password alone", map[string]any{"auth_time": time.Now().Unix(), "acr": "high", "amr": []string{"pwd"}}, false},
		{"nothing said", map[string]any{"auth_time": time.Now().Unix()}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, m := start(t, func(o *openid.Options) { o.ACR, o.AMR = []string{"high"}, []string{"mfa", "hwk"} })
			for k, v := range tt.claims {
				p.claims[k] = v
			}
			if _, err := finish(t, m, true); (err == nil) != tt.good {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A provider's word that a session is over counts once, and only as such.
func TestBackChannel(t *testing.T) {
	event := map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
	p, m := start(t, nil)
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{
			"iss": p.url, "aud": "sallyport", "sub": "g1", "sid": "s1", "jti": rand.Text(), "events": event,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		}
		for k, v := range change {
			c[k] = v
		}
		return c
	}
	good := p.sign(t, claims(nil))
	if subject, key, err := m.BackChannel(t.Context(), good); err != nil || subject != "g1" || key != "s1" {
		t.Errorf("%q, %q, %v", subject, key, err)
	}
	for name, token := range map[string]string{
		"used":             good,
		"another audience": p.sign(t, claims(map[string]any{"aud": "x"})),
		"an ID token":      p.sign(t, claims(map[string]any{"events": nil, "nonce": "n"})),
		"old":              p.sign(t, claims(map[string]any{"iat": time.Now().Add(-time.Hour).Unix(), "exp": time.Now().Add(time.Hour).Unix()})),
		"nothing":          "",
	} {
		if _, _, err := m.BackChannel(t.Context(), token); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}
