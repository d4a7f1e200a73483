package filing

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sallyport/review"
	"sallyport/ui/form"
)

// Limits on what a server is let do to us.
const (
	maxAnswer = 64 << 20 // bytes
	tries     = 3
)

// Client speaks to a running server through its programming interface. Each
// change carries a key of its own, so that a call that is tried again after a
// lost answer is done once.
type Client struct {
	base   string // ends in /api/v1
	token  string
	client *http.Client
	pause  time.Duration // before the second try; twice as long before the third
}

// NewClient makes a client for a server such as https://out.example.org. A token
// is sent by HTTPS only, or to this machine. Timeout is how long one try may
// take.
func NewClient(server, token string, timeout time.Duration) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(server, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the address of a server, such as https://out.example.org", server)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("the token would cross the network unprotected: give an address that begins with https://")
	}
	return &Client{
		base: u.String() + "/api/v1", token: token, pause: time.Second,
		client: &http.Client{
			Timeout: timeout,
			// Another server may not have the token.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// problem is an error as the interface writes it.
type problem struct {
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Fields    map[string]string `json:"fields"`
	RequestID string            `json:"request_id"`
}

// err is the problem as an error of its kind.
func (p *problem) err(status int) error {
	kinds := map[int]review.Kind{
		http.StatusBadRequest: review.Invalid, http.StatusUnprocessableEntity: review.Invalid, http.StatusUnauthorized: review.Unauthenticated,
		http.StatusForbidden: review.Forbidden, http.StatusNotFound: review.NotFound, http.StatusConflict: review.Conflict,
		http.StatusRequestEntityTooLarge: review.TooLarge, http.StatusServiceUnavailable: review.Unavailable,
	}
	text := p.Detail
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		if message := p.Fields[name]; !strings.Contains(text, message) {
			text += " " + name + ": " + message
		}
	}
	switch {
	case text == "":
		text = fmt.Sprintf("The server answered with status %d, and not as Sallyport does. Is its address right?", status)
	case status >= 500 && p.RequestID != "":
		text += " (request_id " + p.RequestID + ")"
	}
	return &review.Error{Kind: kinds[status], Message: text, Fields: p.Fields}
}

// Raw asks for an address below /api/v1 and returns the JSON as it came.
func (c *Client) Raw(ctx context.Context, path string) ([]byte, error) {
	return c.call(ctx, http.MethodGet, path, nil)
}

// call does one thing, trying again when no answer came or the server could not.
func (c *Client) call(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	key := ""
	if method == http.MethodPost {
		key = rand.Text()
	}
	for try := 1; ; try++ {
		data, again, err := c.once(ctx, method, path, key, body, try > 1)
		if !again || try == tries || ctx.Err() != nil {
			return data, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(c.pause << (try - 1)):
		}
	}
}

// once is one try; again says that another one may do better. A conflict on a
// later try may be the first, which is still being done.
func (c *Client) once(ctx context.Context, method, path, key string, body []byte, later bool) (data []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nil, true, fmt.Errorf("the server cannot be reached: %w", err)
	}
	defer res.Body.Close()
	data, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("the answer broke off: %w", err)
	case len(data) > maxAnswer:
		return nil, false, errors.New("the answer is too long")
	case res.StatusCode < 300:
		return data, false, nil
	}
	var p problem
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(data, &p); err != nil {
			p = problem{}
		}
	}
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	case http.StatusConflict:
		again = later
	}
	return nil, again, p.err(res.StatusCode)
}

// get reads an answer into out.
func (c *Client) get(ctx context.Context, path string, out any) error {
	data, err := c.call(ctx, http.MethodGet, path, nil)
	return read(data, err, out)
}

// post makes a change and reads the answer into out, if there is one to read.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	data, err := c.call(ctx, http.MethodPost, path, in)
	if out == nil {
		return err
	}
	return read(data, err, out)
}

func read(data []byte, err error, out any) error {
	if err != nil {
		return err
	}
	if json.Unmarshal(data, out) != nil {
		return errors.New("the server's answer cannot be understood: is its address right, and is it as new as this program?")
	}
	return nil
}

// all reads every page of a list, up to most elements.
func all[T any](ctx context.Context, c *Client, path string, most int) ([]T, error) {
	var out []T
	for offset := 0; ; offset += 200 {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := c.get(ctx, fmt.Sprintf("%s?limit=200&offset=%d", path, offset), &page); err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if page.Next == "" || len(page.Items) == 0 || len(out) >= most { // a server could go on for ever with empty pages
			return out, nil
		}
	}
}

// at is an address below the requests; its parts are escaped.
func at(id review.RequestID, parts ...string) string {
	path := "/requests/" + url.PathEscape(string(id))
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func (c *Client) Workspace(ctx context.Context, ws review.WorkspaceName) (releases []string, active *Summary, err error) {
	var out struct {
		Workspace struct {
			Active *Summary `json:"active"`
		} `json:"workspace"`
		Releases []string `json:"releases"`
	}
	err = c.get(ctx, "/workspaces/"+url.PathEscape(string(ws)), &out)
	return out.Releases, out.Workspace.Active, err
}

// WorkspaceFile is one file of a workspace's listing.
type WorkspaceFile struct {
	Path    string `json:"path"`
	Release bool   `json:"release"`
	Problem string `json:"problem"`
	Origin  struct {
		Level string `json:"level"`
	} `json:"origin"`
}

// Files lists the files of a workspace.
func (c *Client) Files(ctx context.Context, ws review.WorkspaceName) ([]WorkspaceFile, error) {
	return all[WorkspaceFile](ctx, c, "/workspaces/"+url.PathEscape(string(ws))+"/files", 20_000)
}

// Rules is the policy as far as a form needs it.
type Rules struct {
	PermittedResults string  `json:"permitted_results"`
	PermittedURL     string  `json:"permitted_results_url"`
	Context          []Field `json:"context"`
	Controls         []Field `json:"controls"`
	Checklist        []struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	} `json:"checklist"`
}

// Field is one field of the policy.
type Field struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Help     string   `json:"help"`
	Required bool     `json:"required"`
	When     []string `json:"when"`
}

// Rules reads the policy in force.
func (c *Client) Rules(ctx context.Context) (*Rules, error) {
	var r Rules
	return &r, c.get(ctx, "/policy", &r)
}

func (c *Client) Own(ctx context.Context) ([]Summary, error) {
	return all[Summary](ctx, c, "/requests", 200)
}

func (c *Client) View(ctx context.Context, id review.RequestID) (*View, error) {
	var v View
	return &v, c.get(ctx, at(id), &v)
}

// File makes or brings up to date the author's draft of a form, as [Draft] does:
// the server does it in one change, and leaves out what it refuses.
func (c *Client) File(ctx context.Context, f *form.Form) (*Result, error) {
	ws := review.WorkspaceName(f.Workspace)
	releases, _, err := c.Workspace(ctx, ws)
	if err != nil {
		return nil, err
	}
	if f, err = settle(f, releases); err != nil {
		return nil, err
	}
	var out struct {
		ID      review.RequestID `json:"id"`
		Created bool             `json:"created"`
		Added   []string         `json:"added"`
		Updated []string         `json:"updated"`
		Moved   []string         `json:"moved"`
		Refused []Problem        `json:"refused"`
		Extra   []string         `json:"not_in_form"`
	}
	if err := c.post(ctx, "/workspaces/"+url.PathEscape(f.Workspace)+"/draft", bodyOf(f), &out); err != nil {
		if review.KindOf(err) == review.NotFound { // the workspace is there: it was asked for before
			err = review.Errorf(review.NotFound, "You may not file for this workspace, or the server is older than this program.")
		}
		return nil, err
	}
	r := &Result{ID: out.ID, Created: out.Created, Added: out.Added, Updated: out.Updated, Moved: out.Moved, NotAdded: out.Refused, Extra: out.Extra}
	for i := range r.NotAdded {
		r.NotAdded[i].Where = where(f, r.NotAdded[i].Path)
	}
	if r.View, err = c.View(ctx, r.ID); err != nil {
		return nil, fmt.Errorf("the draft %s is made, and cannot be shown: %w", r.ID, err)
	}
	return r, nil
}

// bodyOf is a form as the interface takes it.
func bodyOf(f *form.Form) map[string]any {
	groups := []map[string]any{}
	for _, g := range f.Groups {
		files := []map[string]any{}
		for _, x := range g.Files {
			asked := []map[string]any{}
			for _, e := range x.Exceptions {
				asked = append(asked, map[string]any{"check": e.Check, "reason": e.Reason})
			}
			files = append(files, map[string]any{"path": x.Path, "kind": cmp.Or(x.Kind, review.Output), "exceptions": asked})
		}
		groups = append(groups, map[string]any{
			"name": g.Name, "pattern": g.Wildcard, "pattern_count": g.Count, "intermediate": g.Intermediate,
			"context": written(g.Context), "controls": written(g.Controls), "files": files,
		})
	}
	return map[string]any{
		"title": f.Title, "project_number": f.ProjectNumber, "repository": f.Repository, "purpose": f.Purpose, "concerns": f.Concerns,
		"reuse": f.Reuse, "groups": groups, "leave_out": true,
	}
}

// written is the fields, never nil.
func written(fields map[string]string) map[string]string {
	if fields == nil {
		return map[string]string{}
	}
	return fields
}

// Submit hands the draft to the checkers.
func (c *Client) Submit(ctx context.Context, id review.RequestID, checklist []string, permitted string) error {
	if checklist == nil {
		checklist = []string{}
	}
	return c.post(ctx, at(id, "submit"), map[string]any{"checklist": checklist, "permitted_results": permitted}, nil)
}
