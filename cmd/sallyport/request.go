package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/filing"
	"sallyport/ui/form"
)

type requestCommand struct {
	Create requestCreate `cmd:"" help:"Make your draft for a workspace from a form, or bring it up to date."`
	Form   requestForm   `cmd:"" help:"Write a blank form for a workspace, filled in as far as can be."`
	Status requestStatus `cmd:"" help:"Say how your requests stand, or one of them, and what is asked of you."`
	Files  requestFiles  `cmd:"" help:"List the files of a request with outcomes and findings."`
}

// errUnfinished ends a command that did its work, after which something is left
// for the author to do, which the output says.
var errUnfinished = fmt.Errorf("the draft is not complete: %w", errFindings)

type requestCreate struct {
	remoteFlags `embed:""`
	Form        string `required:"" placeholder:"FILE" help:"The form: .yaml or .xlsx."`
	Submit      bool   `help:"Submit it when nothing is missing; the form must confirm the checklist."`
	Format      string `enum:"text,json" default:"text" help:"text or json (default ${default})."`
}

func (requestCreate) Help() string {
	return `What the form leaves empty stays as the draft has it, and nothing is taken out
of the draft, so that the same form can be filed again. Exit status: 0 when the
draft is complete (or submitted), 1 when it was made and something is missing,
2 when it could not be made.` + "\n" + tokenHelp
}

func (c requestCreate) Run(ctx context.Context, a *app) error {
	f, err := form.Open(c.Form)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	r, err := client.File(ctx, f)
	if err != nil {
		return err
	}
	out := createdOf(r)
	if c.Submit && out.complete() {
		switch err := client.Submit(ctx, r.ID, f.Checklist.Confirmed, f.Checklist.PermittedResults); {
		case err == nil:
			out.Submitted = true
		case review.KindOf(err) == review.Invalid:
			out.NotSubmitted = err.Error()
		default:
			return fmt.Errorf("the draft %s is made and not submitted: %w", r.ID, err)
		}
	} else if c.Submit {
		out.NotSubmitted = "Something is missing."
	}
	if c.Format == "json" {
		err = a.sayJSON(out)
	} else {
		err = a.say("%s", out.text())
	}
	if err == nil && (!out.complete() || c.Submit && !out.Submitted) {
		return errUnfinished
	}
	return err
}

// createdOut is what `request create` says.
type createdOut struct {
	ID           review.RequestID     `json:"id"`
	Workspace    review.WorkspaceName `json:"workspace"`
	Created      bool                 `json:"created"` // false: it was there and was brought up to date
	Added        []string             `json:"added"`
	Updated      []string             `json:"updated"`
	Moved        []string             `json:"moved"`
	NotAdded     []filing.Problem     `json:"not_added"`
	Extra        []string             `json:"not_in_form"`
	Files        []fileLine           `json:"files"`
	Missing      []string             `json:"missing"`
	Submitted    bool                 `json:"submitted"`
	NotSubmitted string               `json:"not_submitted,omitempty"`
}

func createdOf(r *filing.Result) *createdOut {
	out := &createdOut{
		ID: r.ID, Workspace: r.View.Summary.Workspace, Created: r.Created, Added: listed(r.Added), Updated: listed(r.Updated), Moved: listed(r.Moved),
		NotAdded: listed(r.NotAdded), Extra: listed(r.Extra), Files: linesOf(r.View), Missing: []string{},
	}
	for _, m := range r.View.Missing {
		out.Missing = append(out.Missing, m.Message)
	}
	return out
}

// listed is the list, never nil, so that JSON has an empty one.
func listed[T any](list []T) []T { return append([]T{}, list...) }

// complete says that nothing of the form was refused and nothing is missing.
func (o *createdOut) complete() bool { return len(o.NotAdded) == 0 && len(o.Missing) == 0 }

func (o *createdOut) text() string {
	t := &lines{}
	what := "brought up to date"
	if o.Created {
		what = "made"
	}
	if o.Submitted {
		what += " and submitted"
	}
	t.add("Request %s for %s: %s.", o.ID, o.Workspace, what)
	t.list("Added:", o.Added)
	t.list("Taken anew, because the workspace had changed:", o.Updated)
	t.list("Moved:", o.Moved)
	var refused []string
	for _, p := range o.NotAdded {
		refused = append(refused, p.String())
	}
	t.list("Refused:", refused)
	t.list("In the draft and not in the form, left as they are:", o.Extra)
	var found []string
	for _, f := range o.Files {
		found = append(found, f.Path+": "+f.found())
	}
	t.list("Findings:", found)
	t.list("Still missing:", o.Missing)
	if o.NotSubmitted != "" {
		t.add("Not submitted. %s", o.NotSubmitted)
	}
	return t.String()
}

type requestForm struct {
	remoteFlags `embed:""`
	Workspace   string `required:"" placeholder:"NAME" help:"The workspace."`
	Out         string `placeholder:"FILE" help:"File to write, .xlsx or .yaml (default: the workspace and the date, .xlsx)."`
	Force       bool   `help:"Replace the file if it is there."`
}

func (requestForm) Help() string {
	return `The form lists the files of the newest release folder that can be requested,
each in a group of its own, and what the policy asks about each.` + "\n" + tokenHelp
}

func (c requestForm) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ws := review.WorkspaceName(c.Workspace)
	rules, err := client.Rules(ctx)
	if err != nil {
		return err
	}
	releases, _, err := client.Workspace(ctx, ws)
	if err != nil {
		return err
	}
	files, err := client.Files(ctx, ws)
	if err != nil {
		return err
	}
	today := a.now().Format(time.DateOnly)
	out := c.Out
	if out == "" {
		if !name.MatchString(c.Workspace) {
			return errors.New("name the file to write with --out")
		}
		out = c.Workspace + "-" + today + ".xlsx"
	}
	blank := &form.Form{Workspace: c.Workspace, Date: today, Groups: blankGroups(releases, files, rules), Checklist: form.Checklist{Confirmed: []string{}}}
	data, err := form.Write(out, blank, guideOf(rules))
	if err != nil {
		return err
	}
	if err := writeForm(out, data, c.Force); err != nil {
		return err
	}
	return a.say("%s: %d files of %s. Fill it in, then: sallyport request create --form %[1]s\n", out, len(blank.Groups), c.Workspace)
}

// writeForm writes a file that is not there yet, unless told to replace it.
func writeForm(name string, data []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: name another with --out, or use --force", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// blankGroups is a group for each file of the newest release folder that can be
// asked for.
func blankGroups(releases []string, files []filing.WorkspaceFile, rules *filing.Rules) []form.Group {
	var out []form.Group
	names := map[string]bool{}
	for _, f := range files {
		if len(releases) == 0 || !strings.HasPrefix(f.Path, releases[len(releases)-1]+"/") || f.Problem != "" || f.Origin.Level != "moderately_sensitive" {
			continue
		}
		g := form.Group{Name: path.Base(f.Path), Context: map[string]string{}, Controls: map[string]string{}}
		if names[g.Name] {
			g.Name = f.Path
		}
		names[g.Name] = true
		for _, x := range rules.Context {
			g.Context[x.ID] = ""
		}
		for _, x := range rules.Controls {
			g.Controls[x.ID] = ""
		}
		g.Files = []form.File{{Path: f.Path, Kind: review.Output}}
		out = append(out, g)
	}
	return out
}

func guideOf(r *filing.Rules) *form.Guide {
	g := &form.Guide{PermittedResults: r.PermittedResults, PermittedURL: r.PermittedURL}
	field := func(f filing.Field) form.Field {
		if len(f.When) > 0 {
			f.Help += " Only for: " + strings.Join(f.When, ", ") + "."
		}
		return form.Field{ID: f.ID, Label: f.Label, Help: f.Help}
	}
	for _, f := range r.Context {
		g.Context = append(g.Context, field(f))
	}
	for _, f := range r.Controls {
		g.Controls = append(g.Controls, field(f))
	}
	for _, item := range r.Checklist {
		g.Checklist = append(g.Checklist, form.Item(item))
	}
	return g
}

type requestStatus struct {
	remoteFlags `embed:""`
	Format      string `enum:"text,json" default:"text" help:"text or json (default ${default}); json is the answer of the programming interface."`
	ID          string `arg:"" optional:"" help:"One request; all of yours when left out."`
}

func (requestStatus) Help() string { return strings.TrimSpace(tokenHelp) }

func (c requestStatus) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if c.ID == "" {
		if c.Format == "json" {
			return a.raw(ctx, client, "/requests?limit=200")
		}
		own, err := client.Own(ctx)
		if err != nil {
			return err
		}
		t := &lines{}
		for _, s := range own {
			t.add("%s  %-28s  %s%s", s.ID, s.Workspace, filing.Words(s.Status), dueWords(s))
		}
		if len(own) == 0 {
			t.add("You have no requests.")
		}
		return a.say("%s", t.String())
	}
	if c.Format == "json" {
		return a.raw(ctx, client, requestPath(c.ID))
	}
	v, err := client.View(ctx, review.RequestID(c.ID))
	if err != nil {
		return err
	}
	return a.say("%s", statusText(v))
}

// dueWords says until when an answer is promised, while one is.
func dueWords(s filing.Summary) string {
	if s.Due.IsZero() || !slices.Contains([]review.Status{review.Submitted, review.PartiallyReviewed, review.Reviewed}, s.Status) {
		return ""
	}
	return ", feedback promised by " + s.Due.Format("2 January 2006")
}

// voteWords is how a person says a checker's decision.
func voteWords(d review.Decision) string {
	switch d {
	case review.RequestChanges:
		return "changes requested"
	case review.Reject:
		return "rejected"
	}
	return string(d)
}

func statusText(v *filing.View) string {
	t := &lines{}
	t.add("Request %s for %s: %s%s.", v.Summary.ID, v.Summary.Workspace, filing.Words(v.Summary.Status), dueWords(v.Summary))
	if v.Summary.Title != "" {
		t.add("%s", v.Summary.Title)
	}
	var asked []string
	for _, g := range v.Groups {
		for _, f := range g.Files {
			for _, vote := range f.Votes {
				if vote.Reason != "" && vote.Decision != review.Approve {
					asked = append(asked, fmt.Sprintf("%s, %s: %s", f.Path, voteWords(vote.Decision), vote.Reason))
				}
			}
		}
		for _, m := range g.Comments {
			who := "the author"
			if m.ByChecker {
				who = "a checker"
			}
			asked = append(asked, fmt.Sprintf("%s, %s: %s", g.Name, who, m.Text))
		}
	}
	t.list("What was said:", asked)
	var missing []string
	for _, m := range v.Missing {
		missing = append(missing, m.Message)
	}
	t.list("Still missing:", missing)
	return t.String()
}

type requestFiles struct {
	remoteFlags `embed:""`
	Format      string `enum:"text,json" default:"text" help:"text or json (default ${default})."`
	ID          string `arg:"" help:"The request."`
}

func (requestFiles) Help() string { return strings.TrimSpace(tokenHelp) }

func (c requestFiles) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	v, err := client.View(ctx, review.RequestID(c.ID))
	if err != nil {
		return err
	}
	all := linesOf(v)
	if c.Format == "json" {
		return a.sayJSON(all)
	}
	t := &lines{}
	for _, f := range all {
		changed := ""
		if f.Changed != "" {
			changed = ", " + f.Changed + " in the workspace"
		}
		outcome := string(f.Outcome)
		if f.Kind != review.Output {
			outcome = "-"
		}
		t.add("%-40s  %-10s  %-17s  %s%s", f.Path, f.Kind, outcome, f.found(), changed)
	}
	if len(all) == 0 {
		t.add("The request has no files.")
	}
	return a.say("%s", t.String())
}

// fileLine is a file in one line.
type fileLine struct {
	ID       review.FileID           `json:"id"`
	Path     string                  `json:"path"`
	Group    string                  `json:"group"`
	Kind     review.FileKind         `json:"kind"`
	Outcome  review.Outcome          `json:"outcome"`
	Changed  string                  `json:"changed,omitempty"` // in the workspace
	Checked  bool                    `json:"checked"`           // the checks finished
	Findings map[policy.Severity]int `json:"findings"`
	Checks   []string                `json:"checks"` // that found something
	Problem  string                  `json:"problem,omitempty"`
}

func linesOf(v *filing.View) []fileLine {
	out := []fileLine{}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			l := fileLine{ID: f.ID, Path: f.Path, Group: g.Name, Kind: f.Kind, Outcome: f.Outcome, Changed: f.Changed, Problem: f.CleanError, Findings: map[policy.Severity]int{}, Checks: []string{}}
			if f.Report != nil {
				l.Checked = f.Report.Status == "complete"
				for _, x := range f.Report.Findings {
					l.Findings[x.Severity]++
					if !slices.Contains(l.Checks, x.Check) {
						l.Checks = append(l.Checks, x.Check)
					}
				}
			}
			out = append(out, l)
		}
	}
	return out
}

// found says what the checks found, in short and without a value of the file.
func (l fileLine) found() string {
	if l.Kind == review.WithdrawnF {
		return "withdrawn"
	}
	var parts []string
	for _, s := range []policy.Severity{policy.Block, policy.Warn, policy.Note} {
		if n := l.Findings[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	text := "no automated finding"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ") + " (" + strings.Join(l.Checks, ", ") + ")"
	}
	if !l.Checked {
		text += ", not checked to the end"
	}
	return text
}

func (a *app) sayJSON(v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return a.say("%s\n", data)
}
