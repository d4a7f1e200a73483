package review

import (
	"context"

	"sallyport/policy"
)

// RequestsPage lists some of the actor's own requests, newest first: at most
// limit of them after the first offset. For a copilot those of the projects that
// they help are among them; those of projects that the actor left are not.
func (s *Service) RequestsPage(ctx context.Context, a Actor, limit, offset int) ([]Request, error) {
	if err := s.Authorise(ctx, a, policy.RequestList); err != nil {
		return nil, err
	}
	return s.mine(ctx, a, limit, offset)
}

// mine is the list of RequestsPage; 0 for a limit is the store's own.
func (s *Service) mine(ctx context.Context, a Actor, limit, offset int) ([]Request, error) {
	q := RequestQuery{
		Author: a.Username, Projects: a.joined(), Limit: limit, Offset: offset,
		OrProjects: a.projectsWhere(func(r policy.Role) bool { return r == policy.Copilot }),
	}
	if len(q.Projects) == 0 {
		if len(q.OrProjects) == 0 {
			return nil, nil
		}
		q.Author, q.Projects, q.OrProjects = "", q.OrProjects, nil
	}
	list, err := s.Store.Requests(ctx, q)
	for i := range list {
		blind(&list[i], a, relation(a.Person, &list[i]))
	}
	return list, err
}
