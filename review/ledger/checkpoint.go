package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"sallyport/review"
)

// maxNote is the length of a note, in bytes, that is still read.
const maxNote = 16 << 10

// timeLayout is how a checkpoint writes its time: UTC, to the microsecond.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Issue signs a checkpoint. Its text is that of a transparency log's (four
// lines: the log's name, the size, the root in base64, and the time).
func (s *Signer) Issue(size int64, root Hash, at time.Time) (review.Checkpoint, error) {
	c := review.Checkpoint{Size: size, Root: root, At: at.UTC().Truncate(time.Microsecond)}
	signed, err := s.Sign([]byte(checkpointText(s.Name(), c)))
	c.Note = signed
	return c, err
}

func checkpointText(name string, c review.Checkpoint) string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", name, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]), c.At.Format(timeLayout))
}

// ErrUnsigned says that no key that is trusted has signed a note.
var ErrUnsigned = errors.New("it is not signed by a key that is trusted here")

// Keys are the public keys that are trusted.
type Keys struct {
	list  note.Verifiers
	names []string
}

// ParseKeys reads public keys, each as [Signer.PublicKey] writes it; a text may
// hold several, one on each line, and comments after "#".
func ParseKeys(texts ...string) (Keys, error) {
	var k Keys
	var list []note.Verifier
	for _, line := range strings.Split(strings.Join(texts, "\n"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return k, fmt.Errorf("this is no public key of a log: %.100q", line)
		}
		if id := fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash()); !slices.Contains(k.names, id) { // twice would be ambiguous
			k.names = append(k.names, id)
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return k, errors.New("there is no public key to go by: name the service's, such as sallyport.pub, or put it into its folder of keys")
	}
	k.list = note.VerifierList(list...)
	return k, nil
}

// ReadKeys reads files of public keys.
func ReadKeys(files ...string) (Keys, error) {
	var texts []string
	for _, file := range files {
		text, err := readUpTo(file, 1<<20)
		if err != nil {
			return Keys{}, err
		}
		texts = append(texts, string(text))
	}
	return ParseKeys(texts...)
}

// Open checks a signed note and returns its text and the name of a key that
// signed it. ErrUnsigned when none of the keys did.
func (k Keys) Open(msg []byte) (text, by string, err error) {
	if len(msg) > maxNote {
		return "", "", errors.New("it is too long for a note")
	}
	n, err := note.Open(msg, k.list)
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified):
		return "", "", ErrUnsigned
	case err != nil:
		return "", "", errors.New("its signature is wrong, or it is no signed note")
	}
	for _, sig := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return "", "", errors.New("its signature is written another way than it was")
		}
	}
	return n.Text, fmt.Sprintf("%s+%08x", n.Sigs[0].Name, n.Sigs[0].Hash), nil
}

// Checkpoint reads the signed note of a checkpoint. The note must be written
// exactly as Issue writes it.
func (k Keys) Checkpoint(msg []byte) (review.Checkpoint, error) {
	text, by, err := k.Open(msg)
	if err != nil {
		return review.Checkpoint{}, err
	}
	c, err := parseCheckpoint(text)
	if name, _, _ := strings.Cut(by, "+"); err == nil && text != checkpointText(name, c) {
		err = errNoCheckpoint
	}
	c.Note = msg
	return c, err
}

var errNoCheckpoint = errors.New("it is signed, and no checkpoint of a log")

func parseCheckpoint(text string) (c review.Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 { // the last is what follows the last newline
		return c, errNoCheckpoint
	}
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	at, err3 := time.Parse(timeLayout, lines[3])
	if errors.Join(err1, err2, err3) != nil || size < 1 || len(root) != len(c.Root) {
		return c, errNoCheckpoint
	}
	c.Size, c.At = size, at
	copy(c.Root[:], root)
	return c, nil
}

// Fingerprint is a root as people compare it: sixteen groups of four digits.
func Fingerprint(root Hash) string {
	text := fmt.Sprintf("%x", root)
	var groups []string
	for ; text != ""; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, " ")
}

// KeyFingerprint is what people compare a public key by: the SHA-256 of the file
// of its public half, as sha256sum prints it.
func KeyFingerprint(public string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(public+"\n")))
}

// readUpTo reads a file that must not be longer than most bytes.
func readUpTo(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s is too long", file)
	}
	return os.ReadFile(file)
}
