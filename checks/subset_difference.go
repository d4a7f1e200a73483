package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks/audit"
	"sallyport/checks/table"
	"sallyport/policy"
)

var subsetDifference = Check{
	Name: "subset-difference", Version: 1, Title: "A whole and its part differ by a few people",
	Doc: "One table counts everybody and another a part of them, under the same labels. Subtracting gives the rest: " +
		"8 with heart disease, 7 of them men, is one woman. Open-ended groups in one table (18+, 65+) are subtracted the same way.",
	Source:  sdc + "secondary disclosure: two tables whose difference is small.",
	Example: "heart_disease_all: 21-30 8; heart_disease_male: 21-30 7: the difference is 1. Both rounded: fine.",
	FixR: `# release one of the two; or round both, so that the difference tells nothing
df <- df |> mutate(across(c(n, total), ~ round(.x / 5) * 5))`,
	FixPy: `# release one of the two; or round both, so that the difference tells nothing
df[["n", "total"]] = (df[["n", "total"]] / 5).round() * 5`,
	Kinds: []Kind{
		{"nested", policy.Block, "a table and a part of it, by their names, differ by a small count"},
		{"open-ended", policy.Block, "two open-ended groups of one table differ by a small count"},
		{"possible", policy.Note, "one table is never more than another, which may be chance, and differs by a small count"},
	},
	File: checkOpenEnded,
	Set:  checkSubsets,
}

const manyKeys = 20 // facts in common without which unnamed nesting says nothing

func checkSubsets(p *SetPass) error {
	x, err := p.facts()
	if err != nil {
		return err
	}
	limit := p.Policy.Counts.Threshold
	return x.eachShared(func(a, b *audit.Cell) bool { return difference(a, b, limit) > 0 }, func(s sharedFacts) {
		switch side := partOf(x.tables[s.a].doc.Path, x.tables[s.b].doc.Path); {
		case side > 0:
			x.reportSubset(p, s, "nested", s.pairs, limit)
		case side < 0:
			x.reportSubset(p, s, "nested", swap(s.pairs), limit)
		case len(s.pairs) >= manyKeys && !x.isRerun(s):
			x.reportSubset(p, s, "possible", s.pairs, limit)
			x.reportSubset(p, s, "possible", swap(s.pairs), limit)
		}
	})
}

func swap(pairs [][2]factRef) [][2]factRef {
	out := make([][2]factRef, len(pairs))
	for i, p := range pairs {
		out[i] = [2]factRef{p[1], p[0]}
	}
	return out
}

// reportSubset takes the first of each pair as the whole. It reports small
// differences when the second never exceeds it, and not all are equal.
func (x *factIndex) reportSubset(p *SetPass, s sharedFacts, kind string, pairs [][2]factRef, limit int) {
	by := newByColumn()
	equal := 0
	for _, pair := range pairs {
		whole, part, ok := x.shown(pair)
		if !ok {
			continue
		}
		if part.Range.Lo > whole.Range.Hi {
			return
		}
		if part.Value == whole.Value {
			equal++
		}
		if difference(whole, part, limit) > 0 {
			if int(pair[1].table) != s.b {
				pair = [2]factRef{pair[1], pair[0]} // findings are about table b
			}
			by.add(pair)
		}
	}
	if equal == len(pairs) {
		return
	}
	whole, part := x.tables[pairs[0][0].table].doc.Path, x.tables[pairs[0][1].table].doc.Path
	for _, list := range by.lists {
		f, lines := x.differenceFinding(p, kind, list)
		f.Evidence["whole"], f.Evidence["part"] = whole, part
		f.Message = fmt.Sprintf("%q counts a part of %q, and %s of 1 to %d: %s.", short(part), short(whole),
			counted(len(list), "difference"), limit, lines[0])
		if kind == "possible" {
			f.Message = fmt.Sprintf("%q is never more than %q; if it is a part of it, there are differences of 1 to %d: %s.", short(part), short(whole), limit, lines[0])
		}
		p.Report(x.tables[s.b].doc.Path, f)
	}
}

// partOf says by their names whether one file counts a part of the people of
// the other: 1 when b is a part of a ("heart_disease_all", "heart_disease_male";
// "deaths", "deaths_female"), -1 when a is one of b, 0 when the names do not say.
func partOf(a, b string) int {
	inA, inB := pathWords(a), pathWords(b)
	extraA := slices.DeleteFunc(slices.Clone(inA), func(w string) bool { return slices.Contains(inB, w) })
	extraB := slices.DeleteFunc(slices.Clone(inB), func(w string) bool { return slices.Contains(inA, w) })
	if len(extraA) == len(inA) && len(inA) > 0 && len(extraB) == len(inB) {
		return 0 // nothing in common
	}
	switch {
	case saysWhole(extraA) && saysPart(extraB):
		return 1
	case saysWhole(extraB) && saysPart(extraA):
		return -1
	}
	return 0
}

// pathWords are the words of a path without its extension.
func pathWords(path string) []string {
	if i := strings.LastIndexByte(path, '.'); i > strings.LastIndexByte(path, '/') {
		path = path[:i]
	}
	return table.Tokens(strings.ReplaceAll(path, "/", " "))
}

// saysWhole: nothing, or only words for everybody.
func saysWhole(words []string) bool {
	for _, w := range words {
		if audit.RowLabel(w) == audit.NoLabel {
			return false
		}
	}
	return true
}

// notParts are words that tell versions and copies apart, not people.
var notParts = []string{"v", "version", "final", "new", "old", "copy", "update", "updated", "rerun", "release", "released", "output", "outputs",
	"draft", "revised", "redacted", "rounded", "unrounded", "raw", "test", "table", "data", "csv"}

// saysPart: one or two words, such as "male", that are no numbers or versions.
func saysPart(words []string) bool {
	if len(words) == 0 || len(words) > 2 {
		return false
	}
	for _, w := range words {
		if len(w) < 2 || slices.Contains(notParts, w) || strings.ContainsAny(w, "0123456789") || audit.RowLabel(w) != audit.NoLabel {
			return false
		}
	}
	return true
}

// checkOpenEnded subtracts open-ended groups of one table from one another.
func checkOpenEnded(p *Pass) error {
	for _, t := range p.Doc.Tables {
		for _, k := range t.Keys {
			if ends := openEnds(t.Columns[k]); len(ends) >= 2 {
				p.openEnded(t, t.Columns[k], ends)
			}
		}
	}
	return nil
}

// openEnds reads the labels of a dimension that have no upper end: "65+",
// ">=65", "65 and over"; by their lower end.
func openEnds(c *table.Column) map[string]float64 {
	out := map[string]float64{}
	if c.Numbers() == c.Filled() {
		return out // bare numbers have no open ends
	}
	last := ""
	for i := range c.Cells {
		if x := &c.Cells[i]; x.Kind == table.Date || x.Raw == last {
			continue // labels repeat from row to row
		}
		last = c.Cells[i].Raw
		s := strings.ToLower(strings.TrimSpace(c.Cells[i].Raw))
		n := s
		for _, mark := range []string{"+", "and over", "and older", "and above", "plus", "or over", "or older", "or more", "and more"} {
			n = strings.TrimSuffix(n, mark)
		}
		for _, mark := range []string{">=", "≥"} {
			n = strings.TrimPrefix(n, mark)
		}
		if n == s {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(n), 64); err == nil {
			out[strings.TrimSpace(c.Cells[i].Raw)] = v
		}
	}
	return out
}

// openEnded compares, row by row, each open-ended group with the next narrower.
func (p *Pass) openEnded(t *table.Table, by *table.Column, ends map[string]float64) {
	narrower := map[string]string{}
	for a, x := range ends {
		for b, y := range ends {
			if y > x && (narrower[a] == "" || y < ends[narrower[a]]) {
				narrower[a] = b
			}
		}
	}
	for _, c := range t.Virtual {
		if measures(c) {
			p.openEndedIn(t, by, c, narrower)
		}
	}
}

// openEndedIn looks at one column of counts.
func (p *Pass) openEndedIn(t *table.Table, by, c *table.Column, narrower map[string]string) {
	place := map[string]int{}
	for i := range c.Cells {
		place[labelOf(t, by, c.Row(i))+"\x00"+otherLabels(t, by, c.Row(i))] = i
	}
	var cells []int
	var related []CellRef
	var lines []string
	counts := c.Counts(0)
	for i := range c.Cells {
		label := labelOf(t, by, c.Row(i))
		inner, ok := narrower[label]
		if !ok {
			continue
		}
		j, ok := place[inner+"\x00"+otherLabels(t, by, c.Row(i))]
		if !ok {
			continue
		}
		a, b := auditCell(c, i, counts), auditCell(c, j, counts)
		if a.Kind != audit.Shown || b.Kind != audit.Shown || a.Value < b.Value || difference(&a, &b, p.Policy.Counts.Threshold) == 0 {
			continue
		}
		cells = append(cells, i)
		related = append(related, Ref(t, c, j))
		lines = append(lines, fmt.Sprintf("%s less %s: %.0f - %.0f = %.0f", short(label), short(inner), a.Value, b.Value, a.Value-b.Value))
	}
	if len(cells) == 0 {
		return
	}
	f := p.Cells("open-ended", t, c, cells)
	f.Related = related
	f.Evidence["differences"] = lines[:min(len(lines), 20)]
	f.Message = fmt.Sprintf("Open-ended groups of %q differ by %s of 1 to %d in %q: %s.", short(by.Name), counted(len(cells), "count"),
		p.Policy.Counts.Threshold, short(c.Name), lines[0])
	p.Report(f)
}

func labelOf(t *table.Table, by *table.Column, row int) string {
	if x := t.Cell(by.Index, row); x != nil {
		return strings.TrimSpace(x.Raw)
	}
	return ""
}

// otherLabels joins a row's labels but the one in column by.
func otherLabels(t *table.Table, by *table.Column, row int) string {
	var b strings.Builder
	for _, k := range t.Keys {
		if c := t.Columns[k]; c != by {
			b.WriteString(labelOf(t, c, row))
			b.WriteByte(0)
		}
	}
	return b.String()
}
