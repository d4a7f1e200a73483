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
)

// maxBody bounds a form, in bytes: the longest has thousands of file names.
const maxBody = 2 << 20

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

// The policies for pages: nothing from elsewhere, no inline script or style,
// nobody frames them. Researchers' bytes get contentCSP instead.
const (
	pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	contentCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

// secure sets the headers that every response carries.
func (u *UI) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", u.csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()")
		h.Set("Cache-Control", "no-store")
		if u.options.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// checkHost refuses a request addressed to a host we do not serve, which is how
// a page elsewhere would reach us under its own name.
func (u *UI) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(u.options.Hosts) > 0 && !slices.Contains(u.options.Hosts, strings.ToLower(c.Request().Host)) {
			return echo.NewHTTPError(http.StatusMisdirectedRequest)
		}
		return next(c)
	}
}

// checkOrigin refuses a change that another site's page asks for.
func (u *UI) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := u.origin.Check(c.Request()); err != nil {
			return review.Errorf(review.Forbidden, "This was sent from another site, so nothing was done. Open the page here and try again.")
		}
		return next(c)
	}
}

// limitBody bounds what a form may hold, and reads it.
func (u *UI) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return next(c)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		if api.Owns(r.URL.Path) { // reads no forms
			return next(c)
		}
		if err := r.ParseForm(); err != nil {
			if _, big := err.(*http.MaxBytesError); big {
				return review.Errorf(review.TooLarge, "The form holds more than this service takes. Nothing was saved.")
			}
			return review.Errorf(review.Invalid, "The form could not be read. Nothing was saved.")
		}
		return next(c)
	}
}
