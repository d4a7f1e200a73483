package text

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport/checks/table"
)

// Text is one printed text, read.
type Text struct {
	Lines   []string // as a person sees them; line i+1 of the file
	Tables  []*table.Source
	Phrases []Phrase
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
// It fails only on a text that prints more tables than anyone would look at.
func Read(data []byte) (*Text, error) {
	t := &Text{Lines: Lines(data)}
	stata := isStataLog(t.Lines)
	for i, l := range t.Lines {
		if len(l) > maxLine {
			l = l[:maxLine] // a line this long is not prose; the checks on identifiers still see all of it
		}
		t.Phrases = append(t.Phrases, phrases(i+1, l, stata)...)
		if cutMark.MatchString(l) {
			t.Cut = append(t.Cut, i+1)
		}
		if faultMark.MatchString(l) {
			t.Faults = append(t.Faults, i+1)
		}
		if patientID.MatchString(l) && !(stata && echo.MatchString(l)) {
			t.PatientIDs = append(t.PatientIDs, i+1)
		}
	}
	if stata && !closed(t.Lines) {
		t.Cut = append(t.Cut, len(t.Lines))
	}
	t.Tables = blocks(t.Lines)
	if len(t.Tables) > maxTables {
		return nil, fmt.Errorf("it prints more than %d tables", maxTables)
	}
	return t, nil
}

// Facts returns what is kept of a text once its bytes are gone: all but its
// lines (of which the first stays) and its tables.
func (t *Text) Facts() *Text {
	f := *t
	f.Tables = nil
	f.Lines = nil
	if len(t.Lines) > 0 {
		f.Lines = []string{strings.Clone(t.Lines[0][:min(len(t.Lines[0]), maxLine)])}
	}
	f.Phrases = slices.Clone(t.Phrases)
	for i := range f.Phrases {
		f.Phrases[i].Text = strings.Clone(f.Phrases[i].Text)
	}
	return &f
}

// maxLine bounds how much of one line is read as prose or as a row of a table.
const maxLine = 8192

var (
	escape = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")

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
	if strings.IndexByte(s, '\x1b') >= 0 {
		s = escape.ReplaceAllString(s, "")
	}
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

const number = `(\d{1,3}(?:,\d{3})+|\d+)`

var (
	keyed   = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_.$'"` + "`" + `-])(n|obs|observations|count|counts|events?|failures|subjects|patients|people|persons|participants|individuals|cases|deaths)\s*(?:=+|:)\s*` + number)
	counted = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_.,/-])` + number + `\s+(?:(?:exposed|unexposed|unique|distinct|eligible|registered|vaccinated|unvaccinated|female|male|individual)\s+)?(patients?|people|persons?|individuals?|participants?|women|men|events?|deaths?|cases|failures|subjects|children|residents|records|missing values? generated|(?:real )?changes? made|observations?)(?:[^a-z0-9_]|$)`)
	// pairs are levels with their counts, as R's skimr and Python's Counter print.
	pairs = regexp.MustCompile(`(?:^|\s)\S{1,3}: \d+(?:, \S{1,3}: \d+)+|Counter\(\{[^}]*\}`)
	pair  = regexp.MustCompile(`[^\s{(:]+: (\d+)`)
	// ordinalWord before a number makes it a label: "Table 2 patients", "dose 3 events".
	ordinalWord = regexp.MustCompile(`(?i)(?:table|figure|fig|model|dose|step|section|day|week|month|year|wave|appendix|stage|group|phase|part|level|version|decile|quintile|band|age|aged|line|number|no|per|type|grade|class|cohort|chapter|panel|column|row)\.?\s*$`)
	echo        = regexp.MustCompile(`^(?:\. |> |\s*\d+\. |\+ |>>> )`)
)

// phrases finds counts stated in one line. In a line that echoes a command,
// "n = 2" is an assignment; counted people are still people.
func phrases(line int, l string, stata bool) []Phrase {
	if !strings.ContainsAny(l, "0123456789") {
		return nil
	}
	var out []Phrase
	if !(echo.MatchString(l) && (stata || !strings.HasPrefix(l, ". "))) {
		for _, m := range keyed.FindAllStringSubmatchIndex(l, -1) {
			out = appendPhrase(out, line, l, m[2], m[5], m[4])
		}
	}
	for _, m := range counted.FindAllStringSubmatchIndex(l, -1) {
		if !ordinalWord.MatchString(l[:m[2]]) {
			out = appendPhrase(out, line, l, m[2], m[5], m[2])
		}
	}
	for _, p := range pairs.FindAllStringIndex(l, -1) {
		for _, m := range pair.FindAllStringSubmatchIndex(l[p[0]:p[1]], -1) {
			out = appendPhrase(out, line, l, p[0]+m[0], p[0]+m[1], p[0]+m[2])
		}
	}
	return out
}

// appendPhrase keeps l[from:to] when the number that starts at num is whole: no
// decimals, fraction, range or unit glued to it.
func appendPhrase(out []Phrase, line int, l string, from, to, num int) []Phrase {
	end := num
	for end < len(l) && (l[end] >= '0' && l[end] <= '9' || l[end] == ',') {
		end++
	}
	rest := l[end:]
	if len(rest) > 0 && (rest[0] == '/' || rest[0] == '%' || rest[0] == '_' || rest[0] == '-' || isLetter(rest[0]) ||
		len(rest) > 1 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9') {
		return out
	}
	n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimRight(l[num:end], ","), ",", ""))
	if err != nil {
		return out
	}
	return append(out, Phrase{line, l[from:to], n})
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
