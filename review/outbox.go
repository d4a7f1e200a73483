package review

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// Job is one external effect, tried from the outbox until it has happened. Its
// executor may be killed after the effect and before FinishJob, so the effect
// is begun again; the receiver makes it one by Job.ID.
type Job struct {
	// ID is the idempotency key: one job for each ID, for ever.
	ID      string
	Kind    string    // one of the Job constants
	Request RequestID // "" when it belongs to none
	// Target names who is to receive it: a sink or a channel. Jobs for one
	// target are done one at a time, and those for "" without that limit.
	Target   string
	Payload  []byte // the kind's own, never file contents
	Tries    int    // begun so far, this one included: a job that kills its worker runs out too
	MaxTries int    // at least 1
	Due      time.Time
	Reason   string // of the last failure, in words for an operator

	// The store's own; what a new job holds here is ignored.
	State   JobState
	Fence   int64     // goes up whenever somebody takes the job up
	Created time.Time // when it was first due
	Failing time.Time // since when it fails; zero when it does not
}

// Kinds of job, each with its handler in Service.handler.
const (
	JobRelease  = "release"
	JobWithdraw = "withdraw"
	JobNotify   = "notify"
	JobDigest   = "digest"
	JobSend     = "send"    // one notice to one channel
	JobWitness  = "witness" // one checkpoint to one witness
	JobAdd      = "add"     // many files to a draft, behind; see AddFilesBehind
)

// JobState is where a job stands.
type JobState string

// States of a job.
const (
	JobWaiting JobState = "waiting" // to be done, or being done
	JobDone    JobState = "done"
	JobDead    JobState = "dead" // given up, shown to people
)

// JobQuery selects jobs. Zero fields do not restrict.
type JobQuery struct {
	Request RequestID
	Kinds   []string
	States  []JobState
	Target  string // "" for any
	Newest  bool   // those due last come first
	Limit   int    // 0 means 1000
}

// jobHandler brings one job's effect about. It must stop when ctx ends: its
// time is up, or somebody else has the job.
type jobHandler func(ctx context.Context, job *Job) error

// handler is who does a kind of job; nil for one that this program does not know.
func (s *Service) handler(kind string) jobHandler {
	switch kind {
	case JobRelease:
		return s.deliver
	case JobNotify:
		return s.notify
	case JobDigest:
		return s.digest
	case JobSend:
		return s.send
	case JobWitness:
		return s.witness
	case JobWithdraw:
		return s.withdraw
	case JobAdd:
		return s.addLeft
	}
	return nil
}

const (
	// maxTries is how often an effect is tried before people must look: with
	// the pauses below, for a good nine hours.
	maxTries = 20
	// firstPause and longestPause bound the pause after a failed try, which
	// doubles each time.
	firstPause, longestPause = time.Second, time.Hour
	// LongestRest is how far ahead a job that failed can be due, and LongestWait any
	// job, such as the next digest: with room for clocks that differ a little. One
	// due later was put off by a clock that was wrong, and is due now.
	LongestRest, LongestWait = 2 * longestPause, 48 * time.Hour
	// leaseTime is how long a job is somebody's. It is held on to while its
	// worker lives; a job whose worker died is taken up again after it.
	leaseTime = 30 * time.Second
	// tryTime is how long one try may take.
	tryTime = 10 * time.Minute
	// lastWords is how long a try that has begun may go on when the service
	// stops.
	lastWords = 15 * time.Second
	// idle is how long a worker sleeps when there is nothing to do.
	idle = 500 * time.Millisecond
	// housekeeping is how often seats and reminders are looked after.
	housekeeping = 20 * time.Second
	// trainingWatch is how often it is looked whose training expires.
	trainingWatch = time.Hour
	// scrubRest is the pause between two steps of reading all stored bytes again.
	scrubRest = 30 * time.Second
)

// job makes a job that is due now.
func (s *Service) job(id, kind string, r RequestID, target string) Job {
	return Job{ID: id, Kind: kind, Request: r, Target: target, MaxTries: maxTries, Due: s.Now()}
}

// Work does outbox jobs and takes its part in the periodic work until ctx ends;
// then it takes no more, and what has begun may end. Of several processes one
// does the periodic work, and all do jobs. Errors are logged and tried again; it
// returns only ctx's error.
func (s *Service) Work(ctx context.Context) error {
	lead := newLeading(s.Store)
	campaign, resign := context.WithCancel(context.WithoutCancel(ctx))
	defer resign()
	var leader, group errgroup.Group
	leader.Go(func() error {
		lead.run(campaign)
		return nil
	})
	var sent int64
	for _, p := range []struct {
		pause time.Duration
		off   bool
		do    func() error
	}{
		{housekeeping, false, func() error { return s.keepHouse(ctx) }},
		{trainingWatch, false, func() error { return s.warnOfTraining(ctx) }},
		{scrubRest, false, func() error { _, err := s.ScrubStep(ctx); return err }},
		{malwareWatch, s.Scanner == nil, func() error { return s.ScanStep(ctx) }},
		{s.Keeping, s.Keeping <= 0, func() error { return s.keepRetention(ctx) }},
		{checkpointWatch, false, func() error { return s.keepCheckpoints(ctx, &sent) }},
	} {
		if p.off {
			continue
		}
		group.Go(func() error {
			s.led(ctx, lead, p.pause, p.do)
			return nil
		})
	}
	if s.Tally != nil {
		group.Go(func() error {
			s.again(ctx, tallyWatch, func() (bool, error) { return false, s.readFigures(ctx) })
			return nil
		})
	}
	for range s.workers() {
		group.Go(func() error {
			s.again(ctx, idle, func() (bool, error) { return s.doJob(ctx) })
			return nil
		})
	}
	err := group.Wait()
	s.Behind.stop()
	resign() // only now: nothing periodic is under way
	return errors.Join(err, leader.Wait(), ctx.Err())
}

// workers is how many jobs are done at once: jobs for one target are done one
// at a time, so a stuck target keeps one worker.
func (s *Service) workers() int {
	return len(s.Sinks) + len(s.Notify.Channels) + len(s.Checkpoints.Witnesses) + 3
}

// again calls do until ctx ends, after a pause when there was nothing to do.
func (s *Service) again(ctx context.Context, pause time.Duration, do func() (did bool, err error)) {
	for ctx.Err() == nil {
		did, err := do()
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "background work", "error", err)
		}
		if did && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// keepHouse ends roles that ran out, fills free seats, reminds, takes up checks
// that nobody does, and tells of files that nobody could add.
func (s *Service) keepHouse(ctx context.Context) error {
	return errors.Join(s.endLapsed(ctx), s.Route(ctx), s.Remind(ctx), s.takeUpChecks(ctx), s.giveUpDeadAdding(ctx))
}

// WorkOnce keeps house, and does one due job if there is one.
func (s *Service) WorkOnce(ctx context.Context) (did bool, err error) {
	if err := s.keepHouse(ctx); err != nil {
		return false, err
	}
	return s.doJob(ctx)
}

// doJob does one due job, if there is one.
func (s *Service) doJob(ctx context.Context) (did bool, err error) {
	now := s.Now()
	job, err := s.Store.NextJob(ctx, now, now.Add(leaseTime))
	if KindOf(err) == NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// A try that has begun is not cut off at once when the service stops.
	keep := context.WithoutCancel(ctx)
	if err := s.try(ctx, job); err != nil {
		return true, s.failed(keep, job, err)
	}
	s.step("job.finish")
	return true, s.Store.FinishJob(keep, job)
}

// try runs a job's handler within its time, and holds on to the job meanwhile.
func (s *Service) try(stop context.Context, job *Job) error {
	do := s.handler(job.Kind)
	if do == nil {
		return fmt.Errorf("this program does not know jobs of kind %q", job.Kind)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), tryTime)
	defer cancel()
	var holding errgroup.Group
	done := make(chan struct{})
	holding.Go(func() error {
		s.hold(ctx, stop, job, done, cancel)
		return nil
	})
	traced, end := s.traced(ctx, "job "+job.Kind)
	err := do(traced, job)
	end(err)
	close(done)
	return errors.Join(err, holding.Wait())
}

// hold lengthens the lease until done, and cancels the try when it is lost, or
// when the service has been stopping for long enough.
func (s *Service) hold(ctx, stop context.Context, job *Job, done <-chan struct{}, cancel context.CancelFunc) {
	stopping := stop.Done()
	var last <-chan time.Time
	every := time.NewTicker(leaseTime / 3)
	defer every.Stop()
	for {
		select {
		case <-done:
			return
		case <-stopping:
			stopping, last = nil, time.After(lastWords)
		case <-last:
			cancel()
			return
		case <-every.C:
			if err := s.Store.HoldJob(ctx, job, s.Now().Add(leaseTime)); KindOf(err) == Conflict {
				cancel()
				return
			}
		}
	}
}

// ErrRefused is what a sink's error wraps when the other side understood and
// refused: credentials that are not accepted, an address that is not there. Trying
// for a day would change nothing, so people hear of it soon. It is tried a few
// times all the same, since a proxy in between may answer so while it restarts.
var ErrRefused = errors.New("the other side refused")

// refusedTries is how often a job is tried that is refused.
const refusedTries = 4

// failed puts a job back with a growing pause, and the failure on record.
func (s *Service) failed(ctx context.Context, job *Job, cause error) error {
	s.Log.ErrorContext(ctx, "a job failed", "job", job.ID, "kind", job.Kind, "target", job.Target, "tries", job.Tries, "error", cause)
	e := s.event(system(), EvJobFailed, nil)
	if job.Kind == JobRelease {
		e.Type = EvReleaseFailed
	}
	e.Request, e.Detail = job.Request, map[string]string{"tries": fmt.Sprint(job.Tries), "target": job.Target}
	now := s.Now()
	if errors.Is(cause, ErrRefused) {
		job.MaxTries = min(job.MaxTries, refusedTries)
	}
	return errors.Join(
		s.tellOfFailure(ctx, job),
		s.Store.Append(ctx, e),
		s.Store.RetryJob(ctx, job, now, now.Add(pauseAfter(job.Tries)), failureOf(cause)))
}

// pauseAfter is how long a job rests after so many tries: twice as long each
// time, up to a limit, less a random part of up to a half, so that jobs which
// failed together do not come back together.
func pauseAfter(tries int) time.Duration {
	pause := min(firstPause<<min(tries, 30), longestPause)
	return pause - rand.N(pause/2)
}

// failureOf is what an operator is told of a failure: the words meant for
// people, and never what another program answered.
func failureOf(err error) string {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known.Message
	case errors.Is(err, ErrCorrupt):
		return "What is stored is not what was written. The log has it, under the job's name."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "It took too long, or the service stopped."
	}
	return "An unexpected failure. The log has it, under the job's name."
}
