package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

// Rank is why one file is shown before another. Its parts are compared in the
// order of the fields, larger first. The order is for reading only: it is never
// an approval, and its last place is called "no automated finding".
type Rank struct {
	Unreadable  int     // 1 when the file is incomplete, or not of the type it claims
	Identifying int     // findings of identifiers, of people or organisations as rows
	SmallCounts int     // columns with exact counts from 1 to the threshold, shown or recovered
	Blocks      int     // other findings that block
	Warns       int     // findings that warn
	FigureAlone int     // 1 for a figure without its data
	Unclear     float64 // share of numeric columns not understood, 0..1
	New         int     // 1 when the file is new or changed since the last round
	Notes       int     // findings that only give context
}

// exactCounts are the checks whose blocking findings are counts of 1 to the
// threshold that are shown, or can be worked out.
var exactCounts = []string{"small-count", "implied-count", "redaction-recoverable", "cross-table-margin", "subset-difference"}

// RankOf ranks one file. A column counts once however many of its cells are
// named, so that one mistake in 5,000 rows does not hide a leak of one cell.
// changed says that the file is new or changed since the last round.
func RankOf(f *FileReport, changed bool) Rank {
	var r Rank
	if f.Status != "complete" {
		r.Unreadable = 1
	}
	for i := range f.Findings {
		r.add(&f.Findings[i])
	}
	if known, all := f.Understood(); all > 0 {
		r.Unclear = float64(all-known) / float64(all)
	}
	if changed {
		r.New = 1
	}
	return r
}

func (r *Rank) add(f *Finding) {
	block := f.Severity.Rank() >= policy.Block.Rank()
	switch {
	case f.Severity.Rank() <= policy.Note.Rank():
		r.Notes++
	case block && (f.Check == "file-type" || f.Check == "unreadable"):
		r.Unreadable = 1
	case identifying(f.Check):
		r.Identifying++
	case block && slices.Contains(exactCounts, f.Check):
		r.SmallCounts++
	case block:
		r.Blocks++
	case f.Check == "figure-no-data":
		r.FigureAlone = 1
	default:
		r.Warns++
	}
}

// identifying reports whether a check looks for people or organisations.
func identifying(check string) bool {
	return check == "person-level" || check == "org-level" || check == "direct-identifier" || strings.HasPrefix(check, "id-")
}

// Compare is negative when r is shown before o, in the manner of cmp.Compare.
func (r Rank) Compare(o Rank) int {
	return cmp.Or(
		cmp.Compare(o.Unreadable, r.Unreadable),
		cmp.Compare(o.Identifying, r.Identifying),
		cmp.Compare(o.SmallCounts, r.SmallCounts),
		cmp.Compare(o.Blocks, r.Blocks),
		cmp.Compare(o.Warns, r.Warns),
		cmp.Compare(o.FigureAlone, r.FigureAlone),
		cmp.Compare(o.Unclear, r.Unclear),
		cmp.Compare(o.New, r.New),
		cmp.Compare(o.Notes, r.Notes),
	)
}

// String is the rank in words, the printed reason for a file's place.
func (r Rank) String() string {
	var parts []string
	say := func(n int, one, many string) {
		if n == 1 {
			parts = append(parts, one)
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	say(r.Unreadable, "not fully read, or not the type it claims", "")
	say(r.Identifying, "1 finding about people or organisations", "findings about people or organisations")
	say(r.SmallCounts, "1 column with exact small counts", "columns with exact small counts")
	say(r.Blocks, "1 other blocking finding", "other blocking findings")
	say(r.Warns, "1 warning", "warnings")
	say(r.FigureAlone, "a figure without its data", "")
	if r.Unclear > 0 {
		parts = append(parts, fmt.Sprintf("%.0f %% of its numeric columns not understood", 100*r.Unclear))
	}
	say(r.New, "new or changed", "")
	say(r.Notes, "1 note", "notes")
	if len(parts) == 0 {
		return "no automated finding"
	}
	return strings.Join(parts, "; ")
}

// Order returns the indexes of files in the order in which to read them, worst
// first; files of one rank are ordered by path. changed may be nil.
func Order(files []FileReport, changed func(path string) bool) []int {
	ranks := make([]Rank, len(files))
	order := make([]int, len(files))
	for i := range files {
		order[i] = i
		ranks[i] = RankOf(&files[i], changed != nil && changed(files[i].Path))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(ranks[a].Compare(ranks[b]), cmp.Compare(files[a].Path, files[b].Path))
	})
	return order
}

// notNumeric are the roles of columns that hold no measure.
var notNumeric = []string{
	string(table.Category), string(table.FreeText), string(table.Empty), string(table.BoolRole), string(table.DateRole),
	string(table.BirthDate), string(table.Geo), string(table.OrgCode), string(table.ID), string(table.Code), string(table.Ordinal),
}

// Understood returns how many of the file's numeric columns were understood,
// and how many it has. A file without findings is always shown with both.
func (f *FileReport) Understood() (known, all int) {
	for _, t := range f.Tables {
		for _, c := range t.Columns {
			if slices.Contains(notNumeric, c.Role) {
				continue
			}
			all++
			if c.Role != string(table.Unknown) {
				known++
			}
		}
	}
	return known, all
}
