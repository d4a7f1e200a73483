package review

import (
	"time"

	"sallyport/policy"
)

// Token is a person's key to the programming interface: it lets a program do,
// in the person's name, what the scopes let through of what the person may do
// at that moment. Its secret is known to nobody but its holder: only the SHA-256
// is kept, and not in here.
type Token struct {
	ID      string // names it in lists and in the record; no secret
	Person  Username
	Name    string // what it is for, in the person's words
	Scopes  []policy.Scope
	Created time.Time
	Expires time.Time // exclusive
	Used    time.Time // last, to the minute; zero when never
	Revoked time.Time // zero while it is in force
}

// Valid reports whether the token is in force at the time.
func (t *Token) Valid(at time.Time) bool { return t.Revoked.IsZero() && at.Before(t.Expires) }
