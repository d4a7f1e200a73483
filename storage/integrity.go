package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type alarmRow struct {
	ID     string
	Digest string
	Damage string
	At     int64
}

func (alarmRow) TableName() string { return "blob_alarms" }

type alarmEndRow struct {
	Alarm   string `gorm:"primaryKey"`
	At      int64
	EndedBy string
	Reason  string
}

func (alarmEndRow) TableName() string { return "blob_alarm_ends" }

// standing selects the alarms that have not ended.
const standing = "NOT EXISTS (SELECT 1 FROM blob_alarm_ends AS e WHERE e.alarm = blob_alarms.id)"

// RaiseAlarm keeps an alarm, unless one for the same bytes stands.
func (s *Store) RaiseAlarm(ctx context.Context, a review.Alarm, e review.Event) (raised bool, err error) {
	err = s.write(ctx, "raising an alarm", func(tx *gorm.DB) error {
		n, err := alarmsFor(tx, []review.Digest{a.Digest})
		if err != nil || n > 0 {
			return err
		}
		raised = true
		row := alarmRow{a.ID, string(a.Digest), string(a.Damage), micros(a.At)}
		return errors.Join(tx.Create(&row).Error, appendEvents(tx, []review.Event{e}))
	})
	return raised && err == nil, err
}

// alarmsFor counts the alarms that stand for any of the bytes.
func alarmsFor(tx *gorm.DB, digests []review.Digest) (n int64, err error) {
	if len(digests) == 0 {
		return 0, nil
	}
	err = tx.Model(&alarmRow{}).Where("digest IN ?", texts(digests)).Where(standing).Count(&n).Error
	return n, err
}

// unharmed refuses a change that rests on bytes under an alarm.
func unharmed(tx *gorm.DB, rests []review.Digest) error {
	n, err := alarmsFor(tx, rests)
	if err == nil && n > 0 {
		return review.ErrDamaged()
	}
	return err
}

// EndAlarm ends an alarm, once.
func (s *Store) EndAlarm(ctx context.Context, a review.Alarm, e review.Event) error {
	return s.write(ctx, "ending an alarm", func(tx *gorm.DB) error {
		var known, ended int64
		if err := tx.Model(&alarmRow{}).Where("id = ?", a.ID).Count(&known).Error; err != nil {
			return err
		}
		if err := tx.Model(&alarmEndRow{}).Where("alarm = ?", a.ID).Count(&ended).Error; err != nil {
			return err
		}
		switch {
		case known == 0:
			return review.Errorf(review.NotFound, "There is no such alarm.")
		case ended > 0:
			return review.Errorf(review.Conflict, "This alarm has ended.")
		}
		row := alarmEndRow{a.ID, micros(a.Ended), string(a.By), a.Reason}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// Alarms lists alarms with the requests that rest on their bytes.
func (s *Store) Alarms(ctx context.Context, q review.AlarmQuery) ([]review.Alarm, error) {
	var list []review.Alarm
	err := s.read(ctx, "listing alarms", func(tx *gorm.DB) error {
		page := tx.Model(&alarmRow{}).Order("at DESC, id").Limit(limit(q.Limit, 1000))
		if q.Open {
			page = page.Where(standing)
		}
		if len(q.Digests) > 0 {
			page = page.Where("digest IN ?", texts(q.Digests))
		}
		var rows []alarmRow
		if err := page.Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		var err error
		list, err = s.alarmsOf(tx, rows)
		return err
	})
	return list, err
}

func (s *Store) alarmsOf(tx *gorm.DB, rows []alarmRow) ([]review.Alarm, error) {
	ids, digests := make([]string, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		ids[i], digests[i] = row.ID, row.Digest
	}
	var ends []alarmEndRow
	if err := tx.Where("alarm IN ?", ids).Find(&ends).Error; err != nil {
		return nil, err
	}
	ended := map[string]alarmEndRow{}
	for _, e := range ends {
		ended[e.Alarm] = e
	}
	var uses []struct{ Request, Digest string }
	err := tx.Table(s.blobUses()).Distinct("request", "digest").
		Where("digest IN ? AND "+unretired, digests).Order("request").Find(&uses).Error
	if err != nil {
		return nil, err
	}
	about := map[string][]review.RequestID{}
	for _, u := range uses {
		about[u.Digest] = append(about[u.Digest], review.RequestID(u.Request))
	}
	list := make([]review.Alarm, len(rows))
	for i, row := range rows {
		e := ended[row.ID]
		list[i] = review.Alarm{
			ID: row.ID, Digest: review.Digest(row.Digest), Damage: review.Damage(row.Damage), At: moment(row.At),
			Ended: moment(e.At), By: review.Username(e.EndedBy), Reason: e.Reason, Requests: about[row.Digest],
		}
	}
	return list, nil
}

// blobUses is, as a table, which bytes each request rests on: its files as they
// came and as they would leave, what they were before, and what was released.
func (s *Store) blobUses() string {
	return `(SELECT request, digest FROM request_files WHERE digest <> ''
		UNION ALL SELECT request, "release" FROM request_files WHERE "release" <> ''
		UNION ALL ` + s.engine.earlierUses() + `
		UNION ALL SELECT r.request, x.sha256 FROM release_files AS x JOIN releases AS r ON r.id = x."release"
		UNION ALL SELECT r.request, x.original FROM release_files AS x JOIN releases AS r ON r.id = x."release"
			WHERE x.original <> '') AS blob_uses`
}

// unretired selects the uses of bytes by requests for whose sake they are kept.
const unretired = "NOT EXISTS (SELECT 1 FROM retired_requests AS t WHERE t.request = blob_uses.request)"

// BlobsInUse lists the digests that requests rest on, in order.
func (s *Store) BlobsInUse(ctx context.Context, after review.Digest, most int) ([]review.Digest, error) {
	var list []review.Digest
	err := s.reader.WithContext(ctx).Table(s.blobUses()).Distinct("digest").
		Where("digest > ? AND "+unretired, string(after)).Order("digest").Limit(most).Scan(&list).Error
	return list, wrap("listing the bytes in use", err)
}

type scrubRow struct {
	ID       int `gorm:"primaryKey;autoIncrement:false"`
	Begun    int64
	After    string
	Done     int
	Finished int64
	Total    int
}

func (scrubRow) TableName() string { return "scrub" }

// Scrub is how far reading all bytes again has come.
func (s *Store) Scrub(ctx context.Context) (review.Scrub, error) {
	var rows []scrubRow
	if err := s.reader.WithContext(ctx).Find(&rows).Error; err != nil || len(rows) == 0 {
		return review.Scrub{}, wrap("reading how far the bytes were read", err)
	}
	r := rows[0]
	return review.Scrub{Begun: moment(r.Begun), After: review.Digest(r.After), Done: r.Done, Finished: moment(r.Finished), Total: r.Total}, nil
}

// SaveScrub keeps it.
func (s *Store) SaveScrub(ctx context.Context, at review.Scrub) error {
	row := scrubRow{1, micros(at.Begun), string(at.After), at.Done, micros(at.Finished), at.Total}
	return s.write(ctx, "keeping how far the bytes were read", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}
