package ui

import (
	"net/http"
	"strconv"

	"sallyport/review"
	"sallyport/review/crate"
)

// packageZIP sends the package of a release. It is written twice: first to
// nowhere, to know its length, so that a reader can tell a whole one from one
// that broke off.
func (u *UI) packageZIP(c *call) error {
	if v, err := u.service.Request(c.ctx(), c.actor, c.requestID()); err != nil {
		return err
	} else if v.Recalled != nil && c.QueryParam("recalled") != "known" {
		return review.Errorf(review.Conflict, "This release was recalled. An auditor who needs its package all the same confirms that on the request's page.")
	}
	p, err := u.service.ReleasedPackage(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return err
	}
	var size counted
	if err := crate.WriteZIP(c.ctx(), &size, p.Release.ID, p.Entries); err != nil {
		return err
	}
	c.contentHeaders()
	h := c.Response().Header()
	h.Set("Content-Disposition", disposition("attachment", p.Release.ID+".zip"))
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(int64(size), 10))
	h.Set("Link", `<https://w3id.org/ro/crate>; rel="profile"`)
	c.Response().WriteHeader(http.StatusOK)
	return crate.WriteZIP(c.ctx(), c.Response(), p.Release.ID, p.Entries)
}

// counted counts what is written to it, and keeps nothing.
type counted int64

func (n *counted) Write(p []byte) (int, error) {
	*n += counted(len(p))
	return len(p), nil
}
