package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/ui"
	"sallyport/ui/signin"
)

// The configuration that the documentation shows is one.
func TestSignInPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/sign-in.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(page))[1]
	folder := t.TempDir()
	for name, secret := range map[string]string{"university.secret": "one", "backend.token": "two"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := parseConfig([]byte(strings.NewReplacer("/etc/sallyport", folder, "/var/lib/sallyport-keys", filepath.Join(folder, "keys")).Replace(block)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Access.check(c.PublicURL); err != nil {
		t.Fatal(err)
	}
	o := ui.Options{Policy: policy.Default()}
	if err := c.signInOptions(&o, nil, time.Now); err != nil {
		t.Fatal(err)
	}
	if len(o.Methods) != 2 || o.NoPasswords || o.MaxSessions != 5 || o.Confirm != 5*time.Minute || len(o.SecondFactor) != 5 {
		t.Errorf("options %+v", o)
	}
	if _, ok := o.Methods[0].(signin.Sender); !ok || o.Methods[0].ID() != "university" {
		t.Errorf("the first method is %T %s", o.Methods[0], o.Methods[0].ID())
	}
	if _, ok := o.Methods[1].(signin.Asker); !ok || o.Methods[1].Terms().Grace != 30*time.Minute {
		t.Errorf("the second method is %T", o.Methods[1])
	}
	if err := os.Chmod(filepath.Join(folder, "backend.token"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.signInOptions(&o, nil, time.Now); err == nil {
		t.Error("a secret that others can read is used")
	}
}

func TestSignInConfigRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"sign_in: [{method: magic}]":                                                                             "no method",
		"sign_in: [{method: password}, {method: password}]":                                                      "twice",
		"sign_in: [{method: openid, issuer: 'https://a.example', client_id: x}]":                                 "public_url",
		"sign_in: [{method: job-server, endpoint: 'http://jobs.example/api/v2', token_file: x}]":                 "in the clear",
		"sign_in: [{method: job-server, id: local, endpoint: 'https://a.example', token_file: x}]":               "cannot be the id",
		"sign_in: [{method: job-server, endpoint: 'https://a.example', token_file: x, read_only_role: emperor}]": "no role",
		"second_factor: [emperor]": "no role",
	} {
		c, err := parseConfig([]byte(text))
		if err == nil {
			err = c.Access.check(c.PublicURL)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"sessions: {idle: soon}", "sessions: {idle: -5m}", "sign_in: [{method: password, secret: x}]"} {
		if _, err := parseConfig([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// A real server asks for a second factor as the policy says, and of more roles if
// it is told, never of fewer; a demonstration asks for nothing.
func TestSecondFactorOfPolicy(t *testing.T) {
	for _, tt := range []struct {
		roles []policy.Role
		demo  bool
		want  int
	}{{nil, false, 4}, {nil, true, 0}, {[]policy.Role{}, false, 4}, {[]policy.Role{policy.Researcher, policy.Lead}, false, 5}} {
		o := ui.Options{Demo: tt.demo, Policy: policy.Default()}
		c := config{Data: t.TempDir(), Access: signInConfig{SecondFactor: tt.roles}}
		if err := c.signInOptions(&o, nil, time.Now); err != nil || len(o.SecondFactor) != tt.want {
			t.Errorf("%+v: %v, %v", tt, o.SecondFactor, err)
		}
	}
}
