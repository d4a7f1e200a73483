package storage

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// tallyRow is what figures read of the log; see review.TallyStore.
type tallyRow struct {
	Name  string `gorm:"primaryKey"`
	Last  int64
	State []byte
}

func (tallyRow) TableName() string { return "tallies" }

// SaveTally keeps what was read up to an event, in place of anything kept before.
func (s *Store) SaveTally(ctx context.Context, key string, last int64, state []byte) error {
	row := tallyRow{key, last, append([]byte{}, state...)}
	return s.write(ctx, "keeping what figures read", func(tx *gorm.DB) error {
		if err := tx.Where("name <> ?", key).Delete(&tallyRow{}).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// SavedTally is what was kept under the key.
func (s *Store) SavedTally(ctx context.Context, key string) (last int64, state []byte, err error) {
	var rows []tallyRow // none or one
	if err := s.reader.WithContext(ctx).Where("name = ?", key).Find(&rows).Error; err != nil || len(rows) == 0 {
		return 0, nil, wrap("reading what figures read", err)
	}
	return rows[0].Last, rows[0].State, nil
}
