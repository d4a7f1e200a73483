package review

import (
	"context"
	"time"

	"sallyport/checks"
)

// CheckingRun is how far the checks of a request are, as the instance at which they
// go on told last.
type CheckingRun struct {
	Checking
	Run   string
	Told  time.Time
	Found []*checks.FileReport // by themselves, in the order in which they were done
}

// CheckingStore keeps how far checks are while they go on, for the other instances
// of the service. It is no part of the record, and goes when they end.
type CheckingStore interface {
	// BeginChecking keeps that a run of the checks of so many files begins at a
	// request, in place of any before, and forgets what that one told.
	BeginChecking(ctx context.Context, id RequestID, run string, total int, now time.Time) error
	// TellChecking adds what a run found since it last told; done counts all files
	// that it is done with, and is greater than before when there is anything
	// found. Conflict when another run has taken its place, or it was forgotten.
	TellChecking(ctx context.Context, id RequestID, run string, done int, found []*checks.FileReport, now time.Time) error
	// EndChecking forgets a run with what it told; one that took its place stays.
	EndChecking(ctx context.Context, id RequestID, run string) error
	// ForgetChecking forgets the runs that have told nothing since a time.
	ForgetChecking(ctx context.Context, before time.Time) error
	// CheckingOf is the run of a request; NotFound when there is none.
	CheckingOf(ctx context.Context, id RequestID) (*CheckingRun, error)
}

const (
	// tellEvery is how often others are told of what was found, at most; the first
	// findings are told at once.
	tellEvery = time.Second
	// aliveEvery is how often they are told that the checks still go on.
	aliveEvery = 2 * time.Second
	// silent is after what time without a word a run counts for nothing: its
	// instance has died. Clocks that differ by seconds do no harm.
	silent = 30 * time.Second
	// lookEvery is how often an instance looks whether checks elsewhere are over.
	lookEvery = 300 * time.Millisecond
)

// tellOthers keeps in the store how far a run is, until the function that it
// returns is called. A run whose place another instance's took, for newer files,
// is cancelled. What cannot be told is logged, and holds up no checks.
func (s *Service) tellOthers(ctx context.Context, id RequestID, run *checkRun) (end func()) {
	failed := func(err error) {
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "telling how far checks are", "request", string(id), "error", err)
		}
	}
	if err := s.Store.BeginChecking(ctx, id, run.name, run.total, s.Now()); err != nil {
		failed(err)
		return func() {}
	}
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		alive := time.NewTicker(aliveEvery)
		defer alive.Stop()
		for {
			select {
			case <-stop:
				return
			case <-run.news:
			case <-alive.C:
			}
			found, done := s.Behind.fresh(run)
			err := s.Store.TellChecking(ctx, id, run.name, done, found, s.Now())
			if KindOf(err) == Conflict {
				run.cancel()
				return
			}
			failed(err)
			select {
			case <-stop:
				return
			case <-time.After(tellEvery):
			}
		}
	}()
	return func() {
		close(stop)
		<-over
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), aliveEvery)
		defer cancel()
		failed(s.Store.EndChecking(last, id, run.name))
	}
}

// checking is how far a request's checks are, here or elsewhere, with what was
// found by path; nil when none go on.
func (s *Service) checking(ctx context.Context, r *Request) (*Checking, map[string]*checks.FileReport, error) {
	if going, found := s.Behind.state(r.ID); going != nil {
		return going, found, nil
	}
	run, err := s.elsewhere(ctx, r)
	if run == nil || err != nil {
		return nil, nil, err
	}
	found := make(map[string]*checks.FileReport, len(run.Found))
	for _, rep := range run.Found {
		found[rep.Path] = rep
	}
	return &Checking{Done: min(run.Done, run.Total), Total: run.Total}, found, nil
}

// elsewhere is the run of a request's checks at another instance; nil when there
// is none, or nothing was heard of it for too long.
func (s *Service) elsewhere(ctx context.Context, r *Request) (*CheckingRun, error) {
	if s.Behind == nil || r.files() < s.Behind.From {
		return nil, nil
	}
	run, err := s.Store.CheckingOf(ctx, r.ID)
	if KindOf(err) == NotFound {
		return nil, nil
	}
	if err != nil || s.Now().Sub(run.Told) > silent {
		return nil, err
	}
	return run, nil
}

// awaitChecks waits until no checks of a request go on, neither here nor at another
// instance that lives: what that one is about to find need not be found twice.
func (s *Service) awaitChecks(ctx context.Context, id RequestID) error {
	if err := s.Behind.wait(ctx, id); err != nil || s.Behind == nil {
		return err
	}
	r, err := s.Store.Request(ctx, id)
	for err == nil {
		var run *CheckingRun
		if run, err = s.elsewhere(ctx, r); run == nil || err != nil {
			break
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}
