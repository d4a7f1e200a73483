package password

import (
	"fmt"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
)

// MinLength is the fewest characters of a password that somebody chooses, after
// NIST SP 800-63B-4, which asks for 15 where a password stands alone and 8 where
// it does not.
const MinLength = 12

// minScore is the least that the estimate of guesses must say, of 0 to 4: 3 is
// beyond what guessing against a stolen hash reaches with ease.
const minScore = 3

// maxEstimated bounds what is estimated, in bytes: the estimate takes long for
// long ones, which need none.
const maxEstimated = 64

// Weakness says in a sentence why a password is not good enough, "" when it is.
// Words are those that say something of the person: names, their address. It
// knows the passwords and words that are tried first, dates, rows of keys and
// repetitions.
func Weakness(password string, words ...string) string {
	switch {
	case utf8.RuneCountInString(password) < MinLength:
		return fmt.Sprintf("Use at least %d characters. Three or four words that have nothing to do with one another are good.", MinLength)
	case len(password) > MaxLength:
		return fmt.Sprintf("Use at most %d bytes.", MaxLength)
	}
	estimated := password
	if len(estimated) > maxEstimated {
		estimated = estimated[:maxEstimated]
	}
	if zxcvbn.PasswordStrength(estimated, append(words, "sallyport")).Score < minScore {
		return "This is among the first that would be tried. Use words that have nothing to do with one another, or with you."
	}
	return ""
}

// Outdated reports whether a hash was made with less work than new ones are, so
// that it should be made again when the password is next known.
func Outdated(encoded string) bool {
	h, err := parse(encoded)
	return err == nil && (h.memory < memoryKiB || h.passes < passes)
}
