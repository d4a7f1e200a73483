package review

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"sallyport/checks"
)

// Checking is how far the checks of a request are.
type Checking struct {
	Done, Total int // files examined by themselves
}

// Behind is the checks that go on behind the changes that asked for them, one at a
// time for a request, so that nobody waits for those of many files; View.Checking
// tells how far they are.
type Behind struct {
	From int // files of a request; the checks of fewer are waited for

	mu      sync.Mutex
	running map[RequestID]*checkRun
	stopped bool
}

// checkRun is the checks of one request, going on.
type checkRun struct {
	name   string // among all runs of all instances
	cancel context.CancelFunc
	over   chan struct{}
	total  int
	found  map[string]*checks.FileReport
	done   map[int]bool
	untold []*checks.FileReport // what other instances do not know yet
	news   chan struct{}        // holds one when there is something untold
}

// recheckBehind begins the checks of a request anew, of its files as they are
// now, in place of those that may still go on.
func (s *Service) recheckBehind(ctx context.Context, a Actor, r *Request) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run := &checkRun{
		name: rand.Text(), cancel: cancel, over: make(chan struct{}), total: r.files(),
		found: map[string]*checks.FileReport{}, done: map[int]bool{}, news: make(chan struct{}, 1),
	}
	// What was found in files that are as they were is shown until it is found again.
	_, known, err := s.checking(ctx, r)
	if err != nil {
		s.Log.WarnContext(ctx, "asking how far checks are", "request", string(r.ID), "error", err)
	}
	run.keep(r, known)
	before, ok := s.Behind.begin(r.ID, run)
	if !ok {
		cancel()
		return
	}
	go func() {
		defer cancel()
		defer s.Behind.end(r.ID, run)
		if before != nil {
			<-before.over
		}
		defer s.tellOthers(ctx, r.ID, run)()
		err := s.recheckNow(ctx, a, r.ID, func(at int, rep *checks.FileReport) { s.Behind.tell(run, at, rep) })
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "checks of a request", "request", string(r.ID), "error", err)
		}
	}()
}

// files is how many files the checks look at.
func (r *Request) files() int {
	n := 0
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			if r.Groups[i].Files[j].Kind != WithdrawnF {
				n++
			}
		}
	}
	return n
}

// keep takes over what another run found in files that are as they were.
func (run *checkRun) keep(r *Request, known map[string]*checks.FileReport) {
	for i := range r.Groups {
		for _, f := range r.Groups[i].Files {
			if rep := known[f.Path]; rep != nil && rep.SHA256 == string(f.Digest) && f.Kind != WithdrawnF {
				run.found[f.Path] = rep
				run.untold = append(run.untold, rep)
			}
		}
	}
}

// begin puts a run in the place of the one before, which is cancelled and
// returned; false once the service stops.
func (b *Behind) begin(id RequestID, run *checkRun) (before *checkRun, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return nil, false
	}
	if b.running == nil {
		b.running = map[RequestID]*checkRun{}
	}
	if before = b.running[id]; before != nil {
		before.cancel()
	}
	b.running[id] = run
	return before, true
}

func (b *Behind) end(id RequestID, run *checkRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(run.over)
	if b.running[id] == run {
		delete(b.running, id)
	}
}

// tell keeps what was found in one file.
func (b *Behind) tell(run *checkRun, at int, rep *checks.FileReport) {
	if rep == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !run.done[at] {
		run.untold = append(run.untold, rep)
	}
	run.done[at], run.found[rep.Path] = true, rep
	select {
	case run.news <- struct{}{}:
	default:
	}
}

// fresh is what was found since it was last asked, and how many files are done.
func (b *Behind) fresh(run *checkRun) (found []*checks.FileReport, done int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(run.done) == 0 {
		return nil, 0 // there is no place for it yet
	}
	found, run.untold = run.untold, nil
	return found, len(run.done)
}

// state is how far a request's checks are, with what was found by path; nil when
// none go on.
func (b *Behind) state(id RequestID) (*Checking, map[string]*checks.FileReport) {
	if b == nil {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	run := b.running[id]
	if run == nil {
		return nil, nil
	}
	found := make(map[string]*checks.FileReport, len(run.found))
	for path, rep := range run.found {
		found[path] = rep
	}
	return &Checking{Done: min(len(run.done), run.total), Total: run.total}, found
}

// wait waits until no checks of a request go on here. Those that have not begun
// are left to the caller, who is more urgent.
func (b *Behind) wait(ctx context.Context, id RequestID) error {
	for b != nil {
		b.mu.Lock()
		run := b.running[id]
		if run != nil && len(run.done) == 0 {
			run.cancel()
		}
		b.mu.Unlock()
		if run == nil {
			return nil
		}
		select {
		case <-run.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stop ends what goes on. What is not done is taken up by another instance, or
// when the request is submitted.
func (b *Behind) stop() {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.stopped = true
	var all []*checkRun
	for _, run := range b.running {
		run.cancel()
		all = append(all, run)
	}
	b.mu.Unlock()
	for _, run := range all {
		<-run.over
	}
}

// leftAlone is how long checks that are due are left to the instance that took
// the change, before another takes them up.
const leftAlone = 5 * time.Minute

// takeUpChecks begins the checks of drafts whose instance stopped in the middle
// of them, and forgets what such instances told.
func (s *Service) takeUpChecks(ctx context.Context) error {
	if s.Behind == nil {
		return nil
	}
	if err := s.Store.ForgetChecking(ctx, s.Now().Add(-leftAlone)); err != nil {
		return err
	}
	list, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Pending, Returned}, Limit: maxQueue})
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Findings != "" || s.Now().Sub(list[i].Updated) < leftAlone {
			continue
		}
		r, err := s.Store.Request(ctx, list[i].ID)
		if err != nil {
			return err
		}
		if going, _, err := s.checking(ctx, r); err != nil || going != nil {
			if err != nil {
				return err
			}
			continue
		}
		if r.files() >= s.Behind.From {
			s.recheckBehind(ctx, Actor{Person: &Person{Username: "system"}}, r)
		}
	}
	return nil
}
