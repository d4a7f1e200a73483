package markup

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sallyport/checks/clean"
	"sallyport/checks/table"
)

// drawing embeds an inline SVG as an image, cleaned.
func (c *htmlCleaner) drawing(n *html.Node) {
	root, err := fromHTML(n, 0)
	if err == nil {
		var gone clean.List
		var out []byte
		if out, err = cleanDrawing(root, &gone, 1, &c.figures); err == nil {
			c.gone.Merge(c.place, prefixed("in a figure: ", gone.Removals()))
			img := &html.Node{Type: html.ElementNode, Data: "img", DataAtom: atom.Img, Attr: []html.Attribute{
				{Key: "src", Val: dataImage("image/svg+xml", out)}, {Key: "alt", Val: "figure"}}}
			n.Parent.InsertBefore(img, n)
			remove(n)
			return
		}
	}
	c.drop("figure that cannot be cleaned")
	replace(n, "span", "[A figure was here. It could not be cleaned.]")
}

func prefixed(prefix string, removed []clean.Removal) []clean.Removal {
	for i := range removed {
		removed[i].What = prefix + removed[i].What
	}
	return removed
}

// image keeps an embedded picture, cleaned, and replaces any other by a remark
// and its alternative text.
func (c *htmlCleaner) image(n *html.Node) {
	if title := attr(n, "title"); title != "" && attr(n, "alt") == "" {
		dropAttr(n, "alt")
		dropAttr(n, "title")
		n.Attr = append(n.Attr, html.Attribute{Key: "alt", Val: title})
	}
	remark := "The image could not be cleaned."
	src := strings.TrimSpace(attr(n, "src"))
	if len(src) >= 5 && strings.EqualFold(src[:5], "data:") {
		out, removed, err := c.cleanData(src, 0)
		if err == nil {
			c.gone.Merge(c.place, prefixed("in a figure: ", removed))
			for i := range n.Attr {
				if n.Attr[i].Key == "src" {
					n.Attr[i].Val = out
				}
			}
			c.attributes(n)
			return
		}
		c.drop("image that cannot be cleaned")
	} else {
		remark = "The image is kept elsewhere and is not part of this document."
		c.drop("image from elsewhere")
	}
	if alt := strings.Join(strings.Fields(attr(n, "alt")), " "); alt != "" {
		remark = alt + ": " + remark
	}
	replace(n, "span", "["+remark+"]")
}

// link keeps a link within the page. Any other becomes text, its address
// written behind it, so that nothing leads out unseen.
func (c *htmlCleaner) link(n *html.Node) {
	href := strings.TrimSpace(attr(n, "href"))
	if name := attr(n, "name"); name != "" && attr(n, "id") == "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "id", Val: name})
	}
	if href == "" || href[0] == '#' {
		return
	}
	c.drop("link to elsewhere, text kept")
	if u, err := url.Parse(href); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		u.User = nil
		address := u.String()
		if len(address) > 200 {
			address = u.Scheme + "://" + u.Host + "/..."
		}
		if !strings.Contains(words(n), strings.TrimSuffix(address, "/")) {
			n.AppendChild(&html.Node{Type: html.TextNode, Data: " (" + address + ")"})
		}
	}
	dropAttr(n, "href")
}

func dropAttr(n *html.Node, key string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr = append(n.Attr[:i], n.Attr[i+1:]...)
			return
		}
	}
}

// cell keeps what of a cell's styling says something: how it is aligned, that
// it is bold, and that its label stands below another. Tables made with gt tell
// levels from their headings by nothing else.
func (c *htmlCleaner) cell(n *html.Node) {
	if n.Data != "td" && n.Data != "th" {
		return
	}
	if c.slots += span(n, "colspan") * span(n, "rowspan"); c.slots > table.MaxCells && c.err == nil {
		c.err = errWide
	}
	for _, d := range declarations(attr(n, "style")) {
		v := strings.ToLower(d.value)
		switch d.property {
		case "text-align":
			if attr(n, "align") == "" && (v == "left" || v == "right" || v == "center") {
				n.Attr = append(n.Attr, html.Attribute{Key: "align", Val: v})
			}
		case "text-indent":
			if number(v, 0) > 0 && n.FirstChild != nil {
				n.InsertBefore(&html.Node{Type: html.TextNode, Data: "\u00a0\u00a0\u00a0\u00a0"}, n.FirstChild)
			}
		case "font-weight":
			if v == "bold" || v == "bolder" || number(v, 0) >= 600 {
				embolden(n)
			}
		}
	}
}

// embolden puts what n holds in a <b>.
func embolden(n *html.Node) {
	bold := &html.Node{Type: html.ElementNode, Data: "b", DataAtom: atom.B}
	for k := n.FirstChild; k != nil; k = n.FirstChild {
		n.RemoveChild(k)
		bold.AppendChild(k)
	}
	n.AppendChild(bold)
}
