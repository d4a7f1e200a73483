package review

import (
	"context"
	"path"
	"slices"
	"strings"

	"sallyport/checks/provenance"
	"sallyport/policy"
)

// maxLog is how much of a log is shown: its last part, above the summary.
const maxLog = 256 << 10 // bytes

// WorkspaceJobs is everything that ran in a workspace.
type WorkspaceJobs struct {
	Workspace WorkspaceName
	Project   Project
	Requests  []provenance.JobRequest // newest first
	Pipeline  *provenance.Pipeline    // nil when there is none to read
	// PipelineText is project.yaml as it lies in the workspace, "" when there is
	// none. It may be newer than what a job ran.
	PipelineText string
	Problems     []string // in plain words
}

// Jobs tells what ran in a workspace: to its project, to auditors, and to the
// checkers of a request from it while they hold a seat.
//
// When there is a pipeline's text in it, that view is on record.
func (s *Service) Jobs(ctx context.Context, a Actor, ws WorkspaceName) (*WorkspaceJobs, error) {
	out, err := s.jobs(ctx, a, ws)
	if err != nil || out.PipelineText == "" {
		return out, err
	}
	return out, s.codeViewed(ctx, a, &out.Project, ws, "project.yaml", []byte(out.PipelineText), nil)
}

func (s *Service) jobs(ctx context.Context, a Actor, ws WorkspaceName) (*WorkspaceJobs, error) {
	p, err := s.jobsAccess(ctx, a, ws)
	if err != nil {
		return nil, err
	}
	rec, err := s.Workspaces.Records(ctx, ws)
	if err != nil {
		return nil, err
	}
	out := &WorkspaceJobs{
		Workspace: ws, Project: *p, Pipeline: rec.Sources.Pipeline(), PipelineText: rec.Sources.Project(),
		Requests: rec.Sources.JobRequests(rec.Recorded), Problems: append(rec.Sources.Problems(), rec.Problems...),
	}
	for i := range out.Requests {
		if out.Requests[i].Backend == "" {
			out.Requests[i].Backend = p.Backend
		}
	}
	return out, nil
}

// JobPage is one job request with what a reader holds against it.
type JobPage struct {
	WorkspaceJobs
	Job provenance.JobRequest
	// Previous is the last job request before it that ran one of its actions,
	// nil when there is none: what the code is compared with.
	Previous *provenance.JobRequest
}

// Job is one job request of a workspace.
func (s *Service) Job(ctx context.Context, a Actor, ws WorkspaceName, id string) (*JobPage, error) {
	all, err := s.Jobs(ctx, a, ws)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all.Requests, func(r provenance.JobRequest) bool { return r.ID == id })
	if i < 0 {
		return nil, Errorf(NotFound, "There is no such job request.")
	}
	page := &JobPage{WorkspaceJobs: *all, Job: all.Requests[i]}
	for j := i + 1; j < len(all.Requests) && page.Previous == nil; j++ {
		if sharesAction(&page.Job, &all.Requests[j]) {
			page.Previous = &all.Requests[j]
		}
	}
	return page, nil
}

func sharesAction(a, b *provenance.JobRequest) bool {
	return slices.ContainsFunc(a.Jobs, func(x provenance.Job) bool {
		return slices.ContainsFunc(b.Jobs, func(y provenance.Job) bool { return x.Action == y.Action })
	})
}

// JobLog is the last part of an action's log. The view is on record.
func (s *Service) JobLog(ctx context.Context, a Actor, ws WorkspaceName, action string) (*provenance.Log, error) {
	p, err := s.jobsAccess(ctx, a, ws)
	if err != nil {
		return nil, err
	}
	data, err := s.Workspaces.Log(ctx, ws, action)
	if err != nil {
		return nil, err
	}
	e := s.event(a, EvLogViewed, nil)
	e.Workspace, e.Digest, e.Detail = ws, digestBytes(data), map[string]string{"action": action}
	e.Purpose = workspacePurpose(a, p)
	return provenance.ReadLog(data, maxLog), s.Store.Append(ctx, e)
}

// jobsAccess finds the project of a workspace for somebody who may see its runs.
func (s *Service) jobsAccess(ctx context.Context, a Actor, ws WorkspaceName) (*Project, error) {
	projects, err := s.Store.Projects(ctx)
	if err != nil {
		return nil, err
	}
	none := Errorf(NotFound, "There is no such workspace.")
	i := slices.IndexFunc(projects, func(p Project) bool { return slices.Contains(p.Workspaces, ws) })
	rel := policy.Other
	if i >= 0 && a.In(projects[i].ID) {
		rel = policy.Member
	} else if ok, err := s.reviewsFrom(ctx, a, ws); err != nil { // also of one that is not there, so that both take as long
		return nil, err
	} else if ok {
		rel = policy.Assigned
	}
	if i < 0 || !a.may(policy.WorkspaceJobs, projects[i].ID, rel) {
		return nil, s.denied(ctx, a, "", policy.WorkspaceJobs, none)
	}
	return &projects[i], nil
}

// reviewsFrom reports whether the actor holds a seat on an open request from
// the workspace.
func (s *Service) reviewsFrom(ctx context.Context, a Actor, ws WorkspaceName) (bool, error) {
	list, err := s.Store.Requests(ctx, RequestQuery{
		Checker: a.Username, Workspace: ws, Limit: 1, Statuses: []Status{Submitted, PartiallyReviewed, Reviewed, Approved, Returned},
	})
	return len(list) > 0, err
}

// SourceCode is one file of a study's repository at a commit.
type SourceCode struct {
	Workspace    WorkspaceName
	Repo, Commit string
	Path         string
	Text         []byte
	Files        []string            // of the whole repository at the commit
	Actions      []provenance.Action // that run this file, with what they need
}

// CodeAt shows a file of the study's code at a commit that a job of the
// workspace ran, and puts the view on record. An empty path lists the files only. NotFound when no job ran
// that commit, or no mirror holds it.
func (s *Service) CodeAt(ctx context.Context, a Actor, ws WorkspaceName, commit, file string) (*SourceCode, error) {
	jobs, repo, err := s.codeAccess(ctx, a, ws, commit)
	if err != nil {
		return nil, err
	}
	out := &SourceCode{Workspace: ws, Repo: repo, Commit: commit, Path: file}
	if out.Files, err = s.Code.Tree(ctx, repo, commit); err != nil || file == "" {
		return out, err
	}
	if out.Text, err = s.Code.File(ctx, repo, commit, file); err != nil {
		return nil, err
	}
	if jobs.Pipeline != nil {
		for _, act := range jobs.Pipeline.Actions {
			if slices.Contains(strings.Fields(act.Args), file) {
				out.Actions = append(out.Actions, act)
			}
		}
	}
	return out, s.codeViewed(ctx, a, &jobs.Project, ws, file, out.Text, map[string]string{"commit": commit})
}

// ScriptOf is the file of the repository that an action runs, found in its
// arguments; "" when none of them is a file of the tree.
func ScriptOf(act *provenance.Action, tree []string) string {
	for _, arg := range strings.Fields(act.Args) {
		if p := path.Clean(arg); slices.Contains(tree, p) {
			return p
		}
	}
	return ""
}

// CompareCode tells what changed in the study's code between two commits that
// jobs of the workspace ran. The view is on record.
func (s *Service) CompareCode(ctx context.Context, a Actor, ws WorkspaceName, from, to string) ([]CodeChange, error) {
	if _, _, err := s.codeAccess(ctx, a, ws, from); err != nil {
		return nil, err
	}
	jobs, repo, err := s.codeAccess(ctx, a, ws, to)
	if err != nil {
		return nil, err
	}
	changes, err := s.Code.Compare(ctx, repo, from, to)
	if err != nil {
		return nil, err
	}
	return changes, s.codeViewed(ctx, a, &jobs.Project, ws, "", patches(changes), map[string]string{"from": from, "to": to})
}

// codeAccess finds the repository of a commit that a job of the workspace ran:
// no other commit is shown.
func (s *Service) codeAccess(ctx context.Context, a Actor, ws WorkspaceName, commit string) (*WorkspaceJobs, string, error) {
	jobs, err := s.jobs(ctx, a, ws)
	if err != nil {
		return nil, "", err
	}
	if s.Code == nil {
		return nil, "", Errorf(NotFound, "No copy of the study's code is kept here.")
	}
	for _, r := range jobs.Requests {
		if r.Commit == commit && commit != "" && r.Repo != "" {
			return jobs, r.Repo, nil
		}
	}
	return nil, "", Errorf(NotFound, "No job of this workspace ran that commit.")
}
