package reviewtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// ErrFault is what an injected fault returns.
var ErrFault = errors.New("injected fault")

// Fault is how one write of [Faults] fails.
type Fault int

const (
	// NoFault lets the write through.
	NoFault Fault = iota
	// Before fails before the store is asked.
	Before
	// Within fails an update after its closure has run, and any other write
	// like Before: the store must keep nothing.
	Within
	// After keeps the write and loses the answer, as a crash between commit
	// and answer does: the caller must cope with its having happened.
	After
)

// Faults is a store whose writes fail as Plan says.
type Faults struct {
	review.Store
	// Plan is asked before each write; n counts writes from 1.
	Plan func(n int) Fault

	mu sync.Mutex
	n  int
}

// EveryNth makes every nth write fail in one way.
func EveryNth(n int, f Fault) func(int) Fault {
	return func(write int) Fault {
		if write%n == 0 {
			return f
		}
		return NoFault
	}
}

func (s *Faults) next() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return s.Plan(s.n)
}

// do makes one write that is no update.
func (s *Faults) do(write func() error) error {
	switch s.next() {
	case NoFault:
		return write()
	case After:
		if err := write(); err != nil {
			return err
		}
	}
	return ErrFault
}

// Update implements review.Store.
func (s *Faults) Update(ctx context.Context, id review.RequestID, change func(*review.Request) (review.Change, error)) (*review.Request, error) {
	fault := s.next()
	if fault == Before {
		return nil, ErrFault
	}
	kept, err := s.Store.Update(ctx, id, func(r *review.Request) (review.Change, error) {
		c, err := change(r)
		if err == nil && fault == Within {
			err = ErrFault
		}
		return c, err
	})
	if err == nil && fault == After {
		return nil, ErrFault
	}
	return kept, err
}

// Create implements review.Store.
func (s *Faults) Create(ctx context.Context, r *review.Request, events ...review.Event) error {
	return s.do(func() error { return s.Store.Create(ctx, r, events...) })
}

// Append implements review.Store.
func (s *Faults) Append(ctx context.Context, events ...review.Event) error {
	return s.do(func() error { return s.Store.Append(ctx, events...) })
}

// SaveReport implements review.Store.
func (s *Faults) SaveReport(ctx context.Context, key review.ReportKey, report *checks.Report) error {
	return s.do(func() error { return s.Store.SaveReport(ctx, key, report) })
}

// NextJob implements review.Store: it leases, so it writes.
func (s *Faults) NextJob(ctx context.Context, now, lease time.Time) (*review.Job, error) {
	var job *review.Job
	err := s.do(func() (err error) {
		job, err = s.Store.NextJob(ctx, now, lease)
		return err
	})
	if err != nil {
		return nil, err
	}
	return job, nil
}

// Enqueue implements review.Store.
func (s *Faults) Enqueue(ctx context.Context, jobs ...review.Job) error {
	return s.do(func() error { return s.Store.Enqueue(ctx, jobs...) })
}

// HoldJob implements review.Store.
func (s *Faults) HoldJob(ctx context.Context, job *review.Job, lease time.Time) error {
	return s.do(func() error { return s.Store.HoldJob(ctx, job, lease) })
}

// FinishJob implements review.Store.
func (s *Faults) FinishJob(ctx context.Context, job *review.Job) error {
	return s.do(func() error { return s.Store.FinishJob(ctx, job) })
}

// RetryJob implements review.Store.
func (s *Faults) RetryJob(ctx context.Context, job *review.Job, now, at time.Time, reason string) error {
	return s.do(func() error { return s.Store.RetryJob(ctx, job, now, at, reason) })
}

// Revive implements review.Store.
func (s *Faults) Revive(ctx context.Context, id string, e review.Event) error {
	return s.do(func() error { return s.Store.Revive(ctx, id, e) })
}

// KeepNotices implements review.Store.
func (s *Faults) KeepNotices(ctx context.Context, list []review.Notice) error {
	return s.do(func() error { return s.Store.KeepNotices(ctx, list) })
}

// KeepDigest implements review.Store.
func (s *Faults) KeepDigest(ctx context.Context, digest review.Notice) error {
	return s.do(func() error { return s.Store.KeepDigest(ctx, digest) })
}

// SavePeople implements review.Store.
func (s *Faults) SavePeople(ctx context.Context, people []review.Person, projects []review.Project, e review.Event) error {
	return s.do(func() error { return s.Store.SavePeople(ctx, people, projects, e) })
}

// SaveZone implements review.Store.
func (s *Faults) SaveZone(ctx context.Context, name review.Username, zone string, e review.Event) error {
	return s.do(func() error { return s.Store.SaveZone(ctx, name, zone, e) })
}

// Visit implements review.Store.
func (s *Faults) Visit(ctx context.Context, id review.RequestID, who review.Username, now time.Time, short, sitting time.Duration) (before time.Time, err error) {
	err = s.do(func() error {
		before, err = s.Store.Visit(ctx, id, who, now, short, sitting)
		return err
	})
	return before, err
}

// SavePolicy implements review.Store.
func (s *Faults) SavePolicy(ctx context.Context, p *policy.Policy) error {
	return s.do(func() error { return s.Store.SavePolicy(ctx, p) })
}

// SaveSeal implements review.Store.
func (s *Faults) SaveSeal(ctx context.Context, seal *review.Seal) error {
	return s.do(func() error { return s.Store.SaveSeal(ctx, seal) })
}
