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

// program is a person's hands that speak to the interface for programs.
type program struct {
	*Players
	*Client
}

func (p program) file(ctx context.Context, researcher, course int, told *Told) (review.RequestID, error) {
	c := p.Client
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
	files := p.Site.toAdd(course)
	if err := c.do(ctx, "add file", http.MethodPost, at(made.ID)+"/files", map[string]any{"files": files}, &added); err != nil {
		return "", err
	}
	for _, result := range added.Results {
		if result.Problem != "" {
			return "", fmt.Errorf("adding a file: %s", result.Problem)
		}
		told.Done = append(told.Done, review.EvFileAdded)
	}
	p.think(ctx)
	if err := p.describe(ctx, made.ID); err != nil {
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

// toAdd is a course's files, as they are added.
func (s Site) toAdd(course int) (files []map[string]any) {
	for _, path := range s.paths(course) {
		files = append(files, map[string]any{"path": path, "kind": review.Output, "group": "Counts"})
	}
	return files
}

// First adds a researcher's files behind, at one server, and looks at another how far their
// checks are: after what time the answer came, the first findings were there, and
// all checks were over.
func (p *Players) First(ctx context.Context, researcher int, other string) (answered, first, all time.Duration, err error) {
	c := p.client(Researcher(researcher))
	var made struct {
		ID review.RequestID `json:"id"`
	}
	if err := c.do(ctx, "create", http.MethodPost, "/requests", map[string]any{"workspace": Workspace(researcher)}, &made); err != nil {
		return 0, 0, 0, err
	}
	begun := time.Now() //permit:time.Now // how long an answer takes is the machine's time
	if err := c.do(ctx, "add file", http.MethodPost, at(made.ID)+"/files", map[string]any{"files": p.Site.toAdd(0), "behind": true}, nil); err != nil {
		return 0, 0, 0, err
	}
	answered = time.Since(begun)
	c.Server = func() string { return other }
	for {
		var v struct {
			Findings string `json:"findings_sha256"`
			Checking *struct {
				Done int `json:"done"`
			} `json:"checking"`
			Adding *struct{} `json:"adding"`
		}
		if err := c.do(ctx, "view", http.MethodGet, at(made.ID), nil, &v); err != nil {
			return 0, 0, 0, err
		}
		if first == 0 && (v.Findings != "" || v.Checking != nil && v.Checking.Done > 0) {
			first = time.Since(begun)
		}
		if v.Findings != "" && v.Adding == nil {
			return answered, first, time.Since(begun), nil
		}
		select {
		case <-ctx.Done():
			return 0, 0, 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p program) describe(ctx context.Context, id review.RequestID) error {
	c := p.Client
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

// until looks at a request until it is so.
func (p program) until(ctx context.Context, id review.RequestID, so func(*view) bool) (*view, error) {
	for {
		v := new(view)
		if err := p.do(ctx, "view", http.MethodGet, at(id), nil, v); err != nil {
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

func (p program) release(ctx context.Context, id review.RequestID) error {
	return p.do(ctx, "release", http.MethodPost, at(id)+"/release", nil, nil)
}

func (p program) left(ctx context.Context, id review.RequestID) error {
	_, err := p.until(ctx, id, func(v *view) bool { return v.Summary.Status == review.Released })
	return err
}

func (p program) review(ctx context.Context, id review.RequestID, told *Told) error {
	c := p.Client
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

func (p program) audit(ctx context.Context, id review.RequestID) error {
	for what, path := range map[string]string{
		"records": "/records", "record": "/records/" + url.PathEscape(string(id)), "register": "/releases", "audit log": "/audit?limit=50",
	} {
		if err := p.do(ctx, what, http.MethodGet, path, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
