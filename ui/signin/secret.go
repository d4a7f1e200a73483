package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// RecoveryCodes is how many recovery codes a person gets at once.
const RecoveryCodes = 10

// MakeRecovery makes recovery codes and what is kept of them. A code has 80
// random bits, so that a plain hash is enough.
func MakeRecovery() (codes, hashes []string) {
	for range RecoveryCodes {
		t := strings.ToLower(rand.Text()[:16])
		code := t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
		codes, hashes = append(codes, code), append(hashes, RecoveryHash(code))
	}
	return codes, hashes
}

// RecoveryHash is what is kept of a recovery code, however it is typed.
func RecoveryHash(code string) string {
	keep := func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}
	return Hash("recovery " + strings.ToLower(strings.Map(keep, code)))
}

// MakeSecret makes a secret of 128 random bits or more, and what is kept of it.
func MakeSecret() (secret, hash string) {
	secret = rand.Text()
	return secret, Hash(secret)
}

// Hash is the SHA-256 of a secret that is too long to be guessed.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
