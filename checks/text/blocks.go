package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks/table"
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
		if s := b.vector(lines); s != nil {
			out = append(out, s)
			cells += 2 * len(s.Records)
		} else if len(b.rows) >= minRows || len(b.heads) > 0 && b.fenced(lines) || len(b.rows) == 2 && b.titled(lines) {
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
	start := i
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
			if len(b.rows) > 0 && i+1 < len(lines) && sorts[i+1] == data && strings.Contains(lines[i+1], "\t") && strings.Contains(lines[b.rows[0]], "\t") {
				continue
			}
		}
		break
	}
	if len(b.rows) == 0 { // a header, a rule, and nothing below: the header is all there is
		b.heads = slices.DeleteFunc(b.heads, func(h int) bool { return h >= start })
		b.rows, b.names, i = []int{start}, []string{""}, start+1
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
