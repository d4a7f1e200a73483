package storage

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type noticeRow struct {
	ID        string
	Kind      string
	Audience  string
	Person    string
	At        int64
	Request   string
	Workspace string
	Project   string
	Requester string
	Author    string
	Actor     string
	Purpose   string
	Path      string
	Daily     bool
	Digest    string
}

func (noticeRow) TableName() string { return "notices" }

func noticeRowOf(n review.Notice) noticeRow {
	return noticeRow{
		n.ID, string(n.Kind), string(n.To), string(n.Person), micros(n.At), string(n.Request), string(n.Workspace),
		n.Project, n.Requester, string(n.Author), string(n.Actor), n.Purpose, n.Path, n.Daily, n.Digest,
	}
}

func (q noticeRow) notice() review.Notice {
	return review.Notice{
		ID: q.ID, Kind: review.NoticeKind(q.Kind), To: review.Audience(q.Audience), Person: review.Username(q.Person), At: moment(q.At),
		Request: review.RequestID(q.Request), Workspace: review.WorkspaceName(q.Workspace), Project: q.Project,
		Requester: q.Requester, Author: review.Username(q.Author), Actor: review.Username(q.Actor),
		Purpose: q.Purpose, Path: q.Path, Daily: q.Daily, Digest: q.Digest,
	}
}

type choicesRow struct {
	Username string `gorm:"primaryKey"`
	Choices  string
}

func (choicesRow) TableName() string { return "notice_choices" }

// KeepNotices keeps notices once.
func (s *Store) KeepNotices(ctx context.Context, list []review.Notice) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]noticeRow, len(list))
	for i, n := range list {
		rows[i] = noticeRowOf(n)
	}
	return s.write(ctx, "keeping notices", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, batch).Error
	})
}

// KeepDigest keeps a digest and marks its items, once.
func (s *Store) KeepDigest(ctx context.Context, digest review.Notice) error {
	return s.write(ctx, "keeping a digest", func(tx *gorm.DB) error {
		row := noticeRowOf(digest)
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if made.Error != nil || made.RowsAffected == 0 {
			return made.Error
		}
		var ids []string
		for _, n := range digest.Items {
			ids = append(ids, n.ID)
		}
		return tx.Model(&noticeRow{}).Where("id IN ? AND person = ? AND digest = ''", ids, row.Person).
			Update("digest", row.ID).Error
	})
}

// Notices lists notices, newest first.
func (s *Store) Notices(ctx context.Context, q review.NoticeQuery) ([]review.Notice, error) {
	tx := s.reader.WithContext(ctx).Order("at DESC, id").Limit(limit(q.Limit, 100))
	if q.ID != "" {
		tx = tx.Where("id = ?", q.ID)
	}
	if q.Person != "" {
		tx = tx.Where("person = ?", string(q.Person))
	}
	if q.Digest != "" {
		tx = tx.Where("digest = ?", q.Digest)
	}
	if q.Waiting {
		tx = tx.Where("daily = ? AND digest = ''", true)
	}
	var rows []noticeRow
	if err := tx.Find(&rows).Error; err != nil {
		return nil, wrap("reading notices", err)
	}
	list := make([]review.Notice, len(rows))
	for i, row := range rows {
		list[i] = row.notice()
	}
	return list, nil
}

// NoticeChoices are the choices of everybody who made any.
func (s *Store) NoticeChoices(ctx context.Context) (map[review.Username]review.NoticeChoices, error) {
	var rows []choicesRow
	if err := s.reader.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, wrap("reading choices", err)
	}
	all := make(map[review.Username]review.NoticeChoices, len(rows))
	for _, row := range rows {
		c, err := decode[review.NoticeChoices](row.Choices)
		if err != nil {
			return nil, wrap("reading choices", err)
		}
		all[review.Username(row.Username)] = c
	}
	return all, nil
}

// SaveNoticeChoices keeps one person's choices with its event.
func (s *Store) SaveNoticeChoices(ctx context.Context, name review.Username, c review.NoticeChoices, e review.Event) error {
	return s.write(ctx, "saving choices", func(tx *gorm.DB) error {
		row := choicesRow{string(name), object(c)}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
}
