package review

import (
	"context"
	"slices"

	"sallyport/policy"
)

// Beginning is what a service needs before its first release, and how much of it
// is there: what whoever runs a new service would otherwise find out one refusal
// after another.
type Beginning struct {
	Projects    int             // that have a workspace
	Missing     []WorkspaceName // whose folders cannot be read
	Researchers int             // who can file for a project with a workspace
	Checkers    int             // who can be given a request now
	Needed      int             // of them, for each request
	Waiting     int             // proposals of roles that a second person has not answered
}

// beginning counts it, as long as nothing has been released; nil afterwards.
func (s *Service) beginning(ctx context.Context, rep *StatusReport) (*Beginning, error) {
	if rep.ByStatus[Released] > 0 {
		return nil, nil
	}
	b := &Beginning{Needed: s.Policy.Review.Approvals}
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range projects {
		if len(p.Workspaces) > 0 {
			b.Projects++
		}
		for _, w := range p.Workspaces {
			if _, err := s.Workspaces.Workspace(ctx, w); err != nil {
				b.Missing = append(b.Missing, w)
			}
		}
	}
	people, err := s.everybody(ctx)
	if err != nil {
		return nil, err
	}
	for i := range people {
		s.countIn(b, &people[i], projects)
	}
	waiting, err := s.Store.Proposals(ctx, true)
	for _, p := range waiting {
		if p.Waiting(s.Now()) {
			b.Waiting++
		}
	}
	return b, err
}

// countIn adds one person to those who can do their part.
func (s *Service) countIn(b *Beginning, p *Person, projects []Project) {
	if p.Disabled {
		return
	}
	if slices.ContainsFunc(projects, func(x Project) bool {
		return len(x.Workspaces) > 0 && p.In(x.ID) && s.mayFile(p, &x) == nil
	}) {
		b.Researchers++
	}
	if slices.Contains(policy.Effective(p.AllRoles()), policy.Checker) && p.TrainedUntil.After(s.Now()) && !p.Away(s.Now()) {
		b.Checkers++
	}
}
