package web

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate lets each key do so much in a time: a bucket of tokens that fills again.
// It counts in memory, so several instances of the service each allow as much.
// Make one with NewRate; it is safe for concurrent use, and a nil one allows
// everything.
type Rate struct {
	now   func() time.Time
	limit rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// NewRate makes a rate of so many a second, after so many at once.
func NewRate(now func() time.Time, perSecond float64, burst int) *Rate {
	return &Rate{now: now, limit: rate.Limit(perSecond), burst: burst, buckets: map[string]*rate.Limiter{}}
}

// Take takes one token of the key's. It returns a TooManyError when there is
// none.
func (r *Rate) Take(key string) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	b := r.buckets[key]
	if b == nil {
		if len(r.buckets) >= maxTracked {
			r.sweep(now)
		}
		b = rate.NewLimiter(r.limit, r.burst)
		r.buckets[key] = b
	}
	if b.AllowN(now, 1) {
		return nil
	}
	missing := 1 - b.TokensAt(now)
	return &TooManyError{Wait: time.Duration(missing / float64(r.limit) * float64(time.Second))}
}

// sweep forgets the buckets that are full again, and all when that is not enough.
func (r *Rate) sweep(now time.Time) {
	for key, b := range r.buckets {
		if b.TokensAt(now) >= float64(r.burst) {
			delete(r.buckets, key)
		}
	}
	if len(r.buckets) >= maxTracked {
		clear(r.buckets)
	}
}

// TooManyError says that somebody asks for more than a Rate allows.
type TooManyError struct{ Wait time.Duration }

// Seconds is how long to wait, in whole seconds, at least one.
func (e *TooManyError) Seconds() int { return max(1, int((e.Wait+time.Second-1)/time.Second)) }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("There were too many requests in a short time. Wait %d s, then try again.", e.Seconds())
}
