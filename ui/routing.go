package ui

import (
	"net/http"
	"slices"
	"strings"

	"sallyport/policy"
	"sallyport/review"
)

// routePage is a lead's: which checkers decide on each file, and the form that
// gives one file to a specialist.
type routePage struct {
	*review.View
	Files   []routedFile
	To      []review.Load
	Problem string
}

// routedFile is one output file with those who decide on it.
type routedFile struct {
	ID       review.FileID
	Path     string
	Checkers []boardSeat
	Special  bool // routed differently from its request
}

func (u *UI) routePage(c *call) error { return u.showRouting(c, http.StatusOK, "") }

func (u *UI) showRouting(c *call, status int, problem string) error {
	v, err := u.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	if !policy.Allowed(c.actor.RolesIn(v.Request.Project), policy.ReviewReassign, v.Relation) || v.Request.Status.Owner() != "checkers" {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	b, err := u.service.Board(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p := routePage{View: v, Problem: problem}
	for _, l := range b.Checkers {
		if !l.Away && l.Trained {
			p.To = append(p.To, l)
		}
	}
	for _, f := range outputs(v) {
		r := routedFile{ID: f.File.ID, Path: f.File.Path, Special: len(f.File.Checkers) > 0}
		for _, name := range v.Request.CheckersOf(f.File) {
			r.Checkers = append(r.Checkers, boardSeat{Seat: review.Seat{Checker: name}, Name: personName(v, name)})
		}
		p.Files = append(p.Files, r)
	}
	return c.render(status, "route", c.requestFrame(v, "Route single files"), p)
}

// routeFile gives one file to a specialist in the place of one of its checkers.
func (u *UI) routeFile(c *call) error {
	file, from, _ := strings.Cut(c.FormValue("instead"), " ")
	err := u.service.RouteFile(c.ctx(), c.actor, c.requestID(), review.FileID(file), review.Username(from),
		review.Username(c.FormValue("to")), c.FormValue("reason"))
	if k := review.KindOf(err); k == review.Invalid || k == review.Conflict {
		return u.showRouting(c, http.StatusUnprocessableEntity, err.Error())
	}
	return c.moved(err, "The file was routed.", requestPath(c.requestID())+"/route")
}

// groupChanges asks for changes to every file of a group that is the checker's
// to decide on, with one reason.
func (u *UI) groupChanges(c *call) error {
	err := u.service.RequestGroupChanges(c.ctx(), c.actor, c.requestID(), c.groupID(), c.FormValue("reason"))
	switch {
	case review.KindOf(err) == review.Invalid:
		c.setFlash(flash{Text: "Nothing was decided.", Problems: []string{err.Error()}})
	case err != nil:
		return err
	default:
		c.setFlash(flash{Text: "Changes are requested on every file of the group that is yours to decide on."})
	}
	return c.redirect(requestPath(c.requestID()) + "/review#group-" + pathSegment(string(c.groupID())))
}

// mine reports whether any file of the group is the viewer's to decide on.
func (g *reviewGroup) mine() bool {
	return slices.ContainsFunc(g.Rows, func(r reviewRow) bool { return r.Yours })
}
