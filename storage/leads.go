package storage

import (
	"context"

	"gorm.io/gorm"

	"sallyport/review"
)

type leadRow struct {
	Name   string `gorm:"primaryKey"`
	Holder string
	Beat   int64
}

func (leadRow) TableName() string { return "leads" }

// Lead tells who leads; the zero Lead when nobody ever did.
func (s *Store) Lead(ctx context.Context, name string) (review.Lead, error) {
	lead, err := leadOf(s.reader.WithContext(ctx), name)
	return lead, wrap("asking who leads", err)
}

// TakeLead makes holder the leader if the lead stands as was says.
func (s *Store) TakeLead(ctx context.Context, name string, was review.Lead, holder string) (now review.Lead, err error) {
	err = s.write(ctx, "taking the lead", func(tx *gorm.DB) error {
		if now, err = leadOf(tx, name); err != nil || now != was {
			return err
		}
		now = review.Lead{Holder: holder, Beat: was.Beat + 1}
		row := leadRow{name, now.Holder, now.Beat}
		if was.Beat == 0 {
			return tx.Create(&row).Error
		}
		return tx.Model(&leadRow{}).Where("name = ?", name).Updates(map[string]any{"holder": row.Holder, "beat": row.Beat}).Error
	})
	return now, err
}

func leadOf(tx *gorm.DB, name string) (review.Lead, error) {
	var rows []leadRow // none or one
	if err := tx.Where("name = ?", name).Find(&rows).Error; err != nil || len(rows) == 0 {
		return review.Lead{}, err
	}
	return review.Lead{Holder: rows[0].Holder, Beat: rows[0].Beat}, nil
}
