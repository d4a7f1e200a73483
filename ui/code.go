package ui

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// codePath is the address of a file or folder of a study's code at a commit.
func codePath(ws review.WorkspaceName, commit, file string) string {
	parts := strings.Split(file, "/")
	for i := range parts {
		parts[i] = pathSegment(parts[i])
	}
	return workspacePath(ws) + "/code/" + pathSegment(commit) + "/" + strings.Join(parts, "/")
}

// codePage is one folder or one file of a study's code at a commit.
type codePage struct {
	Workspace    review.WorkspaceName
	Repo, Commit string
	Path         string
	Way          []crumb // the folders above, outermost first
	Entries      []codeEntry
	Source       *sourceView // nil for a folder
	Actions      []actionEntry
	Binary       bool
	Jobs         []crumb // job requests that ran this commit
}

// codeEntry is one file or folder in a listing.
type codeEntry struct {
	Name, Link string
	Folder     bool
	Current    bool
}

func (u *UI) code(c *call) error {
	ws, commit := review.WorkspaceName(c.Param("workspace")), c.Param("commit")
	file := strings.Trim(c.Param("*"), "/")
	src, err := u.service.CodeAt(c.ctx(), c.actor, ws, commit, "")
	if err != nil {
		return err
	}
	p := codePage{Workspace: ws, Repo: src.Repo, Commit: commit, Path: file}
	folder := file
	if slices.Contains(src.Files, file) {
		if folder = path.Dir(file); folder == "." {
			folder = ""
		}
	}
	p.list(src.Files, folder)
	if len(p.Entries) == 0 {
		return review.Errorf(review.NotFound, "There is no such file at that commit.")
	}
	if file != folder {
		if err := u.showCode(c, &p); err != nil {
			return err
		}
	}
	f := c.workspaceFrame(ws, "Code", crumb{"Runs", jobsPath(ws)})
	if file != "" {
		f.Title = path.Base(file) + " at " + short(commit)
	}
	return c.render(http.StatusOK, "code", f, p)
}

// list keeps what lies directly in a folder, and the way to it.
func (p *codePage) list(files []string, folder string) {
	p.Way = []crumb{{path.Base(strings.TrimSuffix(p.Repo, ".git")), codePath(p.Workspace, p.Commit, "")}}
	prefix := ""
	if folder != "" {
		for i, part := range strings.Split(folder, "/") {
			above := strings.Join(strings.Split(folder, "/")[:i+1], "/")
			p.Way = append(p.Way, crumb{part, codePath(p.Workspace, p.Commit, above)})
		}
		prefix = folder + "/"
	}
	seen := map[string]bool{}
	var loose []codeEntry
	for _, f := range files {
		rest, ok := strings.CutPrefix(f, prefix)
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if seen[name] {
			continue
		}
		seen[name] = true
		e := codeEntry{Name: name, Link: codePath(p.Workspace, p.Commit, prefix+name), Folder: deeper, Current: f == p.Path}
		if deeper {
			p.Entries = append(p.Entries, e)
		} else {
			loose = append(loose, e)
		}
	}
	p.Entries = append(p.Entries, loose...)
}

// showCode reads the file itself, with the actions that run it.
func (u *UI) showCode(c *call, p *codePage) error {
	src, err := u.service.CodeAt(c.ctx(), c.actor, p.Workspace, p.Commit, p.Path)
	if err != nil {
		return err
	}
	for _, a := range src.Actions {
		p.Actions = append(p.Actions, actionEntry{Action: a, Name: a.Name, Levels: byLevel(&a)})
	}
	if p.Binary = !readable(src.Text); p.Binary {
		return nil
	}
	view := viewSource(p.Path, src.Text)
	page := min(pageParam(c), view.pages())
	view.show(page, func(n int) string { return codePath(p.Workspace, p.Commit, p.Path) + "?page=" + strconv.Itoa(n) })
	p.Source = &view
	return nil
}

// sourceView is text of a programming language, coloured.
type sourceView struct {
	Language string // "" when it is shown plain
	Lines    []codeLine
	Total    int
	Pager    pager
	Notice   string
}

// codeLine is one line, cut into what the language takes it for.
type codeLine struct {
	N     int
	Parts []logPart
}

// largestColoured bounds what is coloured, in bytes: the patterns of some
// languages take long over long text.
const largestColoured = 300 << 10

// viewSource cuts source text into coloured lines. A name that no language
// claims, or text that is too long, is shown plain.
func viewSource(name string, data []byte) sourceView {
	var v sourceView
	if !utf8.Valid(data) {
		v.Notice = `Some bytes are not UTF-8 text; they are shown as \x escapes.`
	}
	text := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	lines := strings.Split(text, "\n")
	v.Total = len(lines)
	if coloured := v.colour(name, text); len(coloured) == len(lines) {
		v.Lines = coloured
		return v
	}
	v.Language = ""
	for i, line := range lines {
		v.Lines = append(v.Lines, codeLine{i + 1, []logPart{{Text: showLine(line)}}})
	}
	return v
}

func showLine(line string) string {
	if len(line) > longestLine {
		line = line[:longestLine] + " […]"
	}
	return printableText(line)
}

// colour asks the language's lexer what each piece is; nil when there is none,
// or when it does not give the text back whole.
func (v *sourceView) colour(name, text string) []codeLine {
	lexer := lexers.Match(path.Base(name))
	if lexer == nil || len(text) > largestColoured || !utf8.ValidString(text) {
		return nil
	}
	it, err := chroma.Coalesce(lexer).Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: false}, text)
	if err != nil {
		return nil
	}
	v.Language = lexer.Config().Name
	var out []codeLine
	var all strings.Builder
	for i, tokens := range chroma.SplitTokensIntoLines(it.Tokens()) {
		line := codeLine{N: i + 1}
		for _, t := range tokens {
			all.WriteString(t.Value)
			if s := strings.TrimRight(t.Value, "\n"); s != "" {
				line.Parts = append(line.Parts, logPart{tokenClass(t.Type), showLine(s)})
			}
		}
		out = append(out, line)
	}
	// A lexer that swallowed or changed something must not decide what is read.
	if strings.TrimSuffix(all.String(), "\n") != strings.TrimSuffix(text, "\n") {
		return nil
	}
	return out
}

// tokenClass is one of a few classes of our own.
func tokenClass(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "app-tok--comment"
	case t.InCategory(chroma.Keyword):
		return "app-tok--keyword"
	case t.InSubCategory(chroma.LiteralString):
		return "app-tok--string"
	case t.InSubCategory(chroma.LiteralNumber):
		return "app-tok--number"
	case t == chroma.NameFunction || t == chroma.NameTag || t == chroma.NameBuiltin || t == chroma.NameAttribute || t == chroma.NameClass:
		return "app-tok--name"
	default:
		return ""
	}
}

func (v *sourceView) pages() int { return max(1, (len(v.Lines)+linesPerPage-1)/linesPerPage) }

// show keeps one page of the lines.
func (v *sourceView) show(page int, address func(int) string) {
	v.Pager = newPager(page, v.pages(), address)
	v.Lines = v.Lines[(page-1)*linesPerPage : min(page*linesPerPage, len(v.Lines))]
}

func comparePath(ws review.WorkspaceName, from, to string) string {
	return workspacePath(ws) + "/compare?from=" + pathSegment(from) + "&to=" + pathSegment(to)
}

// comparePage is what changed in the code between two commits.
type comparePage struct {
	Workspace      review.WorkspaceName
	From, To       string
	Changes        []changeView
	Added, Removed int
}

// changeView is one file that changed.
type changeView struct {
	review.CodeChange
	What  string // "added", "removed", "renamed", "changed"
	Link  string // to the file as it is after the change
	Lines []diffLine
	Cut   bool // too much to show
}

// diffLine is one line of a difference in unified form.
type diffLine struct {
	Sign, Text string // Sign is "+", "-", "@" or ""
}

// largestComparison bounds how much of differences one page shows, in bytes.
const largestComparison = 1 << 20

func (u *UI) compare(c *call) error {
	ws := review.WorkspaceName(c.Param("workspace"))
	p := comparePage{Workspace: ws, From: c.QueryParam("from"), To: c.QueryParam("to")}
	changes, err := u.service.CompareCode(c.ctx(), c.actor, ws, p.From, p.To)
	if err != nil {
		return err
	}
	left := largestComparison
	for _, ch := range changes {
		v := changeView{CodeChange: ch, What: changeWords(ch)}
		if ch.Path != "" {
			v.Link = codePath(ws, p.To, ch.Path)
		}
		p.Added, p.Removed = p.Added+ch.Added, p.Removed+ch.Removed
		if v.Cut = len(ch.Patch) > left; !v.Cut {
			left -= len(ch.Patch)
			v.Lines = patchLines(ch.Patch)
		}
		p.Changes = append(p.Changes, v)
	}
	f := c.workspaceFrame(ws, "Code comparison", crumb{"Runs", jobsPath(ws)})
	return c.render(http.StatusOK, "compare", f, p)
}

func changeWords(ch review.CodeChange) string {
	switch {
	case ch.Path == "":
		return "removed"
	case ch.Was == "" && strings.Contains(ch.Patch, "\n--- /dev/null\n"):
		return "added"
	case ch.Was != "":
		return "renamed"
	default:
		return "changed"
	}
}

// patchLines are the lines of a patch from its first hunk on: the head repeats
// the names.
func patchLines(patch string) []diffLine {
	at := strings.Index(patch, "\n@@")
	if at < 0 {
		return nil
	}
	var out []diffLine
	for line := range strings.SplitSeq(strings.TrimSuffix(patch[at+1:], "\n"), "\n") {
		d := diffLine{Text: showLine(line)}
		switch {
		case strings.HasPrefix(line, "@@"):
			d.Sign = "@"
		case strings.HasPrefix(line, "+"), strings.HasPrefix(line, "-"):
			d.Sign, d.Text = line[:1], showLine(line[1:])
		case strings.HasPrefix(line, " "):
			d.Text = showLine(line[1:])
		}
		out = append(out, d)
	}
	return out
}

// madeBy is what a page says about the run that made a file.
type madeBy struct {
	Runs, Job, Log string // addresses, "" where there is nothing to lead to
}

// madeBy leads from a file of a request to the run that made it, for those who
// may see the runs of its workspace now.
func (c *call) madeBy(v *review.View, o *provenance.Origin) madeBy {
	var m madeBy
	if !c.seesRuns(v) {
		return m
	}
	ws := v.Request.Workspace
	m.Runs = jobsPath(ws)
	if o.JobRequest != "" {
		m.Job = jobPath(ws, o.JobRequest)
	}
	if o.Action != "" {
		m.Log = logPath(ws, o.Action)
	}
	return m
}

// seesRuns says whether the viewer of a request may see what ran in its
// workspace: a checker only while the request is open.
func (c *call) seesRuns(v *review.View) bool {
	if v.Relation == policy.Assigned {
		switch v.Request.Status {
		case review.Submitted, review.PartiallyReviewed, review.Reviewed, review.Approved, review.Returned:
		default:
			return false
		}
	}
	return policy.Allowed(c.actor.RolesIn(v.Request.Project), policy.WorkspaceJobs, v.Relation)
}
