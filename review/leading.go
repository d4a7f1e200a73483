package review

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"time"
)

// LeadStore keeps who, of several processes on one database, does what one of
// them does for all.
type LeadStore interface {
	// Lead tells how a lead stands; the zero Lead when nobody ever took it.
	Lead(ctx context.Context, name string) (Lead, error)
	// TakeLead gives the lead to a holder, with the next beat, if it stands as was
	// says, and returns how it stands then: of several who try at once one gets it.
	// A holder that has it takes it again to be seen alive; the holder "" is nobody.
	TakeLead(ctx context.Context, name string, was Lead, holder string) (Lead, error)
}

// Lead is who leads, and a count that goes up each time that they show it.
type Lead struct {
	Holder string // "" for nobody
	Beat   int64
}

const (
	// keeper is the name of the lead of all periodic work.
	keeper = "keeper"
	// beatEvery is how often the leader shows that it lives, and the others look.
	beatEvery = 5 * time.Second
	// quietBeats is after how many looks without a beat another takes over: half
	// a minute.
	quietBeats = 6
	// failedBeats is after how many failures to show itself a leader steps back:
	// well before another takes over.
	failedBeats = 2
)

// leading is one process's part in the choice of who leads. It compares no
// clocks, which may jump or differ between machines: who leads is told by a count
// that moves, and each process measures by its own timer for how long it has not.
//
// A process that was held up for long may work for a moment beside its successor.
// So whatever a leader does can be done twice: it decides again in the
// transaction that changes something.
type leading struct {
	store  LeadStore
	me     string
	every  time.Duration
	leads  atomic.Bool
	looked chan struct{} // closed once it is known who leads

	known         Lead
	quiet, failed int // beats
}

func newLeading(store LeadStore) *leading {
	return &leading{store: store, me: rand.Text(), every: beatEvery, looked: make(chan struct{})}
}

// run takes part until ctx ends, and then leaves the lead to others at once.
func (l *leading) run(ctx context.Context) {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	l.beat(ctx)
	close(l.looked)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			l.beat(ctx)
		}
	}
	if l.leads.Swap(false) {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.every)
		defer cancel()
		_, _ = l.store.TakeLead(last, keeper, l.known, "") // else the others find out by themselves
	}
}

// beat shows that this process leads, takes a lead that is nobody's, or looks
// whether the leader lives.
func (l *leading) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.every)
	defer cancel()
	was := l.known
	var err error
	if was.Holder == l.me || was.Holder == "" || l.quiet >= quietBeats {
		l.known, err = l.store.TakeLead(ctx, keeper, was, l.me)
	} else {
		l.known, err = l.store.Lead(ctx, keeper)
	}
	if err == nil && l.known.Holder == "" { // given back
		l.known, err = l.store.TakeLead(ctx, keeper, l.known, l.me)
	}
	if err != nil {
		l.known = was
		if l.failed++; l.failed >= failedBeats {
			l.leads.Store(false)
		}
		return
	}
	l.failed = 0
	if l.quiet++; l.known != was {
		l.quiet = 0
	}
	l.leads.Store(l.known.Holder == l.me)
}

// led calls do until ctx ends, with pauses, while this process leads.
func (s *Service) led(ctx context.Context, l *leading, pause time.Duration, do func() error) {
	select {
	case <-ctx.Done():
	case <-l.looked:
	}
	for ctx.Err() == nil {
		rest := min(pause, idle)
		if l.leads.Load() {
			rest = pause
			if err := do(); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "background work", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}
