package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
)

// drawing is an SVG as read: its tree, and what stood beside it.
type drawing struct {
	root     *node
	comments []string // outside of the root
	doctype  int
	settings int // processing instructions such as style sheets
}

// xmlReader builds the tree of a drawing from XML tokens, resolving prefixes.
type xmlReader struct {
	drawing
	dec                  *xml.Decoder
	open                 []*node
	names                []string            // as written, to match end tags
	spaces               []map[string]string // prefixes declared by each open element, may be nil
	elements, attributes int
}

// readXML parses an SVG file. Entities other than XML's own five are an error:
// they can expand without end. The error says in plain words what is wrong.
func readXML(data []byte) (*drawing, error) {
	data, err := utf8XML(data)
	if err != nil {
		return nil, err
	}
	if crowded(data) {
		return nil, errors.New("one of its elements has too many attributes")
	}
	r := &xmlReader{dec: xml.NewDecoder(bytes.NewReader(data))}
	r.dec.CharsetReader = charset.NewReaderLabel
	for {
		token, err := r.dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, plainXML(err)
		}
		if err := r.token(token); err != nil {
			return nil, err
		}
	}
	switch {
	case len(r.open) > 0:
		return nil, errors.New("it is cut short: an element is not closed")
	case r.root == nil || r.root.name != "svg" || r.root.foreign:
		return nil, errors.New("it is not an SVG drawing")
	}
	return &r.drawing, nil
}

// utf8XML turns UTF-16 with a byte order mark into UTF-8.
func utf8XML(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0xff, 0xfe}) && !bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	}
	r, err := charset.NewReaderLabel("utf-16", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil, errors.New("its characters cannot be read")
	}
	out = bytes.TrimPrefix(out, []byte("\ufeff"))
	// The declaration still says UTF-16, which no longer holds.
	if i := bytes.Index(out, []byte("?>")); bytes.HasPrefix(out, []byte("<?xml")) && i > 0 {
		out = out[i+2:]
	}
	return out, nil
}

// plainXML says what is wrong without repeating anything from the file.
func plainXML(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		if strings.Contains(syntax.Msg, "entity") {
			return fmt.Errorf("it uses entities of its own (line %d), which are not allowed", syntax.Line)
		}
		return fmt.Errorf("it is not well-formed XML (line %d)", syntax.Line)
	}
	return errors.New("its character encoding is not known")
}

func (r *xmlReader) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		if len(r.open) == 0 || r.names[len(r.names)-1] != t.Name.Space+":"+t.Name.Local {
			line, _ := r.dec.InputPos()
			return fmt.Errorf("it is not well-formed XML: an end tag does not match (line %d)", line)
		}
		r.open, r.names, r.spaces = r.open[:len(r.open)-1], r.names[:len(r.names)-1], r.spaces[:len(r.spaces)-1]
	case xml.CharData:
		return r.chars(string(t))
	case xml.Comment:
		return r.comment(string(t))
	case xml.Directive:
		r.doctype++
	case xml.ProcInst:
		if t.Target != "xml" {
			r.settings++
		}
	}
	return nil
}

func (r *xmlReader) comment(text string) error {
	if r.elements++; r.elements > maxElements {
		return errTooMany
	}
	if len(r.open) == 0 {
		r.comments = append(r.comments, text)
		return nil
	}
	line, _ := r.dec.InputPos()
	in := r.open[len(r.open)-1]
	in.kids = append(in.kids, &node{name: commentName, text: text, line: line})
	return nil
}

func (r *xmlReader) chars(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("its characters are not valid UTF-8")
	}
	if len(r.open) == 0 {
		if strings.TrimSpace(text) != "" {
			return errors.New("it has text outside of the drawing")
		}
		return nil
	}
	if r.elements++; r.elements > maxElements {
		return errTooMany
	}
	in := r.open[len(r.open)-1]
	line, _ := r.dec.InputPos()
	in.kids = append(in.kids, &node{text: text, line: line})
	return nil
}

func (r *xmlReader) start(t xml.StartElement) error {
	if r.elements++; r.elements > maxElements {
		return errTooMany
	}
	if r.attributes += len(t.Attr); r.attributes > maxAllAttributes {
		return errors.New("its elements have more than 2,000,000 attributes")
	}
	if len(r.open) >= maxDepth {
		return errTooDeep
	}
	if len(r.open) == 0 && r.root != nil {
		return errors.New("it holds more than one drawing")
	}
	var declared map[string]string
	for _, a := range t.Attr {
		prefix, isDecl := "", a.Name.Space == "" && a.Name.Local == "xmlns"
		if a.Name.Space == "xmlns" {
			prefix, isDecl = a.Name.Local, true
		}
		if isDecl {
			if declared == nil {
				declared = map[string]string{}
			}
			declared[prefix] = a.Value
		}
	}
	line, _ := r.dec.InputPos()
	n := &node{line: line}
	r.spaces = append(r.spaces, declared)
	r.names = append(r.names, t.Name.Space+":"+t.Name.Local)
	space := r.space(t.Name.Space)
	n.name, n.foreign = t.Name.Local, space != svgSpace && space != ""
	for _, a := range t.Attr {
		n.attrs = append(n.attrs, attribute{r.attributeSpace(a.Name), a.Name.Local, a.Value})
	}
	if r.root == nil {
		r.root = n
	} else {
		in := r.open[len(r.open)-1]
		in.kids = append(in.kids, n)
	}
	r.open = append(r.open, n)
	return nil
}

// space resolves a prefix in the scope of the element being opened. A drawing
// without any declaration is taken as SVG, as it is when it stands in a page.
func (r *xmlReader) space(prefix string) string {
	for i := len(r.spaces) - 1; i >= 0; i-- {
		if s, ok := r.spaces[i][prefix]; ok {
			return s
		}
	}
	if prefix != "" {
		return "undeclared"
	}
	return ""
}

func (r *xmlReader) attributeSpace(name xml.Name) string {
	switch {
	case name.Space == "xmlns" || name.Space == "" && name.Local == "xmlns":
		return "xmlns"
	case name.Space == "":
		return ""
	case name.Space == "xml":
		return "xml"
	}
	switch r.space(name.Space) {
	case xlinkSpace:
		return "xlink"
	case svgSpace:
		return "" // not what the standard says, but what some tools write
	case xmlSpace:
		return "xml"
	}
	return "other"
}

// crowded says whether one tag has so many attributes that merely listing them
// would cost more memory than a file may: the decoder lists them before it can
// be stopped.
func crowded(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '<')
		if i < 0 {
			return false
		}
		data = data[i:]
		end := ""
		switch {
		case bytes.HasPrefix(data, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(data, []byte("<![CDATA[")):
			end = "]]>"
		case bytes.HasPrefix(data, []byte("<?")):
			end = "?>"
		}
		if end != "" {
			if i = bytes.Index(data, []byte(end)); i < 0 {
				return false
			}
			data = data[i:]
			continue
		}
		n := 0
		for i = 1; i < len(data) && data[i] != '>'; i++ {
			switch data[i] {
			case '=':
				n++
			case '"', '\'':
				j := bytes.IndexByte(data[i+1:], data[i])
				if j < 0 {
					return false
				}
				i += j + 1
			}
		}
		if n > maxAttributes {
			return true
		}
		data = data[min(i, len(data)):]
	}
}

// fromHTML copies an SVG that stands in a page, where the HTML parser has
// already restored the spelling of names.
func fromHTML(h *html.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch h.Type {
	case html.TextNode:
		return &node{text: h.Data}, nil
	case html.CommentNode:
		return &node{name: commentName, text: h.Data}, nil
	}
	n := &node{name: h.Data, foreign: h.Namespace != "svg"}
	for _, a := range h.Attr {
		space := a.Namespace
		if space != "" && space != "xlink" && space != "xml" && space != "xmlns" {
			space = "other"
		}
		if space == "" && strings.HasPrefix(a.Key, "xmlns") {
			space = "xmlns"
		}
		n.attrs = append(n.attrs, attribute{space, a.Key, a.Val})
	}
	for c := h.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode && c.Type != html.TextNode && c.Type != html.CommentNode {
			continue
		}
		k, err := fromHTML(c, depth+1)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	return n, nil
}
