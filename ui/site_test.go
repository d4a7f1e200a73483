package ui

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review/reviewtest"
	"sallyport/storage"
	"sallyport/storage/pgtest"
	"sallyport/ui/api"
)

// site is the real handler over the real service and database, served on a
// port of this machine.
type site struct {
	*reviewtest.World
	ui      *UI
	url     string
	watched map[context.Context]bool // tabs that are held to the pages' policies
}

// newSite starts a demonstration with the people of a World. change may alter
// its options before it starts.
func newSite(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	store, err := storage.Open(context.Background(), pgtest.Address(t, filepath.Join(t.TempDir(), "db"), schema), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := reviewtest.NewWorld(t, store)
	w.Sign(t)
	w.Checker = new(checks.Engine)
	programs, err := api.New(w.Service, api.Options{Tokens: store, Keys: store, Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{API: programs, Sessions: memstore.New(), Accounts: store, Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Demo: true, Now: w.Now}
	for _, p := range reviewtest.People() {
		o.People = append(o.People, DemoPerson{Username: p.Username, Name: p.Name, Role: "Role", About: "About."})
	}
	for _, c := range change {
		c(&o)
	}
	u, err := New(w.Service, o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	return &site{World: w, ui: u, url: srv.URL}
}

// browser is one person's: it keeps cookies and follows redirects as a browser
// would, without script.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
	status int
	path   string // where the last request ended
	where  *url.URL
	header http.Header
	body   string
}

// as opens a browser and signs in; "" stays signed out.
func (s *site) as(t *testing.T, name string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, site: s, client: &http.Client{Jar: jar}}
	if name != "" {
		b.post("/sign-in/demo", "person", name).want(http.StatusOK)
	}
	return b
}

func (b *browser) do(req *http.Request) *browser {
	b.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.status, b.path, b.where, b.header, b.body = res.StatusCode, res.Request.URL.Path, res.Request.URL, res.Header, string(data)
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.site.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

// post sends a form of the pairs given, from the site itself.
func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.site.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) want(status int) *browser {
	b.t.Helper()
	if b.status != status {
		b.t.Fatalf("%s: status %d, want %d\n%s", b.path, b.status, status, b.text())
	}
	return b
}

// has fails the test unless the page shows every text.
func (b *browser) has(texts ...string) *browser {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.text(), text) {
			b.t.Errorf("%s does not show %q:\n%s", b.path, text, b.text())
		}
	}
	return b
}

func (b *browser) lacks(texts ...string) *browser {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(b.text(), text) {
			b.t.Errorf("%s shows %q", b.path, text)
		}
	}
	return b
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// text is the page's words, without its markup.
func (b *browser) text() string {
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(b.body, "")), " ")
}

// links lists the distinct links of the page that match a pattern, in order.
func (b *browser) links(pattern string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`href="(`+pattern+`)"`).FindAllStringSubmatch(b.body, -1) {
		if link := html.UnescapeString(m[1]); !slices.Contains(out, link) {
			out = append(out, link)
		}
	}
	return out
}

// values lists the values of the page's inputs of a name.
func (b *browser) values(name string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`name="`+name+`"[^>]*value="([^"]*)"`).FindAllStringSubmatch(b.body, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

const (
	requestLink = `/requests/[A-Z0-9]+`
	fileLink    = requestLink + `/files/[A-Z0-9]+`
	groupLink   = requestLink + `/groups/[A-Z0-9]+`
)

// A rounded table, and one with small counts.
const (
	roundedCSV = "region,people\nNorth,120\nSouth,345\nEast,210\nWest,95\nCentre,450\nCoast,335\n"
	smallCSV   = "region,people\nNorth,3\nSouth,345\nEast,212\nWest,95\nCentre,451\nCoast,333\n"
)

// draft files a request as ann with the files given (name and content in turn),
// each in a group of its own, described and titled, and returns its address.
func (s *site) draft(t *testing.T, files ...string) string {
	t.Helper()
	ann := s.as(t, "ann")
	form := []string{"kind", "output", "group", "each"}
	for i := 0; i+1 < len(files); i += 2 {
		s.Workspaces.Write(reviewtest.Cohort, files[i], files[i+1])
		form = append(form, "file", files[i])
	}
	ann.post("/workspaces/cohort/files", form...).want(http.StatusOK)
	request := ann.path
	ann.post(request+"/details", "title", "Rates by region", "purpose", "A paper.").want(http.StatusOK)
	for _, group := range ann.links(groupLink) {
		ann.get(group).want(http.StatusOK)
		var fields []string
		for _, m := range regexp.MustCompile(`<textarea[^>]*name="((?:context|controls)\.[^"]*)"`).FindAllStringSubmatch(ann.body, -1) {
			fields = append(fields, m[1], "Counts of about 1,550 people, rounded to the nearest 5.")
		}
		ann.post(group, append(fields, "then", "request")...).want(http.StatusOK)
	}
	return request
}

// submit hands a draft over as ann.
func (s *site) submit(t *testing.T, request string) {
	t.Helper()
	ann := s.as(t, "ann").get(request + "/submit").want(http.StatusOK)
	form := []string{"permitted_results", ann.values("permitted_results")[0]}
	for _, item := range ann.values("confirm") {
		form = append(form, "confirm", item)
	}
	ann.post(request+"/submit", form...).want(http.StatusOK).has("Submitted.")
}

// seats returns the browsers of the two checkers the request is routed to.
func (s *site) seats(t *testing.T, request string) []*browser {
	t.Helper()
	var out []*browser
	for _, name := range []string{"carl", "cora", "chen"} {
		if b := s.as(t, name).get("/queue").want(http.StatusOK); slices.Contains(b.links(requestLink), request) {
			out = append(out, b)
		}
	}
	if len(out) != 2 {
		t.Fatalf("the request is in %d queues, want 2", len(out))
	}
	return out
}

// vote decides on every file of the request.
func (b *browser) vote(request, decision, reason string) *browser {
	b.t.Helper()
	for _, file := range b.get(request).links(fileLink) {
		seen := b.get(file).want(http.StatusOK).values("seen")
		if len(seen) == 1 {
			b.post(file+"/vote", "seen", seen[0], "decision", decision, "reason", reason, "then", "next").want(http.StatusOK)
		}
	}
	return b
}

// schema makes the schema of a test's database in PostgreSQL.
func schema(ctx context.Context, owner string) error {
	_, err := storage.Migrate(ctx, owner, time.Now, pgtest.AppRole)
	return err
}
