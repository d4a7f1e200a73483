package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/review"
	"sallyport/ui/web"
)

// problem is an error as RFC 9457 lays it out. Its type names the kind.
type problem struct {
	Type   string `json:"type" doc:"urn:sallyport:problem: and the kind of error"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"what is wrong, in plain English"`
	// Fields says what is wrong with the input, by name of the field.
	Fields    map[string]string `json:"fields,omitzero" doc:"what is wrong with the input, by field"`
	RequestID string            `json:"request_id" doc:"to quote to whoever runs the service"`
}

// problemOf finds the words for an error. One without a kind shows nothing of
// itself, and what may not be seen is told from what is not there by nobody.
func problemOf(err error, id string) problem {
	p := problem{Status: web.Status(err), RequestID: id}
	p.Title = http.StatusText(p.Status)
	p.Type = "urn:sallyport:problem:" + kindWord(p.Status)
	var known *review.Error
	var he *echo.HTTPError
	var many *web.TooManyError
	switch {
	case errors.As(err, &many):
		p.Detail = many.Error()
	case p.Status == http.StatusNotFound:
		p.Detail = "There is nothing here, or nothing that you may see."
	case p.Status == http.StatusMethodNotAllowed:
		p.Detail = "This address does not take that method."
	case p.Status == http.StatusMisdirectedRequest:
		p.Detail = "This service is not reached under that name."
	case p.Status == http.StatusInternalServerError:
		p.Detail = "The service met a fault that it cannot explain to you. Whoever runs it can find it by the request_id."
	case errors.As(err, &known):
		p.Detail, p.Fields = known.Message, known.Fields
	case errors.As(err, &he):
		p.Detail = fmt.Sprint(he.Message)
	}
	return p
}

func kindWord(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return "malformed"
	case http.StatusUnprocessableEntity:
		return "invalid"
	case http.StatusUnauthorized:
		return "unauthenticated"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusMisdirectedRequest:
		return "not-found"
	case http.StatusConflict:
		return "conflict"
	case http.StatusRequestEntityTooLarge:
		return "too-large"
	case http.StatusTooManyRequests:
		return "too-many"
	case http.StatusServiceUnavailable:
		return "unavailable"
	default:
		return "internal"
	}
}

// HandleError answers any error with a problem.
func (a *API) HandleError(err error, ec echo.Context) {
	id := ec.Response().Header().Get("X-Request-Id")
	if ec.Response().Committed {
		a.log.Error("error after the answer had begun", "id", id, "route", ec.Path(), "error", err.Error())
		return
	}
	p := problemOf(err, id)
	if p.Status >= 500 && p.Status != http.StatusServiceUnavailable {
		a.log.LogAttrs(ec.Request().Context(), slog.LevelError, "fault",
			slog.String("id", id), slog.String("route", ec.Path()), slog.String("error", err.Error()))
	}
	if cause := web.Outage(err); cause != nil {
		a.log.Warn("outage", "id", id, "route", ec.Path(), "error", cause.Error())
	}
	switch p.Status {
	case http.StatusUnauthorized:
		ec.Response().Header().Set("WWW-Authenticate", `Bearer realm="sallyport"`)
	case http.StatusTooManyRequests:
		wait := int(failWindow.Seconds())
		if many := (*web.TooManyError)(nil); errors.As(err, &many) {
			wait = many.Seconds()
		}
		ec.Response().Header().Set("Retry-After", fmt.Sprint(wait))
	}
	body, err := encode(p)
	if err == nil {
		err = ec.Blob(p.Status, mimeProblem, body)
	}
	if err != nil {
		a.log.Error("writing a problem", "id", id, "error", err.Error())
	}
}
