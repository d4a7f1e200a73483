package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type visitRow struct {
	Request string `gorm:"primaryKey"`
	Person  string `gorm:"primaryKey"`
	Last    int64
	Before  int64
}

func (visitRow) TableName() string { return "visits" }

// Visit keeps that somebody has a request before them now, and tells when they
// had it the time before.
func (s *Store) Visit(ctx context.Context, id review.RequestID, who review.Username, now time.Time, short, sitting time.Duration) (before time.Time, err error) {
	row, err := visitOf(s.reader.WithContext(ctx), id, who)
	if err != nil {
		return time.Time{}, wrap("asking for a visit", err)
	}
	if row != nil && now.Sub(moment(row.Last)) < short {
		return moment(row.Before), nil
	}
	err = s.write(ctx, "keeping a visit", func(tx *gorm.DB) error {
		if row, err = visitOf(tx, id, who); err != nil {
			return err
		}
		next := visitRow{Request: string(id), Person: string(who), Last: micros(now)}
		if row != nil {
			next.Before = row.Before
			if now.Sub(moment(row.Last)) > sitting {
				next.Before = row.Last
			}
		}
		before = moment(next.Before)
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&next).Error
	})
	return before, err
}

// visitOf is what is kept of somebody's visits; nil when they never came.
func visitOf(tx *gorm.DB, id review.RequestID, who review.Username) (*visitRow, error) {
	var rows []visitRow // none or one
	if err := tx.Where("request = ? AND person = ?", string(id), string(who)).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
