package ui

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/filing"
	"sallyport/ui/form"
)

// downloadForm sends the form of a workspace as a workbook: what the draft says,
// and a group for each file of the newest release folder that is not in it.
func (u *UI) downloadForm(c *call) error {
	ws, summary, err := u.service.WorkspaceFiles(c.ctx(), c.actor, review.WorkspaceName(c.Param("workspace")))
	if err != nil {
		return err
	}
	f := &form.Form{Workspace: string(ws.Name), Date: u.now().Format(time.DateOnly)}
	if summary.Active != nil {
		v, err := u.service.Request(c.ctx(), c.actor, summary.Active.ID)
		if err != nil {
			return err
		}
		ofDraft(f, v)
	}
	addNew(f, ws)
	name := fmt.Sprintf("%s-%s.xlsx", ws.Name, f.Date)
	data, err := form.Write(name, f, u.guide())
	if err != nil {
		return err
	}
	c.contentHeaders()
	c.Response().Header().Set("Content-Disposition", disposition("attachment", name))
	return c.Blob(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", data)
}

// ofDraft writes what a draft says into its form.
func ofDraft(f *form.Form, v *review.View) {
	r := &v.Request
	f.Title, f.ProjectNumber, f.Repository, f.Purpose, f.Concerns = r.Title, r.ProjectNumber, r.Repository, r.Purpose, r.Concerns
	for _, g := range r.Groups {
		group := form.Group{Name: g.Name, Wildcard: g.Pattern, Count: g.PatternCount, Intermediate: g.Intermediate, Context: g.Context, Controls: g.Controls}
		for _, x := range g.Files {
			if x.Kind == review.WithdrawnF {
				continue
			}
			file := form.File{Path: x.Path, Kind: x.Kind}
			for _, e := range x.Exceptions {
				file.Exceptions = append(file.Exceptions, form.Exception{Check: e.Check, Reason: e.Reason})
			}
			group.Files = append(group.Files, file)
		}
		if len(group.Files) > 0 {
			f.Groups = append(f.Groups, group)
		}
	}
}

// addNew adds a group for each file of the newest release folder that may be
// asked for and is in no group.
func addNew(f *form.Form, ws *review.Workspace) {
	if len(ws.Releases) == 0 {
		return
	}
	names, paths := map[string]bool{}, map[string]bool{}
	for _, g := range f.Groups {
		names[g.Name] = true
		for _, x := range g.Files {
			paths[x.Path] = true
		}
	}
	newest := ws.Releases[len(ws.Releases)-1] + "/"
	for _, x := range ws.Files {
		if !strings.HasPrefix(x.Path, newest) || x.Problem != "" || x.Origin.Level != "moderately_sensitive" || paths[x.Path] {
			continue
		}
		name := path.Base(x.Path)
		if names[name] {
			name = x.Path
		}
		names[name] = true
		f.Groups = append(f.Groups, form.Group{Name: name, Files: []form.File{{Path: x.Path, Kind: review.Output}}})
	}
}

// guide is the policy as far as a form shows it.
func (u *UI) guide() *form.Guide {
	p := u.policy
	g := &form.Guide{PermittedResults: p.PermittedResults.Version, PermittedURL: p.PermittedResults.URL}
	fields := func(list []policy.Field) (out []form.Field) {
		for _, x := range list {
			out = append(out, form.Field{ID: x.ID, Label: x.Label, Help: x.Help})
		}
		return out
	}
	g.Context, g.Controls = fields(p.Context), fields(p.Controls)
	for _, item := range p.Checklist {
		g.Checklist = append(g.Checklist, form.Item{ID: item.ID, Text: item.Text})
	}
	return g
}

// maxForm bounds a workbook that is sent to us, in bytes; the whole body is
// bounded before (see limitBody).
const maxForm = 2 << 20

// uploadForm makes or brings up to date the draft that a workbook describes, as a
// whole or not at all.
func (u *UI) uploadForm(c *call) error {
	name := review.WorkspaceName(c.Param("workspace"))
	f, err := readForm(c)
	var bad *form.Error
	if errors.As(err, &bad) {
		return u.showWorkspace(c, http.StatusUnprocessableEntity, "The form cannot be used. "+capital(bad.Error()), nil, wildcardForm{})
	}
	if err != nil {
		return err
	}
	ws, _, err := u.service.WorkspaceFiles(c.ctx(), c.actor, name)
	if err != nil {
		return err
	}
	if problems := u.formProblems(f, ws); len(problems) > 0 {
		c.setFlash(flash{Text: "The form cannot be used, and nothing was changed.", Problems: problems})
		return c.redirect("/workspaces/" + pathSegment(string(name)))
	}
	result, err := filing.Draft(c.ctx(), u.service, c.actor, f, false)
	if err != nil {
		return err
	}
	if len(result.NotAdded) > 0 {
		refused := flash{Text: "The form cannot be used, and nothing was changed."}
		for _, p := range result.NotAdded {
			refused.Problems = append(refused.Problems, p.String())
		}
		c.setFlash(refused)
		return c.redirect("/workspaces/" + pathSegment(string(name)))
	}
	done := flash{Text: fmt.Sprintf("The form was read: %s added, %d brought up to date, %d moved.", plural(len(result.Added), "file", "files"), len(result.Updated), len(result.Moved))}
	c.setFlash(done)
	return c.redirect("/requests/" + pathSegment(string(result.ID)))
}

// readForm reads the workbook of the request's body.
func readForm(c *call) (*form.Form, error) {
	file, err := c.FormFile("form")
	if err != nil {
		return nil, &form.Error{Message: "choose the form to send"}
	}
	if file.Size > maxForm {
		return nil, review.Errorf(review.TooLarge, "A form has at most %d MB.", maxForm>>20)
	}
	if !strings.HasSuffix(strings.ToLower(file.Filename), ".xlsx") {
		return nil, &form.Error{Message: "a form is an .xlsx workbook, without macros"}
	}
	in, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(in, maxForm+1))
	if err != nil {
		return nil, err
	}
	return form.ReadXLSX(data)
}

// formProblems says what of a form cannot be filed, and where it stands in the
// form.
func (u *UI) formProblems(f *form.Form, ws *review.Workspace) []string {
	var out []string
	say := func(where, format string, args ...any) {
		out = append(out, where+": "+fmt.Sprintf(format, args...))
	}
	if f.Workspace != string(ws.Name) {
		say("sheet Request", "the form is for the workspace %q, and this is %q", f.Workspace, ws.Name)
	}
	known := func(list []policy.Field, id string) bool {
		return slices.ContainsFunc(list, func(x policy.Field) bool { return x.ID == id })
	}
	for i := range f.Groups {
		g := &f.Groups[i]
		for _, id := range slices.Sorted(maps.Keys(g.Context)) {
			if !known(u.policy.Context, id) {
				say(g.Where(), "the policy has no field %q", id)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(g.Controls)) {
			if !known(u.policy.Controls, id) {
				say(g.Where(), "the policy has no field %q", id)
			}
		}
		for j := range g.Files {
			if why := cannotFile(g.Files[j].Path, ws); why != "" {
				say(g.Files[j].Where(), "%s %s", g.Files[j].Path, why)
			}
		}
	}
	return out
}

// cannotFile says why a path of a form is of no use; "" when it is.
func cannotFile(p string, ws *review.Workspace) string {
	if rest, newest := strings.CutPrefix(p, form.NewestRelease); newest && len(ws.Releases) > 0 {
		p = ws.Releases[len(ws.Releases)-1] + "/" + rest
	}
	i := slices.IndexFunc(ws.Files, func(x review.WorkspaceFile) bool { return x.Path == p })
	switch {
	case i < 0:
		return "is not in the workspace"
	case ws.Files[i].Problem != "":
		return "cannot be added. " + ws.Files[i].Problem
	}
	return ""
}
