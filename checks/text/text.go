package text

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"sallyport/checks/table"
)

// Text is one printed text, read.
type Text struct {
	Lines   []string // as a person sees them; line i+1 of the file
	Tables  []*table.Source
	Phrases []Phrase
	// Delimited says that the whole text is one table: every line has the same
	// number of commas, or of tabs, and a column is all numbers below its name.
	Delimited bool
	// Cut lists 1-based lines that say that something was left out, and the
	// last line when a log was never closed.
	Cut []int
	// Faults lists lines where an error trace starts.
	Faults []int
	// PatientIDs lists lines that name a patient identifier.
	PatientIDs []int
}

// Phrase is a count stated in words.
type Phrase struct {
	Line  int    // 1-based
	Text  string // as written, "n = 3"
	Count int
}

// Read reads a text of any size. Bytes that are not UTF-8 are read as Latin-1.
// It fails only on a text that has more lines, counts, tables or cells than
// anyone would look at.
func Read(data []byte) (*Text, error) {
	if bytes.Count(data, []byte("\n")) > maxLines {
		return nil, fmt.Errorf("it has more than %d lines", maxLines)
	}
	t := &Text{Lines: Lines(data)}
	stata := isStataLog(t.Lines)
	for i, l := range t.Lines {
		t.Phrases = appendPhrases(t.Phrases, i+1, l, stata)
		if holdsAny(l, "more", "rows x", "max.print", "...", "MORE", "More", "truncated") && cutMark.MatchString(l) {
			t.Cut = append(t.Cut, i+1)
		}
		if holdsAny(l, "Traceback", "Error", "r(", "halted", "Exception") && faultMark.MatchString(l) {
			t.Faults = append(t.Faults, i+1)
		}
		if holdsAny(l, "atient", "ATIENT") && patientID.MatchString(l) && !(stata && isEcho(l)) {
			t.PatientIDs = append(t.PatientIDs, i+1)
		}
	}
	if stata && !closed(t.Lines) {
		t.Cut = append(t.Cut, len(t.Lines))
	}
	t.Delimited = delimited(t.Lines)
	if len(t.Phrases) > maxPhrases {
		return nil, fmt.Errorf("it states more than %d counts", maxPhrases)
	}
	var err error
	t.Tables, err = blocks(t.Lines)
	return t, err
}

// Facts returns what is kept of a text once its bytes are gone: all but its
// lines (of which the first stays) and its tables.
func (t *Text) Facts() *Text {
	f := *t
	f.Tables = nil
	f.Lines = nil
	if len(t.Lines) > 0 {
		f.Lines = []string{strings.Clone(t.Lines[0][:min(len(t.Lines[0]), 1000)])}
	}
	f.Phrases = slices.Clone(t.Phrases)
	for i := range f.Phrases {
		f.Phrases[i].Text = strings.Clone(f.Phrases[i].Text)
	}
	return &f
}

// Bounds of a text; a log to be released is some hundreds of lines long.
const (
	maxLines   = 300_000
	maxPhrases = 50_000
)

// maxLine is the longest line that may be a row of a printed table.
const maxLine = 256 << 10

var (
	cutMark   = regexp.MustCompile(`(?i)(?:^|\s)(?:…|\.\.\.|ℹ|#)\s*(?:with\s+)?[\d,]+\s+more\s+(?:rows?|variables?|columns?|lines?)|^\s*\[[\d,]+ rows x [\d,]+ columns\]|reached getOption\("max\.print"\)|^\s*(?:\.\.\.?\s+){2,}|^\s*--more--\s*$|output truncated`)
	faultMark = regexp.MustCompile(`Traceback \(most recent call last\)|^Error (?:in |:)|^r\(\d+\);|Execution halted|^\w*(?:Error|Exception): `)
	patientID = regexp.MustCompile("(?i)(?:^|[^a-z\"'`])patient_?ids?(?:[^a-z\"'`]|$)") // in quotation marks it is code
)

// Lines splits a text as a person sees it: escape sequences gone, a carriage
// return within a line starting another piece of the same line.
func Lines(data []byte) []string {
	s := string(data)
	if !utf8.ValidString(s) {
		s = latin1(data)
	}
	s = strings.TrimPrefix(s, "\ufeff")
	s = withoutEscapes(s)
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i, l := range lines {
		l = strings.TrimSuffix(l, "\r")
		if strings.IndexByte(l, '\r') >= 0 {
			l = strings.ReplaceAll(l, "\r", "  ")
		}
		lines[i] = strings.TrimRight(strings.ReplaceAll(l, "\u00a0", " "), " ")
	}
	return lines
}

// withoutEscapes takes terminal escape sequences out: those that start ESC [ with
// their parameters, and those that start ESC ] up to their end on the same line.
// Of anything else only the ESC goes, so that no text hides behind one.
func withoutEscapes(s string) string {
	if strings.IndexByte(s, '\x1b') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\x1b')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		s = s[escapeLength(s):]
	}
}

// escapeLength returns how much of s, which follows an ESC, belongs to it.
func escapeLength(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '[':
		i := 1
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x3F {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7E {
			return i + 1
		}
	case ']':
		for i := 1; i < len(s) && i < 1000 && s[i] != '\n' && s[i] != '\x1b'; i++ {
			if s[i] == '\x07' {
				return i + 1
			}
		}
	}
	return 0
}

func latin1(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) * 2)
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// isStataLog recognises the head of a Stata log.
func isStataLog(lines []string) bool {
	for _, l := range lines[:min(len(lines), 10)] {
		if strings.Contains(l, "log type:") || strings.Contains(l, "opened on:") {
			return true
		}
	}
	return false
}

func closed(lines []string) bool {
	for _, l := range lines[max(0, len(lines)-20):] {
		if strings.Contains(l, "closed on:") || strings.Contains(l, "JOB SUMMARY") {
			return true
		}
	}
	return false
}

// delimited recognises a CSV or tab-separated file under another name.
func delimited(lines []string) bool {
	for _, sep := range []string{",", "\t"} {
		if n := strings.Count(lines[0], sep); n > 0 && sameFields(lines, sep, n) {
			return true
		}
	}
	return false
}

func sameFields(lines []string, sep string, n int) bool {
	numeric := make([]bool, n+1)
	rows := 0
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		f := strings.Split(l, sep)
		if len(f) != n+1 {
			return false
		}
		for j, x := range f {
			x = strings.Trim(strings.TrimSpace(x), `"`)
			if i == 0 {
				numeric[j] = !isNumber(x)
			} else {
				numeric[j] = numeric[j] && (isNumber(x) || x == "" || isEmpty(x))
			}
		}
		rows++
	}
	return rows >= 3 && slices.Contains(numeric, true)
}

// holdsAny spares most lines a regular expression.
func holdsAny(l string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(l, w) {
			return true
		}
	}
	return false
}
