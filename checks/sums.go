package checks

import (
	"slices"

	"sallyport/checks/audit"
)

// byMeasure sorts sums of the report by the measure that of names, in the order
// of the columns; sums for which it reports false are left out.
func (g *auditGrid) byMeasure(sums []int, of func(*audit.Checked) (measure int, ok bool)) (order []int, by map[int][]int) {
	by = map[int][]int{}
	for _, k := range sums {
		m, ok := of(&g.rep.Sums[k])
		if !ok {
			continue
		}
		if by[m] == nil {
			order = append(order, m)
		}
		by[m] = append(by[m], k)
	}
	slices.Sort(order)
	return order, by
}

// hiddenRows lists, in order, the rows in which the sums hide a cell of a measure.
func (g *auditGrid) hiddenRows(sums []int, measure int) []int {
	var rows []int
	for _, k := range sums {
		for _, h := range g.rep.Sums[k].Hidden {
			if h.Measure == measure {
				rows = append(rows, h.Row)
			}
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// totalRows lists, in order, the rows of the totals of sums.
func (g *auditGrid) totalRows(sums []int) []int {
	var rows []int
	for _, k := range sums {
		rows = append(rows, g.rep.Sums[k].Instance.Total.Row)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// lines writes the first twenty of the sums out.
func (g *auditGrid) lines(sums []int) []string {
	var out []string
	for _, k := range sums[:min(len(sums), 20)] {
		out = append(out, g.arithmetic(&g.rep.Sums[k]))
	}
	return out
}

// relatedTo lists the cells of all the sums, each once.
func (g *auditGrid) relatedTo(sums []int) []CellRef {
	var out []CellRef
	for _, k := range sums {
		out = mergeRefs(out, g.refs(&g.rep.Sums[k]))
	}
	return out
}

// mergeRefs adds cells that are not there yet, up to a bound.
func mergeRefs(have, more []CellRef) []CellRef {
	const most = 300
	for _, r := range more {
		if len(have) >= most {
			break
		}
		if !slices.ContainsFunc(have, func(o CellRef) bool { return *o.Row == *r.Row && *o.ColumnIndex == *r.ColumnIndex }) {
			have = append(have, r)
		}
	}
	return have
}
