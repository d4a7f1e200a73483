package review

import (
	"context"
	"slices"
	"time"

	"sallyport/policy"
)

// expiringSoon is how long ahead a role that runs out is shown as such.
const expiringSoon = 30 * 24 * time.Hour

// AccessReport is who may do what, and why.
type AccessReport struct {
	People   []PersonAccess
	Waiting  []Proposal  // that can still be confirmed, newest first
	Expiring []RoleGrant // within a month, the soonest first
	Projects []Project
}

// PersonAccess is what one person may do.
type PersonAccess struct {
	Person  Person
	Grants  []RoleGrant // in force
	Past    []RoleGrant
	Actions []ActionGrounds
	// Waiting are the roles that the person gets once a second person confirms them;
	// only MyAccess says so.
	Waiting []policy.Role
}

// ActionGrounds says on what grounds somebody may do an action.
type ActionGrounds struct {
	Action    policy.Action
	Role      policy.Role
	Relations []policy.Relation
	Grants    []RoleGrant // that the role comes from
}

// Access reports on everybody, for whoever may see who may do what.
func (s *Service) Access(ctx context.Context, a Actor) (*AccessReport, error) {
	if err := s.Authorise(ctx, a, policy.AccessView); err != nil {
		return nil, err
	}
	return s.WhoMay(ctx)
}

// WhoMay is Access for the command line of the machine.
func (s *Service) WhoMay(ctx context.Context) (*AccessReport, error) {
	people, err := s.everybody(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := s.Store.Grants(ctx, GrantQuery{})
	if err != nil {
		return nil, err
	}
	waiting, err := s.Store.Proposals(ctx, true)
	if err != nil {
		return nil, err
	}
	now, rep := s.Now(), &AccessReport{}
	if rep.Projects, err = s.Store.Projects(ctx); err != nil {
		return nil, err
	}
	for _, p := range waiting {
		if p.Waiting(now) {
			rep.Waiting = append(rep.Waiting, p)
		}
	}
	for _, p := range people {
		rep.People = append(rep.People, accessOf(p, grants, now))
	}
	for _, g := range grants {
		if g.InForce(now) && !g.Until.IsZero() && g.Until.Sub(now) < expiringSoon {
			rep.Expiring = append(rep.Expiring, g)
		}
	}
	slices.SortStableFunc(rep.Expiring, func(x, y RoleGrant) int { return x.Until.Compare(y.Until) })
	return rep, nil
}

// MyAccess is what the actor may do themselves.
func (s *Service) MyAccess(ctx context.Context, a Actor) (*PersonAccess, error) {
	if err := signedIn(a); err != nil {
		return nil, err
	}
	grants, err := s.Store.Grants(ctx, GrantQuery{Person: a.Username})
	if err != nil {
		return nil, err
	}
	mine := accessOf(*a.Person, grants, s.Now())
	open, err := s.Store.Proposals(ctx, true)
	for _, p := range open {
		if p.Grant.Person == a.Username && p.Kind == ProposeGrant && p.Waiting(s.Now()) && !slices.Contains(mine.Waiting, p.Grant.Role) {
			mine.Waiting = append(mine.Waiting, p.Grant.Role)
		}
	}
	return &mine, err
}

func accessOf(p Person, all []RoleGrant, now time.Time) PersonAccess {
	p.PasswordHash = ""
	out := PersonAccess{Person: p}
	for _, g := range all {
		switch {
		case g.Person != p.Username:
		case g.InForce(now):
			out.Grants = append(out.Grants, g)
		default:
			out.Past = append(out.Past, g)
		}
	}
	if p.Disabled {
		return out
	}
	counts := policy.Effective(p.AllRoles())
	for _, row := range policy.Grants() {
		if !slices.Contains(counts, row.Role) {
			continue
		}
		var from []RoleGrant
		for _, g := range out.Grants {
			if g.Role == row.Role {
				from = append(from, g)
			}
		}
		for _, action := range row.Actions {
			if policy.Everywhere(action) && !p.Has(row.Role) {
				continue
			}
			out.Actions = append(out.Actions, ActionGrounds{action, row.Role, row.Relations, from})
		}
	}
	return out
}
