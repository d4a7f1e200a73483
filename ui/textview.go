package ui

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"sallyport/policy"
)

// textView is one window of a text, with numbered lines.
type textView struct {
	Lines  []lineView
	Total  int
	Pager  pager
	Notice string // what was done so that it can be shown
	More   string // address of the page with one line whole, without its number
}

type lineView struct {
	N       int
	Text    string
	Parts   []logPart // Text in the colours of a terminal; nil where there are none
	Cut     bool      // more of the line follows
	Flags   []flag
	Worst   policy.Severity
	Chosen  bool
	Changed bool // the other version, beside it, has it not
}

// longestLine is how much of one line is shown, in bytes.
const longestLine = 4000

// viewText cuts text into numbered lines and shows one page of them. Findings
// mark lines only when numbered says that the lines are those of the file. The
// line with the number whole (0 for none) is not cut.
func viewText(data []byte, views []findingView, page int, numbered bool, whole int) textView {
	var v textView
	if !utf8.Valid(data) {
		v.Notice = "Some bytes are not UTF-8 text; they are shown as \\x escapes."
	}
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), "\n")
	v.Total = len(lines)
	pages := max(1, (len(lines)+linesPerPage-1)/linesPerPage)
	page = min(max(page, 1), pages)
	v.Pager = pager{Page: page, Pages: pages}
	first := (page - 1) * linesPerPage
	var colours ansiState
	coloured := bytes.Contains(data, []byte("\x1b["))
	for i, text := range lines[first:min(first+linesPerPage, len(lines))] {
		line := lineView{N: first + i + 1}
		if len(text) > longestLine && whole != line.N {
			text, line.Cut = strings.ToValidUTF8(text[:longestLine], "\uFFFD")+" […]", true
			v.Notice = "Very long lines are cut."
		}
		if coloured {
			line.Parts = colours.parts(text)
		}
		line.Text = printableText(text)
		v.Lines = append(v.Lines, line)
	}
	if numbered {
		v.mark(views, first)
	}
	return v
}

// mark flags the lines that findings point at.
func (v *textView) mark(views []findingView, first int) {
	for _, f := range views {
		for _, r := range f.finding.Rows {
			i := r.Line - 1 - first
			if i < 0 || i >= len(v.Lines) {
				continue
			}
			l := &v.Lines[i]
			l.Flags = append(l.Flags, flag{f.N, f.ID, f.Severity, f.Title})
			l.Chosen = l.Chosen || f.Selected
			if l.Worst == "" || f.Severity.Rank() > l.Worst.Rank() {
				l.Worst = f.Severity
			}
		}
	}
}

// largestPretty bounds what laying out JSON may make of it, in bytes: deep
// nesting would turn a small file into gigabytes of indentation.
const largestPretty = 32 << 20

// pretty lays JSON out for reading; ok is false when it is not JSON, or would
// grow too much.
func pretty(data []byte) (out []byte, ok bool) {
	if prettySize(data) > largestPretty {
		return data, false
	}
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return data, false
	}
	return b.Bytes(), true
}

// laidOut reports whether pretty lays a text out, without doing it.
func laidOut(data []byte) bool { return prettySize(data) <= largestPretty && json.Valid(data) }

// prettySize estimates, from above, how long the laid out text is.
func prettySize(data []byte) int {
	size, depth, quoted := len(data), 0, false
	for i := 0; i < len(data) && size <= largestPretty; i++ {
		switch ch := data[i]; {
		case quoted && ch == '\\':
			i++
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '[' || ch == '{':
			depth++
			size += 1 + 2*depth
		case ch == ']' || ch == '}':
			depth = max(0, depth-1)
			size += 1 + 2*depth
		case ch == ',':
			size += 1 + 2*depth
		}
	}
	return size
}
