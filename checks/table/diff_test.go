package table

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func tableOf(t *testing.T, csv string) *Table {
	t.Helper()
	src, _, err := ReadCSV([]byte(csv))
	if err != nil {
		t.Fatal(err)
	}
	return Understand(src)
}

func TestDiff(t *testing.T) {
	const before = "region,people\nNorth,3\nSouth,345\nEast,212\n"
	same := func(s string) CellDifference { return CellDifference{Before: s, After: s} }
	for name, c := range map[string]struct {
		after string
		want  Difference
	}{
		"nothing": {before, Difference{ByKey: []string{"region"}, Columns: []string{"region", "people"}, Same: 3}},
		"a cell": {"region,people\nNorth,5\nSouth,345\nEast,212\n", Difference{
			ByKey: []string{"region"}, Columns: []string{"region", "people"}, Same: 2,
			Rows: []RowDifference{{0, 0, []CellDifference{same("North"), {"3", "5", true}}}},
		}},
		"another order, a row gone and one new": {"region,people\nEast,212\nNorth,3\nWest,95\n", Difference{
			ByKey: []string{"region"}, Columns: []string{"region", "people"}, Same: 2,
			Rows: []RowDifference{
				{1, -1, []CellDifference{{Before: "South"}, {Before: "345"}}},
				{-1, 2, []CellDifference{{After: "West"}, {After: "95"}}},
			},
		}},
		"a column gone and one new": {"region,n\nNorth,3\nSouth,345\nEast,212\n", Difference{
			ByKey: []string{"region"}, Columns: []string{"region", "n", "people"}, Added: []string{"n"}, Removed: []string{"people"},
			Rows: []RowDifference{
				{0, 0, []CellDifference{same("North"), {"", "3", true}, {"3", "", true}}},
				{1, 1, []CellDifference{same("South"), {"", "345", true}, {"345", "", true}}},
				{2, 2, []CellDifference{same("East"), {"", "212", true}, {"212", "", true}}},
			},
		}},
		// "a" makes the first row look like a second line of the header.
		"a cell that turns a row into header": {"region,people\nNorth,a\nSouth,345\nEast,212\n", Difference{
			ByKey: []string{"region"}, Columns: []string{"region", "people"}, Same: 2,
			Rows: []RowDifference{{0, 0, []CellDifference{same("North"), {"3", "a", true}}}},
		}},
		"keys that repeat": {"region,people\nNorth,3\nNorth,345\nEast,212\n", Difference{
			Columns: []string{"region", "people"}, Same: 2,
			Rows: []RowDifference{{1, 1, []CellDifference{{"South", "North", true}, same("345")}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(&c.want, Diff(tableOf(t, before), tableOf(t, c.after))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the tables, every row of each is told of exactly once.
func FuzzDiff(f *testing.F) {
	f.Add("a,b\n1,2\n", "b,a\n2,1\n3\n")
	f.Add("a\nx\ny\nz\n", "a\nz\n\nq\nx\n")
	f.Add("", "a,a\n1,2\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before)+len(after) > 2000 {
			return
		}
		x, _, err := ReadCSV([]byte(before))
		if err != nil {
			return
		}
		y, _, err := ReadCSV([]byte(after))
		if err != nil {
			return
		}
		old, now := Understand(x), Understand(y)
		d := Diff(old, now)
		seen := [2]map[int]bool{{}, {}}
		for _, r := range d.Rows {
			for side, row := range []int{r.Before, r.After} {
				if row >= 0 && seen[side][row] {
					t.Fatalf("row %d of side %d twice", row, side)
				}
				seen[side][row] = row >= 0
			}
			if len(r.Cells) != len(d.Columns) {
				t.Fatalf("%d cells under %d columns", len(r.Cells), len(d.Columns))
			}
		}
		delete(seen[0], -1)
		delete(seen[1], -1)
		if got := len(seen[0]) + d.Same; got != old.Rows && got != old.Rows+old.Skip {
			t.Errorf("%d of %d older rows", got, old.Rows)
		}
		if got := len(seen[1]) + d.Same; got != now.Rows && got != now.Rows+now.Skip {
			t.Errorf("%d of %d newer rows", got, now.Rows)
		}
	})
}
