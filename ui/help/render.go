package help

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// filesAt is where pictures and other files of the guides are served.
const filesAt = Home + "/files/"

// add parses a page and keeps it with its sections.
func (g *Guides) add(name string, source []byte) error {
	md := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	doc := md.Parser().Parse(text.NewReader(source))
	p := &Page{Name: name}
	title, ok := doc.FirstChild().(*ast.Heading)
	if !ok || title.Level != 1 {
		return errors.New("a guide begins with its title")
	}
	p.Title = plain(title, source)
	doc.RemoveChild(doc, title) // the page's template shows it
	if err := g.lead(p, doc); err != nil {
		return err
	}
	g.pages[name] = p
	g.sections = append(g.sections, split(p, doc, source)...)
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, doc); err != nil {
		return err
	}
	p.Body = dressed(guidePolicy().SanitizeBytes(b.Bytes()))
	return nil
}

// lead turns the page's links and pictures, as the repository has them, into
// addresses of the program.
func (g *Guides) lead(p *Page, doc ast.Node) error {
	return ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			to, err := g.target(p, string(n.Destination))
			n.Destination = []byte(to)
			return ast.WalkContinue, err
		case *ast.Image:
			return ast.WalkContinue, g.picture(n)
		}
		return ast.WalkContinue, nil
	})
}

// target is where a link of a page leads in the program.
func (g *Guides) target(p *Page, to string) (string, error) {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return "", err
	case u.IsAbs():
		return to, nil
	case u.Path == "":
		p.links = append(p.links, p.Address()+to)
		return to, nil
	}
	if name, isPage := strings.CutSuffix(u.Path, ".md"); isPage {
		u.Path = (&Page{Name: name}).Address()
		p.links = append(p.links, u.String())
		return u.String(), nil
	}
	if _, err := fs.Stat(g.files, path.Clean(u.Path)); err != nil || !servable(u.Path) {
		return "", fmt.Errorf("it links to %s, which is not there", to)
	}
	return filesAt + u.Path, nil
}

// picture gives an image its address, and its size, which keeps a place for it.
func (g *Guides) picture(n *ast.Image) error {
	name := string(n.Destination)
	data, err := fs.ReadFile(g.files, name)
	if err != nil {
		return fmt.Errorf("it shows %s, which is not there", name)
	}
	size, err := sizeOf(name, data)
	if err != nil {
		return fmt.Errorf("picture %s: %w", name, err)
	}
	n.Destination = []byte(filesAt + name)
	n.SetAttributeString("width", []byte(strconv.Itoa(size.Width)))
	n.SetAttributeString("height", []byte(strconv.Itoa(size.Height)))
	return nil
}

// sizeOf is a picture's: a photograph of pages, or a drawing that says how large it is.
func sizeOf(name string, data []byte) (image.Config, error) {
	if path.Ext(name) != ".svg" {
		return png.DecodeConfig(bytes.NewReader(data))
	}
	var drawing struct {
		Width  int `xml:"width,attr"`
		Height int `xml:"height,attr"`
	}
	err := xml.Unmarshal(data, &drawing)
	if err == nil && (drawing.Width <= 0 || drawing.Height <= 0) {
		err = errors.New("it does not say how large it is")
	}
	return image.Config{Width: drawing.Width, Height: drawing.Height}, err
}

// guidePolicy lets through what guides are made of. They are ours, and come with
// the program; they are held to a list all the same, so that a mistake in one
// can never become a script or a request to another site.
func guidePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "h2", "h3", "h4",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^[\p{L}0-9_-]+$`)).OnElements("h2", "h3", "h4")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^` + filesAt + `images/[a-z0-9-]+\.(png|svg)$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img")
	return p
}

// dressed gives sanitised HTML the pages' own classes. Wide tables and code
// scroll by themselves, and with the keyboard. What is replaced cannot be text:
// a less-than sign in text is an entity.
func dressed(clean []byte) template.HTML { //permit:template.HTML // sanitised by its caller; it adds what is below
	return template.HTML(strings.NewReplacer( //permit:template.HTML // constants around sanitised text
		"<table>", `<div class="app-scroll" tabindex="0" role="region" aria-label="Table"><table class="nhsuk-table app-table">`,
		"</table>", "</table></div>",
		"<th>", `<th scope="col">`,
		"<pre>", `<pre class="app-help__code" tabindex="0" role="region" aria-label="Code">`,
		"<h2 ", `<h2 class="nhsuk-heading-m" `,
		"<h3 ", `<h3 class="nhsuk-heading-s" `,
		"<ul>", `<ul class="nhsuk-list nhsuk-list--bullet">`,
		"<ol>", `<ol class="nhsuk-list nhsuk-list--number">`,
		"<img ", `<img class="app-help__picture" loading="lazy" `,
	).Replace(string(clean)))
}
