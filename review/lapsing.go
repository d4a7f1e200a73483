package review

import (
	"context"
	"errors"
	"slices"

	"sallyport/policy"
)

// endLapsed puts on record that roles have run out. They count no more from their
// moment on, whether or not this has been done.
func (s *Service) endLapsed(ctx context.Context) error {
	over := func(g RoleGrant) bool { return !g.InForce(s.Now()) }
	open, err := s.Store.Grants(ctx, GrantQuery{Open: true})
	if err != nil || !slices.ContainsFunc(open, over) {
		return err
	}
	err = s.Store.UpdateAccess(ctx, func(open []RoleGrant, _ []Proposal) (AccessChange, error) {
		var c AccessChange
		for _, g := range open {
			if over(g) {
				ended := s.end(Actor{}, g, "its time was over", "ran out")
				c.End, c.Events = append(c.End, ended.End...), append(c.Events, ended.Events...)
			}
		}
		if len(c.End) == 0 {
			return c, errNothing // another process was first
		}
		return c, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// Invited suspends the guarded roles of somebody who comes in by an invitation,
// until a second person has said that it is they: neither whoever made the
// invitation, who has seen its link, nor the one invited. It says which roles
// wait. Where fewer than two others could say so nothing is suspended, and the
// record says that nobody confirmed it.
func (s *Service) Invited(ctx context.Context, invited Actor, by Username) ([]policy.Role, error) {
	second, err := s.seconds(ctx)
	if err != nil {
		return nil, err
	}
	if by == invited.Username {
		by = "system"
	}
	var waits []policy.Role
	err = s.Store.UpdateAccess(ctx, func(open []RoleGrant, _ []Proposal) (AccessChange, error) {
		var c AccessChange
		waits = nil
		for _, g := range open {
			if g.Person != invited.Username || !g.InForce(s.Now()) || !s.Policy.Granting.NeedsTwo(g.Role) {
				continue
			}
			if !second.enough(invited.Username) {
				e := s.grantEvent(invited, EvAccessSettled, &g)
				e.Actor, e.Detail["kind"], e.Detail["two_people"] = "system", "first sign-in", "no"
				c.Events = append(c.Events, e)
				continue
			}
			s.suspend(&c, g, by, invited.Source)
			waits = append(waits, g.Role)
		}
		if len(c.Events) == 0 {
			return c, errNothing
		}
		return c, nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return waits, err
}

// suspend ends a grant and proposes it again.
func (s *Service) suspend(c *AccessChange, g RoleGrant, by Username, source string) {
	ended := s.end(Actor{Source: source}, g, "waits until a second person says that it was they who came in", "first sign-in")
	a := Actor{Source: source, Person: &Person{Username: by}}
	again := g
	again.ID, again.Source, again.Second = newID(), FromAccess, ""
	asked := s.propose(a, ProposeGrant, again, "They came in by an invitation. Ask them, in another way, whether it was they. "+g.Why)
	c.End, c.Propose = append(c.End, ended.End...), append(c.Propose, asked.Propose...)
	c.Events = append(append(c.Events, ended.Events...), asked.Events...)
}
