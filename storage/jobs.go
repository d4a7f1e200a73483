package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

// States of a job.
const (
	jobWaiting = "waiting" // to be done, or being done while leased
	jobDone    = "done"
	jobDead    = "dead" // given up, shown to people
)

type jobRow struct {
	ID       string
	Kind     string
	Request  string
	State    string
	Tries    int
	MaxTries int
	Due      int64
	Leased   int64
	Reason   string
}

func (jobRow) TableName() string { return "jobs" }

func (q jobRow) job() review.Job {
	return review.Job{
		ID: q.ID, Kind: q.Kind, Request: review.RequestID(q.Request),
		Tries: q.Tries, MaxTries: q.MaxTries, Due: moment(q.Due), Reason: q.Reason,
	}
}

// keepJobs writes jobs for after the commit.
func keepJobs(tx *gorm.DB, jobs []review.Job) error {
	for _, j := range jobs {
		row := jobRow{
			ID: j.ID, Kind: j.Kind, Request: string(j.Request), State: jobWaiting,
			Tries: j.Tries, MaxTries: j.MaxTries, Due: micros(j.Due), Reason: j.Reason,
		}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("job %q: %w", j.Kind, err)
		}
	}
	return nil
}

// NextJob leases the job that has been due longest. Taking it counts as a try,
// so that a job that kills the process runs out of them too.
func (s *Store) NextJob(ctx context.Context, now, lease time.Time) (*review.Job, error) {
	var rows []jobRow // none or one
	err := s.write(ctx, "taking a job", func(tx *gorm.DB) error {
		due := func() *gorm.DB {
			return tx.Model(&jobRow{}).Where("state = ? AND due <= ? AND leased <= ?", jobWaiting, micros(now), micros(now))
		}
		err := due().Where("tries >= max_tries").Updates(map[string]any{
			"state":  jobDead,
			"reason": gorm.Expr("CASE reason WHEN '' THEN ? ELSE reason END", "It was begun as often as is allowed and never finished."),
		}).Error
		if err != nil {
			return err
		}
		if err := due().Order("due, id").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		rows[0].Tries++
		return tx.Model(&jobRow{}).Where("id = ?", rows[0].ID).
			Updates(map[string]any{"leased": micros(lease), "tries": rows[0].Tries}).Error
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

// FinishJob marks a job done, also one that is done already.
func (s *Store) FinishJob(ctx context.Context, id string) error {
	return s.write(ctx, "finishing a job", func(tx *gorm.DB) error {
		done := tx.Model(&jobRow{}).Where("id = ?", id).Updates(map[string]any{"state": jobDone, "leased": 0})
		return oneJob(done)
	})
}

// RetryJob puts a job back, or gives it up when it has had its tries. A job
// that another worker has finished meanwhile stays done.
func (s *Store) RetryJob(ctx context.Context, id string, at time.Time, reason string) error {
	return s.write(ctx, "putting a job back", func(tx *gorm.DB) error {
		again := gorm.Expr("CASE WHEN state = ? AND tries >= max_tries THEN ? ELSE state END", jobWaiting, jobDead)
		done := tx.Model(&jobRow{}).Where("id = ?", id).
			Updates(map[string]any{"state": again, "leased": 0, "due": micros(at), "reason": reason})
		return oneJob(done)
	})
}

func oneJob(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return review.Errorf(review.NotFound, "There is no such job.")
	}
	return done.Error
}

// DeadJobs lists the jobs given up, longest due first.
func (s *Store) DeadJobs(ctx context.Context) ([]review.Job, error) {
	var rows []jobRow
	err := s.reader.WithContext(ctx).Where("state = ?", jobDead).Order("due, id").Find(&rows).Error
	if err != nil {
		return nil, wrap("listing dead jobs", err)
	}
	list := make([]review.Job, len(rows))
	for i, row := range rows {
		list[i] = row.job()
	}
	return list, nil
}
