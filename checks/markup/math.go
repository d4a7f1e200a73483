package markup

import (
	"strings"

	"golang.org/x/net/html"
)

var (
	mathAllowed    = set(strings.Join(mathElements, " "))
	mathAttributed = set(strings.Join(mathAttributes, " "))
)

// math keeps a formula in its presentation form. The elements of MathML that
// can hold a page again are left out: their text stays, or goes with an
// annotation, which no browser shows.
func (c *htmlCleaner) math(n *html.Node) {
	if n.Data == "annotation" || n.Data == "annotation-xml" {
		c.drop("formula in another notation")
		remove(n)
		return
	}
	c.mathAttributes(n)
	for k := n.FirstChild; k != nil; {
		next := k.NextSibling
		switch {
		case k.Type == html.TextNode:
		case k.Type != html.ElementNode:
			c.drop("comment")
			remove(k)
		case k.Namespace == "math":
			c.math(k)
		default:
			c.drop("page content within a formula, text kept")
			text := &html.Node{Type: html.TextNode, Data: words(k)}
			n.InsertBefore(text, k)
			remove(k)
		}
		k = next
	}
	if !mathAllowed[n.Data] {
		c.drop("unusual element, text kept")
		unwrap(n)
	}
}

func (c *htmlCleaner) mathAttributes(n *html.Node) {
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		switch {
		case a.Namespace == "" && mathAttributed[a.Key] && mathValue.MatchString(a.Val):
			kept = append(kept, a)
		case a.Key == "xmlns":
		case strings.HasPrefix(a.Key, "on"):
			c.drop("event handler")
		default:
			c.drop("attribute")
		}
	}
	n.Attr = kept
}
