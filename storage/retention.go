package storage

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

type retiredRow struct {
	Request string `gorm:"primaryKey"`
	At      int64
}

func (retiredRow) TableName() string { return "retired_requests" }

type removalRow struct {
	Digest string `gorm:"primaryKey"`
	At     int64  `gorm:"primaryKey;autoIncrement:false"`
}

func (removalRow) TableName() string { return "blob_removals" }

type removalEndRow struct {
	Digest string `gorm:"primaryKey"`
	At     int64  `gorm:"primaryKey;autoIncrement:false"`
	Ended  int64
	Done   bool
}

func (removalEndRow) TableName() string { return "blob_removal_ends" }

type packageRemovalRow struct {
	Release string `gorm:"primaryKey"`
	Sink    string `gorm:"primaryKey"`
	At      int64
}

func (packageRemovalRow) TableName() string { return "package_removals" }

type reportRemovalRow struct {
	SetDigest string `gorm:"primaryKey"`
	Policy    string `gorm:"primaryKey"`
	Engine    string `gorm:"primaryKey"`
	At        int64  `gorm:"primaryKey;autoIncrement:false"`
}

func (reportRemovalRow) TableName() string { return "report_removals" }

// errDry ends a transaction that was only tried.
var errDry = errors.New("nothing is kept of a dry run")

// Retire gives up the bytes of requests; see review.RetentionStore.
func (s *Store) Retire(ctx context.Context, ids []review.RequestID, o review.RetireOptions) ([]review.Retired, error) {
	var gone []review.Retired
	err := s.write(ctx, "applying the retention policy", func(tx *gorm.DB) (err error) {
		if gone, err = s.retire(tx, ids, o); err != nil || len(gone) == 0 {
			return err
		}
		if o.Dry {
			return errDry
		}
		return appendEvents(tx, o.Events(gone))
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return gone, nil
}

func (s *Store) retire(tx *gorm.DB, ids []review.RequestID, o review.RetireOptions) ([]review.Retired, error) {
	free, err := s.retirable(tx, ids)
	if err != nil || len(free) == 0 {
		return nil, err
	}
	rows := make([]retiredRow, len(free))
	for i, id := range free {
		rows[i] = retiredRow{id, micros(o.At)}
	}
	if err := tx.CreateInBatches(&rows, batch).Error; err != nil {
		return nil, err
	}
	gone := make([]review.Retired, len(free))
	for i, id := range free {
		gone[i].Request = review.RequestID(id)
		if gone[i].Digests, err = s.noteRemovals(tx, id, o.At); err == nil && o.Findings {
			gone[i].Findings, err = removeReports(tx, id, o.At)
		}
		if err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// retirable leaves out requests that are open, held, retired, or whose bytes
// are under an alarm.
func (s *Store) retirable(tx *gorm.DB, ids []review.RequestID) (free []string, err error) {
	err = tx.Raw(`SELECT id FROM requests WHERE id IN ? AND status IN ?
		AND NOT EXISTS (SELECT 1 FROM retired_requests AS t WHERE t.request = requests.id)
		AND NOT EXISTS (SELECT 1 FROM holds AS h WHERE h.request = requests.id
			AND NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = h.id))
		AND NOT EXISTS (SELECT 1 FROM blob_alarms AS a JOIN `+s.blobUses()+` ON blob_uses.digest = a.digest WHERE blob_uses.request = requests.id
			AND NOT EXISTS (SELECT 1 FROM blob_alarm_ends AS e WHERE e.alarm = a.id))
		ORDER BY id`, texts(ids), texts([]review.Status{review.Released, review.Rejected, review.Withdrawn})).Scan(&free).Error
	return free, err
}

// noteRemovals notes for removal the bytes of a retired request that nobody
// rests on any more, and that are not about to be removed already.
func (s *Store) noteRemovals(tx *gorm.DB, id string, at time.Time) ([]review.Digest, error) {
	var own []string
	err := tx.Raw(`SELECT DISTINCT u.digest FROM (SELECT request, digest FROM `+s.blobUses()+`) AS u WHERE u.request = ?
		AND NOT EXISTS (SELECT 1 FROM `+s.blobUses()+` WHERE blob_uses.digest = u.digest AND `+unretired+`)
		AND NOT EXISTS (SELECT 1 FROM blob_removals AS x WHERE x.digest = u.digest
			AND (x.at = ? OR NOT EXISTS (SELECT 1 FROM blob_removal_ends AS e WHERE e.digest = x.digest AND e.at = x.at)))
		ORDER BY u.digest`, id, micros(at)).Scan(&own).Error
	if err != nil || len(own) == 0 {
		return nil, err
	}
	rows, digests := make([]removalRow, len(own)), make([]review.Digest, len(own))
	for i, d := range own {
		rows[i], digests[i] = removalRow{d, micros(at)}, review.Digest(d)
	}
	return digests, tx.CreateInBatches(&rows, batch).Error
}

// removeReports deletes the findings of a retired request that no other request
// has, and notes that.
func removeReports(tx *gorm.DB, id string, at time.Time) (int, error) {
	var keys []reportRemovalRow
	err := tx.Raw(`SELECT p.set_digest, p.policy, p.engine, CAST(? AS BIGINT) AS at FROM reports AS p JOIN requests AS r
			ON r.report_set = p.set_digest AND r.report_policy = p.policy AND r.report_engine = p.engine
		WHERE r.id = ? AND NOT EXISTS (SELECT 1 FROM requests AS o WHERE o.report_set = p.set_digest
			AND o.report_policy = p.policy AND o.report_engine = p.engine
			AND NOT EXISTS (SELECT 1 FROM retired_requests AS t WHERE t.request = o.id))`, micros(at), id).Scan(&keys).Error
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		if err := tx.Create(&k).Error; err != nil {
			return 0, err
		}
		err := tx.Exec(`DELETE FROM reports WHERE set_digest = ? AND policy = ? AND engine = ?`, k.SetDigest, k.Policy, k.Engine).Error
		if err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

// RetiredAt is when the bytes of a request were given up.
func (s *Store) RetiredAt(ctx context.Context, id review.RequestID) (time.Time, error) {
	var rows []retiredRow
	err := s.reader.WithContext(ctx).Where("request = ?", string(id)).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, wrap("reading what was removed", err)
	}
	return moment(rows[0].At), nil
}

// Removals lists the blobs that are still to be removed.
func (s *Store) Removals(ctx context.Context) ([]review.BlobRemoval, error) {
	var rows []removalRow
	err := s.reader.WithContext(ctx).
		Where("NOT EXISTS (SELECT 1 FROM blob_removal_ends AS e WHERE e.digest = blob_removals.digest AND e.at = blob_removals.at)").
		Order("at, digest").Find(&rows).Error
	if err != nil {
		return nil, wrap("listing what is to be removed", err)
	}
	list := make([]review.BlobRemoval, len(rows))
	for i, row := range rows {
		list[i] = review.BlobRemoval{Digest: review.Digest(row.Digest), At: moment(row.At)}
	}
	return list, nil
}

// EndRemoval says how a removal ended; a second time it does nothing.
func (s *Store) EndRemoval(ctx context.Context, r review.BlobRemoval, ended time.Time, done bool) error {
	return s.write(ctx, "ending a removal", func(tx *gorm.DB) error {
		row := removalEndRow{string(r.Digest), micros(r.At), micros(ended), done}
		var n int64
		err := tx.Model(&row).Where("digest = ? AND at = ?", row.Digest, row.At).Count(&n).Error
		if err != nil || n > 0 {
			return err
		}
		return tx.Create(&row).Error
	})
}

// InUse reports whether a request that is not retired rests on the bytes.
func (s *Store) InUse(ctx context.Context, d review.Digest) (bool, error) {
	var n int64
	err := s.reader.WithContext(ctx).Table(s.blobUses()).Where("digest = ? AND "+unretired, string(d)).Count(&n).Error
	return n > 0, wrap("asking for the bytes in use", err)
}

// Unnamed returns those of the digests that no request ever rested on.
func (s *Store) Unnamed(ctx context.Context, digests []review.Digest) ([]review.Digest, error) {
	var named []string
	err := s.reader.WithContext(ctx).Table(s.blobUses()).Distinct("digest").Where("digest IN ?", texts(digests)).Scan(&named).Error
	if err != nil {
		return nil, wrap("asking for bytes that nobody named", err)
	}
	return slices.DeleteFunc(slices.Clone(digests), func(d review.Digest) bool { return slices.Contains(named, string(d)) }), nil
}

// RemovePackage notes that a package is removed, once.
func (s *Store) RemovePackage(ctx context.Context, release, sink string, at time.Time, e review.Event) (first bool, err error) {
	err = s.write(ctx, "removing a package", func(tx *gorm.DB) error {
		row := packageRemovalRow{release, sink, micros(at)}
		var n int64
		err := tx.Model(&row).Where("release = ? AND sink = ?", release, sink).Count(&n).Error
		if err != nil || n > 0 {
			return err
		}
		first = true
		return errors.Join(tx.Create(&row).Error, appendEvents(tx, []review.Event{e}))
	})
	return first && err == nil, err
}

// DropSessions forgets sessions that were over at a time.
func (s *Store) DropSessions(ctx context.Context, over time.Time) (n int, err error) {
	err = s.write(ctx, "dropping sessions", func(tx *gorm.DB) error {
		done := tx.Where("expiry <= ?", micros(over)).Delete(&sessionRow{})
		n = int(done.RowsAffected)
		return done.Error
	})
	return n, err
}

type holdRow struct {
	ID      string
	Request string
	At      int64
	PutBy   string
	Reason  string
}

func (holdRow) TableName() string { return "holds" }

type holdEndRow struct {
	Hold     string `gorm:"primaryKey"`
	At       int64
	LiftedBy string
	Reason   string
}

func (holdEndRow) TableName() string { return "hold_ends" }

const inForce = "NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = holds.id)"

// Hold keeps a legal hold. One that comes after the bytes were given up is a
// Conflict.
func (s *Store) Hold(ctx context.Context, h review.Hold, e review.Event) error {
	return s.write(ctx, "holding a request", func(tx *gorm.DB) error {
		var held, retired int64
		if err := tx.Model(&holdRow{}).Where("request = ?", string(h.Request)).Where(inForce).Count(&held).Error; err != nil {
			return err
		}
		if err := tx.Model(&retiredRow{}).Where("request = ?", string(h.Request)).Count(&retired).Error; err != nil {
			return err
		}
		switch {
		case held > 0:
			return review.Errorf(review.Conflict, "This request is held already.")
		case retired > 0:
			return review.Errorf(review.Conflict, "The stored bytes of this request have been removed.")
		}
		row := holdRow{h.ID, string(h.Request), micros(h.At), string(h.By), h.Reason}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// LiftHold ends the hold of a request.
func (s *Store) LiftHold(ctx context.Context, h review.Hold, e review.Event) error {
	return s.write(ctx, "lifting a hold", func(tx *gorm.DB) error {
		var rows []holdRow
		if err := tx.Where("request = ?", string(h.Request)).Where(inForce).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return review.Errorf(review.Conflict, "This request is not held.")
		}
		end := holdEndRow{rows[0].ID, micros(h.Lifted), string(h.LiftedBy), h.LiftReason}
		if err := tx.Create(&end).Error; err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// Holds lists the holds of a request, or of all, newest first.
func (s *Store) Holds(ctx context.Context, id review.RequestID) ([]review.Hold, error) {
	var list []review.Hold
	err := s.read(ctx, "listing holds", func(tx *gorm.DB) error {
		page := tx.Model(&holdRow{}).Order("at DESC, id")
		if id != "" {
			page = page.Where("request = ?", string(id))
		}
		var rows []holdRow
		if err := page.Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		var ends []holdEndRow
		if err := tx.Find(&ends).Error; err != nil {
			return err
		}
		lifted := map[string]holdEndRow{}
		for _, e := range ends {
			lifted[e.Hold] = e
		}
		for _, row := range rows {
			e := lifted[row.ID]
			list = append(list, review.Hold{
				ID: row.ID, Request: review.RequestID(row.Request), At: moment(row.At), By: review.Username(row.PutBy), Reason: row.Reason,
				Lifted: moment(e.At), LiftedBy: review.Username(e.LiftedBy), LiftReason: e.Reason,
			})
		}
		return nil
	})
	return list, err
}
