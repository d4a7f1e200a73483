package ui

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/web"
)

// errorPage is what a page about an error shows.
type errorPage struct {
	Heading, Message, Next string
	ID                     string // only of a fault that we cannot explain
	SignIn                 bool
}

// describe finds the words for an error. One without a kind shows nothing of
// itself: what it says is for the log.
func describe(status int, err error) errorPage {
	p := errorPage{Next: "Nothing was changed."}
	var known *review.Error
	if errors.As(err, &known) && known.Kind != review.Internal {
		p.Message = known.Message
	}
	switch status {
	case http.StatusNotFound:
		p = errorPage{Heading: "Page not found", Message: "There is nothing here, or nothing that you may see.",
			Next: "If you typed or pasted the address, check it. If you followed a link from a colleague, ask whether it was meant for your role."}
	case http.StatusMethodNotAllowed:
		p = errorPage{Heading: "That does not work here", Message: "This address does not take that kind of request.", Next: "Go back and use the page's own buttons."}
	case http.StatusForbidden:
		p.Heading = "You cannot do this"
	case http.StatusUnauthorized:
		p.Heading, p.SignIn = "Sign in first", true
	case http.StatusConflict:
		p.Heading = "Things have moved on"
		p.Next = "Nothing of yours was saved. Go back, reload the page to see how things stand now, and try again."
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusBadRequest:
		p.Heading = "That could not be done"
		p.Next = "Nothing was changed. Go back and mend it."
	case http.StatusMisdirectedRequest:
		p = errorPage{Heading: "Wrong address", Message: "This service is not reached under that name.", Next: "Use the address you were given for it."}
	case http.StatusTooManyRequests:
		p.Heading = "Too many tries"
		var many *web.TooManyError
		if errors.As(err, &many) {
			p.Heading, p.Message = "Too fast", many.Error()
		}
	case http.StatusUnsupportedMediaType:
		p.Heading = "That could not be read"
		p.Next = "Nothing was changed. Use the page's own form."
	case http.StatusServiceUnavailable:
		p.Heading = "Not available just now"
		p.Next = "Nothing was lost. Try again in a few minutes."
	default:
		p = errorPage{Heading: "Something went wrong", Message: "The service met a fault that it cannot explain to you.",
			Next: "Nothing you did caused it. Try again; if it comes back, tell whoever runs the service this number."}
	}
	if p.Message == "" {
		p.Message = "The service refused this."
	}
	return p
}

// handleError answers any error with a page, or a program with a problem.
func (u *UI) handleError(err error, ec echo.Context) {
	if u.options.API != nil && api.Owns(ec.Request().URL.Path) {
		u.options.API.HandleError(err, ec)
		return
	}
	if ec.Response().Committed {
		u.log.Error("error after the answer had begun", "id", ec.Get(keyRequestID), "route", ec.Path(), "error", err.Error())
		return
	}
	status := web.Status(err)
	var many *web.TooManyError
	if errors.As(err, &many) {
		ec.Response().Header().Set("Retry-After", strconv.Itoa(many.Seconds()))
	}
	id, _ := ec.Get(keyRequestID).(string)
	page := describe(status, err)
	if status >= 500 && status != http.StatusServiceUnavailable {
		page.ID = id
		u.log.LogAttrs(ec.Request().Context(), slog.LevelError, "fault",
			slog.String("id", id), slog.String("route", ec.Path()), slog.String("error", err.Error()))
	}
	if u.apart(ec.Request()) {
		_ = errorApart(status, page, ec)
		return
	}
	c, ok := ec.Get("call").(*call)
	if !ok {
		c = &call{Context: ec, ui: u}
	}
	if err := c.render(status, "error", frame{Title: page.Heading}, page); err != nil {
		u.log.Error("rendering an error", "id", id, "error", err.Error())
		_ = ec.String(status, page.Heading+". "+page.Message)
	}
}
