package storage

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/policy"
	"sallyport/review"
)

type policyRow struct {
	SHA256 string `gorm:"column:sha256;primaryKey"`
	Source []byte
}

func (policyRow) TableName() string { return "policies" }

// SavePolicy keeps the text of a policy, once.
func (s *Store) SavePolicy(ctx context.Context, p *policy.Policy) error {
	row := policyRow{p.SHA256, p.Source}
	return s.write(ctx, "keeping a policy", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
}

// Policy loads a policy by the digest of its text.
func (s *Store) Policy(ctx context.Context, sha256 string) (*policy.Policy, error) {
	var row policyRow
	err := s.reader.WithContext(ctx).Where("sha256 = ?", sha256).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, review.Errorf(review.NotFound, "This policy was never kept.")
	}
	if err != nil {
		return nil, wrap("reading a policy", err)
	}
	p, err := policy.Load(row.Source)
	if err == nil && p.SHA256 != sha256 {
		err = review.ErrCorrupt
	}
	if err != nil {
		return nil, wrap("reading a policy", err)
	}
	return p, nil
}

type sealRow struct {
	Release   string `gorm:"primaryKey"`
	Made      int64
	FileCount int
}

func (sealRow) TableName() string { return "seals" }

type sealFileRow struct {
	Release  string `gorm:"primaryKey"`
	Position int    `gorm:"primaryKey;autoIncrement:false"`
	Path     string
	Size     int64
	SHA256   string `gorm:"column:sha256"`
	Released bool
	Body     []byte
}

func (sealFileRow) TableName() string { return "seal_files" }

// SaveSeal keeps what was written for a package; what is there already stays.
func (s *Store) SaveSeal(ctx context.Context, seal *review.Seal) error {
	row := sealRow{seal.Release, micros(seal.Made), len(seal.Files)}
	files := make([]sealFileRow, len(seal.Files))
	for i, f := range seal.Files {
		if f.Body == nil {
			f.Body = []byte{} // the column is never null
		}
		files[i] = sealFileRow{seal.Release, i, f.Path, f.Size, string(f.SHA256), f.Released, f.Body}
	}
	return s.write(ctx, "keeping a package", func(tx *gorm.DB) error {
		var there int64
		if err := tx.Model(&sealRow{}).Where("release = ?", seal.Release).Count(&there).Error; err != nil || there > 0 {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.CreateInBatches(&files, batch).Error
	})
}

// Seal reads what was written for a package, and holds it to its digests.
func (s *Store) Seal(ctx context.Context, release string) (*review.Seal, error) {
	var row sealRow
	var files []sealFileRow
	err := s.read(ctx, "reading a package", func(tx *gorm.DB) error {
		if err := tx.Where("release = ?", release).Take(&row).Error; err != nil {
			return err
		}
		return tx.Where("release = ?", release).Order("position").Find(&files).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, review.Errorf(review.NotFound, "No package was made of this release.")
	}
	if err != nil {
		return nil, err
	}
	seal := &review.Seal{Release: row.Release, Made: moment(row.Made)}
	for _, f := range files {
		kept := review.SealedFile{Path: f.Path, Size: f.Size, SHA256: review.Digest(f.SHA256), Released: f.Released}
		if !f.Released {
			kept.Body = f.Body
			if hashOf(f.Body) != kept.SHA256 {
				return nil, fmt.Errorf("storage: reading a package: %w: %s", review.ErrCorrupt, f.Path)
			}
		}
		seal.Files = append(seal.Files, kept)
	}
	if len(files) != row.FileCount {
		return nil, fmt.Errorf("storage: reading a package: %w: files are missing", review.ErrCorrupt)
	}
	return seal, nil
}

// SealedText reads one file of many packages, and holds each to its digest.
func (s *Store) SealedText(ctx context.Context, path string, releases []string) (map[string][]byte, error) {
	var files []sealFileRow
	err := s.read(ctx, "reading packages", func(tx *gorm.DB) error {
		return tx.Where("path = ? AND released = ? AND release IN ?", path, false, releases).Find(&files).Error
	})
	out := map[string][]byte{}
	for _, f := range files {
		if hashOf(f.Body) != review.Digest(f.SHA256) {
			return nil, fmt.Errorf("storage: reading packages: %w: %s", review.ErrCorrupt, f.Path)
		}
		out[f.Release] = f.Body
	}
	return out, err
}
