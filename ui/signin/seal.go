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

	"sallyport/review/durable"
)

// SealKeyFile is the name of the file in the folder of keys that holds those of
// sign-in secrets, one on each line, the newest first.
const SealKeyFile = "signin.key"

// mostSealKeys bounds how many keys the file may hold: one that seals, and those
// before it that secrets may still rest on.
const mostSealKeys = 8

// Sealer seals secrets with AES-256-GCM, under a key that lies in a file outside
// of the database: who reads the database reads no secret, and cannot move one
// person's to another. Earlier keys open what they sealed, and seal nothing more.
type Sealer struct{ aeads []cipher.AEAD } // the newest first; never empty

// OpenSealer reads the keys in the folder, and makes folder and key when they are
// not there. It refuses keys that others than their owner can read.
func OpenSealer(dir string) (*Sealer, error) {
	keys, err := readSealKeys(dir)
	if err != nil {
		return nil, err
	}
	return NewSealer(keys[0], keys[1:]...)
}

// readSealKeys returns the keys in the folder, at least one, the newest first.
func readSealKeys(dir string) ([][32]byte, error) {
	if err := durable.Folder(dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, SealKeyFile)
	if err := makeSealKey(file); err != nil && !errors.Is(err, fs.ErrExist) { // another process may be first
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
	return parseSealKeys(text)
}

// makeSealKey makes a file with one key, whole or not at all; one that is there is
// fs.ErrExist.
func makeSealKey(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fs.ErrExist
	}
	return durable.New(file, []byte(sealKeyLines(freshSealKey())), 0o600)
}

func freshSealKey() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails: it would rather end the program
	return key
}

func sealKeyLines(keys ...[32]byte) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(hex.EncodeToString(k[:]) + "\n")
	}
	return b.String()
}

// parseSealKeys reads one key from each line.
func parseSealKeys(text []byte) (keys [][32]byte, err error) {
	for _, line := range strings.Fields(string(text)) {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("%s does not hold keys of 32 bytes in hexadecimal", SealKeyFile)
		}
		keys = append(keys, [32]byte(key))
	}
	if len(keys) == 0 || len(keys) > mostSealKeys {
		return nil, fmt.Errorf("%s holds %d keys, not 1 to %d", SealKeyFile, len(keys), mostSealKeys)
	}
	return keys, nil
}

// AddSealKey puts a new key before those in the folder. Servers seal with it from
// their next start.
func AddSealKey(dir string) error {
	keys, err := readSealKeys(dir)
	if err != nil {
		return err
	}
	if len(keys) == mostSealKeys {
		return fmt.Errorf("%s holds %d keys: let go of the earlier ones first", SealKeyFile, len(keys))
	}
	return replaceSealKeys(dir, append([][32]byte{freshSealKey()}, keys...))
}

// DropSealKeys lets go of all keys in the folder but the newest, and says how many
// those were. What they sealed never opens again.
func DropSealKeys(dir string) (int, error) {
	keys, err := readSealKeys(dir)
	if err != nil || len(keys) == 1 {
		return 0, err
	}
	return len(keys) - 1, replaceSealKeys(dir, keys[:1])
}

// replaceSealKeys puts the file in its place whole: a crash leaves the old one or
// the new one.
func replaceSealKeys(dir string, keys [][32]byte) error {
	f, err := os.CreateTemp(dir, SealKeyFile+".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(sealKeyLines(keys...))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, SealKeyFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(dir)
}

// syncFolder makes sure that a new name in the folder outlives a loss of power.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// NewSealer seals with the key given, and opens what the earlier ones sealed too.
func NewSealer(key [32]byte, earlier ...[32]byte) (*Sealer, error) {
	s := new(Sealer)
	for _, k := range append([][32]byte{key}, earlier...) {
		block, err := aes.NewCipher(k[:])
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		s.aeads = append(s.aeads, aead)
	}
	return s, nil
}

// Seal hides a secret that belongs to the purpose and to nothing else: "code
// ann". Open with the same purpose gives it back.
func (s *Sealer) Seal(secret []byte, purpose string) []byte {
	return s.aeads[0].Seal(nil, nil, secret, []byte(purpose))
}

// Reseal seals anew what an earlier key sealed, and returns the rest as it is.
func (s *Sealer) Reseal(sealed []byte, purpose string) ([]byte, error) {
	if _, err := s.aeads[0].Open(nil, nil, sealed, []byte(purpose)); err == nil {
		return sealed, nil
	}
	secret, err := s.Open(sealed, purpose)
	if err != nil {
		return nil, err
	}
	return s.Seal(secret, purpose), nil
}

// Open returns the secret, or an error when it was sealed for something else,
// with another key, or altered.
func (s *Sealer) Open(sealed []byte, purpose string) ([]byte, error) {
	for _, aead := range s.aeads {
		if secret, err := aead.Open(nil, nil, sealed, []byte(purpose)); err == nil {
			return secret, nil
		}
	}
	return nil, errors.New("a sealed secret does not open with this server's keys")
}
