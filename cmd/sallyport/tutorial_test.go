package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/storage"
)

// The operators' tutorial can be followed: its configurations and its people are
// taken, its people are enough for a release, its commands are ones that there are,
// and the workspace that it makes holds a file that can be requested.
func TestFirstServiceTutorial(t *testing.T) {
	page, err := os.ReadFile("../../docs/first-service.md")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commands{}, kong.Name("sallyport"), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^    sallyport (.*)$`).FindAllStringSubmatch(string(page), -1)
	for _, m := range lines {
		if _, err := parser.Parse(strings.Fields(m[1])); err != nil {
			t.Errorf("sallyport %s: %v", m[1], err)
		}
	}
	blocks := regexp.MustCompile("(?s)```(yaml|sh)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(lines) < 3 || len(blocks) != 4 {
		t.Fatalf("%d commands and %d blocks, want 3 or more, and a configuration, people, a workspace, and an address", len(lines), len(blocks))
	}
	if _, err := parseConfig([]byte(blocks[0][2] + blocks[3][2])); err != nil {
		t.Errorf("the configuration: %v", err)
	}
	r, err := parseRoster([]byte(blocks[1][2]))
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]int{}
	for _, p := range r.People {
		for _, role := range p.Roles {
			has[role]++
		}
		if slices.Contains(p.Roles, "checker") && (p.TrainedUntil.IsZero() || len(p.Projects) > 0) {
			t.Errorf("nothing could be routed to %s", p.Username)
		}
	}
	if has["checker"] < policy.Default().Review.Approvals || has["operator"]+has["lead"] < 2 || has["researcher"] == 0 || has["auditor"] == 0 {
		t.Errorf("the roles of the people are %v, too few for a release", has)
	}
	requestable(t, blocks[2][2], r.Projects[0].Workspaces[0])
}

// requestable runs the tutorial's commands in a folder of the test and wants a file of
// the workspace's release folder that can be requested.
func requestable(t *testing.T, script, workspace string) {
	t.Helper()
	for _, tool := range []string{"sh", "sha256sum", "cut"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the workspace is not made: %v", err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "make.sh")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(script, "/srv/workspaces", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-e", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all, err := storage.OpenWorkspaces(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := all.Workspace(t.Context(), review.WorkspaceName(workspace))
	if err != nil {
		t.Fatal(err)
	}
	if len(ws.Problems) > 0 {
		t.Errorf("the workspace has problems: %q", ws.Problems)
	}
	for _, f := range ws.Files {
		if f.Release && f.Origin.Level == provenance.Moderately && f.Problem == "" {
			return
		}
	}
	t.Errorf("no file can be requested: %+v", ws.Files)
}

// A link that the command line makes names the place where people reach the service.
func TestAddressOfTheService(t *testing.T) {
	for _, x := range []struct {
		c    config
		want string
	}{
		{config{Listen: "127.0.0.1:8390"}, "http://127.0.0.1:8390"},
		{config{Listen: ":8080"}, "http://127.0.0.1:8080"},
		{config{Listen: "[::]:80"}, "http://127.0.0.1:80"},
		{config{Listen: "localhost:8080", Hosts: []string{"a.example"}}, "http://localhost:8080"},
		{config{Listen: "127.0.0.1:8080", Secure: true, Hosts: []string{"a.example", "b.example"}}, "https://a.example"},
		{config{Listen: "127.0.0.1:8080", Secure: true, Hosts: []string{"a.example"}, PublicURL: "https://out.example/x"}, "https://out.example/x"},
	} {
		if got := x.c.address(); got != x.want {
			t.Errorf("%+v: %s, want %s", x.c, got, x.want)
		}
	}
}
