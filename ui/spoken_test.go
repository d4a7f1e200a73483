package ui

import (
	"encoding/json"
	commandline "flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

var updateSpoken = commandline.Bool("update", false, "write anew what assistive technology is told of the main pages, testdata/spoken")

// spokenPages are the pages of which is kept what the browser tells assistive
// technology: one at least for each kind of work.
func spokenPages() []string {
	return []string{"sign-in", "not-found", "workspace", "draft", "group", "submit", "queue", "file", "my-review", "release", "board", "records", "record", "audit"}
}

// spokenRoles are the parts of a page that somebody finds it by, and all that can
// be used.
func spokenRoles() []string {
	return []string{
		"banner", "navigation", "main", "complementary", "contentinfo", "search", "region", "heading", "table", "group", "status", "alert", "image", "progressbar",
		"link", "button", "textbox", "searchbox", "spinbutton", "checkbox", "radio", "combobox", "Date", "DisclosureTriangle",
	}
}

// changing is what differs from run to run: identifiers, hashes, numbers of events,
// whom the request was routed to, and times of day.
var changing = regexp.MustCompile(`\b[0-9A-Z]{12,26}\b|^\d+$|\b[0-9a-f]{7,64}\b|Person (carl|cora|chen)|\b\d{1,2}:\d{2}(am|pm)?\b`)

// spoken holds a page to what the browser told assistive technology of it before:
// the role and name of each landmark, heading, table and control, in order. It
// says what changed (of equals in a row one is kept); go test ./ui -run TestPagesInBrowser -update takes a change
// that was meant.
func (b *browserTab) spoken(name string) {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range tree.Nodes {
		nodes[n.NodeID] = n
	}
	var lines []string
	var tell func(n *accessibility.Node)
	tell = func(n *accessibility.Node) {
		role, said := ofTree(n.Role), strings.Join(strings.Fields(ofTree(n.Name)), " ")
		if strings.HasPrefix(role, "DisclosureTriangle") {
			role = "DisclosureTriangle" // later browsers tell several kinds of it apart
		}
		if !n.Ignored && slices.Contains(spokenRoles(), role) {
			if said == "" && !slices.Contains(mayBeNameless(), role) {
				b.t.Errorf("%s: a %s without a name", name, role)
			}
			lines = append(lines, strings.TrimSpace(role+" "+changing.ReplaceAllString(said, "…")))
		}
		for _, id := range n.ChildIDs {
			if child := nodes[id]; child != nil && !slices.Contains(spokenWhole(), role) {
				tell(child)
			}
		}
	}
	tell(tree.Nodes[0])
	got, file := strings.Join(slices.Compact(lines), "\n")+"\n", filepath.Join("testdata", "spoken", name+".txt")
	if *updateSpoken {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		b.t.Errorf("%s: assistive technology is told something else than before (-before +now); if it is meant, go test ./ui -run TestPagesInBrowser -update:\n%s", name, diff)
	}
}

// mayBeNameless are roles that say enough by themselves, being the only ones of
// their kind on a page, or whose contents are read out.
func mayBeNameless() []string {
	return []string{"banner", "main", "contentinfo", "search", "group", "status", "alert"}
}

// spokenWhole are roles whose parts are the browser's own.
func spokenWhole() []string {
	return []string{"textbox", "searchbox", "spinbutton", "combobox", "Date"}
}

// ofTree is a value of the tree, when it is a text.
func ofTree(v *accessibility.Value) string {
	var s string
	if v == nil || json.Unmarshal(v.Value, &s) != nil {
		return ""
	}
	return s
}
