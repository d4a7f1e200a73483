package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlagsWinOverTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	text := "listen: 127.0.0.1:9000\ndata: d\nworkspaces: w\nexports: e\ncode: c\nhosts: [a.example.org]\nsecure: true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := configFlags{Config: file, Data: "other", Host: []string{"b.example.org"}}.config()
	if err != nil {
		t.Fatal(err)
	}
	want := config{Listen: "127.0.0.1:9000", Data: "other", Workspaces: "w", Exports: "e", Code: "c", Hosts: []string{"b.example.org"}, Secure: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListensOnThisMachineUnlessTold(t *testing.T) {
	c, err := configFlags{}.config()
	if err != nil || c.Listen != "127.0.0.1:8080" {
		t.Errorf("listen %q, %v", c.Listen, err)
	}
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:80": true, "[::1]:8080": true, "127.1.2.3:1": true,
		"0.0.0.0:8080": false, ":8080": false, "192.0.2.1:8080": false, "example.org:80": false, "127.0.0.1": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("loopback(%q) is %v", address, got)
		}
	}
}

func TestParseConfigIsStrict(t *testing.T) {
	for name, tt := range map[string]struct{ text, complaint string }{
		"unknown key":    {"data: d\ncolour: red\n", "line 2"},
		"key twice":      {"data: d\ndata: e\n", "already defined"},
		"two documents":  {"data: d\n---\ndata: e\n", "exactly one document"},
		"not a mapping":  {"- data\n", "line 1"},
		"wrong kind":     {"hosts: {a: b}\n", "line 1"},
		"secure no bool": {"secure: perhaps\n", "line 1"},
	} {
		if _, err := parseConfig([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.complaint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseConfig(nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("data: d\nhosts: [a]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(_ *testing.T, source []byte) { _, _ = parseConfig(source) })
}

func FuzzParseRoster(f *testing.F) {
	f.Add([]byte("people:\n  - {username: jane, name: Jane, roles: [researcher], projects: [p]}\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		r, err := parseRoster(source)
		if err != nil {
			return
		}
		for _, p := range r.People {
			if p.Roles == nil || !name.MatchString(p.Username) {
				t.Errorf("%+v was let in", p)
			}
		}
	})
}
