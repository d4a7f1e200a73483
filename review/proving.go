package review

import (
	"context"
	"fmt"

	"sallyport/policy"
)

// Proven is events with proofs that they are in the log that a checkpoint signs.
type Proven struct {
	About      string // in words: an event, a release
	Request    RequestID
	Checkpoint Checkpoint
	Events     []Event
	Proofs     []Proof // one for each event
}

// errUnsigned says that this service has no ledger.
func errUnsigned() error { return Errorf(NotFound, "The log is not signed here.") }

// SignedCheckpoints lists the checkpoints of fewer events than before, the newest
// first; from the newest of all when before is 0. None where nothing is signed.
func (s *Service) SignedCheckpoints(ctx context.Context, a Actor, before int64, limit int) ([]Checkpoint, error) {
	if err := s.Authorise(ctx, a, policy.AuditView); err != nil || s.Ledger == nil {
		return nil, err
	}
	return s.Ledger.Checkpoints(ctx, before, limit)
}

// SignedCheckpoint is the checkpoint of just so many events; NotFound when there
// is none.
func (s *Service) SignedCheckpoint(ctx context.Context, a Actor, size int64) (*Checkpoint, error) {
	list, err := s.SignedCheckpoints(ctx, a, size+1, 1)
	if err != nil {
		return nil, err
	}
	if size < 1 || len(list) == 0 || list[0].Size != size {
		return nil, Errorf(NotFound, "There is no checkpoint of so many events.")
	}
	return &list[0], nil
}

// LogKey is the public key that checkpoints, proofs and packages are checked
// with: whoever may sign in may have it. NotFound where nothing is signed.
func (s *Service) LogKey(_ context.Context, a Actor) (string, error) {
	if a.Person == nil {
		return "", Errorf(Unauthenticated, "Sign in first.")
	}
	if s.Ledger == nil {
		return "", errUnsigned()
	}
	return s.Ledger.PublicKey(), nil
}

// ProveEvent proves that an event is in the log, by the newest checkpoint, or by
// a new one when that does not cover the event.
func (s *Service) ProveEvent(ctx context.Context, a Actor, seq int64) (*Proven, error) {
	if err := s.Authorise(ctx, a, policy.AuditExport); err != nil {
		return nil, err
	}
	if seq < 1 {
		return nil, errNoEvent()
	}
	list, err := s.Store.Events(ctx, EventQuery{After: seq - 1, Limit: 1})
	if err == nil && (len(list) == 0 || list[0].Seq != seq) {
		err = errNoEvent()
	}
	if err != nil {
		return nil, err
	}
	return s.proven(ctx, fmt.Sprintf("event %d", seq), "", list)
}

func errNoEvent() error { return Errorf(NotFound, "There is no such event.") }

// ProveRelease proves that all that was decided on a release is in the log: the
// DecisionEvents of its request. It is for auditors. What the package of a
// release proves to its recipients is less: nothing in it tells of files that did
// not leave. Conflict when nothing of the request was approved.
func (s *Service) ProveRelease(ctx context.Context, a Actor, id RequestID) (*Proven, error) {
	if _, _, err := s.load(ctx, a, id, policy.RecordExport); err != nil {
		return nil, err
	}
	rel, err := s.Store.Release(ctx, id)
	if KindOf(err) == NotFound {
		err = Errorf(Conflict, "Nothing of this request was approved, so there is no release to prove.")
	}
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Events(ctx, EventQuery{Request: id, Types: DecisionEvents(), Limit: maxEvents})
	if err != nil {
		return nil, err
	}
	return s.proven(ctx, "the decisions on release "+rel.ID, id, list)
}

func (s *Service) proven(ctx context.Context, about string, id RequestID, events []Event) (*Proven, error) {
	if s.Ledger == nil {
		return nil, errUnsigned()
	}
	c, proofs, err := Prove(ctx, s.Ledger, events)
	if err != nil {
		return nil, err
	}
	return &Proven{About: about, Request: id, Checkpoint: c, Events: events, Proofs: proofs}, nil
}
