package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

// settled is a notice that no job which is not done is to send, by itself or in
// its digest.
const settled = `NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.kind = ? AND jobs.state <> ?
	AND (substr(jobs.id, 1, length(notices.id) + 1) = notices.id || '.'
		OR notices.digest <> '' AND substr(jobs.id, 1, length(notices.digest) + 1) = notices.digest || '.'))`

// ForgetSent forgets finished jobs and notices; see review.RetentionStore.
func (s *Store) ForgetSent(ctx context.Context, o review.ForgetOptions) (gone review.Forgotten, err error) {
	err = s.write(ctx, "forgetting what was sent", func(tx *gorm.DB) error {
		gone = review.Forgotten{}
		if err := forget(tx, &noticeRow{}, &gone.Notices, o.Notices, "at < ? AND (notices.request = '' OR "+heldNot("notices.request")+") AND "+settled,
			review.JobSend, string(review.JobDone)); err != nil {
			return err
		}
		err := forget(tx, &jobRow{}, &gone.Jobs, o.Jobs, "due < ? AND (jobs.request IS NULL OR "+heldNot("jobs.request")+") AND state = ?", string(review.JobDone))
		switch {
		case err != nil || gone == review.Forgotten{}:
			return err
		case o.Dry:
			return errDry
		}
		return appendEvents(tx, o.Events(gone))
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		return review.Forgotten{}, err
	}
	return gone, nil
}

// heldNot is the condition that no hold is on the request of a column.
func heldNot(column string) string {
	return "NOT EXISTS (SELECT 1 FROM holds WHERE holds.request = " + column + " AND " + inForce + ")"
}

// forget deletes rows from before a time; none when it is zero.
func forget(tx *gorm.DB, row any, n *int, before time.Time, which string, more ...any) error {
	if before.IsZero() {
		return nil
	}
	done := tx.Where(which, append([]any{micros(before)}, more...)...).Delete(row)
	*n = int(done.RowsAffected)
	return done.Error
}
