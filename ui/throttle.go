package ui

import (
	"time"

	"sallyport/ui/web"
)

// Failed sign-ins allowed within failWindow. An account is bounded loosely on its
// own, so that a stranger cannot lock its owner out from elsewhere, and tightly
// together with the source that keeps failing.
const (
	failWindow      = 15 * time.Minute
	failsPerPair    = 6
	failsPerSource  = 30
	failsPerAccount = 60
)

// throttle counts failed sign-ins by account and by source, in memory: a
// restart forgives, which the argon2 cost makes harmless.
type throttle struct {
	slots chan struct{} // bounds how many passwords are hashed at once
	fails *web.Tally
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{slots: make(chan struct{}, 4), fails: web.NewTally(now, failWindow)}
}

func pairKey(account, source string) string { return "pair\x00" + account + "\x00" + source }

func limits(account, source string) map[string]int {
	return map[string]int{
		pairKey(account, source): failsPerPair,
		"source\x00" + source:    failsPerSource,
		"account\x00" + account:  failsPerAccount,
	}
}

// allowed says whether another try may be made now.
func (t *throttle) allowed(account, source string) bool {
	for key, limit := range limits(account, source) {
		if t.fails.Reached(key, limit) {
			return false
		}
	}
	return true
}

// failed counts one failure.
func (t *throttle) failed(account, source string) {
	for key := range limits(account, source) {
		t.fails.Add(key)
	}
}

// succeeded forgives the account its failures from this source.
func (t *throttle) succeeded(account, source string) { t.fails.Forget(pairKey(account, source)) }
