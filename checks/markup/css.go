package markup

import (
	"regexp"
	"strings"
)

// declaration is one "property: value" of a style.
type declaration struct {
	property, value string
}

// rule is one rule of a style sheet.
type rule struct {
	selector string
	body     string
}

const (
	maxRules    = 2000
	maxSelector = 300
	maxValue    = 2000
	maxStyle    = 64 << 10
)

// uncomment removes /* comments */, each becoming a space.
func uncomment(s string) string {
	if !strings.Contains(s, "/*") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "/*")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte(' ')
		_, s, found = strings.Cut(rest, "*/")
		if !found {
			return b.String()
		}
	}
}

// declarations splits a style into its parts, heeding quotes and brackets. What
// comes after 64 kB of it is left out.
func declarations(s string) []declaration {
	var out []declaration
	for _, part := range split(uncomment(s[:min(len(s), maxStyle)]), ';') {
		property, value, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		out = append(out, declaration{strings.ToLower(strings.TrimSpace(property)), strings.Join(strings.Fields(value), " ")})
	}
	return out
}

// outside calls f for each byte of s that stands outside of quotes, with the
// number of round brackets open before it, until f returns false. It says
// whether all quotes and brackets close.
func outside(s string, f func(i int, c byte, depth int) bool) (closed bool) {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '"' || c == '\'':
			quote = c
			continue
		case !f(i, c, depth):
			return false
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return quote == 0 && depth == 0
}

// split cuts s at a separator that is outside of quotes and brackets.
func split(s string, sep byte) []string {
	var out []string
	start := 0
	outside(s, func(i int, c byte, depth int) bool {
		if c == sep && depth <= 0 {
			out = append(out, s[start:i])
			start = i + 1
		}
		return true
	})
	return append(out, s[start:])
}

// rules splits a style sheet into rules. At-rules (imports, fonts, media) are
// not among them; their number is returned.
func rules(sheet string) (out []rule, at int) {
	s := strings.NewReplacer("<!--", " ", "-->", " ").Replace(uncomment(sheet))
	for len(out) < maxRules {
		s = strings.TrimSpace(s)
		if s == "" {
			break
		}
		if s[0] == '@' {
			at++
			s = s[atRule(s):]
			continue
		}
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			j = len(s) - i
		}
		out = append(out, rule{strings.Join(strings.Fields(s[:i]), " "), s[i+1 : i+j]})
		s = s[min(i+j+1, len(s)):]
	}
	return out, at
}

// atRule returns the length of the at-rule at the start of s: to its semicolon,
// or to the end of its block. Addresses in quotes or brackets may hold either.
func atRule(s string) int {
	end, blocks := len(s), 0
	outside(s, func(i int, c byte, depth int) bool {
		switch {
		case depth > 0:
			return true
		case c == '{':
			blocks++
		case c == '}':
			blocks--
		}
		if blocks > 0 || c != ';' && c != '}' {
			return true
		}
		end = i + 1
		return false
	})
	return end
}

// selectorSafe are the selectors that are kept: element, class and id names and
// their combinations. Attribute selectors and states are not.
var selectorSafe = regexp.MustCompile(`^(?:[\w\-.#*>+~ ]|:root|:first-child|:last-child)+$`)

// names in a selector.
var selectorName = regexp.MustCompile(`[.#][\w\-]+`)

// cleanValue returns a property's value in the form that is kept, and whether
// it may be kept. A url may only be a target in the same drawing.
func cleanValue(v string) (string, bool) {
	if v == "" || len(v) > maxValue || strings.ContainsAny(v, "\\<>@{};\x00\x7f") || !balanced(v) {
		return "", false
	}
	for i := 0; i < len(v); i++ {
		if v[i] < 0x20 {
			return "", false
		}
		if v[i] != '(' {
			continue
		}
		name := functionName(v[:i])
		if !cssFunctions[name] {
			return "", false
		}
		if name != "url" {
			continue
		}
		end := strings.IndexByte(v[i:], ')')
		if end < 0 {
			return "", false
		}
		target, ok := localTarget(v[i+1 : i+end])
		if !ok {
			return "", false
		}
		v = v[:i+1] + "#" + target + v[i+end:]
	}
	return v, true
}

// functionName returns the word that ends s, in lower case.
func functionName(s string) string {
	i := len(s)
	for i > 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= 'A' && s[i-1] <= 'Z' || s[i-1] == '-') {
		i--
	}
	return strings.ToLower(s[i:])
}

// localTarget reads what stands between the brackets of url().
func localTarget(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if !strings.HasPrefix(s, "#") || !goodID(s[1:]) {
		return "", false
	}
	return s[1:], true
}

// goodID says whether an id can be written unquoted within url().
func goodID(s string) bool {
	return s != "" && len(s) <= 500 && !strings.ContainsAny(s, " \t\r\n\f\"'()<>\\&;,{}")
}

// balanced says whether quotes and brackets close, none before it opens.
func balanced(s string) bool {
	return outside(s, func(_ int, c byte, depth int) bool { return c != ')' || depth > 0 })
}

// hides says whether a style keeps its element from being seen.
func hides(style string) bool {
	if style == "" {
		return false
	}
	for _, d := range declarations(strings.ToLower(style)) {
		v := strings.TrimSpace(strings.TrimSuffix(d.value, "!important"))
		if d.property == "display" && v == "none" || d.property == "visibility" && (v == "hidden" || v == "collapse") {
			return true
		}
	}
	return false
}
