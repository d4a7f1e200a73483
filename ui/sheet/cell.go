package sheet

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxCell is the length of the longest text that a cell of a workbook holds, in
// UTF-16 units.
const maxCell = 32_767

// Cell makes text safe to open in a spreadsheet. A text that would be read as a
// formula or a command (it begins with =, +, -, @ or their full-width forms, a
// tab or a line break, whatever space is before it) is preceded by an
// apostrophe. Line breaks become \n. Other control characters, invisible ones,
// direction overrides and broken UTF-8 become visible escapes, as the pages show
// them.
func Cell(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.ContainsFunc(text, odd) {
		text = escape(text)
	}
	first := strings.TrimLeftFunc(text, unicode.IsSpace)
	if first != "" && strings.ContainsRune("=+-@＝＋－＠﹦﹢﹣﹫−", firstRune(first)) || text != "" && strings.ContainsRune("\t\n", firstRune(text)) {
		return "'" + text
	}
	return text
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// odd are runes that are not shown, or not as what they are.
func odd(r rune) bool {
	return r == utf8.RuneError || r != '\n' && r != '\t' && r != ' ' && !unicode.IsPrint(r)
}

func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case odd(r):
			fmt.Fprintf(&b, `\u{%04x}`, r)
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// fit cuts a safe text to what a cell of a workbook holds, and says so in it.
func fit(text string) string {
	if len(text) <= maxCell {
		return text
	}
	units := 0
	for _, r := range text {
		units += utf16.RuneLen(r)
	}
	if units <= maxCell {
		return text
	}
	note := fmt.Sprintf(" … [cut: %d characters in all; the CSV has them]", utf8.RuneCountInString(text))
	room := maxCell - len(note)
	used := 0
	for i, r := range text {
		if used += utf16.RuneLen(r); used > room {
			return text[:i] + note
		}
	}
	return text
}
