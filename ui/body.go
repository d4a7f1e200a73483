package ui

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"sallyport/review"
	"sallyport/ui/api"
)

// What a body may hold. The longest form has thousands of file names; whoever
// is not signed in has a name, a password or a device's answer to send.
const (
	maxBody       = 2 << 20 // bytes
	maxOpenBody   = 64 << 10
	maxFields     = 10_000 // values of a form
	maxFieldName  = 200    // bytes
	maxParts      = 10     // of a form with a file
	maxUploadName = 300    // bytes
)

// uploadRoute is the one page that takes a file.
const uploadRoute = "/workspaces/:workspace/form"

// takesJSON reports whether a route takes what a device answers.
func takesJSON(route string) bool { return strings.Contains(route, "passkey") }

// opens reports whether a route is there for people who are not signed in.
func opens(route string) bool {
	return strings.HasPrefix(route, "/sign-in") || strings.HasPrefix(route, "/invitation/")
}

// limitBody bounds what a request may hold, and reads its form.
func (u *UI) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, most := c.Request(), int64(maxBody)
		if opens(c.Path()) {
			most = maxOpenBody
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		if r.Method == http.MethodGet || r.Method == http.MethodHead || api.Owns(r.URL.Path) { // read no forms
			return next(c)
		}
		if err := checkMedia(r, c.Path()); err != nil {
			return err
		}
		if err := readForms(r); err != nil {
			return err
		}
		defer func() {
			if r.MultipartForm != nil {
				_ = r.MultipartForm.RemoveAll()
			}
		}()
		return next(c)
	}
}

// checkMedia refuses a body of a type that the route does not take.
func checkMedia(r *http.Request, route string) error {
	text := r.Header.Get("Content-Type")
	if text == "" && r.ContentLength == 0 {
		return nil
	}
	media, _, err := mime.ParseMediaType(text)
	switch {
	case err != nil:
	case media == "application/x-www-form-urlencoded",
		media == "multipart/form-data" && route == uploadRoute,
		media == "application/json" && takesJSON(route):
		return nil
	}
	return echo.NewHTTPError(http.StatusUnsupportedMediaType)
}

// readForms reads the form of a request and holds it to its limits.
func readForms(r *http.Request) error {
	err := r.ParseForm()
	if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(maxBody)
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return review.Errorf(review.TooLarge, "The form holds more than this service takes. Nothing was saved.")
	case err != nil || !tidy(r.Form):
		return review.Errorf(review.Invalid, "The form could not be read. Nothing was saved.")
	case !single(r.PostForm):
		return review.Errorf(review.Invalid, "The form has a field twice. Nothing was saved.")
	}
	if m := r.MultipartForm; m != nil {
		parts := 0
		for _, values := range m.Value {
			parts += len(values)
		}
		for _, files := range m.File {
			parts += len(files)
			for _, f := range files {
				if len(f.Filename) > maxUploadName || !utf8.ValidString(f.Filename) {
					return review.Errorf(review.Invalid, "The name of the file is too long, or no text. Nothing was saved.")
				}
			}
		}
		if parts > maxParts {
			return review.Errorf(review.TooLarge, "The form has too many parts. Nothing was saved.")
		}
	}
	return nil
}

// single reports whether each field is there once, but for those that are boxes
// to tick: of two answers to one question, some part of a program, or a proxy,
// would look at the one and some at the other.
func single(form url.Values) bool {
	for name, values := range form {
		if len(values) > 1 && name != "file" && name != "confirm" && name != "scope" {
			return false
		}
	}
	return true
}

// tidy reports whether a form has no more fields than any of ours, with names
// that any of ours could have.
func tidy(form url.Values) bool {
	n := 0
	for name, values := range form {
		if n += len(values); n > maxFields || len(name) > maxFieldName || !utf8.ValidString(name) {
			return false
		}
	}
	return true
}
