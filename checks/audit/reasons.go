package audit

// reasons remembers for each bound which relation, or which sum of relations,
// it came from.
type reasons struct {
	rels   []Relation
	lo, hi []int // relation that last moved the bound by propagation, -1 if none
	lp     map[int][]Weighted
}

func newReasons(vars int, rels []Relation) *reasons {
	r := &reasons{rels: rels, lo: make([]int, vars), hi: make([]int, vars), lp: map[int][]Weighted{}}
	for i := range r.lo {
		r.lo[i], r.hi[i] = -1, -1
	}
	return r
}

// of walks from v to the relations its range rests on, and on to those that the
// other variables of these rest on.
func (r *reasons) of(v int) []Weighted {
	var out []Weighted
	seenVar, seenRel := map[int]bool{v: true}, map[int]bool{}
	queue := []int{v}
	for len(queue) > 0 && len(out) < 50 {
		v, queue = queue[0], queue[1:]
		steps := append([]Weighted(nil), r.lp[v]...)
		for _, k := range []int{r.lo[v], r.hi[v]} {
			if k >= 0 {
				steps = append(steps, Weighted{k, 1})
			}
		}
		for _, w := range steps {
			if seenRel[w.Relation] {
				continue
			}
			seenRel[w.Relation] = true
			out = append(out, w)
			for _, t := range r.rels[w.Relation].Terms {
				if !seenVar[t.Var] {
					seenVar[t.Var] = true
					queue = append(queue, t.Var)
				}
			}
		}
	}
	return out
}
