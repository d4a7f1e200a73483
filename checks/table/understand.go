package table

import (
	"hash/maphash"
	"strings"
	"sync"
)

// Understand gives a table's columns their meaning. It does not fail: what it
// cannot tell gets the role Unknown. The result refers to the strings of src.
func Understand(src *Source) *Table {
	t := &Table{Source: src, Layout: "wide", keys: &keyCache{}}
	width := len(src.Header)
	shifted := len(src.Records) > 0 && width > 0
	for _, r := range src.Records {
		if len(r) != len(src.Header)+1 {
			shifted = false
		}
		width = max(width, len(r))
	}
	if shifted {
		// R's write.table names no column for row names.
		src = &Source{Name: src.Name, Header: append([]string{""}, src.Header...), Records: src.Records, Lines: src.Lines, Weak: src.Weak}
		t.Source = src
	}
	t.Header, t.Skip = joinHeader(src, width)
	end := len(src.Records)
	for end > t.Skip && blank(src.Records[end-1]) {
		end--
	}
	t.Rows = end - t.Skip
	u := &understanding{t: t, surveyor: surveyor{seed: maphash.MakeSeed()}}
	u.columns(src.Records[t.Skip:end])
	u.labels()
	u.structure()
	u.layout()
	u.bases()
	return t
}

func blank(record []string) bool {
	for _, f := range record {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

// understanding is the work on one table.
type understanding struct {
	surveyor
	t       *Table
	headers map[string]*header // of names and of levels, read once
}

func (u *understanding) header(name string) *header {
	if h, ok := u.headers[name]; ok {
		return h
	}
	h := readHeader(name)
	if u.headers == nil {
		u.headers = map[string]*header{}
	}
	u.headers[name] = &h
	return &h
}

// columns parses every cell once, column by column, and judges each column alone.
func (u *understanding) columns(records [][]string) {
	t := u.t
	n := len(records)
	all := make([]Cell, n*len(t.Header))
	// In blocks of rows, so that both the records read and the columns written
	// stay close together.
	const block = 128
	for from := 0; from < n; from += block {
		for c := range t.Header {
			parseBlock(all[c*n:(c+1)*n], records, c, from, min(from+block, n))
		}
	}
	var at []int
	if t.Skip > 0 {
		at = make([]int, n)
		for i := range at {
			at[i] = i + t.Skip
		}
	}
	t.Columns = make([]*Column, len(t.Header))
	for c, name := range t.Header {
		cells := all[c*n : (c+1)*n : (c+1)*n]
		col := &Column{Index: c, Name: name, Cells: cells, At: at, h: u.joinedHeader(c)}
		u.judge(col)
		if strings.TrimSpace(name) == "" && c == 0 && rowIndex(cells) {
			col.Role, col.Confidence = Ordinal, 0.95
			col.Reasons = []string{"the unnamed first column numbers the rows"}
		}
		t.Columns[c] = col
	}
}

// parseBlock parses rows from..to-1 of column c.
func parseBlock(cells []Cell, records [][]string, c, from, to int) {
	for i := from; i < to; i++ {
		raw := ""
		if r := records[i]; c < len(r) {
			raw = r[c]
		}
		switch {
		case cells[i].parsePlain(raw):
		case i > 0 && raw == cells[i-1].Raw: // dimensions repeat from row to row
			cells[i] = cells[i-1]
		default:
			cells[i].parseOther(raw)
		}
	}
}

// judge gives a column its role by its name and its own values.
func (u *understanding) judge(c *Column) {
	c.f = u.survey(c.Cells)
	if snomedCodes(c.Cells, c.f) {
		c.Role, c.Confidence, c.Reasons = Code, 0.95, []string{"values carry the check digit of SNOMED CT"}
		return
	}
	if hashes(c.Cells, c.f) {
		c.Role, c.Confidence, c.Reasons = ID, 0.9, []string{"values are hashes or UUIDs, nearly all different"}
		return
	}
	c.Role, c.Confidence, c.Reasons = classify(c.h, c.f)
	if c.Role == ID && c.f.n < 20 && c.h.scores[iID] < 10 {
		c.Role = Category
	}
}

// joinedHeader reads the name of a physical column. Of several header rows the
// first names the measure and the others mostly levels of a group, whose words
// would mislead, unless they name a statistic.
func (u *understanding) joinedHeader(c int) *header {
	t := u.t
	joined := u.header(t.Header[c])
	if t.Skip == 0 || c >= len(t.Source.Header) {
		return joined
	}
	top := u.header(t.Source.Header[c])
	if top.scores == (scores{}) {
		return joined
	}
	for _, r := range t.Source.Records[:t.Skip] {
		if c >= len(r) {
			continue
		}
		for i, v := range u.header(r[c]).scores {
			if v >= 4 && roles[i].Statistic() {
				return joined
			}
		}
	}
	return top
}

// rowIndex reports whether cells count 0,1,2.. or 1,2,3.. from the top.
func rowIndex(cells []Cell) bool {
	if len(cells) == 0 || cells[0].Kind != Number || cells[0].Value != 0 && cells[0].Value != 1 {
		return false
	}
	for i := range cells {
		if cells[i].Kind != Number || cells[i].Value != cells[0].Value+float64(i) {
			return false
		}
	}
	return true
}

// statLabels are the words by which a row's label says that its numbers are no
// counts ("Age: mean (SD)").
var statLabels = map[string]bool{
	"mean": true, "median": true, "sd": true, "iqr": true, "min": true, "max": true, "range": true, "std": true,
	"average": true, "quartile": true, "percentile": true, "variance": true, "pvalue": true,
}

// labels takes the cells of rows labelled as statistics out of count columns.
func (u *understanding) labels() {
	t := u.t
	rows := map[int]bool{}
	for _, c := range t.Columns {
		if c.Role != Category && c.Role != FreeText {
			continue
		}
		memo := map[string]bool{}
		groups := sync.OnceValue(func() bool { return groupsOfQuantile(c) })
		for i := range c.Cells {
			raw := c.Cells[i].Raw
			hit, known := memo[raw]
			if !known && len(memo) < 5000 {
				hit = saysStatistic(raw) && !(quantile(raw) != "" && groups())
				memo[raw] = hit
			}
			if hit {
				rows[i] = true
			}
		}
	}
	if len(rows) == 0 {
		return
	}
	for _, c := range t.Columns {
		if !c.Role.CountLike() {
			continue
		}
		for i := range rows {
			switch c.Cells[i].Kind {
			case Number, CountPct, Estimate:
				c.Cells[i].Kind = Statistic
			}
		}
		c.f = u.survey(c.Cells)
	}
}

// quantile returns the q1 to q5 that a label holds as a word ("Q3", "2019 Q1"),
// "" without one.
func quantile(label string) string {
	for _, w := range tokens(label) {
		if len(w) == 2 && w[0] == 'q' && '1' <= w[1] && w[1] <= '5' {
			return w
		}
	}
	return ""
}

// groupsOfQuantile says that the column's Q1 and Q3 are groups or quarters of a
// year: it has a Q2, Q4 or Q5 too, which no summary of a distribution has.
func groupsOfQuantile(c *Column) bool {
	for i := range c.Cells {
		if q := quantile(c.Cells[i].Raw); q != "" && q != "q1" && q != "q3" {
			return true
		}
	}
	return false
}

func saysStatistic(label string) bool {
	if len(label) > maxHeader {
		return false
	}
	toks := tokens(label)
	hit := false
	for i, w := range toks {
		if statLabels[w] || w == "p" && i+1 < len(toks) && toks[i+1] == "value" {
			hit = true
		}
		if w == "n" && (i+1 < len(toks) && toks[i+1] == "pct" || strings.Contains(label, "n (")) {
			return false
		}
	}
	return hit
}
