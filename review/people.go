package review

import (
	"context"

	"sallyport/policy"
)

// People lists everybody, for whoever may manage people.
func (s *Service) People(ctx context.Context, a Actor) ([]Person, error) {
	if err := s.Authorise(ctx, a, policy.PeopleManage); err != nil {
		return nil, err
	}
	return s.Store.People(ctx)
}

// PersonNamed is one of them; NotFound when there is none of that name.
func (s *Service) PersonNamed(ctx context.Context, a Actor, name Username) (*Person, error) {
	if err := s.Authorise(ctx, a, policy.PeopleManage); err != nil {
		return nil, err
	}
	return s.Store.Person(ctx, name)
}
