package filing

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"sallyport/review"
	"sallyport/ui/form"
)

// Result says what became of a form.
type Result struct {
	ID       review.RequestID
	Created  bool     // false: a draft that was there was brought up to date
	Added    []string // paths
	Updated  []string // taken anew, because the workspace's file had changed
	Moved    []string // to another group or kind
	NotAdded []Problem
	Extra    []string // in the draft and not in the form; left as they are
	View     *View    // as it is now
}

// Problem is why one file is not as the form has it.
type Problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	// Where the form speaks of it, such as "sheet Files, cell B3"; "" when the
	// form was not read from a file.
	Where string `json:"where,omitempty"`
}

// String is the problem in words, its place in the form first.
func (p Problem) String() string {
	text := p.Path + ": " + p.Message
	if p.Where != "" {
		text = p.Where + ": " + text
	}
	return text
}

// draft does what [Draft] says, step by step.
func draft(ctx context.Context, d Local, f *form.Form) (*Result, error) {
	releases, active, err := d.Workspace(ctx, review.WorkspaceName(f.Workspace))
	if err != nil {
		return nil, err
	}
	if active != nil && active.Status != review.Pending && active.Status != review.Returned {
		return nil, review.Errorf(review.Conflict, "Your request %s for this workspace is %s: it cannot be changed now, and another cannot be begun.", active.ID, Words(active.Status))
	}
	if f, err = settle(f, releases); err != nil {
		return nil, err
	}
	w := &work{desk: d, form: f, result: &Result{}}
	if active != nil {
		w.result.ID = active.ID
	} else {
		if w.result.ID, err = d.Create(ctx, review.WorkspaceName(f.Workspace)); err != nil {
			return nil, err
		}
		w.result.Created = true
	}
	return w.result, w.fill(ctx)
}

// Fill brings one draft up to date with the form, as Draft does, but step by
// step: a service that stages its changes makes them one.
func Fill(ctx context.Context, d Local, id review.RequestID, f *form.Form) (*Result, error) {
	releases, _, err := d.Workspace(ctx, review.WorkspaceName(f.Workspace))
	if err != nil {
		return nil, err
	}
	if f, err = settle(f, releases); err != nil {
		return nil, err
	}
	w := &work{desk: d, form: f, result: &Result{ID: id}}
	return w.result, w.fill(ctx)
}

// settle names the newest release folder where the form leaves it open.
func settle(f *form.Form, releases []string) (*form.Form, error) {
	out := *f
	out.Groups = slices.Clone(f.Groups)
	missing := false
	settled := func(path string) string {
		rest, ok := strings.CutPrefix(path, form.NewestRelease)
		if !ok {
			return path
		}
		if len(releases) == 0 {
			missing = true
			return path
		}
		return releases[len(releases)-1] + "/" + rest
	}
	for i := range out.Groups {
		g := &out.Groups[i]
		g.Wildcard = settled(g.Wildcard)
		g.Files = slices.Clone(g.Files)
		for j := range g.Files {
			g.Files[j].Path = settled(g.Files[j].Path)
		}
	}
	if missing {
		return nil, review.Errorf(review.Invalid, "The workspace has no release folder yet.")
	}
	return &out, nil
}

// work is one form being filed.
type work struct {
	desk   Local
	form   *form.Form
	result *Result
}

func (w *work) fill(ctx context.Context) error {
	steps := []func(context.Context) error{w.look, w.details, w.rename, w.files, w.look, w.reuse, w.look, w.groups, w.exceptions, w.look}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	w.strays()
	return nil
}

func (w *work) look(ctx context.Context) (err error) {
	w.result.View, err = w.desk.View(ctx, w.result.ID)
	return err
}

func (w *work) details(ctx context.Context) error {
	v, f := w.result.View, w.form
	had := review.RequestDetails{Title: v.Summary.Title, ProjectNumber: v.ProjectNumber, Repository: v.Repository, Purpose: v.Purpose, Concerns: v.Concerns}
	wants := func(form, draft string) string { return cmp.Or(strings.TrimSpace(form), draft) }
	want := review.RequestDetails{
		Title: wants(f.Title, had.Title), ProjectNumber: wants(f.ProjectNumber, had.ProjectNumber), Repository: wants(f.Repository, had.Repository),
		Purpose: wants(f.Purpose, had.Purpose), Concerns: wants(f.Concerns, had.Concerns),
	}
	if want == had {
		return nil
	}
	return w.desk.EditDetails(ctx, w.result.ID, want)
}

// rename gives groups that are there the form's wildcard, before files are added
// that only the new one matches.
func (w *work) rename(ctx context.Context) error {
	for i := range w.form.Groups {
		g := &w.form.Groups[i]
		if there := w.result.View.group(g.Name); there != nil && there.Pattern != "" && there.Pattern != g.Wildcard {
			if err := w.desk.EditGroup(ctx, w.result.ID, there.ID, wanted(g, there)); err != nil {
				return err
			}
		}
	}
	return nil
}

// files adds what the draft lacks, and moves and updates what it has.
func (w *work) files(ctx context.Context) error {
	for i := range w.form.Groups {
		g := &w.form.Groups[i]
		if err := w.matching(ctx, g); err != nil {
			return err
		}
		if err := w.listed(ctx, g); err != nil {
			return err
		}
	}
	return w.changed(ctx)
}

// matching adds what a wildcard captures. It is asked for each time, because the
// stated count is checked against what is there now.
func (w *work) matching(ctx context.Context, g *form.Group) error {
	if g.Wildcard == "" {
		return nil
	}
	results, err := w.desk.AddMatching(ctx, w.result.ID, g.Name, g.Wildcard, g.Count)
	if review.KindOf(err) == review.Invalid {
		w.problem(g.Wildcard, err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	w.note(results)
	return nil
}

func (w *work) listed(ctx context.Context, g *form.Group) error {
	if g.Wildcard != "" { // which has changed what the draft holds
		if err := w.look(ctx); err != nil {
			return err
		}
	}
	var lacking []review.AddFile
	for _, f := range g.Files {
		group, there := w.result.View.file(f.Path)
		switch {
		case there == nil:
			lacking = append(lacking, review.AddFile{Path: f.Path, Kind: f.Kind, Group: g.Name, Exception: sizeReason(&f)})
		case group.Name != g.Name || there.Kind != f.Kind:
			if err := w.each(f.Path, w.desk.MoveFile(ctx, w.result.ID, there.ID, g.Name, f.Kind), &w.result.Moved); err != nil {
				return err
			}
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	results, err := w.desk.AddFiles(ctx, w.result.ID, lacking)
	w.note(results)
	return err
}

// changed takes the files anew that are no longer what the draft holds.
func (w *work) changed(ctx context.Context) error {
	for _, g := range w.result.View.Groups {
		for _, f := range g.Files {
			if f.Changed != "changed" || f.Kind == review.WithdrawnF || !w.covers(&g, &f) {
				continue
			}
			if err := w.each(f.Path, w.desk.UpdateFile(ctx, w.result.ID, f.ID), &w.result.Updated); err != nil {
				return err
			}
		}
	}
	return nil
}

// covers reports whether the form speaks of a file of the draft.
func (w *work) covers(g *Group, f *File) bool {
	return slices.ContainsFunc(w.form.Groups, func(fg form.Group) bool {
		return fg.Wildcard != "" && fg.Name == g.Name && f.Kind == review.Output ||
			slices.ContainsFunc(fg.Files, func(x form.File) bool { return x.Path == f.Path })
	})
}

// each notes what became of one file. A refusal is about the file; anything else
// ends the filing.
func (w *work) each(path string, err error, done *[]string) error {
	switch review.KindOf(err) {
	case review.Invalid, review.TooLarge, review.NotFound:
		w.problem(path, err.Error())
		return nil
	}
	if err == nil {
		*done = append(*done, path)
	}
	return err
}

func (w *work) problem(path, message string) {
	w.result.NotAdded = append(w.result.NotAdded, Problem{path, message, where(w.form, path)})
}

// where is the place of a path or wildcard in a form; of a file that only a
// wildcard names, the place of the wildcard.
func where(f *form.Form, name string) string {
	at := ""
	for i := range f.Groups {
		g := &f.Groups[i]
		for j := range g.Files {
			if g.Files[j].Path == name {
				return g.Files[j].Where()
			}
		}
		if ok, _ := path.Match(g.Wildcard, name); ok || g.Wildcard == name {
			at = g.Where()
		}
	}
	return at
}

func (w *work) note(results []review.AddResult) {
	for _, r := range results {
		_, there := w.result.View.file(r.Path)
		switch {
		case r.Before: // nothing became of it now
		case r.Problem == "":
			w.result.Added = append(w.result.Added, r.Path)
		case there == nil:
			w.problem(r.Path, r.Problem)
		}
	}
}

// reuse fills what the draft leaves empty from an earlier request.
func (w *work) reuse(ctx context.Context) error {
	from := review.RequestID(w.form.Reuse)
	if from == form.Latest {
		own, err := w.desk.Own(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(own, func(s Summary) bool {
			return s.Workspace == review.WorkspaceName(w.form.Workspace) && s.ID != w.result.ID && s.Status == review.Released
		})
		if i < 0 {
			return nil
		}
		from = own[i].ID
	}
	if from == "" {
		return nil
	}
	return w.desk.Reuse(ctx, w.result.ID, from)
}

func (w *work) groups(ctx context.Context) error {
	for i := range w.form.Groups {
		g := &w.form.Groups[i]
		there := w.result.View.group(g.Name)
		if there == nil { // none of its files could be added
			continue
		}
		want := wanted(g, there)
		same := maps.Equal(want.Context, there.Context) && maps.Equal(want.Controls, there.Controls) &&
			want.Pattern == there.Pattern && want.PatternCount == there.PatternCount && want.Intermediate == there.Intermediate
		if same {
			continue
		}
		if err := w.desk.EditGroup(ctx, w.result.ID, there.ID, want); err != nil {
			return err
		}
	}
	return nil
}

// wanted is what a group is to say: what the form writes over what it has.
func wanted(g *form.Group, there *Group) review.GroupDetails {
	over := func(had, form map[string]string) map[string]string {
		out := map[string]string{}
		maps.Copy(out, had)
		for k, v := range form {
			if v = strings.TrimSpace(v); v != "" {
				out[k] = v
			}
		}
		return out
	}
	return review.GroupDetails{
		Context: over(there.Context, g.Context), Controls: over(there.Controls, g.Controls),
		Pattern: strings.TrimSpace(g.Wildcard), PatternCount: g.Count, Intermediate: g.Intermediate,
	}
}

func (w *work) exceptions(ctx context.Context) error {
	if err := w.look(ctx); err != nil {
		return err
	}
	for _, g := range w.form.Groups {
		for _, f := range g.Files {
			_, there := w.result.View.file(f.Path)
			if there == nil {
				continue
			}
			for _, x := range f.Exceptions {
				if slices.Contains(there.Exceptions, Exception{x.Check, strings.TrimSpace(x.Reason)}) {
					continue
				}
				err := w.desk.AskException(ctx, w.result.ID, there.ID, x.Check, x.Reason)
				if review.KindOf(err) == review.Invalid {
					w.problem(f.Path, "exception from "+x.Check+": "+err.Error())
				} else if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// strays are files of the draft that the form does not speak of.
func (w *work) strays() {
	for _, g := range w.result.View.Groups {
		for _, f := range g.Files {
			if f.Kind != review.WithdrawnF && !w.covers(&g, &f) {
				w.result.Extra = append(w.result.Extra, f.Path)
			}
		}
	}
}

// Words is how a person says a status.
func Words(s review.Status) string {
	switch s {
	case review.Pending:
		return "a draft"
	case review.Submitted:
		return "with the output checkers"
	case review.PartiallyReviewed:
		return "being reviewed"
	case review.Reviewed:
		return "reviewed, to be decided"
	case review.Approved:
		return "approved and on its way out"
	case review.Released:
		return "released"
	case review.Returned:
		return "returned to its author"
	case review.Rejected:
		return "rejected"
	case review.Withdrawn:
		return "withdrawn"
	}
	return string(s)
}

// sizeReason is the reason for which a file over the limit is let in.
func sizeReason(f *form.File) string {
	for _, x := range f.Exceptions {
		if x.Check == "file-size" {
			return x.Reason
		}
	}
	return ""
}
