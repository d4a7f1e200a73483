package api

import (
	"time"

	"sallyport/checks/provenance"
	"sallyport/review"
)

// What ran in a workspace, and the code that it ran.

type jobRequestOut struct {
	ID        string    `json:"id"`
	User      string    `json:"user,omitzero"`
	Backend   string    `json:"backend,omitzero"`
	Branch    string    `json:"branch,omitzero"`
	Repo      string    `json:"repo,omitzero"`
	Commit    string    `json:"commit,omitzero"`
	ForceRun  *bool     `json:"force_run,omitzero" doc:"of dependencies; not there when not recorded"`
	Requested []string  `json:"requested_actions"`
	Status    string    `json:"status,omitzero"`
	Created   time.Time `json:"created,omitzero"`
	Started   time.Time `json:"started,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
	Jobs      []ranOut  `json:"jobs"`
}

type ranOut struct {
	ID        string         `json:"id"`
	Action    string         `json:"action"`
	Status    string         `json:"status,omitzero"`
	OutOfDate bool           `json:"out_of_date" doc:"every output of it has been superseded"`
	Outputs   []jobOutputOut `json:"outputs"`
}

type jobOutputOut struct {
	Path      string           `json:"path"`
	Level     provenance.Level `json:"level"`
	Why       string           `json:"why,omitzero" doc:"how the level was found, or why it is unknown"`
	OutOfDate bool             `json:"out_of_date"`
}

type jobDetail struct {
	Job      jobRequestOut  `json:"job"`
	Previous *jobRequestOut `json:"previous,omitzero" doc:"the last before it that ran one of its actions"`
}

type pipelineOut struct {
	Text     string   `json:"text" doc:"project.yaml as it lies in the workspace now; it may be newer than what a job ran"`
	Problems []string `json:"problems"`
}

type logOut struct {
	Body    string    `json:"body" doc:"the last part, above the summary"`
	Left    int       `json:"left_out" doc:"lines before it"`
	State   string    `json:"state,omitzero"`
	JobID   string    `json:"job_id,omitzero"`
	Commit  string    `json:"commit,omitzero"`
	Created time.Time `json:"created,omitzero"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Summary []factOut `json:"summary"`
}

type factOut struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type codeOut struct {
	Repo    string   `json:"repo"`
	Commit  string   `json:"commit"`
	Path    string   `json:"path,omitzero"`
	Text    string   `json:"text,omitzero" doc:"of the file at path; bytes that are not UTF-8 are replaced"`
	Files   []string `json:"files" doc:"of the whole repository at the commit"`
	Actions []string `json:"actions" doc:"that run the file"`
}

type changesOut struct {
	Changes []changeOut `json:"changes"`
}

type changeOut struct {
	Path    string `json:"path"`
	Was     string `json:"was,omitzero" doc:"its earlier path, when it was renamed or removed"`
	Added   int    `json:"added" doc:"lines"`
	Removed int    `json:"removed" doc:"lines"`
	Patch   string `json:"patch,omitzero" doc:"in unified form; not there for a binary or huge file"`
}

func (c *call) jobs(none) (page[jobRequestOut], error) {
	w, err := c.api.service.Jobs(c.ctx(), c.actor, c.workspaceName())
	if err != nil {
		return page[jobRequestOut]{}, err
	}
	return cutPage(c, w.Requests, jobRequestOf)
}

func (c *call) job(none) (jobDetail, error) {
	p, err := c.api.service.Job(c.ctx(), c.actor, c.workspaceName(), c.name("job"))
	if err != nil {
		return jobDetail{}, err
	}
	out := jobDetail{Job: jobRequestOf(&p.Job)}
	if p.Previous != nil {
		previous := jobRequestOf(p.Previous)
		out.Previous = &previous
	}
	return out, nil
}

func (c *call) pipeline(none) (pipelineOut, error) {
	w, err := c.api.service.Jobs(c.ctx(), c.actor, c.workspaceName())
	if err != nil {
		return pipelineOut{}, err
	}
	return pipelineOut{w.PipelineText, w.Problems}, nil
}

func (c *call) jobLog(none) (logOut, error) {
	l, err := c.api.service.JobLog(c.ctx(), c.actor, c.workspaceName(), c.name("action"))
	if err != nil {
		return logOut{}, err
	}
	return logOut{
		l.Body, l.Left, l.State, l.JobID, l.Commit, l.Created.UTC(), l.Started.UTC(), l.Ended.UTC(),
		each(l.Summary, func(f *provenance.Fact) factOut { return factOut(*f) }),
	}, nil
}

func (c *call) code(none) (codeOut, error) {
	s, err := c.api.service.CodeAt(c.ctx(), c.actor, c.workspaceName(), c.name("commit"), c.query.Get("path"))
	if err != nil {
		return codeOut{}, err
	}
	names := each(s.Actions, func(a *provenance.Action) string { return a.Name })
	return codeOut{s.Repo, s.Commit, s.Path, string(s.Text), s.Files, names}, nil
}

func (c *call) codeChanges(none) (changesOut, error) {
	list, err := c.api.service.CompareCode(c.ctx(), c.actor, c.workspaceName(), c.query.Get("from"), c.name("commit"))
	return changesOut{each(list, func(x *review.CodeChange) changeOut { return changeOut(*x) })}, err
}

func jobRequestOf(r *provenance.JobRequest) jobRequestOut {
	return jobRequestOut{
		r.ID, r.User, r.Backend, r.Branch, r.Repo, r.Commit, r.ForceRun, r.Requested, r.Status,
		r.Created.UTC(), r.Started.UTC(), r.Finished.UTC(), each(r.Jobs, ranOf),
	}
}

func ranOf(j *provenance.Job) ranOut {
	return ranOut{j.ID, j.Action, j.Status, j.OutOfDate, each(j.Outputs, func(o *provenance.JobOutput) jobOutputOut { return jobOutputOut(*o) })}
}
