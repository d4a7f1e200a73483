package text

import (
	"regexp"
	"strings"

	"sallyport/checks/table"
)

// statName recognises the names that R's summary() and quantile() print over
// their values.
var statName = regexp.MustCompile(`(?i)%$|^(?:min|max|mean|median|sd|var|se|q\d|1st|3rd|qu|p\d+|length|class|mode|estimate|std|t|z|df)\.?$`)

// vector reads what R's table() and summary() print: one line of numbers, each
// under its name, right edge under right edge. Whole numbers under names that
// are no statistics are counts of those levels, so they become a table of two
// columns, "n" the second. It returns nil for anything else.
func (b *block) vector(lines []string) *table.Source {
	if len(b.rows) != 1 || len(b.heads) == 0 {
		return nil
	}
	head, row := b.heads[len(b.heads)-1], b.rows[0]
	names, values := oneWord.FindAllStringIndex(lines[head], -1), oneWord.FindAllStringIndex(lines[row], -1)
	if len(names) < 2 || len(names) != len(values) || head != row-1 {
		return nil
	}
	s := &table.Source{Weak: true, Lines: []int{head + 1}}
	counts := true
	var one []string
	for i, v := range values {
		name, value := lines[head][names[i][0]:names[i][1]], lines[row][v[0]:v[1]]
		if !isNumber(value) || isNumber(name) && !strings.HasSuffix(name, "%") || place(lines[head], 0, names[i][1]).to != place(lines[row], 0, v[1]).to {
			return nil
		}
		counts = counts && !strings.ContainsAny(value, ".%(") && !statName.MatchString(name)
		s.Header, one = append(s.Header, name), append(one, value)
		s.Records, s.Lines = append(s.Records, []string{name, value}), append(s.Lines, row+1)
	}
	s.Name = source(head, nil).Name
	if counts {
		s.Header = []string{"", "n"}
	} else {
		s.Records, s.Lines = [][]string{one}, []int{head + 1, row + 1}
	}
	return s
}
