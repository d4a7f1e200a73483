package jsontable

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"sallyport/checks/strictjson"
)

// maxValues bounds how many values one text may hold: 5,000 rows of 100 columns
// are half of it.
const maxValues = 600_000

type kind uint8

const (
	scalar kind = iota // string, number, true, false, null
	array
	object
)

// value is one JSON value. Text is a scalar as a table would show it: a
// string's characters, a number as written, "" for null.
type value struct {
	kind  kind
	str   bool // a scalar that is a string
	name  string
	text  string
	items []*value
}

// parse reads one strict JSON value into a tree.
func parse(data []byte) (*value, error) {
	b := builder{}
	if err := strictjson.Walk(strictjson.Trim(data), b.token); err != nil {
		return nil, err
	}
	return b.root, nil
}

type builder struct {
	root  *value
	stack []*value
	name  string
	named bool // a member's name has been read, its value is next
	count int
}

func (b *builder) token(tok jsontext.Token, _ int) error {
	switch k := tok.Kind(); k {
	case ']', '}':
		b.stack = b.stack[:len(b.stack)-1]
		return nil
	case '"':
		if top := b.top(); top != nil && top.kind == object && !b.named {
			b.name, b.named = tok.String(), true
			return nil
		}
		return b.add(&value{str: true, text: tok.String()})
	case '0', 't', 'f':
		return b.add(&value{text: tok.String()})
	case '[', '{':
		v := &value{kind: array}
		if k == '{' {
			v.kind = object
		}
		err := b.add(v)
		b.stack = append(b.stack, v)
		return err
	default: // null
		return b.add(&value{})
	}
}

func (b *builder) top() *value {
	if len(b.stack) == 0 {
		return nil
	}
	return b.stack[len(b.stack)-1]
}

func (b *builder) add(v *value) error {
	if b.count++; b.count > maxValues {
		return fmt.Errorf("it holds more than %d values", maxValues)
	}
	v.name = b.name
	b.name, b.named = "", false
	if top := b.top(); top != nil {
		top.items = append(top.items, v)
	} else {
		b.root = v
	}
	return nil
}

// member returns the member of an object by its name, or nil.
func (v *value) member(name string) *value {
	for _, m := range v.items {
		if m.name == name {
			return m
		}
	}
	return nil
}

// all says whether every item is of a kind, and that there is one.
func (v *value) all(k kind) bool {
	for _, m := range v.items {
		if m.kind != k {
			return false
		}
	}
	return len(v.items) > 0
}
