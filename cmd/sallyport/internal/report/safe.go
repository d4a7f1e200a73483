package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many characters of one hostile string a line shows.
const maxShown = 200

// maxMessage is how many characters of a whole message a line shows: it may quote
// some such strings, and says at its end what to do.
const maxMessage = 2000

// Safe makes a string fit to be shown on a terminal, on one line: control
// characters, line breaks, direction overrides, invisible characters and bytes
// that are not UTF-8 are written as escapes, and a long string is cut.
func Safe(s string) string { return safe(s, maxShown) }

// Message is Safe for a message of this program's, which is cut only when it is
// very long.
func Message(s string) string { return safe(s, maxMessage) }

func safe(s string, most int) string {
	var b strings.Builder
	shown := 0
	for i := 0; i < len(s); shown++ {
		if shown == most {
			fmt.Fprintf(&b, "... (%d characters)", utf8.RuneCountInString(s))
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		writeSafe(&b, r, s[i:i+size])
		i += size
	}
	return b.String()
}

func writeSafe(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case unicode.IsPrint(r):
		b.WriteString(raw)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r <= 0xFFFF:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// escapeJSON copies JSON text and writes the characters that a terminal would
// act on as \u escapes. Outside strings JSON is plain ASCII, so its meaning
// stays the same.
func escapeJSON(w io.Writer, text []byte) error {
	out := bufio.NewWriter(w)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r < utf8.RuneSelf && r != 0x7f || unicode.IsPrint(r):
			_, _ = out.Write(text[:size]) // a failure shows at Flush
		case r <= 0xFFFF:
			_, _ = fmt.Fprintf(out, `\u%04x`, r)
		default:
			hi, lo := surrogates(r)
			_, _ = fmt.Fprintf(out, `\u%04x\u%04x`, hi, lo)
		}
		text = text[size:]
	}
	return out.Flush()
}

func surrogates(r rune) (hi, lo rune) {
	r -= 0x10000
	return 0xD800 + r>>10, 0xDC00 + r&0x3FF
}
