package password

import (
	"fmt"
	"strings"
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

// Rule is what an organisation asks of passwords beyond Weakness.
type Rule struct {
	Words    []string  // that none may hold: names of the organisation, its places and services
	Breached *Breached // that none may be among; nil for no such list
}

// Weakness is as the function, with the organisation's own part. An error says
// that the list cannot be read: the password is then not to be taken.
func (r Rule) Weakness(password string, words ...string) (string, error) {
	if weak := Weakness(password, append(words, r.Words...)...); weak != "" {
		return weak, nil
	}
	plain := strings.ToLower(password)
	for _, word := range r.Words {
		if word != "" && strings.Contains(plain, strings.ToLower(word)) {
			return fmt.Sprintf("%q is among the words that your organisation does not allow in a password. Use others.", word), nil
		}
	}
	if r.Breached == nil {
		return "", nil
	}
	known, err := r.Breached.Has(password)
	if err != nil {
		return "", fmt.Errorf("the list of breached passwords: %w", err)
	}
	if known {
		return "This password has got out somewhere before, and will be tried. Use another.", nil
	}
	return "", nil
}

// Outdated reports whether a hash was made with less work than new ones are, so
// that it should be made again when the password is next known.
func Outdated(encoded string) bool {
	h, err := parse(encoded)
	return err == nil && (h.memory < memoryKiB || h.passes < passes)
}
