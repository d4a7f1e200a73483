package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

// Sessions keeps sign-in sessions in the store's database, as the session
// library scs wants a store that takes contexts. A token is kept as its SHA-256
// only: who reads the database cannot use it to sign in.
type Sessions struct {
	store *Store
	now   review.Clock
}

type sessionRow struct {
	TokenHash string `gorm:"primaryKey"`
	Data      []byte
	Expiry    int64
}

func (sessionRow) TableName() string { return "sessions" }

// Sessions returns the sessions of this database.
func (s *Store) Sessions(now review.Clock) *Sessions { return &Sessions{s, now} }

// byHash marks the names that AllCtx gives sessions. No token has it: a token
// is URL-safe base64.
const byHash = "sha256:"

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// FindCtx returns a session's data, and false when there is none or it is over.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var row sessionRow
	err := s.store.reader.WithContext(ctx).
		Where("token_hash = ? AND expiry > ?", hashToken(token), micros(s.now())).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, wrap("reading a session", err)
	}
	return row.Data, true, nil
}

// CommitCtx adds or replaces a session, and drops those that are over.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	row := sessionRow{hashToken(token), data, micros(expiry)}
	return s.store.write(ctx, "keeping a session", func(tx *gorm.DB) error {
		if err := tx.Where("expiry <= ?", micros(s.now())).Delete(&sessionRow{}).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// DeleteCtx drops a session, named by its token or as AllCtx named it.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	name, found := strings.CutPrefix(token, byHash)
	if !found {
		name = hashToken(token)
	}
	return s.store.write(ctx, "dropping a session", func(tx *gorm.DB) error {
		return tx.Where("token_hash = ?", name).Delete(&sessionRow{}).Error
	})
}

// AllCtx returns the data of all sessions that are not over. Their tokens being
// unknown, the names in the map are good for DeleteCtx only.
func (s *Sessions) AllCtx(ctx context.Context) (map[string][]byte, error) {
	var rows []sessionRow
	err := s.store.reader.WithContext(ctx).Where("expiry > ?", micros(s.now())).Find(&rows).Error
	if err != nil {
		return nil, wrap("listing sessions", err)
	}
	all := make(map[string][]byte, len(rows))
	for _, row := range rows {
		all[byHash+row.TokenHash] = row.Data
	}
	return all, nil
}

// Find is FindCtx. It, Commit, Delete and All are for callers without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// All is AllCtx.
func (s *Sessions) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }
