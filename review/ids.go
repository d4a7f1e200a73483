package review

import "crypto/rand"

// newID returns an identifier of 128 random bits or more, safe in a URL, in
// lower and upper case letters and digits.
func newID() string { return rand.Text() }
