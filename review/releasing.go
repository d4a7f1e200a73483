package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
		if _, err := s.readBlob(ctx, a, r, f.Release); err != nil {
			return err
		}
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
		c.Jobs = append(c.Jobs, Job{ID: rel.ID, Kind: "release", Request: r.ID, MaxTries: maxTries, Due: s.Now()})
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
		if p == nil || p.In(r.Project) || p.Username == r.Author {
			return Errorf(Conflict, "The approval of %s does not count: they belong to the project. The request is given to another checker.", seat.Checker)
		}
	}
	return nil
}

// names maps usernames to full names.
func (s *Service) names(ctx context.Context) (map[Username]string, error) {
	people, err := s.Store.People(ctx)
	if err != nil {
		return nil, err
	}
	out := map[Username]string{"system": "Sallyport"}
	for _, p := range people {
		out[p.Username] = p.Name
	}
	return out, nil
}

const (
	// maxTries is how often a delivery is tried before people must look.
	maxTries = 20
	// leaseTime is how long a job is somebody's. A job whose worker died is
	// taken up again after it.
	leaseTime = 30 * time.Second
	// idle is how long the worker sleeps when there is nothing to do.
	idle = 500 * time.Millisecond
	// housekeeping is how often seats and reminders are looked after.
	housekeeping = 20 * time.Second
)

// Work does outbox jobs and keeps the seats until ctx ends. Errors are logged
// and tried again; it returns only ctx's error.
func (s *Service) Work(ctx context.Context) error {
	var kept time.Time
	for {
		var did bool
		var err error
		if now := s.Now(); now.Sub(kept) > housekeeping {
			kept = now
			did, err = s.WorkOnce(ctx)
		} else {
			did, err = s.doJob(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "background work", "error", err)
		}
		if did && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(idle):
		}
	}
}

// WorkOnce fills free seats, reminds, and does one due job if there is one.
func (s *Service) WorkOnce(ctx context.Context) (did bool, err error) {
	if err := errors.Join(s.Route(ctx), s.Remind(ctx)); err != nil {
		return false, err
	}
	return s.doJob(ctx)
}

// doJob does one due job, if there is one.
func (s *Service) doJob(ctx context.Context) (did bool, err error) {
	now := s.Now()
	job, err := s.Store.NextJob(ctx, now, now.Add(leaseTime))
	if KindOf(err) == NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.deliver(ctx, job); err != nil {
		return true, s.failed(ctx, job, err)
	}
	s.step("job.finish")
	return true, s.Store.FinishJob(ctx, job.ID)
}

// step tells a test where the release stands.
func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// deliver takes one approved release out. Each step can be taken again after a
// crash at any point: the sink knows a package it has delivered, and the
// request becomes RELEASED only once.
func (s *Service) deliver(ctx context.Context, job *Job) error {
	s.step("release.load")
	rel, err := s.Store.Release(ctx, job.Request)
	if err != nil {
		return err
	}
	r, err := s.Store.Request(ctx, job.Request)
	if err != nil {
		return err
	}
	if r.Status == Released {
		return nil
	}
	s.step("release.verify")
	for _, f := range rel.Files {
		if _, err := s.readBlob(ctx, system(), r, f.SHA256); err != nil {
			return err
		}
	}
	s.step("release.package")
	pack, err := s.pack(ctx, rel, r)
	if err != nil {
		return err
	}
	location, err := s.Sink.Deliver(ctx, pack)
	if err != nil {
		return err
	}
	s.step("release.mark")
	_, err = s.Store.Update(ctx, job.Request, func(r *Request) (Change, error) {
		if r.Status == Released {
			return Change{}, errNothing
		}
		if err := requireStatus(r, Approved); err != nil {
			return Change{}, err
		}
		done := *rel
		done.Delivered, done.Location = s.Now(), location
		packaged := s.event(system(), EvPackaged, r)
		packaged.Digest, packaged.Detail = digestBytes(pack.Manifest), map[string]string{"release": rel.ID}
		e := s.transition(system(), r, Released, EvReleased)
		e.Detail = map[string]string{"release": rel.ID}
		r.Released, r.Updated = done.Delivered, done.Delivered
		return Change{Events: []Event{packaged, e}, Release: &done}, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// failed puts a job back with a growing pause, and the failure on record.
func (s *Service) failed(ctx context.Context, job *Job, cause error) error {
	pause := min(time.Second<<min(job.Tries, 12), time.Hour)
	s.Log.ErrorContext(ctx, "delivery failed", "job", job.ID, "tries", job.Tries, "error", cause)
	e := s.event(system(), EvReleaseFailed, nil)
	e.Request, e.Detail = job.Request, map[string]string{"tries": fmt.Sprint(job.Tries)}
	return errors.Join(
		s.Store.Append(ctx, e),
		s.Store.RetryJob(ctx, job.ID, s.Now().Add(pause), cause.Error()))
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
