package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

const guide = "../../docs/api.md"

var update = flag.Bool("update", false, "write the table of docs/api.md anew")

// The guide's table of addresses is the description's.
func TestGuideTable(t *testing.T) {
	s := newSite(t)
	const mark = "-update -->\n"
	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(page), mark)
	want := text + mark + "\n" + s.open.table()
	if *update {
		if err := os.WriteFile(guide, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Error("docs/api.md does not name every address as it is: go test ./ui/api -run TestGuideTable -update")
	}
}

// table lists every operation in the order of the routes.
func (d *description) table() string {
	var b strings.Builder
	b.WriteString("| | address | scope | |\n|---|---|---|---|\n")
	for _, r := range api.Rows() {
		_, op := d.operation(r.Method, v1+strings.ReplaceAll(r.Path, ":", ""))
		scope := "any token"
		if r.Open {
			scope = "no token"
		}
		about, _ := op["description"].(string)
		if _, scopes, ok := strings.Cut(about, "; scope "); ok {
			scope = "`" + strings.ReplaceAll(strings.TrimSuffix(scopes, "."), " or ", "` or `") + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", r.Method, regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}"), scope, op["summary"])
	}
	return b.String()
}

// Every step of the guide works as it stands there.
func TestGuideSteps(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl to take the steps of the guide with")
	}
	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	g := &reader{t: t, site: newSite(t), folder: t.TempDir()}
	g.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", "region,people\nNorth,120\n")
	about, controls := reviewtest.Context()
	ticked, permitted := reviewtest.Checklist()
	g.write("group.json", object{"context": about, "controls": controls})
	g.write("submit.json", object{"checklist": ticked, "permitted_results": permitted})
	blocks := regexp.MustCompile("(?s)```sh\n# (\\w+)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 7 {
		t.Fatalf("%d steps, want 7", len(blocks))
	}
	for _, block := range blocks {
		for _, who := range g.people(block[1]) {
			g.run(who, block[2])
		}
	}
	release, err := g.store.Release(t.Context(), review.RequestID(g.request))
	if err != nil {
		t.Fatal(err)
	}
	want, err := review.Manifest(release)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(g.folder, "manifest.json"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the guide's manifest is %s, %v", got, err)
	}
}

// reader follows the guide.
type reader struct {
	t *testing.T
	*site
	folder, request string
}

func (g *reader) write(name string, v any) {
	g.t.Helper()
	text, plain := v.(string)
	data := []byte(text)
	if !plain {
		var err error
		if data, err = json.Marshal(v); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(g.folder, name), data, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// people are who takes a step of the guide.
func (g *reader) people(role string) []string {
	switch role {
	case "researcher":
		return []string{"ann"}
	case "auditor":
		return []string{"aud"}
	}
	var seats []string
	for _, seat := range g.view().Seats {
		seats = append(seats, seat.Checker)
	}
	if role == "releaser" {
		return seats[:1]
	}
	return seats
}

func (g *reader) view() filed {
	return into[filed](g.as(g.t, "ann").get("/requests/" + g.request).want(http.StatusOK))
}

func (g *reader) run(who, script string) {
	g.t.Helper()
	g.write("token.curl", `header = "Authorization: Bearer `+g.as(g.t, who).secret+`"`)
	shell := exec.Command("sh", "-e", "-c", script)
	shell.Dir = g.folder
	shell.Env = append(os.Environ(), "SALLYPORT="+g.url+v1, "REQUEST="+g.request)
	if g.request != "" {
		if groups := g.view().Groups; len(groups) > 0 {
			f := groups[0].Files[0]
			shell.Env = append(shell.Env, "GROUP="+groups[0].ID, "FILE="+f.ID, "SEEN="+f.ReleaseSHA256)
		}
	}
	out, err := shell.CombinedOutput()
	if err != nil {
		g.t.Fatalf("as %s: %v\n%s\n%s", who, err, script, out)
	}
	if g.request == "" {
		if list := into[struct{ Items []struct{ ID string } }](g.as(g.t, "ann").get("/requests")); len(list.Items) > 0 {
			g.request = list.Items[0].ID
		}
	}
}
