package review

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical returns the one encoding of the event that its place in the record
// is sealed by: a JSON object in the canonical form of RFC 8785 (keys sorted,
// no white space). Parts that are not set are left out; "at" is in UTC with six
// digits after the second; bytes that are not UTF-8 become U+FFFD. Two programs
// that read the same event compute the same bytes.
func (e Event) Canonical() []byte { return e.AppendCanonical(nil) }

// AppendCanonical appends the canonical encoding to dst. It is written out
// member by member, in the order of their names, because a whole record is
// encoded again whenever it is verified.
func (e *Event) AppendCanonical(dst []byte) []byte {
	o := object{append(dst, '{')}
	o.text("actor", string(e.Actor))
	o.name("at")
	o.b = append(o.b, '"')
	o.b = e.At.UTC().AppendFormat(o.b, "2006-01-02T15:04:05.000000Z")
	o.b = append(o.b, '"')
	o.detail(e.Detail)
	o.text("digest", string(e.Digest))
	o.text("file", string(e.File))
	o.text("findings", string(e.Findings))
	o.text("from", string(e.From))
	o.text("group", string(e.Group))
	o.text("path", e.Path)
	o.text("policy", e.Policy)
	o.text("purpose", string(e.Purpose))
	o.text("request", string(e.Request))
	o.name("seq")
	o.b = strconv.AppendInt(o.b, e.Seq, 10)
	o.text("source", e.Source)
	o.text("to", string(e.To))
	if e.Turn != 0 {
		o.name("turn")
		o.b = strconv.AppendInt(o.b, int64(e.Turn), 10)
	}
	o.name("type")
	o.quote(string(e.Type))
	o.text("workspace", string(e.Workspace))
	return append(o.b, '}')
}

// object is a JSON object that is being written.
type object struct{ b []byte }

// name begins a member. Its name needs no escapes.
func (o *object) name(name string) {
	o.comma()
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) comma() {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
}

// quote writes a string in the form of RFC 8785. The library's error says that
// bytes were replaced, which is as it should be.
func (o *object) quote(text string) { o.b, _ = jsontext.AppendQuote(o.b, text) }

func (o *object) text(name, text string) {
	if text != "" {
		o.name(name)
		o.quote(text)
	}
}

func (o *object) detail(detail map[string]string) {
	if len(detail) == 0 {
		return
	}
	o.name("detail")
	o.b = append(o.b, '{')
	for _, name := range slices.SortedFunc(maps.Keys(detail), byUTF16) {
		o.comma()
		o.quote(name)
		o.b = append(o.b, ':')
		o.quote(detail[name])
	}
	o.b = append(o.b, '}')
}

// byUTF16 is the order of names in RFC 8785: by their UTF-16 code units.
func byUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// Leaf is the SHA-256 of the canonical encoding: what the record keeps beside
// the event, and what a log over all events is built from.
func (e Event) Leaf() [sha256.Size]byte { return sha256.Sum256(e.Canonical()) }
