package review

import (
	"context"
	"time"
)

// Vitals are the numbers that are watched from outside: no names, no text, no
// contents.
type Vitals struct {
	Health
	Requests  map[Status]int
	Alarms    int   // of stored bytes, that stand
	Events    int64 // on record
	LastEvent time.Time
	// Scanner is why the malware scanner gives no verdicts; "" when it does, or
	// none is configured.
	Scanner string
}

// Vitals are for those who run the service: no actor asks for them, and no page
// may show them to anybody else.
func (s *Service) Vitals(ctx context.Context) (*Vitals, error) {
	h, err := s.Health(ctx)
	if err != nil {
		return nil, err
	}
	v := &Vitals{Health: *h}
	if v.Requests, err = s.Store.Counts(ctx); err != nil {
		return nil, err
	}
	alarms, err := s.Store.Alarms(ctx, AlarmQuery{Open: true})
	if err != nil {
		return nil, err
	}
	v.Alarms = len(alarms)
	last, err := s.Store.Events(ctx, EventQuery{Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(last) > 0 {
		v.Events, v.LastEvent = last[0].Seq, last[0].At
	}
	if s.Scanner != nil {
		if _, err := s.scannerVersion(ctx); err != nil {
			v.Scanner = whyUnscanned(err)
		}
	}
	return v, nil
}

// Late is since when the job that waits longest has been due; zero for none.
func (h *Health) Late() time.Time {
	var oldest time.Time
	for _, j := range h.Jobs {
		if !j.Oldest.IsZero() && (oldest.IsZero() || j.Oldest.Before(oldest)) {
			oldest = j.Oldest
		}
	}
	return oldest
}
