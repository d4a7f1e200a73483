package markup

import "errors"

// Limits of what is read. Real reports and figures stay far below.
const (
	maxElements      = 500_000
	maxDepth         = 256
	maxAttributes    = 1000 // of one element
	maxAllAttributes = 2_000_000
	maxReuse         = 300_000
	maxReferenced    = 5_000_000
	maxChain         = 16 // references within references
	maxEmbedding     = 3  // drawings within drawings
)

var (
	errTooMany = errors.New("it has more than 500,000 elements")
	errTooDeep = errors.New("its elements are nested too deep")
)

// commentName marks a comment in the tree of a drawing.
const commentName = "#comment"

// node is an element of a drawing, a comment, or a text when it has no name.
type node struct {
	name    string // as SVG spells it; "" for text
	foreign bool   // of another vocabulary than SVG
	text    string
	attrs   []attribute
	kids    []*node
	line    int // in the file; 0 when not known
}

// attribute of a node. Space is "" for SVG's own, "xlink", "xml", "xmlns" or
// "other".
type attribute struct {
	space, name, value string
}

// attr returns the value of an attribute without a prefix.
func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.space == "" && a.name == name {
			return a.value
		}
	}
	return ""
}

// href returns the target of a reference. SVG 2's href wins over xlink:href.
func (n *node) href() (string, bool) {
	var old string
	var found bool
	for _, a := range n.attrs {
		if a.name != "href" {
			continue
		}
		switch a.space {
		case "":
			return a.value, true
		case "xlink":
			old, found = a.value, true
		}
	}
	return old, found
}

// plain returns all text below n.
func (n *node) plain() string {
	if n.name == "" {
		return n.text
	}
	var b []byte
	for _, k := range n.kids {
		b = append(b, k.plain()...)
	}
	return string(b)
}
