package load

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// Players are the people of a site at one service.
type Players struct {
	Site    Site
	Tokens  map[review.Username]string
	HTTP    *http.Client
	Server  func() string
	Tally   *Tally
	Retry   time.Duration
	Think   func(ctx context.Context) // between two steps of a person; nil for none
	Audited bool                      // an auditor looks after each release
}

func (p *Players) client(name review.Username) *Client {
	return &Client{HTTP: p.HTTP, Server: p.Server, Token: p.Tokens[name], Tally: p.Tally, Retry: p.Retry}
}

func (p *Players) think(ctx context.Context) {
	if p.Think != nil {
		p.Think(ctx)
	}
}

// view is a request as far as a player looks.
type view struct {
	Summary struct {
		Status review.Status `json:"status"`
	} `json:"summary"`
	Missing []struct {
		Message string `json:"message"`
	} `json:"missing"`
	Seats []struct {
		Checker review.Username `json:"checker"`
	} `json:"seats"`
	Groups []struct {
		ID    review.GroupID `json:"id"`
		Files []struct {
			ID      review.FileID `json:"id"`
			Release string        `json:"release_sha256"`
		} `json:"files"`
	} `json:"groups"`
}

// Told is what a player was told to have happened to a request.
type Told struct {
	Request  review.RequestID
	Done     []review.EventType // by events that must be on record
	Released bool
}

// Course takes one request of a researcher the whole way. What it was told is
// returned even when it came to an end before.
func (p *Players) Course(ctx context.Context, researcher, course int) (told Told, err error) {
	id, err := p.file(ctx, researcher, course, &told)
	if err != nil {
		return told, err
	}
	author := p.client(Researcher(researcher))
	v, err := p.seated(ctx, author, id)
	if err != nil {
		return told, err
	}
	var last *Client
	for _, seat := range v.Seats {
		last = p.client(seat.Checker)
		if err := p.review(ctx, last, id, &told); err != nil {
			return told, err
		}
	}
	if err := last.do(ctx, "release", http.MethodPost, at(id)+"/release", nil, nil); err != nil {
		return told, err
	}
	told.Done = append(told.Done, review.EvApproved)
	if _, err = p.until(ctx, author, id, func(v *view) bool { return v.Summary.Status == review.Released }); err != nil {
		return told, err
	}
	told.Done, told.Released = append(told.Done, review.EvReleased), true
	if p.Audited {
		err = p.audit(ctx, id)
	}
	return told, err
}

func at(id review.RequestID) string { return "/requests/" + url.PathEscape(string(id)) }

// file makes the draft and submits it.
func (p *Players) file(ctx context.Context, researcher, course int, told *Told) (review.RequestID, error) {
	c := p.client(Researcher(researcher))
	if err := c.do(ctx, "workspace", http.MethodGet, "/workspaces/"+string(Workspace(researcher))+"/files", nil, nil); err != nil {
		return "", err
	}
	var made struct {
		ID review.RequestID `json:"id"`
	}
	if err := c.do(ctx, "create", http.MethodPost, "/requests", map[string]any{"workspace": Workspace(researcher)}, &made); err != nil {
		return "", err
	}
	told.Request, told.Done = made.ID, append(told.Done, review.EvRequestCreated)
	p.think(ctx)
	var added struct {
		Results []struct {
			Problem string `json:"problem"`
		} `json:"results"`
	}
	files := []map[string]any{{"path": file(course), "kind": review.Output, "group": "Counts"}}
	if err := c.do(ctx, "add file", http.MethodPost, at(made.ID)+"/files", map[string]any{"files": files}, &added); err != nil {
		return "", err
	}
	if len(added.Results) != 1 || added.Results[0].Problem != "" {
		return "", fmt.Errorf("adding the file: %+v", added.Results)
	}
	told.Done = append(told.Done, review.EvFileAdded)
	p.think(ctx)
	if err := p.describe(ctx, c, made.ID); err != nil {
		return "", err
	}
	p.think(ctx)
	rules := policy.Default()
	ticked := []string{}
	for _, item := range rules.Checklist {
		ticked = append(ticked, item.ID)
	}
	in := map[string]any{"checklist": ticked, "permitted_results": rules.PermittedResults.Version}
	if err := c.do(ctx, "submit", http.MethodPost, at(made.ID)+"/submit", in, nil); err != nil {
		return "", err
	}
	told.Done = append(told.Done, review.EvSubmitted)
	return made.ID, nil
}

func (p *Players) describe(ctx context.Context, c *Client, id review.RequestID) error {
	details := map[string]any{"title": "Coverage by week and region", "project_number": "100", "repository": "https://example.org/study", "purpose": "For the annual report.", "concerns": "None."}
	if err := c.do(ctx, "describe", http.MethodPut, at(id)+"/details", details, nil); err != nil {
		return err
	}
	var v view
	if err := c.do(ctx, "view", http.MethodGet, at(id), nil, &v); err != nil {
		return err
	}
	about, controls := map[string]string{}, map[string]string{}
	for _, f := range policy.Default().Context {
		about[f.ID] = "Adults registered on 1 September, all regions, rounded to the nearest 5."
	}
	for _, f := range policy.Default().Controls {
		controls[f.ID] = "Counts of 7 or fewer redacted; all rounded to the nearest 5."
	}
	for _, g := range v.Groups {
		if err := c.do(ctx, "describe", http.MethodPut, at(id)+"/groups/"+string(g.ID), map[string]any{"context": about, "controls": controls}, nil); err != nil {
			return err
		}
	}
	return nil
}

// seated waits for two checkers.
func (p *Players) seated(ctx context.Context, c *Client, id review.RequestID) (*view, error) {
	return p.until(ctx, c, id, func(v *view) bool { return len(v.Seats) == 2 })
}

// until looks at a request until it is so.
func (p *Players) until(ctx context.Context, c *Client, id review.RequestID, so func(*view) bool) (*view, error) {
	for {
		v := new(view)
		if err := c.do(ctx, "view", http.MethodGet, at(id), nil, v); err != nil {
			return nil, err
		}
		if so(v) {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("request %s is %s and does not move: %w", id, v.Summary.Status, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// review is one checker's: the queue, the request, each file, its vote, the
// submission.
func (p *Players) review(ctx context.Context, c *Client, id review.RequestID, told *Told) error {
	if err := c.do(ctx, "queue", http.MethodGet, "/queue", nil, nil); err != nil {
		return err
	}
	var v view
	if err := c.do(ctx, "view", http.MethodGet, at(id), nil, &v); err != nil {
		return err
	}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if err := c.do(ctx, "read file", http.MethodGet, at(id)+"/files/"+string(f.ID)+"/content", nil, nil); err != nil {
				return err
			}
			p.think(ctx)
			vote := map[string]any{"decision": review.Approve, "reason": "Read in full.", "seen": f.Release}
			if err := c.do(ctx, "vote", http.MethodPost, at(id)+"/files/"+string(f.ID)+"/vote", vote, nil); err != nil {
				return err
			}
			told.Done = append(told.Done, review.EvVoted)
		}
	}
	if err := c.do(ctx, "submit review", http.MethodPost, at(id)+"/review", nil, nil); err != nil {
		return err
	}
	told.Done = append(told.Done, review.EvReviewSubmitted)
	return nil
}

// audit is what an auditor reads of one release.
func (p *Players) audit(ctx context.Context, id review.RequestID) error {
	c := p.client(Auditor)
	for what, path := range map[string]string{
		"records": "/records", "record": "/records/" + url.PathEscape(string(id)), "register": "/releases", "audit log": "/audit?limit=50",
	} {
		if err := c.do(ctx, what, http.MethodGet, path, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
