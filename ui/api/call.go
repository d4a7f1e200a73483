package api

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
)

// Two gates that are not actions of the policy.
const (
	open     policy.Action = "api.open"     // whoever asks
	signedIn policy.Action = "api.signedin" // whoever has a token in force
)

// A call is one request of a program, with who is asking.
type call struct {
	echo.Context
	api   *API
	actor review.Actor
	token *review.Token
	query url.Values // of the names that the route knows, one value each
	// location, when a handler sets it, is where what it made is found.
	location string
}

func (c *call) ctx() context.Context { return c.Request().Context() }

func (c *call) requestID() review.RequestID { return review.RequestID(c.name("request")) }
func (c *call) fileID() review.FileID       { return review.FileID(c.name("file")) }
func (c *call) groupID() review.GroupID     { return review.GroupID(c.name("group")) }

// name is a part of the path, decoded: the router leaves it as it came when the
// path holds escapes.
func (c *call) name(part string) string {
	text := c.Param(part)
	if c.Request().URL.RawPath != "" {
		if plain, err := url.PathUnescape(text); err == nil {
			return plain
		}
	}
	return text
}

// gate finds out who is asking and whether they may pass, reads what they sent,
// and answers.
func (a *API) gate(r route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := &call{Context: ec, api: a}
		if err := c.admit(r); err != nil {
			return err
		}
		var err error
		if c.query, err = readQuery(c.Request().URL.RawQuery, r.query); err != nil {
			return err
		}
		body, err := readBody(c, r)
		if err != nil {
			return err
		}
		run := func() (answer, error) { return c.run(r, body) }
		if r.method == http.MethodPost {
			return c.once(body, run)
		}
		return c.send(run())
	}
}

// admit lets in who has a token, a role for the action, and a scope for it.
func (c *call) admit(r route) error {
	if r.action == open {
		return nil
	}
	if err := c.identify(); err != nil {
		return err
	}
	if r.action == signedIn {
		return nil
	}
	if err := c.api.service.Authorise(c.ctx(), c.actor, r.action); err != nil {
		return err
	}
	if !policy.InScope(c.token.Scopes, r.action) {
		return c.api.service.RefuseScope(c.ctx(), c.actor, r.action, c.token.ID)
	}
	if policy.Grave(r.action) && c.api.now().Sub(c.token.Created) >= GraveTokenLife {
		return review.Errorf(review.Forbidden, "A token does this for 12 hours after it was made. Make a new one on the page of your account, where you show that it is you.")
	}
	return nil
}

// answer is what goes back: few headers, and a body that is complete before its
// first byte goes out.
type answer struct {
	Status   int    `json:"status"`
	Type     string `json:"type,omitzero"` // "" when there is no body
	Location string `json:"location,omitzero"`
	Body     []byte `json:"body"`
	// file, when it is there, is the body: of a GET, which is never kept.
	file *streamOut
}

// run calls the route's handler and makes its answer.
func (c *call) run(r route, body []byte) (answer, error) {
	out, err := r.handle(c, body)
	if err != nil {
		return answer{}, err
	}
	ans := answer{Status: r.status, Location: c.location}
	switch out := out.(type) {
	case none:
		ans.Status = http.StatusNoContent
	case textOut:
		ans.Type, ans.Body = mimeText, []byte(out)
	case bytesOut:
		ans.Type, ans.Body = out.media, out.data
	case streamOut:
		ans.file = &out
	default:
		ans.Type = mimeJSON
		ans.Body, err = encode(out)
	}
	return ans, err
}

func (c *call) send(ans answer, err error) error {
	if err != nil {
		return err
	}
	if ans.file != nil {
		return c.stream(*ans.file)
	}
	h := c.Response().Header()
	if ans.Location != "" {
		h.Set("Location", ans.Location)
	}
	if ans.Type == mimeBytes {
		h.Set("Content-Disposition", "attachment")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
	}
	if ans.Type == "" {
		return c.NoContent(ans.Status)
	}
	return c.Blob(ans.Status, ans.Type, ans.Body)
}

const (
	mimeJSON    = "application/json"
	mimeProblem = "application/problem+json"
	mimeBytes   = "application/octet-stream"
	mimeZIP     = "application/zip"
	mimeText    = "text/plain; charset=utf-8"
)

// Pages of lists. An offset has an end, so that one page costs no more than
// another by orders of magnitude.
const (
	pageSize  = 50
	maxPage   = 200
	maxOffset = 100_000
)

// number reads a whole number of the query, def when it is not there.
func (c *call) number(name string, def, least, most int64) (int64, error) {
	text := c.query.Get(name)
	if text == "" && !c.query.Has(name) {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		message := "This is a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10) + "."
		return 0, invalid("A part of the query cannot be used.", name, message)
	}
	return n, nil
}

// span reads limit and offset.
func (c *call) span() (limit, offset int, err error) {
	l, err := c.number("limit", pageSize, 1, maxPage)
	if err != nil {
		return 0, 0, err
	}
	o, err := c.number("offset", 0, 0, maxOffset)
	return int(l), int(o), err
}

// next is the address of the page that begins at an offset, "" past the last.
func (c *call) next(name string, at int64, more bool) string {
	if !more || name == "offset" && at > maxOffset {
		return ""
	}
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	q.Set(name, strconv.FormatInt(at, 10))
	return c.Request().URL.EscapedPath() + "?" + q.Encode()
}

// pageOf makes a page of a list that was read one element further than limit.
func pageOf[T, Row any](c *call, list []T, limit, offset int, row func(*T) Row) page[Row] {
	out := page[Row]{Next: c.next("offset", int64(offset+limit), len(list) > limit)}
	for i := range list[:min(limit, len(list))] {
		out.Items = append(out.Items, row(&list[i]))
	}
	return out
}

// after reads the place after which a page begins.
func (c *call) after() (review.Place, error) {
	at, err := review.ParsePlace(c.query.Get("after"))
	if err != nil {
		return at, invalid("A part of the query cannot be used.", "after", "This is what the address of the next page says.")
	}
	return at, nil
}

// pageFrom is pageOf for a list that goes on from the place of its last element,
// which costs the same however far down it is.
func pageFrom[T, Row any](c *call, list []T, limit int, row func(*T) Row, place func(*T) review.Place) page[Row] {
	out := page[Row]{Items: each(list[:min(limit, len(list))], row)}
	if len(list) > limit {
		q := maps.Clone(c.query)
		q.Del("offset")
		q.Set("after", place(&list[limit-1]).String())
		out.Next = c.Request().URL.EscapedPath() + "?" + q.Encode()
	}
	return out
}

// cutPage makes a page of a whole list.
func cutPage[T, Row any](c *call, list []T, row func(*T) Row) (page[Row], error) {
	limit, offset, err := c.span()
	if err != nil {
		return page[Row]{}, err
	}
	return pageOf(c, list[min(offset, len(list)):], limit, offset, row), nil
}

// invalid is an error about one field.
func invalid(text, field, message string) error {
	return &review.Error{Kind: review.Invalid, Message: text, Fields: map[string]string{field: message}}
}

// host is the address that the call came from.
func (c *call) host() string {
	host, _, err := net.SplitHostPort(c.Request().RemoteAddr)
	if err != nil {
		return c.Request().RemoteAddr
	}
	return host
}

// lease is for how long an Idempotency-Key belongs to a change that is being made.
// It is renewed while the change goes on, so that the key of a process that died
// is free soon.
const lease = 30 * time.Second
