package ui

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A person makes a token, sees its secret once, uses it, and revokes it.
func TestTokensPage(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	ann.get("/account/tokens").want(http.StatusOK).has("You have none.", "Request: file requests").lacks("Release: let files leave", "Audit:")
	ann.post("/account/tokens", "name", "tables", "scope", "read", "scope", "request", "days", "7").want(http.StatusOK).has("Copy it now")
	secret := regexp.MustCompile(`sp_[A-Za-z0-9_-]{43}`).FindString(ann.body)
	if secret == "" || ann.path != "/account/tokens" {
		t.Fatalf("no secret on the page at %s", ann.path)
	}
	if cookies := strings.Join(ann.header.Values("Set-Cookie"), ""); strings.Contains(cookies, secret) || ann.header.Get("Cache-Control") != "no-store" {
		t.Error("the secret is kept by the browser")
	}
	ann.get("/account/tokens").want(http.StatusOK).has("tables", "read request").lacks(secret)
	if status := s.program(t, secret, "/api/v1/me"); status != http.StatusOK {
		t.Errorf("the token: status %d", status)
	}
	if status := s.program(t, secret, "/requests"); status != http.StatusSeeOther {
		t.Errorf("a page took a token: status %d", status)
	}
	id := regexp.MustCompile(`/account/tokens/([A-Z0-9]+)/revoke`).FindStringSubmatch(ann.body)[1]
	s.as(t, "abe").post("/account/tokens/" + id + "/revoke").want(http.StatusNotFound)
	ann.post("/account/tokens/"+id+"/revoke").want(http.StatusOK).has("The token is revoked", "You have none.")
	if status := s.program(t, secret, "/api/v1/me"); status != http.StatusUnauthorized {
		t.Errorf("the revoked token: status %d", status)
	}
	s.as(t, "aud").get("/audit?type=token.revoked").want(http.StatusOK).has("Token revoked", "ann")
}

// program asks with a token and no cookie, and returns the status.
func (s *site) program(t *testing.T, secret, path string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func TestTokenFormIsHeldToItsForm(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	ann.post("/account/tokens", "name", "", "days", "30").want(http.StatusUnprocessableEntity).has("Say in a few words", "Choose at least one")
	ann.post("/account/tokens", "name", "x", "scope", "admin", "days", "30").want(http.StatusUnprocessableEntity).has("Choose at least one")
	ann.post("/account/tokens", "name", "x", "scope", "read", "days", "91").want(http.StatusUnprocessableEntity).has("1 to 90 days")
	for range 20 {
		ann.post("/account/tokens", "name", "x", "scope", "read", "days", "1").want(http.StatusOK)
	}
	ann.post("/account/tokens", "name", "x", "scope", "read", "days", "1").want(http.StatusConflict).has("20 tokens already")
	s.as(t, "ops").get("/account/tokens").want(http.StatusOK).has("Read:").lacks("Request: file")
}

// A browser's session opens pages and not the interface for programs.
func TestNoCookiesForPrograms(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	ann.get("/api/v1/requests").want(http.StatusUnauthorized)
	if ann.header.Get("WWW-Authenticate") == "" || ann.header.Get("Set-Cookie") != "" || ann.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the answer's headers: %v", ann.header)
	}
	ann.get("/api/nowhere").want(http.StatusNotFound)
}
