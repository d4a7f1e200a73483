package review

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"sallyport/policy"
)

// relation of a person to a request. Taking part in the project comes before a
// seat: a checker who joins the project loses the review of it at once. Whoever
// left the project is no author of it any more, and never its checker.
func relation(p *Person, r *Request) policy.Relation {
	switch {
	case p.Username == r.Author && p.In(r.Project):
		return policy.Author
	case p.Username == r.Author:
		return policy.Other
	case p.In(r.Project):
		return policy.Member
	case p.Helps(r.Project):
		return policy.Helper
	case r.Seat(p.Username) != nil:
		return policy.Assigned
	default:
		return policy.Other
	}
}

// permit says whether the actor may do the action to the request, and as what.
// What they may not even see does not exist, as far as they can tell.
func permit(a Actor, action policy.Action, r *Request) (policy.Relation, error) {
	rel := relation(a.Person, r)
	switch {
	case a.may(action, r.Project, rel):
		return rel, nil
	case a.may(policy.RequestView, r.Project, rel):
		return rel, Errorf(Forbidden, "You may see this request, but not do this to it.")
	default:
		return rel, errNoRequest()
	}
}

// may reports whether the person may do the action in a project, standing so to
// what it is done to.
func (p *Person) may(action policy.Action, project ProjectID, rel policy.Relation) bool {
	return policy.Allowed(p.RolesIn(project), action, rel)
}

// MaySomewhere reports whether the person may do the action to anything at all.
func (p *Person) MaySomewhere(action policy.Action) bool {
	if policy.Everywhere(action) {
		return policy.Somewhere(p.RolesIn(""), action)
	}
	return policy.Somewhere(p.AllRoles(), action)
}

func errNoRequest() *Error { return Errorf(NotFound, "There is no such request.") }

// Authorise is the route gate: whether the actor may do the action to anything
// at all. It is a second lock; each use case decides for the request at hand.
func (s *Service) Authorise(ctx context.Context, a Actor, action policy.Action) error {
	if a.Person == nil {
		return Errorf(Unauthenticated, "Sign in first.")
	}
	if a.MaySomewhere(action) {
		return nil
	}
	return s.denied(ctx, a, "", action, Errorf(NotFound, "There is no such page."))
}

// AuthoriseOn is Authorise for one request.
func (s *Service) AuthoriseOn(ctx context.Context, a Actor, action policy.Action, id RequestID) error {
	_, _, err := s.load(ctx, a, id, action)
	return err
}

// denied puts a denial on record and returns it.
func (s *Service) denied(ctx context.Context, a Actor, id RequestID, action policy.Action, err error) error {
	if k := KindOf(err); k != Forbidden && k != NotFound {
		return err
	}
	if !utf8.ValidString(string(id)) || strings.ContainsRune(string(id), 0) {
		id = "" // no request ever had it, and no store keeps such text
	}
	e := s.event(a, EvDenied, nil)
	e.Request, e.Detail = id, map[string]string{"action": string(action)}
	if aerr := s.Store.Append(ctx, e); aerr != nil {
		return errors.Join(aerr, err)
	}
	return err
}

// event starts an event of the actor, about the request if there is one.
func (s *Service) event(a Actor, t EventType, r *Request) Event {
	e := Event{At: s.Now(), Type: t, Policy: s.Policy.SHA256, Source: a.Source, Purpose: purposeOf(t)}
	if a.Person != nil {
		e.Actor = a.Username
	}
	if r != nil {
		e.Request, e.Workspace, e.Turn = r.ID, r.Workspace, r.Turn
		e.From, e.To, e.Findings = r.Status, r.Status, r.Findings
	}
	return e
}

// fileEvent is an event about one file.
func (s *Service) fileEvent(a Actor, t EventType, r *Request, g *Group, f *File) Event {
	e := s.event(a, t, r)
	e.Group, e.File, e.Path, e.Digest = g.ID, f.ID, f.Path, f.Release
	if e.Digest == "" {
		e.Digest = f.Digest
	}
	return e
}

// load reads a request for an action that changes nothing.
func (s *Service) load(ctx context.Context, a Actor, id RequestID, action policy.Action) (*Request, policy.Relation, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil {
		if KindOf(err) == NotFound {
			err = errNoRequest()
		}
		return nil, "", s.denied(ctx, a, id, action, err)
	}
	rel, err := permit(a, action, r)
	if err != nil {
		return nil, rel, s.denied(ctx, a, id, action, err)
	}
	return r, rel, nil
}

// change is one change of a request by an actor. The permission is decided
// inside the transaction, on the request that is changed, so that nothing can
// come between the two. fn may run more than once and must only alter r and c.
func (s *Service) change(ctx context.Context, a Actor, id RequestID, action policy.Action, fn func(r *Request, c *Change) error) (*Request, error) {
	var refused error
	there := false
	ctx, end := s.traced(ctx, "change "+string(action))
	r, err := s.update(ctx, id, func(r *Request) (Change, error) {
		var c Change
		there = true
		if _, refused = permit(a, action, r); refused != nil {
			return c, refused
		}
		if err := fn(r, &c); err != nil {
			return c, err
		}
		r.Updated = s.Now()
		if decides(action) {
			c.Rests = r.rests()
		}
		return c, nil
	})
	end(err)
	if refused != nil {
		return nil, s.denied(ctx, a, id, action, refused)
	}
	if KindOf(err) == NotFound {
		if !there {
			err = errNoRequest()
		}
		return nil, s.denied(ctx, a, id, action, err)
	}
	return r, err
}

// requireStatus is the first line of most use cases.
func requireStatus(r *Request, allowed ...Status) error {
	for _, s := range allowed {
		if r.Status == s {
			return nil
		}
	}
	return Errorf(Conflict, "This cannot be done now: the request is %s.", statusWords(r.Status))
}

// statusWords is how a sentence names a status.
func statusWords(s Status) string {
	switch s {
	case Pending:
		return "a draft"
	case Submitted:
		return "submitted and waiting for review"
	case PartiallyReviewed:
		return "partly reviewed"
	case Reviewed:
		return "reviewed by both checkers"
	case Approved:
		return "approved and on its way out"
	case Released:
		return "released"
	case Returned:
		return "returned to its author"
	case Rejected:
		return "rejected"
	default:
		return "withdrawn"
	}
}
