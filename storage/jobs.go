package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type jobRow struct {
	ID       string
	Kind     string
	Request  *string // nil for a job of none
	Target   string
	Payload  []byte
	State    string
	Tries    int
	MaxTries int
	Created  int64
	Due      int64
	Leased   int64
	Fence    int64
	Failing  int64
	Reason   string
}

func (jobRow) TableName() string { return "jobs" }

func (q jobRow) job() review.Job {
	j := review.Job{
		ID: q.ID, Kind: q.Kind, Target: q.Target,
		Tries: q.Tries, MaxTries: q.MaxTries, Due: moment(q.Due), Reason: q.Reason,
		State: review.JobState(q.State), Fence: q.Fence, Created: moment(q.Created), Failing: moment(q.Failing),
	}
	if q.Request != nil {
		j.Request = review.RequestID(*q.Request)
	}
	if len(q.Payload) > 0 {
		j.Payload = q.Payload
	}
	return j
}

// keepJobs writes jobs for after the commit; one that is known stays as it is.
func keepJobs(tx *gorm.DB, jobs []review.Job) error {
	for _, j := range jobs {
		if j.MaxTries < 1 {
			return fmt.Errorf("job %q: it may not be tried", j.Kind)
		}
		row := jobRow{
			ID: j.ID, Kind: j.Kind, Target: j.Target, Payload: append([]byte{}, j.Payload...),
			State: string(review.JobWaiting), Tries: j.Tries, MaxTries: j.MaxTries,
			Created: micros(j.Due), Due: micros(j.Due), Reason: j.Reason,
		}
		if j.Request != "" {
			row.Request = (*string)(&j.Request)
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("job %q: %w", j.Kind, err)
		}
	}
	return nil
}

// Enqueue adds jobs outside any change.
func (s *Store) Enqueue(ctx context.Context, jobs ...review.Job) error {
	return s.write(ctx, "adding jobs", func(tx *gorm.DB) error { return keepJobs(tx, jobs) })
}

// NextJob leases the job that has been due longest, of a target nobody is busy
// with. Taking it counts as a try, so that a job that kills the process runs out
// of them too.
func (s *Store) NextJob(ctx context.Context, now, lease time.Time) (*review.Job, error) {
	var rows []jobRow // none or one
	err := s.write(ctx, "taking a job", func(tx *gorm.DB) error {
		at := micros(now)
		if err := bury(tx, at); err != nil {
			return err
		}
		err := waiting(tx, at).
			Where("target = '' OR NOT EXISTS (SELECT 1 FROM jobs AS busy WHERE busy.target = jobs.target AND busy.leased > ?)", at).
			Order("due, id").Limit(1).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		was := rows[0].Fence
		rows[0].Tries++
		rows[0].Fence++
		taken := tx.Model(&jobRow{}).Where("id = ? AND fence = ?", rows[0].ID, was).
			Updates(map[string]any{"leased": micros(lease), "tries": rows[0].Tries, "fence": rows[0].Fence})
		if taken.Error == nil && taken.RowsAffected == 0 {
			rows = nil // somebody was first
		}
		return taken.Error
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, review.Errorf(review.NotFound, "No job is due.")
	}
	job := rows[0].job()
	return &job, nil
}

// waiting selects the jobs that are due and nobody's.
func waiting(tx *gorm.DB, at int64) *gorm.DB {
	return tx.Model(&jobRow{}).
		Where("state = ? AND leased <= ?", string(review.JobWaiting), at).
		Where("due <= ? OR due > ? OR failing <> 0 AND due > ?", at, at+review.LongestWait.Microseconds(), at+review.LongestRest.Microseconds())
}

// bury gives up the jobs that were begun as often as is allowed.
func bury(tx *gorm.DB, at int64) error {
	return waiting(tx, at).Where("tries >= max_tries").Updates(map[string]any{
		"state":   string(review.JobDead),
		"leased":  0,
		"failing": gorm.Expr("CASE failing WHEN 0 THEN ? ELSE failing END", at),
		"reason":  gorm.Expr("CASE reason WHEN '' THEN ? ELSE reason END", "It was begun as often as is allowed and never finished."),
	}).Error
}

// HoldJob lengthens the lease.
func (s *Store) HoldJob(ctx context.Context, job *review.Job, lease time.Time) error {
	return s.held(ctx, "holding a job", job, map[string]any{"leased": micros(lease)})
}

// FinishJob marks a job done.
func (s *Store) FinishJob(ctx context.Context, job *review.Job) error {
	return s.held(ctx, "finishing a job", job, map[string]any{"state": string(review.JobDone), "leased": 0, "failing": 0, "reason": ""})
}

// RetryJob puts a job back, or gives it up when it has had its tries.
func (s *Store) RetryJob(ctx context.Context, job *review.Job, now, at time.Time, reason string) error {
	return s.held(ctx, "putting a job back", job, map[string]any{
		"state":   gorm.Expr("CASE WHEN tries >= max_tries OR tries >= ? THEN ? ELSE state END", job.MaxTries, string(review.JobDead)),
		"failing": gorm.Expr("CASE failing WHEN 0 THEN ? ELSE failing END", micros(now)),
		"leased":  0, "due": micros(at), "reason": reason,
	})
}

// held changes a job that is still its worker's.
func (s *Store) held(ctx context.Context, doing string, job *review.Job, changes map[string]any) error {
	return s.write(ctx, doing, func(tx *gorm.DB) error {
		done := tx.Model(&jobRow{}).Where("id = ? AND fence = ? AND state = ?", job.ID, job.Fence, string(review.JobWaiting)).Updates(changes)
		if done.Error != nil || done.RowsAffected > 0 {
			return done.Error
		}
		return noJob(tx, job.ID, "Somebody else has this job now.")
	})
}

// noJob says why a job was not changed.
func noJob(tx *gorm.DB, id, conflict string) error {
	var n int64
	if err := tx.Model(&jobRow{}).Where("id = ?", id).Count(&n).Error; err != nil {
		return err
	}
	if n == 0 {
		return review.Errorf(review.NotFound, "There is no such job.")
	}
	return review.Errorf(review.Conflict, "%s", conflict)
}

// Revive gives a dead job all its tries again.
func (s *Store) Revive(ctx context.Context, id string, e review.Event) error {
	return s.write(ctx, "trying a job again", func(tx *gorm.DB) error {
		done := tx.Model(&jobRow{}).Where("id = ? AND state = ?", id, string(review.JobDead)).Updates(map[string]any{
			"state": string(review.JobWaiting), "tries": 0, "leased": 0, "due": micros(e.At), "fence": gorm.Expr("fence + 1"),
		})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return noJob(tx, id, "This job has not been given up.")
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// DeadJobs lists the jobs given up, longest due first.
func (s *Store) DeadJobs(ctx context.Context) ([]review.Job, error) {
	return s.Jobs(ctx, review.JobQuery{States: []review.JobState{review.JobDead}})
}

// Jobs lists jobs, longest due first where nothing else is asked.
func (s *Store) Jobs(ctx context.Context, q review.JobQuery) ([]review.Job, error) {
	order := "due, id"
	if q.Newest {
		order = "due DESC, id DESC"
	}
	list := s.reader.WithContext(ctx).Order(order).Limit(limit(q.Limit, 1000))
	if q.Target != "" {
		list = list.Where("target = ?", q.Target)
	}
	if q.Request != "" {
		list = list.Where("request = ?", string(q.Request))
	}
	if len(q.Kinds) > 0 {
		list = list.Where("kind IN ?", q.Kinds)
	}
	if len(q.States) > 0 {
		list = list.Where("state IN ?", q.States)
	}
	var rows []jobRow
	if err := list.Find(&rows).Error; err != nil {
		return nil, wrap("listing jobs", err)
	}
	jobs := make([]review.Job, len(rows))
	for i, row := range rows {
		jobs[i] = row.job()
	}
	return jobs, nil
}
