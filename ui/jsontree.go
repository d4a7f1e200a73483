package ui

import (
	"bytes"
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
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	r := treeReader{d: d, left: treeNodes, link: link}
	key, err := r.enter(part.At)
	if err != nil {
		return jsonNode{}, false, false
	}
	root, err = r.value(key, part.At, part.From, 0)
	if err != nil || part.whole() && d.More() {
		return jsonNode{}, false, false
	}
	return root, r.cut, true
}

type treeReader struct {
	d    *json.Decoder
	left int
	cut  bool
	link func(treePart) string
}

// errNoPart ends the way to a part that there is not.
const errNoPart = treeError("there is no such part")

type treeError string

func (e treeError) Error() string { return string(e) }

// enter goes down to a part, and returns what it is called there.
func (r *treeReader) enter(at []int) (key string, err error) {
	for _, n := range at {
		token, err := r.d.Token()
		if err != nil {
			return "", err
		}
		object := token == json.Delim('{')
		if !object && token != json.Delim('[') {
			return "", errNoPart
		}
		for i := 0; ; i++ {
			if !r.d.More() {
				return "", errNoPart
			}
			if key, err = r.key(object, i); err != nil {
				return "", err
			}
			if i == n {
				break
			}
			if err := r.skip(); err != nil {
				return "", err
			}
		}
	}
	return key, nil
}

// key reads what the next thing is called: its name in an object, its number from
// 1 in a list.
func (r *treeReader) key(object bool, i int) (string, error) {
	if !object {
		return strconv.Itoa(i + 1), nil
	}
	token, err := r.d.Token()
	name, _ := token.(string)
	return printable(name), err
}

func (r *treeReader) value(key string, at []int, from, depth int) (jsonNode, error) {
	token, err := r.d.Token()
	if err != nil {
		return jsonNode{}, err
	}
	n := jsonNode{Key: key}
	switch v := token.(type) {
	case json.Delim:
		n.Kind = "list"
		if v == '{' {
			n.Kind = "object"
		}
		n.from, n.Open = from, depth < 2
		return n, r.items(&n, at, depth+1)
	case string:
		n.Value = `"` + printable(v) + `"`
		if len(v) > longestLine {
			n.Value, r.cut = `"`+printable(v[:longestLine])+` […]"`, true
		}
	case json.Number:
		n.Value = v.String()
	case bool:
		n.Value = strconv.FormatBool(v)
	default:
		n.Value = "null"
	}
	return n, nil
}

// items reads what an object or a list holds, and gives what is over the limits
// an address.
func (r *treeReader) items(n *jsonNode, at []int, depth int) error {
	for r.d.More() {
		i := n.Count
		key, err := r.key(n.Kind == "object", i)
		if err != nil {
			return err
		}
		n.Count++
		if i < n.from || depth > treeDepth || len(n.Items) == treeItems || r.left <= 0 || n.More != "" {
			if i >= n.from && n.More == "" {
				n.More = r.link(treePart{At: at, From: i})
			}
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		r.left--
		item, err := r.value(key, append(slices.Clone(at), i), 0, depth)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	n.Open = n.Open && len(n.Items) > 0
	_, err := r.d.Token()
	return err
}

// skip reads one value without keeping any of it.
func (r *treeReader) skip() error {
	for depth := 0; ; {
		token, err := r.d.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
