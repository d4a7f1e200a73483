package review

import (
	"context"
	"slices"
	"time"
)

// Scheduled names the one draft that a schedule asks for in a period.
type Scheduled struct {
	Schedule  string // the schedule's id
	Period    string // such as "2026-11"
	Workspace WorkspaceName
	Author    Username
}

// ScheduleProblem is a draft of a schedule that could not be made, or not whole.
type ScheduleProblem struct {
	Scheduled
	At     time.Time // when it was first found
	Reason string    // in plain words, without contents
}

// ScheduleFinished reports whether nothing is left to do for a schedule's period:
// its draft was begun and finished.
func (s *Service) ScheduleFinished(ctx context.Context, d Scheduled) (bool, error) {
	past, err := s.scheduled(ctx)
	return slices.ContainsFunc(past, func(e Event) bool { return e.Type == EvScheduleDone && sameSchedule(e, d) }), err
}

// ScheduledDraft begins the draft of a schedule's period in its author's name,
// if the author may still file for the workspace, or returns the one that was
// begun before: made says which.
//
// The events that begin and end a draft name the schedule and the period. The
// first is kept in the transaction that keeps the draft, and a draft is begun
// only where there is none: so a period has one draft, also after a restart or
// when the author has withdrawn it. Two processes must not call it for the same
// period at once; should they all the same, the database lets one of them begin,
// as the author has one active request for the workspace.
func (s *Service) ScheduledDraft(ctx context.Context, d Scheduled) (id RequestID, made bool, err error) {
	past, err := s.scheduled(ctx)
	if err != nil {
		return "", false, err
	}
	for _, e := range past {
		if sameSchedule(e, d) && e.Type != EvScheduleFailed {
			id = e.Request
		}
	}
	if id != "" {
		return id, false, nil
	}
	a, err := s.Actor(ctx, d.Author, "")
	if err != nil {
		return "", false, err
	}
	// Found out before anything is read for a draft that could not be kept.
	active, err := s.activeRequests(ctx, a)
	if err != nil {
		return "", false, err
	}
	if active[d.Workspace] != nil {
		return "", false, errActive()
	}
	id, err = s.createRequest(ctx, a, d.Workspace, func(r *Request) []Event { return []Event{s.scheduleEvent(EvScheduleBegun, d, r.ID, "")} })
	return id, err == nil, err
}

// ScheduleDone puts on record that a period's draft is as its form has it, as
// far as could be. A problem says what could not be; "" for nothing.
func (s *Service) ScheduleDone(ctx context.Context, d Scheduled, id RequestID, problem string) error {
	e := s.scheduleEvent(EvScheduleDone, d, id, problem)
	if err := s.tellOfDraft(ctx, &e, NoticeDraftReady); err != nil {
		return err
	}
	return s.Store.Append(ctx, e)
}

// ScheduleFailed puts on record, once for each reason, why a period's draft
// could not be made. It is tried again.
func (s *Service) ScheduleFailed(ctx context.Context, d Scheduled, reason string) error {
	past, err := s.scheduled(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(past, func(e Event) bool { return sameSchedule(e, d) && e.Detail["problem"] == reason }) {
		return nil
	}
	e := s.scheduleEvent(EvScheduleFailed, d, "", reason)
	if err := s.tellOfDraft(ctx, &e, NoticeDraftFailed); err != nil {
		return err
	}
	return s.Store.Append(ctx, e)
}

// maxScheduled is how many events of schedules are looked back at: years of
// them, as a period has two when all goes well.
const maxScheduled = 10_000

// scheduled are the events of schedules, oldest first.
func (s *Service) scheduled(ctx context.Context) ([]Event, error) {
	past, err := s.Store.Events(ctx, EventQuery{Types: []EventType{EvScheduleBegun, EvScheduleDone, EvScheduleFailed}, Limit: maxScheduled, Newest: true})
	slices.Reverse(past)
	return past, err
}

func sameSchedule(e Event, d Scheduled) bool {
	return e.Detail["schedule"] == d.Schedule && e.Detail["period"] == d.Period
}

func (s *Service) scheduleEvent(t EventType, d Scheduled, id RequestID, problem string) Event {
	e := s.event(system(), t, nil)
	e.Request, e.Workspace = id, d.Workspace
	e.Detail = map[string]string{"schedule": d.Schedule, "period": d.Period, "author": string(d.Author)}
	if problem != "" {
		e.Detail["problem"] = problem
	}
	return e
}

// scheduleProblems are what went wrong with the latest period of each schedule.
func (s *Service) scheduleProblems(ctx context.Context) ([]ScheduleProblem, error) {
	past, err := s.scheduled(ctx)
	if err != nil {
		return nil, err
	}
	latest := map[string]Event{}
	for _, e := range past {
		if e.Type != EvScheduleBegun {
			latest[e.Detail["schedule"]] = e
		}
	}
	var out []ScheduleProblem
	for _, e := range past { // in their order, each once
		id := e.Detail["schedule"]
		if last := latest[id]; last.Seq != e.Seq || e.Detail["problem"] == "" {
			continue
		}
		d := Scheduled{id, e.Detail["period"], e.Workspace, Username(e.Detail["author"])}
		out = append(out, ScheduleProblem{d, e.At, e.Detail["problem"]})
	}
	return out, nil
}
