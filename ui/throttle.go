package ui

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"sallyport/review"
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
)

// throttle counts failed sign-ins by account and by source, in the database, so
// that all instances of the service count together and a restart forgives
// nothing. A try counts as failed from its beginning: of many at once no more are
// let through than of as many one after the other.
type throttle struct {
	slots    chan struct{} // bounds how many passwords are hashed at once
	now      func() time.Time
	failures failures
}

// failures is what the throttle needs of review.Accounts.
type failures interface {
	UpdateFailures(ctx context.Context, keys []string, now time.Time, change func(map[string]review.Failures)) error
}

func newThrottle(now func() time.Time, kept failures) *throttle {
	return &throttle{slots: make(chan struct{}, 4), now: now, failures: kept}
}

// attempt is one try of an account from a source.
type attempt struct{ account, source string }

// What is counted: the account from the source, the source, and the account.
func (a attempt) pairKey() string    { return failureKey("pair", a.account, a.source) }
func (a attempt) sourceKey() string  { return failureKey("source", a.source) }
func (a attempt) accountKey() string { return failureKey("account", a.account) }

func (a attempt) keys() []string { return []string{a.pairKey(), a.sourceKey(), a.accountKey()} }

// failureKey says nothing of what it is made of to who reads the database.
func failureKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// begin counts a try as failed, until it has succeeded. Wait is how long there
// may be none, and then nothing is counted; lock is for how long this one, when
// it fails, locks the account for the source.
func (t *throttle) begin(ctx context.Context, a attempt) (wait, lock time.Duration, err error) {
	now := t.now()
	err = t.failures.UpdateFailures(ctx, a.keys(), now, func(m map[string]review.Failures) {
		lock = 0
		if wait = waiting(m, a, now); wait == 0 {
			lock = count(m, a, now)
		}
	})
	return wait, lock, err
}

// waiting is how long the account may not be tried from the source. A source is
// stopped until its count is forgotten.
func waiting(m map[string]review.Failures, a attempt, now time.Time) time.Duration {
	if f := m[a.sourceKey()]; f.N >= failsPerSource {
		return f.Forget.Sub(now)
	}
	if f := m[a.pairKey()]; now.Before(f.Locked) {
		return f.Locked.Sub(now)
	}
	if f := m[a.accountKey()]; f.N >= failsPerAccount && now.Before(f.Locked) {
		return f.Locked.Sub(now)
	}
	return 0
}

// count adds a failure to all three, and returns the lock of the pair.
func count(m map[string]review.Failures, a attempt, now time.Time) (lock time.Duration) {
	pair := more(m[a.pairKey()], now)
	pair.Forget = now.Add(forgetPair)
	if pair.N >= failsPerPair {
		lock = longestLock
		if doublings := pair.N - failsPerPair; doublings < 10 {
			lock = min(firstLock<<doublings, longestLock)
		}
		pair.Locked = now.Add(lock)
	}
	account := more(m[a.accountKey()], now)
	if account.N >= failsPerAccount {
		account.Locked = now.Add(slowAccount)
	}
	m[a.pairKey()], m[a.sourceKey()], m[a.accountKey()] = pair, more(m[a.sourceKey()], now), account
	return lock
}

// more is a count with one more, which begins anew a window after its first.
func more(f review.Failures, now time.Time) review.Failures {
	if f.N == 0 {
		f.Forget = now.Add(failWindow)
	}
	f.N++
	f.Last = now
	return f
}

// succeeded takes a try back that was none, and forgives the account its
// failures from this source.
func (t *throttle) succeeded(ctx context.Context, a attempt) error {
	return t.takeBack(ctx, a, func(review.Failures) review.Failures { return review.Failures{} })
}

// undone takes a try back that came to nothing, because whoever was to judge it
// could not be asked.
func (t *throttle) undone(ctx context.Context, a attempt) error {
	return t.takeBack(ctx, a, less)
}

func (t *throttle) takeBack(ctx context.Context, a attempt, pair func(review.Failures) review.Failures) error {
	return t.failures.UpdateFailures(ctx, a.keys(), t.now(), func(m map[string]review.Failures) {
		m[a.pairKey()] = pair(m[a.pairKey()])
		m[a.sourceKey()], m[a.accountKey()] = less(m[a.sourceKey()]), less(m[a.accountKey()])
	})
}

// less is a count without its last failure, and without the lock that it made.
func less(f review.Failures) review.Failures {
	f.N, f.Locked = max(f.N-1, 0), time.Time{}
	return f
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
