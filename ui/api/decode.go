package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"sallyport/review"
)

// Limits on a body: far above what a full form needs, and no deeper than ours.
const (
	maxBody  = 1 << 20
	maxDepth = 8
)

// readBody reads what a route takes: JSON, at most maxBody bytes. A route that
// takes nothing accepts an empty body, or an empty object.
func readBody(c *call, r route) ([]byte, error) {
	if r.method == http.MethodGet || r.method == http.MethodDelete {
		return nil, nil
	}
	req := c.Request()
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big) || len(body) > maxBody:
		return nil, review.Errorf(review.TooLarge, "The body holds more than %d KB. Nothing was changed.", maxBody>>10)
	case err != nil:
		return nil, echo.NewHTTPError(http.StatusBadRequest, "The body could not be read. Nothing was changed.")
	case len(body) == 0 && r.in == nil:
		return nil, nil
	}
	media, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if charset, set := params["charset"]; err != nil || media != mimeJSON || set && !strings.EqualFold(charset, "utf-8") {
		return nil, echo.NewHTTPError(http.StatusUnsupportedMediaType, "Send the body as application/json.")
	}
	if r.in == nil {
		var nothing struct{}
		return body, decodeBody(body, &nothing)
	}
	return body, nil
}

// decodeBody reads one JSON value into the struct that v points at, strictly: no
// member twice, none that is not known, none missing that is required, nothing
// deep, no text that is not UTF-8, nothing after it.
func decodeBody(body []byte, v any) error {
	members, err := scan(body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return decodeError(err)
	}
	e := &review.Error{Kind: review.Invalid, Message: "The body lacks something.", Fields: map[string]string{}}
	for _, name := range requiredOf(v) {
		if !slices.Contains(members, name) {
			e.Fields[name] = "This is required."
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// scan walks through the value, so that its depth and form are known before any
// of it is believed, and returns the names of its outermost members.
func scan(body []byte) ([]string, error) {
	var members []string
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return members, nil
		}
		if err != nil {
			return nil, decodeError(err)
		}
		depth := d.StackDepth()
		if depth > maxDepth {
			return nil, echo.NewHTTPError(http.StatusBadRequest, "The body is nested too deep. Nothing was changed.")
		}
		if kind, n := d.StackIndex(depth); depth == 1 && kind == '{' && n%2 == 1 && token.Kind() == '"' {
			members = append(members, token.String())
		}
	}
}

// decodeError says in our words what is wrong with a body, and where.
func decodeError(err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		where := ""
		if errors.As(err, &syntax) {
			where = string(syntax.JSONPointer)
		}
		return invalid("The body has a member twice.", field(where), "This is there twice.")
	case errors.As(err, &meaning):
		text := "This is not of the right type."
		if errors.Is(err, json.ErrUnknownName) {
			text = "This is not known here."
		}
		return invalid("The body is not what this address takes.", field(string(meaning.JSONPointer)), text)
	default:
		return echo.NewHTTPError(http.StatusBadRequest, "The body is not valid JSON. Nothing was changed.")
	}
}

// field names a place of the body as the fields of errors do: "reason", or
// "files/0/kind" further in.
func field(pointer string) string {
	const most = 200
	name := strings.ToValidUTF8(strings.TrimPrefix(pointer, "/"), "\uFFFD")
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

// encode is the one way in which JSON is written: empty lists as [], keys of
// maps in order, and U+FFFD for what is not text: names and logs are hostile.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// readQuery takes the names that a route knows, each once.
func readQuery(raw string, known []param) (url.Values, error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, echo.NewHTTPError(http.StatusBadRequest, "The query cannot be read.")
	}
	for name, values := range q {
		switch {
		case !slices.ContainsFunc(known, func(p param) bool { return p.name == name }):
			return nil, invalid("A part of the query is not known here.", field(name), "This is not known here.")
		case len(values) > 1:
			return nil, invalid("A part of the query is there twice.", name, "This is there twice.")
		}
	}
	return q, nil
}
