package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"sallyport/policy"
)

//go:embed templates/*.html
var templates embed.FS

// A frame is what every page has around its own content.
type frame struct {
	Title  string
	Crumbs []crumb // the way back, outermost first
	Wide   bool    // uses the full width: tables and the review page
	UTC    bool    // its times are told by the record's clock, whoever reads: a page to be kept
	Again  int     // seconds after which a browser without script loads it again; 0 for never

	// Filled in by render.
	Nav     []navItem
	Name    string // of the person signed in, "" when nobody is
	Roles   string // in plain words
	Demo    bool
	Tour    *tourView // of a demonstration; nil on a page that is no stop
	Style   string    // address of the style, "" when it was not built
	Script  string
	Help    string // address of the guide for this page
	Flash   *flash
	Alarms  int  // that stand and concern the person
	Watches bool // may see the service's status
	// Offer is the time zone of the page, where the reader chose none and their
	// browser may know better; "" elsewhere.
	Offer   string
	Here    string // address of the page, to come back to
	Content any    // what the page's template shows
}

type crumb struct{ Text, Path string }

type navItem struct {
	Text, Path string
	Current    bool
}

// parsePages builds one template set per page file: the layout, the shared
// parts and the page's own "main".
func (u *UI) parsePages() (map[string]*pageSet, error) {
	shared, err := template.New("layout").Funcs(u.funcs(new(words))).ParseFS(templates, "templates/layout.html", "templates/parts*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	terms, err := readGlossary()
	if err != nil {
		return nil, err
	}
	pages := map[string]*pageSet{}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || strings.HasPrefix(name, "parts") {
			continue
		}
		set, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if set, err = set.ParseFS(templates, file); err != nil {
			return nil, err
		}
		pages[name] = newPage(set, u.funcs, terms)
	}
	return pages, nil
}

// render writes a page. It is complete in memory before the first byte goes
// out, so that a fault shows as an error page and not as half a page.
func (c *call) render(status int, page string, f frame, content any) error {
	t := c.ui.pages[page]
	if t == nil {
		return fmt.Errorf("no page %q", page)
	}
	c.fill(&f)
	if status == http.StatusNotFound { // what may not be seen must look as what is not there, wherever; and no address comes back
		f.Tour, f.Offer = nil, ""
	}
	if page == "error" {
		f.Tour, f.Offer, f.Help = nil, "", c.ui.helpWith("", c.actor.Person != nil)
	}
	f.Content = content
	var b bytes.Buffer
	if err := t.execute(&b, "layout", f, c.zoneOf(&f)); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// fragment writes one named part of a page, for a script that asked for it.
func (c *call) fragment(page, part string, content any) error {
	var b bytes.Buffer
	if err := c.ui.pages[page].execute(&b, part, content, c.zone()); err != nil {
		return fmt.Errorf("part %s of page %s: %w", part, page, err)
	}
	return c.HTMLBlob(200, b.Bytes())
}

// zoneOf is the zone of a page's times.
func (c *call) zoneOf(f *frame) *time.Location {
	if f.UTC {
		return time.UTC
	}
	return c.zone()
}

func (c *call) fill(f *frame) {
	f.Demo, f.Tour = c.ui.options.Demo, c.tour()
	f.Style, f.Script = c.ui.assets.path("app.css"), c.ui.assets.path("app.js")
	f.Help = c.ui.helpWith(c.Path(), c.actor.Person != nil)
	if c.actor.Person == nil {
		return
	}
	f.Name = c.actor.Name
	f.Flash = c.takeFlash()
	f.Alarms, f.Watches = c.alarmed(), c.actor.MaySomewhere(policy.StatusView)
	f.Nav = c.nav(f.Crumbs)
	f.Roles = roleNames(c.actor.AllRoles())
	if c.actor.Zone == "" && !f.UTC && c.Request().Method == http.MethodGet {
		f.Offer, f.Here = c.ui.zone.String(), c.Request().URL.RequestURI()
	}
}

// nav is the header's menu: what the person's roles can use at all. The current
// item is where the way to the page begins.
func (c *call) nav(way []crumb) []navItem {
	all := []struct {
		text, path string
		action     policy.Action
	}{
		{"Workspaces", "/workspaces", policy.WorkspaceList},
		{"My requests", "/requests", policy.RequestList},
		{"Review queue", "/queue", policy.QueueView},
		{"Board", "/board", policy.QueueAll},
		{"Releases", "/releases", policy.ReleaseList},
		{"All requests", "/records", policy.RecordView},
		{"Figures", "/figures", policy.AuditView},
		{"Audit", "/audit", policy.AuditView},
		{"Service status", "/status", policy.StatusView},
		{"People", "/people", policy.PeopleManage},
		{"Roles", "/access", policy.AccessView},
	}
	var items []navItem
	here := c.Request().URL.Path
	if len(way) > 0 {
		here = way[0].Path
	}
	for _, n := range all {
		if c.actor.MaySomewhere(n.action) {
			items = append(items, navItem{n.text, n.path, here == n.path || strings.HasPrefix(here, n.path+"/")})
		}
	}
	return items
}

func roleName(r policy.Role) string {
	switch r {
	case policy.Researcher:
		return "Researcher"
	case policy.Checker:
		return "Output checker"
	case policy.Lead:
		return "Lead checker"
	case policy.Collaborator:
		return "Collaborator"
	case policy.Copilot:
		return "Copilot"
	case policy.Service:
		return "Service account"
	case policy.Auditor:
		return "Auditor"
	case policy.Operator:
		return "Operator"
	case policy.CoreDeveloper:
		return "Core developer"
	case policy.DataInvestigator:
		return "Data investigator"
	case policy.InProject:
		return "Member"
	default:
		return string(r)
	}
}
