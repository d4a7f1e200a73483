package markup

import (
	"bytes"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sallyport/checks/clean"
)

// rounds is how often a page is cleaned until nothing changes. Two are enough
// for any page seen; a page that needs more than five was made to confuse.
const rounds = 5

// CleanHTML returns a page as a UTF-8 document without script, styling, remote
// or active content, and the list of what went. Figures are cleaned and
// embedded again; a figure that cannot be kept, and a place that only a script
// fills, leave a remark in square brackets. Cleaning clean bytes returns equal
// bytes. The error says in plain words why a page cannot be cleaned.
func CleanHTML(data []byte) ([]byte, []clean.Removal, error) {
	out, removed, err := cleanPage(data)
	if err != nil {
		return nil, nil, err
	}
	for range rounds {
		again, more, err := cleanPage(out)
		if err != nil {
			return nil, nil, err
		}
		if bytes.Equal(again, out) && len(more) == 0 {
			return out, removed, nil
		}
		out, removed = again, append(removed, more...)
	}
	return nil, nil, errors.New("its structure changes each time it is read")
}

// cleanPage cleans once: the tree is prepared, bluemonday enforces the list,
// and the result is written as a whole document again.
func cleanPage(data []byte) ([]byte, []clean.Removal, error) {
	doc, err := parseHTML(data)
	if err != nil {
		return nil, nil, err
	}
	body := find(doc, "body")
	if body == nil {
		return nil, nil, errors.New("it is made of frames, or has no body")
	}
	c := &htmlCleaner{targets: linkTargets(doc), place: "head"}
	title, lang := "", ""
	c.outside(doc)
	if head := find(doc, "head"); head != nil {
		title = c.head(head)
	}
	if root := find(doc, "html"); root != nil {
		c.outside(root)
		if lang = attr(root, "lang"); !language.MatchString(lang) {
			lang = ""
		}
	}
	c.place = "before the first heading"
	c.attributes(body)
	body.Attr = nil
	c.children(body)
	if c.err != nil {
		return nil, nil, c.err
	}
	var fragment bytes.Buffer
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&fragment, n); err != nil {
			return nil, nil, errors.New("it cannot be written as a page")
		}
	}
	safe := pagePolicy().SanitizeBytes(fragment.Bytes())
	return document(title, lang, safe), c.gone.Removals(), nil
}

var language = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func document(title, lang string, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html")
	if lang != "" {
		b.WriteString(` lang="` + lang + `"`)
	}
	b.WriteString(">\n<head>\n<meta charset=\"utf-8\"/>\n<title>")
	b.WriteString(html.EscapeString(title))
	b.WriteString("</title>\n</head>\n<body>\n")
	b.Write(bytes.TrimSpace(body))
	b.WriteString("\n</body>\n</html>\n")
	return b.Bytes()
}

var (
	imageAddress = regexp.MustCompile(`^data:image/(?:png|jpeg|svg\+xml);base64,`)
	fragmentOnly = regexp.MustCompile(`^#[^\s]*$`)
	anchorName   = regexp.MustCompile(`^[^\s]{1,500}$`)
	shortNumber  = regexp.MustCompile(`^[0-9]{1,5}%?$`)
	smallNumber  = regexp.MustCompile(`^[0-9]{1,4}$`)
	anyText      = regexp.MustCompile(`(?s)^.{0,1000}$`)
	mathValue    = regexp.MustCompile(`^[^<>"&]{0,60}$`)
	keyword      = regexp.MustCompile(`^[A-Za-z0-9-]{1,20}$`)
	cellNames    = regexp.MustCompile(`^[^<>"&]{0,500}$`)
)

// allowed lists the attributes of a page's elements with what they may hold;
// "" stands for every element. It is the one list: the preparation of the tree
// and bluemonday's policy are both made from it.
var allowed = map[string]map[string]*regexp.Regexp{
	"":           {"id": anchorName, "dir": keyword, "lang": language},
	"a":          {"href": fragmentOnly},
	"img":        {"src": imageAddress, "alt": anyText, "width": shortNumber, "height": shortNumber},
	"table":      {"border": smallNumber, "align": keyword},
	"tr":         {"align": keyword, "valign": keyword},
	"td":         {"colspan": smallNumber, "rowspan": smallNumber, "align": keyword, "valign": keyword, "headers": cellNames, "scope": keyword},
	"th":         {"colspan": smallNumber, "rowspan": smallNumber, "align": keyword, "valign": keyword, "headers": cellNames, "scope": keyword},
	"col":        {"span": smallNumber},
	"colgroup":   {"span": smallNumber},
	"ol":         {"start": smallNumber, "type": keyword, "reversed": keyword},
	"li":         {"value": smallNumber},
	"abbr":       {"title": anyText},
	"dfn":        {"title": anyText},
	"blockquote": {}, "q": {}, "del": {}, "ins": {},
}

// pagePolicy is what bluemonday enforces on the prepared page, made once.
var pagePolicy = sync.OnceValue(newPagePolicy)

func newPagePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	all := append(append([]string{}, htmlElements...), mathElements...)
	p.AllowElements(all...)
	p.AllowNoAttrs().OnElements(all...)
	for element, attrs := range allowed {
		for name, values := range attrs {
			if element == "" {
				p.AllowAttrs(name).Matching(values).Globally()
			} else {
				p.AllowAttrs(name).Matching(values).OnElements(element)
			}
		}
	}
	p.AllowAttrs("open").OnElements("details")
	p.AllowAttrs(mathAttributes...).Matching(mathValue).OnElements(mathElements...)
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true) // only fragments match
	p.AllowURLSchemeWithCustomPolicy("data", func(u *url.URL) bool {
		return imageAddress.MatchString("data:"+u.Opaque) && u.RawQuery == "" && u.Fragment == ""
	})
	return p
}

// linkTargets collects the ids that links of the page lead to.
func linkTargets(doc *html.Node) map[string]bool {
	targets := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok {
			targets[to] = true
			if plain, err := url.PathUnescape(to); err == nil {
				targets[plain] = true
			}
		}
	}
	return targets
}

// htmlCleaner prepares the tree of one page.
type htmlCleaner struct {
	gone     clean.List
	targets  map[string]bool
	place    string
	headings int
	figures
	slots int   // places that the cells of all tables take on their grids
	err   error // the first limit that was met
}

func (c *htmlCleaner) drop(what string) { c.gone.Add(what, c.place) }

// outside lists the comments that stand beside the head and the body.
func (c *htmlCleaner) outside(n *html.Node) {
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		if k.Type == html.CommentNode {
			c.drop("comment")
		}
	}
}

// head returns the title and lists what else the head held.
func (c *htmlCleaner) head(head *html.Node) (title string) {
	for n := head.FirstChild; n != nil; n = n.NextSibling {
		switch {
		case n.Type == html.CommentNode:
			c.drop("comment")
		case n.Type != html.ElementNode:
		case n.Data == "title" && title == "":
			title = words(n)
		case n.Data == "meta":
			c.meta(n)
		case n.Data == "script":
			c.drop("script")
		default:
			c.drop(elementName(n))
		}
	}
	return title
}

// meta lists a setting, unless it only says what every document says.
func (c *htmlCleaner) meta(n *html.Node) {
	kind := strings.ToLower(attr(n, "http-equiv"))
	switch {
	case hasAttr(n, "charset") || kind == "content-type":
	case kind != "":
		c.drop("page setting")
	default:
		c.drop("metadata")
	}
}

func elementName(n *html.Node) string {
	if what := htmlActive[n.Data]; what != "" {
		return what
	}
	return "unusual element"
}

func (c *htmlCleaner) children(n *html.Node) {
	for k := n.FirstChild; k != nil; {
		next := k.NextSibling
		switch k.Type {
		case html.TextNode:
		case html.ElementNode:
			c.element(k)
		default:
			if k.Type == html.CommentNode {
				c.drop("comment")
			}
			n.RemoveChild(k)
		}
		k = next
	}
}

// element decides about one element of the body.
func (c *htmlCleaner) element(n *html.Node) {
	switch {
	case n.Namespace == "svg":
		c.drawing(n)
		return
	case n.Namespace == "math":
		c.math(n)
		return
	case n.Data == "script":
		c.script(n)
		return
	case unseen(n) || n.Data == "template" || n.Data == "dialog" && !hasAttr(n, "open"):
		c.drop("hidden content")
		remove(n)
		return
	case n.Data == "img":
		c.image(n)
		return
	case htmlActive[n.Data] != "":
		c.drop(htmlActive[n.Data])
		remove(n)
		return
	}
	if heading(n) {
		c.headings++
		c.place = "after heading " + strconv.Itoa(c.headings)
	}
	empty := widget(n) && !hasText(n) && find(n, "img") == nil
	c.children(n)
	if !htmlAllowed[n.Data] {
		c.drop("unusual element, text kept")
		unwrap(n)
		return
	}
	if empty {
		c.drop("interactive table or figure that only a script draws")
		replace(n, "div", "[An interactive table or figure was here. It is drawn by a script and is not part of this document.]")
		return
	}
	if n.Data == "a" {
		c.link(n)
	}
	c.cell(n)
	c.attributes(n)
	if n.Data == "details" {
		n.Attr = append(n.Attr, html.Attribute{Key: "open"})
	}
}

var htmlAllowed = set(strings.Join(htmlElements, " "))

func heading(n *html.Node) bool {
	return len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6'
}

// script removes a script; a formula written in TeX for a script to set stays
// as text.
func (c *htmlCleaner) script(n *html.Node) {
	kind := strings.ToLower(attr(n, "type"))
	c.drop("script")
	if !strings.HasPrefix(kind, "math/tex") || n.FirstChild == nil {
		remove(n)
		return
	}
	tex := `\(` + n.FirstChild.Data + `\)`
	if strings.Contains(kind, "mode=display") {
		tex = `\[` + n.FirstChild.Data + `\]`
	}
	replace(n, "span", tex)
}

// attributes keeps the attributes on the list. Ids stay on headings and where
// a link leads.
func (c *htmlCleaner) attributes(n *html.Node) {
	kept := n.Attr[:0]
	seen := map[string]bool{}
	for _, a := range n.Attr {
		values := allowed[""][a.Key]
		if own := allowed[n.Data][a.Key]; own != nil {
			values = own
		}
		ok := a.Namespace == "" && values != nil && values.MatchString(a.Val)
		switch {
		case seen[a.Key] || a.Key == "open":
		case ok && a.Key == "id" && !heading(n) && !c.targets[a.Val]:
			c.drop("unused name (id)")
		case ok:
			seen[a.Key] = true
			kept = append(kept, a)
		case strings.HasPrefix(a.Key, "on"):
			c.drop("event handler")
		case a.Key == "style" || a.Key == "class" || a.Key == "bgcolor" || a.Key == "color":
			c.drop("styling of an element")
		default:
			c.drop("attribute")
		}
	}
	n.Attr = kept
}

func remove(n *html.Node) { n.Parent.RemoveChild(n) }

// replace puts an element with a text in the place of n.
func replace(n *html.Node, name, text string) {
	e := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
	e.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	n.Parent.InsertBefore(e, n)
	remove(n)
}

// unwrap puts the children of n in its place.
func unwrap(n *html.Node) {
	for k := n.FirstChild; k != nil; k = n.FirstChild {
		n.RemoveChild(k)
		n.Parent.InsertBefore(k, n)
	}
	remove(n)
}
