package ui

import (
	"net/http"
	"strconv"
	"strings"

	"sallyport/review"
)

// missingGroup is what is missing of one group of files, or of the request as a
// whole.
type missingGroup struct {
	Name  string
	Items []missing
}

// Onward is where the first thing that is missing is mended, "" for none.
func (p requestPage) Onward() string {
	for _, g := range p.Missing {
		for _, m := range g.Items {
			return m.Link
		}
	}
	return ""
}

// missingByGroup keeps the order in which things are missing, what belongs to
// one group together.
func missingByGroup(v *review.View) []missingGroup {
	var out []missingGroup
	at := map[review.GroupID]int{}
	for _, m := range v.Missing {
		i, ok := at[m.Group]
		if !ok {
			i = len(out)
			at[m.Group] = i
			out = append(out, missingGroup{Name: groupName(v, m.Group)})
		}
		out[i].Items = append(out[i].Items, missing{m.Message, problemLink(v, m)})
	}
	return out
}

func groupName(v *review.View, id review.GroupID) string {
	for _, g := range v.Groups {
		if g.Group.ID == id {
			return g.Group.Name
		}
	}
	return "The request as a whole"
}

// reusable is an earlier request whose descriptions can be taken over.
type reusable struct {
	ID          review.RequestID
	Title, When string
}

// mostReusable is how many earlier requests are offered.
const mostReusable = 20

// reusable lists the author's earlier requests of the same project.
func (u *UI) reusable(c *call, v *review.View) ([]reusable, error) {
	list, err := u.service.Requests(c.ctx(), c.actor)
	if err != nil {
		return nil, err
	}
	var out []reusable
	for i := range list {
		r := &list[i]
		if r.ID != v.Request.ID && r.Project == v.Request.Project && len(out) < mostReusable {
			out = append(out, reusable{r.ID, requestTitle(r), c.date(r.Created)})
		}
	}
	return out, nil
}

func (u *UI) reuse(c *call) error {
	err := u.service.ReuseContext(c.ctx(), c.actor, c.requestID(), review.RequestID(c.FormValue("from")))
	if err != nil {
		return err
	}
	c.setFlash(flash{Text: "What was not written yet was taken from the earlier request. Read every field again before you submit."})
	return c.redirect(requestPath(c.requestID()))
}

// wildcardForm is what somebody typed to add files by a wildcard.
type wildcardForm struct{ Pattern, Count, Group, Problem string }

// addMatching adds every file that a wildcard captures to the person's request
// for the workspace, opening one when there is none.
func (u *UI) addMatching(c *call) error {
	ws := review.WorkspaceName(c.Param("workspace"))
	w := wildcardForm{Pattern: strings.TrimSpace(c.FormValue("pattern")), Count: strings.TrimSpace(c.FormValue("pattern_count")),
		Group: strings.TrimSpace(c.FormValue("group"))}
	n, err := strconv.Atoi(w.Count)
	switch {
	case w.Pattern == "":
		w.Problem = "Write a wildcard, such as release/rate_by_*.csv."
	case err != nil || n < 1:
		w.Problem = "State how many files the wildcard captures."
	}
	if w.Problem != "" {
		return u.showWorkspace(c, http.StatusUnprocessableEntity, "", nil, w)
	}
	_, summary, err := u.service.WorkspaceFiles(c.ctx(), c.actor, ws)
	if err != nil {
		return err
	}
	id, err := u.openRequest(c, ws, summary)
	if err != nil {
		return err
	}
	name := w.Group
	if name == "" {
		name = w.Pattern
	}
	results, err := u.service.AddMatchingBehind(c.ctx(), c.actor, id, name, review.GroupDetails{Pattern: w.Pattern, PatternCount: n})
	if review.KindOf(err) == review.Invalid {
		w.Problem = err.Error()
		return u.showWorkspace(c, http.StatusUnprocessableEntity, "", nil, w)
	}
	if err != nil {
		return err
	}
	c.setFlash(addedFlash(results))
	return c.redirect(requestPath(id))
}
