package ui

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"sallyport/policy"
	"sallyport/review"
)

// groupPage is one group: its files, what the author wrote about them, and the
// conversation with the checkers.
type groupPage struct {
	*review.View
	Row      groupRow
	Context  []field
	Controls []field
	Guidance []guide
	Errors   []field
	Editable bool
	Steps    []step
	Save     string    // where a script saves single fields
	Missing  []missing // of this group
	Comment  commentForm
	Details  review.GroupDetails
	Like     string            // name of the group whose description stands in empty fields, not saved yet
	Others   []groupRow        // that are described and could be followed
	Bad      map[string]string // what is wrong with the fields that every group has
}

func (u *UI) group(c *call) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	g, err := groupOf(v, c.groupID())
	if err != nil {
		return err
	}
	d := review.GroupDetails{Context: g.Group.Context, Controls: g.Group.Controls, Pattern: g.Group.Pattern,
		PatternCount: g.Group.PatternCount, Intermediate: g.Group.Intermediate}
	if like, err := groupOf(v, review.GroupID(c.QueryParam("like"))); err == nil && v.Can[policy.RequestEdit] {
		d.Context, d.Controls = filledFrom(d.Context, like.Group.Context), filledFrom(d.Controls, like.Group.Controls)
	}
	return u.showGroup(c, http.StatusOK, v, g, d, nil)
}

// filledFrom is what is written, and where nothing is, what another group has.
func filledFrom(own, other map[string]string) map[string]string {
	m := maps.Clone(other)
	if m == nil {
		m = map[string]string{}
	}
	for k, v := range own {
		if strings.TrimSpace(v) != "" {
			m[k] = v
		}
	}
	return m
}

func groupOf(v *review.View, id review.GroupID) (*review.GroupView, error) {
	for i := range v.Groups {
		if v.Groups[i].Group.ID == id {
			return &v.Groups[i], nil
		}
	}
	return nil, review.Errorf(review.NotFound, "There is no such group.")
}

func (u *UI) showGroup(c *call, status int, v *review.View, g *review.GroupView, d review.GroupDetails, bad map[string]string) error {
	about, controls := d.Context, d.Controls
	p := groupPage{View: v, Row: u.groupRow(v, g), Editable: v.Can[policy.RequestEdit], Comment: commentFormFor(v, g.Group.ID, "", c.Request().URL.Path), Details: d, Bad: bad}
	ctxFields, ctlFields := u.service.Fields(g.Group)
	if p.Editable {
		p.Steps, p.Save = u.groupSteps(v), p.Row.Link+"/field"
	}
	p.Context = groupFields("context", ctxFields, about, p.Save)
	p.Controls = groupFields("controls", ctlFields, controls, p.Save)
	p.Errors = append(markErrors(p.Context, bad), markErrors(p.Controls, bad)...)
	p.Guidance = append(guides(ctxFields, about), guides(ctlFields, controls)...)
	if p.Editable {
		p.likeness(u, v, g, c.QueryParam("like"))
	}
	for _, m := range v.Missing {
		if m.Group == g.Group.ID {
			p.Missing = append(p.Missing, missing{m.Message, problemLink(v, m)})
		}
	}
	return c.render(status, "group", c.requestFrame(v, printable(g.Group.Name)), p)
}

// likeness lists the other groups of the request that say something, and names the
// one that was chosen.
func (p *groupPage) likeness(u *UI, v *review.View, g *review.GroupView, like string) {
	for i := range v.Groups {
		o := &v.Groups[i]
		if o.Group.ID == g.Group.ID || len(o.Group.Context)+len(o.Group.Controls) == 0 {
			continue
		}
		if string(o.Group.ID) == like {
			p.Like = o.Group.Name
		}
		p.Others = append(p.Others, u.groupRow(v, o))
	}
}

// groupFields turns the policy's fields into inputs named "context.<id>" or
// "controls.<id>".
func groupFields(part string, fields []policy.Field, values map[string]string, save string) []field {
	var out []field
	for _, f := range fields {
		out = append(out, field{ID: f.ID, Label: f.Label, Help: f.Help, Value: values[f.ID], Required: f.Required, Long: true, Rows: 3, Name: part + "." + f.ID, Save: save})
	}
	return out
}

// groupForm reads a group's fields from the form. Only fields of the policy are
// looked at.
func (u *UI) groupForm(c *call) (about, controls map[string]string) {
	read := func(part string, fields []policy.Field) map[string]string {
		m := map[string]string{}
		for _, f := range fields {
			if v := c.FormValue(part + "." + f.ID); strings.TrimSpace(v) != "" {
				m[f.ID] = v
			}
		}
		return m
	}
	return read("context", u.policy.Context), read("controls", u.policy.Controls)
}

func (u *UI) saveGroup(c *call) error {
	about, controls := u.groupForm(c)
	d := review.GroupDetails{Context: about, Controls: controls, Pattern: strings.TrimSpace(c.FormValue("pattern")), Intermediate: c.FormValue("intermediate") != ""}
	if n, err := strconv.Atoi(strings.TrimSpace(c.FormValue("pattern_count"))); err == nil && d.Pattern != "" {
		d.PatternCount = n
	}
	err := u.service.EditGroup(c.ctx(), c.actor, c.requestID(), c.groupID(), d)
	if bad := fieldErrors(err); bad != nil {
		v, verr := u.editable(c)
		if verr != nil {
			return verr
		}
		g, gerr := groupOf(v, c.groupID())
		if gerr != nil {
			return gerr
		}
		return u.showGroup(c, http.StatusUnprocessableEntity, v, g, d, bad)
	}
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "Saved."})
	switch c.FormValue("then") {
	case "request":
		return c.redirect(requestPath(c.requestID()))
	case "next":
		return u.goOn(c, groupPath(c.requestID(), c.groupID()))
	}
	return c.redirect(groupPath(c.requestID(), c.groupID()))
}

// guidance answers a script that sends what is being typed with what it lacks.
// It keeps nothing.
func (u *UI) guidance(c *call) error {
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	g, err := groupOf(v, c.groupID())
	if err != nil {
		return err
	}
	about, controls := u.groupForm(c)
	ctxFields, ctlFields := u.service.Fields(g.Group)
	return c.fragment("group", "guidance", append(guides(ctxFields, about), guides(ctlFields, controls)...))
}

// commentView is one comment as the viewer may read it.
type commentView struct {
	review.Comment
	Name string
	Who  string // may read it, in words
	File string // path of the file it is about, "" for the group
	// Publish is where a checkers-only comment can be made public, "" when it
	// cannot now.
	Publish string
	// Place is where in the file it points, in words, and Link the address of
	// that place; both "" when it is about the whole.
	Place, Link string
}

func commentViewOf(v *review.View, cm review.Comment) commentView {
	out := commentView{Comment: cm, Name: personName(v, cm.Author)}
	switch {
	case !cm.ByChecker:
		out.Who = "from the researcher"
	case cm.Visibility == review.Public:
		out.Who = "for the researcher too, once the request goes back"
	}
	if cm.ByChecker && cm.Visibility == review.Checkers && cm.Turn == v.Request.Turn && v.Phase == review.Consolidation && v.Can[policy.RequestComment] {
		out.Publish = requestPath(v.Request.ID) + "/comments/" + pathSegment(string(cm.ID)) + "/publish"
	}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if f.File.ID == cm.File {
				out.File = f.File.Path
			}
		}
	}
	return out
}

// commentForm is the form for a new comment.
type commentForm struct {
	Action  string
	Group   review.GroupID
	File    review.FileID
	Back    string
	Allowed bool
	Why     string // it is closed
	Checker bool   // chooses who may read it
	Answer  bool   // the checkers asked something of the author
	// Places says that a line can be named, and Columns are the columns of the
	// file's first table, of which one can be named too.
	Places  bool
	Columns []string
}

func commentFormFor(v *review.View, g review.GroupID, f review.FileID, back string) commentForm {
	form := commentForm{Action: requestPath(v.Request.ID) + "/comments", Group: g, File: f, Back: back,
		Allowed: v.Can[policy.RequestComment], Why: v.Why[policy.RequestComment], Checker: v.Relation == policy.Assigned}
	for _, m := range v.Missing {
		form.Answer = form.Answer || m.Group == g && m.Field == "comment"
	}
	return form
}

// placeNumber reads a whole number of a form: 0 for nothing, and -1, which no use
// case takes, for what is none.
func placeNumber(text string) int {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func (u *UI) comment(c *call) error {
	back := localPath(c.FormValue("back")) + "#comments"
	if strings.TrimSpace(c.FormValue("comment")) == "" {
		c.setFlash(flash{Text: "No comment was added.", Problems: []string{"Write something first."}})
		return c.redirect(back)
	}
	err := u.service.Comment(c.ctx(), c.actor, c.requestID(), review.CommentInput{
		Group: review.GroupID(c.FormValue("group")), File: review.FileID(c.FormValue("file")),
		Line: placeNumber(c.FormValue("line")), Column: placeNumber(c.FormValue("column")),
		Visibility: review.Visibility(c.FormValue("visibility")), Text: c.FormValue("comment"),
	})
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "Your comment was added."})
	return c.redirect(back)
}
