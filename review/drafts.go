package review

import (
	"context"
	"maps"
	"path"
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
	return s.createRequest(ctx, a, ws, func(*Request) []Event { return nil })
}

// createRequest starts a draft; further events are kept with it.
func (s *Service) createRequest(ctx context.Context, a Actor, ws WorkspaceName, further func(*Request) []Event) (RequestID, error) {
	p, err := s.project(ctx, a, ws, policy.RequestCreate)
	if err != nil {
		return "", err
	}
	if err := s.mayFile(a.Person, p); err != nil {
		return "", s.denied(ctx, a, "", policy.RequestCreate, err)
	}
	now := s.Now()
	r := &Request{
		ID: RequestID(newID()), Workspace: ws, Project: p.ID, Author: a.Username,
		ProjectNumber: p.Number, Status: Pending, Turn: 1, Created: now, Updated: now,
	}
	e := s.event(a, EvRequestCreated, r)
	e.From = ""
	if err := s.Store.Create(ctx, r, append([]Event{e}, further(r)...)...); err != nil {
		if KindOf(err) == Conflict {
			return "", errActive()
		}
		return "", err
	}
	return r.ID, nil
}

func errActive() *Error {
	return Errorf(Conflict, "You already have an active request for this workspace. Finish or withdraw that one first.")
}

// mayFile says who may file in which kind of project. Platform staff have no
// way out of their own: a test or curation output passes the same two checkers
// as any other.
func (s *Service) mayFile(who *Person, p *Project) error {
	roles := who.RolesIn(p.ID)
	has := func(r policy.Role) bool { return slices.Contains(roles, r) }
	switch p.Kind {
	case TestingProject:
		if !has(policy.CoreDeveloper) {
			return Errorf(Forbidden, "Only core developers may file requests in a testing project.")
		}
	case CurationProject:
		if !has(policy.CoreDeveloper) && !has(policy.DataInvestigator) {
			return Errorf(Forbidden, "Only core developers and data investigators may file requests in a curation project.")
		}
		if !slices.Contains(s.Policy.CurationBackends, p.Backend) {
			return Errorf(Forbidden, "Data curation is done on %s only.", strings.Join(s.Policy.CurationBackends, " and "))
		}
	default:
		if !has(policy.Researcher) && !has(policy.Service) {
			return Errorf(Forbidden, "Only researchers may file requests in a study.")
		}
	}
	return nil
}

// ReuseContext fills empty context and controls of a draft from an earlier
// request of the same project that the actor may see: group by group, by name
// or else by the names of their files.
func (s *Service) ReuseContext(ctx context.Context, a Actor, id, from RequestID) error {
	source, _, err := s.load(ctx, a, from, policy.RequestView)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		if source.Project != r.Project {
			return Errorf(Invalid, "Only the context of a request of the same project can be reused.")
		}
		s.voiding(a, r, c, func() {
			for i := range r.Groups {
				if like := groupLike(source, &r.Groups[i]); like != nil {
					s.fillEmpty(&r.Groups[i], like)
				}
			}
		})
		if r.Purpose == "" {
			r.Purpose = source.Purpose
		}
		r.Reused = from
		r.ReportKey, r.Findings = ReportKey{}, ""
		e := s.event(a, EvContextReused, r)
		e.Detail = map[string]string{"from": string(from)}
		c.Events = append(c.Events, e)
		return nil
	})
	if err != nil {
		return err
	}
	return s.recheck(ctx, a, id)
}

// groupLike finds the group of the same name, or one that shares a file name.
func groupLike(source *Request, g *Group) *Group {
	names := map[string]bool{}
	for i := range g.Files {
		names[path.Base(g.Files[i].Path)] = true
	}
	var like *Group
	for i := range source.Groups {
		o := &source.Groups[i]
		if o.Name == g.Name {
			return o
		}
		if like == nil && slices.ContainsFunc(o.Files, func(f File) bool { return names[path.Base(f.Path)] }) {
			like = o
		}
	}
	return like
}

// fillEmpty fills what a group lacks from one like it, as far as the policy still
// asks for it.
func (s *Service) fillEmpty(g, like *Group) {
	g.Context = overlaid(asked(like.Context, s.Policy.Context), g.Context)
	g.Controls = overlaid(asked(like.Controls, s.Policy.Controls), g.Controls)
}

// EditDetails sets what the request as a whole carries.
func (s *Service) EditDetails(ctx context.Context, a Actor, id RequestID, d RequestDetails) error {
	if err := d.check(); err != nil {
		return err
	}
	_, err := s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		d.apply(r)
		c.Events = append(c.Events, s.event(a, EvRequestEdited, r))
		return nil
	})
	return err
}

// GroupDetails is what the author writes about a group.
type GroupDetails struct {
	Context, Controls map[string]string // by policy field id
	// Pattern is the wildcard that names the group's outputs ("release/rate_*.csv"),
	// if it is named by one, and PatternCount how many files it captures.
	Pattern      string
	PatternCount int
	Intermediate bool // data that only serves to make final outputs
}

// EditGroup sets what is said about a group. Fields that the policy does not
// know are Invalid. Approvals that rested on the group are void from then on,
// and the record says so.
func (s *Service) EditGroup(ctx context.Context, a Actor, id RequestID, g GroupID, d GroupDetails) error {
	d, err := s.cleanDetails(d)
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
		s.voiding(a, r, c, func() { d.apply(group) })
		c.Events = append(c.Events, s.groupEvent(a, r, group))
		r.ReportKey, r.Findings = ReportKey{}, ""
		return nil
	})
	if err != nil {
		return err
	}
	return s.recheck(ctx, a, id)
}

func (d GroupDetails) apply(g *Group) {
	g.Context, g.Controls, g.Intermediate = maps.Clone(d.Context), maps.Clone(d.Controls), d.Intermediate
	g.Pattern, g.PatternCount = d.Pattern, d.PatternCount
}

func (s *Service) cleanDetails(d GroupDetails) (GroupDetails, error) {
	var err error
	if d.Context, err = cleanFields(d.Context, s.Policy.Context); err != nil {
		return d, err
	}
	if d.Controls, err = cleanFields(d.Controls, s.Policy.Controls); err != nil {
		return d, err
	}
	d.Pattern = strings.TrimSpace(d.Pattern)
	if _, err := path.Match(d.Pattern, ""); err != nil || len(d.Pattern) > maxLine {
		return d, Errorf(Invalid, "The wildcard cannot be understood.").with("pattern", "Write it like release/rate_by_*.csv.")
	}
	if d.Pattern == "" {
		d.PatternCount = 0
	} else if d.PatternCount < 1 || d.PatternCount > MaxFiles {
		return d, Errorf(Invalid, "State how many files the wildcard captures.").with("pattern_count", "State how many files it captures.")
	}
	return d, nil
}

func (s *Service) groupEvent(a Actor, r *Request, g *Group) Event {
	e := s.event(a, EvGroupEdited, r)
	e.Group = g.ID
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
	Approved:          {Released, Rejected}, // rejected when it is recalled before it left
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
		if slices.Contains(p.Workspaces, ws) && a.In(p.ID) && a.may(action, p.ID, policy.Member) {
			return p, nil
		}
	}
	return nil, s.denied(ctx, a, "", action, Errorf(NotFound, "There is no such workspace."))
}
