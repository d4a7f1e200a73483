package review

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"sallyport/policy"
)

// Release approves the request and puts its package on the way out. It returns
// once that is certain to happen; delivery follows from the outbox. Pressing it
// twice, or both checkers pressing it, releases once.
func (s *Service) Release(ctx context.Context, a Actor, id RequestID) error {
	r, _, err := s.load(ctx, a, id, policy.ReviewRelease)
	if err != nil {
		return err
	}
	for _, f := range r.Outputs() {
		if f.Release == "" {
			return Errorf(Invalid, "%s cannot be released: %s", f.Path, f.CleanError)
		}
		if err := s.wholeFile(ctx, a, r, f); err != nil {
			return err
		}
	}
	if err := s.free(ctx, a, r); err != nil {
		return err
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	rt, err := s.router(ctx)
	if err != nil {
		return err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return err
	}
	if r.Status == Reviewed {
		if _, err := s.policyOf(ctx, r.Policy.SHA256); err != nil {
			return err // before anything is decided that could then not leave
		}
	}
	_, err = s.change(ctx, a, id, policy.ReviewRelease, func(r *Request, c *Change) error {
		if r.Status == Approved || r.Status == Released {
			return errNothing
		}
		if err := requireStatus(r, Reviewed); err != nil {
			return err
		}
		rel, err := s.newRelease(a, r, names, rt)
		if err != nil {
			return err
		}
		for g, f := range r.Outputs() {
			e := s.fileEvent(a, EvApproved, r, g, f)
			e.Detail = map[string]string{"release": rel.ID, "original": string(f.Digest)}
			c.Events = append(c.Events, e)
		}
		e := s.transition(a, r, Approved, EvApproved)
		e.Detail = map[string]string{"release": rel.ID}
		e.note(detailOutside, outsiders(r))
		e.note(detailOverrode, weighty(r, report, func(*Group, *File) bool { return true }))
		c.Events = append(c.Events, e)
		c.Release = rel
		for _, d := range rel.Deliveries {
			c.Jobs = append(c.Jobs, s.job(rel.ID+"."+d.Sink, JobRelease, r.ID, d.Sink))
		}
		r.Decided = rel.Approved
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// newRelease is what leaves: every output file, and only if each is approved by
// both checkers of the request on exactly these bytes.
func (s *Service) newRelease(a Actor, r *Request, names map[Username]string, rt router) (*Release, error) {
	rel := &Release{
		ID: newID(), Request: r.ID, Workspace: r.Workspace, Project: r.Project, Author: r.Author,
		Title: r.Title, Purpose: r.Purpose, Policy: r.Policy, Findings: r.Findings, Approved: s.Now(), By: a.Username,
	}
	for _, seat := range r.Seats {
		rel.Checkers = append(rel.Checkers, seat.Checker)
	}
	for _, sink := range s.Sinks {
		rel.Deliveries = append(rel.Deliveries, Delivery{Sink: sink.Name})
	}
	if len(rel.Deliveries) == 0 {
		return nil, errors.New("a release has nowhere to go: no sink is configured")
	}
	if err := rt.stillFit(r); err != nil {
		return nil, err
	}
	for g, f := range r.Outputs() {
		if out := r.OutcomeOf(g, f, s.Policy.Review.Approvals); out != AllApproved {
			return nil, Errorf(Conflict, "%s is not approved by both checkers: it is %s.", f.Path, out)
		}
		file := ReleasedFile{Path: f.Path, SHA256: f.Release, Size: f.ReleaseSize, Original: f.Digest, Group: g.Name}
		for _, c := range r.CheckersOf(f) {
			v := f.VoteOf(c)
			file.Approvals = append(file.Approvals, Approval{Checker: v.Checker, Name: names[v.Checker], At: v.At})
		}
		rel.Files = append(rel.Files, file)
	}
	if len(rel.Files) == 0 {
		return nil, Errorf(Conflict, "There is no output file to release.")
	}
	return rel, nil
}

// stillFit says which checker's approval cannot count any more, because they
// have come to belong to the project or to be its author.
func (rt router) stillFit(r *Request) error {
	for _, seat := range r.Seats {
		p := rt.person(seat.Checker)
		if p == nil || p.partOf(r.Project) || p.Username == r.Author {
			return Errorf(Conflict, "The approval of %s does not count: they belong to the project. The request is given to another checker.", seat.Checker)
		}
	}
	return nil
}

// names maps usernames to full names.
func (s *Service) names(ctx context.Context) (map[Username]string, error) {
	people, err := s.everybody(ctx)
	if err != nil {
		return nil, err
	}
	return fullNames(people), nil
}

// fullNames maps usernames to full names, that of the service itself with them.
func fullNames(people []Person) map[Username]string {
	out := map[Username]string{"system": "Sallyport"}
	for _, p := range people {
		out[p.Username] = p.Name
	}
	return out
}

// step tells a test where the release stands.
func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// deliver takes one approved release out, to one sink. Each step can be taken
// again after a crash at any point: the sink knows a package it has delivered,
// and the request becomes RELEASED only once.
func (s *Service) deliver(ctx context.Context, job *Job) error {
	s.step("release.load")
	rel, err := s.Store.Release(ctx, job.Request)
	if err != nil {
		return err
	}
	if at := rel.At(job.Target); at == nil || !at.At.IsZero() || rel.Recalled != nil {
		return nil // a recall stops what is on its way
	}
	sink, err := s.sink(job.Target)
	if err != nil {
		return err
	}
	p, verdict, err := s.verified(ctx, rel)
	if err != nil {
		return err
	}
	s.step("release.deliver")
	location, err := sink.Deliver(ctx, p)
	if err == nil {
		err = verdict()
	}
	if err != nil {
		return err
	}
	s.step("release.mark")
	return s.delivered(ctx, job.Request, job.Target, location, digestBytes(p.Manifest))
}

// sink finds a sink by its name.
func (s *Service) sink(name string) (Sink, error) {
	for _, k := range s.Sinks {
		if k.Name == name {
			return k.Sink, nil
		}
	}
	return nil, Errorf(Unavailable, "There is no place named %s in the configuration any more.", name)
}

// verified makes a release's package, after hashing every file again; verdict
// says afterwards whether what the sink read was what was approved.
func (s *Service) verified(ctx context.Context, rel *Release) (p *Package, verdict func() error, err error) {
	r, err := s.Store.Request(ctx, rel.Request)
	if err != nil {
		return nil, nil, err
	}
	s.step("release.verify")
	for _, f := range rel.Files {
		if err := s.checkBlob(ctx, system(), r, f.SHA256, io.Discard); err != nil {
			return nil, nil, err
		}
	}
	if err := s.intact(ctx, r); err != nil {
		return nil, nil, err
	}
	s.step("release.package")
	if p, err = s.pack(ctx, rel, r); err != nil {
		return nil, nil, err
	}
	p, verdict = s.guard(r, p)
	return p, verdict, nil
}

// errMoved says that the request changed between two reads.
var errMoved = errors.New("the request has moved on")

// delivered puts one delivery on record, and the last one makes the request
// RELEASED. Workers that finish at two sinks at once take turns.
func (s *Service) delivered(ctx context.Context, id RequestID, sink, location string, manifest Digest) error {
	for {
		r, err := s.Store.Request(ctx, id)
		if err != nil {
			return err
		}
		rel, err := s.Store.Release(ctx, id)
		if err != nil {
			return err
		}
		at := rel.At(sink)
		if !at.At.IsZero() {
			return nil
		}
		at.At, at.Location = s.Now(), location
		_, err = s.update(ctx, id, func(now *Request) (Change, error) {
			if now.Version != r.Version {
				return Change{}, errMoved
			}
			return s.markDelivered(now, rel, at, manifest)
		})
		switch {
		case errors.Is(err, errNothing):
			return nil
		case !errors.Is(err, errMoved):
			return err
		}
	}
}

// markDelivered is the change that one delivery makes.
func (s *Service) markDelivered(r *Request, rel *Release, at *Delivery, manifest Digest) (Change, error) {
	if rel.Recalled != nil {
		return Change{}, errNothing // it was recalled meanwhile, and is taken back by a job of its own
	}
	if err := requireStatus(r, Approved); err != nil {
		return Change{}, err
	}
	e := s.event(system(), EvDelivered, r)
	e.Digest, e.Detail = manifest, map[string]string{"release": rel.ID, "sink": at.Sink}
	c := Change{Events: []Event{e}, Release: rel}
	r.Updated = at.At
	if !rel.Complete() {
		return c, nil
	}
	rel.Delivered, rel.Location = at.At, rel.Deliveries[0].Location
	packaged := s.event(system(), EvPackaged, r)
	packaged.Digest, packaged.Detail = manifest, map[string]string{"release": rel.ID}
	released := s.transition(system(), r, Released, EvReleased)
	released.Detail = map[string]string{"release": rel.ID}
	r.Released = at.At
	c.Events = append(c.Events, packaged, released)
	return c, nil
}

// manifest is the JSON that goes with a package.
type manifest struct {
	Schema    string         `json:"schema"` // "sallyport-release/1"
	Release   string         `json:"release"`
	Request   RequestID      `json:"request"`
	Workspace WorkspaceName  `json:"workspace"`
	Project   ProjectID      `json:"project"`
	Author    Username       `json:"author"`
	Title     string         `json:"title,omitempty"`
	Purpose   string         `json:"purpose"`
	Approved  time.Time      `json:"approved"`
	By        Username       `json:"released_by"`
	Checkers  []Username     `json:"checkers"`
	Policy    policy.Ref     `json:"policy"`
	Findings  Digest         `json:"findings_sha256"`
	Files     []ReleasedFile `json:"files"`
}

// Manifest is the JSON that goes with a release's files: the same bytes every
// time it is made, so that a package can be recognised after a crash.
func Manifest(rel *Release) ([]byte, error) {
	b, err := json.MarshalIndent(manifest{
		Schema: "sallyport-release/1", Release: rel.ID, Request: rel.Request, Workspace: rel.Workspace, Project: rel.Project,
		Author: rel.Author, Title: rel.Title, Purpose: rel.Purpose, Approved: rel.Approved.UTC(), By: rel.By,
		Checkers: rel.Checkers, Policy: rel.Policy, Findings: rel.Findings, Files: rel.Files,
	}, "", "  ")
	return append(b, '\n'), err
}
