package ui

import (
	"strconv"
	"strings"
)

// logLine is one line of a log, cut where its colour changes.
type logLine struct {
	N     int
	Parts []logPart
}

// logPart is text in one colour. Class is one of our own names, never made of
// the log's text; "" is plain.
type logPart struct{ Class, Text string }

// The colours of a terminal, in the order of their numbers.
var ansiColours = [8]string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}

// logLines cuts a log into lines, numbered after the left ones before it.
// Colours of a terminal become classes; what else a terminal would obey (moving
// about, links, titles) is left out, and control characters are shown as
// escapes. A colour goes on over line breaks until it is reset, as it would on
// a terminal.
func logLines(body string, left int) []logLine {
	if body == "" {
		return nil
	}
	var out []logLine
	var s ansiState
	for i, line := range strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n") {
		if len(line) > longestLine {
			line = strings.ToValidUTF8(line[:longestLine], "\uFFFD") + " […]"
		}
		out = append(out, logLine{N: left + i + 1, Parts: s.parts(line)})
	}
	return out
}

// ansiState is what a terminal would remember between characters.
type ansiState struct {
	bold   bool
	colour string
}

func (s *ansiState) class() string {
	class := ""
	if s.colour != "" {
		class = "app-ansi--" + s.colour
	}
	if s.bold {
		class = strings.TrimSpace(class + " app-ansi--bold")
	}
	return class
}

func (s *ansiState) parts(line string) []logPart {
	var out []logPart
	for line != "" {
		at := strings.IndexByte(line, 0x1b)
		if at < 0 {
			at = len(line)
		}
		if at > 0 {
			out = append(out, logPart{s.class(), printableText(line[:at])})
		}
		line = s.escape(line[at:])
	}
	return out
}

// escape takes one escape sequence off the front of a line, if there is one,
// and obeys it when it is about colour. A sequence without an end is not one:
// its first character is then shown like any other.
func (s *ansiState) escape(line string) string {
	if line == "" {
		return ""
	}
	if strings.HasPrefix(line, "\x1b[") {
		for i := 2; i < len(line) && i < 64; i++ {
			if ch := line[i]; ch >= 0x40 && ch <= 0x7e {
				if ch == 'm' {
					s.obey(line[2:i])
				}
				return line[i+1:]
			}
		}
	}
	if strings.HasPrefix(line, "\x1b]") { // a title or a link
		for i := 2; i < len(line) && i < 1000; i++ {
			if line[i] == '\a' {
				return line[i+1:]
			}
			if rest, ok := strings.CutPrefix(line[i:], "\x1b\\"); ok {
				return rest
			}
		}
	}
	return "\uFFFD" + line[1:] // no terminal's: shown as something odd
}

// obey follows a "select graphic rendition": bold, and the sixteen colours of
// the foreground. Others change nothing.
func (s *ansiState) obey(codes string) {
	if codes == "" {
		*s = ansiState{}
		return
	}
	list := strings.Split(codes, ";")
	for i := 0; i < len(list); i++ {
		n, err := strconv.Atoi(list[i])
		switch {
		case list[i] == "" || err == nil && n == 0:
			*s = ansiState{}
		case err != nil:
		case n == 1:
			s.bold = true
		case n == 22:
			s.bold = false
		case n >= 30 && n <= 37:
			s.colour = ansiColours[n-30]
		case n >= 90 && n <= 97:
			s.colour = ansiColours[n-90]
		case n == 39:
			s.colour = ""
		case n == 38 || n == 48: // a colour of many: its numbers are no codes
			i += 2
			if i-1 < len(list) && list[i-1] == "2" {
				i += 2
			}
		}
	}
}
