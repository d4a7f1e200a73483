package review

import (
	"errors"
	"fmt"
)

// Kind of error. Few, because each is something the caller can act on; an error
// of no kind is a fault, and shows its reader nothing but an id.
type Kind int

const (
	Internal        Kind = iota
	Invalid              // the input breaks a rule, the message says which
	Unauthenticated      // nobody is signed in
	Forbidden            // they may see it, and may not do this
	NotFound             // it does not exist, or they may not know that it does
	Conflict             // somebody else was first, or the status has moved on
	TooLarge
	Unavailable // try later
)

// Error is an error of a known kind. Message is plain English for the person,
// and holds no file contents.
type Error struct {
	Kind    Kind
	Message string
	// Fields names what is wrong where, for forms: field id -> sentence.
	Fields map[string]string
	Err    error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// ErrCorrupt says that what is stored is not what was written: bytes are not those
// of their digest, or a database or a record does not hold together. What wraps it
// says which.
var ErrCorrupt = errors.New("what is stored is not what was written")

// Errorf makes an error of a kind.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of err, Internal when it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
