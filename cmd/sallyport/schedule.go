package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sallyport/review"
	"sallyport/ui/filing"
	"sallyport/ui/form"
)

// schedule is a regular request of the configuration: each month, on a day, a
// draft is made of a form in its author's name. It is never submitted.
type schedule struct {
	ID        string `yaml:"id"`        // what it is called in the record; never change it
	Workspace string `yaml:"workspace"` // that the files come from
	Author    string `yaml:"author"`    // username in whose name the draft is made
	Form      string `yaml:"form"`      // file
	Day       int    `yaml:"day"`       // of the month, from 00:00 UTC; its last day when it is shorter
}

// checkSchedules refuses schedules that could not be told apart or could never
// do anything. The forms are read here too, so that a mistake stops the start.
func checkSchedules(all []schedule) error {
	seen := map[string]bool{}
	for _, s := range all {
		switch {
		case !name.MatchString(s.ID):
			return fmt.Errorf("schedule %q: the id has letters, digits, dots, dashes and underscores", s.ID)
		case seen[s.ID]:
			return fmt.Errorf("schedule %q is there twice", s.ID)
		case s.Workspace == "" || s.Author == "" || s.Form == "":
			return fmt.Errorf("schedule %q needs a workspace, an author and a form", s.ID)
		case s.Day < 1 || s.Day > 31:
			return fmt.Errorf("schedule %q: the day of the month is 1 to 31", s.ID)
		}
		seen[s.ID] = true
		if _, err := s.form(); err != nil {
			return fmt.Errorf("schedule %q: %w", s.ID, err)
		}
	}
	return nil
}

// form reads the schedule's form, which fills what it leaves empty from the
// author's last released request.
func (s schedule) form() (*form.Form, error) {
	f, err := form.Open(s.Form)
	if err != nil {
		return nil, err
	}
	if f.Workspace != s.Workspace {
		return nil, fmt.Errorf("%s is for the workspace %q", s.Form, f.Workspace)
	}
	if f.Reuse == "" {
		f.Reuse = form.Latest
	}
	return f, nil
}

// due is this month's draft, if its day has come.
func (s schedule) due(now time.Time) (review.Scheduled, bool) {
	last := time.Date(now.Year(), now.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return review.Scheduled{
		Schedule: s.ID, Period: now.Format("2006-01"), Workspace: review.WorkspaceName(s.Workspace), Author: review.Username(s.Author),
	}, now.Day() >= min(s.Day, last)
}

// keys are a lock that processes share and that a dead one lets go of;
// *storage.Store is one.
type keys interface {
	ClaimKey(ctx context.Context, person review.Username, key, digest, claim string, now, lease time.Time) ([]byte, error)
	FreeKey(ctx context.Context, person review.Username, key, claim string) error
}

const (
	// scheduleEvery is how often the schedules are looked at.
	scheduleEvery = 10 * time.Minute
	// scheduleLease is longer than the making of a draft may take.
	scheduleLease = 30 * time.Minute
)

// scheduler makes the drafts of schedules. A period is done once: the events of
// review.Service.ScheduledDraft say what has been done, and the key keeps two
// processes from doing it at once.
type scheduler struct {
	service *review.Service
	keys    keys
	all     []schedule
	now     review.Clock
	log     *slog.Logger
}

// run looks at the schedules until ctx ends.
func (s *scheduler) run(ctx context.Context) error {
	if len(s.all) == 0 {
		return nil
	}
	for {
		s.tick(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(scheduleEvery):
		}
	}
}

// tick makes every draft that is due and not there. What cannot be made is on
// record and in the log, and is tried again at the next tick.
func (s *scheduler) tick(ctx context.Context) {
	for _, sch := range s.all {
		d, due := sch.due(s.now())
		if !due {
			continue
		}
		err := s.locked(ctx, d, func() error { return s.draft(ctx, sch, d) })
		if err == nil || ctx.Err() != nil {
			continue
		}
		reason := "it failed; the log says why"
		if review.KindOf(err) != review.Internal {
			reason = err.Error()
		}
		s.log.ErrorContext(ctx, "regular request not made", "schedule", d.Schedule, "period", d.Period, "error", err.Error())
		if err := s.service.ScheduleFailed(ctx, d, reason); err != nil {
			s.log.ErrorContext(ctx, "keeping a failure", "error", err.Error())
		}
	}
}

// locked does something unless another process is at it.
func (s *scheduler) locked(ctx context.Context, d review.Scheduled, do func() error) error {
	key, claim, now := "schedule "+d.Schedule+" "+d.Period, rand.Text(), s.now()
	// A space is in no key that a program can send.
	_, err := s.keys.ClaimKey(ctx, d.Author, key, key, claim, now, now.Add(scheduleLease))
	if review.KindOf(err) == review.Conflict {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(do(), s.keys.FreeKey(context.WithoutCancel(ctx), d.Author, key, claim))
}

// draft makes one draft, whole and in one change; one that was begun before and
// not finished is brought to its end.
func (s *scheduler) draft(ctx context.Context, sch schedule, d review.Scheduled) error {
	f, err := sch.form()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, scheduleLease/2)
	defer cancel()
	if done, err := s.service.ScheduleFinished(ctx, d); err != nil || done {
		return err
	}
	a, err := s.service.Actor(ctx, d.Author, "")
	if err != nil {
		return err
	}
	var id review.RequestID
	var made bool
	var r *filing.Result
	err = s.service.Together(ctx, a, func(staged *review.Service) error {
		var err error
		if id, made, err = staged.ScheduledDraft(ctx, d); err != nil {
			return err
		}
		r, err = filing.Fill(ctx, filing.By(staged, d.Author), id, f)
		return err
	})
	switch kind := review.KindOf(err); {
	case err == nil:
	case id != "" && !made && (kind == review.Conflict || kind == review.NotFound):
		// The author has taken it from here, or withdrawn it.
		return s.service.ScheduleDone(ctx, d, id, "")
	default:
		return err
	}
	problem := ""
	if n := len(r.NotAdded); n > 0 {
		problem = fmt.Sprintf("the draft is made, and %d of the form's files, wildcards or exceptions were refused", n)
	}
	s.log.InfoContext(ctx, "regular request drafted", "schedule", d.Schedule, "period", d.Period, "request", string(id), "refused", len(r.NotAdded))
	return s.service.ScheduleDone(ctx, d, id, problem)
}
