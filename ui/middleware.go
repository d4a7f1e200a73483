package ui

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/web"
)

const keyRequestID = "request-id"

// identify gives the request an id of our own making, which logs and error
// pages show.
func (u *UI) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := strings.ToLower(rand.Text()[:12])
		c.Set(keyRequestID, id)
		c.Response().Header().Set("X-Request-Id", id)
		return next(c)
	}
}

// logRequest writes one line about the request. It names the route and not the
// URL: paths and queries can hold what must not enter a log.
func (u *UI) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := u.now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		if u.options.Observed != nil {
			u.options.Observed(c.Request().Context(), c.Get(keyRequestID).(string), c.Request().Method, c.Path(), c.Response().Status, u.now().Sub(start))
		}
		if c.Path() == "/static/*" || c.Path() == "/health" {
			return nil
		}
		u.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
			slog.String("id", c.Get(keyRequestID).(string)),
			slog.String("method", c.Request().Method),
			slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status),
			slog.Duration("took", u.now().Sub(start)))
		return nil
	}
}

// recoverPanic turns a panic into an error without a kind.
func (u *UI) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				err = fmt.Errorf("panic in %s: %T\n%s", c.Path(), p, debug.Stack())
			}
		}()
		return next(c)
	}
}

// checkHost refuses a request addressed to a host we do not serve, which is how
// a page elsewhere would reach us under its own name. Pages and contents are
// refused to each other's host.
func (u *UI) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		apart, known := u.apart(c.Request()), len(u.options.Hosts) == 0 || web.Served(u.options.Hosts, c.Request().Host)
		if !apart && !known || apart != (c.Path() == contentsRoute) {
			return echo.NewHTTPError(http.StatusMisdirectedRequest)
		}
		return next(c)
	}
}

// backChannel is the one page that a provider's server, and no browser, sends a
// form to. What it sends is signed.
const backChannel = "/sign-in/by/:method/end"

// checkOrigin refuses a change that another site's page asks for, by what the
// browser itself says of where a request comes from. A browser that says
// nothing is refused too: each says it since 2020. Programs have no cookies that
// count, so they need not say it.
func (u *UI) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	refused := review.Errorf(review.Forbidden, "This was sent from another site, so nothing was done. Open the page here and try again.")
	return func(c echo.Context) error {
		r := c.Request()
		if err := u.origin.Check(r); err != nil {
			return refused
		}
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		if !safe && site == "" && origin == "" && !api.Owns(r.URL.Path) && c.Path() != backChannel {
			return refused
		}
		if !safe && u.options.Secure && site == "" && strings.HasPrefix(origin, "http:") {
			return refused // our name, but whoever stands in the way of plain HTTP may have written that page
		}
		return next(c)
	}
}

// isolate refuses what another site's page asks for other than by a link: as a
// picture, a frame, a script, a fetch. Nothing here is meant for that, and it
// would tell the other site what the person may see. Contents come from our own
// pages only, in a frame or as a picture: not as a page of their own, where a link
// in them could lead on, and never as a script, a style or a worker.
func (u *UI) isolate(next echo.HandlerFunc) echo.HandlerFunc {
	elsewhere := review.Errorf(review.Forbidden, "Another site asked for this. Open the address by itself.")
	return func(c echo.Context) error {
		if c.Path() == contentsRoute {
			if err := isolateApart(c.Request()); err != nil {
				return err
			}
			return next(c)
		}
		h := c.Request().Header
		site, dest := h.Get("Sec-Fetch-Site"), h.Get("Sec-Fetch-Dest")
		ours := site == "" || site == "same-origin" || site == "none"
		link := h.Get("Sec-Fetch-Mode") == "navigate" && (dest == "document" || dest == "")
		if !ours && (!link || showsContents(c.Path())) {
			return elsewhere
		}
		if showsContents(c.Path()) && !slices.Contains([]string{"", "iframe", "image"}, dest) {
			return elsewhere
		}
		return next(c)
	}
}

// settle finds out where a request came from, as the proxies before us tell it.
func (u *UI) settle(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u.options.Proxies.Settle(c.Request())
		return next(c)
	}
}

// pace keeps a source that asks too much waiting, before anything is looked up.
func (u *UI) pace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "/static/*" || c.Path() == "/health" {
			return next(c)
		}
		if err := u.options.PerSource.Take(network(c.Request().RemoteAddr)); err != nil {
			return err
		}
		return next(c)
	}
}
