package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHostsThatAreServed(t *testing.T) {
	here := []string{"localhost:*", "127.0.0.1:*", "[::1]:*"}
	for name, tt := range map[string]struct {
		c    config
		want []string
	}{
		"listed":               {config{Hosts: []string{"a.example"}, PublicURL: "https://b.example", Listen: "127.0.0.1:80"}, []string{"a.example"}},
		"the people's":         {config{PublicURL: "https://b.example/", Listen: "0.0.0.0:80", Secure: true}, []string{"b.example"}},
		"the usual port":       {config{PublicURL: "https://b.example:443", Listen: "0.0.0.0:80"}, []string{"b.example"}},
		"behind a proxy":       {config{PublicURL: "https://b.example:8443", Listen: "127.0.0.1:80", Secure: true}, append([]string{"b.example:8443"}, here...)},
		"this machine's":       {config{Listen: "127.0.0.1:80"}, here},
		"a proxy, and no name": {config{Listen: "127.0.0.1:80", Secure: true}, nil},
	} {
		if diff := cmp.Diff(tt.want, tt.c.hosts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCheckHosts(t *testing.T) {
	for _, tt := range []struct {
		address string
		hosts   []string
		good    bool
	}{
		{"https://a.example", []string{"a.example"}, true},
		{"https://a.example:443/", []string{"b.example", "A.example"}, true},
		{"https://a.example:8443", []string{"a.example:8443"}, true},
		{"https://a.example:8443", []string{"a.example:*"}, true},
		{"https://a.example:8443", nil, true},
		{"", []string{"a.example"}, true},
		{"https://a.example:8443", []string{"a.example"}, false},
		{"https://a.example", []string{"b.example"}, false},
		{"http://a.example:443", []string{"a.example"}, false},
	} {
		c := config{PublicURL: tt.address, Hosts: tt.hosts}
		if err := c.checkHosts(); (err == nil) != tt.good {
			t.Errorf("%s among %v: %v", tt.address, tt.hosts, err)
		}
	}
}

func TestShellConfig(t *testing.T) {
	for text, ok := range map[string]bool{
		"trusted_proxies: [127.0.0.1, 10.0.0.0/8]":          true,
		"trusted_proxies: [everybody]":                      false,
		"trusted_proxies: [0.0.0.0/0]":                      false,
		"pace: {person: {per_second: 5, burst: 50}}":        true,
		"pace: {person: {per_second: 5}}":                   false,
		"pace: {source: {burst: 5}}":                        false,
		"pace: {source: {per_second: -1, burst: 5}}":        false,
		"pace: {source: {per_second: 1000, burst: 100000}}": true,
	} {
		c, err := parseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Shell.check(); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is asked of passwords and of the host of contents is judged before the
// server starts.
func TestShellOfServer(t *testing.T) {
	list := file(t, "breached.txt", strings.Repeat("A", 40)+":1\n"+strings.Repeat("B", 40)+":2\n")
	for text, want := range map[string]string{
		"content_host: contents.example.org":                                 "",
		"content_host: release.example.org":                                  "also that of the pages",
		"content_host: https://contents.example.org":                         "is a name",
		"hsts_host_only: true":                                               "",
		"passwords: {words: [Moorfield], breached_file: " + list + "}":       "",
		"passwords: {words: [an]}":                                           "in too many others",
		"passwords: {breached_file: " + file(t, "words.txt", "secret") + "}": "no list",
		"passwords: {breached_file: /nowhere/at/all}":                        "no such file",
	} {
		c, err := parseConfig([]byte("secure: true\nhosts: [release.example.org]\n" + text + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		dir := t.TempDir()
		c.Listen, c.Data, c.Exports = "127.0.0.1:0", filepath.Join(dir, "data"), filepath.Join(dir, "exports")
		c.Workspaces = filepath.Join(dir, "workspaces")
		must(t, os.Mkdir(c.Workspaces, 0o700))
		s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler), func() time.Time { return time.Now().UTC() }, nil)
		if err == nil {
			must(t, s.Close())
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
