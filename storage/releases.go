package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"sallyport/review"
)

type releaseRow struct {
	ID            string
	Request       string
	Workspace     string
	Project       string
	Author        string
	Title         string
	Purpose       string
	PolicyName    string
	PolicyVersion string
	PolicySHA256  string `gorm:"column:policy_sha256"`
	Findings      string
	Approved      int64
	ApprovedBy    string
	Checkers      string
	FileCount     int
	Delivered     int64
	Location      string
}

func (releaseRow) TableName() string { return "releases" }

type releaseFileRow struct {
	Release   string `gorm:"primaryKey"`
	Position  int    `gorm:"primaryKey;autoIncrement:false"`
	Path      string
	SHA256    string `gorm:"column:sha256"`
	Size      int64
	Original  string
	GroupName string
	Approvals string
}

func (releaseFileRow) TableName() string { return "release_files" }

// deliveryRow is where one release goes.
type deliveryRow struct {
	Release   string `gorm:"primaryKey"`
	Position  int
	Sink      string `gorm:"primaryKey"`
	Delivered int64
	Location  string
}

func (deliveryRow) TableName() string { return "release_deliveries" }

func deliveryRowsOf(r *review.Release) []deliveryRow {
	rows := make([]deliveryRow, len(r.Deliveries))
	for i, d := range r.Deliveries {
		rows[i] = deliveryRow{r.ID, i, d.Sink, micros(d.At), d.Location}
	}
	return rows
}

// approvalJSON is how one approval is kept.
type approvalJSON struct {
	Checker string `json:"checker"`
	Name    string `json:"name"`
	At      int64  `json:"at"`
}

func releaseRowOf(r *review.Release) releaseRow {
	return releaseRow{
		r.ID, string(r.Request), string(r.Workspace), string(r.Project), string(r.Author),
		r.Title, r.Purpose, r.Policy.Name, r.Policy.Version, r.Policy.SHA256, string(r.Findings),
		micros(r.Approved), string(r.By), encode(r.Checkers), len(r.Files), micros(r.Delivered), r.Location,
	}
}

func releaseFileRowsOf(r *review.Release) []releaseFileRow {
	rows := make([]releaseFileRow, len(r.Files))
	for i, f := range r.Files {
		approvals := make([]approvalJSON, len(f.Approvals))
		for j, a := range f.Approvals {
			approvals[j] = approvalJSON{string(a.Checker), a.Name, micros(a.At)}
		}
		rows[i] = releaseFileRow{
			r.ID, i, f.Path, string(f.SHA256), f.Size, string(f.Original), f.Group, encode(approvals),
		}
	}
	return rows
}

func (q releaseRow) release() (review.Release, error) {
	checkers, err := decode[[]review.Username](q.Checkers)
	return review.Release{
		ID: q.ID, Request: review.RequestID(q.Request), Workspace: review.WorkspaceName(q.Workspace),
		Project: review.ProjectID(q.Project), Author: review.Username(q.Author), Title: q.Title, Purpose: q.Purpose,
		Policy:   policyRef(q.PolicyName, q.PolicyVersion, q.PolicySHA256),
		Findings: review.Digest(q.Findings), Approved: moment(q.Approved), By: review.Username(q.ApprovedBy),
		Checkers: checkers, Delivered: moment(q.Delivered), Location: q.Location,
	}, err
}

func (q releaseFileRow) file() (review.ReleasedFile, error) {
	kept, err := decode[[]approvalJSON](q.Approvals)
	f := review.ReleasedFile{
		Path: q.Path, SHA256: review.Digest(q.SHA256), Size: q.Size, Original: review.Digest(q.Original), Group: q.GroupName,
	}
	for _, a := range kept {
		f.Approvals = append(f.Approvals, review.Approval{Checker: review.Username(a.Checker), Name: a.Name, At: moment(a.At)})
	}
	return f, err
}

// errReleaseDiffers is the refusal of anything but a further delivery.
var errReleaseDiffers = errors.New("storage: a release is written once; only its deliveries are filled in, once")

// keepRelease writes a new release, or the deliveries of one that is there; a
// release that differs in anything else is refused.
func keepRelease(tx *gorm.DB, id review.RequestID, r *review.Release) error {
	if r.Request != id {
		return fmt.Errorf("storage: the release is of another request")
	}
	row := releaseRowOf(r)
	var was releaseRow
	err := tx.Where("id = ?", row.ID).Take(&was).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return newRelease(tx, row, releaseFileRowsOf(r), deliveryRowsOf(r))
	}
	if err != nil {
		return err
	}
	if err := keepDeliveries(tx, r); err != nil || was == row {
		return err
	}
	delivered := was
	delivered.Delivered, delivered.Location = row.Delivered, row.Location
	if was.Delivered != 0 || row.Delivered == 0 || delivered != row {
		return errReleaseDiffers
	}
	return tx.Model(&releaseRow{}).Where("id = ? AND delivered = 0", row.ID).
		Updates(map[string]any{"delivered": row.Delivered, "location": row.Location}).Error
}

func newRelease(tx *gorm.DB, row releaseRow, files []releaseFileRow, deliveries []deliveryRow) error {
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	if len(files) > 0 {
		if err := tx.CreateInBatches(&files, batch).Error; err != nil {
			return err
		}
	}
	if len(deliveries) == 0 {
		return nil
	}
	return tx.Create(&deliveries).Error
}

// keepDeliveries fills in the deliveries that have been made since.
func keepDeliveries(tx *gorm.DB, r *review.Release) error {
	var was []deliveryRow
	if err := tx.Where("release = ?", r.ID).Order("position").Find(&was).Error; err != nil {
		return err
	}
	rows := deliveryRowsOf(r)
	if len(was) != len(rows) {
		return errReleaseDiffers
	}
	for i, row := range rows {
		if was[i] == row {
			continue
		}
		if was[i].Sink != row.Sink || was[i].Delivered != 0 || row.Delivered == 0 {
			return errReleaseDiffers
		}
		err := tx.Model(&deliveryRow{}).Where("release = ? AND sink = ? AND delivered = 0", row.Release, row.Sink).
			Updates(map[string]any{"delivered": row.Delivered, "location": row.Location}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Release reads the release of a request; NotFound before it is approved.
func (s *Store) Release(ctx context.Context, id review.RequestID) (*review.Release, error) {
	var list []review.Release
	err := s.read(ctx, "reading a release", func(tx *gorm.DB) (err error) {
		list, err = loadReleases(tx, func() *gorm.DB { return tx.Model(&releaseRow{}).Where("request = ?", string(id)) })
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, review.Errorf(review.NotFound, "This request has not been released.")
	}
	return &list[0], nil
}

// Releases lists releases with their files and deliveries, newest first, in four
// statements, and two more for recalls.
func (s *Store) Releases(ctx context.Context, q review.ReleaseQuery) ([]review.Release, error) {
	var list []review.Release
	err := s.read(ctx, "listing releases", func(tx *gorm.DB) (err error) {
		list, err = loadReleases(tx, func() *gorm.DB {
			page := placed(tx.Model(&releaseRow{}), "approved", q.After, q.Before).
				Limit(limit(q.Limit, 100)).Offset(max(q.Offset, 0))
			if q.Workspace != "" {
				page = page.Where("workspace = ?", string(q.Workspace))
			}
			if q.Project != "" {
				page = page.Where("project = ?", string(q.Project))
			}
			if len(q.Projects) > 0 {
				page = page.Where("project IN ?", texts(q.Projects))
			}
			if q.Recalled != nil {
				where := "id IN (?)"
				if !*q.Recalled {
					where = "id NOT IN (?)"
				}
				page = page.Where(where, tx.Model(&recallRow{}).Select("release"))
			}
			return between(page, "approved", q.Since, q.Until)
		})
		return err
	})
	if q.Before != (review.Place{}) {
		slices.Reverse(list)
	}
	return list, err
}

// loadReleases reads what query selects, and the files of those.
func loadReleases(tx *gorm.DB, query func() *gorm.DB) ([]review.Release, error) {
	var rows []releaseRow
	if err := query().Find(&rows).Error; err != nil {
		return nil, err
	}
	var fileRows []releaseFileRow
	err := tx.Where("release IN (?)", query().Select("id")).Order("release, position").Find(&fileRows).Error
	if err != nil {
		return nil, err
	}
	files := map[string][]review.ReleasedFile{}
	for _, row := range fileRows {
		f, err := row.file()
		if err != nil {
			return nil, err
		}
		files[row.Release] = append(files[row.Release], f)
	}
	var deliveryRows []deliveryRow
	err = tx.Where("release IN (?)", query().Select("id")).Order("release, position").Find(&deliveryRows).Error
	if err != nil {
		return nil, err
	}
	deliveries := map[string][]review.Delivery{}
	for _, row := range deliveryRows {
		deliveries[row.Release] = append(deliveries[row.Release], review.Delivery{Sink: row.Sink, At: moment(row.Delivered), Location: row.Location})
	}
	recalled, err := loadRecalls(tx, query)
	if err != nil {
		return nil, err
	}
	list := make([]review.Release, len(rows))
	for i, row := range rows {
		if list[i], err = row.release(); err != nil {
			return nil, err
		}
		list[i].Files, list[i].Deliveries, list[i].Recalled = files[row.ID], deliveries[row.ID], recalled[row.ID]
	}
	return list, nil
}
