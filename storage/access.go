package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
)

type roleGrantRow struct {
	ID        string `gorm:"primaryKey"`
	Position  int
	Username  string
	Role      string
	Reach     string
	ReachIn   string
	Source    string
	MadeBy    string
	Second    string
	Why       string
	Made      int64
	UntilTime int64
	Ended     int64
	EndedBy   string
	EndWhy    string
}

func (roleGrantRow) TableName() string { return "role_grants" }

func newRoleGrantRow(g review.RoleGrant, position int) roleGrantRow {
	return roleGrantRow{
		g.ID, position, string(g.Person), string(g.Role), string(g.Reach), g.In, g.Source, string(g.By), string(g.Second), g.Why,
		micros(g.Made), micros(g.Until), micros(g.Ended), string(g.EndedBy), g.EndWhy,
	}
}

func (q roleGrantRow) grant() review.RoleGrant {
	return review.RoleGrant{
		ID: q.ID, Person: review.Username(q.Username), Role: policy.Role(q.Role), Reach: policy.Reach(q.Reach), In: q.ReachIn,
		Source: q.Source, By: review.Username(q.MadeBy), Second: review.Username(q.Second), Why: q.Why, Made: moment(q.Made),
		Until: moment(q.UntilTime), Ended: moment(q.Ended), EndedBy: review.Username(q.EndedBy), EndWhy: q.EndWhy,
	}
}

type roleProposalRow struct {
	ID         string `gorm:"primaryKey"`
	Kind       string
	Username   string
	GrantFacts string
	MadeBy     string
	Why        string
	Made       int64
	Lapses     int64
	Settled    int64
	Second     string
	Outcome    string
}

func (roleProposalRow) TableName() string { return "role_proposals" }

func newRoleProposalRow(p review.Proposal) roleProposalRow {
	return roleProposalRow{
		p.ID, string(p.Kind), string(p.Grant.Person), object(newRoleGrantRow(p.Grant, 0)), string(p.By), p.Why,
		micros(p.Made), micros(p.Lapses), micros(p.Settled), string(p.Second), string(p.Outcome),
	}
}

func (q roleProposalRow) proposal() (review.Proposal, error) {
	facts, err := decode[roleGrantRow](q.GrantFacts)
	return review.Proposal{
		ID: q.ID, Kind: review.ProposalKind(q.Kind), Grant: facts.grant(), By: review.Username(q.MadeBy), Why: q.Why,
		Made: moment(q.Made), Lapses: moment(q.Lapses), Settled: moment(q.Settled), Second: review.Username(q.Second),
		Outcome: review.ProposalOutcome(q.Outcome),
	}, err
}

// Grants lists grants, oldest first.
func (s *Store) Grants(ctx context.Context, q review.GrantQuery) ([]review.RoleGrant, error) {
	var list []review.RoleGrant
	err := s.read(ctx, "reading grants", func(tx *gorm.DB) (err error) {
		if q.Person != "" {
			tx = tx.Where("username = ?", string(q.Person))
		}
		if q.Open {
			tx = tx.Where("ended = 0")
		}
		list, err = roleGrants(tx)
		return err
	})
	return list, err
}

func roleGrants(tx *gorm.DB) ([]review.RoleGrant, error) {
	var rows []roleGrantRow
	if err := tx.Order("made, username, position").Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]review.RoleGrant, len(rows))
	for i, row := range rows {
		list[i] = row.grant()
	}
	return list, nil
}

// Proposals lists proposals, newest first.
func (s *Store) Proposals(ctx context.Context, open bool) ([]review.Proposal, error) {
	var list []review.Proposal
	err := s.read(ctx, "reading proposals", func(tx *gorm.DB) (err error) {
		if open {
			tx = tx.Where("settled = 0")
		}
		list, err = roleProposals(tx)
		return err
	})
	return list, err
}

func roleProposals(tx *gorm.DB) ([]review.Proposal, error) {
	var rows []roleProposalRow
	if err := tx.Order("made DESC, id").Limit(1000).Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]review.Proposal, len(rows))
	for i, row := range rows {
		var err error
		if list[i], err = row.proposal(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// UpdateAccess changes grants and proposals.
func (s *Store) UpdateAccess(ctx context.Context, change func([]review.RoleGrant, []review.Proposal) (review.AccessChange, error)) error {
	people := false
	err := s.write(ctx, "changing who may do what", func(tx *gorm.DB) error {
		open, err1 := roleGrants(tx.Where("ended = 0"))
		waiting, err2 := roleProposals(tx.Where("settled = 0"))
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		c, err := change(open, waiting)
		if err != nil {
			return err
		}
		if len(c.Events) == 0 {
			return errors.New("a change of who may do what needs an event")
		}
		if err := savePeople(tx, c.People, c.Projects, c.Events[0]); err != nil {
			return err
		}
		people = len(c.People) > 0
		if err := keepAccess(tx, c); err != nil {
			return err
		}
		return appendEvents(tx, c.Events)
	})
	switch {
	case broken(err, foreignKey) && people:
		return errNoProject(err)
	case broken(err, foreignKey):
		return errNoPerson()
	}
	return err
}

func keepAccess(tx *gorm.DB, c review.AccessChange) error {
	for _, g := range c.Begin {
		if err := beginGrant(tx, g); err != nil {
			return err
		}
	}
	for _, g := range c.End {
		if err := endGrant(tx, g.ID, g.Ended, g.EndedBy, g.EndWhy); err != nil {
			return err
		}
	}
	for _, p := range c.Propose {
		row := newRoleProposalRow(p)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	}
	for _, p := range c.Settle {
		done := tx.Model(&roleProposalRow{}).Where("id = ? AND settled = 0", p.ID).
			Updates(map[string]any{"settled": micros(p.Settled), "second": string(p.Second), "outcome": string(p.Outcome)})
		if err := changedOne(done); err != nil {
			return err
		}
	}
	return nil
}

// beginGrant keeps a grant after all others of its person.
func beginGrant(tx *gorm.DB, g review.RoleGrant) error {
	var last int
	err := tx.Model(&roleGrantRow{}).Where("username = ?", string(g.Person)).Select("coalesce(max(position), 0)").Scan(&last).Error
	if err != nil {
		return err
	}
	row := newRoleGrantRow(g, last+1)
	return tx.Create(&row).Error
}

func endGrant(tx *gorm.DB, id string, at time.Time, by review.Username, why string) error {
	return changedOne(tx.Model(&roleGrantRow{}).Where("id = ? AND ended = 0", id).
		Updates(map[string]any{"ended": micros(at), "ended_by": string(by), "end_why": why}))
}

func changedOne(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected != 1 {
		return review.Errorf(review.Conflict, "Somebody else was first. Look again.")
	}
	return done.Error
}

// replaceGrants makes the roles of the whole service and the projects of a person
// those of p, as far as a people file and sign-in methods have a say: what was
// given here by people stays, and counts.
func replaceGrants(tx *gorm.DB, p review.Person, at time.Time, source string) error {
	open, err := roleGrants(tx.Where("username = ? AND ended = 0", string(p.Username)))
	if err != nil {
		return err
	}
	var wanted []review.RoleGrant
	for _, r := range p.Roles {
		wanted = append(wanted, review.RoleGrant{Person: p.Username, Role: r, Reach: policy.WholeService})
	}
	for _, id := range p.Projects {
		wanted = append(wanted, review.RoleGrant{Person: p.Username, Role: policy.InProject, Reach: policy.OneProject, In: string(id)})
	}
	for _, v := range p.Vouched {
		wanted = append(wanted, review.RoleGrant{Person: p.Username, Role: v.Role, Reach: policy.OneProject, In: string(v.Project)})
	}
	same := func(g, h review.RoleGrant) bool { return g.Role == h.Role && g.Reach == h.Reach && g.In == h.In }
	for _, g := range open {
		said := g.Reach == policy.WholeService || g.Role == policy.InProject || g.Reach == policy.OneProject && g.Source == source
		if g.Source == review.FromAccess || !said || slices.ContainsFunc(wanted, func(w review.RoleGrant) bool { return same(w, g) }) {
			continue
		}
		if err := endGrant(tx, g.ID, at, "system", source); err != nil {
			return err
		}
	}
	for _, w := range wanted {
		if slices.ContainsFunc(open, func(g review.RoleGrant) bool { return same(w, g) && g.InForce(at) }) {
			continue
		}
		w.ID, w.Source, w.By, w.Made, w.Why = rand.Text(), source, "system", at, source
		if err := beginGrant(tx, w); err != nil {
			return err
		}
	}
	return nil
}

// addRoles reads what people may be into people, which are sorted by username.
func addRoles(tx *gorm.DB, people []review.Person, which func(*gorm.DB) *gorm.DB) error {
	var rows []roleGrantRow
	if err := which(tx).Where("ended = 0").Order("username, position").Find(&rows).Error; err != nil {
		return err
	}
	backends, err := projectsOf(tx, rows)
	if err != nil {
		return err
	}
	i := 0
	for _, row := range rows {
		for i < len(people) && string(people[i].Username) < row.Username {
			i++
		}
		if i == len(people) {
			break
		}
		p, until := &people[i], moment(row.UntilTime)
		scoped := review.ScopedRole{Role: policy.Role(row.Role), Until: until}
		switch plain := until.IsZero(); policy.Reach(row.Reach) {
		case policy.WholeService:
			if plain {
				p.Roles = append(p.Roles, scoped.Role)
				continue
			}
			p.Scoped = append(p.Scoped, scoped)
		case policy.OneProject:
			scoped.Project = review.ProjectID(row.ReachIn)
			if plain && scoped.Role == policy.InProject {
				p.Projects = append(p.Projects, scoped.Project)
				continue
			}
			p.Scoped = append(p.Scoped, scoped)
			if plain && row.Source != review.FromAccess {
				p.Vouched = append(p.Vouched, scoped)
			}
		case policy.OneBackend:
			for _, id := range backends[row.ReachIn] {
				scoped.Project = id
				p.Scoped = append(p.Scoped, scoped)
			}
		}
	}
	return nil
}

// projectsOf are the projects of the backends that grants reach over.
func projectsOf(tx *gorm.DB, rows []roleGrantRow) (map[string][]review.ProjectID, error) {
	if !slices.ContainsFunc(rows, func(r roleGrantRow) bool { return r.Reach == string(policy.OneBackend) }) {
		return nil, nil
	}
	var projects []projectRow
	if err := tx.Where("backend <> ''").Order("id").Find(&projects).Error; err != nil {
		return nil, err
	}
	out := map[string][]review.ProjectID{}
	for _, p := range projects {
		out[p.Backend] = append(out[p.Backend], review.ProjectID(p.ID))
	}
	return out, nil
}
