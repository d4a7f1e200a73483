// Package password keeps passwords as argon2id strings in the usual PHC form,
// `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, and tells whether one matches.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of one guess: OWASP's second recommended setting for argon2id,
// 19 MiB and two passes.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltLen   = 16
	keyLen    = 32
)

// MaxLength bounds what is hashed, in bytes, so that a password field is no way
// to make the server work.
const MaxLength = 1024

// ErrLength is returned by Hash for a password that is empty or too long.
var ErrLength = errors.New("a password has between 1 and 1024 bytes")

// Hash returns the argon2id string of a password, with a fresh salt.
func Hash(password string) (string, error) {
	if password == "" || len(password) > MaxLength {
		return "", ErrLength
	}
	salt := make([]byte, saltLen)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, keyLen)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, memoryKiB, passes, lanes, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// Verify reports whether the password is the one that was hashed. Anything that
// is not an argon2id string, the empty one included, matches nothing; it takes
// as long as a wrong password does, so that the time tells nobody whether an
// account exists.
func Verify(encoded, password string) bool {
	h, err := parse(encoded)
	if err != nil || len(password) > MaxLength {
		h, password = decoy(), ""
		h.key = nil
	}
	got := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, keyLen)
	return subtle.ConstantTimeCompare(got, h.key) == 1
}

type hash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func decoy() hash {
	return hash{memory: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltLen)}
}

var errFormat = errors.New("not an argon2id string")

// parse reads an encoded hash. The costs are bounded, since a stored string
// that asks for terabytes must not be obeyed.
func parse(encoded string) (hash, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return hash{}, errFormat
	}
	var h hash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return hash{}, errFormat
	}
	if h.memory < 8 || h.memory > 256*1024 || h.passes < 1 || h.passes > 16 || h.lanes < 1 {
		return hash{}, errFormat
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return hash{}, errFormat
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.key) != keyLen {
		return hash{}, errFormat
	}
	return h, nil
}
