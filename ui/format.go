package ui

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"sallyport/checks/provenance"
	"sallyport/checks/table"
	"sallyport/policy"
	"sallyport/review"
)

// funcs are what templates may call. None returns markup except markdown, whose
// output is sanitised.
func (u *UI) funcs(w *words) template.FuncMap {
	return template.FuncMap{
		"name":      printable,
		"text":      printableText,
		"datetime":  w.datetime,
		"clock":     w.clock,
		"date":      w.date,
		"utc":       w.utc,
		"place":     w.place,
		"term":      w.term,
		"explained": w.explained,
		"now":       func() time.Time { return u.now() },
		"ago":       func(t time.Time) string { return ago(t, u.now()) },
		"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"size":      func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) },
		"comma":     func(n int) string { return humanize.Comma(int64(n)) },
		"plural":    plural,
		"plural64":  func(n int64, one, many string) string { return plural(int(n), one, many) },
		"status":    statusWords,
		"colour":    statusColour,
		"level":     levelWords,
		"kind":      kindWords,
		"decision":  decisionWords,
		"severity":  severityWords,
		"seatwhy":   seatWords,
		"outcome":   func(o review.Outcome) string { return capital(string(o)) },
		"event":     eventWords,
		"short":     short,
		"passkeyid": passkeyID,
		"plain":     func(s string) string { return strings.TrimPrefix(s, "#") }, // the name of a column of figures
		"seg":       func(v any) string { return url.PathEscape(fmt.Sprint(v)) },
		"add":       func(a, b int) int { return a + b },
		"markdown":  markdown,
		"dict":      dict,
		"can":       func(v *review.View, action string) bool { return v.Can[policy.Action(action)] },
		"why":       func(v *review.View, action string) string { return v.Why[policy.Action(action)] },
		"person":    func(v *review.View, name review.Username) string { return personName(v, name) },
		"role":      roleName,
		"jobkind":   jobWords,
		"capital":   capital,
		"base":      baseName,
		"soft":      softParts,
		"stamp":     w.stamp,
		"jobstate":  func(s string) string { words, _ := jobState(s); return words },
		"jobtag":    func(s string) string { _, colour := jobState(s); return colour },
		"colrole":   columnRole,
		"colbase":   columnBase,
	}
}

// dict builds the argument of a shared part from pairs of names and values.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// printable shows a hostile string as what it is: control characters, line
// breaks, direction overrides, invisible characters and broken UTF-8 become
// visible escapes, so that a name cannot pose as another.
func printable(s any) string {
	text := fmt.Sprint(s)
	if !strings.ContainsFunc(text, odd) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case odd(r):
			fmt.Fprintf(&b, `\u{%04x}`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func odd(r rune) bool {
	return r == utf8.RuneError || !unicode.IsPrint(r) && r != ' ' || unicode.Is(unicode.Mn, r) && r >= 0xFE00 && r <= 0xFE0F
}

func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// ago is how long before (or after) now a time is, roughly.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// short shows the first digits of a digest, an id or a commit, and other text
// whole.
func short(s any) string {
	text := fmt.Sprint(s)
	if len(text) > 24 && !strings.ContainsAny(text, " /.") {
		return text[:12]
	}
	return text
}

func statusWords(s review.Status) string {
	switch s {
	case review.Pending:
		return "Draft"
	case review.Submitted:
		return "Submitted"
	case review.PartiallyReviewed:
		return "One review in"
	case review.Reviewed:
		return "Both reviews in"
	case review.Approved:
		return "Approved"
	case review.Released:
		return "Released"
	case review.Returned:
		return "Returned"
	case review.Rejected:
		return "Rejected"
	case review.Withdrawn:
		return "Withdrawn"
	default:
		return string(s)
	}
}

// statusColour is the tag's colour; the words carry the meaning.
func statusColour(s review.Status) string {
	switch s {
	case review.Pending:
		return "grey"
	case review.Submitted, review.PartiallyReviewed:
		return "blue"
	case review.Reviewed:
		return "purple"
	case review.Approved, review.Released:
		return "green"
	case review.Returned:
		return "yellow"
	case review.Rejected:
		return "red"
	default:
		return "white"
	}
}

func levelWords(l provenance.Level) string {
	switch l {
	case provenance.Highly:
		return "Highly sensitive"
	case provenance.Moderately:
		return "Moderately sensitive"
	case provenance.Minimally:
		return "Minimally sensitive"
	default:
		return "Unknown level"
	}
}

func kindWords(k review.FileKind) string {
	switch k {
	case review.Output:
		return "Output"
	case review.Supporting:
		return "Supporting file"
	case review.WithdrawnF:
		return "Withdrawn"
	default:
		return string(k)
	}
}

func decisionWords(d review.Decision) string {
	switch d {
	case review.Approve:
		return "Approved"
	case review.RequestChanges:
		return "Changes requested"
	case review.Reject:
		return "Rejected"
	case review.Undecided:
		return "To be decided again"
	default:
		return "Not decided"
	}
}

// seatWords is why somebody has a seat; older records have "claimed" for a free one
// that was taken.
func seatWords(why string) string {
	if why == "claimed" {
		return review.TookSeat
	}
	return why
}

func severityWords(s policy.Severity) string {
	switch s {
	case policy.Note:
		return "Note"
	case policy.Warn:
		return "Warning"
	default:
		return "Blocking"
	}
}

// columnRole is what a column holds, in words. Roles without words of their own
// are shown as the checks name them.
func columnRole(role string) string {
	words := map[table.Role]string{
		table.PersonTime: "person-time", table.PercentRole: "percentage", table.SD: "standard deviation", table.SE: "standard error",
		table.Min: "minimum", table.Max: "maximum", table.Percentile: "percentile", table.CI: "confidence limit", table.PValue: "p-value",
		table.Stat: "test statistic", table.DF: "degrees of freedom", table.BirthDate: "date of birth", table.Geo: "area",
		table.OrgCode: "organisation code", table.OrgCount: "count of organisations", table.ID: "identifier", table.BoolRole: "yes or no",
		table.FreeText: "free text", table.EstCI: "estimate and limits", table.Unknown: "numbers not understood",
	}
	if w := words[table.Role(role)]; w != "" {
		return w
	}
	return role
}

// columnBase is the rounding that a column's counts show, in words.
func columnBase(base string) string {
	switch {
	case base == "none":
		return "not rounded"
	case strings.ContainsAny(base[:min(1, len(base))], "0123456789"):
		return "to nearest " + base
	default:
		return base
	}
}

func personName(v *review.View, name review.Username) string {
	if full := v.Names[name]; full != "" {
		return full
	}
	return string(name)
}

// printableText is printable for text of several lines: line breaks and tabs
// stay, a carriage return before a line break goes.
func printableText(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j, cell := range cells {
			cells[j] = printable(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}
