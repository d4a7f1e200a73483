package markup

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// maxLabels limits the texts of one drawing that are looked at.
const maxLabels = 50_000

// Drawing is what an SVG says besides its shapes.
type Drawing struct {
	Labels []Label
	// Hidden is the text that is not drawn: titles, descriptions, metadata,
	// comments that no text stands for, foreign content.
	Hidden []Hidden
	Counts DrawingCounts
}

// DrawingCounts counts what matters of a drawing's elements.
type DrawingCounts struct {
	Scripts  int // scripts, handlers, addresses that run
	External int // references to other files or places
	Images   int // embedded pictures
	Marks    int // circles and copies, which may each be a person
	Shapes   int // groups of shapes that stand for text
}

// Label is one text of a drawing, where it is drawn. NaN stands for a place
// that is not known.
type Label struct {
	Text string
	X, Y float64
	Line int // in the file; 0 in a page
}

// Hidden is text that a reader of the page or figure does not see.
type Hidden struct {
	Kind string // "comment", "title", "metadata", "hidden element", "template", "embedded file", "embedded page"
	Text string
}

// ReadSVG reads the texts of a drawing with their places, and counts what is
// active. Matplotlib draws texts as shapes and leaves them in comments: those
// are read as labels.
func ReadSVG(data []byte) (*Drawing, error) {
	d, err := readXML(data)
	if err != nil {
		return nil, err
	}
	out, err := readDrawing(d.root)
	if err != nil {
		return nil, err
	}
	for _, c := range d.comments {
		out.hide("comment", c)
	}
	out.Counts.External += d.settings
	return out, nil
}

// drawingOf reads a drawing that stands in a page.
func drawingOf(n *html.Node) (*Drawing, error) {
	root, err := fromHTML(n, 0)
	if err != nil {
		return nil, err
	}
	return readDrawing(root)
}

func readDrawing(root *node) (*Drawing, error) {
	d := &Drawing{}
	d.walk(root, matrix{1, 0, 0, 1, 0, 0})
	if len(d.Labels) > maxLabels {
		return nil, errors.New("it has more texts than can be examined")
	}
	return d, nil
}

func (d *Drawing) hide(kind, text string) {
	if text = strings.Join(strings.Fields(text), " "); text != "" {
		d.Hidden = append(d.Hidden, Hidden{kind, text})
	}
}

// walk reads an element and all below it. m is the transformation around it.
func (d *Drawing) walk(n *node, m matrix) {
	d.count(n)
	switch {
	case n.name == "" || n.name == "style":
		return
	case n.name == commentName:
		d.hide("comment", n.text)
		return
	case n.name == "script":
		return
	case svgUnseen[n.name] != "" || n.foreign || n.name == "foreignObject":
		kind := strings.TrimPrefix(svgUnseen[n.name], "hidden ")
		if kind == "" {
			kind = "embedded page part"
		}
		d.hide(kind, spaced(n))
		return
	}
	m = m.times(transform(n.attr("transform")))
	if n.name == "text" {
		d.text(n, m)
		return
	}
	for i, k := range n.kids {
		if k.name == commentName && strings.TrimSpace(k.text) != "" && i+1 < len(n.kids) {
			if at, ok := shapesAfter(n.kids[i+1:]); ok {
				d.Counts.Shapes++
				x, y := m.times(transform(at.attr("transform"))).at(0, 0)
				d.Labels = append(d.Labels, Label{strings.Join(strings.Fields(k.text), " "), x, y, k.line})
				continue
			}
		}
		d.walk(k, m)
	}
}

// shapesAfter finds the group of shapes that draws the text of a comment.
func shapesAfter(rest []*node) (*node, bool) {
	for _, k := range rest {
		if k.name == "" && strings.TrimSpace(k.text) == "" {
			continue
		}
		return k, k.name == "g" && strings.Contains(k.attr("transform"), "scale")
	}
	return nil, false
}

// spaced is the text below an element with spaces between its parts.
func spaced(n *node) string {
	if n.name == "" || n.name == commentName {
		return n.text
	}
	var b strings.Builder
	for _, k := range n.kids {
		b.WriteString(spaced(k))
		b.WriteByte(' ')
	}
	return b.String()
}

// text reads a text and those of its parts that have a place of their own.
func (d *Drawing) text(n *node, m matrix) {
	x, y := number(n.attr("x"), 0), number(n.attr("y"), 0)
	var b strings.Builder
	line := n.line
	flush := func() {
		if s := strings.Join(strings.Fields(b.String()), " "); s != "" {
			px, py := m.at(x, y)
			d.Labels = append(d.Labels, Label{s, px, py, line})
		}
		b.Reset()
	}
	var walk func(n *node)
	walk = func(n *node) {
		for _, k := range n.kids {
			switch {
			case k.name == "":
				b.WriteString(k.text)
			case k.name == "title" || k.name == "desc" || k.name == commentName:
				d.hide("title", spaced(k)+k.text)
			default:
				d.count(k)
				if k.attr("x") != "" || k.attr("y") != "" {
					flush()
					x, y, line = number(k.attr("x"), x), number(k.attr("y"), y), k.line
				}
				walk(k)
			}
		}
	}
	walk(n)
	flush()
}

// count notes what an element does besides drawing.
func (d *Drawing) count(n *node) {
	switch n.name {
	case "script", "handler", "set", "animate", "animateMotion", "animateTransform":
		d.Counts.Scripts++
	case "circle", "use":
		d.Counts.Marks++
	}
	for _, a := range n.attrs {
		v := strings.ToLower(strings.TrimSpace(a.value))
		switch {
		case len(a.name) > 2 && strings.EqualFold(a.name[:2], "on"),
			strings.HasPrefix(strings.Map(noControl, v), "javascript:"):
			d.Counts.Scripts++
		case a.name == "href" && n.name == "image" && strings.HasPrefix(v, "data:"):
			d.Counts.Images++
		case a.name == "href" && n.name == "a": // a link fetches nothing
		case a.name == "href" && v != "" && v[0] != '#' && !strings.HasPrefix(v, "data:"),
			a.space == "" && strings.Contains(v, "url(") && !strings.Contains(v, "url(#") && !strings.Contains(v, `url("#`) && !strings.Contains(v, "url('#"):
			d.Counts.External++
		}
	}
	if n.name == "style" && (strings.Contains(n.plain(), "@import") || strings.Contains(n.plain(), "url(http")) {
		d.Counts.External++
	}
}

// noControl drops the control characters that browsers skip in an address.
func noControl(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}

// matrix is an affine transformation as SVG writes it: a b c d e f.
type matrix [6]float64

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

func (m matrix) at(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// transform reads a transform attribute; what cannot be read changes nothing.
func transform(s string) matrix {
	m := matrix{1, 0, 0, 1, 0, 0}
	for s != "" {
		name, rest, ok := strings.Cut(s, "(")
		args, after, closed := strings.Cut(rest, ")")
		if !ok || !closed {
			return m
		}
		s = after
		var v []float64
		for _, f := range strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
			v = append(v, number(f, 0))
		}
		m = m.times(operation(strings.Trim(name, " ,\n\t"), append(v, 0, 0, 0, 0, 0, 0), len(v)))
	}
	return m
}

// operation is one step of a transform; v has at least six values, of which n
// were written.
func operation(name string, v []float64, n int) matrix {
	switch name {
	case "translate":
		return matrix{1, 0, 0, 1, v[0], v[1]}
	case "scale":
		if n < 2 {
			v[1] = v[0]
		}
		return matrix{v[0], 0, 0, v[1], 0, 0}
	case "rotate":
		sin, cos := math.Sincos(v[0] * math.Pi / 180)
		turn := matrix{cos, sin, -sin, cos, 0, 0}
		return matrix{1, 0, 0, 1, v[1], v[2]}.times(turn).times(matrix{1, 0, 0, 1, -v[1], -v[2]})
	case "matrix":
		return matrix(v[:6])
	}
	return matrix{1, 0, 0, 1, 0, 0}
}

// number reads the first number of a list such as "12.5px" or "3, 4".
func number(s string, otherwise float64) float64 {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && strings.IndexByte("0123456789.eE+-", s[end]) >= 0 {
		end++
	}
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return otherwise
	}
	return v
}
