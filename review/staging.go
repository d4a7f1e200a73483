package review

import (
	"context"
	"errors"
	"slices"

	"sallyport/policy"
)

// Together makes many changes of one draft into one: whatever do changes through
// the service that it is given is kept in one transaction after it, with all its
// events, or not at all when do fails. It may begin the draft, or go on with one;
// a second request is refused.
//
// Conflict when somebody else changed the draft meanwhile. What is not a change
// of the request stays: stored bytes, which the retention policy removes when
// nothing rests on them, findings, which are kept by what they were made of, and
// the record of what was refused.
func (s *Service) Together(ctx context.Context, a Actor, do func(*Service) error) error {
	st := &stage{Store: s.Store}
	staged := *s
	staged.Store, staged.Scanner = st, nil      // files are scanned once they are kept
	staged.Behind, staged.later = nil, s.Behind // and many of them checked, but for what an exception is asked of
	if err := do(&staged); err != nil || st.is == nil {
		return err
	}
	if err := s.keepTogether(ctx, a, st); err != nil {
		return err
	}
	return s.recheck(ctx, a, st.is.ID)
}

func (s *Service) keepTogether(ctx context.Context, a Actor, st *stage) error {
	if st.was == nil {
		err := s.Store.Create(ctx, st.is, st.made.Events...)
		if KindOf(err) == Conflict {
			return errActive()
		}
		return err
	}
	if len(st.made.Events) == 0 {
		return nil
	}
	_, err := s.change(ctx, a, st.is.ID, policy.RequestEdit, func(r *Request, c *Change) error {
		if r.Version != st.was.Version {
			return Errorf(Conflict, "The draft was changed by somebody else meanwhile. Nothing was changed: look at it, and try again.")
		}
		*r = *st.is.clone()
		c.Events = slices.Clone(st.made.Events)
		return nil
	})
	return err
}

// stage is a store that holds back the changes of one request.
type stage struct {
	Store
	was  *Request // nil for one that is begun here
	is   *Request // nil as long as nothing was changed
	made Change   // its events
}

// errStage is a fault in the program: what do did is more than editing a draft.
var errStage = errors.New("more than the editing of one draft was to be kept together")

func (st *stage) Create(_ context.Context, r *Request, events ...Event) error {
	if st.is != nil {
		return errStage
	}
	st.is, st.made.Events = r.clone(), slices.Clone(events)
	return nil
}

func (st *stage) Request(ctx context.Context, id RequestID) (*Request, error) {
	if st.is != nil && st.is.ID == id {
		return st.is.clone(), nil
	}
	return st.Store.Request(ctx, id)
}

func (st *stage) Update(ctx context.Context, id RequestID, change func(*Request) (Change, error)) (*Request, error) {
	was, before := st.was, st.is
	if before == nil {
		var err error
		if was, err = st.Store.Request(ctx, id); err != nil {
			return nil, err
		}
		before = was
	}
	if before.ID != id {
		return nil, errStage
	}
	next := before.clone()
	c, err := change(next)
	switch {
	case err != nil:
		return nil, err
	case len(c.Events) == 0, len(c.Jobs) > 0, c.Release != nil, c.Recall != (RecallChange{}):
		return nil, errStage
	}
	st.was, st.is = was, next
	st.made.Events = append(st.made.Events, c.Events...)
	return next.clone(), nil
}
