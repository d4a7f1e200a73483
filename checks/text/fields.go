package text

import (
	"regexp"
	"strings"
)

var (
	compound   = regexp.MustCompile(`^(?:[-+]?[\d,]+(?:\.\d+)?\s*\(\s*[<>]?[\d.]+\s*%?\s*\)|\d[\d,]*\s*/\s*\d[\d,]*|[<>≤≥]=?\s*\d+)$`)
	valueField = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{2,4}|TRUE|FALSE|True|False)$`)
	emptyField = regexp.MustCompile(`^(?i:na|nan|none|null|<na>|\.|-+|\*+|\[?redacted\]?|\[?suppressed\]?)$`)
	stampLine  = regexp.MustCompile(`^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\d\d:\d\d:\d\d`)
)

// split takes a line apart at bars, tabs and runs of blanks.
func split(l string) []string {
	if t := strings.TrimSpace(l); len(t) > 2 && t[0] == '|' && t[len(t)-1] == '|' {
		return strings.Split(strings.Trim(t, "|"), "|")
	}
	t := strings.Trim(strings.TrimSpace(l), "|")
	var out []string
	from := 0
	for i := 0; i < len(t); {
		end := i
		for i < len(t) && t[i] == ' ' {
			i++
		}
		blanks := i - end
		if i < len(t) && (t[i] == '|' || t[i] == '\t') {
			out = append(out, t[from:end])
			for i++; i < len(t) && t[i] == ' '; i++ {
			}
			from = i
			continue
		}
		if blanks >= 2 {
			out = append(out, t[from:end])
			from = i
			continue
		}
		i++
	}
	return append(out, t[min(from, len(t)):])
}

// isRule says whether a line is drawn: nothing but strokes, two of a kind in a
// row among them.
func isRule(t string) bool {
	run, last, drawn := 0, rune(0), false
	for _, r := range t {
		if !strings.ContainsRune("-=_─━|+:.│┃┌┐└┘├┤┬┴┼╌ \t", r) {
			return false
		}
		if r == last {
			run++
		} else {
			run, last = 1, r
		}
		drawn = drawn || run >= 2 && strings.ContainsRune("-=_─━", r)
	}
	return drawn
}

// isNumber recognises a number, alone, with a percent sign, as "n (p%)", "n/N" or
// "<5".
func isNumber(x string) bool {
	if len(x) == 0 || len(x) > 40 {
		return false
	}
	i, digits := 0, 0
	if x[0] == '-' || x[0] == '+' {
		i++
	}
	for ; i < len(x) && (isDigit(x[i]) || x[i] == ',' && digits > 0); i++ {
		digits++
	}
	if i < len(x) && x[i] == '.' {
		for i++; i < len(x) && isDigit(x[i]); i++ {
			digits++
		}
	}
	if digits > 0 && i < len(x) && x[i]|0x20 == 'e' {
		j := i + 1
		if j < len(x) && (x[j] == '-' || x[j] == '+') {
			j++
		}
		for k := j; k < len(x) && isDigit(x[k]); k++ {
			i = k + 1
		}
	}
	if digits > 0 && (i == len(x) || i+1 == len(x) && x[i] == '%') {
		return true
	}
	return strings.ContainsAny(x, "(/<>≤≥") && compound.MatchString(x)
}

// isEmpty recognises a missing value or a redaction.
func isEmpty(x string) bool {
	return len(x) > 0 && len(x) <= 40 && strings.IndexByte("nN<.-*[rRsS", x[0]) >= 0 && emptyField.MatchString(x)
}

// isValue recognises a date or a truth value.
func isValue(x string) bool {
	return len(x) >= 4 && len(x) <= 10 && valueField.MatchString(x)
}
