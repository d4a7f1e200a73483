package table

import (
	"fmt"
	"math"
)

// ratios looks for columns that are a rate of two others, R = scale·N/D on
// nearly every row: then R is a statistic and N and D are counts, whatever they
// are called.
func (u *understanding) ratios() {
	var whole, others []*Column
	for _, c := range u.t.Columns {
		f := c.f
		if !f.numeric() && f.share(Percent) < 0.5 || f.filled < 3 || c.Role == Code || c.Index == 0 && c.Name == "" {
			continue
		}
		if f.allWhole() && f.min >= 0 && !f.sequence() && !f.coded() && f.max >= 20 && f.distinct >= 2 {
			whole = append(whole, c)
		}
		if !f.allWhole() || f.max <= 100 && f.min >= 0 && !c.namedCount() {
			others = append(others, c)
		}
	}
	if len(whole) > 30 {
		whole = whole[:30]
	}
	for _, r := range others[:min(len(others), 30)] {
		u.ratio(r, whole)
	}
}

// ratio finds the numerator and denominator of one column among whole ones.
func (u *understanding) ratio(r *Column, whole []*Column) {
	rows := sample(r)
	if len(rows) < 4 {
		return
	}
	for _, d := range whole {
		for _, n := range whole {
			if n == d || n == r || d == r {
				continue
			}
			scale := ratioScale(r, n, d, rows)
			if scale == 0 {
				continue
			}
			why := fmt.Sprintf("%q = %g × %q / %q", r.Name, scale, n.Name, d.Name)
			if !r.Role.Statistic() {
				r.Role = Rate
				if scale == 100 {
					r.Role = PercentRole
				}
			}
			r.Confidence = max(r.Confidence, 0.8)
			r.Reasons = append(r.Reasons, why)
			for _, c := range [...]*Column{n, d} {
				if !c.Role.CountLike() && c.Role != OrgCount {
					c.Role = Count
					c.Confidence = 0
				}
				c.Confidence = max(c.Confidence, 0.7)
				c.Reasons = append(c.Reasons, why)
			}
			return
		}
	}
}

// sample picks up to 24 rows of a column that show a positive number, spread
// over its length.
func sample(c *Column) []int {
	var rows []int
	stride := max(1, len(c.Cells)/48)
	for i := 0; i < len(c.Cells) && len(rows) < 24; i += stride {
		x := &c.Cells[i]
		if (x.Kind == Number || x.Kind == Percent) && x.Value > 0 {
			rows = append(rows, i)
		}
	}
	return rows
}

// ratioScale returns the power of ten s for which r = s·n/d, within the printed
// digits, on nine of ten sampled rows; 0 when there is none. Rows that would fit
// whatever the numbers were (0, or n equal to d) say nothing.
func ratioScale(r, n, d *Column, rows []int) float64 {
	scale, fit, telling := 0.0, 0, 0
	values := map[float64]bool{}
	for k, i := range rows {
		nv, ok1 := n.Whole(i)
		dv, ok2 := d.Whole(i)
		if !ok1 || !ok2 || nv == 0 || dv == 0 || nv == dv {
			continue
		}
		x := &r.Cells[i]
		q := float64(nv) / float64(dv)
		if scale == 0 {
			scale = math.Pow(10, math.Round(math.Log10(x.Value/q)))
			if scale < 1 || scale > 1e6 {
				return 0
			}
		}
		telling++
		half := 0.5*math.Pow(10, -float64(min(x.Decimals, 9))) + 1e-9*math.Abs(x.Value)
		if math.Abs(scale*q-x.Value) <= half*1.001 {
			fit++
			values[x.Value] = true
		} else if telling-fit > 3+k/5 {
			return 0
		}
	}
	if telling < 4 || len(values) < 3 || 10*fit < 9*telling {
		return 0
	}
	return scale
}

// rowKeys finds whole-number columns that tell rows apart where the others do
// not: identifiers of groups, such as organisations, not measures of them.
func (u *understanding) rowKeys() {
	t := u.t
	var sure []*Column
	for _, c := range t.Columns {
		if c.Name != "" && !c.f.numeric() && c.f.filled > 0 && (c.Role == Category || c.Role == DateRole || c.Role == Geo || c.Role == OrgCode) {
			sure = append(sure, c)
		}
	}
	if t.Rows < 20 || len(sure) == 0 || len(t.Columns) > 200 || u.distinctRows(sure) == t.Rows {
		return
	}
	for _, c := range t.Columns {
		f := c.f
		if !f.numeric() || !f.allWhole() || c.namedCount() || !c.Role.CountLike() || c.Confidence >= 0.6 || f.min < 0 || 2*f.distinct > f.filled || f.distinct < 5 ||
			f.kinds[Redacted]+f.kinds[Compare] > 0 {
			continue
		}
		if u.distinctRows(append(sure[:len(sure):len(sure)], c)) == t.Rows {
			c.Role, c.Confidence = ID, 0.6
			c.Reasons = append(c.Reasons, "with the other dimensions it names every row, and its values recur: an identifier of groups")
		}
	}
}
