package jsontable

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sallyport/checks/table"
)

// Limits on what one text may unfold to. Records need not share their names, so
// the cells of their table can outnumber the values of the text.
const (
	maxCells  = 4_000_000
	maxTables = 5000
)

// Read finds the tables of a JSON text, in its order. Each is named by its path
// ("$.a[2].b"); Lines number records, the header being 1. An error says in plain
// words why the text was not read; it quotes nothing.
func Read(data []byte) ([]*table.Source, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	f := finder{}
	if err := f.find(root, "$"); err != nil {
		return nil, err
	}
	return f.out, nil
}

// finder walks a tree and collects tables.
type finder struct {
	out   []*table.Source
	cells int
}

func (f *finder) find(v *value, path string) error {
	switch {
	case v.kind == scalar:
		return f.add(path, []string{v.name}, [][]string{{v.text}})
	case v.kind == array:
		return f.findArray(v, path)
	case isSplit(v):
		return f.findSplit(v, path)
	default:
		return f.findObject(v, path)
	}
}

// findArray reads records, rows, or a bare list.
func (f *finder) findArray(v *value, path string) error {
	switch {
	case len(v.items) == 0:
		return nil
	case v.all(object):
		return f.records(v.items, nil, path)
	case v.all(array) && scalarRows(v.items):
		return f.rows(v, path)
	}
	var list [][]string
	for i, m := range v.items {
		if m.kind == scalar {
			list = append(list, []string{m.text})
		} else if err := f.find(m, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	if list == nil {
		return nil
	}
	return f.add(path, []string{v.name}, list)
}

// rows reads an array of arrays; a first row of nothing but text is its header.
func (f *finder) rows(v *value, path string) error {
	var out [][]string
	for _, r := range v.items {
		out = append(out, texts(r.items))
	}
	header := make([]string, len(out[0]))
	if len(out) > 1 && allStrings(v.items[0].items) && !allStrings(v.items[1].items) {
		header, out = out[0], out[1:]
	}
	return f.add(path, header, out)
}

// findObject reads the columns, the rows and the lone values of an object, and
// then what lies deeper.
func (f *finder) findObject(v *value, path string) error {
	done := map[*value]bool{}
	for _, read := range []func(*value, string, map[*value]bool) error{f.columns, f.frame, f.lone} {
		if err := read(v, path, done); err != nil {
			return err
		}
	}
	for _, m := range v.items {
		if !done[m] {
			if err := f.find(m, path+step(m.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// columns reads {"sex":["F","M"],"n":[120,4]}: two or more arrays of scalars of
// one length.
func (f *finder) columns(v *value, path string, done map[*value]bool) error {
	length := -1
	var cols []*value
	for _, m := range v.items {
		if m.kind == array && m.all(scalar) {
			if length >= 0 && len(m.items) != length {
				return nil
			}
			length = len(m.items)
			cols = append(cols, m)
		}
	}
	if len(cols) < 2 {
		return nil
	}
	header := make([]string, len(cols))
	records := grid(length, len(cols))
	for j, c := range cols {
		done[c], header[j] = true, c.name
		for i, m := range c.items {
			records[i][j] = m.text
		}
	}
	return f.add(path, header, records)
}

// frame reads an object of objects that share their names, which is a table by
// columns ({"n":{"F":120,"M":4}}, pandas' to_json) or by rows
// ({"F":{"n":120,"pct":97}}). The side whose names say what was measured is
// taken for the columns.
func (f *finder) frame(v *value, path string, done map[*value]bool) error {
	var objs []*value
	inner := map[string]int{}
	for _, m := range v.items {
		if m.kind == object && m.all(scalar) {
			objs = append(objs, m)
			for _, x := range m.items {
				inner[x.name]++
			}
		}
	}
	total := 0
	for _, n := range inner {
		total += n
	}
	// Half of the cells of the table must be there for it to be one.
	if len(objs) < 2 || total*2 < len(inner)*len(objs) {
		return nil
	}
	for _, o := range objs {
		done[o] = true
	}
	if byRows(objs) {
		labels := make([]string, len(objs))
		for i, o := range objs {
			labels[i] = o.name
		}
		return f.records(objs, labels, path)
	}
	return f.frameByColumns(path, objs)
}

// frameByColumns adds a table whose columns are the objects.
func (f *finder) frameByColumns(path string, cols []*value) error {
	at := map[string]int{}
	var labels []string
	for _, c := range cols {
		for _, m := range c.items {
			if _, ok := at[m.name]; !ok {
				at[m.name] = len(labels)
				labels = append(labels, m.name)
			}
		}
	}
	if err := f.afford(len(labels) * (len(cols) + 1)); err != nil {
		return err
	}
	header := []string{""}
	records := grid(len(labels), len(cols)+1)
	for i, l := range labels {
		records[i][0] = l
	}
	for j, c := range cols {
		header = append(header, c.name)
		for _, m := range c.items {
			records[at[m.name]][j+1] = m.text
		}
	}
	return f.add(path, header, records)
}

// lone reads the scalars of an object as a table of one row, so that each name
// says what its value is.
func (f *finder) lone(v *value, path string, done map[*value]bool) error {
	var header, row []string
	for _, m := range v.items {
		if m.kind == scalar {
			done[m] = true
			header, row = append(header, m.name), append(row, m.text)
		}
	}
	if header == nil {
		return nil
	}
	return f.add(path, header, [][]string{row})
}

// records reads objects as rows. Objects within them become columns named
// "a.b"; arrays within them are tables of their own. Labels, when given, name
// the rows.
func (f *finder) records(items []*value, labels []string, path string) error {
	r := &recordSet{at: map[string]int{}}
	if labels != nil {
		r.column("")
	}
	for i, m := range items {
		row := map[int]string{}
		if labels != nil {
			row[0] = labels[i]
		}
		r.flatten(m, "", row)
		r.rows = append(r.rows, row)
	}
	if err := f.afford(len(r.rows) * len(r.header)); err != nil {
		return err
	}
	if len(r.header) > 0 {
		out := grid(len(r.rows), len(r.header))
		for i, row := range r.rows {
			for j, s := range row {
				out[i][j] = s
			}
		}
		if err := f.add(path, r.header, out); err != nil {
			return err
		}
	}
	for i, m := range items {
		if err := f.arraysIn(m, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// arraysIn reads the arrays that lie within one record.
func (f *finder) arraysIn(v *value, path string) error {
	for _, m := range v.items {
		var err error
		switch m.kind {
		case array:
			err = f.find(m, path+step(m.name))
		case object:
			err = f.arraysIn(m, path+step(m.name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type recordSet struct {
	header []string
	at     map[string]int
	rows   []map[int]string
}

func (r *recordSet) column(name string) int {
	j, ok := r.at[name]
	if !ok {
		j = len(r.header)
		r.at[name], r.header = j, append(r.header, name)
	}
	return j
}

func (r *recordSet) flatten(v *value, prefix string, row map[int]string) {
	for _, m := range v.items {
		switch m.kind {
		case scalar:
			row[r.column(prefix+m.name)] = m.text
		case object:
			r.flatten(m, prefix+m.name+".", row)
		}
	}
}

// isSplit recognises pandas' orient="split".
func isSplit(v *value) bool {
	c, d := v.member("columns"), v.member("data")
	return c != nil && d != nil && c.kind == array && d.kind == array && len(d.items) > 0 &&
		d.all(array) && scalarRows(d.items)
}

func (f *finder) findSplit(v *value, path string) error {
	var header []string
	for _, c := range v.member("columns").items {
		header = append(header, strings.Join(texts(leaves(c)), " "))
	}
	index := v.member("index")
	var out [][]string
	for i, r := range v.member("data").items {
		row := texts(r.items)
		if index != nil && i < len(index.items) {
			row = append([]string{strings.Join(texts(leaves(index.items[i])), " ")}, row...)
		}
		out = append(out, row)
	}
	if index != nil && len(index.items) > 0 {
		header = append([]string{""}, header...)
	}
	if err := f.add(path, header, out); err != nil {
		return err
	}
	for _, m := range v.items {
		if m.name != "columns" && m.name != "data" && m.name != "index" {
			if err := f.find(m, path+step(m.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *finder) afford(cells int) error {
	if f.cells+cells > maxCells {
		return fmt.Errorf("its tables would hold more than %d cells", maxCells)
	}
	return nil
}

func (f *finder) add(path string, header []string, records [][]string) error {
	if err := f.afford(len(header) * len(records)); err != nil {
		return err
	}
	if len(f.out) == maxTables {
		return fmt.Errorf("it holds more than %d tables", maxTables)
	}
	f.cells += len(header) * len(records)
	lines := make([]int, len(records)+1)
	for i := range lines {
		lines[i] = i + 1
	}
	f.out = append(f.out, &table.Source{Name: path, Header: header, Records: records, Lines: lines})
	return nil
}

// measured are words that name what a column measures, not whom it is about.
var measured = regexp.MustCompile(`(?i)(^|[^a-z])(n|count|counts|num|number|total|numerator|denominator|population|patients|events|cases|deaths|freq|pct|percent|percentage|prop|proportion|rate|ratio|value|mean|median|sd|se|min|max|q1|q3|iqr|estimate|hr|or|rr|ci|lower|upper|p|pvalue|std|sum|var|variance|coef)($|[^a-z])`)

// byRows says whether the members of objs name the columns, rather than objs
// themselves. Row numbers within mean columns outside.
func byRows(objs []*value) bool {
	innerHits, innerAll, numbers := 0, 0, 0
	seen := map[string]bool{}
	for _, o := range objs {
		for _, m := range o.items {
			if seen[m.name] {
				continue
			}
			seen[m.name] = true
			innerAll++
			if measured.MatchString(m.name) {
				innerHits++
			}
			if _, err := strconv.ParseFloat(m.name, 64); err == nil {
				numbers++
			}
		}
	}
	outerHits := 0
	for _, o := range objs {
		if measured.MatchString(o.name) {
			outerHits++
		}
	}
	if numbers == innerAll {
		return false
	}
	return innerHits*len(objs) > outerHits*innerAll
}

// step writes one step of a path, in brackets when the name is not plain.
func step(name string) string {
	for _, r := range name {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "[" + strconv.Quote(name) + "]"
		}
	}
	return "." + name
}

func scalarRows(rows []*value) bool {
	for _, r := range rows {
		if !r.all(scalar) {
			return false
		}
	}
	return true
}

func leaves(v *value) []*value {
	if v.kind == scalar {
		return []*value{v}
	}
	var out []*value
	for _, m := range v.items {
		out = append(out, leaves(m)...)
	}
	return out
}

func texts(items []*value) []string {
	out := make([]string, len(items))
	for i, m := range items {
		out[i] = m.text
	}
	return out
}

func allStrings(items []*value) bool {
	for _, m := range items {
		if !m.str {
			return false
		}
	}
	return len(items) > 0
}

// grid makes rows of empty cells, all in one piece of memory.
func grid(rows, cols int) [][]string {
	all := make([]string, rows*cols)
	out := make([][]string, rows)
	for i := range out {
		out[i] = all[i*cols : (i+1)*cols : (i+1)*cols]
	}
	return out
}
