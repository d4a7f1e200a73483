package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

type recallRow struct {
	ID         string
	Release    string
	At         int64
	Reporter   string
	Whole      bool
	Files      string
	Words      string
	Severity   string
	Discovered int64
}

func (recallRow) TableName() string { return "recalls" }

type withdrawalRow struct {
	Recall string `gorm:"primaryKey"`
	Sink   string `gorm:"primaryKey"`
	At     int64
	Done   bool
	Words  string
}

func (withdrawalRow) TableName() string { return "recall_withdrawals" }

type recallNoteRow struct {
	ID     string
	Recall string
	At     int64
	Author string
	Words  string
}

func (recallNoteRow) TableName() string { return "recall_notes" }

// keepRecall writes what a change adds to the recalls of its request's release.
func keepRecall(tx *gorm.DB, id review.RequestID, c review.RecallChange) error {
	if b := c.Report; b != nil {
		if err := ofRequest(tx, id, "releases.id = ?", b.Release); err != nil {
			return err
		}
		row := recallRow{b.ID, b.Release, micros(b.At), string(b.By), b.Whole, encode(b.Files), b.Words, string(b.Severity), micros(b.Discovered)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	}
	if c.Withdrawal == nil && c.Note == nil {
		return nil
	}
	if err := ofRequest(tx, id, "releases.id IN (SELECT release FROM recalls WHERE id = ?)", c.Of); err != nil {
		return err
	}
	if w := c.Withdrawal; w != nil {
		row := withdrawalRow{c.Of, w.Sink, micros(w.At), w.Done, w.Words}
		var n int64
		if err := tx.Model(&row).Where("recall = ? AND sink = ?", row.Recall, row.Sink).Count(&n).Error; err != nil {
			return err
		}
		if n == 0 {
			if err := tx.Create(&row).Error; err != nil {
				return err
			}
		}
	}
	if n := c.Note; n != nil {
		row := recallNoteRow{n.ID, c.Of, micros(n.At), string(n.By), n.Words}
		return tx.Create(&row).Error
	}
	return nil
}

// ofRequest refuses what belongs to another request's release.
func ofRequest(tx *gorm.DB, id review.RequestID, which, value string) error {
	var n int64
	err := tx.Model(&releaseRow{}).Where("request = ?", string(id)).Where(which, value).Count(&n).Error
	if err == nil && n != 1 {
		return fmt.Errorf("storage: the recall is of another request")
	}
	return err
}

// loadRecalls reads the recalls of the releases that query selects, by release.
func loadRecalls(tx *gorm.DB, query func() *gorm.DB) (map[string]*review.Recall, error) {
	var rows []recallRow
	if err := tx.Where("release IN (?)", query().Select("id")).Order("at, id").Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var taken []withdrawalRow
	if err := tx.Where("recall IN ?", ids).Order("at, sink").Find(&taken).Error; err != nil {
		return nil, err
	}
	var notes []recallNoteRow
	if err := tx.Where("recall IN ?", ids).Order("at, id").Find(&notes).Error; err != nil {
		return nil, err
	}
	all := map[string]*review.Recall{}
	for _, row := range rows {
		b, err := row.report()
		if err != nil {
			return nil, err
		}
		for _, w := range taken {
			if w.Recall == row.ID {
				b.Withdrawals = append(b.Withdrawals, review.Withdrawal{Sink: w.Sink, At: moment(w.At), Done: w.Done, Words: w.Words})
			}
		}
		for _, n := range notes {
			if n.Recall == row.ID {
				b.Notes = append(b.Notes, review.RecallNote{ID: n.ID, At: moment(n.At), By: review.Username(n.Author), Words: n.Words})
			}
		}
		r := all[row.Release]
		if r == nil {
			r = &review.Recall{Since: b.At}
			all[row.Release] = r
		}
		r.Whole = r.Whole || b.Whole
		r.Reports = append(r.Reports, b)
	}
	return all, nil
}

func (q recallRow) report() (review.BreachReport, error) {
	files, err := decode[[]string](q.Files)
	return review.BreachReport{
		ID: q.ID, Release: q.Release, At: moment(q.At), By: review.Username(q.Reporter), Whole: q.Whole, Files: files,
		Words: q.Words, Severity: review.RecallSeverity(q.Severity), Discovered: moment(q.Discovered),
	}, err
}

// RecalledRequests says of which requests something was recalled, since when.
func (s *Store) RecalledRequests(ctx context.Context) (map[review.RequestID]time.Time, error) {
	var rows []struct {
		Request string
		Since   int64
	}
	// Recalls are few and releases many: a join grouped by requests would be made from
	// the releases' side.
	err := s.reader.WithContext(ctx).Table("(?) AS r", s.reader.Model(&recallRow{}).
		Select("(SELECT request FROM releases WHERE releases.id = recalls.release) AS request, at")).
		Select("request, min(at) AS since").Group("request").Find(&rows).Error
	if err != nil {
		return nil, wrap("listing recalls", err)
	}
	out := map[review.RequestID]time.Time{}
	for _, row := range rows {
		out[review.RequestID(row.Request)] = moment(row.Since)
	}
	return out, nil
}
