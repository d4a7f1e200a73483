package markup

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// maxToken is the largest tag or run of text of a page, embedded images not
// counted. Charting libraries written into a page come to 4.5 MB.
const maxToken = 6 << 20

// parseHTML parses a page of any encoding as a browser does. It refuses what would take more memory than a file may.
func parseHTML(data []byte) (*html.Node, error) {
	data, err := utf8HTML(data)
	if err != nil {
		return nil, err
	}
	if err := checkTokens(data); err != nil {
		return nil, err
	}
	doc, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		if strings.Contains(err.Error(), "512") {
			return nil, errTooDeep
		}
		return nil, errors.New("it cannot be read as a page")
	}
	return doc, nil
}

// utf8HTML decodes a page by its byte order mark, its declaration or, without
// either, as UTF-8 or else Windows-1252, as browsers do.
func utf8HTML(data []byte) ([]byte, error) {
	enc, name, certain := charset.DetermineEncoding(data[:min(len(data), 1024)], "text/html")
	if name == "utf-8" || !certain && utf8.Valid(data) {
		return bytes.ToValidUTF8(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\ufffd")), nil
	}
	if name == "replacement" {
		return nil, errors.New("its character encoding is not supported")
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return nil, errors.New("its characters cannot be read")
	}
	return bytes.TrimPrefix(out, []byte("\ufeff")), nil
}

// checkTokens counts tags before a tree of them is built. Embedded images are
// shortened first, so that the size of a single tag can be limited: a tag of
// 16 MB with an attribute every two bytes would take a quarter of a gigabyte.
func checkTokens(data []byte) error {
	z := html.NewTokenizer(bytes.NewReader(withoutBase64(data)))
	z.SetMaxBuf(maxToken)
	elements, attributes := 0, 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			if errors.Is(z.Err(), html.ErrBufferExceeded) {
				return errors.New("one of its elements is larger than 6 MB")
			}
			if z.Err() == io.EOF {
				return nil
			}
			return errors.New("it cannot be read as a page")
		case html.StartTagToken, html.SelfClosingTagToken:
			n := 0
			for _, more := z.TagName(); more; n++ {
				_, _, more = z.TagAttr()
			}
			if attributes += n; n > maxAttributes || attributes > maxAllAttributes {
				return errors.New("its elements have too many attributes")
			}
			elements++
		case html.CommentToken, html.TextToken:
			elements++
		}
		if elements > 2*maxElements {
			return errTooMany
		}
	}
}

// withoutBase64 shortens what follows "base64," to one letter, which changes
// no tag's name or end.
func withoutBase64(data []byte) []byte {
	const mark = "base64,"
	if !bytes.Contains(data, []byte(mark)) {
		return data
	}
	var out []byte
	for {
		i := bytes.Index(data, []byte(mark))
		if i < 0 {
			return append(out, data...)
		}
		i += len(mark)
		out = append(out, data[:i]...)
		data = data[i:]
		n := 0
		for n < len(data) && isBase64(data[n]) {
			n++
		}
		if n > 0 {
			out = append(out, 'x')
		}
		data = data[n:]
	}
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}

// attr returns an attribute's value.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return true
		}
	}
	return false
}

// find returns the first element of a name below n, in document order.
func find(n *html.Node, name string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Namespace == "" && d.Data == name {
			return d
		}
	}
	return nil
}

// words returns all text below n but that of scripts and styles, with single
// spaces.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// hasText says whether words would return anything.
func hasText(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.TrimSpace(n.Data) != ""
	}
	if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if hasText(c) {
			return true
		}
	}
	return false
}

// unseen says whether an element is kept from the reader by its own
// attributes. What a style sheet hides is not known here.
func unseen(n *html.Node) bool {
	return hasAttr(n, "hidden") || hides(attr(n, "style")) ||
		hasClass(n, "katex-html") && attr(n, "aria-hidden") == "true" // a second copy of a formula
}

func hasClass(n *html.Node, name string) bool {
	for _, c := range strings.Fields(attr(n, "class")) {
		if c == name {
			return true
		}
	}
	return false
}

// widgetClasses mark the places where a script draws: htmlwidgets of R (DT,
// plotly, leaflet), plotly, bokeh and vega of Python.
var widgetClasses = set(`html-widget plotly-graph-div js-plotly-plot bk-root vega-embed vega-embed-wrapper jupyter-widgets shiny-html-output`)

// widget says whether an element is filled by a script when the page opens.
func widget(n *html.Node) bool {
	if hasAttr(n, "data-pagedtable") {
		return true
	}
	for _, c := range strings.Fields(attr(n, "class")) {
		if widgetClasses[c] {
			return true
		}
	}
	return false
}
