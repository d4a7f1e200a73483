package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
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
	FixR:    "Leave the file out, or say in the context how it differs.",
	FixPy:   "Leave the file out, or say in the context how it differs.",
	Kinds: []Kind{
		{"bytes", policy.Note, "the same bytes under another name, or released before"},
		{"table", policy.Note, "the same table in other bytes"},
	},
	Set: checkDuplicates,
}

func checkDuplicates(p *SetPass) error {
	if len(p.Docs)+len(p.Earlier) < 2 {
		return nil // nothing to be alike
	}
	bytes, tables := map[string]*Document{}, map[string]*Document{}
	for _, d := range p.Earlier {
		noteDuplicate(bytes, tables, d)
	}
	earlier := map[*Document]bool{}
	for _, d := range p.Earlier {
		earlier[d] = true
	}
	for _, d := range p.Docs {
		where := func(o *Document) string {
			if earlier[o] {
				return "released before as"
			}
			return "also in this request as"
		}
		if o := bytes[d.SHA256]; d.SHA256 != "" && d.Size > 0 && o != nil {
			p.Report(d.Path, Finding{Kind: "bytes",
				Message: fmt.Sprintf("The same bytes were %s %q.", strings.Replace(where(o), "also in", "found in", 1), short(o.Path)),
				Related: []CellRef{{Path: o.Path}}, Evidence: map[string]any{"sha256": d.SHA256}})
		} else if h, ok := tableHash(d); ok && tables[h] != nil {
			o := tables[h]
			p.Report(d.Path, Finding{Kind: "table",
				Message: fmt.Sprintf("The same table, new bytes: %s %q.", where(o), short(o.Path)),
				Related: []CellRef{{Path: o.Path}}, Evidence: map[string]any{"table_sha256": h}})
		}
		noteDuplicate(bytes, tables, d)
	}
	return nil
}

func noteDuplicate(bytes, tables map[string]*Document, d *Document) {
	if d.SHA256 != "" && bytes[d.SHA256] == nil {
		bytes[d.SHA256] = d
	}
	if h, ok := tableHash(d); ok && tables[h] == nil {
		tables[h] = d
	}
}

// fewNumbers: a table with fewer numbers is a list of codes or empty, and two of
// them may well be alike.
const fewNumbers = 3

// tableHash identifies the tables of a file whatever the order of columns and
// rows and the way numbers are written; ok is false for tables of few numbers.
func tableHash(d *Document) (string, bool) {
	if len(d.Tables) == 0 {
		return "", false
	}
	whole := sha256.New()
	numbers := 0
	for _, t := range d.Tables {
		order := make([]int, len(t.Columns))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			return strings.Compare(strings.ToLower(t.Columns[a].Name), strings.ToLower(t.Columns[b].Name))
		})
		rows := make([][32]byte, t.Rows)
		for r := range rows {
			h := sha256.New()
			for _, c := range order {
				text, number := canonical(&t.Columns[c].Cells[r])
				if number {
					numbers++
				}
				field(h, text)
			}
			rows[r] = [32]byte(h.Sum(nil))
		}
		slices.SortFunc(rows, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
		for _, c := range order {
			field(whole, strings.ToLower(strings.TrimSpace(t.Columns[c].Name)))
		}
		for _, r := range rows {
			whole.Write(r[:])
		}
	}
	return hex.EncodeToString(whole.Sum(nil)), numbers >= fewNumbers
}

// canonical writes a cell in one way: numbers by value, text in lower case with
// single spaces.
func canonical(x *table.Cell) (text string, number bool) {
	if x.Kind == table.Number {
		return strconv.FormatFloat(x.Value, 'g', 10, 64), true
	}
	return strings.ToLower(strings.Join(strings.Fields(x.Raw), " ")), false
}
