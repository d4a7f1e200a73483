package review

import (
	"context"
	"slices"
	"time"

	"sallyport/policy"
)

// RetryDead has an effect that was given up tried again, as often as a new one.
// Trying again cannot double it: every effect is made one by its job's name.
func (s *Service) RetryDead(ctx context.Context, a Actor, job string) error {
	if err := s.Authorise(ctx, a, policy.JobRetry); err != nil {
		return err
	}
	dead, err := s.Store.DeadJobs(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(dead, func(j Job) bool { return j.ID == job })
	if at < 0 {
		return Errorf(NotFound, "There is no such thing that was given up. It may be under way again already.")
	}
	return s.Store.Revive(ctx, job, s.revival(a, &dead[at]))
}

// revival is the event of an operator's having a dead job tried again.
func (s *Service) revival(a Actor, job *Job) Event {
	e := s.event(a, EvJobRevived, nil)
	e.Request = job.Request
	e.Detail = map[string]string{"job": job.ID, "kind": job.Kind, "target": job.Target}
	return e
}

// DeliveryState is how a release stands with one of its places.
type DeliveryState struct {
	Delivery
	State   JobState  // waiting, done or dead
	Failing time.Time // since when it fails; zero when it does not
	Tries   int
	Reason  string // of the last failure, in words
	Next    time.Time
}

// deliveryStates joins a release's deliveries with the jobs that make them.
func (s *Service) deliveryStates(ctx context.Context, rel *Release) ([]DeliveryState, error) {
	jobs, err := s.Store.Jobs(ctx, JobQuery{Request: rel.Request, Kinds: []string{JobRelease}})
	if err != nil {
		return nil, err
	}
	states := make([]DeliveryState, len(rel.Deliveries))
	for i, d := range rel.Deliveries {
		states[i] = DeliveryState{Delivery: d, State: JobDone}
		at := slices.IndexFunc(jobs, func(j Job) bool { return j.Target == d.Sink })
		if at < 0 || !d.At.IsZero() {
			continue
		}
		j := jobs[at]
		states[i] = DeliveryState{Delivery: d, State: j.State, Failing: j.Failing, Tries: j.Tries, Reason: j.Reason, Next: j.Due}
	}
	return states, nil
}
