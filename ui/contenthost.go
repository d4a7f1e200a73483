package ui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/web"
)

// Contents may be shown by a host of their own. A page then still asks its own
// host for them, which finds out who asks and whether they may, and sends the
// frame or the picture on by a link that opens this one file to this one session
// for a minute. The other host answers such links and nothing else: it sets no
// cookie, reads none, and has no page, so that bytes which got out of their
// sandbox would find themselves where nothing is.
const (
	contentsRoute = "/contents/:ticket"
	ticketLife    = time.Minute // a page asks for its frame at once
	ticketPurpose = "contents"  // what a ticket is sealed for
)

// A ticket is what a link to contents holds, sealed: nobody can make, alter or
// read one.
type ticket struct {
	Session string // whose end ends it
	Request review.RequestID
	File    review.FileID
	Origin  string // of the page that shows it: no other may frame it
	Until   time.Time
}

// contentRoutes are there only where contents have a host of their own.
func contentRoutes() []route {
	return []route{{http.MethodGet, contentsRoute, open, (*UI).contentByTicket}}
}

// apart reports whether a request is addressed to the host of contents.
func (u *UI) apart(r *http.Request) bool {
	return u.options.ContentHost != "" && web.Served([]string{u.options.ContentHost}, r.Host)
}

// scheme is how browsers reach the service.
func (u *UI) scheme() string {
	if u.options.Secure {
		return "https://"
	}
	return "http://"
}

// contentOrigin is where contents are shown, "" when that is the pages' own host.
func (u *UI) contentOrigin() string {
	if u.options.ContentHost == "" {
		return ""
	}
	return u.scheme() + u.options.ContentHost
}

// sendApart sends a frame or a picture on to the host of contents.
func (u *UI) sendApart(c *call) error {
	if err := u.service.AuthoriseOn(c.ctx(), c.actor, policy.FileContent, c.requestID()); err != nil {
		return err
	}
	text, err := json.Marshal(ticket{
		Session: c.session.ID, Request: c.requestID(), File: c.fileID(),
		Origin: u.scheme() + c.Request().Host, Until: u.now().Add(ticketLife),
	})
	if err != nil {
		return err
	}
	sealed := base64.RawURLEncoding.EncodeToString(u.options.Sealer.Seal(text, ticketPurpose))
	return c.redirect(u.contentOrigin() + strings.Replace(contentsRoute, ":ticket", sealed, 1))
}

// openTicket reads a ticket; nil when it is none, or no longer one.
func (u *UI) openTicket(sealed string) *ticket {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil
	}
	text, err := u.options.Sealer.Open(data, ticketPurpose)
	var t ticket
	if err != nil || json.Unmarshal(text, &t) != nil || !u.now().Before(t.Until) {
		return nil
	}
	return &t
}

// contentByTicket shows what a link from a page opens, to the person whose
// session made it, as long as they may see it. Whatever is wrong, there is
// nothing here.
func (u *UI) contentByTicket(c *call) error {
	t := u.openTicket(c.Param("ticket"))
	if t == nil {
		return nothingHere()
	}
	s, err := u.options.Accounts.Session(c.ctx(), t.Session)
	if err != nil {
		return hidden(err)
	}
	actor, err := u.service.Actor(c.ctx(), s.Person, c.source())
	if err != nil {
		return hidden(err)
	}
	if u.over(s, actor.Person) != "" {
		return nothingHere()
	}
	file, err := u.service.FramedContent(c.ctx(), actor, t.Request, t.File)
	if err != nil {
		return hidden(err)
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", strings.Replace(contentCSP, "frame-ancestors 'self'", "frame-ancestors "+t.Origin, 1))
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for the page that has the link
	return c.shown(file)
}

// hidden is an error as a stranger may hear of it: that the service cannot be
// reached, or that there is nothing.
func hidden(err error) error {
	switch review.KindOf(err) {
	case review.Unauthenticated, review.Forbidden, review.NotFound:
		return nothingHere()
	}
	return err
}

// apartHeaders are those of the host of contents, whatever it answers.
func apartHeaders(h http.Header) {
	h.Set("Content-Security-Policy", strings.Replace(contentCSP, "frame-ancestors 'self'", "frame-ancestors 'none'", 1))
	h.Set("Permissions-Policy", contentFeatures)
	h.Set("Referrer-Policy", "no-referrer")
	h.Del("X-Frame-Options") // knows no other origin than its own; the policy names the page's
}

// isolateApart lets a frame or a picture of ours have contents, and nobody have
// them as anything else.
func isolateApart(r *http.Request) error {
	if !slices.Contains([]string{"", "iframe", "image"}, r.Header.Get("Sec-Fetch-Dest")) {
		return nothingHere()
	}
	return nil
}

// errorApart answers an error on the host of contents, which has no pages.
func errorApart(status int, p errorPage, ec echo.Context) error {
	text := p.Heading + ". " + p.Message
	if p.ID != "" {
		text += " " + p.ID
	}
	return ec.String(status, text)
}

// checkContentHost refuses a host of contents that a browser would give the
// pages' cookie to, or that no ticket can be sealed for.
func checkContentHost(o Options) string {
	at, err := url.Parse("https://" + o.ContentHost)
	switch {
	case o.ContentHost == "":
		return ""
	case o.Sealer == nil:
		return "a host of contents needs a sealer"
	case err != nil || at.Host != o.ContentHost || at.Hostname() == "" || strings.Contains(o.ContentHost, "*"):
		return "the host of contents is a name, with a port if need be"
	}
	for _, host := range o.Hosts {
		if page, err := url.Parse("https://" + strings.TrimSuffix(host, ":*")); err == nil && strings.EqualFold(page.Hostname(), at.Hostname()) {
			return "the host of contents is also that of the pages, whose cookie it would get whatever the port"
		}
	}
	return ""
}
