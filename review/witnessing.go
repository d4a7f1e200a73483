package review

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Witness keeps checkpoints where the service cannot take them back: once it
// has one, the log below it cannot be changed unseen.
type Witness interface {
	// Observe is given a signed note. It is called again after a crash, with the
	// same note, which must then be no error.
	Observe(ctx context.Context, size int64, signed []byte) error
}

// NamedWitness is a witness with the name that its jobs are known by.
type NamedWitness struct {
	Name    string
	Witness Witness
}

// Checkpoints says when a running service signs the log, and who is told.
type Checkpoints struct {
	Every     time.Duration // after which a log that has grown is signed; 0 for never
	Events    int64         // new events that are not left unsigned any longer; 0 for no such number
	Witnesses []NamedWitness
}

// checkpointWatch is how often the service looks whether a checkpoint is due.
const checkpointWatch = 10 * time.Second

// checkpointTries lets a witness be away for some days.
const checkpointTries = 60

// keepCheckpoints signs the log when it is time, and sees that every witness is
// sent the newest checkpoint: after a crash between the two, the next time. Sent
// is the size of the last that was handed on.
func (s *Service) keepCheckpoints(ctx context.Context, sent *int64) error {
	if s.Ledger == nil {
		return nil
	}
	c, err := s.Ledger.Newest(ctx)
	if err != nil && KindOf(err) != NotFound {
		return err
	}
	due, err := s.checkpointDue(ctx, c)
	if err != nil {
		return err
	}
	if due {
		if c, err = s.Ledger.Checkpoint(ctx); err != nil {
			return fmt.Errorf("signing a checkpoint: %w", err)
		}
	}
	if c.Size == *sent || len(s.Checkpoints.Witnesses) == 0 {
		return nil
	}
	if err := s.Store.Enqueue(ctx, s.witnessJobs(c)...); err != nil {
		return err
	}
	*sent = c.Size
	return nil
}

func (s *Service) checkpointDue(ctx context.Context, newest Checkpoint) (bool, error) {
	last, err := s.Store.Events(ctx, EventQuery{Newest: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return false, err
	}
	grown := last[0].Seq - newest.Size
	every, events := s.Checkpoints.Every, s.Checkpoints.Events
	return grown > 0 && (every > 0 && s.Now().Sub(newest.At) >= every || events > 0 && grown >= events), nil
}

func (s *Service) witnessJobs(c Checkpoint) []Job {
	var jobs []Job
	for _, w := range s.Checkpoints.Witnesses {
		jobs = append(jobs, Job{
			ID: fmt.Sprintf("%s-%s-%d", JobWitness, w.Name, c.Size), Kind: JobWitness, Target: w.Name,
			Payload: []byte(strconv.FormatInt(c.Size, 10) + "\n" + string(c.Note)), MaxTries: checkpointTries, Due: s.Now(),
		})
	}
	return jobs
}

// witness does one job of sending a checkpoint on.
func (s *Service) witness(ctx context.Context, job *Job) error {
	for _, w := range s.Checkpoints.Witnesses {
		if w.Name == job.Target {
			size, note, err := readWitnessJob(job.Payload)
			if err != nil {
				return err
			}
			return w.Witness.Observe(ctx, size, note)
		}
	}
	return fmt.Errorf("no witness is called %q any more", job.Target)
}

func readWitnessJob(payload []byte) (size int64, note []byte, err error) {
	for i, b := range payload {
		if b == '\n' {
			size, err = strconv.ParseInt(string(payload[:i]), 10, 64)
			return size, payload[i+1:], err
		}
	}
	return 0, nil, fmt.Errorf("the job holds no checkpoint")
}
