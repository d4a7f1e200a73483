package checks

import (
	"fmt"
	"path"

	"sallyport/checks/audit"
	"sallyport/policy"
)

var rerunDifference = Check{
	Name: "rerun-difference", Version: 1, Title: "Small differences from an earlier release",
	Doc: "The table was released before with slightly other counts. The difference between two exact counts of the same thing is a count too: " +
		"44 people then and 46 now tells of two.",
	Source:  sdc + "secondary disclosure: repeated analyses and re-runs.",
	Example: "released: 2021-01-11,44; now: 2021-01-11,46: the difference is 2. Both rounded to 5: fine.",
	FixR: `# round both to one base; do not release a re-run with small changes beside the first
other <- other |> mutate(n = round(n / 5) * 5)
df <- df |> mutate(n = round(n / 5) * 5)`,
	FixPy: `# round both to one base; do not release a re-run with small changes beside the first
other["n"] = (other["n"] / 5).round() * 5
df["n"] = (df["n"] / 5).round() * 5`,
	Kinds: []Kind{
		{"difference", policy.Warn, "exact counts differ by a small number from an earlier release"},
		{"rounding", policy.Warn, "one of two releases is rounded and the other is not, so that the rounding can be taken back"},
	},
	Set: checkReruns,
}

func checkReruns(p *SetPass) error {
	if len(p.Earlier) == 0 {
		return nil
	}
	x, err := p.facts()
	if err != nil {
		return err
	}
	limit := p.Policy.Counts.Threshold
	return x.eachShared(func(a, b *audit.Cell) bool { return difference(a, b, limit) > 0 || a.Range.Fixed() != b.Range.Fixed() },
		func(s sharedFacts) {
			if x.isRerun(s) {
				x.reportDifferences(p, s, limit)
				x.reportRounding(p, s)
			}
		})
}

// isRerun: table a of an earlier release states the same facts as b: the file
// has the same name, or at least four in five facts are the same, and the names
// do not say that one is a part of the other.
func (x *factIndex) isRerun(s sharedFacts) bool {
	a, b := x.tables[s.a], x.tables[s.b]
	if !a.earlier || a.doc.SHA256 != "" && a.doc.SHA256 == b.doc.SHA256 {
		return false
	}
	if path.Base(a.doc.Path) == path.Base(b.doc.Path) && partOf(a.doc.Path, b.doc.Path) == 0 {
		return true
	}
	return 5*len(s.pairs) >= 4*min(a.facts, b.facts) && partOf(a.doc.Path, b.doc.Path) == 0
}

func (x *factIndex) reportDifferences(p *SetPass, s sharedFacts, limit int) {
	same := 0
	by := newByColumn()
	for _, pair := range s.pairs {
		a, b, ok := x.shown(pair)
		if !ok {
			continue
		}
		if a.Value == b.Value {
			same++
		}
		if difference(a, b, limit) > 0 {
			by.add(pair)
		}
	}
	for _, list := range by.lists {
		f, lines := x.differenceFinding(p, "difference", list)
		f.Evidence["shared"], f.Evidence["same"] = len(s.pairs), same
		f.Message = fmt.Sprintf("%s in %q %s by a small number from the release of %q: %s.",
			counted(len(list), "count"), short(f.Column), verb(len(list), "differs", "differ"), short(x.tables[s.a].doc.Path), lines[0])
		p.Report(x.tables[s.b].doc.Path, f)
	}
}

// reportRounding reports columns of which one release is exact and the other
// rounded, when the values are plainly those of one series.
func (x *factIndex) reportRounding(p *SetPass, s sharedFacts) {
	by := newByColumn()
	for _, pair := range s.pairs {
		if _, _, ok := x.shown(pair); ok {
			by.add(pair)
		}
	}
	for _, list := range by.lists {
		a := x.tables[s.a].cols[list[0][0].column].Base
		b := x.tables[s.b].cols[list[0][1].column].Base
		if a.Proven() == b.Proven() || len(list) < 3 {
			continue
		}
		base := float64(max(a.Scheme.B, b.Scheme.B))
		var off [][2]factRef
		near := 0
		for _, pair := range list {
			ca, cb, _ := x.shown(pair)
			d := ca.Value - cb.Value
			if d >= -base && d <= base {
				near++
				if d != 0 {
					off = append(off, pair)
				}
			}
		}
		if 5*near < 4*len(list) || len(off) == 0 {
			continue
		}
		f, lines := x.differenceFinding(p, "rounding", off)
		f.Message = fmt.Sprintf("%q is rounded in one of two releases only: the exact counts are in %q. For example %s.",
			short(f.Column), short(exactOne(x, s, a.Proven())), lines[0])
		p.Report(x.tables[s.b].doc.Path, f)
	}
}

func exactOne(x *factIndex, s sharedFacts, firstRounded bool) string {
	if firstRounded {
		return x.tables[s.b].doc.Path
	}
	return x.tables[s.a].doc.Path
}

// differenceFinding lists pairs of one column with their differences.
func (x *factIndex) differenceFinding(p *SetPass, kind string, list [][2]factRef) (Finding, []string) {
	const most = 20
	facts := make([]factRef, len(list))
	var lines []string
	for i, pair := range list {
		facts[i] = pair[1]
	}
	f := x.findingFor(p, kind, facts)
	for i, pair := range list {
		if i == most {
			break
		}
		a, b := x.cellOf(pair[0]), x.cellOf(pair[1])
		t := x.tables[pair[1].table]
		lines = append(lines, fmt.Sprintf("%s%.0f - %.0f = %.0f", keyPrefix(t.t.Key(t.cols[pair[1].column].Row(int(pair[1].cell)))),
			max(a.Value, b.Value), min(a.Value, b.Value), max(a.Value, b.Value)-min(a.Value, b.Value)))
		f.Related = append(f.Related, x.refIn(pair[0], t.doc.Path))
	}
	f.Evidence["differences"] = lines
	f.Evidence["with"] = x.tables[list[0][0].table].doc.Path
	return f, lines
}

func keyPrefix(key string) string {
	if key == "" {
		return ""
	}
	return key + ": "
}

// byColumn groups pairs by the column of the second fact, in order.
type byColumn struct {
	at    map[int32]int
	lists [][][2]factRef
}

func newByColumn() *byColumn { return &byColumn{at: map[int32]int{}} }

func (g *byColumn) add(pair [2]factRef) {
	c := pair[1].column
	i, ok := g.at[c]
	if !ok {
		i = len(g.lists)
		g.at[c] = i
		g.lists = append(g.lists, nil)
	}
	g.lists[i] = append(g.lists[i], pair)
}
