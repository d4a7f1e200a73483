package raster

import (
	"strings"
	"unicode/utf8"
)

// readable returns the text in a block: as UTF-8 where it is that, else byte by
// byte, with control characters as spaces; at most textLimit bytes of it.
func readable(b []byte) string {
	if len(b) > textLimit {
		b = b[:textLimit]
	}
	s := string(b)
	if !utf8.ValidString(s) {
		s = latin1(b)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s))
}

func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
