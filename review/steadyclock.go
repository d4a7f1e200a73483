package review

import (
	"context"
	"sync"
	"time"
)

// Bounds of a clock that is believed when it says that something's time is over.
const (
	clockDrift = time.Hour          // how far it may move against the time the process has run
	clockGap   = 3 * 24 * time.Hour // how long before a day ago the event before may have been
	clockTrust = 24 * time.Hour     // how long it must run steadily after a doubt
)

// SteadyClock notices that the clock was set, so that nothing is removed because
// of a year that was set by mistake.
type SteadyClock struct {
	// Uptime is for how long the process has run, by a clock that nobody can set.
	Uptime func() time.Duration

	mu      sync.Mutex
	known   bool
	wall    time.Time     // at the last look
	up      time.Duration // at the last look
	doubted bool
	since   time.Duration // how long the process had run when the doubt began
}

// look tells whether the clock is in doubt, by what it says and by how long the
// process has run. Gap says that the record shows a leap before the first look.
func (c *SteadyClock) look(now time.Time, gap func() (bool, error)) (doubt bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	up, leapt := c.Uptime(), false
	if c.known {
		drift := now.Sub(c.wall) - (up - c.up)
		leapt = drift > clockDrift || drift < -clockDrift
	} else if leapt, err = gap(); err != nil {
		return true, err
	}
	c.known, c.wall, c.up = true, now, up
	if leapt {
		c.doubted, c.since = true, up
	}
	if c.doubted && up-c.since >= clockTrust {
		c.doubted = false
	}
	return c.doubted, nil
}

// inDoubt is what the last look found.
func (c *SteadyClock) inDoubt() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubted
}

// keepRetention applies the retention policy, unless the clock was set lately:
// then it waits until the clock has run for a day as the machine itself counts
// time. People can apply it before.
func (s *Service) keepRetention(ctx context.Context) error {
	if s.Steady != nil {
		now := s.Now()
		doubt, err := s.Steady.look(now, func() (bool, error) { return s.leapOnRecord(ctx, now) })
		if err != nil {
			return err
		}
		if doubt {
			s.Log.WarnContext(ctx, "retention waits for a day: the clock has leapt, or nothing was on record for days")
			return nil
		}
	}
	_, err := s.ApplyRetention(ctx, false)
	return err
}

// leapOnRecord reports whether the newest events begin after days of nothing, as
// they do when the clock was set forward.
func (s *Service) leapOnRecord(ctx context.Context, now time.Time) (bool, error) {
	events, err := s.Store.Events(ctx, EventQuery{Newest: true, Limit: 500})
	if err != nil {
		return false, err
	}
	lately, before := now, time.Time{}
	for _, e := range events {
		switch {
		case now.Sub(e.At) >= clockTrust:
			before = latest(before, e.At)
		case e.At.Before(lately):
			lately = e.At
		}
	}
	return !before.IsZero() && lately.Sub(before) > clockGap, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
