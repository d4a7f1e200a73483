package web

import (
	"sync"
	"time"
)

// maxTracked bounds what a tally holds.
const maxTracked = 50_000

// Tally counts failures by key within a window of time, in memory: a restart
// forgives. Make one with NewTally; it is safe for concurrent use.
type Tally struct {
	now    func() time.Time
	window time.Duration

	mu    sync.Mutex
	fails map[string]*count
}

type count struct {
	n     int
	until time.Time
}

// NewTally makes a tally whose counts begin anew a window after their first
// failure.
func NewTally(now func() time.Time, window time.Duration) *Tally {
	return &Tally{now: now, window: window, fails: map[string]*count{}}
}

// Window is how long a count lasts.
func (t *Tally) Window() time.Duration { return t.window }

// Reached says whether the key has failed so often within the window.
func (t *Tally) Reached(key string, limit int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.fails[key]
	return c != nil && c.n >= limit && t.now().Before(c.until)
}

// Add counts one failure.
func (t *Tally) Add(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.fails) > maxTracked {
		t.sweep(now)
	}
	c := t.fails[key]
	if c == nil || now.After(c.until) {
		c = &count{until: now.Add(t.window)}
		t.fails[key] = c
	}
	c.n++
}

// sweep forgets what has run out, and everything when that is not enough.
func (t *Tally) sweep(now time.Time) {
	for key, c := range t.fails {
		if now.After(c.until) {
			delete(t.fails, key)
		}
	}
	if len(t.fails) > maxTracked {
		clear(t.fails)
	}
}

// Forget forgives the key.
func (t *Tally) Forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.fails, key)
}
