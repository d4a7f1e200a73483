package password

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Breached is a list of passwords that are known to have got out, as a file of
// their SHA-1 in hexadecimal, one a line and in order, each with whatever after a
// colon. Pwned Passwords is given away so. Nothing of it is held in memory, and
// nobody is asked.
type Breached struct {
	r    io.ReaderAt
	size int64
	io.Closer
}

// longestLine bounds a line of the list, in bytes: 40 of the hash, a colon and a
// count.
const longestLine = 64

// OpenBreached opens a list, and refuses a file that does not begin and end as
// one.
func OpenBreached(file string) (*Breached, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	b := &Breached{r: f, Closer: f}
	if err == nil {
		b.size = info.Size()
		err = b.plausible()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), f.Close())
	}
	return b, nil
}

var errNoList = errors.New("it is no list of SHA-1 hashes in order, one a line")

func (b *Breached) plausible() error {
	first, _, err := b.line(0)
	if err != nil {
		return err
	}
	last, _, err := b.line(max(0, b.size-2))
	if err != nil || bytes.Compare(first, last) > 0 {
		return errNoList
	}
	return nil
}

// line is the hash of the line that an offset lies in, in capitals, and where
// that line begins.
func (b *Breached) line(offset int64) (hash []byte, start int64, err error) {
	from := max(0, offset-longestLine)
	buf := make([]byte, 2*longestLine)
	n, err := b.r.ReadAt(buf, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	at := int(offset - from)
	if at >= n {
		return nil, 0, errNoList
	}
	begin := bytes.LastIndexByte(buf[:at], '\n') + 1
	if begin+2*sha1.Size > n || begin == 0 && from > 0 {
		return nil, 0, errNoList
	}
	hash = bytes.ToUpper(buf[begin : begin+2*sha1.Size])
	if _, err := hex.DecodeString(string(hash)); err != nil {
		return nil, 0, errNoList
	}
	return hash, from + int64(begin), nil
}

// Has reports whether a password is in the list. A list that cannot be read is
// an error, and then nothing is known.
func (b *Breached) Has(password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) // as the list has them; nothing rests on it
	want := bytes.ToUpper([]byte(hex.EncodeToString(sum[:])))
	// Lines from low on may hold it, and none from high on.
	for low, high := int64(0), b.size; low < high; {
		middle := low + (high-low)/2
		hash, start, err := b.line(middle)
		if err != nil {
			return false, err
		}
		switch c := bytes.Compare(hash, want); {
		case c == 0:
			return true, nil
		case c > 0:
			high = start
		default:
			low = middle + 1 // in this line, or the next: each step makes the span shorter
		}
	}
	return false, nil
}
