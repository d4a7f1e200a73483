package table

import (
	"bytes"
	"strings"
)

// missing lists, in lower case, what programs print for "no value".
var missing = map[string]bool{
	"na": true, "n/a": true, "#n/a": true, "nan": true, "null": true, "none": true, "missing": true,
	".": true, "-": true, "--": true, "–": true, "—": true, "..": true, "<na>": true,
	"na_integer_": true, "na_character_": true, "na_real_": true, "nat": true,
}

// redactions lists, in lower case, the markers that replace a hidden value;
// the single letters among them count only inside brackets.
var redactions = map[string]bool{
	"redacted": true, "redact": true, "redaction": true, "suppressed": true, "suppress": true,
	"masked": true, "withheld": true, "hidden": true, "low": true, "low count": true, "low counts": true,
	"low number": true, "low numbers": true, "lowcount": true, "lownumber": true, "†": true,
	"c": false, "x": false, "s": false,
}

var bools = map[string]bool{"true": true, "false": true, "yes": true, "no": true, "t": true, "f": true, "y": true, "n": true}

// parseWord reads a cell that is not a number: missing, redacted, a comparison
// sign, a date with a month's name, true or false, else text.
func parseWord(c *Cell, s string) {
	c.Kind = Text
	if len(s) > 40 {
		return
	}
	if s[0] >= 0x80 && (strings.HasPrefix(s, "≤") && c.compare(s, len("≤"), true, true) ||
		strings.HasPrefix(s, "≥") && c.compare(s, len("≥"), false, true)) {
		return
	}
	if n, ok := announced(s); ok {
		c.Value, c.Decimals, c.Kind = n.value, n.dec, Number
		return
	}
	// The lower-case copy stays on the stack: looking it up in a map copies nothing.
	var buf [40]byte
	low := buf[:copy(buf[:], s)]
	for i, b := range low {
		if b >= 'A' && b <= 'Z' {
			low[i] = b | 0x20
		}
	}
	switch {
	case missing[string(low)]:
		c.Kind = Missing
	case isRedaction(low):
		c.Kind = Redacted
	case bools[string(low)]:
		c.Kind = Bool
	case isDate(s):
		c.Kind = Date
	}
}

// announced reads "n=5" and "N = 1,234".
func announced(s string) (number, bool) {
	if len(s) < 3 || s[0]|0x20 != 'n' {
		return number{}, false
	}
	i := skipSpace(s, 1)
	if i >= len(s) || s[i] != '=' {
		return number{}, false
	}
	n, ok := scanNumber(s, skipSpace(s, i+1))
	return n, ok && n.end == len(s)
}

// isRedaction reports a marker in place of a value, in lower case.
func isRedaction(s []byte) bool {
	if bytes.Contains(s, []byte("redact")) || bytes.Contains(s, []byte("suppress")) {
		return true
	}
	inner := bytes.TrimSpace(bytes.Trim(s, "[](){}<>"))
	if len(inner) == 0 {
		return false
	}
	if len(bytes.Trim(inner, "*")) == 0 || len(bytes.Trim(inner, "#")) == 0 {
		return true
	}
	alone, known := redactions[string(inner)]
	return known && (alone || len(inner) < len(s))
}

// isDate knows 2021-01(-31( 12:30)), 31/1/2021, 31-Jan-21, Jan 2021, 31jan2021.
func isDate(s string) bool {
	if len(s) < 5 || len(s) > 32 {
		return false
	}
	switch i := digitsFrom(s, 0); {
	case i == 4 && len(s) >= 7 && s[4] == '-':
		return isISODate(s)
	case i >= 1 && i <= 2 && s[i] == '/':
		return isSlashDate(s, i)
	case i >= 1 && i <= 2:
		return isMonthDate(s, i)
	case i == 0:
		return isMonthYear(s)
	}
	return false
}

func digitsFrom(s string, i int) int {
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i
}

func isISODate(s string) bool {
	if m := s[5:7]; !isDigits(m) || m < "01" || m > "12" {
		return false
	}
	switch rest := s[7:]; {
	case rest == "":
		return true
	case len(rest) < 3 || rest[0] != '-' || !isDigits(rest[1:3]):
		return false
	case len(rest) == 3:
		return true
	default:
		t := rest[4:]
		return (rest[3] == 'T' || rest[3] == ' ') && len(t) >= 5 && isDigits(t[:2]) && t[2] == ':' && isDigits(t[3:5])
	}
}

func isSlashDate(s string, i int) bool {
	j := digitsFrom(s, i+1)
	if j-i-1 < 1 || j-i-1 > 2 || j >= len(s) || s[j] != '/' {
		return false
	}
	k := digitsFrom(s, j+1)
	return k == len(s) && (k-j-1 == 2 || k-j-1 == 4)
}

var months = [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// monthLen returns the length of the month's name that s begins with, or 0.
func monthLen(s string) int {
	if len(s) < 3 {
		return 0
	}
	low := strings.ToLower(s[:3])
	for _, m := range months {
		if m == low {
			n := 3
			for n < len(s) && (s[n]|0x20) >= 'a' && (s[n]|0x20) <= 'z' {
				n++
			}
			return n
		}
	}
	return 0
}

func isMonthDate(s string, i int) bool {
	i = skipDash(s, i)
	n := monthLen(s[i:])
	return n > 0 && isYear(s[skipDash(s, i+n):])
}

func isMonthYear(s string) bool {
	n := monthLen(s)
	return n > 0 && n < len(s) && isYear(s[skipDash(s, n):])
}

func skipDash(s string, i int) int {
	if i < len(s) && (s[i] == '-' || s[i] == ' ') {
		return i + 1
	}
	return i
}

func isYear(s string) bool { return (len(s) == 2 || len(s) == 4) && isDigits(s) }
