package ui

import (
	"net/netip"
	"sync"
	"time"

	"sallyport/ui/web"
)

// Failed sign-ins. An account and the source that keeps failing on it are locked
// together, each time for twice as long. A source that fails on many accounts is
// locked on its own. An account that fails from everywhere is only slowed down,
// for nobody may be able to lock its owner out: they can still sign in, if need
// be after a few seconds, and with a passkey at once.
const (
	failWindow      = 15 * time.Minute
	failsPerPair    = 5 // from here on each further failure locks
	firstLock       = 30 * time.Second
	longestLock     = time.Hour
	forgetPair      = 24 * time.Hour
	failsPerSource  = 30
	failsPerAccount = 50
	slowAccount     = 5 * time.Second // between tries of an account that fails from everywhere
	maxPairs        = 50_000
)

// throttle counts failed sign-ins by account and by source, in memory: a
// restart forgives, which the cost of argon2 makes harmless.
type throttle struct {
	slots chan struct{} // bounds how many passwords are hashed at once
	now   func() time.Time
	fails *web.Tally

	mu     sync.Mutex
	pairs  map[pair]*strikes
	lastOf map[string]time.Time // last try of an account that is slowed down
}

type pair struct{ account, source string }

type strikes struct {
	n           int
	last, until time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{
		slots: make(chan struct{}, 4), now: now, fails: web.NewTally(now, failWindow),
		pairs: map[pair]*strikes{}, lastOf: map[string]time.Time{},
	}
}

// wait returns how long the account may not be tried from the source; zero when
// it may now.
func (t *throttle) wait(account, source string) time.Duration {
	if t.fails.Reached("source\x00"+source, failsPerSource) {
		return failWindow
	}
	slow := t.fails.Reached("account\x00"+account, failsPerAccount)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if s := t.pairs[pair{account, source}]; s != nil && now.Before(s.until) {
		return s.until.Sub(now)
	}
	if !slow {
		return 0
	}
	if next := t.lastOf[account].Add(slowAccount); now.Before(next) {
		return next.Sub(now)
	}
	if len(t.lastOf) > maxPairs {
		clear(t.lastOf)
	}
	t.lastOf[account] = now
	return 0
}

// failed counts one failure, and returns for how long it locks the account for
// the source.
func (t *throttle) failed(account, source string) time.Duration {
	t.fails.Add("source\x00" + source)
	t.fails.Add("account\x00" + account)
	t.mu.Lock()
	defer t.mu.Unlock()
	now, key := t.now(), pair{account, source}
	if len(t.pairs) > maxPairs {
		t.sweep(now)
	}
	s := t.pairs[key]
	if s == nil || now.Sub(s.last) > forgetPair {
		s = new(strikes)
		t.pairs[key] = s
	}
	s.n++
	s.last = now
	if s.n < failsPerPair {
		return 0
	}
	lock := longestLock
	if doublings := s.n - failsPerPair; doublings < 10 {
		lock = min(firstLock<<doublings, longestLock)
	}
	s.until = now.Add(lock)
	return lock
}

// sweep forgets what is old, and everything when that is not enough.
func (t *throttle) sweep(now time.Time) {
	for key, s := range t.pairs {
		if now.Sub(s.last) > longestLock {
			delete(t.pairs, key)
		}
	}
	if len(t.pairs) > maxPairs {
		clear(t.pairs)
	}
}

// succeeded forgives the account its failures from this source.
func (t *throttle) succeeded(account, source string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pairs, pair{account, source})
}

// network is what failures are counted by: an address of IPv4, or what one
// customer has of IPv6.
func network(remote string) string {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := a.Addr().Unmap()
	if ip.Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
