package review

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"sallyport/policy"
)

// Limits on what a person types, in characters. Generous for people, small
// enough that nobody stores a file in a comment.
const (
	maxLine = 300
	maxText = 20_000
	// MaxFiles is the largest number of files of one request.
	MaxFiles = 500
)

// CreateRequest starts a draft for a workspace of one of the actor's projects.
// Conflict, naming the way on, when the actor has an active request for it.
func (s *Service) CreateRequest(ctx context.Context, a Actor, ws WorkspaceName) (RequestID, error) {
	p, err := s.project(ctx, a, ws, policy.RequestCreate)
	if err != nil {
		return "", err
	}
	now := s.Now()
	r := &Request{
		ID: RequestID(newID()), Workspace: ws, Project: p.ID, Author: a.Username,
		ProjectNumber: p.Number, Status: Pending, Turn: 1, Created: now, Updated: now,
	}
	e := s.event(a, EvRequestCreated, r)
	e.From = ""
	if err := s.Store.Create(ctx, r, e); err != nil {
		if KindOf(err) == Conflict {
			return "", Errorf(Conflict, "You already have an active request for this workspace. Finish or withdraw that one first.")
		}
		return "", err
	}
	return r.ID, nil
}

// EditDetails sets what the request as a whole carries.
func (s *Service) EditDetails(ctx context.Context, a Actor, id RequestID, d RequestDetails) error {
	fields := map[string]string{"title": d.Title, "project_number": d.ProjectNumber, "repository": d.Repository}
	if err := checkLengths(fields, maxLine); err != nil {
		return err
	}
	if err := checkLengths(map[string]string{"purpose": d.Purpose, "concerns": d.Concerns}, maxText); err != nil {
		return err
	}
	_, err := s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		r.Title, r.ProjectNumber, r.Repository = strings.TrimSpace(d.Title), strings.TrimSpace(d.ProjectNumber), strings.TrimSpace(d.Repository)
		r.Purpose, r.Concerns = strings.TrimSpace(d.Purpose), strings.TrimSpace(d.Concerns)
		c.Events = append(c.Events, s.event(a, EvRequestEdited, r))
		return nil
	})
	return err
}

// EditGroup sets a group's context and controls. Fields that the policy does
// not know are Invalid. Approvals that rested on the group are void from then
// on, and the record says so.
func (s *Service) EditGroup(ctx context.Context, a Actor, id RequestID, g GroupID, about, controls map[string]string) error {
	about, err := cleanFields(about, s.Policy.Context)
	if err != nil {
		return err
	}
	controls, err = cleanFields(controls, s.Policy.Controls)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		group := r.Group(g)
		if group == nil {
			return Errorf(NotFound, "There is no such group.")
		}
		if maps.Equal(group.Context, about) && maps.Equal(group.Controls, controls) {
			c.Events = append(c.Events, s.groupEvent(a, r, group, "unchanged"))
			return nil
		}
		s.voiding(a, r, c, func() { group.Context, group.Controls = about, controls })
		c.Events = append(c.Events, s.groupEvent(a, r, group, "changed"))
		r.ReportKey, r.Findings = ReportKey{}, ""
		return nil
	})
	if err != nil {
		return err
	}
	return s.recheck(ctx, a, id)
}

func (s *Service) groupEvent(a Actor, r *Request, g *Group, what string) Event {
	e := s.event(a, EvGroupEdited, r)
	e.Group, e.Detail = g.ID, map[string]string{"content": what}
	return e
}

// voiding makes a change to the request's files or groups and puts on record
// each vote that counted before it and does not after it.
func (s *Service) voiding(a Actor, r *Request, c *Change, change func()) {
	type standing struct {
		file    FileID
		checker Username
	}
	before := map[standing]bool{}
	for g, f := range r.Outputs() {
		for i := range f.Votes {
			if f.Votes[i].counts(g, f) {
				before[standing{f.ID, f.Votes[i].Checker}] = true
			}
		}
	}
	change()
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Files {
			f := &g.Files[j]
			for k := range f.Votes {
				v := &f.Votes[k]
				if before[standing{f.ID, v.Checker}] && (f.Kind != Output || !v.counts(g, f)) {
					e := s.fileEvent(a, EvVoteVoided, r, g, f)
					e.Detail = map[string]string{"checker": string(v.Checker), "was": string(v.Decision)}
					c.Events = append(c.Events, e)
				}
			}
		}
	}
}

// Withdraw takes the whole request back for good.
func (s *Service) Withdraw(ctx context.Context, a Actor, id RequestID) error {
	_, err := s.change(ctx, a, id, policy.RequestWithdraw, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		c.Events = append(c.Events, s.transition(a, r, Withdrawn, EvWithdrawn))
		r.Decided = s.Now()
		return nil
	})
	return err
}

// arrows are the only ways from status to status.
var arrows = map[Status][]Status{
	Pending:           {Submitted, Withdrawn},
	Returned:          {Submitted, Withdrawn},
	Submitted:         {PartiallyReviewed, Returned},
	PartiallyReviewed: {Reviewed, Returned},
	Reviewed:          {Approved, Returned, Rejected},
	Approved:          {Released},
}

// transition moves the request along an arrow and returns the event. A change
// of owner starts a new turn. Any other move is a fault in the program.
func (s *Service) transition(a Actor, r *Request, to Status, t EventType) Event {
	if !slices.Contains(arrows[r.Status], to) {
		panic("review: no arrow from " + string(r.Status) + " to " + string(to))
	}
	e := s.event(a, t, r)
	if r.Status.Owner() != to.Owner() {
		r.Turn++
	}
	r.Status = to
	e.To, e.Turn = to, r.Turn
	return e
}

// cleanFields keeps the known fields of a form, trimmed, without empty ones.
func cleanFields(in map[string]string, fields []policy.Field) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range in {
		if !slices.ContainsFunc(fields, func(f policy.Field) bool { return f.ID == k }) {
			return nil, Errorf(Invalid, "The form has a field that the policy does not know.")
		}
		if v = strings.TrimSpace(v); v != "" {
			out[k] = v
		}
	}
	return out, checkLengths(out, maxText)
}

// checkLengths refuses text that is too long or not text.
func checkLengths(fields map[string]string, most int) error {
	e := Errorf(Invalid, "Some of the text cannot be kept as it is.")
	for k, v := range fields {
		switch {
		case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
			e.with(k, "This is not valid text.")
		case utf8.RuneCountInString(v) > most:
			e.with(k, "This is too long.")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// with adds what is wrong with one field.
func (e *Error) with(field, message string) *Error {
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	e.Fields[field] = message
	return e
}

// project finds the project of a workspace, if the actor may do the action to
// its workspaces.
func (s *Service) project(ctx context.Context, a Actor, ws WorkspaceName, action policy.Action) (*Project, error) {
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	for i := range projects {
		p := &projects[i]
		if slices.Contains(p.Workspaces, ws) && a.In(p.ID) && policy.Allowed(a.Roles, action, policy.Member) {
			return p, nil
		}
	}
	return nil, s.denied(ctx, a, "", action, Errorf(NotFound, "There is no such workspace."))
}
