package storage

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"sallyport/review"
)

type eventRow struct {
	Seq        int64 `gorm:"primaryKey;autoIncrement:false"`
	At         int64
	Type       string
	Actor      string
	Request    string
	Workspace  string
	GroupID    string
	File       string
	Path       string
	Turn       int
	FromStatus string
	ToStatus   string
	Digest     string
	Findings   string
	Policy     string
	Detail     string
	Source     string
	Leaf       []byte
	Purpose    string
}

func (eventRow) TableName() string { return "events" }

// eventRowOf seals an event into its row.
func eventRowOf(e review.Event) eventRow {
	e.At = moment(micros(e.At)) // as it will be read
	leaf := e.Leaf()
	return eventRow{
		e.Seq, micros(e.At), string(e.Type), string(e.Actor), string(e.Request), string(e.Workspace),
		string(e.Group), string(e.File), e.Path, e.Turn, string(e.From), string(e.To),
		string(e.Digest), string(e.Findings), e.Policy, encodeMap(e.Detail), e.Source, leaf[:], string(e.Purpose),
	}
}

func (q eventRow) event() (review.Event, error) {
	detail, err := decode[map[string]string](q.Detail)
	return review.Event{
		Seq: q.Seq, At: moment(q.At), Type: review.EventType(q.Type), Actor: review.Username(q.Actor),
		Request: review.RequestID(q.Request), Workspace: review.WorkspaceName(q.Workspace),
		Group: review.GroupID(q.GroupID), File: review.FileID(q.File), Path: q.Path, Turn: q.Turn,
		From: review.Status(q.FromStatus), To: review.Status(q.ToStatus),
		Digest: review.Digest(q.Digest), Findings: review.Digest(q.Findings), Policy: q.Policy,
		Detail: detail, Source: q.Source, Purpose: review.Purpose(q.Purpose),
	}, err
}

// requireEvents refuses a change of a request that leaves no trace in its record.
func requireEvents(id review.RequestID, events []review.Event) error {
	if len(events) == 0 {
		return fmt.Errorf("storage: a change of a request needs an event")
	}
	for _, e := range events {
		if e.Request != id {
			return fmt.Errorf("storage: an event of type %s does not name the request that it tells of", e.Type)
		}
	}
	return nil
}

// appendEvents numbers events on from the last, keeps them, and lets the tree
// over the record grow by them. The write lock of tx makes the numbers follow
// one another.
func appendEvents(tx *gorm.DB, events []review.Event) error {
	if len(events) == 0 {
		return nil
	}
	at, err := endsOf(tx)
	if err == nil {
		err = catchUp(tx, at)
	}
	if err != nil {
		return err
	}
	rows, leaves := make([]eventRow, len(events)), make([][]byte, len(events))
	for i, e := range events {
		if e.At.IsZero() || e.Type == "" {
			return fmt.Errorf("storage: an event needs a time and a type")
		}
		e.Seq = at.Events + 1 + int64(i)
		rows[i] = eventRowOf(e)
		leaves[i] = rows[i].Leaf
	}
	if err := tx.CreateInBatches(&rows, batch).Error; err != nil {
		return err
	}
	return growTree(tx, at.Events, leaves)
}

// Append adds events that change no request.
func (s *Store) Append(ctx context.Context, events ...review.Event) error {
	return s.write(ctx, "recording events", func(tx *gorm.DB) error { return appendEvents(tx, events) })
}

// Events lists the log.
func (s *Store) Events(ctx context.Context, q review.EventQuery) ([]review.Event, error) {
	var rows []eventRow
	if err := selectEvents(s.reader.WithContext(ctx), q).Find(&rows).Error; err != nil {
		return nil, wrap("reading the record", err)
	}
	list := make([]review.Event, len(rows))
	for i, row := range rows {
		e, err := row.event()
		if err != nil {
			return nil, wrap("reading the record", err)
		}
		list[i] = e
	}
	return list, nil
}

func selectEvents(tx *gorm.DB, q review.EventQuery) *gorm.DB {
	page := tx.Model(&eventRow{}).Limit(limit(q.Limit, 1000))
	if q.Newest {
		page = page.Order("seq DESC")
	} else {
		page = page.Order("seq")
	}
	if q.Request != "" {
		page = page.Where("request = ?", string(q.Request))
	}
	if q.Actor != "" {
		page = page.Where("actor = ?", string(q.Actor))
	}
	if len(q.Types) > 0 {
		page = page.Where("type IN ?", texts(q.Types))
	}
	if q.Workspace != "" {
		page = page.Where("workspace = ?", string(q.Workspace))
	}
	if q.To != "" {
		page = page.Where("to_status = ? AND from_status <> to_status", string(q.To))
	}
	if q.Path != "" {
		page = page.Where("path = ?", q.Path)
	}
	if q.Digest != "" {
		page = beginning(page, "digest", string(q.Digest))
	}
	if q.Policy != "" {
		page = beginning(page, "policy", q.Policy)
	}
	if q.After > 0 {
		page = page.Where("seq > ?", q.After)
	}
	if q.Before > 0 {
		page = page.Where("seq < ?", q.Before)
	}
	return between(page, "at", q.Since, q.Until)
}
