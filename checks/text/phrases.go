package text

import (
	"regexp"
	"strconv"
	"strings"
)

// pairs are levels with their counts, as R's skimr and Python's Counter print.
var (
	pairs = regexp.MustCompile(`(?:^|\s)\S{1,3}: \d+(?:, \S{1,3}: \d+)+|Counter\(\{[^}]*\}`)
	pair  = regexp.MustCompile(`[^\s{(:]+: (\d+)`)
)

// numberWord finds small numbers of people written out. "One" is left out: "one
// row per patient".
var (
	numberWord  = regexp.MustCompile(`(?i)(?:^|[^a-z-])((two|three|four|five|six|seven) (?:of the |of these )?(?:female |male )?(?:patients|people|persons|individuals|participants|women|men|deaths|children))(?:[^a-z]|$)`)
	numberWords = map[string]int{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
)

// quick returns l if it could hold a number of people written out, else "".
func quick(l string) string {
	if holdsAny(l, "two ", "Two ", "three ", "Three ", "four ", "Four ", "five ", "Five ", "six ", "Six ", "seven ", "Seven ") {
		return l
	}
	return ""
}

// Words, in lower case: those before "= 3" or ": 3", those after "3 ", those
// that may stand between, and those that make a number before people a label
// ("Table 2 patients").
var (
	keyWords     = set("n obs observations count counts event events failures subjects patients people persons participants individuals cases deaths")
	peopleWords  = set("patient patients people person persons individual individuals participant participants women men event events death deaths cases failures subjects children residents records observation observations")
	betweenWords = set("exposed unexposed unique distinct eligible registered vaccinated unvaccinated female male individual")
	labelWords   = set("table figure fig model dose step section day week month year wave appendix stage group phase part level version decile quintile band age aged line number no per type grade class cohort chapter panel column row")
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// isEcho says whether a line repeats a command: Stata's ". ", "> " and "12. ",
// R's "> " and "+ ", Python's ">>> ".
func isEcho(l string) bool {
	if strings.HasPrefix(l, ". ") || strings.HasPrefix(l, "> ") || strings.HasPrefix(l, "+ ") || strings.HasPrefix(l, ">>> ") {
		return true
	}
	t := strings.TrimLeft(l, " ")
	i := 0
	for i < len(t) && i < 4 && isDigit(t[i]) {
		i++
	}
	return i > 0 && strings.HasPrefix(t[i:], ". ")
}

// appendPhrases finds counts stated in one line: a number after "n =" or the
// like, or before a word for people. In a line that echoes a command, "n = 2"
// is an assignment; counted people are still people.
func appendPhrases(out []Phrase, line int, l string, stata bool) []Phrase {
	assigned := isEcho(l) && (stata || !strings.HasPrefix(l, ". "))
	for i := 0; i < len(l); {
		if !isDigit(l[i]) {
			i++
			continue
		}
		from := i
		for i < len(l) && (isDigit(l[i]) || l[i] == ',' && i+1 < len(l) && isDigit(l[i+1])) {
			i++
		}
		n, ok := whole(l, from, i)
		if !ok {
			continue
		}
		if at := keyBefore(l, from); at >= 0 && !assigned {
			out = append(out, Phrase{line, l[at:i], n})
		}
		if to := peopleAfter(l, i); to >= 0 && !glued(l, from) && !labelWords[wordBefore(l, from)] {
			out = append(out, Phrase{line, l[from:to], n})
		}
	}
	for _, at := range numberWord.FindAllStringSubmatchIndex(quick(l), -1) {
		out = append(out, Phrase{line, l[at[2]:at[3]], numberWords[strings.ToLower(l[at[4]:at[5]])]})
	}
	if strings.Count(l, ": ") >= 2 {
		out = appendPairs(out, line, l)
	}
	return out
}

func appendPairs(out []Phrase, line int, l string) []Phrase {
	for _, p := range pairs.FindAllStringIndex(l, -1) {
		for _, m := range pair.FindAllStringSubmatchIndex(l[p[0]:p[1]], -1) {
			if n, ok := whole(l, p[0]+m[2], p[0]+m[3]); ok {
				out = append(out, Phrase{line, l[p[0]+m[0] : p[0]+m[1]], n})
			}
		}
	}
	return out
}

// whole reads l[from:to] as a whole number with nothing glued to its end: no
// decimals, fraction, range or unit.
func whole(l string, from, to int) (int, bool) {
	if to < len(l) {
		switch c := l[to]; {
		case c == '/', c == '%', c == '_', c == '-', isLetter(c), c == '.' && to+1 < len(l) && isDigit(l[to+1]):
			return 0, false
		}
	}
	n, err := strconv.Atoi(strings.ReplaceAll(l[from:to], ",", ""))
	return n, err == nil
}

// keyBefore returns where a word such as "n" starts that stands before l[at:]
// with an equals sign or colon between, else -1.
func keyBefore(l string, at int) int {
	i := skipBack(l, at)
	end := i
	for i > 0 && l[i-1] == '=' {
		i--
	}
	if i == end && i > 0 && l[i-1] == ':' {
		i--
	}
	if i == end {
		return -1
	}
	i = skipBack(l, i)
	start := i
	for start > 0 && isLetter(l[start-1]) {
		start--
	}
	if start == i || i-start > 12 || !keyWords[strings.ToLower(l[start:i])] {
		return -1
	}
	if start > 0 && (isDigit(l[start-1]) || strings.IndexByte("_.$'\"`-", l[start-1]) >= 0) {
		return -1
	}
	return start
}

// peopleAfter returns where a word for people ends that follows l[:at], else -1.
func peopleAfter(l string, at int) int {
	w, to := nextWord(l, at)
	if betweenWords[w] {
		if w2, to2 := nextWord(l, to); peopleWords[w2] {
			return to2
		}
	}
	switch w {
	case "missing", "real":
		w2, to2 := nextWord(l, to)
		if w3, to3 := nextWord(l, to2); w == "missing" && strings.HasPrefix(w2, "value") && w3 == "generated" ||
			w == "real" && strings.HasPrefix(w2, "change") && w3 == "made" {
			return to3
		}
	case "change", "changes":
		if w2, to2 := nextWord(l, to); w2 == "made" {
			return to2
		}
	}
	if peopleWords[w] {
		return to
	}
	return -1
}

// nextWord reads the word after blanks at l[at:], in lower case, and where it
// ends; "" when there are no blanks or no word.
func nextWord(l string, at int) (string, int) {
	i := at
	for i < len(l) && (l[i] == ' ' || l[i] == '\t') {
		i++
	}
	from := i
	for i < len(l) && i-from <= 16 && isLetter(l[i]) {
		i++
	}
	if from == at || i-from > 16 || i < len(l) && (isDigit(l[i]) || l[i] == '_') {
		return "", at
	}
	return strings.ToLower(l[from:i]), i
}

// wordBefore reads the word before l[at:], in lower case, without a full stop.
func wordBefore(l string, at int) string {
	i := skipBack(l, at)
	if i > 0 && l[i-1] == '.' {
		i--
	}
	from := i
	for from > 0 && i-from <= 16 && isLetter(l[from-1]) {
		from--
	}
	return strings.ToLower(l[from:i])
}

// glued says whether the number that starts at l[at] continues something.
func glued(l string, at int) bool {
	return at > 0 && (isLetter(l[at-1]) || isDigit(l[at-1]) || strings.IndexByte("_.,/-", l[at-1]) >= 0)
}

func skipBack(l string, at int) int {
	for at > 0 && (l[at-1] == ' ' || l[at-1] == '\t') {
		at--
	}
	return at
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
