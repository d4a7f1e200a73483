package main

import (
	"testing"

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
		"behind a proxy":       {config{PublicURL: "https://b.example:8443", Listen: "127.0.0.1:80", Secure: true}, append([]string{"b.example:8443"}, here...)},
		"this machine's":       {config{Listen: "127.0.0.1:80"}, here},
		"a proxy, and no name": {config{Listen: "127.0.0.1:80", Secure: true}, nil},
	} {
		if diff := cmp.Diff(tt.want, tt.c.hosts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
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
