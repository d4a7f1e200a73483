package ui

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

func jobsPath(ws review.WorkspaceName) string { return workspacePath(ws) + "/jobs" }

func jobPath(ws review.WorkspaceName, id string) string { return jobsPath(ws) + "/" + pathSegment(id) }

func logPath(ws review.WorkspaceName, action string) string {
	return workspacePath(ws) + "/logs/" + pathSegment(action)
}

// What one page lists at most: a pipeline can write very many files.
const (
	jobsRows      = 50   // job requests
	outputsInRow  = 20   // outputs of one job request in the list
	outputsOfJob  = 2000 // outputs on its own page
	linesPipeline = 5000 // of project.yaml
)

// jobsPage is what ran in a workspace, newest first.
type jobsPage struct {
	*review.WorkspaceJobs
	Rows   []jobRow
	Hidden int  // outputs that are out of date, and not shown
	All    bool // they are shown too
	Here   string
	Pager  pager
}

// jobRow is one job request in the list.
type jobRow struct {
	provenance.JobRequest
	Link    string
	Actions []string
	Outputs []provenance.JobOutput
	Hidden  int
	More    int // current outputs that only its own page lists
}

func (u *UI) jobs(c *call) error {
	ws := review.WorkspaceName(c.Param("workspace"))
	all, err := u.service.Jobs(c.ctx(), c.actor, ws)
	if err != nil {
		return err
	}
	p := jobsPage{WorkspaceJobs: all, All: c.QueryParam("outputs") == "all", Here: jobsPath(ws)}
	for _, r := range all.Requests {
		row := jobRow{JobRequest: r, Link: jobPath(ws, r.ID), Actions: actionsOf(&r)}
		for _, j := range r.Jobs {
			shown, hidden := currentOutputs(j.Outputs, p.All)
			row.Outputs, row.Hidden = append(row.Outputs, shown...), row.Hidden+hidden
		}
		p.Hidden += row.Hidden
		if row.More = len(row.Outputs) - outputsInRow; row.More > 0 {
			row.Outputs = row.Outputs[:outputsInRow]
		}
		p.Rows = append(p.Rows, row)
	}
	pages := max(1, (len(p.Rows)+jobsRows-1)/jobsRows)
	page := min(pageParam(c), pages)
	p.Rows = p.Rows[(page-1)*jobsRows : min(page*jobsRows, len(p.Rows))]
	p.Pager = newPager(page, pages, func(n int) string {
		q := c.Request().URL.Query()
		q.Set("page", strconv.Itoa(n))
		return p.Here + "?" + q.Encode()
	})
	return c.render(http.StatusOK, "jobs", c.workspaceFrame(ws, "Runs"), p)
}

// actionsOf lists what a job request was asked for, or, where nobody recorded
// that, what it ran.
func actionsOf(r *provenance.JobRequest) []string {
	if len(r.Requested) > 0 {
		return r.Requested
	}
	var out []string
	for _, j := range r.Jobs {
		out = append(out, j.Action)
	}
	return out
}

// currentOutputs leaves out what has been superseded, and counts it.
func currentOutputs(list []provenance.JobOutput, all bool) (shown []provenance.JobOutput, hidden int) {
	for _, o := range list {
		if o.OutOfDate && !all {
			hidden++
			continue
		}
		shown = append(shown, o)
	}
	return shown, hidden
}

// workspaceFrame is the frame of a page below a workspace. Only those who may
// list the workspace find the way back to it.
func (c *call) workspaceFrame(ws review.WorkspaceName, title string, way ...crumb) frame {
	f := frame{Title: title + " of " + string(ws), Wide: true}
	if c.actor.MaySomewhere(policy.WorkspaceList) {
		f.Crumbs = append(f.Crumbs, crumb{"Workspaces", "/workspaces"}, crumb{string(ws), workspacePath(ws)})
	} else {
		f.Crumbs = append(f.Crumbs, crumb{string(ws), ""})
	}
	f.Crumbs = append(f.Crumbs, way...)
	return f
}

// jobPage is one job request.
type jobPage struct {
	*review.JobPage
	Jobs     []jobEntry
	Outputs  []outputEntry
	More     int // outputs that are not listed
	Hidden   int // outputs that are out of date, and not shown
	All      bool
	Here     string
	Pipeline []actionEntry
	Text     *sourceView // project.yaml as it lies in the workspace
	Code     *codeLinks  // nil when no copy of the code is kept, see NoCode
	NoCode   string
	Timeline []moment
	Runtime  string
	Force    string
}

// moment is one time in a job request's life.
type moment struct {
	Name string
	At   time.Time
}

type jobEntry struct {
	provenance.Job
	Log     string // address of its log
	Defined bool   // the pipeline has the action
	Outputs int
}

type outputEntry struct {
	provenance.JobOutput
	Action string
	Script string // address of the script that made it, "" when not known
}

// actionEntry is one action of the pipeline.
type actionEntry struct {
	provenance.Action
	Ran    bool // in this job request
	Script string
	Name   string
	Link   string // address of the script
	Levels []levelOutputs
}

// levelOutputs is what an action may write, by level.
type levelOutputs struct {
	Level    provenance.Level
	Patterns []provenance.Output
}

// codeLinks lead to the study's code.
type codeLinks struct {
	Tree, Compare string
	Same          bool   // the previous run used the same commit
	Previous      string // address of the previous run's page
}

func (u *UI) job(c *call) error {
	ws := review.WorkspaceName(c.Param("workspace"))
	page, err := u.service.Job(c.ctx(), c.actor, ws, c.Param("job"))
	if err != nil {
		return err
	}
	p := jobPage{JobPage: page, All: c.QueryParam("outputs") == "all", Here: jobPath(ws, page.Job.ID)}
	tree, err := u.codeOf(c, &p)
	if err != nil {
		return err
	}
	scripts := p.pipeline(tree)
	p.jobs(scripts)
	p.timeline()
	if text := page.PipelineText; text != "" {
		view := viewSource("project.yaml", []byte(text))
		if len(view.Lines) > linesPipeline {
			view.Lines, view.Notice = view.Lines[:linesPipeline], "Only its first lines are shown."
		}
		p.Text = &view
	}
	f := c.workspaceFrame(ws, "Job request", crumb{"Runs", jobsPath(ws)})
	f.Title = "Job request " + cut(page.Job.ID, 60)
	return c.render(http.StatusOK, "job", f, p)
}

// codeOf finds out whether the code of the run is kept, and lists its files.
func (u *UI) codeOf(c *call, p *jobPage) (tree []string, err error) {
	r := &p.Job
	if r.Commit == "" {
		p.NoCode = "Nobody recorded which commit ran."
		return nil, nil
	}
	src, err := u.service.CodeAt(c.ctx(), c.actor, p.Workspace, r.Commit, "")
	if k := review.KindOf(err); k == review.NotFound || k == review.Unavailable {
		p.NoCode = err.Error()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.Code = &codeLinks{Tree: codePath(p.Workspace, r.Commit, "")}
	if prev := p.Previous; prev != nil && prev.Commit != "" {
		p.Code.Previous, p.Code.Same = jobPath(p.Workspace, prev.ID), prev.Commit == r.Commit
		if !p.Code.Same {
			p.Code.Compare = comparePath(p.Workspace, prev.Commit, r.Commit)
		}
	}
	return src.Files, nil
}

// pipeline lists the pipeline's actions, those that ran first, and returns the
// address of each action's script.
func (p *jobPage) pipeline(tree []string) map[string]string {
	scripts := map[string]string{}
	if p.WorkspaceJobs.Pipeline == nil {
		return scripts
	}
	for _, a := range p.WorkspaceJobs.Pipeline.Actions {
		e := actionEntry{Action: a, Name: a.Name, Script: review.ScriptOf(&a, tree)}
		if e.Script != "" {
			e.Link = codePath(p.Workspace, p.Job.Commit, e.Script)
			scripts[a.Name] = e.Link
		}
		e.Ran = slices.ContainsFunc(p.Job.Jobs, func(j provenance.Job) bool { return j.Action == a.Name })
		e.Levels = byLevel(&a)
		p.Pipeline = append(p.Pipeline, e)
	}
	return scripts
}

// byLevel sorts what an action may write, the most sensitive first.
func byLevel(a *provenance.Action) []levelOutputs {
	var out []levelOutputs
	for _, level := range []provenance.Level{provenance.Highly, provenance.Moderately, provenance.Minimally} {
		l := levelOutputs{Level: level}
		for _, o := range a.Outputs {
			if o.Level == level {
				l.Patterns = append(l.Patterns, o)
			}
		}
		if len(l.Patterns) > 0 {
			out = append(out, l)
		}
	}
	return out
}

func (p *jobPage) jobs(scripts map[string]string) {
	for _, j := range p.Job.Jobs {
		e := jobEntry{Job: j, Log: logPath(p.Workspace, j.Action), Outputs: len(j.Outputs)}
		e.Defined = slices.ContainsFunc(p.Pipeline, func(a actionEntry) bool { return a.Name == j.Action })
		p.Jobs = append(p.Jobs, e)
		shown, hidden := currentOutputs(j.Outputs, p.All)
		p.Hidden += hidden
		for _, o := range shown {
			if len(p.Outputs) == outputsOfJob {
				p.More++
				continue
			}
			p.Outputs = append(p.Outputs, outputEntry{o, j.Action, scripts[j.Action]})
		}
	}
}

func (p *jobPage) timeline() {
	r := &p.Job
	p.Timeline = append(p.Timeline, moment{Name: "Created", At: r.Created}, moment{Name: "Started", At: r.Started}, moment{Name: "Finished", At: r.Finished})
	if d := r.Runtime(); d > 0 {
		d = d.Round(time.Second)
		p.Runtime = fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	if r.ForceRun != nil {
		p.Force = "No"
		if *r.ForceRun {
			p.Force = "Yes"
		}
	}
}

// jobState is how a job or a job request ended, in words, with its tag's colour.
func jobState(s string) (words, colour string) {
	switch strings.ToLower(s) {
	case "succeeded":
		return "Succeeded", "green"
	case "failed":
		return "Failed", "red"
	case "running":
		return "Running", "blue"
	case "pending":
		return "Pending", "grey"
	default:
		return cut(s, 40), "white"
	}
}

// logPage is the last part of an action's log.
type logPage struct {
	Workspace review.WorkspaceName
	Action    string
	Log       *provenance.Log
	Lines     []logLine
}

func (u *UI) jobLog(c *call) error {
	ws, action := review.WorkspaceName(c.Param("workspace")), c.Param("action")
	l, err := u.service.JobLog(c.ctx(), c.actor, ws, action)
	if err != nil {
		return err
	}
	p := logPage{Workspace: ws, Action: action, Log: l, Lines: logLines(l.Body, l.Left)}
	f := c.workspaceFrame(ws, "Log", crumb{"Runs", jobsPath(ws)})
	f.Title = "Log of " + cut(action, 100)
	return c.render(http.StatusOK, "log", f, p)
}
