package review

import (
	"bytes"
	"context"
	"encoding/gob"
	"time"
)

// TallyStore keeps what figures read of the log, so that a process that starts
// need not read all of it again. It is made of events, rests nothing on itself,
// and may be lost.
type TallyStore interface {
	// SaveTally keeps a state that was read up to an event, and forgets what was
	// kept under other keys.
	SaveTally(ctx context.Context, key string, last int64, state []byte) error
	// SavedTally is what was kept under the key; 0 and nil for nothing.
	SavedTally(ctx context.Context, key string) (last int64, state []byte, err error)
}

const (
	// tallyForm is the form in which a Tally is kept: another one whenever what is
	// counted, or how it is written, changes.
	tallyForm = "figures-1 "
	// keepTallyAfter is how many events are read before what was read is kept.
	keepTallyAfter = 5000
	// tallyWatch is how often the log is read in the background, so that nobody who
	// looks at the figures waits for it.
	tallyWatch = 10 * time.Minute
)

// keptTally is a Tally as it is kept.
type keptTally struct {
	Courses  map[RequestID]*course
	Turns    []turnFact
	Reviews  []reviewFact
	Compared []compareFact
	Asked    []exceptionFact
	Recalls  []recallFact
}

// begin takes up what an earlier process kept, unless it was made by another
// policy, whose working days may be others, or is of more events than there are.
func (t *Tally) begin(ctx context.Context, s Store, key string, newest int64) error {
	if t.last > 0 {
		return nil
	}
	last, state, err := s.SavedTally(ctx, key)
	if err != nil || last == 0 || last > newest {
		return err
	}
	var kept keptTally
	if gob.NewDecoder(bytes.NewReader(state)).Decode(&kept) != nil {
		return nil // it is read anew
	}
	t.last, t.saved = last, last
	t.courses, t.turns, t.reviews, t.compared, t.asked, t.recalls = kept.Courses, kept.Turns, kept.Reviews, kept.Compared, kept.Asked, kept.Recalls
	return nil
}

// keep keeps what was read, if that is worth it.
func (t *Tally) keep(ctx context.Context, s Store, key string) error {
	if t.last-t.saved < keepTallyAfter {
		return nil
	}
	var state bytes.Buffer
	err := gob.NewEncoder(&state).Encode(keptTally{t.courses, t.turns, t.reviews, t.compared, t.asked, t.recalls})
	if err == nil {
		err = s.SaveTally(ctx, key, t.last, state.Bytes())
	}
	if err == nil {
		t.saved = t.last
	}
	return err
}

// readFigures reads what is new of the log, before anybody asks.
func (s *Service) readFigures(ctx context.Context) error {
	s.Tally.mu.Lock()
	defer s.Tally.mu.Unlock()
	return s.Tally.read(ctx, s)
}
