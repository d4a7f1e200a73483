package ui

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

func workspacePath(ws review.WorkspaceName) string { return "/workspaces/" + pathSegment(string(ws)) }

func (u *UI) workspaces(c *call) error {
	list, err := u.service.MyWorkspaces(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "workspaces", frame{Title: "Workspaces"}, list)
}

// workspacePage is a workspace's files, and what has been asked for already.
type workspacePage struct {
	Workspace *review.Workspace
	Summary   *review.WorkspaceSummary
	Folders   []folder
	Outputs   []fileRow // below output/, for where files come from
	Active    *review.View
	Steps     []step // of the active request
	MayAdd    bool
	Problem   string
	Chosen    map[string]bool // after a mistake
	Policy    *policy.Policy
	Wild      wildcardForm
	// ByFolder says that the files are many and lie in folders, so that one group for
	// each folder is what most people want.
	ByFolder bool
	// Untraced says that there are files to be released, and that of none is known
	// where it comes from: what a workspace looks like that no pipeline has run in.
	Untraced bool
}

// folder is one release folder with its files.
type folder struct {
	Name  string
	Files []fileRow
}

// Open is how many of the folder's files can be chosen.
func (d folder) Open() int {
	n := 0
	for _, f := range d.Files {
		if f.Why == "" && f.Added == "" {
			n++
		}
	}
	return n
}

// deep reports whether many files of it lie in several folders.
func (d folder) deep() bool {
	in := map[string]bool{}
	for _, f := range d.Files {
		in[path.Dir(f.Path)] = true
	}
	return d.Open() > 10 && len(in) > 1
}

// fileRow is one file on disk, and whether it can be chosen.
type fileRow struct {
	review.WorkspaceFile
	Type  string
	Why   string // it cannot be added
	Added string // name of the group it is in already
}

func (u *UI) workspace(c *call) error {
	return u.showWorkspace(c, http.StatusOK, "", nil, wildcardForm{})
}

func (u *UI) showWorkspace(c *call, status int, problem string, chosen []string, wild wildcardForm) error {
	name := review.WorkspaceName(c.Param("workspace"))
	ws, summary, err := u.service.WorkspaceFiles(c.ctx(), c.actor, name)
	if err != nil {
		return err
	}
	p := workspacePage{Workspace: ws, Summary: summary, Policy: u.policy, Problem: problem, MayAdd: true, Chosen: map[string]bool{}, Wild: wild}
	for _, f := range chosen {
		p.Chosen[f] = true
	}
	added := map[string]string{}
	if summary.Active != nil {
		if p.Active, err = u.service.Request(c.ctx(), c.actor, summary.Active.ID); err != nil {
			return err
		}
		p.MayAdd = p.Active.Can[policy.RequestEdit]
		added = addedPaths(p.Active)
		p.Steps = u.steps(p.Active, stepFiles)
	}
	p.sort(added, u.policy)
	f := frame{Title: string(name), Wide: true, Crumbs: []crumb{{"Workspaces", "/workspaces"}}}
	return c.render(status, "workspace", f, p)
}

func addedPaths(v *review.View) map[string]string {
	added := map[string]string{}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if f.File.Kind != review.WithdrawnF {
				added[f.File.Path] = g.Group.Name
			}
		}
	}
	return added
}

// sort puts the files into their release folders, the newest folder first.
func (p *workspacePage) sort(added map[string]string, pol *policy.Policy) {
	for _, name := range slices.Backward(p.Workspace.Releases) {
		p.Folders = append(p.Folders, folder{Name: name})
	}
	for _, f := range p.Workspace.Files {
		row := fileRow{WorkspaceFile: f, Type: strings.ToLower(path.Ext(f.Path)), Added: added[f.Path], Why: cannotAdd(f, max(pol.Files.MaxBytes, pol.Files.ExceptionMaxBytes))}
		if !f.Release {
			p.Outputs = append(p.Outputs, row)
			continue
		}
		top, _, _ := strings.Cut(f.Path, "/")
		i := slices.IndexFunc(p.Folders, func(d folder) bool { return d.Name == top })
		if i < 0 {
			i = len(p.Folders)
			p.Folders = append(p.Folders, folder{Name: top})
		}
		p.Folders[i].Files = append(p.Folders[i].Files, row)
	}
	p.ByFolder = slices.ContainsFunc(p.Folders, folder.deep)
	p.Untraced = untraced(p.Workspace.Files)
}

func untraced(files []review.WorkspaceFile) bool {
	release := false
	for _, f := range files {
		if f.Origin.Level != provenance.Unknown {
			return false
		}
		release = release || f.Release
	}
	return release
}

// cannotAdd says why a file cannot be chosen, before anybody tries; the domain
// decides when it is added.
func cannotAdd(f review.WorkspaceFile, largest int64) string {
	switch {
	case f.Problem != "":
		return f.Problem
	case f.Origin.Excluded != "":
		return "The job runner left this file out: " + f.Origin.Excluded
	case f.Origin.Level == provenance.Highly:
		return "Highly sensitive files never leave."
	case f.Origin.Level == provenance.Unknown && f.Origin.Why != "":
		return "Nobody knows how sensitive it is. " + f.Origin.Why
	case f.Origin.Level != provenance.Moderately:
		return "Only files that the pipeline marks as moderately sensitive can be requested."
	case f.Size > largest:
		return "It is over the limit of " + humanize.IBytes(uint64(largest)) + "."
	default:
		return ""
	}
}

// addFiles adds the chosen files to the person's request for the workspace,
// opening one when there is none.
func (u *UI) addFiles(c *call) error {
	ws := review.WorkspaceName(c.Param("workspace"))
	chosen := c.Request().PostForm["file"]
	all := c.Request().PostForm["all"]
	kind := review.FileKind(c.FormValue("kind"))
	group := c.FormValue("group")
	if group == groupIn {
		group = groupNamed + c.FormValue("in_group")
	}
	name := strings.TrimSpace(c.FormValue("new_group"))
	files, summary, err := u.service.WorkspaceFiles(c.ctx(), c.actor, ws)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		if chosen, err = u.andAll(c, chosen, all, files, summary); err != nil {
			return err
		}
	}
	if problem := choiceProblem(chosen, kind, group, name); problem != "" {
		return u.showWorkspace(c, http.StatusUnprocessableEntity, problem, chosen, wildcardForm{})
	}
	id, err := u.openRequest(c, ws, summary)
	if err != nil {
		return err
	}
	adds := make([]review.AddFile, 0, len(chosen))
	for _, f := range chosen {
		adds = append(adds, review.AddFile{Path: f, Kind: kind, Group: groupFor(f, group, name), Exception: strings.TrimSpace(c.FormValue("exception"))})
	}
	results, err := u.service.AddFilesBehind(c.ctx(), c.actor, id, adds)
	if err != nil {
		return err
	}
	c.setFlash(addedFlash(results))
	return c.redirect(requestPath(id))
}

// andAll adds to the chosen files those of whole release folders that can be added
// and have not been.
func (u *UI) andAll(c *call, chosen, folders []string, ws *review.Workspace, s *review.WorkspaceSummary) ([]string, error) {
	p := workspacePage{Workspace: ws}
	added := map[string]string{}
	if s.Active != nil {
		v, err := u.service.Request(c.ctx(), c.actor, s.Active.ID)
		if err != nil {
			return nil, err
		}
		added = addedPaths(v)
	}
	p.sort(added, u.policy)
	for _, d := range p.Folders {
		if !slices.Contains(folders, d.Name) {
			continue
		}
		for _, f := range d.Files {
			if f.Why == "" && f.Added == "" && !slices.Contains(chosen, f.Path) {
				chosen = append(chosen, f.Path)
			}
		}
	}
	return chosen, nil
}

func choiceProblem(chosen []string, kind review.FileKind, group, name string) string {
	switch {
	case len(chosen) == 0:
		return "Choose at least one file."
	case kind != review.Output && kind != review.Supporting:
		return "Say whether the files are outputs or supporting files."
	case group == "":
		return "Say which group the files belong to."
	case group == groupNew && name == "":
		return "Give the new group a name."
	default:
		return ""
	}
}

// Values of the field "group" besides an existing group's name, which is
// prefixed so that no name can pose as one of these.
const (
	groupEach  = "each"
	groupDir   = "folder"
	groupNew   = "new"
	groupIn    = "in" // the one that in_group names
	groupNamed = "in:"
)

func groupFor(file, group, name string) string {
	switch group {
	case groupEach:
		return path.Base(file)
	case groupDir:
		dir := path.Dir(file)
		if _, below, ok := strings.Cut(dir, "/"); ok {
			return below
		}
		return dir
	case groupNew:
		return name
	default:
		return strings.TrimPrefix(group, groupNamed)
	}
}

func (u *UI) openRequest(c *call, ws review.WorkspaceName, s *review.WorkspaceSummary) (review.RequestID, error) {
	if s.Active != nil {
		return s.Active.ID, nil
	}
	return u.service.CreateRequest(c.ctx(), c.actor, ws)
}

func addedFlash(results []review.AddResult) flash {
	var f flash
	added, later := 0, 0
	for _, r := range results {
		if r.Before {
			r.Problem = review.AddedBefore
		}
		switch {
		case r.Later:
			later++
		case r.Problem == "":
			added++
		default:
			f.Problems = append(f.Problems, printable(cut(r.Path, 300))+": "+r.Problem)
		}
	}
	switch {
	case later > 0:
		f.Text = plural(added, "file was added", "files were added") + ", and " + plural(later, "more is being added.", "more are being added.")
	case added == 0:
		f.Text = "No file was added."
	default:
		f.Text = plural(added, "file was added and checked.", "files were added and checked.")
	}
	return f
}

// cut shortens a long hostile name for a message.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
