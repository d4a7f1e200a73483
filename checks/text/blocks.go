package text

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport/checks/table"
)

var (
	compound   = regexp.MustCompile(`^(?:[-+]?[\d,]+(?:\.\d+)?\s*\(\s*[<>]?[\d.]+\s*%?\s*\)|\d[\d,]*\s*/\s*\d[\d,]*|[<>≤≥]=?\s*\d+)$`)
	valueField = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{2,4}|TRUE|FALSE|True|False)$`)
	emptyField = regexp.MustCompile(`^(?i:na|nan|none|null|<na>|\.|-+|\*+|\[?redacted\]?|\[?suppressed\]?)$`)
	stampLine  = regexp.MustCompile(`^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\d\d:\d\d:\d\d`)
)

const (
	minRows    = 3      // fewer lines in a row are not taken for a table
	maxHeaders = 6      // lines above a block that may name its columns
	maxTables  = 5000   // in one text
	maxRows    = 20_000 // of one table, four times what may be released
	maxCells   = 500_000
)

// sort of line, as far as printed tables are concerned.
type sort uint8

const (
	blank sort = iota
	rule       // drawn with dashes and the like
	label      // names the rows below it: text, then a bar, then nothing
	data       // two or more fields, a number among them
	prose
)

func sortOf(l string) sort {
	t := strings.TrimSpace(l)
	switch {
	case t == "":
		return blank
	case len(l) > maxLine || isEcho(l) && !barred(l) || (isDigit(t[0]) || t[0] == '[') && stampLine.MatchString(t):
		return prose
	case isRule(t):
		return rule
	case strings.HasSuffix(t, "|") && strings.Count(t, "|") == 1:
		return label
	case isData(l):
		return data
	}
	return prose
}

// barred says that a line is drawn with bars, as tables are and commands seldom.
func barred(l string) bool { return strings.Contains(l, "|") }

// isData says whether a line has a number, or nothing but missing values, after
// or beside another field. "Number of obs = 12" is a statement, not a row.
func isData(l string) bool {
	if !strings.ContainsAny(l, "0123456789-.") && !barred(l) {
		return false
	}
	f := split(l)
	if len(f) < 2 {
		f = strings.Fields(l)
	}
	if len(f) < 2 {
		f = strings.Split(strings.TrimSpace(l), ",")
	}
	numbers, empty := 0, 0
	for _, x := range f {
		switch {
		case x == "=" || strings.HasSuffix(x, " =") || strings.HasPrefix(x, "= "):
			return false
		case isNumber(strings.TrimSpace(x)):
			numbers++
		case isEmpty(strings.TrimSpace(x)):
			empty++
		}
	}
	return len(f) >= 2 && (numbers > 0 || empty > 0 && (empty >= len(f)-1 || barred(l)))
}

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

// block is a run of lines that looks like one table.
type block struct {
	heads []int // lines that may name the columns, 0-based, top first
	rows  []int // data lines
	names []string
}

// blocks finds every printed table.
func blocks(lines []string) ([]*table.Source, error) {
	var out []*table.Source
	cells := 0
	sorts := make([]sort, len(lines))
	for i, l := range lines {
		sorts[i] = sortOf(l)
	}
	for i := 0; i < len(lines); {
		if sorts[i] != data {
			i++
			continue
		}
		b, next := gather(lines, sorts, i)
		if len(b.rows) > maxRows {
			return nil, fmt.Errorf("it prints a table of more than %d rows", maxRows)
		}
		if len(b.rows) >= minRows || len(b.heads) > 0 && b.fenced(lines) || len(b.rows) == 2 && b.titled(lines) {
			for _, s := range read(lines, b) {
				out = append(out, s)
				cells += len(s.Header) * len(s.Records)
			}
			if len(out) > maxTables || cells > maxCells {
				return nil, fmt.Errorf("it prints more than %d tables or %d cells", maxTables, maxCells)
			}
		}
		i = next
	}
	return out, nil
}

// titled says whether the line above two rows names their columns one by one,
// so that the two are a table.
func (b *block) titled(lines []string) bool {
	if len(b.heads) == 0 {
		return false
	}
	header, records := b.columns(lines)
	if len(records) != 2 || len(header) < 2 || len(header) != len(records[0]) {
		return false
	}
	for i, h := range header {
		if words := len(strings.Fields(h)); words > 3 || words == 0 && i > 0 || isNumber(h) {
			return false
		}
	}
	return true
}

// gather collects a block that starts at line i, and says where it ends.
func gather(lines []string, sorts []sort, i int) (*block, int) {
	b := &block{heads: heads(lines, sorts, i)}
	name := ""
	if n := len(b.heads); n > 0 && sorts[b.heads[n-1]] == label {
		name = labelOf(lines[b.heads[n-1]])
		b.heads = b.heads[:n-1]
	}
	for ; i < len(lines); i++ {
		switch sorts[i] {
		case data:
			if len(b.rows) == 0 && headed(sorts, i) {
				b.heads = append(b.heads, i) // levels that are numbers: 0, 1, Total
				continue
			}
			b.rows, b.names = append(b.rows, i), append(b.names, name)
			continue
		case rule:
			if next := i + 1; next < len(lines) && (sorts[next] == data || sorts[next] == label || sorts[next] == rule) {
				continue
			}
		case label:
			name = labelOf(lines[i])
			continue
		case blank:
			// A tab-separated table may have blank lines between its parts.
			if i+1 < len(lines) && sorts[i+1] == data && strings.Contains(lines[i+1], "\t") && strings.Contains(lines[b.rows[0]], "\t") {
				continue
			}
		}
		break
	}
	return b, max(i, b.rows[len(b.rows)-1]+1)
}

// headed says whether a rule is drawn between line i and rows below it, and
// none above it: then line i is the header, numbers or not.
func headed(sorts []sort, i int) bool {
	return i+2 < len(sorts) && sorts[i+1] == rule && (sorts[i+2] == data || sorts[i+2] == label) &&
		(i == 0 || sorts[i-1] != rule)
}

func labelOf(l string) string { return strings.TrimSpace(strings.Trim(strings.TrimSpace(l), "|")) }

// heads lists the lines straight above a block that may name its columns.
func heads(lines []string, sorts []sort, i int) []int {
	var out []int
	for j := i - 1; j >= 0 && len(out) < maxHeaders; j-- {
		if sorts[j] == rule {
			continue
		}
		if sorts[j] != prose && sorts[j] != label || isEcho(lines[j]) && !barred(lines[j]) {
			break
		}
		out = append([]int{j}, out...)
	}
	return out
}

// read turns a block into one table, or two when every other line continues the
// row above it (Stata prints percentages so).
func read(lines []string, b *block) []*table.Source {
	header, records := b.columns(lines)
	if records == nil {
		return nil
	}
	for i, n := range b.names {
		if n != "" && len(records[i]) > 0 && records[i][0] != "" {
			records[i][0] = n + ": " + records[i][0]
		}
	}
	first := b.rows[0]
	if len(b.heads) > 0 {
		first = b.heads[len(b.heads)-1]
	}
	main := source(first, header)
	more := source(first, header)
	more.Name += ", second lines"
	for i, r := range records {
		to := main
		if i > 0 && len(r) > 1 && r[0] == "" && main.Records != nil {
			to = more
		}
		to.Records = append(to.Records, r)
		to.Lines = append(to.Lines, b.rows[i]+1)
	}
	if n := len(more.Records); n < 2 || n*5 < len(records)*2 || strings.Contains(lines[b.rows[0]], "\t") {
		main = source(first, header)
		main.Records = records
		for _, r := range b.rows {
			main.Lines = append(main.Lines, r+1)
		}
		return []*table.Source{main}
	}
	last := ""
	for i, k := 0, 0; i < len(records); i++ {
		if records[i][0] != "" {
			last = records[i][0]
		} else if k < len(more.Records) {
			more.Records[k] = append([]string{last}, records[i][1:]...)
			k++
		}
	}
	return []*table.Source{main, more}
}

func source(line int, header []string) *table.Source {
	return &table.Source{Name: "line " + strconv.Itoa(line+1), Header: header, Lines: []int{line + 1}, Weak: true}
}

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
