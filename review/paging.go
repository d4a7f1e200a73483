package review

import (
	"context"

	"sallyport/policy"
)

// RequestsPage lists some of the actor's own requests, newest first: at most
// limit of them after the first offset.
func (s *Service) RequestsPage(ctx context.Context, a Actor, limit, offset int) ([]Request, error) {
	if err := s.Authorise(ctx, a, policy.RequestList); err != nil {
		return nil, err
	}
	list, err := s.Store.Requests(ctx, RequestQuery{Author: a.Username, Limit: limit, Offset: offset})
	for i := range list {
		blind(&list[i], a, policy.Author)
	}
	return list, err
}
