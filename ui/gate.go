package ui

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
)

// A call is one request to a page, with who is asking.
type call struct {
	echo.Context
	ui    *UI
	actor review.Actor // Person is nil while nobody is signed in
	// session is the person's; nil with Person.
	session *review.Session
	begun   *begun // the try to sign in that this request is; nil when it is none
}

func (c *call) ctx() context.Context { return c.Request().Context() }

func (c *call) requestID() review.RequestID { return review.RequestID(c.Param("request")) }
func (c *call) fileID() review.FileID       { return review.FileID(c.Param("file")) }
func (c *call) groupID() review.GroupID     { return review.GroupID(c.Param("group")) }

// redirect sends the browser on with a GET.
func (c *call) redirect(to string) error { return c.Redirect(http.StatusSeeOther, to) }

// gate finds out who is asking and whether they may pass, then calls the route.
func (u *UI) gate(r route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := &call{Context: ec, ui: u}
		if sessionless(r.Path) {
			return r.Handle(u, c)
		}
		if err := u.identifyActor(c); err != nil {
			return err
		}
		if c.actor.Person != nil {
			if err := u.options.PerPerson.Take(string(c.actor.Username)); err != nil {
				return err
			}
		}
		if r.Action == open {
			return r.Handle(u, c)
		}
		if c.actor.Person == nil {
			return c.redirect(signInURL(c.Request()))
		}
		if u.mustEnrol(c) && !enrolling(r.Path) {
			return c.redirect("/account")
		}
		if r.Action != signedIn && r.Action != confirmed {
			if err := u.service.Authorise(c.ctx(), c.actor, r.Action); err != nil {
				return err
			}
			if err := u.authoriseOn(c, r); err != nil {
				return err
			}
		}
		if graveRoute(r) && !u.recent(c) {
			return u.askWho(c, r)
		}
		return r.Handle(u, c)
	}
}

// authoriseOn keeps those out who may not do the action to the request at hand,
// before anything that they sent is read: whether a form is well filled in must
// not depend on a request that they may not know of.
func (u *UI) authoriseOn(c *call, r route) error {
	reads := r.Method == http.MethodGet && r.Action != policy.ReviewVote // the page of one's own review
	if reads || !strings.Contains(r.Path, "/:request") {
		return nil
	}
	return u.service.AuthoriseOn(c.ctx(), c.actor, r.Action, c.requestID())
}

// identifyActor looks the person up afresh, so that a role taken away or an
// account closed counts at once. It fails closed.
func (u *UI) identifyActor(c *call) error {
	c.Set("call", c)
	s, actor, err := u.openSession(c)
	if err != nil || s == nil {
		return err
	}
	c.actor, c.session = actor, s // an error's page offers to sign out
	if c.actor, err = u.stillVouched(c, s, actor); err != nil {
		return err
	}
	if c.actor.Person == nil {
		c.session = nil
		return nil
	}
	return u.used(c)
}

// signInURL remembers where the person wanted to go, when that was a page.
func signInURL(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// localPath returns next when it is a path on this server, else "/". A browser
// reads "//host" and "/\host" as another server.
func localPath(next string) string {
	if len(next) > 2000 || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return "/"
	}
	if strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" {
		return "/"
	}
	// "/..//host" is ours to a browser; to a proxy that cleans what it passes on, it
	// need not be.
	if clean := path.Clean(u.Path); clean != u.Path && clean+"/" != u.Path {
		return "/"
	}
	return next
}

// has reports whether the person asking has the role.
func (c *call) has(r policy.Role) bool { return c.actor.Person != nil && c.actor.Has(r) }
