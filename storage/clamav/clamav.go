package clamav

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"sallyport/review"
)

// Options say where a clamd is.
type Options struct {
	Network, Address string // "unix" and a path, or "tcp" and a host with its port
	// Timeout is for one scan, from connecting to the answer; 2 minutes when 0.
	Timeout time.Duration
	// Connecting is for how long a connection may take; 5 seconds when 0.
	Connecting time.Duration
}

// Scanner scans with one clamd. It holds no connection between two scans.
type Scanner struct{ o Options }

// New says where clamd is; nothing is asked of it yet.
func New(o Options) (*Scanner, error) {
	if o.Network != "unix" && o.Network != "tcp" || o.Address == "" {
		return nil, fmt.Errorf("there is no clamd at %q %q", o.Network, o.Address)
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Connecting == 0 {
		o.Connecting = 5 * time.Second
	}
	return &Scanner{o}, nil
}

const (
	// piece is how many bytes go in one chunk.
	piece = 64 << 10
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 4 << 10
	// maxName bounds the name of a signature or a version, in bytes.
	maxName = 200
	// versionTime is how long clamd may think about its version.
	versionTime = 5 * time.Second
)

func away(err error) error {
	return &review.Error{Kind: review.Unavailable, Message: "The malware scanner cannot be reached.", Err: err}
}

func odd(format string, args ...any) error {
	return &review.Error{Kind: review.Unavailable, Message: "The malware scanner gave an answer that says nothing.", Err: fmt.Errorf(format, args...)}
}

// Version asks clamd for its own version and that of its signatures.
func (s *Scanner) Version(ctx context.Context) (review.ScannerVersion, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	answer, err := s.ask(ctx, "VERSION", nil)
	if err != nil {
		return review.ScannerVersion{}, err
	}
	return parseVersion(answer)
}

// Scan sends the bytes and returns the name of the signature that fits them, ""
// when clamd says that none does.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (signature string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	answer, err := s.ask(ctx, "INSTREAM", r)
	if err != nil {
		return "", err
	}
	return parseVerdict(answer)
}

// ask sends one command, with bytes if there are any, and reads its answer.
func (s *Scanner) ask(ctx context.Context, command string, r io.Reader) (string, error) {
	dialler := net.Dialer{Timeout: s.o.Connecting}
	conn, err := dialler.DialContext(ctx, s.o.Network, s.o.Address)
	if err != nil {
		return "", away(err)
	}
	defer conn.Close()
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return "", away(err)
		}
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	sent := send(conn, command, r)
	var mine *readError
	if errors.As(sent, &mine) {
		return "", mine.error // the bytes could not be read: no answer would be about them
	}
	// clamd answers and hangs up when it has had enough, so there may be an
	// answer although not all could be sent.
	answer, err := readAnswer(conn)
	if err != nil {
		return "", timely(ctx, errors.Join(err, sent))
	}
	if sent != nil && !strings.HasSuffix(answer, " ERROR") {
		return "", away(sent)
	}
	return answer, nil
}

// timely says that time was up, when it was.
func timely(ctx context.Context, err error) error {
	if ctx.Err() != nil || isTimeout(err) {
		return &review.Error{Kind: review.Unavailable, Message: "The malware scanner took too long.", Err: err}
	}
	return away(err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// readError is a failure to read what was to be scanned.
type readError struct{ error }

// send writes the command, and the bytes in pieces.
func send(w io.Writer, command string, r io.Reader) error {
	if _, err := io.WriteString(w, "z"+command+"\x00"); err != nil || r == nil {
		return err
	}
	buf := make([]byte, 4+piece)
	for {
		n, err := io.ReadFull(r, buf[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n))
			if _, err := w.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && n < piece && ended(r):
			_, err := w.Write(make([]byte, 4))
			return err
		case err != nil:
			return &readError{err}
		}
	}
}

// ended tells a reader that came to its end from one that itself says that its
// end was unexpected: a reader at its end goes on saying so.
func ended(r io.Reader) bool {
	n, err := r.Read(make([]byte, 1))
	return n == 0 && errors.Is(err, io.EOF)
}

// readAnswer reads one answer, to the NUL that ends it.
func readAnswer(r io.Reader) (string, error) {
	text, err := bufio.NewReader(io.LimitReader(r, maxAnswer)).ReadBytes(0)
	if err != nil {
		return "", fmt.Errorf("an answer of %d bytes does not end: %w", len(text), err)
	}
	return string(bytes.TrimSuffix(text, []byte{0})), nil
}

// parseVerdict reads the answer to INSTREAM.
func parseVerdict(answer string) (signature string, err error) {
	if answer == "stream: OK" {
		return "", nil
	}
	if strings.HasSuffix(answer, " ERROR") {
		if strings.Contains(answer, "size limit exceeded") {
			return "", &review.Error{Kind: review.TooLarge, Message: "The file is larger than the malware scanner takes."}
		}
		return "", &review.Error{Kind: review.Unavailable, Message: "The malware scanner could not scan it.", Err: fmt.Errorf("clamd says %.100q", answer)}
	}
	name, stream := strings.CutPrefix(answer, "stream: ")
	name, found := strings.CutSuffix(name, " FOUND")
	if !stream || !found {
		return "", odd("clamd says %.100q", answer)
	}
	if name = plain(name); name == "" {
		name = "something without a name"
	}
	return name, nil
}

// parseVersion reads "ClamAV 1.4.6/27000/Sat Nov 21 08:41:12 2026", of which the
// last two are missing where the signatures are one's own.
func parseVersion(answer string) (review.ScannerVersion, error) {
	parts := strings.Split(answer, "/")
	v := review.ScannerVersion{Engine: plain(parts[0])}
	if !strings.HasPrefix(v.Engine, "ClamAV ") || len(parts) > 3 {
		return review.ScannerVersion{}, odd("clamd says of its version %.100q", answer)
	}
	if len(parts) > 1 {
		v.Database = plain(parts[1])
	}
	if len(parts) > 2 {
		built, err := time.Parse(time.ANSIC, parts[2])
		if err != nil {
			return review.ScannerVersion{}, odd("clamd says of its signatures %.100q", answer)
		}
		v.Built = built.UTC()
	}
	return v, nil
}

// plain keeps of a name what can be shown anywhere.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return strings.TrimSpace(s[:min(len(s), maxName)])
}
