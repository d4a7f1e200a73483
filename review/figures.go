package review

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/policy"
)

// Figures sum up the work of a stretch of time. Each is made of events alone;
// what each counts is said with its type.
type Figures struct {
	Since, Until time.Time // as asked for; zero is no bound
	Events       int64     // number of the newest event that they rest on
	Promise      int       // working days
	Turnaround   Turnaround
	Work         []CheckerWork // by checker's username
	Pairs        []Agreement
	Returns      Returns
	Overrode     []FindingCount
	// Unsaid are decisions to release that are older than the events that say
	// which findings they went against.
	Unsaid     int
	Exceptions []ExceptionCount
	Releases   int // decisions to release
	Recalls    int // releases recalled
	// RecallMonths are the recalls by month, in order, those without left out.
	RecallMonths []RecallMonth
}

// RecallMonth is one month's recalls.
type RecallMonth struct {
	Month                  time.Time // its first moment
	Recalls                int
	Low, Moderate, Serious int // of these, by the reporter's judgement
}

// Turnaround is how long requests were with the checkers: from a submission, or
// resubmission, to the return, rejection or approval that ended the turn, by
// when it ended. A turn that took no more than n working days, at the same time
// of day, counts for n.
type Turnaround struct {
	Turns, Within int      // ended; of which within the promise
	Median        int      // working days; 0 when there are no turns
	Days          [12]int  // by n, from 1; the last holds all that took longer
	Months        []Period // in order, those without turns left out
}

// Period is one month's turns.
type Period struct {
	Month         time.Time // its first moment
	Turns, Within int
	Median        int
}

// CheckerWork is one checker's reviews that were handed in, by when; a review
// handed in twice in one turn counts twice.
type CheckerWork struct {
	Checker  Username
	Reviews  int
	Requests int           // different ones
	Files    int           // voted on in those reviews
	Median   time.Duration // from submission, or from when the seat was theirs if later, to handing in
}

// Decisions are the votes that two checkers can agree on, in the order of
// Agreement.Votes.
func Decisions() []Decision { return []Decision{Approve, RequestChanges, Reject} }

// Agreement is how two checkers voted on the same files, each blind to the
// other: by their votes of the turn at the moment when both reviews were in.
type Agreement struct {
	A, B         Username // A < B
	Files, Agree int
	Votes        [3][3]int // by A's decision, then B's
	// Kappa is Cohen's: how far they agree beyond what their habits alone would
	// give, 1 at most. It is not defined when both always decide the same one
	// thing.
	Kappa   float64
	Defined bool
}

// Returns are the turns that ended with the request back at its author.
type Returns struct {
	N, Early int // of which before both reviews were in
	// Changes and Rejected count files with at least one such vote standing.
	Changes, Rejected int
	Comments          int            // public comments of checkers in those turns
	Findings          []FindingCount // on files that were not approved by both
	Unsaid            int            // older than the events that name findings
}

// FindingCount is how many findings of a check, at one severity, were there.
type FindingCount struct {
	Check    string
	Severity policy.Severity
	N        int
}

// ExceptionCount is what became of exceptions from one check: asked for, and the
// answers of single checkers.
type ExceptionCount struct {
	Check                    string
	Asked, Accepted, Refused int
}

// Figures sums up the events from since until until; zero does not restrict.
// What was read once is kept, so that the next call reads only newer events.
func (s *Service) Figures(ctx context.Context, a Actor, since, until time.Time) (*Figures, error) {
	if err := s.Authorise(ctx, a, policy.AuditView); err != nil {
		return nil, err
	}
	t := s.Tally
	if t == nil {
		t = new(Tally)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.read(ctx, s); err != nil {
		return nil, err
	}
	return t.sum(since, until, s.Policy.Review.FeedbackDays), nil
}

// Tally is what the figures keep of the events they have read: one small value
// for each turn that ended, review, comparison and answer. The zero Tally is
// ready for one Service.
type Tally struct {
	mu       sync.Mutex
	last     int64
	saved    int64 // the newest event that is kept with the events
	calendar calendar
	days     map[time.Time]bool    // which are working days, looked up once
	courses  map[RequestID]*course // with the checkers now
	turns    []turnFact
	reviews  []reviewFact
	compared []compareFact
	asked    []exceptionFact
	recalls  []recallFact
}

// recallFact is one report of a breach.
type recallFact struct {
	At       time.Time
	Severity RecallSeverity
}

// course is one request's turn with the checkers, under way.
type course struct {
	Begun    time.Time
	Seats    map[Username]time.Time
	Votes    map[FileID]map[Username]Decision
	Public   int
	Compared bool
}

type turnFact struct {
	Ended       time.Time
	Days        int       // working days that it took; see Turnaround
	End         EventType // EvReturned, EvRejected or EvApproved
	Early, Said bool
	Changes     int
	Rejected    int
	Public      int
	Findings    string // as events keep them; see weighty
}

type reviewFact struct {
	At      time.Time
	Checker Username
	Request RequestID
	Files   int
	Took    time.Duration
}

type compareFact struct {
	At    time.Time
	A, B  Username
	Votes [3][3]int
}

type exceptionFact struct {
	At     time.Time
	Check  string
	Asked  bool
	Accept bool
}

// told are the events that figures are made of.
func told() []EventType {
	return []EventType{
		EvSubmitted, EvResubmitted, EvReturned, EvRejected, EvApproved, EvVoted, EvVoteVoided, EvCommented, EvReviewSubmitted, EvReviewed,
		EvRouted, EvClaimed, EvExceptionAsked, EvExceptionAnswered, EvRecalled,
	}
}

// read takes in the events since the last call, a stretch of the log at a time:
// a bounded stretch costs the same whichever way the database goes through it.
// What an earlier process read is taken up, and what this one did is kept.
func (t *Tally) read(ctx context.Context, service *Service) error {
	const stretch = 20_000
	if t.calendar.BusinessCalendar == nil {
		t.calendar = newCalendar(service.Policy)
	}
	s, key := service.Store, tallyForm+service.Policy.SHA256
	newest, err := s.Events(ctx, EventQuery{Newest: true, Limit: 1})
	if err != nil || len(newest) == 0 {
		return err
	}
	end := newest[0].Seq
	if err := t.begin(ctx, s, key, end); err != nil {
		return err
	}
	for t.last < end {
		to := min(end, t.last+stretch)
		list, err := s.Events(ctx, EventQuery{Types: told(), After: t.last, Before: to + 1, Limit: stretch})
		if err != nil {
			return err
		}
		for i := range list {
			t.add(&list[i])
		}
		t.last = to
	}
	return t.keep(ctx, s, key)
}

// add takes in one event.
func (t *Tally) add(e *Event) {
	if t.courses == nil {
		t.courses = map[RequestID]*course{}
	}
	switch e.Type {
	case EvSubmitted, EvResubmitted:
		c := &course{Begun: e.At, Seats: map[Username]time.Time{}, Votes: map[FileID]map[Username]Decision{}}
		t.courses[e.Request] = c
	case EvExceptionAsked:
		if e.Detail["withdrawn"] == "" {
			t.asked = append(t.asked, exceptionFact{At: e.At, Check: e.Detail["check"], Asked: true})
		}
	case EvExceptionAnswered:
		t.asked = append(t.asked, exceptionFact{At: e.At, Check: e.Detail["check"], Accept: e.Detail["accept"] == yesNo(true)})
	case EvRecalled:
		t.recalls = append(t.recalls, recallFact{e.At, RecallSeverity(e.Detail["severity"])})
	default:
		if c := t.courses[e.Request]; c != nil {
			t.during(c, e)
		}
	}
}

// during takes in an event of a turn with the checkers.
func (t *Tally) during(c *course, e *Event) {
	switch e.Type {
	case EvRouted, EvClaimed:
		c.Seats[Username(e.Detail["checker"])] = e.At
	case EvVoted:
		if c.Votes[e.File] == nil {
			c.Votes[e.File] = map[Username]Decision{}
		}
		c.Votes[e.File][e.Actor] = Decision(e.Detail["decision"])
	case EvVoteVoided:
		if e.Detail["why"] != "early return" { // the turn's own end, after which it counts what was voted
			delete(c.Votes[e.File], Username(e.Detail["checker"]))
		}
	case EvCommented:
		if e.Detail["visibility"] == string(Public) {
			c.Public++
		}
	case EvReviewSubmitted:
		t.handedIn(c, e)
	case EvReviewed:
		t.compare(c, e)
	case EvReturned, EvRejected, EvApproved:
		if e.File != "" { // one of the files; the request's own event follows
			return
		}
		t.end(c, e)
		delete(t.courses, e.Request)
	}
}

func (t *Tally) handedIn(c *course, e *Event) {
	from := c.Begun
	if at := c.Seats[e.Actor]; at.After(from) {
		from = at
	}
	f := reviewFact{At: e.At, Checker: e.Actor, Request: e.Request, Took: e.At.Sub(from)}
	for _, votes := range c.Votes {
		if _, ok := votes[e.Actor]; ok {
			f.Files++
		}
	}
	t.reviews = append(t.reviews, f)
}

// compare takes down how the votes on each file stood when both reviews were in,
// the first time in the turn: what came later was not blind.
func (t *Tally) compare(c *course, e *Event) {
	if c.Compared {
		return
	}
	c.Compared = true
	pairs := map[[2]Username]*compareFact{}
	for _, votes := range c.Votes {
		names := slices.Sorted(maps.Keys(votes))
		for i, a := range names {
			for _, b := range names[i+1:] {
				x, y := slices.Index(Decisions(), votes[a]), slices.Index(Decisions(), votes[b])
				if x < 0 || y < 0 {
					continue
				}
				key := [2]Username{a, b}
				if pairs[key] == nil {
					pairs[key] = &compareFact{At: e.At, A: a, B: b}
				}
				pairs[key].Votes[x][y]++
			}
		}
	}
	for _, p := range pairs {
		t.compared = append(t.compared, *p)
	}
}

func (t *Tally) end(c *course, e *Event) {
	f := turnFact{Ended: e.At, Days: t.taken(c.Begun, e.At), End: e.Type, Early: e.Detail["early"] != "", Public: c.Public}
	switch e.Type {
	case EvReturned:
		f.Findings = e.Detail[detailFindings]
		f.Said = f.Findings != "" || f.Early
	case EvApproved:
		f.Findings = e.Detail[detailOverrode]
		f.Said = e.Detail[detailOutside] != "" // written by the same program
	}
	for _, votes := range c.Votes {
		against := slices.Collect(maps.Values(votes))
		switch {
		case slices.Contains(against, Reject):
			f.Rejected++
		case slices.Contains(against, RequestChanges):
			f.Changes++
		}
	}
	f.Findings = strings.Clone(f.Findings)
	t.turns = append(t.turns, f)
}
