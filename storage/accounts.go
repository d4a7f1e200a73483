package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

var _ review.Accounts = (*Store)(nil)

type credentialsRow struct {
	Username string `gorm:"primaryKey"`
	Handle   string
	Code     string
	Passkeys string
	Recovery string
}

func (credentialsRow) TableName() string { return "credentials" }

type invitationRow struct {
	Hash     string `gorm:"primaryKey"`
	Username string
	MadeBy   string
	Made     int64
	Expires  int64
	Used     int64
}

func (invitationRow) TableName() string { return "invitations" }

type identityRow struct {
	Method   string `gorm:"primaryKey"`
	Subject  string `gorm:"primaryKey"`
	Username string
	Linked   int64
}

func (identityRow) TableName() string { return "identities" }

// Credentials reads what a person can show to sign in.
func (s *Store) Credentials(ctx context.Context, name review.Username) (*review.Credentials, error) {
	var c *review.Credentials
	err := s.read(ctx, "reading credentials", func(tx *gorm.DB) (err error) {
		c, err = credentialsOf(tx, name)
		return err
	})
	return c, err
}

// CredentialsByHandle finds the credentials that passkeys know by the handle.
func (s *Store) CredentialsByHandle(ctx context.Context, handle []byte) (*review.Credentials, error) {
	var c *review.Credentials
	err := s.read(ctx, "reading credentials", func(tx *gorm.DB) error {
		var row credentialsRow
		err := tx.Where("handle = ?", hex.EncodeToString(handle)).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoPerson()
		}
		if err != nil {
			return err
		}
		c, err = credentialsOf(tx, review.Username(row.Username))
		return err
	})
	return c, err
}

func errNoPerson() error { return review.Errorf(review.NotFound, "There is no such person.") }

// credentialsOf reads within a transaction. Somebody who has none yet gets a
// handle, which is kept with their first change.
func credentialsOf(tx *gorm.DB, name review.Username) (*review.Credentials, error) {
	var person personRow
	err := tx.Where("username = ?", string(name)).Take(&person).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, errNoPerson()
	}
	if err != nil {
		return nil, err
	}
	c := &review.Credentials{Person: name, PasswordHash: person.PasswordHash}
	var row credentialsRow
	err = tx.Where("username = ?", string(name)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		c.Handle = make([]byte, 32)
		_, err = rand.Read(c.Handle)
		return c, err
	}
	if err != nil {
		return nil, err
	}
	var err1, err3, err4 error
	c.Handle, err1 = hex.DecodeString(row.Handle)
	codes, err2 := decode[[]review.CodeFactor](row.Code)
	if len(codes) > 0 {
		c.Code = &codes[0]
	}
	c.Passkeys, err3 = decode[[]review.Passkey](row.Passkeys)
	c.Recovery, err4 = decode[[]string](row.Recovery)
	return c, errors.Join(err1, err2, err3, err4)
}

// UpdateCredentials lets change alter a person's credentials, and keeps them
// with the events it returns.
func (s *Store) UpdateCredentials(ctx context.Context, name review.Username, change func(*review.Credentials) ([]review.Event, error)) error {
	return s.write(ctx, "keeping credentials", func(tx *gorm.DB) error {
		c, err := credentialsOf(tx, name)
		if err != nil {
			return err
		}
		was, handle := c.PasswordHash, bytes.Clone(c.Handle)
		events, err := change(c)
		if err != nil {
			return err
		}
		var codes []review.CodeFactor // none or one
		if c.Code != nil {
			codes = append(codes, *c.Code)
		}
		row := credentialsRow{string(name), hex.EncodeToString(handle), encode(codes), encode(c.Passkeys), encode(c.Recovery)}
		if err := tx.Where("username = ?", row.Username).Delete(&credentialsRow{}).Error; err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if c.PasswordHash != was {
			if err := setPassword(tx, name, c.PasswordHash); err != nil {
				return err
			}
		}
		return appendEvents(tx, events)
	})
}

func setPassword(tx *gorm.DB, name review.Username, hash string) error {
	return tx.Model(&personRow{}).Where("username = ?", string(name)).Update("password_hash", hash).Error
}

// Invite keeps an invitation; earlier ones of the person are used up by it.
func (s *Store) Invite(ctx context.Context, i review.Invitation, events ...review.Event) error {
	row := invitationRow{i.Hash, string(i.Person), string(i.By), micros(i.Made), micros(i.Expires), 0}
	err := s.write(ctx, "keeping an invitation", func(tx *gorm.DB) error {
		old := tx.Model(&invitationRow{}).Where("username = ? AND used = 0", row.Username)
		if err := old.Update("used", row.Made).Error; err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
	if broken(err, foreignKey) {
		return errNoPerson()
	}
	return err
}

func errNoInvitation() error {
	return review.Errorf(review.NotFound, "There is no such invitation.")
}

// Invitation reads an invitation that was not used.
func (s *Store) Invitation(ctx context.Context, hash string) (*review.Invitation, error) {
	var row invitationRow
	err := s.reader.WithContext(ctx).Where("hash = ? AND used = 0", hash).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, errNoInvitation()
	}
	if err != nil {
		return nil, wrap("reading an invitation", err)
	}
	return &review.Invitation{
		Hash: row.Hash, Person: review.Username(row.Username), By: review.Username(row.MadeBy),
		Made: moment(row.Made), Expires: moment(row.Expires),
	}, nil
}

// Accept uses an invitation up and sets its person's password.
func (s *Store) Accept(ctx context.Context, hash, passwordHash string, at time.Time, events ...review.Event) error {
	return s.write(ctx, "taking an invitation", func(tx *gorm.DB) error {
		var row invitationRow
		open := tx.Where("hash = ? AND used = 0 AND expires > ?", hash, micros(at))
		if err := open.Take(&row).Error; errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoInvitation()
		} else if err != nil {
			return err
		}
		if err := tx.Model(&invitationRow{}).Where("hash = ?", hash).Update("used", micros(at)).Error; err != nil {
			return err
		}
		if err := setPassword(tx, review.Username(row.Username), passwordHash); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// Identity finds the person that a subject of a method is.
func (s *Store) Identity(ctx context.Context, method, subject string) (review.Username, error) {
	var row identityRow
	err := s.reader.WithContext(ctx).Where("method = ? AND subject = ?", method, subject).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", errNoPerson()
	}
	return review.Username(row.Username), wrap("reading an identity", err)
}

// Identities lists who a person is to other methods.
func (s *Store) Identities(ctx context.Context, name review.Username) ([]review.Identity, error) {
	var rows []identityRow
	err := s.reader.WithContext(ctx).Where("username = ?", string(name)).Order("method, subject").Limit(100).Find(&rows).Error
	if err != nil {
		return nil, wrap("listing identities", err)
	}
	list := make([]review.Identity, len(rows))
	for i, row := range rows {
		list[i] = review.Identity{Method: row.Method, Subject: row.Subject, Person: review.Username(row.Username), Linked: moment(row.Linked)}
	}
	return list, nil
}

// Link keeps that a subject of a method is a person here.
func (s *Store) Link(ctx context.Context, i review.Identity, events ...review.Event) error {
	err := s.write(ctx, "keeping an identity", func(tx *gorm.DB) error {
		row := identityRow{i.Method, i.Subject, string(i.Person), micros(i.Linked)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
	switch {
	case broken(err, primaryKey):
		return review.Errorf(review.Conflict, "This sign-in belongs to somebody already.")
	case broken(err, foreignKey):
		return errNoPerson()
	}
	return err
}

// Vouch keeps a person as a method vouches for them.
func (s *Store) Vouch(ctx context.Context, i review.Identity, p review.Person, known []review.Project, events ...review.Event) error {
	return s.write(ctx, "keeping a person", func(tx *gorm.DB) error {
		var row identityRow
		err := tx.Where("method = ? AND subject = ?", i.Method, i.Subject).Take(&row).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			row = identityRow{i.Method, i.Subject, string(p.Username), micros(i.Linked)}
			err = tx.Create(&row).Error
		case err == nil && row.Username != string(p.Username):
			err = review.Errorf(review.Conflict, "This sign-in belongs to somebody else.")
		}
		if err != nil {
			return err
		}
		if err := addProjects(tx, known); err != nil {
			return err
		}
		p.PasswordHash = "" // what there is stays
		if err := savePerson(tx, p, i.Linked, i.Method); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// addProjects adds what is not there yet, and changes nothing that is: each
// person's list shows a part only.
func addProjects(tx *gorm.DB, known []review.Project) error {
	nothing := clause.OnConflict{DoNothing: true}
	for _, p := range known {
		row := projectRow{string(p.ID), p.Name, p.Number, string(p.Kind), p.Backend}
		if err := tx.Clauses(nothing).Create(&row).Error; err != nil {
			return err
		}
		for i, name := range p.Workspaces {
			if err := tx.Clauses(nothing).Create(&workspaceRow{string(name), string(p.ID), i}).Error; err != nil {
				return err
			}
		}
	}
	return nil
}
