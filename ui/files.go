package ui

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// filePage is the workbench: the request's files, one of them shown as what it
// is, its findings, and what the viewer can do about it.
type filePage struct {
	doc *checks.Document // as read, for the places in it
	win window

	*review.View
	File     fileEntry
	Group    *review.GroupView
	List     []fileGroup // all files, for the list beside
	Prev     *fileEntry
	Next     *fileEntry
	Position int // 1-based, of Of
	Of       int

	Tabs     []tab
	Shown    string // the tab shown
	Table    *tableView
	Summary  *summaryView // of the table's columns
	Tables   []tab        // when the file has several tables
	How      *arithmetic  // of the finding chosen
	Another  string       // address of it in a page of its own
	NoCopy   bool         // the policy does not let contents be copied
	Text     *textView
	Picture  *picture
	Tree     *jsonNode
	TreeCut  bool // a text in the tree is shortened
	TreePart bool // it is not shown from its root on
	Alone    bool // the file has the page to itself
	Beside   *besideView
	Besides  []tab       // what can be put next to it
	Source   string      // address of the raw bytes, for an image or a framed document
	Data     []fileEntry // the tables that a figure rests on
	Download string
	Made     madeBy
	Changes  string // address of what changed since an earlier version, "" for none
	Cannot   string // why it is not shown

	Flash    *flash // what became of the last decision
	ToDecide int    // files that are the viewer's to decide on
	Decided  int
	Review   string // address of the viewer's review, "" for others

	Findings []findingView
	Vote     *voteForm
	Author   *authorForm
	Except   []exceptionView
	Context  []written
	Comments []commentView
	Comment  commentForm
}

// fileGroup is one group in the list of files.
type fileGroup struct {
	Name, Link string
	Files      []fileEntry
}

// Same reports whether the group is one file and has its name, which then need
// not be read twice.
func (g fileGroup) Same() bool {
	return len(g.Files) == 1 && baseName(g.Files[0].File.Path) == g.Name
}

type tab struct {
	Name, Link string
	Current    bool
}

// written is one thing the author wrote about the group.
type written struct{ Label, Text string }

// authorForm is what the author can do with one file.
type authorForm struct {
	Groups  []string
	Changed string
	Path    string
}

func (u *UI) file(c *call) error { return u.showFile(c, http.StatusOK, nil) }

func (u *UI) showFile(c *call, status int, vote *voteForm) error {
	content, err := u.viewedContent(c)
	if err != nil {
		return err
	}
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	p := filePage{View: v, Download: filePath(v.Request.ID, c.fileID()) + "/download", Source: filePath(v.Request.ID, c.fileID()) + "/content"}
	if err := p.place(v, c.fileID()); err != nil {
		return err
	}
	p.Changes = changesOf(v, &p.File.FileView)
	if err := p.show(u, c, content); err != nil {
		return err
	}
	p.Made = c.madeBy(v, &p.File.File.Origin)
	u.answers(&p)
	p.Vote = voteFormFor(v, p.File, vote)
	p.count()
	p.Flash = c.takeFlash()
	p.Context = u.written(p.Group.Group)
	for _, cm := range p.Group.Comments {
		view := commentViewOf(v, cm)
		if cm.File == c.fileID() {
			view.Place, view.Link = p.pointAt(cm.Line, cm.Column)
		}
		p.Comments = append(p.Comments, view)
	}
	p.Comment = commentFormFor(v, p.Group.Group.ID, c.fileID(), c.Request().URL.Path)
	p.Comment.Places = true
	if len(p.doc.Tables) > 0 {
		p.Comment.Columns = p.doc.Tables[0].Header
	}
	if v.Can[policy.RequestEdit] && p.File.File.Kind != review.WithdrawnF {
		p.Author = authorFormFor(v, p.File)
	}
	return c.render(status, "file", c.requestFrame(v, printable(baseName(p.File.File.Path))), p)
}

// viewedContent reads the file for its page. Another part of the page somebody
// has just opened (a finding, a further window, the text beside the table)
// belongs to that view; the page itself is a view each time.
func (u *UI) viewedContent(c *call) (*review.FileContent, error) {
	if c.Request().Method == http.MethodGet && c.Request().URL.RawQuery != "" {
		return u.service.FramedContent(c.ctx(), c.actor, c.requestID(), c.fileID())
	}
	return u.service.FileContent(c.ctx(), c.actor, c.requestID(), c.fileID())
}

// count says how far the viewer's own review has come.
func (p *filePage) count() {
	for _, f := range outputs(p.View) {
		if !f.Yours {
			continue
		}
		p.ToDecide++
		if !f.MineVoid {
			p.Decided++
		}
	}
	if p.Relation == policy.Assigned {
		p.Review = requestPath(p.Request.ID) + "/review"
	}
}

// place finds the file among the request's, with its neighbours. The order is
// that of the groups, so that a checker always knows what comes next.
func (p *filePage) place(v *review.View, id review.FileID) error {
	var all []*fileEntry
	for i := range v.Groups {
		g := &v.Groups[i]
		list := fileGroup{Name: g.Group.Name, Link: groupPath(v.Request.ID, g.Group.ID)}
		for _, f := range g.Files {
			e := fileEntryOf(v, g.Group.Name, f)
			e.Current = f.File.ID == id
			if e.Current {
				p.File, p.Group = e, g
			}
			list.Files = append(list.Files, e)
		}
		p.List = append(p.List, list)
	}
	for i := range p.List {
		for j := range p.List[i].Files {
			all = append(all, &p.List[i].Files[j])
		}
	}
	at := slices.IndexFunc(all, func(e *fileEntry) bool { return e.Current })
	if at < 0 {
		return review.Errorf(review.NotFound, "There is no such file in the request.")
	}
	p.Position, p.Of = at+1, len(all)
	if at > 0 {
		p.Prev = all[at-1]
	}
	if at+1 < len(all) {
		p.Next = all[at+1]
	}
	return nil
}

// show decides how the file is shown, and builds that view of it.
func (p *filePage) show(u *UI, c *call, content *review.FileContent) error {
	file := u.read(c.ctx(), content)
	doc := file.doc
	same := bytes.Equal(content.Original, content.Clean)
	win := windowOf(doc, same)
	p.doc, p.win = doc, win
	base := p.File.Link
	q := c.Request().URL.Query()
	p.Findings = findingViews(p.File.Report, base, q.Get("finding"), win)
	if i := slices.IndexFunc(p.Findings, func(f findingView) bool { return f.Selected }); i >= 0 {
		p.How = arithmeticOf(&p.Findings[i])
	}
	p.NoCopy = !u.policy.Files.Copy
	p.Another = aloneAddress(base, q)
	choices := viewsOf(content, doc)
	if content.View.Withheld() != nil { // what is left is text of the page
		choices = slices.DeleteFunc(choices, func(ch choice) bool { return ch.view == "image" || ch.view == "document" })
	}
	if len(choices) == 0 {
		p.Cannot = "This type of file has no safe way to be shown here."
		return nil
	}
	p.Shown = q.Get("view")
	if !slices.ContainsFunc(choices, func(ch choice) bool { return ch.view == p.Shown }) {
		p.Shown = choices[0].view
	}
	for _, ch := range choices {
		p.Tabs = append(p.Tabs, tab{ch.name, base + "?view=" + ch.view + "#content", ch.view == p.Shown})
	}
	page, _ := strconv.Atoi(q.Get("page"))
	page = max(page, 1)
	switch p.Shown {
	case "image":
		p.Data = tablesOf(u.policy, p.List)
		p.showPicture(file, q.Get("zoom"))
	case "table":
		p.showTable(file, q, page)
	case "columns":
		p.showColumns(file, q)
	case "text":
		p.showText(content.Clean, page, same, q)
	case "original":
		p.showText(content.Original, page, true, q)
	case "tree":
		p.showTree(content.Clean, treePartOf(q))
	case "plain":
		p.showText([]byte(plainText(content)), page, false, q)
	case "pretty":
		data, _ := pretty(content.Clean)
		p.showText(data, page, false, q)
	}
	if p.Alone = q.Has("alone"); p.Alone {
		return nil
	}
	p.Besides = p.besides(u.policy, choices)
	if what := q.Get("beside"); what != "" {
		return p.showBeside(u, c, content, what)
	}
	return nil
}

// pointAt says in words which place of the file a line and a column (from 1; 0
// for none) are, and where it is shown: the cell of the first table, or else
// the line of the text.
func (p *filePage) pointAt(line, column int) (words, link string) {
	if line <= 0 {
		return "", ""
	}
	words = fmt.Sprintf("line %d", line)
	if column <= 0 || len(p.doc.Tables) == 0 || column > len(p.doc.Tables[0].Header) {
		return words, p.win.link(p.File.Link, "", "\x00none", nil, nil, line)
	}
	t := p.doc.Tables[0]
	words += ", " + printable(cmp.Or(t.Header[column-1], fmt.Sprintf("column %d", column)))
	at := column - 1
	for row := range t.Rows {
		if t.Line(row) == line {
			return words, p.win.link(p.File.Link, "", t.Source.Name, &row, &at, line)
		}
	}
	return words, p.win.link(p.File.Link, "", t.Source.Name, nil, &at, line)
}

// read finds the tables of a file as it was supplied, which is what the checks
// read, so that their findings point at the right cells.
func (u *UI) read(ctx context.Context, content *review.FileContent) *readFile {
	name := content.View.File.Path
	key := string(content.View.File.Digest) + strings.ToLower(path.Ext(name))
	if r := content.View.Report; r != nil && r.Overran() {
		// What brought down the process that examined it is not read here.
		return &readFile{doc: &checks.Document{Path: name, Size: int64(len(content.Original)), Unread: checks.Unreadable(r.Reason)}}
	}
	return u.shelf.read(ctx, key, func(ctx context.Context) *checks.Document {
		data := content.Original
		file := checks.File{Path: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
		return new(checks.Engine).Read(ctx, u.policy, &file)
	})
}

// showTree shows a part of a JSON file as a tree.
func (p *filePage) showTree(data []byte, part treePart) {
	link := func(part treePart) string { return p.File.Link + "?" + part.query().Encode() + "#content" }
	root, cut, ok := jsonTree(data, part, link)
	if !ok && !part.whole() {
		part = treePart{}
		root, cut, ok = jsonTree(data, part, link)
	}
	if !ok {
		p.Cannot = "This file is no single JSON value, so it has no tree. It is shown as text."
		return
	}
	p.Tree, p.TreeCut, p.TreePart = &root, cut, !part.whole()
}

func (p *filePage) showText(data []byte, page int, numbered bool, q url.Values) {
	view := viewText(data, p.Findings, page, numbered, whole(q))
	view.Pager = newPager(view.Pager.Page, view.Pager.Pages, p.pageAddress(p.Shown))
	view.More = p.File.Link + "?" + url.Values{"view": {p.Shown}, "page": {strconv.Itoa(view.Pager.Page)}}.Encode() + "&whole="
	p.Text = &view
}

// pageAddress leads to another page of the same text.
func (p *filePage) pageAddress(view string) func(int) string {
	return func(page int) string {
		return p.File.Link + "?" + url.Values{"view": {view}, "page": {strconv.Itoa(page)}}.Encode() + "#content"
	}
}

// tablesOf lists the tables in the group of the file that is shown.
func tablesOf(pol *policy.Policy, list []fileGroup) []fileEntry {
	var out []fileEntry
	for _, g := range list {
		if !slices.ContainsFunc(g.Files, func(f fileEntry) bool { return f.Current }) {
			continue
		}
		for _, f := range g.Files {
			if f.File.Kind != review.WithdrawnF && pol.Files.Types[strings.ToLower(path.Ext(f.File.Path))].Use == "table" {
				out = append(out, f)
			}
		}
	}
	return out
}

// windowOf says how the file is cut into pages. same says that nothing was
// cleaned, so that lines of the one text are lines of the other.
func windowOf(doc *checks.Document, same bool) window {
	w := window{tables: map[string]int{}, lines: "original"}
	if same {
		w.lines = "text"
	}
	for i, t := range doc.Tables {
		w.tables[t.Source.Name] = i
		w.sizes = append(w.sizes, pageSize(t))
		w.skips = append(w.skips, t.Skip)
	}
	return w
}

// choice is one way to show a file.
type choice struct{ view, name string }

// viewsOf lists the ways to show a file, the best first. What a browser would
// run or fetch is never among them: an image and a report come from the
// sandboxed content response, everything else as text.
func viewsOf(content *review.FileContent, doc *checks.Document) []choice {
	if content.Clean == nil {
		if readable(content.Original) {
			return []choice{{"original", "Text as supplied"}}
		}
		return nil
	}
	cleaned := !bytes.Equal(content.Original, content.Clean) && readable(content.Original)
	var out []choice
	kind, _, _ := strings.Cut(content.MediaType, ";")
	switch kind {
	case "image/png", "image/jpeg":
		return []choice{{"image", "Image"}}
	case "image/svg+xml":
		out = append(out, choice{"image", "Image"})
	case "text/html":
		out = append(out, choice{"document", "Report as released"})
	case "application/json":
		if laidOut(content.Clean) {
			out = append(out, choice{"tree", "Tree"}, choice{"pretty", "Laid out"})
		}
	}
	tables := tableChoice(doc)
	if kind == "text/csv" || len(out) > 0 || strings.EqualFold(path.Ext(doc.Path), ".csv") {
		out = append(out, tables...)
		tables = nil
	}
	if readable(content.Clean) {
		name := "Text"
		if kind == "text/html" || kind == "image/svg+xml" {
			out = append(out, choice{"plain", "Plain text"})
			name = "Source as released"
		} else if cleaned {
			name = "Source as released"
		}
		out = append(out, choice{"text", name})
	}
	out = append(out, tables...) // guessed from printed text: after the text itself
	if cleaned {
		out = append(out, choice{"original", "Source as supplied"})
	}
	return out
}

func tableChoice(doc *checks.Document) []choice {
	switch n := len(doc.Tables); n {
	case 0:
		return nil
	case 1:
		return []choice{{"table", "Table"}, {"columns", "Columns"}}
	default:
		return []choice{{"table", plural(n, "table", "tables")}, {"columns", "Columns"}}
	}
}

// readable reports whether bytes are text rather than something binary.
func readable(data []byte) bool {
	return data != nil && !bytes.Contains(data[:min(len(data), 8192)], []byte{0})
}

// written is what the author wrote about the group, in the policy's order.
func (u *UI) written(g *review.Group) []written {
	about, controls := u.service.Fields(g)
	var out []written
	for _, f := range about {
		out = append(out, written{f.Label, g.Context[f.ID]})
	}
	for _, f := range controls {
		out = append(out, written{f.Label, g.Controls[f.ID]})
	}
	return out
}

func authorFormFor(v *review.View, f fileEntry) *authorForm {
	a := &authorForm{Changed: f.Changed, Path: f.Link}
	for _, g := range v.Groups {
		a.Groups = append(a.Groups, g.Group.Name)
	}
	return a
}

func (u *UI) moveFile(c *call) error {
	group := c.FormValue("group")
	if name := strings.TrimSpace(c.FormValue("new_group")); group == groupNew {
		if name == "" {
			return review.Errorf(review.Invalid, "Give the new group a name.")
		}
		group = name
	} else {
		group = strings.TrimPrefix(group, groupNamed)
	}
	kind := review.FileKind(c.FormValue("kind"))
	if err := u.service.MoveFile(c.ctx(), c.actor, c.requestID(), c.fileID(), group, kind); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The file was moved."})
	return c.redirect(filePath(c.requestID(), c.fileID()))
}

func (u *UI) updateFile(c *call) error {
	if err := u.service.UpdateFile(c.ctx(), c.actor, c.requestID(), c.fileID()); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The request now holds the file as it is in the workspace, and it was checked again."})
	return c.redirect(filePath(c.requestID(), c.fileID()))
}

func (u *UI) withdrawFile(c *call) error {
	if err := u.service.WithdrawFile(c.ctx(), c.actor, c.requestID(), c.fileID()); err != nil {
		return err
	}
	c.setFlash(flash{Text: "The file was withdrawn. It stays on the record, and will not leave."})
	return c.redirect(requestPath(c.requestID()))
}
