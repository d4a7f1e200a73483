package ui

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// jsonNode is one value of a JSON file, with what lies in it.
type jsonNode struct {
	Key   string // of an object's member, or the place in a list from 1; "" for the whole
	Value string // of a plain value, as written
	Kind  string // "object", "list" or "" for a plain value
	Items []jsonNode
	Count int    // things in it, shown or not
	Open  bool   // to begin with
	More  string // address of the things in it that come after Items; "" when none do

	from int // how many things in it lie before Items
}

// Left is how many things in it come after those that the tree shows.
func (n jsonNode) Left() int { return n.Count - n.from - len(n.Items) }

// Limits of what is laid out at once. What is over them has an address of its
// own, from which it is fetched when somebody opens it.
const (
	treeNodes = 3000
	treeDepth = 6   // levels below the part that is asked for
	treeItems = 200 // of one object or list
)

// treePart says which part of a tree is laid out: the value that is reached from
// the whole by taking, level by level, the things with these numbers (from 0),
// and in it the things from From on.
type treePart struct {
	At   []int
	From int
}

// longestTreePath bounds the text of an address that leads into a tree.
const longestTreePath = 4000

// treePartOf reads the part that an address asks for; the whole when it makes no
// sense.
func treePartOf(q url.Values) treePart {
	var p treePart
	p.From, _ = strconv.Atoi(q.Get("from"))
	p.From = max(p.From, 0)
	text := q.Get("at")
	if text == "" || len(text) > longestTreePath {
		return p
	}
	for step := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(step)
		if err != nil || n < 0 {
			return treePart{}
		}
		p.At = append(p.At, n)
	}
	return p
}

// query is the part as an address asks for it.
func (p treePart) query() url.Values {
	q := url.Values{"view": {"tree"}}
	if len(p.At) > 0 {
		steps := make([]string, len(p.At))
		for i, n := range p.At {
			steps[i] = strconv.Itoa(n)
		}
		q.Set("at", strings.Join(steps, "."))
	}
	if p.From > 0 {
		q.Set("from", strconv.Itoa(p.From))
	}
	return q
}

// whole reports whether it is the tree from its root on.
func (p treePart) whole() bool { return len(p.At) == 0 && p.From == 0 }

// jsonTree reads a part of JSON as a tree, members in the file's order. cut says
// that a text in it is shortened; ok is false for what is no JSON, and for a part
// that there is not. link makes the address of another part.
func jsonTree(data []byte, part treePart, link func(treePart) string) (root jsonNode, cut, ok bool) {
	if !json.Valid(data) {
		return jsonNode{}, false, false
	}
	r := treeReader{data: data, left: treeNodes, link: link}
	r.space()
	key, ok := r.enter(part.At)
	if !ok {
		return jsonNode{}, false, false
	}
	root = r.value(key, part.At, part.From, 0)
	return root, r.cut, true
}

// treeReader goes through JSON that is known to be valid. What is not shown is
// passed over byte by byte, never decoded, so that a part far down a large file is
// found about as fast as one at its top.
type treeReader struct {
	data []byte
	pos  int // of the byte that is read next
	left int // values that may still be laid out
	cut  bool
	link func(treePart) string
}

// enter goes down to a part, and returns what it is called there; ok is false where
// there is no such part.
func (r *treeReader) enter(at []int) (key string, ok bool) {
	for _, n := range at {
		open := r.data[r.pos]
		if open != '{' && open != '[' {
			return "", false
		}
		r.pos++
		if key, ok = r.thing(open, n); !ok {
			return "", false
		}
	}
	return key, true
}

// thing goes on to the thing with a number (from 0) in the object or list that was
// opened, and returns what it is called.
func (r *treeReader) thing(open byte, n int) (key string, ok bool) {
	for i := 0; r.more(); i++ {
		name := r.name(open)
		if i == n {
			return keyOf(name, i), true
		}
		r.skip()
	}
	return "", false
}

// more reports whether another thing follows in the object or list that is being
// read, and stands at it; else it stands after its end.
func (r *treeReader) more() bool {
	r.space()
	if r.data[r.pos] == ',' {
		r.pos++
		r.space()
	}
	if c := r.data[r.pos]; c != '}' && c != ']' {
		return true
	}
	r.pos++
	return false
}

// name passes over what a member of an object is called, and returns it as written;
// nil in a list.
func (r *treeReader) name(open byte) []byte {
	if open == '[' {
		return nil
	}
	name := r.skip()
	r.space()
	r.pos++ // the colon
	r.space()
	return name
}

// keyOf is what the thing with a number (from 0) is called: its name in an object,
// its number from 1 in a list.
func keyOf(name []byte, i int) string {
	if name == nil {
		return strconv.Itoa(i + 1)
	}
	return printable(textOf(name))
}

// textOf is what a string says that is written in JSON.
func textOf(written []byte) string {
	var text string
	if json.Unmarshal(written, &text) != nil {
		return string(written) // never: what is read is valid
	}
	return text
}

func (r *treeReader) value(key string, at []int, from, depth int) jsonNode {
	n := jsonNode{Key: key}
	switch r.data[r.pos] {
	case '{', '[':
		n.Kind = "list"
		if r.data[r.pos] == '{' {
			n.Kind = "object"
		}
		n.from, n.Open = from, depth < 2
		r.items(&n, at, depth+1)
	case '"':
		text := textOf(r.skip())
		n.Value = `"` + printable(text) + `"`
		if len(text) > longestLine {
			n.Value, r.cut = `"`+printable(text[:longestLine])+` […]"`, true
		}
	default:
		n.Value = string(r.skip())
	}
	return n
}

// items reads what an object or a list holds, and gives what is over the limits
// an address.
func (r *treeReader) items(n *jsonNode, at []int, depth int) {
	open := r.data[r.pos]
	r.pos++
	for ; r.more(); n.Count++ {
		i, name := n.Count, r.name(open)
		if i < n.from || depth > treeDepth || len(n.Items) == treeItems || r.left <= 0 || n.More != "" {
			if i >= n.from && n.More == "" {
				n.More = r.link(treePart{At: at, From: i})
			}
			r.skip()
			continue
		}
		r.left--
		n.Items = append(n.Items, r.value(keyOf(name, i), append(slices.Clone(at), i), 0, depth))
	}
	n.Open = n.Open && len(n.Items) > 0
}

// skip passes over one value, and returns it as written.
func (r *treeReader) skip() []byte {
	start := r.pos
	for depth := 0; ; {
		switch r.data[r.pos] {
		case '"':
			r.text()
		case '{', '[':
			depth++
			r.pos++
		case '}', ']':
			depth--
			r.pos++
		default:
			r.plain()
		}
		if depth == 0 {
			return r.data[start:r.pos]
		}
	}
}

// text passes over a string.
func (r *treeReader) text() {
	for r.pos++; r.data[r.pos] != '"'; r.pos++ {
		if r.data[r.pos] == '\\' {
			r.pos++
		}
	}
	r.pos++
}

// plain passes over a number or a word, or over what stands between values.
func (r *treeReader) plain() {
	for r.pos++; r.pos < len(r.data); r.pos++ {
		switch r.data[r.pos] {
		case '"', '{', '}', '[', ']', ',', ':', ' ', '\t', '\r', '\n':
			return
		}
	}
}

func (r *treeReader) space() {
	for r.pos < len(r.data) && (r.data[r.pos] == ' ' || r.data[r.pos] == '\t' || r.data[r.pos] == '\r' || r.data[r.pos] == '\n') {
		r.pos++
	}
}
