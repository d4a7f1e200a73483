package api_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage/pgtest"
	"sallyport/ui/api"
)

func TestTokenIsRandomAndKeptHashed(t *testing.T) {
	if os.Getenv(pgtest.Engine) == "postgres" {
		t.Skip("it reads the files of the database")
	}
	s := newSite(t)
	p := s.as(t, "ann")
	random, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(p.secret, "sp_"))
	if err != nil || len(random) != 32 {
		t.Errorf("the secret is of %d bytes: %v", len(random), err)
	}
	p.get("/me").want(http.StatusOK)
	events, err := s.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvTokenCreated}})
	if err != nil || len(events) != 1 || events[0].Actor != "ann" || events[0].Detail["token"] != p.token {
		t.Errorf("events of the token: %+v, %v", events, err)
	}
	if strings.Contains(reviewtest.JSON(t, events), p.secret) {
		t.Error("the record holds the secret")
	}
	for _, name := range s.files(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), p.secret) {
			t.Errorf("%s holds the secret", filepath.Base(name))
		}
	}
}

func TestTokenCounts(t *testing.T) {
	s := newSite(t)
	read := s.as(t, "carl", policy.ScopeRead)
	read.get("/queue").want(http.StatusOK)
	if me := into[struct{ Token struct{ Scopes []string } }](read.get("/me")); len(me.Token.Scopes) != 1 {
		t.Errorf("the token says of itself %+v", me)
	}
	list := into[struct{ Items []struct{ ID, Used string } }](read.get("/tokens").want(http.StatusOK))
	if len(list.Items) != 1 || list.Items[0].Used == "" {
		t.Errorf("the list says %+v", list)
	}

	// The role is taken away, then the account closed: both count at once.
	carl := reviewtest.People()[3]
	carl.Roles = []policy.Role{policy.Researcher}
	save := func(p review.Person) {
		t.Helper()
		if err := s.store.SavePeople(t.Context(), []review.Person{p}, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged}); err != nil {
			t.Fatal(err)
		}
	}
	save(carl)
	read.get("/queue").want(http.StatusNotFound)
	carl.Disabled = true
	save(carl)
	read.get("/me").want(http.StatusUnauthorized)
}

func TestTokenEnds(t *testing.T) {
	s := newSite(t)
	ann, abe := s.as(t, "ann"), s.as(t, "abe")
	abe.call(http.MethodDelete, v1+"/tokens/"+ann.token, nil).want(http.StatusNotFound)
	ann.get("/me").want(http.StatusOK)
	ann.call(http.MethodDelete, v1+"/tokens/"+ann.token, nil).want(http.StatusNoContent)
	ann.get("/me").want(http.StatusUnauthorized)
	s.Advance(90*24*time.Hour - time.Hour)
	abe.get("/me").want(http.StatusOK)
	s.Advance(time.Hour)
	abe.get("/me").want(http.StatusUnauthorized)
}

func TestNewTokenIsHeldToItsForm(t *testing.T) {
	s := newSite(t)
	ann := s.As(t, "ann")
	for name, in := range map[string]api.NewToken{
		"no name":       {Scopes: allScopes(), Days: 1},
		"a hidden name": {Name: "a\u202eb", Scopes: allScopes(), Days: 1},
		"a long name":   {Name: strings.Repeat("x", 101), Scopes: allScopes(), Days: 1},
		"no scope":      {Name: "x", Days: 1},
		"a made-up one": {Name: "x", Scopes: []policy.Scope{"read", "all"}, Days: 1},
		"no time":       {Name: "x", Scopes: allScopes()},
		"too long":      {Name: "x", Scopes: allScopes(), Days: 91},
	} {
		_, _, err := s.api.CreateToken(context.Background(), ann, in)
		var known *review.Error
		if !errors.As(err, &known) || known.Kind != review.Invalid || len(known.Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is sent as a token and is none gets the same answer, a few of them
// the record, and after many the sender is told to stop. A good token works all
// the same.
func TestWrongTokens(t *testing.T) {
	s := newSite(t)
	good := s.as(t, "ann")
	bad := &program{t: t, site: s}
	answers := map[string]bool{}
	for _, header := range []string{
		"Bearer sp_" + strings.Repeat("A", 43), "Bearer " + strings.TrimPrefix(good.secret, "sp_"), "Basic YW5uOmFubg==", "Bearer",
		good.secret, "Bearer sp_", "Bearer sp_" + strings.Repeat("A", 10_000), "Bearer  " + good.secret, "Bearer " + good.secret + ",",
	} {
		bad.call(http.MethodGet, v1+"/me", nil, "Authorization", header).want(http.StatusUnauthorized)
		answers[into[problem](bad).Detail] = true
	}
	if len(answers) != 1 {
		t.Errorf("wrong tokens are told apart: %v", answers)
	}
	req, err := http.NewRequest(http.MethodGet, s.url+v1+"/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Authorization"] = []string{"Bearer " + good.secret, "Bearer " + good.secret}
	bad.do(req).want(http.StatusUnauthorized)
	for range 30 {
		bad.call(http.MethodGet, v1+"/me", nil, "Authorization", "Bearer sp_wrong")
	}
	if bad.want(http.StatusTooManyRequests).header.Get("Retry-After") == "" {
		t.Error("the sender is not told when to come back")
	}
	good.get("/me").want(http.StatusOK)
	events, err := s.store.Events(t.Context(), review.EventQuery{Types: []review.EventType{review.EvSignInFailed}})
	if err != nil || len(events) != 30 {
		t.Errorf("%d failures are on record, want 30: %v", len(events), err)
	}
}

// No other way in: not the query, not a cookie, not a form.
func TestNoOtherWayIn(t *testing.T) {
	s := newSite(t)
	good, nobody := s.as(t, "ann"), s.as(t, "")
	nobody.get("/requests?access_token=" + good.secret).want(http.StatusUnauthorized)
	nobody.call(http.MethodGet, v1+"/requests", nil, "Cookie", "sallyport="+good.secret+"; token="+good.secret).want(http.StatusUnauthorized)
	if good.get("/requests").want(http.StatusOK); good.header.Get("Set-Cookie") != "" || good.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of an answer: %v", good.header)
	}
}

// A token does grave things for half a day after its person showed who they are,
// and everything else for as long as it is in force.
func TestOldTokensDoNothingGrave(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/rates.csv")
	s.submit(t, id)
	one, _ := s.seats(t, id)
	one.post("/requests/"+id+"/release", nil).want(http.StatusConflict) // not reviewed yet
	s.Advance(api.GraveTokenLife)
	one.post("/requests/"+id+"/release", nil).want(http.StatusForbidden)
	one.get("/requests/" + id).want(http.StatusOK)
}

// A token that was made while the clock was ahead is not in force, rather than for
// longer than its days; a small correction changes nothing.
func TestTokensAndAClockSetBack(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	s.Advance(-api.GraveTokenLife + time.Minute)
	ann.get("/me").want(http.StatusOK)
	s.Advance(-2 * time.Minute)
	ann.get("/me").want(http.StatusUnauthorized)
	list, err := s.api.TokensOf(t.Context(), s.As(t, "ann"))
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v; it should be listed, to be revoked", list, err)
	}
}
