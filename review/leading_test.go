package review

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// shared is a LeadStore in memory, which can be cut off.
type shared struct {
	mu   sync.Mutex
	lead Lead
	cut  map[string]bool // holders who cannot reach it
}

// reached is the store as one process reaches it.
type reached struct {
	*shared
	by string
}

var errCut = errors.New("the database cannot be reached")

func (r reached) Lead(context.Context, string) (Lead, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut[r.by] {
		return Lead{}, errCut
	}
	return r.lead, nil
}

func (r reached) TakeLead(_ context.Context, _ string, was Lead, holder string) (Lead, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut[r.by] {
		return Lead{}, errCut
	}
	if r.lead == was {
		r.lead = Lead{Holder: holder, Beat: was.Beat + 1}
	}
	return r.lead, nil
}

// Two processes, beat by beat: one leads, the other takes over half a minute
// after its last sign, and by then it has stepped back.
func TestLeading(t *testing.T) {
	db := &shared{cut: map[string]bool{}}
	a, b := newLeading(reached{db, "a"}), newLeading(reached{db, "b"})
	a.me, b.me = "a", "b"
	ctx := t.Context()
	beats := func(n int, who ...*leading) {
		t.Helper()
		for range n {
			for _, l := range who {
				l.beat(ctx)
				if a.leads.Load() && b.leads.Load() {
					t.Fatal("both lead")
				}
			}
		}
	}
	leads := func(wantA, wantB bool) {
		t.Helper()
		if a.leads.Load() != wantA || b.leads.Load() != wantB {
			t.Fatalf("a leads: %v, b leads: %v", a.leads.Load(), b.leads.Load())
		}
	}
	beats(10, a, b)
	leads(true, false)

	db.cut["a"] = true
	beats(1, a, b)
	leads(true, false) // one failure says nothing
	beats(1, a, b)
	leads(false, false)
	beats(quietBeats-failedBeats, a, b)
	leads(false, false)
	beats(1, a, b)
	leads(false, true)
	db.cut["a"] = false
	beats(10, a, b)
	leads(false, true)

	beats(1+quietBeats, a) // b is dead, after one more beat
	if !b.leads.Load() {
		t.Fatal("b cannot know")
	}
	b.leads.Store(false)
	beats(1, a)
	leads(true, false)
}

// A process that ends leaves the lead to the others at once.
func TestLeadIsLeft(t *testing.T) {
	db := &shared{}
	first := newLeading(reached{db, "a"})
	first.every = time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		first.run(ctx)
		close(done)
	}()
	for !first.leads.Load() {
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
	if first.leads.Load() || db.lead.Holder != "" {
		t.Fatalf("after its end the lead is %v", db.lead)
	}
	second := newLeading(reached{db, "b"})
	second.beat(t.Context())
	if !second.leads.Load() {
		t.Error("the next one does not lead at once")
	}
}
