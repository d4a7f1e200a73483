package storage

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

// batch is how many rows one statement writes; SQLite takes 32,766 values.
const batch = 200

// races is how often Update runs a change again that lost to another writer.
const races = 20

// errLost says that the request was changed between being read and written.
var errLost = errors.New("another writer was first")

// Create keeps a new request with its events, at version 1.
func (s *Store) Create(ctx context.Context, r *review.Request, events ...review.Event) error {
	if err := requireEvents(r.ID, events); err != nil {
		return err
	}
	rows := rowsOf(r)
	rows.request.Version = 1
	return s.write(ctx, "creating a request", func(tx *gorm.DB) error {
		if err := tx.Create(&rows.request).Error; err != nil {
			return oneActive(err)
		}
		if err := rows.save(tx, new(aggregate)); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// oneActive gives the refusals of the requests table their kind.
func oneActive(err error) error {
	switch {
	case broken(err, uniqueIndex):
		return &review.Error{
			Kind: review.Conflict, Message: "There is already an active request for this workspace.", Err: err,
		}
	case broken(err, primaryKey):
		return &review.Error{Kind: review.Conflict, Message: "This request already exists.", Err: err}
	}
	return err
}

// Request reads one request with six statements.
func (s *Store) Request(ctx context.Context, id review.RequestID) (*review.Request, error) {
	var r *review.Request
	err := s.read(ctx, "reading a request", func(tx *gorm.DB) error {
		rows, err := load(tx, id)
		if err == nil {
			r, err = rows.domain()
		}
		return err
	})
	return r, err
}

// load reads a request whole. It asks all tables also when there is no such
// request, so that how long an answer takes does not tell somebody who may not
// see a request whether there is one.
func load(tx *gorm.DB, id review.RequestID) (*aggregate, error) {
	a := new(aggregate)
	err := tx.Where("id = ?", string(id)).Take(&a.request).Error
	missing := errors.Is(err, gorm.ErrRecordNotFound)
	if err != nil && !missing {
		return nil, err
	}
	for _, table := range []any{&a.groups, &a.files, &a.votes, &a.seats, &a.comments} {
		if err := tx.Where("request = ?", string(id)).Order("position").Find(table).Error; err != nil {
			return nil, err
		}
	}
	if missing {
		return nil, review.Errorf(review.NotFound, "There is no such request.")
	}
	return a, nil
}

// Update changes a request in a write transaction, see review.Store.
func (s *Store) Update(ctx context.Context, id review.RequestID, change func(*review.Request) (review.Change, error)) (*review.Request, error) {
	var kept *review.Request
	var err error
	for range races {
		err = s.write(ctx, "updating a request", func(tx *gorm.DB) error {
			kept, err = update(tx, id, change)
			return err
		})
		if !errors.Is(err, errLost) {
			break
		}
	}
	if errors.Is(err, errLost) {
		return nil, &review.Error{Kind: review.Unavailable, Message: "Too many people are changing this request. Try again.", Err: err}
	}
	if err != nil {
		return nil, err
	}
	return kept, nil
}

func update(tx *gorm.DB, id review.RequestID, change func(*review.Request) (review.Change, error)) (*review.Request, error) {
	before, err := load(tx, id)
	if err != nil {
		return nil, err
	}
	r, err := before.domain()
	if err != nil {
		return nil, err
	}
	made, err := change(r)
	if err != nil {
		return nil, err
	}
	if err := requireEvents(id, made.Events); err != nil {
		return nil, err
	}
	after := rowsOf(r)
	after.request.Version = before.request.Version + 1
	if err := sameRequest(before.request, after.request); err != nil {
		return nil, err
	}
	if err := swap(tx, after.request, before.request.Version); err != nil {
		return nil, err
	}
	if err := after.save(tx, before); err != nil {
		return nil, err
	}
	if err := keep(tx, id, made); err != nil {
		return nil, err
	}
	return after.domain()
}

// keep writes what a change carries besides the request.
func keep(tx *gorm.DB, id review.RequestID, c review.Change) error {
	if err := unharmed(tx, c.Rests); err != nil {
		return err
	}
	if err := appendEvents(tx, c.Events); err != nil {
		return err
	}
	if c.Release != nil {
		if err := keepRelease(tx, id, c.Release); err != nil {
			return err
		}
	}
	if err := keepRecall(tx, id, c.Recall); err != nil {
		return err
	}
	return keepJobs(tx, c.Jobs)
}

// sameRequest refuses a change of what a request is.
func sameRequest(before, after requestRow) error {
	if before.ID != after.ID || before.Author != after.Author || before.Workspace != after.Workspace ||
		before.Project != after.Project || before.Created != after.Created {
		return fmt.Errorf("storage: a change may not alter a request's id, author, workspace, project or time of creation")
	}
	return nil
}

// swap writes the request's own row if it still has the version that was read.
func swap(tx *gorm.DB, row requestRow, version int64) error {
	done := tx.Model(&requestRow{}).Select("*").Omit("id").
		Where("id = ? AND version = ?", row.ID, version).Updates(&row)
	if done.Error != nil {
		return oneActive(done.Error)
	}
	if done.RowsAffected != 1 {
		return errLost
	}
	return nil
}

// save writes the rows below the request that differ from those before.
func (a *aggregate) save(tx *gorm.DB, before *aggregate) error {
	return errors.Join(
		saveRows(tx, before.groups, a.groups, func(r groupRow) [2]string { return [2]string{r.Request, r.ID} }),
		saveRows(tx, before.files, a.files, func(r fileRow) [2]string { return [2]string{r.Request, r.ID} }),
		saveRows(tx, before.votes, a.votes, func(r voteRow) [3]string { return [3]string{r.Request, r.File, r.Checker} }),
		saveRows(tx, before.seats, a.seats, func(r seatRow) [2]string { return [2]string{r.Request, r.Checker} }),
		saveRows(tx, before.comments, a.comments, func(r commentRow) [2]string { return [2]string{r.Request, r.ID} }),
	)
}

// saveRows writes one table: rows that are new or differ, then deletes those
// that are gone. Key is a row's primary key.
func saveRows[R, K comparable](tx *gorm.DB, before, after []R, key func(R) K) error {
	old := make(map[K]R, len(before))
	for _, row := range before {
		old[key(row)] = row
	}
	seen := make(map[K]bool, len(after))
	var changed []R
	for _, row := range after {
		k := key(row)
		if seen[k] {
			return fmt.Errorf("storage: two %T have the same id", row)
		}
		seen[k] = true
		if was, ok := old[k]; !ok || was != row {
			changed = append(changed, row)
		}
	}
	if len(changed) > 0 {
		err := tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(&changed, batch).Error
		if err != nil {
			return err
		}
	}
	for _, row := range before {
		if !seen[key(row)] {
			if err := tx.Delete(&row).Error; err != nil {
				return err
			}
		}
	}
	return nil
}

// requestCountRow is written by triggers only.
type requestCountRow struct {
	Status string
	N      int
}

func (requestCountRow) TableName() string { return "request_counts" }

// Counts tells how many requests there are in each status.
func (s *Store) Counts(ctx context.Context) (map[review.Status]int, error) {
	var rows []requestCountRow
	err := s.reader.WithContext(ctx).Where("n > 0").Find(&rows).Error
	if err != nil {
		return nil, wrap("counting requests", err)
	}
	counts := make(map[review.Status]int, len(rows))
	for _, row := range rows {
		counts[review.Status(row.Status)] = row.N
	}
	return counts, nil
}
