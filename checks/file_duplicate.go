package checks

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

var fileDuplicate = Check{
	Name: "file-duplicate", Version: 1, Title: "The same file or table again",
	Doc: "The file, or the same table written another way, is in this request twice or was released before. " +
		"Releasing it again helps nobody, and the reviewers should know what is new.",
	Source:  "OpenSAFELY documentation, requesting file release: say how the output differs from what was released before.",
	Example: "F,1,200 / M,85 saved again as F,1200 / M,85.0 with the columns swapped: the same table. With 86 it is another.",
	FixR: `# is it the same table again? Then leave it out, or say in the context how it differs
all.equal(read.csv("one.csv"), read.csv("other.csv"))`,
	FixPy: `# is it the same table again? Then leave it out, or say in the context how it differs
pd.read_csv("one.csv").equals(pd.read_csv("other.csv"))`,
	Kinds: []Kind{
		{"bytes", policy.Note, "the same bytes under another name, or released before"},
		{"table", policy.Note, "the same table in other bytes"},
	},
	Set: checkDuplicates,
}

func checkDuplicates(p *SetPass) error {
	x := &duplicates{seed: maphash.MakeSeed(), bytes: map[string]*Document{}, shapes: map[string][]*Document{},
		hashes: map[*Document]uint64{}, earlier: map[*Document]bool{}}
	for _, d := range p.Earlier {
		x.earlier[d] = true
		x.note(d)
	}
	for _, d := range p.Docs {
		if o := x.bytes[d.SHA256]; d.SHA256 != "" && d.Size > 0 && o != nil {
			p.Report(d.Path, Finding{Kind: "bytes", Message: fmt.Sprintf("The same bytes %s %q.", x.where(o), short(o.Path)),
				Related: []CellRef{{Path: o.Path}}, Evidence: map[string]any{"sha256": d.SHA256}})
		} else if o := x.sameTables(d); o != nil {
			p.Report(d.Path, Finding{Kind: "table", Message: fmt.Sprintf("The same table, new bytes: it %s %q.", x.where(o), short(o.Path)),
				Related: []CellRef{{Path: o.Path}}, Evidence: map[string]any{"compared": "columns by name, rows in any order, numbers by value"}})
		}
		x.note(d)
	}
	return nil
}

// duplicates remembers the files seen so far.
type duplicates struct {
	seed    maphash.Seed
	bytes   map[string]*Document
	shapes  map[string][]*Document // by number of tables, rows, columns
	hashes  map[*Document]uint64
	earlier map[*Document]bool
}

func (x *duplicates) note(d *Document) {
	if d.SHA256 != "" && x.bytes[d.SHA256] == nil {
		x.bytes[d.SHA256] = d
	}
	if s := shape(d); s != "" {
		x.shapes[s] = append(x.shapes[s], d)
	}
}

func (x *duplicates) where(o *Document) string {
	if x.earlier[o] {
		return "was released before as"
	}
	return "is in this request as"
}

// sameTables finds an earlier file with the same tables.
func (x *duplicates) sameTables(d *Document) *Document {
	for _, o := range x.shapes[shape(d)] {
		if x.hash(o) == x.hash(d) {
			return o
		}
	}
	return nil
}

// fewNumbers: a table with fewer numbers is a list of codes or empty, and two of
// them may well be alike.
const fewNumbers = 3

// shape is what equal files have in common at least, "" for one whose tables
// hold few numbers.
func shape(d *Document) string {
	var b strings.Builder
	numbers := 0
	for _, t := range d.Tables {
		fmt.Fprintf(&b, "%d x %d;", t.Rows, len(t.Columns))
		for _, c := range t.Columns {
			numbers += c.Numbers()
		}
	}
	if numbers < fewNumbers {
		return ""
	}
	return b.String()
}

// hash identifies the tables of a file whatever the order of columns and rows
// and the way numbers are written.
func (x *duplicates) hash(d *Document) uint64 {
	if h, ok := x.hashes[d]; ok {
		return h
	}
	var whole maphash.Hash
	whole.SetSeed(x.seed)
	for _, t := range d.Tables {
		order := make([]int, len(t.Columns))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			return strings.Compare(strings.ToLower(t.Columns[a].Name), strings.ToLower(t.Columns[b].Name))
		})
		for _, c := range order {
			writeField(&whole, strings.ToLower(strings.TrimSpace(t.Columns[c].Name)))
		}
		var rows uint64 // a sum, since rows come in any order
		for r := range t.Rows {
			var line maphash.Hash
			line.SetSeed(x.seed)
			for _, c := range order {
				writeCanonical(&line, &t.Columns[c].Cells[r])
			}
			rows += line.Sum64()
		}
		maphash.WriteComparable(&whole, rows)
	}
	x.hashes[d] = whole.Sum64()
	return x.hashes[d]
}

// writeCanonical writes a cell in one way: numbers by value, text in lower case
// with single spaces.
func writeCanonical(h *maphash.Hash, x *table.Cell) {
	if x.Kind == table.Number {
		maphash.WriteComparable(h, x.Value)
		return
	}
	writeField(h, strings.ToLower(strings.Join(strings.Fields(x.Raw), " ")))
}

func writeField(h *maphash.Hash, s string) {
	maphash.WriteComparable(h, len(s))
	h.WriteString(s)
}
