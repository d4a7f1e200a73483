package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

type signInRow struct {
	ID        string `gorm:"primaryKey"`
	Username  string
	Method    string
	Factors   string
	Subject   string
	MethodKey string
	Sealed    []byte
	Started   int64
	Seen      int64
	Confirmed int64
	Checked   int64
	Ended     int64
	Source    string
	Browser   string
}

func (signInRow) TableName() string { return "sign_ins" }

// keepEnded is how long a session that has ended is kept: the record of it is
// in the event log.
const keepEnded = 30 * 24 * time.Hour

func newSignInRow(s review.Session) signInRow {
	return signInRow{
		s.ID, string(s.Person), s.Method, s.Factors, s.Subject, s.Key, s.Grant, micros(s.Started), micros(s.Seen),
		micros(s.Confirmed), micros(s.Checked), micros(s.Ended), s.Source, s.Browser,
	}
}

func (q signInRow) session() review.Session {
	return review.Session{
		ID: q.ID, Person: review.Username(q.Username), Method: q.Method, Factors: q.Factors, Subject: q.Subject,
		Key: q.MethodKey, Grant: q.Sealed, Started: moment(q.Started), Seen: moment(q.Seen), Confirmed: moment(q.Confirmed),
		Checked: moment(q.Checked), Ended: moment(q.Ended), Source: q.Source, Browser: q.Browser,
	}
}

// StartSession keeps a new session, and ends the oldest beyond the limit.
func (s *Store) StartSession(ctx context.Context, n review.Session, most int, events ...review.Event) error {
	row := newSignInRow(n)
	return s.write(ctx, "keeping a sign-in", func(tx *gorm.DB) error {
		if err := tx.Where("ended <> 0 AND ended < ?", micros(n.Started.Add(-keepEnded))).Delete(&signInRow{}).Error; err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if most > 0 {
			var over []string
			err := tx.Model(&signInRow{}).Where("username = ? AND ended = 0 AND id <> ?", row.Username, row.ID).
				Order("started DESC, id").Offset(most-1).Limit(1000).Pluck("id", &over).Error
			if err == nil && len(over) > 0 {
				err = tx.Model(&signInRow{}).Where("id IN ?", over).Update("ended", row.Started).Error
			}
			if err != nil {
				return err
			}
		}
		return appendEvents(tx, events)
	})
}

func errNoSession() error { return review.Errorf(review.NotFound, "There is no such session.") }

// Session reads a session, ended or not.
func (s *Store) Session(ctx context.Context, id string) (*review.Session, error) {
	var row signInRow
	err := s.reader.WithContext(ctx).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, errNoSession()
	}
	if err != nil {
		return nil, wrap("reading a sign-in", err)
	}
	session := row.session()
	return &session, nil
}

var errAllSessions = errors.New("a query of sessions names at least one thing")

// openSessions restricts to what the query selects.
func openSessions(tx *gorm.DB, q review.SessionQuery) (*gorm.DB, error) {
	if q == (review.SessionQuery{Except: q.Except}) {
		return nil, errAllSessions
	}
	tx = tx.Where("ended = 0")
	for column, value := range map[string]string{
		"id": q.ID, "username": string(q.Person), "method": q.Method, "subject": q.Subject, "method_key": q.Key,
	} {
		if value != "" {
			tx = tx.Where(column+" = ?", value)
		}
	}
	if q.Except != "" {
		tx = tx.Where("id <> ?", q.Except)
	}
	return tx, nil
}

// OpenSessions lists sessions that have not ended, newest first, at most a thousand.
func (s *Store) OpenSessions(ctx context.Context, q review.SessionQuery) ([]review.Session, error) {
	tx, err := openSessions(s.reader.WithContext(ctx), q)
	if err != nil {
		return nil, wrap("listing sign-ins", err)
	}
	var rows []signInRow
	if err := tx.Order("started DESC, id").Limit(1000).Find(&rows).Error; err != nil {
		return nil, wrap("listing sign-ins", err)
	}
	list := make([]review.Session, len(rows))
	for i, row := range rows {
		list[i] = row.session()
	}
	return list, nil
}

// SessionsInUse counts the sessions that have not ended and were used since.
func (s *Store) SessionsInUse(ctx context.Context, since time.Time) (int64, error) {
	var n int64
	err := s.reader.WithContext(ctx).Model(&signInRow{}).Where("ended = 0 AND seen >= ?", micros(since)).Count(&n).Error
	return n, wrap("counting sign-ins", err)
}

// UpdateSession lets change alter an open session.
func (s *Store) UpdateSession(ctx context.Context, id string, change func(*review.Session) error, events ...review.Event) error {
	return s.write(ctx, "changing a sign-in", func(tx *gorm.DB) error {
		var row signInRow
		err := tx.Where("id = ? AND ended = 0", id).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoSession()
		}
		if err != nil {
			return err
		}
		session := row.session()
		if err := change(&session); err != nil {
			return err
		}
		session.ID = id
		if err := tx.Model(&signInRow{}).Where("id = ?", id).Select("*").Updates(newSignInRow(session)).Error; err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		return appendEvents(tx, events)
	})
}

// EndSessions ends what the query selects.
func (s *Store) EndSessions(ctx context.Context, q review.SessionQuery, at time.Time, events ...review.Event) (int, error) {
	ended := 0
	err := s.write(ctx, "ending sign-ins", func(tx *gorm.DB) error {
		which, err := openSessions(tx.Model(&signInRow{}), q)
		if err != nil {
			return err
		}
		done := which.Update("ended", micros(at))
		ended = int(done.RowsAffected)
		if done.Error != nil || ended == 0 || len(events) == 0 {
			return done.Error
		}
		return appendEvents(tx, events)
	})
	return ended, err
}
