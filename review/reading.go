package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sallyport/checks"
	"sallyport/policy"
)

// FileContent is one file's bytes, as they came and as they would leave. The
// view is on record before the bytes are returned.
func (s *Service) FileContent(ctx context.Context, a Actor, id RequestID, file FileID) (*FileContent, error) {
	out, r, err := s.fileContent(ctx, a, id, file)
	if err != nil {
		return nil, err
	}
	return out, s.recordRead(ctx, a, r, EvFileViewed, file)
}

// fileContent reads a file's bytes for somebody who may see them. The caller
// puts the view on record.
func (s *Service) fileContent(ctx context.Context, a Actor, id RequestID, file FileID) (*FileContent, *Request, error) {
	v, fv, err := s.fileView(ctx, a, id, file)
	if err != nil {
		return nil, nil, err
	}
	r := &v.Request
	out := &FileContent{View: *fv, MediaType: fv.File.MediaType}
	if out.Original, err = s.readBlob(ctx, a, r, fv.File.Digest); err != nil {
		return nil, nil, err
	}
	switch fv.File.Release {
	case "":
	case fv.File.Digest:
		out.Clean = out.Original
	default:
		if out.Clean, err = s.readBlob(ctx, a, r, fv.File.Release); err != nil {
			return nil, nil, err
		}
	}
	return out, r, nil
}

// Download is the bytes that would leave, as a file. The download is on record
// before they are returned.
func (s *Service) Download(ctx context.Context, a Actor, id RequestID, file FileID) ([]byte, *File, error) {
	v, fv, err := s.fileView(ctx, a, id, file)
	if err != nil {
		return nil, nil, err
	}
	if fv.File.Release == "" {
		return nil, nil, Errorf(Conflict, "This file cannot be released: %s", fv.File.CleanError)
	}
	if err := fv.Withheld(); err != nil {
		return nil, nil, err
	}
	data, err := s.readBlob(ctx, a, &v.Request, fv.File.Release)
	if err != nil {
		return nil, nil, err
	}
	return data, fv.File, s.recordRead(ctx, a, &v.Request, EvFileDownloaded, file)
}

// Versions are two versions of one file, as they came.
type Versions struct {
	File          File
	Before, After []byte
	// Workspace says that After is what lies in the workspace now, which is not
	// part of the request.
	Workspace bool
}

// Versions returns a file before and after its last change: for an author whose
// workspace has moved on, the snapshot and the file there now; else what it was
// before it was updated, and what it is. Conflict when it never changed. The
// view is on record.
func (s *Service) Versions(ctx context.Context, a Actor, id RequestID, file FileID) (*Versions, error) {
	v, fv, err := s.fileView(ctx, a, id, file)
	if err != nil {
		return nil, err
	}
	r, f := &v.Request, fv.File
	out := &Versions{File: *f}
	switch {
	case fv.Changed == "changed":
		out.Workspace = true
		if out.Before, err = s.readBlob(ctx, a, r, f.Digest); err == nil {
			out.After, err = s.readWorkspaceFile(ctx, r.Workspace, f.Path, f.asks("file-size"))
		}
	case len(f.Previous) > 0:
		if out.Before, err = s.readBlob(ctx, a, r, f.lastSeen().Digest); err == nil {
			out.After, err = s.readBlob(ctx, a, r, f.Digest)
		}
	default:
		return nil, Errorf(Conflict, "This file has not changed since it was added.")
	}
	if err != nil {
		return nil, err
	}
	e := s.viewEvent(a, EvFileViewed, r, file)
	e.Detail = map[string]string{"before": string(digestBytes(out.Before)), "after": string(digestBytes(out.After))}
	return out, s.Store.Append(ctx, e)
}

// lastSeen is the version that the checkers saw last: the first to be replaced
// in the turn in which the file was last updated.
func (f *File) lastSeen() Snapshot {
	last := f.Previous[len(f.Previous)-1]
	i := slices.IndexFunc(f.Previous, func(p Snapshot) bool { return p.Turn == last.Turn })
	return f.Previous[i]
}

func (s *Service) fileView(ctx context.Context, a Actor, id RequestID, file FileID) (*View, *FileView, error) {
	r, rel, err := s.load(ctx, a, id, policy.FileContent)
	if err != nil {
		return nil, nil, err
	}
	v, err := s.view(ctx, a, r, rel)
	if err != nil {
		return nil, nil, err
	}
	for i := range v.Groups {
		for j := range v.Groups[i].Files {
			if f := v.Groups[i].Files[j].File; f.ID == file {
				if (rel == policy.Author || rel == policy.Member) && v.Recalled.Covers(f.Path) {
					return nil, nil, errRecalledFile(v.Recalled.Since)
				}
				return v, &v.Groups[i].Files[j], nil
			}
		}
	}
	return nil, nil, Errorf(NotFound, "There is no such file in the request.")
}

func (s *Service) recordRead(ctx context.Context, a Actor, r *Request, t EventType, file FileID) error {
	return s.Store.Append(ctx, s.viewEvent(a, t, r, file))
}

// MyWorkspaces lists the workspaces of the actor's projects.
func (s *Service) MyWorkspaces(ctx context.Context, a Actor) ([]WorkspaceSummary, error) {
	if err := s.Authorise(ctx, a, policy.WorkspaceList); err != nil {
		return nil, err
	}
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	active, err := s.activeRequests(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []WorkspaceSummary
	for _, p := range projects {
		if !a.In(p.ID) {
			continue
		}
		for _, w := range p.Workspaces {
			sum := WorkspaceSummary{Name: w, Project: p, Active: active[w]}
			if _, err := s.Workspaces.Workspace(ctx, w); err != nil {
				sum.Problem = "The workspace's folder cannot be read."
			}
			out = append(out, sum)
		}
	}
	return out, nil
}

func (s *Service) activeRequests(ctx context.Context, a Actor) (map[WorkspaceName]*Request, error) {
	mine, err := s.Store.Requests(ctx, RequestQuery{
		Author: a.Username, Limit: 1000,
		Statuses: []Status{Pending, Submitted, PartiallyReviewed, Reviewed, Approved, Returned},
	})
	if err != nil {
		return nil, err
	}
	out := map[WorkspaceName]*Request{}
	for i := range mine {
		r := mine[i].clone()
		blind(r, a, policy.Author)
		out[r.Workspace] = r
	}
	return out, nil
}

// WorkspaceFiles lists the files of one workspace, and never their contents.
func (s *Service) WorkspaceFiles(ctx context.Context, a Actor, ws WorkspaceName) (*Workspace, *WorkspaceSummary, error) {
	p, err := s.project(ctx, a, ws, policy.WorkspaceView)
	if err != nil {
		return nil, nil, err
	}
	w, err := s.Workspaces.Workspace(ctx, ws)
	if err != nil {
		return nil, nil, err
	}
	active, err := s.activeRequests(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	return w, &WorkspaceSummary{Name: ws, Project: *p, Active: active[ws]}, nil
}

// Requests lists the actor's own requests, newest first.
func (s *Service) Requests(ctx context.Context, a Actor) ([]Request, error) {
	if err := s.Authorise(ctx, a, policy.RequestList); err != nil {
		return nil, err
	}
	return s.mine(ctx, a, 0, 0)
}

// Queue lists what is routed to the actor and open: what waits for them first,
// by due time, and among equals the weightiest findings first.
func (s *Service) Queue(ctx context.Context, a Actor) ([]QueueItem, error) {
	if err := s.Authorise(ctx, a, policy.QueueView); err != nil {
		return nil, err
	}
	list, err := s.Store.Requests(ctx, RequestQuery{
		Checker: a.Username, Limit: maxQueue, Whole: true, Statuses: []Status{Submitted, PartiallyReviewed, Reviewed, Approved, Returned},
	})
	if err != nil {
		return nil, err
	}
	var out []QueueItem
	for i := range list {
		if relation(a.Person, &list[i]) == policy.Assigned {
			out = append(out, s.queueItem(a, &list[i]))
		}
	}
	slices.SortStableFunc(out, func(x, y QueueItem) int {
		return cmp.Or(-compareBool(x.YourTurn, y.YourTurn), x.Due.Compare(y.Due), -cmp.Compare(x.Worst.Rank(), y.Worst.Rank()))
	})
	return out, nil
}

// maxQueue is more than anybody can have open.
const maxQueue = 10_000

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	default:
		return -1
	}
}

func (s *Service) queueItem(a Actor, full *Request) QueueItem {
	item := QueueItem{Due: full.Due, Worst: full.Worst}
	for g, f := range full.Outputs() {
		if !full.reviews(a.Username, f) {
			continue
		}
		item.Files++
		if f.VoteOf(a.Username).counts(g, f) {
			item.Mine++
		}
	}
	item.Overdue = full.Status.Owner() == "checkers" && s.Now().After(full.Due)
	item.YourTurn, item.State = queueState(full, a)
	item.Request = *full.clone()
	item.Request.Groups = nil
	blind(&item.Request, a, policy.Assigned)
	return item
}

func queueState(r *Request, a Actor) (yours bool, words string) {
	switch {
	case r.Status == Reviewed:
		return true, "Both reviews are in: agree with the other checker"
	case r.Status == Returned:
		return false, "With the author"
	case r.Status == Approved:
		return false, "Approved, on its way out"
	case r.Seat(a.Username).Submitted.IsZero():
		return true, "Waiting for your review"
	default:
		return false, "You have reviewed it; the other review is not in yet"
	}
}

func worst(report *checks.Report) policy.Severity {
	w := policy.Off
	if report == nil {
		return w
	}
	for _, f := range report.Files {
		for _, x := range f.Findings {
			if x.Severity.Rank() > w.Rank() {
				w = x.Severity
			}
		}
	}
	return w
}

// Releases is the release register: of the projects that the actor audits.
func (s *Service) Releases(ctx context.Context, a Actor, q ReleaseQuery) ([]Release, error) {
	if err := s.Authorise(ctx, a, policy.ReleaseList); err != nil {
		return nil, err
	}
	if all, in := a.span(policy.ReleaseList); !all {
		if q.Projects = within(q.Projects, in); len(q.Projects) == 0 {
			return nil, nil
		}
	}
	return s.Store.Releases(ctx, q)
}

// AllRequests lists requests for an auditor: of the projects that they audit.
func (s *Service) AllRequests(ctx context.Context, a Actor, q RequestQuery) ([]Request, error) {
	if err := s.Authorise(ctx, a, policy.RecordView); err != nil {
		return nil, err
	}
	if all, in := a.span(policy.RecordView); !all {
		if q.Projects = within(q.Projects, in); len(q.Projects) == 0 {
			return nil, nil
		}
	}
	return s.Store.Requests(ctx, q)
}

// within is what of asked lies in all; all of it when nothing is asked.
func within(asked, all []ProjectID) []ProjectID {
	if len(asked) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(asked), func(id ProjectID) bool { return !slices.Contains(all, id) })
}

// Record is one request's whole record.
func (s *Service) Record(ctx context.Context, a Actor, id RequestID) (*Record, error) {
	r, rel, err := s.load(ctx, a, id, policy.RecordView)
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, a, r, rel)
	if err != nil {
		return nil, err
	}
	rec := &Record{View: v}
	if rec.Events, err = s.Store.Events(ctx, EventQuery{Request: id, Limit: 100_000}); err != nil {
		return nil, err
	}
	if rec.Release, err = s.Store.Release(ctx, id); KindOf(err) == NotFound {
		rec.Release, err = nil, nil
	}
	if rec.Release != nil && err == nil {
		rec.Independence = ProveIndependence(rec.Events, rec.Release)
	}
	if err != nil {
		return nil, err
	}
	rec.Checkpoint, err = s.newestCheckpoint(ctx)
	return rec, err
}

// Audit lists the event log.
func (s *Service) Audit(ctx context.Context, a Actor, q EventQuery) ([]Event, error) {
	if err := s.Authorise(ctx, a, policy.AuditView); err != nil {
		return nil, err
	}
	return s.Store.Events(ctx, q)
}

// Status is what an operator sees.
func (s *Service) Status(ctx context.Context, a Actor) (*StatusReport, error) {
	if err := s.Authorise(ctx, a, policy.StatusView); err != nil {
		return nil, err
	}
	rep := &StatusReport{Engine: s.Checker.Engine(), Policy: s.Policy.Ref()}
	var err error
	if rep.Health, err = s.Health(ctx); err != nil {
		return nil, err
	}
	if rep.ByStatus, err = s.Store.Counts(ctx); err != nil {
		return nil, err
	}
	open, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Submitted, PartiallyReviewed, Reviewed}, Limit: 10_000})
	if err != nil {
		return nil, err
	}
	if err := s.abandoned(ctx, rep); err != nil {
		return nil, err
	}
	for i := range open {
		r := open[i]
		late := s.Now().After(r.Due)
		unrouted := len(r.pair()) < s.Policy.Review.Approvals
		r.bare()
		if late {
			rep.Overdue = append(rep.Overdue, r)
		}
		if unrouted {
			rep.Unrouted = append(rep.Unrouted, r)
		}
	}
	if rep.DeadJobs, err = s.Store.DeadJobs(ctx); err != nil {
		return nil, err
	}
	if rep.Schedules, err = s.scheduleProblems(ctx); err != nil {
		return nil, err
	}
	bad, err := s.Store.Events(ctx, EventQuery{Types: []EventType{EvIntegrity}})
	rep.Integrity = len(bad)
	if err != nil {
		return nil, err
	}
	if rep.Alarms, err = s.Store.Alarms(ctx, AlarmQuery{Open: true}); err != nil {
		return nil, err
	}
	if rep.Malware, err = s.malwareStatus(ctx); err != nil {
		return nil, err
	}
	if rep.Beginning, err = s.beginning(ctx, rep); err != nil {
		return nil, err
	}
	rep.Scrub, err = s.Store.Scrub(ctx)
	return rep, err
}

// bare leaves of a request what says that work flows, and nothing of what its
// people wrote.
func (r *Request) bare() {
	r.Title, r.Purpose, r.Concerns, r.Comments, r.Groups, r.Acknowledgements = "", "", "", nil, nil, nil
}

// abandoned adds the drafts that nobody has touched for long.
func (s *Service) abandoned(ctx context.Context, rep *StatusReport) error {
	drafts, err := s.Store.Requests(ctx, RequestQuery{Statuses: []Status{Pending, Returned}, Limit: 10_000})
	if err != nil {
		return err
	}
	limit := s.Now().AddDate(0, 0, -s.Policy.Review.AbandonedDays)
	for _, r := range drafts {
		if r.Updated.Before(limit) {
			r.bare()
			rep.Abandoned = append(rep.Abandoned, r)
		}
	}
	return nil
}

// Actor looks a person up for one call. Unauthenticated when there is no such
// person, or they may no longer sign in.
func (s *Service) Actor(ctx context.Context, name Username, source string) (Actor, error) {
	p, err := s.Store.Person(ctx, name)
	if KindOf(err) == NotFound || err == nil && p.Disabled {
		return Actor{}, Errorf(Unauthenticated, "Sign in first.")
	}
	if err != nil {
		return Actor{}, fmt.Errorf("looking up a person: %w", err)
	}
	p = p.at(s.Now())
	if !p.TrainedUntil.After(s.Now()) {
		// A checker's role ends with their training. Routing says so in its own words.
		p.Roles = slices.DeleteFunc(p.Roles, func(r policy.Role) bool { return r == policy.Checker })
		p.Scoped = slices.DeleteFunc(p.Scoped, func(r ScopedRole) bool { return r.Role == policy.Checker })
	}
	return Actor{Person: p, Source: source}, nil
}

// RecordSignIn puts a sign-in, or a failed one, on record. The name of a failed
// one is what was typed only if there is such a person: people type passwords
// into the wrong field.
func (s *Service) RecordSignIn(ctx context.Context, name Username, source string, ok bool) error {
	e := s.event(Actor{Source: source}, EvSignIn, nil)
	e.Actor = name
	if !ok {
		e.Type = EvSignInFailed
		if _, err := s.Store.Person(ctx, name); err != nil {
			e.Actor = ""
		}
	}
	return s.Store.Append(ctx, e)
}

// RecordSignOut puts a sign-out on record.
func (s *Service) RecordSignOut(ctx context.Context, a Actor) error {
	return s.Store.Append(ctx, s.event(a, EvSignOut, nil))
}
