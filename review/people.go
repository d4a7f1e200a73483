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
	return s.everybody(ctx)
}

// PersonNamed is one of them; NotFound when there is none of that name.
func (s *Service) PersonNamed(ctx context.Context, a Actor, name Username) (*Person, error) {
	if err := s.Authorise(ctx, a, policy.PeopleManage); err != nil {
		return nil, err
	}
	p, err := s.Store.Person(ctx, name)
	if err != nil {
		return nil, err
	}
	return p.at(s.Now()), nil
}

// everybody is all people, as they stand now.
func (s *Service) everybody(ctx context.Context) ([]Person, error) {
	people, err := s.Store.People(ctx)
	now := s.Now()
	for i := range people {
		people[i] = *people[i].at(now)
	}
	return people, err
}
