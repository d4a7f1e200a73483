package storage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sallyport/review"
)

type personRow struct {
	Username     string `gorm:"primaryKey"`
	Name         string
	Email        string
	Roles        string
	Disabled     bool
	TrainedUntil int64
	Absences     string
	Skills       string
	PasswordHash string
	Zone         string
}

func (personRow) TableName() string { return "people" }

type personProjectRow struct {
	Username string `gorm:"primaryKey"`
	Project  string `gorm:"primaryKey"`
	Position int
}

func (personProjectRow) TableName() string { return "person_projects" }

type projectRow struct {
	ID     string
	Name   string
	Number string

	Kind    string
	Backend string
}

func (projectRow) TableName() string { return "projects" }

type workspaceRow struct {
	Workspace string `gorm:"primaryKey"`
	Project   string
	Position  int
}

func (workspaceRow) TableName() string { return "project_workspaces" }

func (q personRow) person() (review.Person, error) {
	absences, err2 := decode[[]review.Absence](q.Absences)
	skills, err3 := decode[[]string](q.Skills)
	return review.Person{
		Username: review.Username(q.Username), Name: q.Name, Email: q.Email,
		Disabled: q.Disabled, PasswordHash: q.PasswordHash,
		TrainedUntil: moment(q.TrainedUntil), Absences: absences, Skills: skills, Zone: q.Zone,
	}, errors.Join(err2, err3)
}

// Person reads one person; NotFound when there is none of that name.
func (s *Store) Person(ctx context.Context, name review.Username) (*review.Person, error) {
	list, err := s.people(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("username = ?", string(name)) })
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, review.Errorf(review.NotFound, "There is no such person.")
	}
	return &list[0], nil
}

// People lists everybody by username.
func (s *Store) People(ctx context.Context) ([]review.Person, error) {
	return s.people(ctx, func(tx *gorm.DB) *gorm.DB { return tx })
}

func (s *Store) people(ctx context.Context, which func(*gorm.DB) *gorm.DB) ([]review.Person, error) {
	var rows []personRow
	var list []review.Person
	err := s.read(ctx, "reading people", func(tx *gorm.DB) error {
		if err := which(tx).Order("username").Find(&rows).Error; err != nil {
			return err
		}
		list = make([]review.Person, len(rows))
		for i, row := range rows {
			var err error
			if list[i], err = row.person(); err != nil {
				return err
			}
		}
		return addRoles(tx, list, which)
	})
	return list, err
}

// Projects lists projects by id.
func (s *Store) Projects(ctx context.Context) ([]review.Project, error) {
	var rows []projectRow
	var workspaces []workspaceRow
	err := s.read(ctx, "reading projects", func(tx *gorm.DB) error {
		return errors.Join(
			tx.Order("id").Find(&rows).Error,
			tx.Order("project, position").Find(&workspaces).Error,
		)
	})
	if err != nil {
		return nil, err
	}
	names := map[string][]review.WorkspaceName{}
	for _, w := range workspaces {
		names[w.Project] = append(names[w.Project], review.WorkspaceName(w.Workspace))
	}
	list := make([]review.Project, len(rows))
	for i, row := range rows {
		list[i] = review.Project{
			ID: review.ProjectID(row.ID), Name: row.Name, Number: row.Number,
			Kind: review.ProjectKind(row.Kind), Backend: row.Backend, Workspaces: names[row.ID],
		}
	}
	return list, nil
}

// SavePeople adds or replaces people and projects. Invalid when a person is in
// a project that does not exist, Conflict when two projects claim a workspace.
func (s *Store) SavePeople(ctx context.Context, people []review.Person, projects []review.Project, e review.Event) error {
	err := s.write(ctx, "saving people", func(tx *gorm.DB) error {
		if err := savePeople(tx, people, projects, e); err != nil {
			return err
		}
		return appendEvents(tx, []review.Event{e})
	})
	if broken(err, foreignKey) {
		return errNoProject(err)
	}
	return err
}

func errNoProject(err error) error {
	return &review.Error{Kind: review.Invalid, Message: "Somebody is in a project that does not exist.", Err: err}
}

// savePeople adds or replaces people and projects; e tells it, and by whom.
func savePeople(tx *gorm.DB, people []review.Person, projects []review.Project, e review.Event) error {
	if err := saveProjects(tx, projects); err != nil {
		return err
	}
	for _, p := range people {
		if err := savePerson(tx, p, e.At, cmp.Or(e.Detail["by"], "people file")); err != nil {
			return err
		}
	}
	return nil
}

func savePerson(tx *gorm.DB, p review.Person, at time.Time, source string) error {
	row := personRow{
		string(p.Username), p.Name, p.Email, encode(p.Roles), p.Disabled,
		micros(p.TrainedUntil), encode(p.Absences), encode(p.Skills), p.PasswordHash, p.Zone,
	}
	if err := tx.Clauses(personReplaced()).Create(&row).Error; err != nil {
		return err
	}
	if err := tx.Where("username = ?", row.Username).Delete(&personProjectRow{}).Error; err != nil {
		return err
	}
	for i, id := range p.Projects {
		if err := tx.Create(&personProjectRow{row.Username, string(id), i}).Error; err != nil {
			return err
		}
	}
	return replaceGrants(tx, p, at, source)
}

// SaveZone keeps the time zone that a person chose, with its event.
func (s *Store) SaveZone(ctx context.Context, name review.Username, zone string, e review.Event) error {
	return s.write(ctx, "saving a time zone", func(tx *gorm.DB) error {
		saved := tx.Model(&personRow{}).Where("username = ?", string(name)).Update("zone", zone)
		if saved.Error != nil {
			return saved.Error
		}
		if saved.RowsAffected == 0 {
			return review.Errorf(review.NotFound, "There is no such person.")
		}
		return appendEvents(tx, []review.Event{e})
	})
}

// personReplaced replaces what is known of a person who is there already. Their
// password, once there is one, and their time zone are theirs to change: see
// Store.UpdateCredentials and Store.SaveZone.
func personReplaced() clause.OnConflict {
	set := clause.AssignmentColumns([]string{"name", "email", "roles", "disabled", "trained_until", "absences", "skills"})
	return clause.OnConflict{Columns: []clause.Column{{Name: "username"}}, DoUpdates: append(set, clause.Assignment{
		Column: clause.Column{Name: "password_hash"},
		Value:  clause.Expr{SQL: "CASE WHEN people.password_hash = '' THEN excluded.password_hash ELSE people.password_hash END"},
	})}
}

// saveProjects takes the workspaces of all the projects away first, so that one
// may pass from one to another.
func saveProjects(tx *gorm.DB, projects []review.Project) error {
	for _, p := range projects {
		row := projectRow{string(p.ID), p.Name, p.Number, string(p.Kind), p.Backend}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		if err := tx.Where("project = ?", row.ID).Delete(&workspaceRow{}).Error; err != nil {
			return err
		}
	}
	for _, p := range projects {
		for i, name := range p.Workspaces {
			err := tx.Create(&workspaceRow{string(name), string(p.ID), i}).Error
			if broken(err, primaryKey) {
				return &review.Error{Kind: review.Conflict, Message: "A workspace belongs to one project only.", Err: err}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
