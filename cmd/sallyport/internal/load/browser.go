package load

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// browser is a person's hands that open pages and send forms, without script.
// What a page shows beside its HTML (files in frames, but no style) is asked for
// too.
type browser struct {
	*Players
	*Client
}

// page opens a page.
func (b browser) page(ctx context.Context, what, path string) (string, error) {
	data, err := b.try(ctx, "page: "+what, func() (*http.Request, error) { return b.ask(ctx, http.MethodGet, path, nil) })
	if err == nil && strings.Contains(string(data), `action="/sign-in"`) {
		err = fmt.Errorf("%s: %w: the browser is asked to sign in", path, errPage)
	}
	return string(data), err
}

// form sends one, and is counted with the page that it leads to. A form that was
// sent before and whose answer was lost may be refused; what it asked for is looked
// for by whoever goes on.
func (b browser) form(ctx context.Context, what, path string, values url.Values) (string, error) {
	data, err := b.try(ctx, "form: "+what, func() (*http.Request, error) { return b.ask(ctx, http.MethodPost, path, values) })
	return string(data), err
}

func (b browser) ask(ctx context.Context, method, path string, values url.Values) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.Client.Server()+path, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Cookie", b.Cookie)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

// links lists the distinct links of a page below a path, in order.
func links(page, below string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`href="(`+regexp.QuoteMeta(below)+`[A-Z0-9]+)"`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// named lists the values of a page's inputs of a name.
func named(page, name string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`name="`+name+`"[^>]*value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// errPage is a page that lacks what people look for in it.
var errPage = errors.New("the page lacks what was looked for")

func (b browser) file(ctx context.Context, researcher, course int, told *Told) (review.RequestID, error) {
	workspace := "/workspaces/" + string(Workspace(researcher))
	for what, path := range map[string]string{"workspaces": "/workspaces", "workspace": workspace} {
		if _, err := b.page(ctx, what, path); err != nil {
			return "", err
		}
	}
	b.think(ctx)
	files := b.Site.paths(course)
	page, err := b.form(ctx, "add files", workspace+"/files", url.Values{"kind": {"output"}, "group": {"new"}, "new_group": {"Counts"}, "file": files})
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(`/requests/([A-Z0-9]+)/groups/`).FindStringSubmatch(page)
	if m == nil {
		return "", fmt.Errorf("adding files: %w", errPage)
	}
	id := review.RequestID(m[1])
	told.Request, told.Done = id, append(told.Done, review.EvRequestCreated)
	for range files {
		told.Done = append(told.Done, review.EvFileAdded)
	}
	if err := b.describe(ctx, id, links(page, at(id)+"/groups/")); err != nil {
		return "", err
	}
	if page, err = b.page(ctx, "submit", at(id)+"/submit"); err != nil {
		return "", err
	}
	b.think(ctx)
	page, err = b.form(ctx, "submit", at(id)+"/submit", url.Values{"permitted_results": named(page, "permitted_results"), "confirm": named(page, "confirm")})
	if err == nil && !strings.Contains(page, "Submitted") {
		err = fmt.Errorf("submitting: %w", errPage)
	}
	told.Done = append(told.Done, review.EvSubmitted)
	return id, err
}

// describe fills in the forms of the request and of its groups.
func (b browser) describe(ctx context.Context, id review.RequestID, groups []string) error {
	if _, err := b.page(ctx, "details", at(id)+"/details"); err != nil {
		return err
	}
	b.think(ctx)
	details := url.Values{"title": {"Coverage by week and region"}, "purpose": {"For the annual report."}, "concerns": {"None."}}
	if _, err := b.form(ctx, "details", at(id)+"/details", details); err != nil {
		return err
	}
	for _, group := range groups {
		if _, err := b.page(ctx, "group", group); err != nil {
			return err
		}
		b.think(ctx)
		form := url.Values{"then": {"request"}}
		for _, f := range policy.Default().Context {
			form.Set("context."+f.ID, "Adults registered on 1 September, all regions, rounded to the nearest 5.")
		}
		for _, f := range policy.Default().Controls {
			form.Set("controls."+f.ID, "Counts of 7 or fewer redacted; all rounded to the nearest 5.")
		}
		if _, err := b.form(ctx, "group", group, form); err != nil {
			return err
		}
	}
	return nil
}

func (b browser) review(ctx context.Context, id review.RequestID, told *Told) error {
	if _, err := b.page(ctx, "queue", "/queue"); err != nil {
		return err
	}
	page, err := b.page(ctx, "request", at(id))
	if err != nil {
		return err
	}
	files := links(page, at(id)+"/files/")
	if len(files) == 0 {
		return fmt.Errorf("reviewing: %w: %s", errPage, words([]byte(page)))
	}
	for _, file := range files {
		shown, err := b.page(ctx, "file", file)
		if err != nil {
			return err
		}
		if _, err := b.page(ctx, "content of a file", file+"/content"); err != nil {
			return err
		}
		b.think(ctx)
		// The page may also offer to take another decision back, which names other bytes.
		_, form, _ := strings.Cut(shown, `id="vote-form"`)
		seen := named(form, "seen")
		if len(seen) == 0 {
			return fmt.Errorf("reading %s: %w", file, errPage)
		}
		if _, err := b.form(ctx, "vote", file+"/vote", url.Values{"seen": seen[:1], "decision": {"approve"}, "reason": {"Read in full."}, "then": {"next"}}); err != nil {
			return err
		}
		told.Done = append(told.Done, review.EvVoted)
	}
	if _, err := b.page(ctx, "review", at(id)+"/review"); err != nil {
		return err
	}
	if _, err := b.form(ctx, "review", at(id)+"/review", nil); err != nil {
		return err
	}
	told.Done = append(told.Done, review.EvReviewSubmitted)
	return nil
}

func (b browser) release(ctx context.Context, id review.RequestID) error {
	if _, err := b.page(ctx, "release", at(id)+"/release"); err != nil {
		return err
	}
	page, err := b.form(ctx, "release", at(id)+"/release", nil)
	if err == nil && strings.Contains(page, `id="confirm-form"`) {
		err = fmt.Errorf("releasing: %w: %s", errPage, words([]byte(page)))
	}
	return err
}

// again is after how long somebody looks at a page again to see what became of it.
const again = 2 * time.Second

func (b browser) left(ctx context.Context, id review.RequestID) error {
	for {
		page, err := b.page(ctx, "request", at(id))
		if err != nil {
			return err
		}
		if strings.Contains(page, at(id)+"/package") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("request %s does not leave: %w", id, ctx.Err())
		case <-time.After(again):
		}
	}
}

func (b browser) audit(ctx context.Context, id review.RequestID) error {
	for what, path := range map[string]string{
		"records": "/records", "record": "/records/" + url.PathEscape(string(id)), "releases": "/releases", "audit log": "/audit", "figures": "/figures",
	} {
		if _, err := b.page(ctx, what, path); err != nil {
			return err
		}
	}
	return nil
}
