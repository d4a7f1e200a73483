package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/checks"
	"sallyport/review"
)

type reportRow struct {
	SetDigest string `gorm:"primaryKey"`
	Policy    string `gorm:"primaryKey"`
	Engine    string `gorm:"primaryKey"`
	Body      []byte
}

func (reportRow) TableName() string { return "reports" }

// SaveReport keeps findings as JSON; what is there already stays.
func (s *Store) SaveReport(ctx context.Context, key review.ReportKey, report *checks.Report) error {
	body, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("storage: findings as JSON: %w", err)
	}
	row := reportRow{string(key.Set), key.Policy, key.Engine, body}
	return s.write(ctx, "saving findings", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
}

// Report reads findings; NotFound when they were never made.
func (s *Store) Report(ctx context.Context, key review.ReportKey) (*checks.Report, error) {
	var row reportRow
	err := s.reader.WithContext(ctx).
		Where("set_digest = ? AND policy = ? AND engine = ?", string(key.Set), key.Policy, key.Engine).
		Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, review.Errorf(review.NotFound, "There are no findings for these files yet.")
	}
	if err != nil {
		return nil, wrap("reading findings", err)
	}
	report := new(checks.Report)
	if err := json.Unmarshal(row.Body, report); err != nil {
		return nil, wrap("reading findings", fmt.Errorf("%w: %w", review.ErrCorrupt, err))
	}
	return report, nil
}
