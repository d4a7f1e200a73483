package ui

import (
	"sync"
	"time"
)

// Failed sign-ins allowed within failWindow. An account is bounded loosely on its
// own, so that a stranger cannot lock its owner out from elsewhere, and tightly
// together with the source that keeps failing.
const (
	failWindow      = 15 * time.Minute
	failsPerPair    = 6
	failsPerSource  = 30
	failsPerAccount = 60
	maxTracked      = 50_000
)

// throttle counts failed sign-ins by account and by source, in memory: a
// restart forgives, which the argon2 cost makes harmless.
type throttle struct {
	now   func() time.Time
	slots chan struct{} // bounds how many passwords are hashed at once

	mu    sync.Mutex
	fails map[string]*count
}

type count struct {
	n     int
	until time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, slots: make(chan struct{}, 4), fails: map[string]*count{}}
}

func limits(account, source string) map[string]int {
	return map[string]int{
		"pair\x00" + account + "\x00" + source: failsPerPair,
		"source\x00" + source:                  failsPerSource,
		"account\x00" + account:                failsPerAccount,
	}
}

// allowed says whether another try may be made now.
func (t *throttle) allowed(account, source string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, limit := range limits(account, source) {
		if c := t.fails[key]; c != nil && c.n >= limit && t.now().Before(c.until) {
			return false
		}
	}
	return true
}

// failed counts one failure.
func (t *throttle) failed(account, source string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.fails) > maxTracked {
		t.sweep(now)
	}
	for key := range limits(account, source) {
		c := t.fails[key]
		if c == nil || now.After(c.until) {
			c = &count{until: now.Add(failWindow)}
			t.fails[key] = c
		}
		c.n++
	}
}

// sweep forgets what has run out, and everything when that is not enough.
func (t *throttle) sweep(now time.Time) {
	for key, c := range t.fails {
		if now.After(c.until) {
			delete(t.fails, key)
		}
	}
	if len(t.fails) > maxTracked {
		clear(t.fails)
	}
}

// succeeded forgives the account its failures from this source.
func (t *throttle) succeeded(account, source string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.fails, "pair\x00"+account+"\x00"+source)
}
