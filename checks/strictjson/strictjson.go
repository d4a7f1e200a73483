package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is the deepest nesting of arrays and objects that is read.
const MaxDepth = 64

// An Error is why a text is not acceptable JSON. Line is 1-based; Reason is
// plain English and quotes nothing.
type Error struct {
	Line   int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%s, at line %d", e.Reason, e.Line) }

// Check says whether data is exactly one strict JSON value, within the limits.
// The error is an *[Error]. A byte order mark is not part of JSON: see [Trim].
func Check(data []byte) error {
	return Walk(data, func(jsontext.Token, int) error { return nil })
}

// Walk calls visit for every token of the one value in data, with the nesting
// depth after the token (0 for a lone scalar). A token is valid during the call
// only. An error of visit ends the walk and is returned as it is.
func Walk(data []byte, visit func(tok jsontext.Token, depth int) error) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	for first := true; ; first = false {
		if !first && d.StackDepth() == 0 {
			return trailing(d, data)
		}
		tok, err := d.ReadToken()
		if err != nil {
			return explain(err, data, d)
		}
		if d.StackDepth() > MaxDepth {
			return &Error{lineAt(data, d.InputOffset()), fmt.Sprintf("it is nested more than %d levels deep", MaxDepth)}
		}
		if err := visit(tok, d.StackDepth()); err != nil {
			return err
		}
	}
}

// trailing expects the end of the text after its one value.
func trailing(d *jsontext.Decoder, data []byte) error {
	at := d.InputOffset()
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return &Error{lineAt(data, at), "something follows the end of the JSON value"}
	}
	return nil
}

// Unmarshal checks data and decodes it into v. Names that v does not know are
// skipped; a value of the wrong sort is an *[Error]. As in the standard
// library, a field that is absent or null keeps its value.
func Unmarshal(data []byte, v any) error {
	if err := Check(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	var se *json.SemanticError
	if errors.As(err, &se) {
		return &Error{lineAt(data, se.ByteOffset), "a value is not of the expected sort"}
	}
	return &Error{1, "it cannot be read"}
}

// Trim takes a leading UTF-8 byte order mark off, which editors leave behind
// and JSON does not allow.
func Trim(data []byte) []byte {
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
}

func explain(err error, data []byte, d *jsontext.Decoder) error {
	at, reason := d.InputOffset(), "it is not valid JSON"
	var se *jsontext.SyntacticError
	switch {
	case errors.As(err, &se):
		at = se.ByteOffset
		switch {
		case errors.Is(se.Err, jsontext.ErrDuplicateName):
			reason = "a name is given twice in one object"
		case !validUTF8At(data, at):
			reason = "the text is not valid UTF-8"
		case errors.Is(se.Err, io.ErrUnexpectedEOF):
			reason = "the text ends in the middle of a value"
		case notANumber(data, at):
			reason = "NaN and Infinity are not JSON; write null instead"
		}
	case errors.Is(err, io.EOF):
		reason = "there is nothing in it"
	case errors.Is(err, io.ErrUnexpectedEOF):
		at, reason = int64(len(data)), "the text ends in the middle of a value"
	}
	return &Error{lineAt(data, at), reason}
}

// notANumber recognises what Python's json module writes for a missing number.
func notANumber(data []byte, at int64) bool {
	if at < 0 || at > int64(len(data)) {
		return false
	}
	rest := data[at:]
	for _, w := range []string{"NaN", "Infinity", "-Infinity", "nfinity", "Inf"} {
		if bytes.HasPrefix(rest, []byte(w)) {
			return true
		}
	}
	return false
}

func lineAt(data []byte, at int64) int {
	at = min(max(at, 0), int64(len(data)))
	return 1 + bytes.Count(data[:at], []byte("\n"))
}

// validUTF8At looks at the few bytes around an error.
func validUTF8At(data []byte, at int64) bool {
	if at < 0 || at >= int64(len(data)) {
		return true
	}
	return utf8.FullRune(data[at:]) && !isBad(data[at:])
}

func isBad(b []byte) bool {
	r, n := utf8.DecodeRune(b)
	return r == utf8.RuneError && n <= 1
}
