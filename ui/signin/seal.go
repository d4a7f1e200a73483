package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SealKeyFile is the name of the key's file in the folder of keys.
const SealKeyFile = "signin.key"

// Sealer seals secrets with AES-256-GCM, under a key that lies in a file outside
// of the database: who reads the database reads no secret, and cannot move one
// person's to another.
type Sealer struct{ aead cipher.AEAD }

// OpenSealer reads the key in the folder, and makes folder and key when they are
// not there. It refuses a key that others than its owner can read.
func OpenSealer(dir string) (*Sealer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, SealKeyFile)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		key := make([]byte, 32)
		_, err = rand.Read(key)
		if err == nil {
			_, err = f.WriteString(hex.EncodeToString(key) + "\n")
		}
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the key of sign-in secrets: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others than its owner: chmod 600", SealKeyFile)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s does not hold a key of 32 bytes in hexadecimal", SealKeyFile)
	}
	return NewSealer([32]byte(key))
}

// NewSealer seals with the key given.
func NewSealer(key [32]byte) (*Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Sealer{aead}, err
}

// Seal hides a secret that belongs to the purpose and to nothing else: "code
// ann". Open with the same purpose gives it back.
func (s *Sealer) Seal(secret []byte, purpose string) []byte {
	return s.aead.Seal(nil, nil, secret, []byte(purpose))
}

// Open returns the secret, or an error when it was sealed for something else,
// with another key, or altered.
func (s *Sealer) Open(sealed []byte, purpose string) ([]byte, error) {
	secret, err := s.aead.Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return nil, errors.New("a sealed secret does not open with this server's key")
	}
	return secret, nil
}
