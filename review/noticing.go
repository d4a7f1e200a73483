package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sallyport/policy"
)

// happening is what one change did that people hear of: the payload of a job of
// kind "notify". Who took part is kept as it was then, so that a notice that is
// made late goes to whom it concerned.
type happening struct {
	At        time.Time     `json:"at"`
	Request   RequestID     `json:"request,omitempty"`
	Workspace WorkspaceName `json:"workspace,omitempty"`
	Author    Username      `json:"author,omitempty"`
	Actor     Username      `json:"actor,omitempty"`
	Seated    []Username    `json:"seated,omitempty"`
	What      []happened    `json:"what"`
}

// happened is one kind of notice that a happening makes.
type happened struct {
	Kind   NoticeKind `json:"kind"`
	Person Username   `json:"person,omitempty"` // of ToSubject; then nobody else is told
	To     Audience   `json:"to,omitempty"`     // this audience only
	// Once keeps a person from being told of the same thing by two changes; ""
	// when each change is news.
	Once string `json:"once,omitempty"`
}

// update is Store.Update, and the only use of it: the change's notices are kept
// in its transaction, as one job.
func (s *Service) update(ctx context.Context, id RequestID, change func(*Request) (Change, error)) (*Request, error) {
	return s.Store.Update(ctx, id, func(r *Request) (Change, error) {
		c, err := change(r)
		if err != nil {
			return c, err
		}
		job, err := s.noticeJob(r, c.Events)
		if job != nil {
			c.Jobs = append(c.Jobs, *job)
		}
		return c, err
	})
}

// noticeJob is the job that tells people of a change; nil when nobody hears of it.
func (s *Service) noticeJob(r *Request, events []Event) (*Job, error) {
	h := happening{Request: r.ID, Workspace: r.Workspace, Author: r.Author}
	for i := range r.Seats {
		h.Seated = append(h.Seated, r.Seats[i].Checker)
	}
	for i := range events {
		what := s.hears(r, &events[i])
		if len(what) > 0 {
			h.At, h.Actor = events[i].At, events[i].Actor
		}
		for _, w := range what {
			if !slices.Contains(h.What, w) {
				h.What = append(h.What, w)
			}
		}
	}
	if len(h.What) == 0 {
		return nil, nil
	}
	return s.happeningJob(newID(), h)
}

// noticePause lets what was done go out before the word of it.
const noticePause = 2 * time.Second

// happeningJob is a job of kind "notify". Of the jobs of one id there is one.
func (s *Service) happeningJob(id string, h happening) (*Job, error) {
	payload, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	job := s.job(id, JobNotify, h.Request, "")
	job.Payload, job.Due = payload, job.Due.Add(noticePause)
	return &job, nil
}

// hears says which kinds of notice an event of a request makes.
func (s *Service) hears(r *Request, e *Event) []happened {
	if k := statusNotices()[e.Type]; k != "" {
		out := []happened{{Kind: k}}
		if e.Type == EvReturned && s.asksForAnswers(r) {
			out = append(out, happened{Kind: NoticeComment, To: ToAuthor})
		}
		if e.Type == EvWithdrawn && e.Detail["rule"] != "" { // and its author did nothing
			out = append(out, happened{Kind: NoticeExpired, To: ToAuthor})
		}
		return out
	}
	checker := Username(e.Detail["checker"])
	switch e.Type {
	case EvRouted, EvFileRouted:
		return []happened{{Kind: NoticeAssigned, Person: checker}}
	case EvClaimed:
		return []happened{{Kind: NoticeAssigned, Person: e.Actor}}
	case EvReassigned, EvHandedOver, EvSeatVacated:
		return []happened{{Kind: NoticeUnassigned, Person: checker}}
	case EvCommented:
		if e.From == Reviewed { // before, it is part of a blind review
			return []happened{{Kind: NoticeComment, To: ToAssigned}}
		}
	case EvReminded:
		return s.lateness(r, e, checker)
	}
	return nil
}

// statusNotices are the events that make a notice whatever else is so.
func statusNotices() map[EventType]NoticeKind {
	return map[EventType]NoticeKind{
		EvSubmitted: NoticeSubmitted, EvWithdrawn: NoticeWithdrawn, EvPartiallyReviewed: NoticePartiallyReviewed,
		EvReviewed: NoticeReviewed, EvApproved: NoticeApproved, EvReleased: NoticeReleased, EvRejected: NoticeRejected,
		EvReturned: NoticeReturned, EvResubmitted: NoticeResubmitted, EvRecalled: NoticeRecalled,
		EvExpiring: NoticeExpiring,
	}
}

// lateness is a reminder, and once a day that a review is overdue.
func (s *Service) lateness(r *Request, e *Event, checker Username) []happened {
	out := []happened{{Kind: NoticeReminder, Person: checker}}
	if e.At.After(r.Due) {
		once := "overdue " + string(r.ID) + " " + e.At.UTC().Format(time.DateOnly)
		out = append(out, happened{Kind: NoticeOverdue, Once: once})
	}
	return out
}

// asksForAnswers reports whether the author has a comment to answer.
func (s *Service) asksForAnswers(r *Request) bool {
	for i := range r.Groups {
		if needsAnswer(r, &r.Groups[i]) {
			return true
		}
	}
	return false
}

// tell enqueues a happening that belongs to no change of a request. It is called
// before what it tells of is put on record, and the id makes it one.
func (s *Service) tell(ctx context.Context, id string, h happening) error {
	job, err := s.happeningJob(id, h)
	if err != nil {
		return err
	}
	return s.Store.Enqueue(ctx, *job)
}

// earlyFailures is after how many tries operators hear of a delivery that fails:
// after about half a minute.
const earlyFailures = 5

// tellOfFailure tells operators that a package does not get out: early, and when
// it is given up. Of notices that fail nobody is told by notices.
func (s *Service) tellOfFailure(ctx context.Context, job *Job) error {
	if job.Kind != JobRelease && job.Kind != JobWithdraw || job.Tries != earlyFailures && job.Tries < job.MaxTries {
		return nil
	}
	r, err := s.Store.Request(ctx, job.Request)
	if err != nil {
		return err
	}
	h := happening{At: s.Now(), Request: r.ID, Workspace: r.Workspace, Author: r.Author, What: []happened{{Kind: NoticeDeliveryFailed}}}
	return s.tell(ctx, string(digestOf("failed", job.ID, fmt.Sprint(job.Fence))), h)
}

// tellOfDamage tells operators and leads of an alarm, once.
func (s *Service) tellOfDamage(ctx context.Context, r *Request, a Alarm) error {
	h := happening{At: a.At, What: []happened{{Kind: NoticeDamaged}}}
	if r != nil {
		h.Request, h.Workspace, h.Author = r.ID, r.Workspace, r.Author
	}
	return s.tell(ctx, string(digestOf("damaged", a.ID)), h)
}

// tellOfDraft tells the author, and operators when it failed, of a regular draft.
func (s *Service) tellOfDraft(ctx context.Context, e *Event, kind NoticeKind) error {
	author := Username(e.Detail["author"])
	h := happening{At: e.At, Request: e.Request, Workspace: e.Workspace, Author: author, What: []happened{{Kind: kind, Person: author}}}
	if kind == NoticeDraftFailed {
		h.What = append(h.What, happened{Kind: kind, To: ToOperator})
	}
	id := digestOf(string(kind), e.Detail["schedule"], e.Detail["period"], e.Detail["problem"])
	return s.tell(ctx, string(id), h)
}

// tellOfHold tells leads and auditors that a hold was put, or lifted. One that is
// lifted and put again is told of again.
func (s *Service) tellOfHold(ctx context.Context, e *Event, r *Request, kind NoticeKind) error {
	h := happening{At: e.At, Request: r.ID, Workspace: r.Workspace, Author: r.Author, Actor: e.Actor, What: []happened{{Kind: kind}}}
	for i := range r.Seats {
		h.Seated = append(h.Seated, r.Seats[i].Checker)
	}
	return s.tell(ctx, string(digestOf(string(kind), string(r.ID), e.At.UTC().Format(time.RFC3339Nano))), h)
}

// trainingDays is how many days ahead a checker is told, each time once, that
// their training expires.
func trainingDays() []int { return []int{7, 30} }

// warnOfTraining tells each checker whose training expires soon, and the leads.
func (s *Service) warnOfTraining(ctx context.Context) error {
	people, err := s.everybody(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	for i := range people {
		p := &people[i]
		if p.Disabled || !slices.Contains(policy.Effective(p.AllRoles()), policy.Checker) || !p.TrainedUntil.After(now) {
			continue
		}
		days := trainingDays() // the nearest first, which says it all
		ahead := slices.IndexFunc(days, func(n int) bool { return !p.TrainedUntil.After(now.AddDate(0, 0, n)) })
		if ahead < 0 {
			continue
		}
		id := digestOf("training", string(p.Username), p.TrainedUntil.UTC().Format(time.DateOnly), fmt.Sprint(days[ahead]))
		h := happening{At: now, What: []happened{{Kind: NoticeTraining, Person: p.Username}, {Kind: NoticeTraining, To: ToLeads}}}
		if err := s.tell(ctx, string(id), h); err != nil {
			return err
		}
	}
	return nil
}
