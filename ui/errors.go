package ui

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/web"
)

// errorPage is what a page about an error shows: what happened, that nothing was
// lost, and what to do.
type errorPage struct {
	Heading, Message, Kept, Next string
	ID                           string // only of a fault that we cannot explain
	SignIn                       bool
	// Filled says that something was filled in, which the page's script then keeps.
	Filled  bool
	Request string // address of the request that it is about, to see how it stands
}

// filledIn reports whether a request was a form with something in it: pressing a
// button alone leaves nothing to lose.
func filledIn(r *http.Request) bool {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return false
	case r.PostForm == nil: // refused before it was read
		return r.ContentLength != 0
	}
	for name := range r.PostForm {
		if r.PostForm.Get(name) != "" {
			return true
		}
	}
	return r.MultipartForm != nil
}

// What becomes of things when a page answers with an error: where nothing was sent,
// and where somebody had filled something in.
const (
	nothingLost = "Nothing was lost, and nothing was changed."
	notTaken    = "Nothing was changed. What you filled in was not taken; it should still be on the page before this one."
)

// errorWords are the pages of the errors that we can explain, by status, to somebody
// who had filled something in or, unless filled, only asked for a page or pressed a
// button. One that has no Message shows the error's own words.
func errorWords(status int, filled bool) (p errorPage, known bool) {
	kept, again := nothingLost, "Go back, and choose again from the page there."
	if filled {
		kept, again = notTaken, "Go back, mend what it says above, and send it again."
	}
	switch status {
	case http.StatusBadRequest:
		p = errorPage{Heading: "That could not be done", Kept: kept, Next: again}
	case http.StatusUnauthorized:
		p = errorPage{Heading: "Sign in first", Kept: nothingLost, Next: "Sign in; you come back to where you wanted to go.", SignIn: true}
	case http.StatusForbidden:
		p = errorPage{Heading: "You cannot do this", Kept: kept,
			Next: "If your work needs it, ask whoever runs the service: your account's page says which roles you have."}
	case http.StatusNotFound:
		p = errorPage{Heading: "Page not found", Message: "There is nothing here, or nothing that you may see.", Kept: kept,
			Next: "If you typed or pasted the address, check it. If you followed a link from a colleague, ask whether it was meant for your role."}
	case http.StatusMethodNotAllowed:
		p = errorPage{Heading: "That does not work here", Message: "This address does not take that kind of request.", Kept: nothingLost,
			Next: "Go back and use the page's own buttons."}
	case http.StatusConflict:
		p = errorPage{Heading: "Things have moved on", Kept: kept, Next: "Go back, and load that page again to see how things stand now."}
		if filled {
			p.Next = "Go back, copy what you wrote, load that page again to see how things stand now, and try again."
		}
	case http.StatusRequestEntityTooLarge:
		p = errorPage{Heading: "That is too large", Kept: kept, Next: "Go back and send less at once."}
	case http.StatusUnsupportedMediaType:
		p = errorPage{Heading: "That could not be read", Kept: kept, Next: "Go back and use the page's own form."}
	case http.StatusMisdirectedRequest:
		p = errorPage{Heading: "Wrong address", Message: "This service is not reached under that name.", Kept: nothingLost,
			Next: "Use the address you were given for it."}
	case http.StatusUnprocessableEntity:
		p = errorPage{Heading: "That could not be done", Kept: kept, Next: again}
	case http.StatusTooManyRequests:
		p = errorPage{Heading: "Too many tries", Kept: kept, Next: "Wait a moment, then try again."}
	case http.StatusServiceUnavailable:
		p = errorPage{Heading: "Not available just now", Kept: kept, Next: "Try again in a few minutes."}
	default:
		return errorPage{}, false
	}
	return p, true
}

// describe finds the words for an error. One without a kind shows nothing of
// itself: what it says is for the log.
func describe(status int, err error, filled bool) errorPage {
	p, known := errorWords(status, filled)
	if !known {
		p = errorPage{Heading: "Something went wrong", Message: "The service met a fault that it cannot explain to you. Nothing you did caused it.",
			Kept: "What was saved before is safe: a change is kept whole or not at all.",
			Next: "Go back and try again; if it comes back, tell whoever runs the service this number."}
		if p.Filled = filled; filled {
			p.Kept += " What you filled in should still be on the page before this one."
		}
		return p
	}
	p.Filled = filled
	if p.Message != "" {
		return p
	}
	var own *review.Error
	if errors.As(err, &own) && own.Kind != review.Internal {
		p.Message = own.Message
	}
	var many *web.TooManyError
	if errors.As(err, &many) {
		p.Heading, p.Message = "Too fast", many.Error()
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
	page := describe(status, err, filledIn(ec.Request()))
	if status >= 500 && status != http.StatusServiceUnavailable {
		page.ID = id
		u.log.LogAttrs(ec.Request().Context(), slog.LevelError, "fault",
			slog.String("id", id), slog.String("route", ec.Path()), slog.String("error", err.Error()))
	}
	if u.apart(ec.Request()) {
		_ = errorApart(status, page, ec)
		return
	}
	if cause := web.Outage(err); cause != nil {
		u.log.Warn("outage", "id", id, "route", ec.Path(), "error", cause.Error())
	}
	c, ok := ec.Get("call").(*call)
	if !ok {
		c = &call{Context: ec, ui: u}
	}
	if id := ec.Param("request"); status == http.StatusConflict && id != "" && c.actor.MaySomewhere(policy.RequestView) {
		page.Request = requestPath(review.RequestID(id))
	}
	if err := c.render(status, "error", frame{Title: page.Heading}, page); err != nil {
		u.log.Error("rendering an error", "id", id, "error", err.Error())
		_ = ec.String(status, page.Heading+". "+page.Message)
	}
}
