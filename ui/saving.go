package ui

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/review"
)

// savedPart answers a script that saved one field: when, or why not, with what
// else on the page that changes.
type savedPart struct {
	At       time.Time
	Problem  string
	Steps    []step
	Guidance []guide
	OnGroup  bool
}

// Missing counts the fields of the group that wait for words. The status line says
// it: the list beside the form changes with each key, which nobody who listens to
// the page wants to hear each time.
func (p savedPart) Missing() int {
	n := 0
	for _, g := range p.Guidance {
		if !g.Done {
			n++
		}
	}
	return n
}

// pageOf is a link's page, without the place on it.
func pageOf(link string) string {
	page, _, _ := strings.Cut(link, "#")
	return page
}

// amendDetails keeps the fields of the form that were sent, of the request as a
// whole.
func (u *UI) amendDetails(c *call) error {
	in := review.Amendment{Details: map[string]string{}}
	for name, values := range c.Request().PostForm {
		in.Details[name] = values[0]
	}
	return u.amend(c, in)
}

// amendGroup keeps the fields of the form that were sent, of one group.
func (u *UI) amendGroup(c *call) error {
	form := c.Request().PostForm
	in := review.Amendment{Group: c.groupID(), Context: sent(form, "context."), Controls: sent(form, "controls.")}
	if form.Has("pattern") {
		w := review.Wildcard{Pattern: strings.TrimSpace(form.Get("pattern"))}
		if n, err := strconv.Atoi(strings.TrimSpace(form.Get("pattern_count"))); err == nil && w.Pattern != "" {
			w.Count = n
		}
		in.Wildcard = &w
	}
	// A box that is not ticked sends nothing: a field beside it says that it was asked.
	if form.Has("intermediate_shown") {
		yes := form.Has("intermediate")
		in.Intermediate = &yes
	}
	return u.amend(c, in)
}

// sent is the fields of a form whose names begin with a prefix, without it.
func sent(form url.Values, prefix string) map[string]string {
	out := map[string]string{}
	for name, values := range form {
		if id, ok := strings.CutPrefix(name, prefix); ok {
			out[id] = values[0]
		}
	}
	return out
}

// amend answers with a fragment whether the fields were kept or not: what the
// person typed stands on their page, and nothing else of it was sent.
func (u *UI) amend(c *call, in review.Amendment) error {
	p := savedPart{OnGroup: in.Group != ""}
	err := u.service.Amend(c.ctx(), c.actor, c.requestID(), in)
	if bad := fieldErrors(err); bad != nil {
		p.Problem = bad[slices.Min(slices.Collect(maps.Keys(bad)))] // the same one each time
	} else if err != nil {
		return err
	} else {
		p.At = u.now()
		if in.Intermediate != nil {
			c.Response().Header().Set("HX-Refresh", "true") // the policy asks other fields of such data
		}
	}
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	page := "details"
	p.Steps = u.steps(v, stepContext)
	if p.OnGroup {
		page, p.Steps = "group", u.groupSteps(v)
		g, err := groupOf(v, in.Group)
		if err != nil {
			return err
		}
		about, controls := u.service.Fields(g.Group)
		p.Guidance = append(guides(about, g.Group.Context), guides(controls, g.Group.Controls)...)
	}
	return c.fragment(page, "saved-part", p)
}
