package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"sallyport/review/durable"
)

// Names in the folder of keys.
const (
	KeyFile    = "sallyport.key" // the signing key: its owner's alone
	PublicFile = "sallyport.pub" // what others check signatures with
)

// Signer signs notes with the service's Ed25519 key. The key never leaves it.
type Signer struct {
	signer note.Signer
	public string
}

// OpenSigner reads the key in a folder. At the first start, when the folder
// holds no key and never held one, it makes the folder (mode 0700), the key
// (0600) and its public half. It refuses a folder or a key that others than its
// owner could read, a key that is a link, and a public half that is not the
// key's: each is a sign that somebody has been there.
func OpenSigner(dir string) (*Signer, error) {
	s, err := openSigner(dir)
	if err != nil {
		return nil, fmt.Errorf("the signing key: %w", err)
	}
	return s, nil
}

func openSigner(dir string) (*Signer, error) {
	if err := durable.Folder(dir, 0o700); err != nil {
		return nil, err
	}
	if err := private(dir, fs.ModeDir); err != nil {
		return nil, err
	}
	file, public := filepath.Join(dir, KeyFile), filepath.Join(dir, PublicFile)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(public); err == nil {
			return nil, fmt.Errorf("%s is gone, and %s is there: put the key back from its copy, or make a new one with \"sallyport audit new-key\"", KeyFile, PublicFile)
		}
		if err := makeKey(file, newName(), durable.New); err != nil && !errors.Is(err, fs.ErrExist) { // another process was first
			return nil, err
		}
	}
	if err := private(file, 0); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return readSigner(strings.TrimSpace(string(text)), public)
}

// readSigner reads the text of a key, and holds it to its public half, which is
// written when it is not there.
func readSigner(text, public string) (*Signer, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key", KeyFile) // the library's words could quote it
	}
	s := &Signer{signer: signer}
	if s.public, err = publicHalf(text); err != nil {
		return nil, err
	}
	known, err := os.ReadFile(public)
	if errors.Is(err, fs.ErrNotExist) {
		if err = durable.New(public, []byte(s.public+"\n"), 0o644); errors.Is(err, fs.ErrExist) {
			err = nil // another process, with the same key
		}
		return s, err
	}
	if err == nil && strings.TrimSpace(string(known)) != s.public {
		err = fmt.Errorf("%s is not the public half of %s", PublicFile, KeyFile)
	}
	return s, err
}

// Name is what the key calls the log: the first line of its checkpoints. It
// stays when the key is changed.
func (s *Signer) Name() string { return s.signer.Name() }

// PublicKey is the key that signatures are checked with, as the text
// "name+hash+key" of golang.org/x/mod/sumdb/note.
func (s *Signer) PublicKey() string { return s.public }

// Sign returns the message as a signed note. The message is UTF-8 text without
// control characters, and ends in a newline. The same message gives the same
// note.
func (s *Signer) Sign(msg []byte) ([]byte, error) {
	return note.Sign(&note.Note{Text: string(msg)}, s.signer)
}

// newName names a log: two services never have the same.
func newName() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return "sallyport-" + hex.EncodeToString(b[:])
}

// NewKey puts a new key in the place of the old one, for the same log. The old
// key is destroyed; its public half stays in the folder under another name, and
// what it signed stays valid. The key itself need not be there any more.
func NewKey(dir string) (*Signer, error) {
	if err := private(dir, fs.ModeDir); err != nil {
		return nil, err
	}
	file, public := filepath.Join(dir, KeyFile), filepath.Join(dir, PublicFile)
	known, err := os.ReadFile(public)
	if errors.Is(err, fs.ErrNotExist) { // as after an earlier try that was cut short
		if _, missing := os.Lstat(file); missing == nil {
			if _, err := openSigner(dir); err != nil {
				return nil, err
			}
			known, err = os.ReadFile(public)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("there is no key to replace: %w", err)
	}
	old, err := note.NewVerifier(strings.TrimSpace(string(known)))
	if err != nil {
		return nil, fmt.Errorf("%s is no public key", PublicFile)
	}
	earlier := filepath.Join(dir, fmt.Sprintf("earlier-%08x.pub", old.KeyHash()))
	if err := os.Link(public, earlier); err != nil && !errors.Is(err, fs.ErrExist) { // a crash may have come after it
		return nil, err
	}
	// Until the new key has its name the old one is in use, and its public half is
	// written again when it is missing. Of a key that was lost the public half
	// stays until there is another: it has the name of the log.
	_, lost := os.Lstat(file)
	steps := []func() error{func() error { return os.Remove(public) }, func() error { return makeKey(file, old.Name(), durable.Replace) }}
	if lost != nil {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return OpenSigner(dir)
}

// FolderKeys are the public keys in a folder of keys: of the key in use, and of
// those before it.
func FolderKeys(dir string) (Keys, error) {
	files, err := filepath.Glob(filepath.Join(globEscape(dir), "*.pub"))
	if err != nil {
		return Keys{}, err
	}
	return ReadKeys(files...)
}

// globEscape takes the meaning out of a path's special signs.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// makeKey writes a new key.
func makeKey(file, name string, write func(string, []byte, fs.FileMode) error) error {
	text, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	return write(file, []byte(text+"\n"), 0o600)
}

// publicHalf computes what a key's signatures are checked with.
func publicHalf(text string) (string, error) {
	parts := strings.SplitN(text, "+", 5) // PRIVATE, KEY, name, hash, key
	key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return "", fmt.Errorf("%s holds no key", KeyFile)
	}
	pair := ed25519.NewKeyFromSeed(key[1:]) // after the algorithm's number
	return note.NewEd25519VerifierKey(parts[2], pair.Public().(ed25519.PublicKey))
}

// private refuses what others could read or write, and what is not of the kind.
func private(file string, kind fs.FileMode) error {
	info, err := os.Lstat(file)
	switch {
	case err != nil:
		return err
	case info.Mode().Type() != kind:
		return fmt.Errorf("%s is not a plain file or folder", filepath.Base(file))
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others may read %s (mode %04o): take that away, ask who has, and make a new key if in doubt", filepath.Base(file), info.Mode().Perm())
	}
	return nil
}
