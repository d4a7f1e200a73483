package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

type keyRow struct {
	Username string `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"`
	Digest   string
	Claim    string
	Answer   []byte
	Until    int64
}

// maxKeys is how many keys of one person are kept at once: more than a day of
// honest work needs.
const maxKeys = 10_000

func (keyRow) TableName() string { return "idempotency_keys" }

// ClaimKey takes a person's idempotency key for one change, described by its
// digest, from now until the lease ends, in the name of claim, which the caller
// makes up afresh each time. It returns the kept answer when the change was made
// already, and nil when it is the caller's to make. Conflict while somebody else
// is making it, Invalid when the key was used for another change, Unavailable when
// the person has too many. Keys whose time is over are forgotten.
func (s *Store) ClaimKey(ctx context.Context, person review.Username, key, digest, claim string, now, lease time.Time) ([]byte, error) {
	var answer []byte
	err := s.write(ctx, "claiming a key", func(tx *gorm.DB) error {
		if err := tx.Where("until <= ?", micros(now)).Delete(&keyRow{}).Error; err != nil {
			return err
		}
		var row keyRow
		err := tx.Where("username = ? AND key = ?", string(person), key).Take(&row).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return newKey(tx, keyRow{Username: string(person), Key: key, Digest: digest, Claim: claim, Until: micros(lease)})
		case err != nil:
			return err
		case row.Digest != digest:
			return review.Errorf(review.Invalid, "This Idempotency-Key was used for something else. Choose a new key for each change.")
		case row.Answer == nil:
			return review.Errorf(review.Conflict, "The same change is being made just now. Wait for its answer.")
		}
		answer = row.Answer
		return nil
	})
	return answer, err
}

func newKey(tx *gorm.DB, row keyRow) error {
	var live int64
	if err := tx.Model(&keyRow{}).Where("username = ?", row.Username).Count(&live).Error; err != nil {
		return err
	}
	if live >= maxKeys {
		return review.Errorf(review.Unavailable, "You have used %d keys within a day, which is the most. Try again later, or without one.", maxKeys)
	}
	return tx.Create(&row).Error
}

// HoldKey lengthens the lease of a claim. Conflict when it was lost meanwhile.
func (s *Store) HoldKey(ctx context.Context, person review.Username, key, claim string, lease time.Time) error {
	return s.write(ctx, "holding a key", func(tx *gorm.DB) error {
		held := tx.Model(&keyRow{}).Where("username = ? AND key = ? AND claim = ? AND answer IS NULL", string(person), key, claim).Update("until", micros(lease))
		if held.Error == nil && held.RowsAffected == 0 {
			return review.Errorf(review.Conflict, "Somebody else makes this change now.")
		}
		return held.Error
	})
}

// KeepAnswer keeps the answer to the change that the key was claimed for, until
// the time given. It does nothing when the claim was lost meanwhile.
func (s *Store) KeepAnswer(ctx context.Context, person review.Username, key, claim string, answer []byte, until time.Time) error {
	if answer == nil {
		return errors.New("storage: an answer to keep is not nil")
	}
	return s.write(ctx, "keeping an answer", func(tx *gorm.DB) error {
		return tx.Model(&keyRow{}).Where("username = ? AND key = ? AND claim = ? AND answer IS NULL", string(person), key, claim).
			Updates(map[string]any{"answer": answer, "until": micros(until)}).Error
	})
}

// FreeKey gives a claimed key back, because no change was made.
func (s *Store) FreeKey(ctx context.Context, person review.Username, key, claim string) error {
	return s.write(ctx, "freeing a key", func(tx *gorm.DB) error {
		return tx.Where("username = ? AND key = ? AND claim = ? AND answer IS NULL", string(person), key, claim).Delete(&keyRow{}).Error
	})
}
