package ui

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// jsonNode is one value of a JSON file, with what lies in it.
type jsonNode struct {
	Key   string // of an object's member, or the place in a list from 1; "" for the whole
	Value string // of a plain value, as written
	Kind  string // "object", "list" or "" for a plain value
	Items []jsonNode
	Count int  // things in it, shown or not
	Open  bool // to begin with
}

// Left is how many things in it the tree does not show.
func (n jsonNode) Left() int { return n.Count - len(n.Items) }

// Limits of what is laid out as a tree; the text of the file has the rest.
const (
	treeNodes = 3000
	treeDepth = 40
	treeItems = 200 // of one object or list
)

// jsonTree reads JSON as a tree, members in the file's order. whole is false when
// the limits left something out; ok is false for what is no JSON.
func jsonTree(data []byte) (root jsonNode, whole, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	r := treeReader{d: d, left: treeNodes, whole: true}
	root, err := r.value("", 0)
	if err != nil || d.More() {
		return jsonNode{}, false, false
	}
	return root, r.whole, true
}

type treeReader struct {
	d     *json.Decoder
	left  int
	whole bool
}

func (r *treeReader) value(key string, depth int) (jsonNode, error) {
	token, err := r.d.Token()
	if err != nil {
		return jsonNode{}, err
	}
	n := jsonNode{Key: key, Open: depth < 2}
	switch v := token.(type) {
	case json.Delim:
		n.Kind = "list"
		if v == '{' {
			n.Kind = "object"
		}
		return n, r.items(&n, depth+1)
	case string:
		n.Value = `"` + printable(v) + `"`
		if len(v) > longestLine {
			n.Value, r.whole = `"`+printable(v[:longestLine])+` […]"`, false
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

// items reads what an object or a list holds, and leaves out of the tree what is
// over its limits.
func (r *treeReader) items(n *jsonNode, depth int) error {
	for r.d.More() {
		key := strconv.Itoa(n.Count + 1)
		if n.Kind == "object" {
			token, err := r.d.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			key = printable(name)
		}
		n.Count++
		if depth > treeDepth || n.Count > treeItems || r.left <= 0 {
			r.whole = false
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		r.left--
		item, err := r.value(key, depth)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
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
