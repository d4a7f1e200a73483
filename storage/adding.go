package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

// addingRow is the files that are being added to a request; see review.AddingStore.
type addingRow struct {
	Request string `gorm:"primaryKey"`
	Run     string
	Person  string
	Source  string
	Begun   int64
	Done    int
	Total   int
	Waiting string
	Refused string
}

func (addingRow) TableName() string { return "additions" }

func addingRowOf(a *review.Adding) addingRow {
	return addingRow{
		string(a.Request), a.Run, string(a.By), a.Source, micros(a.Begun), a.Done, a.Total, encode(a.Left), encode(a.Refused),
	}
}

func (q addingRow) adding() (*review.Adding, error) {
	left, err1 := decode[[]review.AddFile](q.Waiting)
	refused, err2 := decode[[]review.AddResult](q.Refused)
	return &review.Adding{
		Request: review.RequestID(q.Request), Run: q.Run, By: review.Username(q.Person), Source: q.Source,
		Begun: moment(q.Begun), Done: q.Done, Total: q.Total, Left: left, Refused: refused,
	}, errors.Join(err1, err2)
}

// BeginAdding keeps files that are to be added, with the job of it.
func (s *Store) BeginAdding(ctx context.Context, a *review.Adding, job review.Job) error {
	row := addingRowOf(a)
	return s.write(ctx, "beginning to add files", func(tx *gorm.DB) error {
		var going int64
		err := tx.Model(&addingRow{}).Where("request = ? AND waiting <> '[]'", row.Request).Count(&going).Error
		if err != nil {
			return err
		}
		if going > 0 {
			return review.Errorf(review.Conflict, "Files are still being added to this request. Wait until they are.")
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		return keepJobs(tx, []review.Job{job})
	})
}

// TellAdding keeps how far it is.
func (s *Store) TellAdding(ctx context.Context, a *review.Adding) error {
	row := addingRowOf(a)
	return s.write(ctx, "telling of files being added", func(tx *gorm.DB) error {
		kept := tx.Model(&addingRow{}).Where("request = ? AND run = ?", row.Request, row.Run).
			Updates(map[string]any{"done": row.Done, "waiting": row.Waiting, "refused": row.Refused})
		if kept.Error == nil && kept.RowsAffected == 0 {
			return review.Errorf(review.Conflict, "These files are not being added any more.")
		}
		return kept.Error
	})
}

// AddingOf is what is being added to a request.
func (s *Store) AddingOf(ctx context.Context, id review.RequestID) (*review.Adding, error) {
	var rows []addingRow // none or one
	if err := s.reader.WithContext(ctx).Where("request = ?", string(id)).Find(&rows).Error; err != nil {
		return nil, wrap("asking for files being added", err)
	}
	if len(rows) == 0 {
		return nil, review.Errorf(review.NotFound, "No files are being added.")
	}
	a, err := rows[0].adding()
	return a, wrap("asking for files being added", err)
}

// EndAdding forgets it.
func (s *Store) EndAdding(ctx context.Context, id review.RequestID, run string) error {
	return s.write(ctx, "ending to add files", func(tx *gorm.DB) error {
		return tx.Where("request = ? AND run = ?", string(id), run).Delete(&addingRow{}).Error
	})
}
