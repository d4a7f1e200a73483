package signin_test

import (
	"encoding/base64"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/signin"
)

func TestSealer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := signin.OpenSealer(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := signin.OpenSealer(dir)
	if err != nil {
		t.Fatal(err)
	}
	sealed := first.Seal([]byte("secret"), "code ann")
	if strings.Contains(string(sealed), "secret") {
		t.Error("the sealed secret is readable")
	}
	if got, err := again.Open(sealed, "code ann"); err != nil || string(got) != "secret" {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := again.Open(sealed, "code bob"); err == nil {
		t.Error("one person's secret opens as another's")
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := again.Open(sealed, "code ann"); err == nil {
		t.Error("an altered secret opens")
	}
	if _, err := again.Open(nil, "code ann"); err == nil {
		t.Error("nothing opens")
	}
	file := filepath.Join(dir, signin.SealKeyFile)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := signin.OpenSealer(dir); err == nil {
		t.Error("a key that others can read is used")
	}
}

func TestSealKeys(t *testing.T) {
	dir := t.TempDir()
	sealed := map[int][]byte{}
	var last *signin.Sealer
	for n := range 8 {
		if n > 0 {
			if err := signin.AddSealKey(dir); err != nil {
				t.Fatal(err)
			}
		}
		s, err := signin.OpenSealer(dir)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil {
			if _, err := last.Open(s.Seal([]byte("x"), "p"), "p"); err == nil {
				t.Errorf("key %d seals what the one before opens", n)
			}
		}
		sealed[n], last = s.Seal([]byte("secret"), "p"), s
	}
	for n, secret := range sealed {
		if got, err := last.Open(secret, "p"); err != nil || string(got) != "secret" {
			t.Errorf("sealed with key %d: %q, %v", n, got, err)
		}
		again, err := last.Reseal(secret, "p")
		if err != nil || (string(again) == string(secret)) != (n == 7) {
			t.Errorf("sealed anew with key %d: %v", n, err)
		}
	}
	if _, err := last.Reseal(sealed[0], "q"); err == nil {
		t.Error("one thing's secret is sealed anew as another's")
	}
	if err := signin.AddSealKey(dir); err == nil {
		t.Error("there are more than eight keys")
	}
	if n, err := signin.DropSealKeys(dir); n != 7 || err != nil {
		t.Errorf("%d keys let go, %v", n, err)
	}
	alone, err := signin.OpenSealer(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n, secret := range sealed {
		if _, err := alone.Open(secret, "p"); (err == nil) != (n == 7) {
			t.Errorf("key %d is still used: %v", n, err)
		}
	}
	for name, text := range map[string]string{"empty": "\n", "short": "00\n", "no hexadecimal": strings.Repeat("zz", 32), "one bad": strings.Repeat("00", 32) + "\nxx"} {
		if err := os.WriteFile(filepath.Join(dir, signin.SealKeyFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := signin.OpenSealer(dir); err == nil {
			t.Errorf("%s: it is taken for keys", name)
		}
		if err := signin.AddSealKey(dir); err == nil {
			t.Errorf("%s: a key is put before it", name)
		}
	}
}

func TestCode(t *testing.T) {
	made, err := signin.MakeCode("ann")
	if err != nil {
		t.Fatal(err)
	}
	again, err := signin.ShowCode("ann", made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, again); diff != "" {
		t.Errorf("shown again (-first +again):\n%s", diff)
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Image, "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(strings.NewReader(string(data))); err != nil {
		t.Error(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 10, 0, time.UTC)
	step := now.Unix() / 30
	for _, tt := range []struct {
		name  string
		after time.Duration // when it is shown
		last  int64
		want  bool
	}{
		{"at once", 0, 0, true},
		{"a step later", 30 * time.Second, 0, true},
		{"a step early", -30 * time.Second, 0, true},
		{"two steps later", time.Minute, 0, false},
		{"two steps early", -time.Minute, 0, false},
		{"taken already", 0, step, false},
		{"an older one was taken", 0, step - 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, err := totp.GenerateCode(made.Secret, now)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := signin.CheckCode(made.Secret, code[:3]+" "+code[3:], now.Add(tt.after), tt.last)
			if ok != tt.want || ok && got != step {
				t.Errorf("step %d, %v; want %d, %v", got, ok, step, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "000", "abcdef", "12345678"} {
		if _, ok := signin.CheckCode("not base32!", bad, now, 0); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestRecovery(t *testing.T) {
	codes, hashes := signin.MakeRecovery()
	if len(codes) != signin.RecoveryCodes || len(slices.Compact(slices.Sorted(slices.Values(hashes)))) != signin.RecoveryCodes {
		t.Fatalf("%d codes, %d hashes", len(codes), len(hashes))
	}
	for _, typed := range []string{codes[3], strings.ToUpper(codes[3]), " " + strings.ReplaceAll(codes[3], "-", " ") + " "} {
		if signin.RecoveryHash(typed) != hashes[3] {
			t.Errorf("%q is not known again", typed)
		}
	}
	if signin.RecoveryHash(codes[3][1:]) == hashes[3] {
		t.Error("another code is taken")
	}
}

func TestApply(t *testing.T) {
	ann := review.Person{Username: "ann", Name: "Ann", Roles: []policy.Role{policy.Researcher, policy.Lead}, Projects: []review.ProjectID{"a"}}
	managed := []policy.Role{policy.Researcher, policy.Checker}
	tests := []struct {
		name     string
		profile  signin.Profile
		roles    []policy.Role
		projects []review.ProjectID
		changed  bool
	}{
		{"nothing managed", signin.Profile{Roles: []policy.Role{policy.Auditor}, Projects: []review.ProjectID{"b"}}, ann.Roles, ann.Projects, false},
		{"the same again", signin.Profile{Roles: []policy.Role{policy.Researcher}, Manages: managed}, ann.Roles, ann.Projects, false},
		{"a role goes", signin.Profile{Manages: managed}, []policy.Role{policy.Lead}, ann.Projects, true},
		{"a role comes", signin.Profile{Manages: managed, Roles: managed}, []policy.Role{policy.Lead, policy.Researcher, policy.Checker}, ann.Projects, true},
		{"a role it does not manage", signin.Profile{Manages: managed, Roles: []policy.Role{policy.Researcher, policy.Operator}}, ann.Roles, ann.Projects, false},
		{"projects", signin.Profile{Projects: []review.ProjectID{"c", "b", "c"}, ManagesProjects: true}, ann.Roles, []review.ProjectID{"b", "c"}, true},
		{"no project left", signin.Profile{ManagesProjects: true}, ann.Roles, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := tt.profile.Apply(ann)
			if changed != tt.changed {
				t.Errorf("changed: %v", changed)
			}
			sorted := func(r []policy.Role) []policy.Role { return slices.Sorted(slices.Values(r)) }
			if diff := cmp.Diff(sorted(tt.roles), sorted(got.Roles)); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(tt.projects, got.Projects) {
				t.Errorf("projects %v, want %v", got.Projects, tt.projects)
			}
		})
	}
}
