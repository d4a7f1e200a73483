package review

import (
	"context"
	"slices"
)

// newestCheckpoint is the newest of the log; nil when there is none.
func (s *Service) newestCheckpoint(ctx context.Context) (*Checkpoint, error) {
	if s.Ledger == nil {
		return nil, nil
	}
	c, err := s.Ledger.Newest(ctx)
	if KindOf(err) == NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Covered is how many of the events the checkpoint covers; events are in order.
func (c *Checkpoint) Covered(events []Event) int {
	n := slices.IndexFunc(events, func(e Event) bool { return e.Seq > c.Size })
	if n < 0 {
		return len(events)
	}
	return n
}
