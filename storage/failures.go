package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type failureRow struct {
	Key    string `gorm:"primaryKey"`
	N      int
	Last   int64
	Locked int64
	Forget int64
}

func (failureRow) TableName() string { return "sign_in_failures" }

// UpdateFailures lets change alter what is counted under the keys, and forgets
// what is over.
func (s *Store) UpdateFailures(ctx context.Context, keys []string, now time.Time, change func(map[string]review.Failures)) error {
	return s.write(ctx, "counting a failed sign-in", func(tx *gorm.DB) error {
		var rows []failureRow
		if err := tx.Where("key IN ? AND forget > ?", keys, micros(now)).Find(&rows).Error; err != nil {
			return err
		}
		was, counts := map[string]review.Failures{}, map[string]review.Failures{}
		for _, row := range rows {
			was[row.Key] = review.Failures{N: row.N, Last: moment(row.Last), Locked: moment(row.Locked), Forget: moment(row.Forget)}
			counts[row.Key] = was[row.Key]
		}
		change(counts)
		if err := tx.Where("forget <= ?", micros(now)).Delete(&failureRow{}).Error; err != nil {
			return err
		}
		for _, key := range keys {
			if err := keepFailures(tx, key, was[key], counts[key]); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepFailures writes one count if it changed; none is no row.
func keepFailures(tx *gorm.DB, key string, was, now review.Failures) error {
	switch {
	case now == was:
		return nil
	case now.N <= 0:
		return tx.Where("key = ?", key).Delete(&failureRow{}).Error
	}
	row := failureRow{key, now.N, micros(now.Last), micros(now.Locked), micros(now.Forget)}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
}
