package storage

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on names. Most file systems hold 255 bytes in one element; a longer
// path than this nobody can read.
const (
	maxElement = 255
	maxPath    = 1000
	maxShown   = 120 // characters of a name that is shown escaped
)

// nameProblem says in plain words why a path, relative and with slashes, is not
// accepted, and "" when it is. What is accepted names one place only, and looks
// on a page as it is.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "The name is empty."
	case len(name) > maxPath:
		return fmt.Sprintf("The name is longer than %d bytes.", maxPath)
	case !utf8.ValidString(name):
		return "The name is not UTF-8 text."
	case strings.ContainsFunc(name, unicode.IsControl):
		return "The name has a control character or a line break in it."
	case strings.ContainsFunc(name, hidden):
		return "The name has characters in it that cannot be seen, or that change the order in which it is shown."
	case path.IsAbs(name):
		return "The name is an absolute path."
	case strings.Contains(name, `\`):
		return "The name has a backslash in it."
	case !fs.ValidPath(name) || name == ".":
		return "The name has an empty part, \".\" or \"..\" in it."
	}
	for element := range strings.SplitSeq(name, "/") {
		if len(element) > maxElement {
			return fmt.Sprintf("A part of the name is longer than %d bytes.", maxElement)
		}
		if strings.TrimSpace(element) != element {
			return "A part of the name begins or ends with a space."
		}
	}
	return ""
}

// hidden reports whether a character does not show as itself: controls, marks
// of direction, zero widths, fillers, private and unassigned ones, and spaces
// that are not the plain one.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == '\u2800' // braille without dots
}

// shown returns a name in which everything can be seen: hidden characters and
// stray bytes are escaped, and what is too long is cut.
func shown(name string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(name); n++ {
		if n == maxShown {
			return b.String() + "…"
		}
		r, size := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, name[i])
		case hidden(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}
