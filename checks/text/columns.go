package text

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// columns takes the block's lines apart by whatever separates their fields:
// bars, tabs, commas, or blanks in the same place of every line.
func (b *block) columns(lines []string) ([]string, [][]string) {
	for _, sep := range []string{"|", "\t", ","} {
		if b.sameCount(lines, sep) > 0 && (sep != "|" || b.fenced(lines)) {
			return b.separated(lines, sep)
		}
	}
	return b.aligned(lines)
}

// fenced says whether every row starts and ends with a bar, as in Markdown.
func (b *block) fenced(lines []string) bool {
	for _, r := range b.rows {
		t := strings.TrimSpace(lines[r])
		if len(t) < 3 || t[0] != '|' || t[len(t)-1] != '|' {
			return false
		}
	}
	return true
}

// sameCount returns how often sep stands in every row of the block, or 0 when
// rows differ (for tabs, which may be left out at the end, the most).
func (b *block) sameCount(lines []string, sep string) int {
	n := -1
	for _, r := range b.rows {
		c := strings.Count(lines[r], sep)
		switch {
		case c == 0:
			return 0
		case sep == "," && strings.Contains(strings.TrimSpace(lines[r]), "  "):
			return 0
		case n >= 0 && c != n && sep != "\t":
			return 0
		}
		n = max(n, c)
	}
	return n
}

func (b *block) separated(lines []string, sep string) ([]string, [][]string) {
	cut := func(l string) []string {
		if sep == "|" {
			l = strings.Trim(strings.TrimSpace(l), "|")
		}
		f := strings.Split(l, sep)
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		return f
	}
	var header []string
	for _, h := range b.heads {
		if f := cut(lines[h]); strings.Contains(lines[h], sep) {
			for i, x := range f {
				if i == len(header) {
					header = append(header, "")
				}
				header[i] = strings.TrimSpace(header[i] + " " + x)
			}
		}
	}
	var records [][]string
	for _, r := range b.rows {
		f := cut(lines[r])
		for len(header) < len(f) {
			header = append(header, "")
		}
		records = append(records, f)
	}
	return header, records
}

// span is a column by the places its characters take, [from, to).
type span struct{ from, to int }

// aligned takes fixed-width lines apart at the places that are blank in all of
// them, or, when there are none, word by word if all have as many words.
func (b *block) aligned(lines []string) ([]string, [][]string) {
	rows := make([][]rune, len(b.rows))
	for i, r := range b.rows {
		rows[i] = []rune(lines[r])
		for k, c := range rows[i] {
			if c == '|' || c == '\t' {
				rows[i][k] = ' '
			}
		}
	}
	spans := gutters(rows)
	if len(spans) < 2 {
		return b.words(lines)
	}
	records := make([][]string, len(rows))
	for i, r := range rows {
		records[i] = make([]string, len(spans))
		for j, s := range spans {
			records[i][j] = slice(r, s)
		}
	}
	header := make([]string, len(spans))
	for _, h := range b.heads {
		name(header, spans, strings.ReplaceAll(lines[h], "\t", " "), lines[b.rows[0]])
	}
	return header, records
}

func slice(r []rune, s span) string {
	if s.from >= len(r) {
		return ""
	}
	return strings.TrimSpace(string(r[s.from:min(s.to, len(r))]))
}

// gutters finds the columns of fixed-width rows. A gutter one place wide counts
// only before a column of numbers, because words, too, stand one place apart.
func gutters(rows [][]rune) []span {
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	used := make([]bool, width)
	for _, r := range rows {
		for i, c := range r {
			if c != ' ' {
				used[i] = true
			}
		}
	}
	var spans []span
	for i := 0; i < width; i++ {
		if !used[i] {
			continue
		}
		from := i
		for i < width && used[i] {
			i++
		}
		s := span{from, i}
		if n := len(spans); n > 0 && from-spans[n-1].to == 1 && !numeric(rows, s) {
			spans[n-1].to = i
			continue
		}
		spans = append(spans, s)
	}
	return spans
}

// numeric says whether most of a column's cells are numbers.
func numeric(rows [][]rune, s span) bool {
	numbers, filled := 0, 0
	for _, r := range rows {
		x := slice(r, s)
		if x == "" || isEmpty(x) {
			continue
		}
		filled++
		if isNumber(x) || isValue(x) {
			numbers++
		}
	}
	return numbers*5 >= filled*3 && numbers > 0
}

var (
	wordRun = regexp.MustCompile(`\S+(?:\s\S+)*`)
	oneWord = regexp.MustCompile(`\S+`)
)

// name adds the words of one header line to the columns they stand over. A lone
// run of words over several columns is a title, not a header, unless bars say
// that it belongs to the table.
func name(header []string, spans []span, l, row string) {
	bars, drawn := barred(l), l
	l = strings.ReplaceAll(l, "|", " ")
	runs := wordRun.FindAllStringIndex(l, -1)
	for _, r := range runs {
		text := l[r[0]:r[1]]
		over, whole := overlapping(spans, place(l, r[0], r[1])), strings.Contains(text, "Interval]")
		if z, all := zone(drawn, row, r); bars && all == text {
			over, whole = overlapping(spans, z), true // it heads all columns between the bars
		}
		if len(runs) == 1 && !bars && (len(over) > 1 || strings.HasSuffix(text, ":")) {
			return
		}
		if len(over) > 1 && !whole && nameByWord(header, spans, l, r) {
			continue
		}
		for _, j := range over {
			header[j] = strings.TrimSpace(header[j] + " " + text)
		}
	}
}

// zone widens a run of words to the bars on either side of it. Stata leaves the
// last bar of a spanning header out, so a row of the table lends its bars.
func zone(l, row string, run []int) (span, string) {
	from := strings.LastIndexByte(l[:run[0]], '|') + 1
	to := strings.IndexByte(l[run[1]:], '|')
	if to >= 0 {
		to += run[1]
		return place(l, from, to), strings.TrimSpace(l[from:to])
	}
	z := place(l, from, len(l))
	for i, c := range []rune(row) {
		if c == '|' && i >= z.to {
			z.to = i
			break
		}
	}
	return z, strings.TrimSpace(l[from:])
}

// nameByWord gives each word of a run to the one column it stands over. It does
// nothing, and says so, when a column would be left without.
func nameByWord(header []string, spans []span, l string, run []int) bool {
	add := map[int]string{}
	for _, w := range oneWord.FindAllStringIndex(l[run[0]:run[1]], -1) {
		from, to := run[0]+w[0], run[0]+w[1]
		over := overlapping(spans, place(l, from, to))
		if len(over) > 1 {
			return false
		}
		add[over[0]] = strings.TrimSpace(add[over[0]] + " " + l[from:to])
	}
	for _, j := range overlapping(spans, place(l, run[0], run[1])) {
		if add[j] == "" {
			return false
		}
	}
	for j, w := range add {
		header[j] = strings.TrimSpace(header[j] + " " + w)
	}
	return true
}

// place turns byte offsets in a line into the places of its characters.
func place(l string, from, to int) span {
	return span{utf8.RuneCountInString(l[:from]), utf8.RuneCountInString(l[:to])}
}

// overlapping lists the spans that at touches, else the nearest one.
func overlapping(spans []span, at span) []int {
	var out []int
	best, gap := 0, 1<<30
	for j, s := range spans {
		if at.from < s.to && s.from < at.to {
			out = append(out, j)
		}
		if g := max(s.from-at.to, at.from-s.to); g < gap {
			best, gap = j, g
		}
	}
	if out == nil {
		return []int{best}
	}
	return out
}

// words reads rows whose columns do not line up, when all have as many words.
func (b *block) words(lines []string) ([]string, [][]string) {
	var records [][]string
	for _, r := range b.rows {
		f := strings.Fields(strings.ReplaceAll(lines[r], "|", " "))
		if len(f) < 2 || records != nil && len(f) != len(records[0]) {
			return nil, nil
		}
		records = append(records, f)
	}
	header := make([]string, len(records[0]))
	if n := len(b.heads); n > 0 {
		if f := strings.Fields(strings.ReplaceAll(lines[b.heads[n-1]], "|", " ")); len(f) == len(header) {
			copy(header, f)
		}
	}
	return header, records
}
