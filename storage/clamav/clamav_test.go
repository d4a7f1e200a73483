package clamav

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
)

// clamd stands in for the daemon: it takes a command, and the bytes of a stream,
// and does what answer says.
func clamd(t *testing.T, answer func(conn net.Conn, command string, stream []byte)) *Scanner {
	t.Helper()
	at := filepath.Join(t.TempDir(), "clamd.sock")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				command, err := r.ReadString(0)
				if err != nil {
					return
				}
				var stream []byte
				if command == "zINSTREAM\x00" {
					if stream, err = chunks(r); err != nil {
						return
					}
				}
				answer(conn, command, stream)
			}()
		}
	}()
	s, err := New(Options{Network: "unix", Address: at, Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func chunks(r io.Reader) ([]byte, error) {
	var all []byte
	for {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint32(head[:])
		if n == 0 {
			return all, nil
		}
		part := make([]byte, n)
		if _, err := io.ReadFull(r, part); err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
}

func says(text string) func(net.Conn, string, []byte) {
	return func(c net.Conn, _ string, _ []byte) { _, _ = io.WriteString(c, text) }
}

// Only a whole and known answer is a verdict.
func TestScan(t *testing.T) {
	for name, tt := range map[string]struct {
		answer    func(net.Conn, string, []byte)
		signature string
		complaint string
	}{
		"clean":           {says("stream: OK\x00"), "", ""},
		"found":           {says("stream: Win.Test.EICAR_HDB-1 FOUND\x00"), "Win.Test.EICAR_HDB-1", ""},
		"name with space": {says("stream: Eicar Signature FOUND\x00"), "Eicar Signature", ""},
		"hostile name":    {says("stream: \x1b[2J<b>é FOUND\x00"), "?[2J<b>?", ""},
		"no name":         {says("stream:  FOUND\x00"), "something without a name", ""},
		"too large":       {says("INSTREAM size limit exceeded. ERROR\x00"), "", "larger than"},
		"error":           {says("stream: Can't allocate memory ERROR\x00"), "", "could not scan"},
		"unfinished":      {says("stream: OK"), "", "cannot be reached"},
		"half":            {says("stream: O"), "", "cannot be reached"},
		"nothing":         {says(""), "", "cannot be reached"},
		"only the end":    {says("\x00"), "", "says nothing"},
		"OK of something": {says("OK\x00"), "", "says nothing"},
		"OK and more":     {says("stream: OK \x00"), "", "says nothing"},
		"OK after":        {says("UNKNOWN COMMAND\x00stream: OK\x00"), "", "says nothing"},
		"small letters":   {says("stream: ok\x00"), "", "says nothing"},
		"found nowhere":   {says("fd[9]: Eicar FOUND\x00"), "", "says nothing"},
		"endless":         {says(strings.Repeat("stream: OK ", 10_000)), "", "cannot be reached"},
		"hangs":           {func(net.Conn, string, []byte) { time.Sleep(2 * time.Second) }, "", "too long"},
		"drips": {func(c net.Conn, _ string, _ []byte) {
			for range 40 {
				time.Sleep(50 * time.Millisecond)
				if _, err := io.WriteString(c, "s"); err != nil {
					return
				}
			}
		}, "", "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := clamd(t, tt.answer).Scan(t.Context(), strings.NewReader("bytes"))
			if got != tt.signature || (err == nil) != (tt.complaint == "") {
				t.Fatalf("%q, %v", got, err)
			}
			if err == nil {
				return
			}
			if review.KindOf(err) == review.Internal || !strings.Contains(err.Error(), tt.complaint) {
				t.Errorf("error %q", err)
			}
		})
	}
}

// Every byte arrives, however it is cut.
func TestScanSendsEverything(t *testing.T) {
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 17} {
		want := bytes.Repeat([]byte("sallyport"), size/9+1)[:size]
		var got []byte
		s := clamd(t, func(c net.Conn, _ string, stream []byte) {
			got = stream
			_, _ = io.WriteString(c, "stream: OK\x00")
		})
		s.o.Timeout = 10 * time.Second
		if _, err := s.Scan(t.Context(), iotest.HalfReader(bytes.NewReader(want))); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d arrived, %v", size, len(got), err)
		}
	}
}

// Bytes that cannot be read to their end are not scanned, whatever clamd thinks of
// their beginning.
func TestScanOfBrokenBytes(t *testing.T) {
	s := clamd(t, says("stream: OK\x00"))
	for name, r := range map[string]io.Reader{
		"corrupt":    io.MultiReader(strings.NewReader("half"), iotest.ErrReader(review.ErrCorrupt)),
		"unexpected": io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)),
	} {
		if _, err := s.Scan(t.Context(), r); err == nil {
			t.Errorf("%s: clean", name)
		}
	}
	if _, err := s.Scan(t.Context(), iotest.ErrReader(review.ErrCorrupt)); !errors.Is(err, review.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	s, err := New(Options{Network: "unix", Address: filepath.Join(t.TempDir(), "none")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scan(t.Context(), strings.NewReader("x")); review.KindOf(err) != review.Unavailable {
		t.Errorf("error %v", err)
	}
	if _, err := s.Version(t.Context()); review.KindOf(err) != review.Unavailable {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	hanging := clamd(t, func(net.Conn, string, []byte) { cancel(); time.Sleep(time.Second) })
	hanging.o.Timeout = time.Minute
	if _, err := hanging.Scan(ctx, strings.NewReader("x")); err == nil {
		t.Error("a scan that was given up is clean")
	}
	for _, o := range []Options{{}, {Network: "udp", Address: "a:1"}, {Network: "unix"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestVersion(t *testing.T) {
	built := time.Date(2026, 11, 21, 8, 41, 12, 0, time.UTC)
	for answer, want := range map[string]review.ScannerVersion{
		"ClamAV 1.4.6/27000/Sat Nov 21 08:41:12 2026": {Engine: "ClamAV 1.4.6", Database: "27000", Built: built},
		"ClamAV 1.4.6":                          {Engine: "ClamAV 1.4.6"},
		"ClamAV 1.4.6/27000/yesterday":          {},
		"ClamAV":                                {},
		"UNKNOWN COMMAND":                       {},
		"ClamAV 1/2/Sat Nov 21 08:41:12 2026/4": {},
	} {
		got, err := clamd(t, says(answer+"\x00")).Version(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want.Engine != "") {
			t.Errorf("%s: %v\n%s", answer, err, diff)
		}
	}
}

// No answer but one is clean, and nothing that is shown has odd signs.
func FuzzParseVerdict(f *testing.F) {
	for _, s := range []string{"stream: OK", "stream: Eicar FOUND", "INSTREAM size limit exceeded. ERROR", "", "stream: \x00 FOUND", "stream: FOUND"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		name, err := parseVerdict(answer)
		if err == nil && name == "" && answer != "stream: OK" {
			t.Errorf("%q is clean", answer)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) || len(name) > maxName {
			t.Errorf("%q names %q", answer, name)
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"ClamAV 1.4.6/27000/Sat Nov 21 08:41:12 2026", "ClamAV 1.4.6", "//", "ClamAV 1//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if v, err := parseVersion(answer); err == nil && v.Engine == "" {
			t.Errorf("%q is of no engine", answer)
		}
	})
}
