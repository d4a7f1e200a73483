package review

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"sallyport/policy"
)

// Amendment changes single fields of a draft, as a person leaves them, and
// nothing of what else was written meanwhile. It is about one group, or, when
// Group is "", about the request as a whole.
type Amendment struct {
	// Details holds the fields of the request that change, by "title",
	// "project_number", "repository", "purpose" or "concerns".
	Details map[string]string
	Group   GroupID
	// Context and Controls hold the fields of the group that change, by policy
	// field id; an empty text empties the field.
	Context, Controls map[string]string
	// Wildcard and Intermediate stay as they are when nil.
	Wildcard     *Wildcard
	Intermediate *bool
}

// Wildcard names a group's outputs, and states how many it captures.
type Wildcard struct {
	Pattern string
	Count   int
}

// errSame ends a change that would change nothing.
var errSame = errors.New("nothing changes")

// Amend keeps an Amendment by the same rules as EditDetails and EditGroup. What
// is the same already leaves no event.
func (s *Service) Amend(ctx context.Context, a Actor, id RequestID, in Amendment) error {
	_, err := s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		if in.Group == "" {
			return s.amendDetails(a, r, c, in)
		}
		return s.amendGroup(a, r, c, in)
	})
	if errors.Is(err, errSame) {
		return nil
	}
	if err != nil || in.Group == "" {
		return err
	}
	return s.recheck(ctx, a, id)
}

func (s *Service) amendDetails(a Actor, r *Request, c *Change, in Amendment) error {
	was := r.details()
	d := was
	for name, text := range in.Details {
		field := d.field(name)
		if field == nil {
			return Errorf(Invalid, "There is no field %q.", name)
		}
		*field = strings.TrimSpace(text)
	}
	if err := d.check(); err != nil {
		return err
	}
	if d == was {
		return errSame
	}
	d.apply(r)
	c.Events = append(c.Events, s.event(a, EvRequestEdited, r))
	return nil
}

func (s *Service) amendGroup(a Actor, r *Request, c *Change, in Amendment) error {
	g := r.Group(in.Group)
	if g == nil {
		return Errorf(NotFound, "There is no such group.")
	}
	was := GroupDetails{Context: g.Context, Controls: g.Controls, Pattern: g.Pattern, PatternCount: g.PatternCount, Intermediate: g.Intermediate}
	d := was
	d.Context, d.Controls = overlaid(asked(g.Context, s.Policy.Context), in.Context), overlaid(asked(g.Controls, s.Policy.Controls), in.Controls)
	if in.Wildcard != nil {
		d.Pattern, d.PatternCount = in.Wildcard.Pattern, in.Wildcard.Count
	}
	if in.Intermediate != nil {
		d.Intermediate = *in.Intermediate
	}
	d, err := s.cleanDetails(d)
	if err != nil {
		return err
	}
	if d.equal(was) {
		return errSame
	}
	s.voiding(a, r, c, func() { d.apply(g) })
	c.Events = append(c.Events, s.groupEvent(a, r, g))
	r.ReportKey, r.Findings = ReportKey{}, ""
	return nil
}

// asked is what was written in fields that the policy still asks for: a draft may
// be older than its policy.
func asked(written map[string]string, fields []policy.Field) map[string]string {
	out := maps.Clone(written)
	maps.DeleteFunc(out, func(id, _ string) bool {
		return !slices.ContainsFunc(fields, func(f policy.Field) bool { return f.ID == id })
	})
	return out
}

// overlaid is fields with changes laid over them; empty ones go.
func overlaid(fields, changes map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, fields)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_, text string) bool { return strings.TrimSpace(text) == "" })
	return out
}

func (d GroupDetails) equal(o GroupDetails) bool {
	return maps.Equal(d.Context, o.Context) && maps.Equal(d.Controls, o.Controls) &&
		d.Pattern == o.Pattern && d.PatternCount == o.PatternCount && d.Intermediate == o.Intermediate
}

func (r *Request) details() RequestDetails {
	return RequestDetails{Title: r.Title, ProjectNumber: r.ProjectNumber, Repository: r.Repository, Purpose: r.Purpose, Concerns: r.Concerns}
}

func (d RequestDetails) apply(r *Request) {
	r.Title, r.ProjectNumber, r.Repository = strings.TrimSpace(d.Title), strings.TrimSpace(d.ProjectNumber), strings.TrimSpace(d.Repository)
	r.Purpose, r.Concerns = strings.TrimSpace(d.Purpose), strings.TrimSpace(d.Concerns)
}

// field is the field of a name, as forms and Amendment call it; nil for none.
func (d *RequestDetails) field(name string) *string {
	switch name {
	case "title":
		return &d.Title
	case "project_number":
		return &d.ProjectNumber
	case "repository":
		return &d.Repository
	case "purpose":
		return &d.Purpose
	case "concerns":
		return &d.Concerns
	default:
		return nil
	}
}

// check holds the fields to their greatest lengths.
func (d RequestDetails) check() error {
	fields := map[string]string{"title": d.Title, "project_number": d.ProjectNumber, "repository": d.Repository}
	if err := checkLengths(fields, maxLine); err != nil {
		return err
	}
	return checkLengths(map[string]string{"purpose": d.Purpose, "concerns": d.Concerns}, maxText)
}
