package markup

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"sallyport/checks/raster"
	"sallyport/checks/table"
)

// Page is what the checks look at in an HTML report.
type Page struct {
	Title string
	// Tables in document order, those in hidden places included. They are named
	// "table 1", ..., and those of script-drawn widgets "widget 1 table".
	Tables []*table.Source
	// Data is JSON that scripts of the page read.
	Data []Data
	// Text is what the page says outside of its tables, as lines.
	Text string
	// Hidden is what it says where no reader looks.
	Hidden []Hidden
	// Drawings and Pictures are the figures in it.
	Drawings []*Drawing
	Pictures []*raster.Image
	Counts   PageCounts
}

// Data is a JSON text in a page.
type Data struct {
	Name string // "script 2"
	JSON []byte
}

// PageCounts counts what a page holds besides what is read.
type PageCounts struct {
	Scripts       int // with their code in the page, handlers and addresses that run
	RemoteScripts int
	Styles        int // style sheets and styled elements
	Remote        int // images, style sheets and pages fetched from elsewhere
	Embedded      int // pages and objects within the page
	Forms         int // form fields
	Widgets       int // tables and figures that only a script draws
	Unread        int // embedded figures that cannot be read
}

// maxNesting limits pages within pages.
const maxNesting = 2

// ReadHTML reads a page. The error says in plain words why it cannot be read.
func ReadHTML(data []byte) (*Page, error) { return readPage(data, 0) }

func readPage(data []byte, depth int) (*Page, error) {
	doc, err := parseHTML(data)
	if err != nil {
		return nil, err
	}
	r := &pageReader{depth: depth}
	if title := find(doc, "title"); title != nil {
		r.Title = words(title)
	}
	r.node(doc, scope{})
	r.Text = strings.TrimSpace(r.text.String())
	return &r.Page, r.err
}

// pageReader walks a page once.
type pageReader struct {
	Page
	text    strings.Builder
	hidden  strings.Builder // of the hidden element being read
	scripts int
	tables  int
	depth   int
	figures figures
	err     error // the first limit that was met
}

// scope is what surrounds a node.
type scope struct {
	hidden, inTable, pre bool
}

func (r *pageReader) fail(err error) {
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *pageReader) hide(kind, text string) {
	if strings.TrimSpace(text) != "" {
		r.Hidden = append(r.Hidden, Hidden{kind, text})
	}
}

func (r *pageReader) node(n *html.Node, c scope) {
	switch n.Type {
	case html.TextNode:
		r.write(n.Data, c)
	case html.CommentNode:
		r.comment(n.Data)
	case html.ElementNode:
		r.element(n, c)
	default:
		r.kids(n, c)
	}
}

func (r *pageReader) kids(n *html.Node, c scope) {
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		r.node(k, c)
	}
}

// write adds text, unless a table that was read holds it.
func (r *pageReader) write(s string, c scope) {
	if !c.pre {
		s = oneSpace(s)
	}
	switch {
	case c.inTable:
	case c.hidden:
		r.hidden.WriteString(s)
	default:
		r.text.WriteString(s)
	}
}

// oneSpace makes single spaces of all white space, also before and behind the
// text, where it parts words from those of the elements beside it.
func oneSpace(s string) string {
	words := strings.Join(strings.Fields(s), " ")
	if words == "" {
		return " "
	}
	if !strings.HasPrefix(s, words[:1]) {
		words = " " + words
	}
	if !strings.HasSuffix(s, words[len(words)-1:]) {
		words += " "
	}
	return words
}

// encoded are the comments in which R notebooks keep source and output.
var encoded = regexp.MustCompile(`^\s*rnb-[a-z-]+-begin\s+([A-Za-z0-9+/=]+)\s*$`)

func (r *pageReader) comment(s string) {
	if m := encoded.FindStringSubmatch(s); m != nil {
		if plain, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
			s = string(plain)
		}
	}
	r.hide("comment", s)
}

func (r *pageReader) element(n *html.Node, c scope) {
	r.attributes(n)
	if n.Namespace == "svg" {
		r.drawing(drawingOf(n))
		return
	}
	switch n.Data {
	case "script":
		r.script(n)
		return
	case "style":
		r.Counts.Styles++
		return
	case "title":
		return
	case "link":
		r.Counts.Remote++
	case "img":
		r.image(n)
		return
	case "iframe", "object", "embed", "frame", "audio", "video", "source":
		r.embedded(n)
	case "input", "select", "textarea", "button":
		r.Counts.Forms++
		r.hide("form field", attr(n, "value"))
	case "annotation", "annotation-xml":
		return
	case "a":
		r.file(attr(n, "href"))
	case "pre":
		c.pre = true
	case "table":
		c.inTable = r.table(n) || c.inTable
	}
	if widget(n) && !hasText(n) {
		r.Counts.Widgets++
	}
	if !c.hidden && (unseen(n) || n.Data == "template" || n.Data == "noscript") {
		c.hidden = true
		defer func() {
			r.hide("hidden element", r.hidden.String())
			r.hidden.Reset()
		}()
	}
	if breaks[n.Data] {
		r.write("\n", scope{hidden: c.hidden, inTable: c.inTable, pre: true})
	}
	r.kids(n, c)
	if breaks[n.Data] {
		r.write("\n", scope{hidden: c.hidden, inTable: c.inTable, pre: true})
	}
}

// attributes counts what an element's attributes do.
func (r *pageReader) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"),
			strings.HasPrefix(strings.Map(noControl, strings.ToLower(a.Val)), "javascript:"):
			r.Counts.Scripts++
		case a.Key == "style":
			r.Counts.Styles++
		case a.Key == "alt" || a.Key == "title" || a.Key == "aria-label":
			r.hide("title", a.Val)
		}
	}
}

// table reads a table and says whether its text is taken.
func (r *pageReader) table(n *html.Node) bool {
	r.tables++
	src, err := readTable(n, fmt.Sprintf("table %d", r.tables))
	r.fail(err)
	if src == nil {
		return false
	}
	r.Tables = append(r.Tables, src)
	return true
}

func (r *pageReader) drawing(d *Drawing, err error) {
	if err != nil {
		r.Counts.Unread++
		return
	}
	r.Drawings = append(r.Drawings, d)
	r.Counts.Scripts += d.Counts.Scripts
	r.Counts.Remote += d.Counts.External
	r.Hidden = append(r.Hidden, d.Hidden...)
}

func (r *pageReader) image(n *html.Node) {
	src := strings.TrimSpace(attr(n, "src"))
	if !strings.HasPrefix(strings.ToLower(src), "data:") {
		r.Counts.Remote++
		return
	}
	kind, data, err := readDataImage(src)
	switch {
	case err == nil && kind == "image/svg+xml":
		r.drawing(ReadSVG(data))
	case err == nil && raster.Format(data) != "":
		r.picture(data)
	default:
		r.Counts.Unread++
	}
}

func (r *pageReader) picture(data []byte) {
	if err := r.figures.take(data); err != nil {
		r.fail(err)
		return
	}
	img, err := raster.Inspect(data)
	if img != nil {
		r.Pictures = append(r.Pictures, img)
	}
	if err != nil {
		r.Counts.Unread++
	}
}

// embedded counts a page within the page; one that is written out is read.
func (r *pageReader) embedded(n *html.Node) {
	r.Counts.Embedded++
	inner := attr(n, "srcdoc")
	if inner == "" {
		for _, key := range []string{"src", "data"} {
			r.file(attr(n, key))
		}
		return
	}
	if r.depth >= maxNesting {
		r.fail(errors.New("it holds pages within pages"))
		return
	}
	p, err := readPage([]byte(inner), r.depth+1)
	if r.fail(err); p == nil {
		return
	}
	for _, t := range p.Tables {
		t.Name = "embedded page, " + t.Name
	}
	r.Tables = append(r.Tables, p.Tables...)
	r.Data = append(r.Data, p.Data...)
	r.Hidden = append(append(r.Hidden, Hidden{"embedded page", p.Text}), p.Hidden...)
	r.Drawings = append(r.Drawings, p.Drawings...)
	r.Pictures = append(r.Pictures, p.Pictures...)
}

// file reads a file that is written into an address, as download buttons do.
func (r *pageReader) file(address string) {
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(address)), "data:") {
		return
	}
	kind, data, err := readDataImage(address)
	switch {
	case err != nil:
		r.Counts.Unread++
	case strings.Contains(kind, "json"):
		r.Data = append(r.Data, Data{"embedded file", data})
	default:
		r.hide("embedded file", string(data))
	}
}

// script counts a script and takes out the data it holds.
func (r *pageReader) script(n *html.Node) {
	r.scripts++
	code := ""
	if n.FirstChild != nil {
		code = n.FirstChild.Data
	}
	name := fmt.Sprintf("script %d", r.scripts)
	switch {
	case hasAttr(n, "src") && !strings.HasPrefix(attr(n, "src"), "data:"):
		r.Counts.RemoteScripts++
	case strings.Contains(strings.ToLower(attr(n, "type")), "json"):
		r.data(name, []byte(code))
	default:
		r.Counts.Scripts++
		r.plots(name, code)
	}
}

// data hands a widget's JSON on. The tables of DT and of R Markdown are turned
// into tables here, because their JSON keeps names and values apart.
func (r *pageReader) data(name string, raw []byte) {
	if strings.TrimSpace(string(raw)) == "" {
		return
	}
	if src := widgetTable(raw); src != nil {
		src.Name = name + " table"
		r.Tables = append(r.Tables, src)
		return
	}
	r.Data = append(r.Data, Data{name, raw})
}

// plots finds the data that plotly's Python library writes as arguments of a
// call.
func (r *pageReader) plots(name, code string) {
	for {
		i := strings.Index(code, "Plotly.newPlot(")
		if i < 0 {
			return
		}
		code = code[i+len("Plotly.newPlot("):]
		start := strings.IndexByte(code, '[')
		if start < 0 {
			return
		}
		var raw json.RawMessage
		if err := json.NewDecoder(strings.NewReader(code[start:])).Decode(&raw); err != nil {
			r.fail(errors.New("the data of a chart in it cannot be read"))
			return
		}
		r.Data = append(r.Data, Data{name, raw})
		code = code[start+len(raw):]
	}
}
