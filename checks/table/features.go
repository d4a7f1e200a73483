package table

import (
	"hash/maphash"
	"math"
)

// features is what the values of one column show, gathered in one pass.
type features struct {
	n, filled int // cells, cells that are not missing
	kinds     [nKinds]int
	nums      int // plain and compound numbers
	whole     int // those without a fraction
	dotZero   int // whole numbers printed with a fraction, "12.0"
	distinct  int // distinct values, missing left out
	min, max  float64
	maxDec    uint8
	arith     bool    // plain numbers all step by the same amount, not 0
	step      float64 // that amount
	restarts  bool    // 1,2,3,1,2,3: steps of one that start again
	mult5     bool    // non-zero numbers are all multiples of 5
	long      int     // text cells longer than 60 bytes or 8 words
}

const nKinds = int(Statistic) + 1

func (f *features) share(kinds ...Kind) float64 {
	if f.filled == 0 {
		return 0
	}
	n := 0
	for _, k := range kinds {
		n += f.kinds[k]
	}
	return float64(n) / float64(f.filled)
}

// numeric reports a column of numbers, some of which may be hidden.
func (f *features) numeric() bool {
	if f.nums == 0 {
		return false
	}
	return f.share(Number, CountPct, CountOf, Redacted, Compare) >= 0.5 ||
		f.nums >= f.kinds[Range] && 10*f.kinds[Text] <= f.filled && f.share(Number, CountPct, CountOf, Redacted, Compare, Range) >= 0.5
}

func (f *features) allWhole() bool { return f.nums > 0 && f.whole == f.nums }

// binary reports only 0 and 1, with some 1.
func (f *features) binary() bool {
	return f.allWhole() && f.min >= 0 && f.max == 1 && f.distinct <= 2
}

func (f *features) within(lo, hi float64) bool { return f.nums > 0 && f.min >= lo && f.max <= hi }

func isWhole(v float64) bool { return v == math.Trunc(v) || math.Abs(v-math.Round(v)) < 1e-9 }

// A surveyor gathers features, keeping its scratch space between columns.
type surveyor struct {
	seen  []uint64
	shift uint // of a hash, to leave its place in seen: the top bits, which multiplying mixes best
	seed  maphash.Seed
}

func (s *surveyor) survey(cells []Cell) *features {
	f := &features{n: len(cells), min: math.Inf(1), max: math.Inf(-1), mult5: true}
	s.reset(len(cells))
	run := steps{prev: math.NaN()}
	f.arith = true
	for i := range cells {
		c := &cells[i]
		f.kinds[c.Kind]++
		if c.Kind == Missing {
			continue
		}
		f.filled++
		// Texts repeat from row to row; numbers seldom do, and cost little to hash.
		if (c.Kind == Number || i == 0 || c.Raw != cells[i-1].Raw) && s.add(hashCell(s.seed, c)) {
			f.distinct++
		}
		switch c.Kind {
		case Number, CountPct, CountOf:
			v := c.Value
			f.nums++
			f.min, f.max = min(f.min, v), max(f.max, v)
			switch {
			case c.counts && c.Decimals == 0 && v < 1<<51: // what most numbers are
				f.whole++
				f.mult5 = f.mult5 && uint64(v+0.5)%5 == 0
			case isWhole(v):
				f.whole++
				if c.Decimals > 0 {
					f.dotZero++
				}
				if f.mult5 && (math.Abs(v) >= 1<<53 || int64(math.Round(v))%5 != 0) {
					f.mult5 = false
				}
			default:
				f.mult5 = false
			}
			if c.Kind != Number {
				continue
			}
			f.maxDec = max(f.maxDec, c.Decimals)
			run.next(f, v)
		case Text:
			if len(c.Raw) > 60 || spaces(c.Raw) > 8 {
				f.long++
			}
		}
	}
	run.end(f)
	if f.nums == 0 {
		f.min, f.max = math.NaN(), math.NaN()
	}
	return f
}

// steps follows the plain numbers of a column from cell to cell.
type steps struct {
	prev, first float64
	n, restarts int
	broken      bool // a restart elsewhere than at the first number
}

func (r *steps) next(f *features, v float64) {
	d := v - r.prev
	r.prev = v
	if d != d {
		r.first = v
		return
	}
	if r.n++; r.n == 1 {
		f.step = d
	} else if math.Abs(d-f.step) > 1e-9 {
		f.arith = false
	}
	if d != 1 {
		r.restarts++
		r.broken = r.broken || v != r.first
	}
}

func (r *steps) end(f *features) {
	f.arith = f.arith && r.n >= 2 && f.step != 0
	f.restarts = r.restarts > 0 && !r.broken && 2*r.restarts <= r.n && (r.first == 0 || r.first == 1)
}

func spaces(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' {
			n++
		}
	}
	return n
}

// hashCell gives cells that mean the same the same hash: plain numbers by value
// (5 and 5.0 are one), the rest by text. It is never 0.
func hashCell(seed maphash.Seed, c *Cell) uint64 {
	if c.Kind == Number {
		h := math.Float64bits(c.Value+0) * 0x9E3779B97F4A7C15
		return h ^ h>>29 | 1
	}
	return maphash.String(seed, c.Raw) | 1
}

func (s *surveyor) reset(n int) {
	size := 16
	s.shift = 60
	for size < n+n/2 {
		size *= 2
		s.shift--
	}
	if cap(s.seen) < size {
		s.seen = make([]uint64, size)
		return
	}
	s.seen = s.seen[:size]
	clear(s.seen)
}

// add reports whether h, which is not 0, is new.
func (s *surveyor) add(h uint64) bool {
	mask := uint64(len(s.seen) - 1)
	i := h >> s.shift
	for s.seen[i] != 0 {
		if s.seen[i] == h {
			return false
		}
		i = (i + 1) & mask
	}
	s.seen[i] = h
	return true
}
