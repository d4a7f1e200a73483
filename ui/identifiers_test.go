package ui

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
)

// Whatever of one request is asked for under another is not there, on any page,
// for those who may see both; and what is another person's is not there either.
func TestIDsOfAnotherOnPages(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	released := s.play(t, review.Released)
	draft := review.RequestID(strings.TrimPrefix(s.draft(t, "release/other.csv", smallCSV), "/requests/"))
	one, err := s.World.Store.Request(ctx, released)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.World.Store.Request(ctx, draft)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, name := range []string{"ann", string(one.Seats[0].Checker), "aud"} {
		b := s.as(t, name)
		for _, row := range routes() {
			if !strings.HasPrefix(row.Path, "/requests/:request/") || strings.Count(row.Path, ":") < 2 {
				continue
			}
			// Each request's path with the parts of the other.
			for _, pair := range [][2]*review.Request{{one, other}, {other, one}} {
				tried++
				path := places(t, row, pair[1], string(pair[1].ID))
				path = strings.Replace(path, string(pair[1].ID), string(pair[0].ID), 1)
				before := s.digest(t, one.ID) + s.digest(t, other.ID)
				if row.Method == http.MethodGet {
					b.get(path)
				} else {
					b.post(path, "reason", "Because.")
				}
				if b.status < 400 || row.Method == http.MethodGet && b.status != http.StatusNotFound && b.status != http.StatusForbidden {
					t.Errorf("%s %s as %s: status %d for a part of another request", row.Method, row.Path, name, b.status)
				}
				if s.digest(t, one.ID)+s.digest(t, other.ID) != before {
					t.Errorf("%s %s as %s: something changed", row.Method, row.Path, name)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d tries", tried)
	}
	t.Logf("%d tries", tried)

	_, token, err := s.ui.options.API.CreateToken(ctx, s.As(t, "tim"), api.NewToken{Name: "a test", Scopes: []policy.Scope{policy.ScopeRead}, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.as(t, "tim")
	sessions, err := s.ui.options.Accounts.OpenSessions(ctx, review.SessionQuery{Person: "tim"})
	if err != nil || len(sessions) == 0 {
		t.Fatalf("%v, %v", sessions, err)
	}
	ann := s.as(t, "ann")
	ann.post("/account/tokens/" + token.ID + "/revoke").want(http.StatusNotFound)
	ann.post("/account/sessions/" + sessions[0].ID + "/end").want(http.StatusNotFound)
}

// Every kind of id that stands in an address is made of 128 random bits or more:
// 26 characters of base 32.
func TestIDsCannotBeGuessed(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	id := s.play(t, review.Released)
	if err := s.Recall(ctx, s.As(t, "aud"), id, review.BreachInput{Words: "A small count is shown.", Severity: review.RecallLow, Discovered: s.Now()}); err != nil {
		t.Fatal(err)
	}
	r, err := s.World.Store.Request(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := s.World.Store.Release(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Grant(ctx, s.As(t, "ops"), review.Ask{Person: "tim", Role: policy.Checker, Reach: policy.WholeService, Why: "a test"}); err != nil {
		t.Fatal(err)
	}
	proposals, err := s.World.Store.Proposals(ctx, true)
	if err != nil || len(proposals) == 0 {
		t.Fatalf("%v, %v", proposals, err)
	}
	_, token, err := s.ui.options.API.CreateToken(ctx, s.As(t, "ann"), api.NewToken{Name: "a test", Scopes: []policy.Scope{policy.ScopeRead}, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := s.ui.options.Accounts.OpenSessions(ctx, review.SessionQuery{Person: "ann"})
	if err != nil || len(sessions) == 0 {
		t.Fatalf("%v, %v", sessions, err)
	}
	form, seen := regexp.MustCompile(`^[A-Z2-7]{26}$`), map[string]string{}
	for kind, id := range map[string]string{
		"request": string(r.ID), "group": string(r.Groups[0].ID), "file": string(r.Groups[0].Files[0].ID), "comment": string(r.Comments[0].ID),
		"release": rel.ID, "breach report": rel.Recalled.Reports[0].ID, "grant": grantOf(t, s, "tim", policy.Researcher), "proposal": proposals[0].ID,
		"token": token.ID, "session": sessions[0].ID,
	} {
		if !form.MatchString(id) {
			t.Errorf("the id of a %s is %q", kind, id)
		}
		if also := seen[id]; also != "" {
			t.Errorf("%s and %s have one id", kind, also)
		}
		seen[id] = kind
	}
}
