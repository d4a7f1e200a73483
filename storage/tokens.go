package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
)

type tokenRow struct {
	ID       string `gorm:"primaryKey"`
	Hash     string
	Username string
	Name     string
	Scopes   string
	Created  int64
	Expires  int64
	Used     int64
	Revoked  int64
}

func (tokenRow) TableName() string { return "tokens" }

func (q tokenRow) token() (review.Token, error) {
	scopes, err := decode[[]policy.Scope](q.Scopes)
	return review.Token{
		ID: q.ID, Person: review.Username(q.Username), Name: q.Name, Scopes: scopes, Created: moment(q.Created),
		Expires: moment(q.Expires), Used: moment(q.Used), Revoked: moment(q.Revoked),
	}, err
}

// AddToken keeps a new token under the SHA-256 of its secret, with its event.
func (s *Store) AddToken(ctx context.Context, t review.Token, hash string, e review.Event) error {
	row := tokenRow{
		ID: t.ID, Hash: hash, Username: string(t.Person), Name: t.Name, Scopes: encode(t.Scopes),
		Created: micros(t.Created), Expires: micros(t.Expires),
	}
	return s.write(ctx, "keeping a token", func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// TokenByHash finds a token, in force or not, by the SHA-256 of its secret;
// NotFound when there is none.
func (s *Store) TokenByHash(ctx context.Context, hash string) (*review.Token, error) {
	var row tokenRow
	err := s.reader.WithContext(ctx).Where("hash = ?", hash).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, errNoToken()
	}
	if err != nil {
		return nil, wrap("reading a token", err)
	}
	t, err := row.token()
	return &t, err
}

func errNoToken() error { return review.Errorf(review.NotFound, "There is no such token.") }

// TokensOf lists all tokens of a person, newest first, at most a thousand.
func (s *Store) TokensOf(ctx context.Context, person review.Username) ([]review.Token, error) {
	var rows []tokenRow
	err := s.reader.WithContext(ctx).Where("username = ?", string(person)).Order("created DESC, id").Limit(1000).Find(&rows).Error
	if err != nil {
		return nil, wrap("listing tokens", err)
	}
	list := make([]review.Token, len(rows))
	for i, row := range rows {
		if list[i], err = row.token(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// UseToken keeps when a token was used last. One that is revoked stays as it is.
func (s *Store) UseToken(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, "dating a token", func(tx *gorm.DB) error {
		return tx.Model(&tokenRow{}).Where("id = ? AND revoked = 0", id).Update("used", micros(at)).Error
	})
}

// RevokeToken ends a token of the person, with its event. NotFound when they
// have none of that id in force.
func (s *Store) RevokeToken(ctx context.Context, person review.Username, id string, at time.Time, e review.Event) error {
	return s.write(ctx, "revoking a token", func(tx *gorm.DB) error {
		done := tx.Model(&tokenRow{}).Where("id = ? AND username = ? AND revoked = 0", id, string(person)).Update("revoked", micros(at))
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return errNoToken()
		}
		return appendEvents(tx, []review.Event{e})
	})
}
