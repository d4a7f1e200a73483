package load

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Tally counts what was asked, how long it took, and what failed.
type Tally struct {
	mu    sync.Mutex
	kinds map[string]*kind
}

type kind struct {
	took                  []time.Duration // of what was answered
	shed, failed, refused int
}

func (t *Tally) add(what string, took time.Duration, status int, err error) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds == nil {
		t.kinds = map[string]*kind{}
	}
	k := t.kinds[what]
	if k == nil {
		k = new(kind)
		t.kinds[what] = k
	}
	switch {
	case err != nil || status >= 500 && status != http.StatusServiceUnavailable:
		k.failed++
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		k.shed++
	case status >= 300:
		k.refused++
	default:
		k.took = append(k.took, took)
	}
}

// Sum is what a tally says of one kind of question, or of all.
type Sum struct {
	What                  string
	N                     int // answered
	P50, P95, P99         time.Duration
	Shed, Failed, Refused int
}

// Sums lists each kind by its name, and "all" at the end.
func (t *Tally) Sums() []Sum {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Sum
	all := new(kind)
	for _, what := range slices.Sorted(maps.Keys(t.kinds)) {
		k := t.kinds[what]
		out = append(out, k.sum(what))
		all.took = append(all.took, k.took...)
		all.shed, all.failed, all.refused = all.shed+k.shed, all.failed+k.failed, all.refused+k.refused
	}
	return append(out, all.sum("all"))
}

func (k *kind) sum(what string) Sum {
	took := slices.Sorted(slices.Values(k.took))
	at := func(part float64) time.Duration {
		if len(took) == 0 {
			return 0
		}
		return took[min(len(took)-1, int(part*float64(len(took))))]
	}
	return Sum{what, len(took), at(0.50), at(0.95), at(0.99), k.shed, k.failed, k.refused}
}

// Table is the sums as lines of a table in Markdown.
func Table(sums []Sum, over time.Duration) string {
	var b strings.Builder
	b.WriteString("| what | answered | a second | p50 ms | p95 ms | p99 ms | sent away | failed | refused |\n|---|---|---|---|---|---|---|---|---|\n")
	ms := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d.Microseconds())/1000) }
	for _, s := range sums {
		fmt.Fprintf(&b, "| %s | %d | %.1f | %s | %s | %s | %d | %d | %d |\n", s.What, s.N, float64(s.N)/over.Seconds(), ms(s.P50), ms(s.P95), ms(s.P99), s.Shed, s.Failed, s.Refused)
	}
	return b.String()
}
