package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/checks"
	"sallyport/review"
)

// checkRunRow is how far the checks of a request are; see review.CheckingStore.
type checkRunRow struct {
	Request string `gorm:"primaryKey"`
	Run     string
	Done    int
	Total   int
	Told    int64
}

func (checkRunRow) TableName() string { return "check_runs" }

// checkPartRow is what was found up to a number of files, since the part before.
type checkPartRow struct {
	Request string `gorm:"primaryKey"`
	Part    int    `gorm:"primaryKey;autoIncrement:false"`
	Found   []byte
}

func (checkPartRow) TableName() string { return "check_parts" }

// BeginChecking keeps that a run begins, in place of one before.
func (s *Store) BeginChecking(ctx context.Context, id review.RequestID, run string, total int, now time.Time) error {
	row := checkRunRow{Request: string(id), Run: run, Total: total, Told: micros(now)}
	return s.write(ctx, "beginning checks", func(tx *gorm.DB) error {
		if err := tx.Where("request = ?", row.Request).Delete(&checkPartRow{}).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// TellChecking adds what a run found.
func (s *Store) TellChecking(ctx context.Context, id review.RequestID, run string, done int, found []*checks.FileReport, now time.Time) error {
	return s.write(ctx, "telling of checks", func(tx *gorm.DB) error {
		kept := tx.Model(&checkRunRow{}).Where("request = ? AND run = ?", string(id), run).
			Updates(map[string]any{"done": done, "told": micros(now)})
		if kept.Error != nil {
			return kept.Error
		}
		if kept.RowsAffected == 0 {
			return review.Errorf(review.Conflict, "Newer checks have taken the place of these.")
		}
		if len(found) == 0 {
			return nil
		}
		body, err := json.Marshal(found)
		if err != nil {
			return fmt.Errorf("findings as JSON: %w", err)
		}
		return tx.Create(&checkPartRow{Request: string(id), Part: done, Found: body}).Error
	})
}

// EndChecking forgets a run and what it told, unless another took its place.
func (s *Store) EndChecking(ctx context.Context, id review.RequestID, run string) error {
	return s.write(ctx, "ending checks", func(tx *gorm.DB) error {
		return forgetRuns(tx, tx.Model(&checkRunRow{}).Select("request").Where("request = ? AND run = ?", string(id), run))
	})
}

// ForgetChecking forgets runs that have not told anything since.
func (s *Store) ForgetChecking(ctx context.Context, before time.Time) error {
	return s.write(ctx, "forgetting checks", func(tx *gorm.DB) error {
		return forgetRuns(tx, tx.Model(&checkRunRow{}).Select("request").Where("told < ?", micros(before)))
	})
}

func forgetRuns(tx, which *gorm.DB) error {
	if err := tx.Where("request IN (?)", which).Delete(&checkPartRow{}).Error; err != nil {
		return err
	}
	return tx.Where("request IN (?)", which).Delete(&checkRunRow{}).Error
}

// CheckingOf is the run of a request; NotFound when there is none.
func (s *Store) CheckingOf(ctx context.Context, id review.RequestID) (*review.CheckingRun, error) {
	var runs []checkRunRow // none or one
	var parts []checkPartRow
	err := s.read(ctx, "asking how far checks are", func(tx *gorm.DB) error {
		if err := tx.Where("request = ?", string(id)).Find(&runs).Error; err != nil || len(runs) == 0 {
			return err
		}
		return tx.Where("request = ?", string(id)).Order("part").Find(&parts).Error
	})
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, review.Errorf(review.NotFound, "No checks go on.")
	}
	out := &review.CheckingRun{Run: runs[0].Run, Checking: review.Checking{Done: runs[0].Done, Total: runs[0].Total}, Told: moment(runs[0].Told)}
	for _, p := range parts {
		var found []*checks.FileReport
		if err := json.Unmarshal(p.Found, &found); err != nil {
			return nil, wrap("reading what checks found", fmt.Errorf("%w: %w", review.ErrCorrupt, err))
		}
		out.Found = append(out.Found, found...)
	}
	return out, nil
}
