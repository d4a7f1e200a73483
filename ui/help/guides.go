package help

import (
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Home is the address of the guides' table of contents; every other page's
// address is below it.
const Home = "/help"

// contents is the page that lists the others.
const contents = "README"

// Guides are all pages. Make them with Read; they do not change afterwards, and
// may be used by many at once.
type Guides struct {
	files    fs.FS
	pages    map[string]*Page
	sections []section
}

// Page is one guide.
type Page struct {
	Name     string        // of its file, without ".md"
	Title    string        // plain text
	Body     template.HTML //permit:template.HTML // only what bluemonday let through, see render.go
	Headings []Heading     // of the second level, in order

	links []string // pages that this one leads to
}

// Heading is a place in a page that can be linked to.
type Heading struct{ ID, Text string }

// Address is where the page is served.
func (p *Page) Address() string {
	if p.Name == contents {
		return Home
	}
	return Home + "/" + p.Name
}

// Read makes guides of all Markdown files at the top of a folder. It fails when
// one has no title, or leads to a page, a heading or a file that is not there.
func Read(files fs.FS) (*Guides, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, err
	}
	g := &Guides{files: files, pages: map[string]*Page{}}
	for _, file := range names {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		if err := g.add(strings.TrimSuffix(file, ".md"), text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if g.pages[contents] == nil {
		return nil, fmt.Errorf("there is no %s.md", contents)
	}
	return g, g.checkLinks()
}

// checkLinks makes sure that what pages link to among themselves is there.
func (g *Guides) checkLinks() error {
	for _, p := range g.pages {
		for _, to := range p.links {
			if !g.Has(to) {
				return fmt.Errorf("%s.md links to %s, which is not there", p.Name, to)
			}
		}
	}
	return nil
}

// Page returns the page of a name, nil when there is none.
func (g *Guides) Page(name string) *Page { return g.pages[name] }

// Contents is the page that lists the others.
func (g *Guides) Contents() *Page { return g.pages[contents] }

// Others are pages that the table of contents does not lead to, by title.
func (g *Guides) Others() []*Page {
	listed := map[string]bool{Home: true}
	for _, to := range g.Contents().links {
		address, _, _ := strings.Cut(to, "#")
		listed[address] = true
	}
	others := slices.Collect(maps.Values(g.pages))
	others = slices.DeleteFunc(others, func(p *Page) bool { return listed[p.Address()] })
	slices.SortFunc(others, func(a, b *Page) int { return strings.Compare(a.Title, b.Title) })
	return others
}

// Has reports whether an address leads to a page and, if it names one, to a
// heading there.
func (g *Guides) Has(address string) bool {
	where, id, anchored := strings.Cut(address, "#")
	name := contents
	if where != Home {
		name = path.Base(where)
	}
	p := g.pages[name]
	if p == nil || p.Address() != where {
		return false
	}
	return !anchored || slices.ContainsFunc(g.sections, func(s section) bool { return s.page == p && s.id == id })
}

// File returns a file that a page shows or links to, fs.ErrNotExist when there
// is none such.
func (g *Guides) File(name string) ([]byte, error) {
	if !servable(name) {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(g.files, name)
}

// servable reports whether a file is one that is served as it is: pages are not,
// they are served as pages.
func servable(name string) bool {
	return fs.ValidPath(name) && path.Ext(name) != ".md"
}
