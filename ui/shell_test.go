package ui

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/api"
	"sallyport/ui/web"
)

// An asked is one route of pages or programs, with an address that leads to it.
type asked struct{ Method, Route, Path string }

// everyRoute lists every route that the router has, pages and programs, with
// the places of a submitted request of ann's in their addresses.
func (s *site) everyRoute(t *testing.T) []asked {
	t.Helper()
	request := s.draft(t, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann").get(request)
	file, group := ann.links(fileLink)[0], ann.links(groupLink)[0]
	s.submit(t, request)
	fill := strings.NewReplacer(":workspace", "cohort", ":request", strings.TrimPrefix(request, "/requests/"),
		":file", strings.TrimPrefix(file, request+"/files/"), ":group", strings.TrimPrefix(group, request+"/groups/"), "/*", "/none.css",
		":job", "req2", ":action", "tables", ":commit", second, ":version", "after", ":method", "local", ":secret", "none",
		":session", "none", ":passkey", "none", ":person", "ann", ":token", "none", ":comment", "none", ":alarm", "none")
	var out []asked
	for _, r := range s.ui.echo.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		path := fill.Replace(r.Path)
		if path == "/static/none.css" {
			path = s.ui.assets.path("app.css")
		}
		out = append(out, asked{r.Method, r.Path, path})
	}
	if len(out) < 150 {
		t.Fatalf("only %d routes", len(out))
	}
	return append(out, asked{http.MethodGet, "", "/nowhere"}, asked{http.MethodGet, "", api.Prefix + "/nowhere"}, asked{http.MethodPatch, "", "/requests"})
}

func (a asked) unsafe() bool { return a.Method != http.MethodGet && a.Method != http.MethodHead }

// send asks the handler itself, as a browser with a cookie would, and returns
// the answer.
func (s *site) send(a asked, cookie *http.Cookie, headers ...string) *http.Response {
	var body io.Reader
	if a.unsafe() {
		body = strings.NewReader("")
	}
	req := httptest.NewRequest(a.Method, s.url+a.Path, body)
	if cookie != nil {
		req.AddCookie(cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	rec := httptest.NewRecorder()
	s.ui.ServeHTTP(rec, req)
	return rec.Result()
}

// cookie signs somebody in and returns what their browser keeps.
func (s *site) cookie(t *testing.T, name string) *http.Cookie {
	t.Helper()
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	list := s.as(t, name).client.Jar.Cookies(at)
	if len(list) != 1 {
		t.Fatalf("%s has %d cookies", name, len(list))
	}
	return list[0]
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// panicking is a service that panics with what nobody may read.
type panicking struct{ Service }

func (panicking) Authorise(context.Context, review.Actor, policy.Action) error {
	panic(inPanic)
}

// headersHeld fails unless an answer has the headers that every one has.
func headersHeld(t *testing.T, what string, a asked, res *http.Response) {
	t.Helper()
	csp := res.Header.Get("Content-Security-Policy")
	for _, need := range []string{"default-src 'none'", "frame-ancestors"} {
		if !strings.Contains(csp, need) {
			t.Errorf("%s: %s %s: policy %q lacks %s", what, a.Method, a.Route, csp, need)
		}
	}
	if !strings.Contains(csp, "sandbox") && !strings.Contains(csp, "require-trusted-types-for 'script'") {
		t.Errorf("%s: %s %s: policy %q", what, a.Method, a.Route, csp)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "same-origin", "Origin-Agent-Cluster": "?1", "X-Permitted-Cross-Domain-Policies": "none",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s %s: %s is %q, want %q", what, a.Method, a.Route, name, got, want)
		}
	}
	if !strings.Contains(res.Header.Get("Permissions-Policy"), "camera=()") || !slices.Contains([]string{"same-origin", "no-referrer"}, res.Header.Get("Referrer-Policy")) ||
		!slices.Contains([]string{"DENY", "SAMEORIGIN"}, res.Header.Get("X-Frame-Options")) || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: %s %s: headers %v", what, a.Method, a.Route, res.Header)
	}
	keep := "no-store"
	if a.Route == "/static/*" && res.StatusCode == http.StatusOK {
		keep = "public, max-age=31536000, immutable"
	}
	if got := res.Header.Get("Cache-Control"); got != keep {
		t.Errorf("%s: %s %s: Cache-Control is %q, want %q", what, a.Method, a.Route, got, keep)
	}
	if kind := res.Header.Get("Content-Type"); strings.Contains(kind, "script") && a.Route != "/static/*" {
		t.Errorf("%s: %s %s: has the type of a script, %s", what, a.Method, a.Route, kind)
	}
}

// Every answer of every route has the headers: pages, redirects, errors, files,
// static ones and those for programs, whoever asks, and when the service fails.
func TestHeadersOfEveryAnswer(t *testing.T) {
	s := ranSite(t)
	all := s.everyRoute(t)
	people := map[string]*http.Cookie{"nobody": nil, "ann": s.cookie(t, "ann"), "aud": s.cookie(t, "aud")}
	seen := map[int]int{}
	round := func(what string, cookie *http.Cookie, headers ...string) *http.Cookie {
		for _, a := range all {
			if a.Route == "/sign-out" {
				continue // would end the round
			}
			res := s.send(a, cookie, headers...)
			seen[res.StatusCode]++
			if fresh := res.Cookies(); len(fresh) == 1 && fresh[0].Value != "" {
				cookie = fresh[0]
			}
			headersHeld(t, what, a, res)
		}
		return cookie // some answers bring a new one
	}
	for name, cookie := range people {
		people[name] = round(name, cookie, "Sec-Fetch-Site", "same-origin")
	}
	people["ann"] = round("from elsewhere", people["ann"], "Sec-Fetch-Site", "cross-site")
	s.ui.options.Hosts = []string{"sallyport.example"}
	people["ann"] = round("wrong host", people["ann"])
	s.ui.options.Hosts = nil
	s.ui.service = panicking{s.ui.service}
	round("panic", people["aud"], "Sec-Fetch-Site", "same-origin")
	if err := s.Store.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	round("no database", people["ann"], "Sec-Fetch-Site", "same-origin")
	for _, status := range []int{200, 303, 401, 403, 404, 405, 421, 422, 500} {
		if seen[status] == 0 {
			t.Errorf("no answer had status %d: %v", status, seen)
		}
	}
}

func TestPageHeaders(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Secure = true })
	b := s.as(t, "").get("/sign-in").want(http.StatusOK)
	if got := b.header.Get("Content-Security-Policy"); got != pageCSP {
		t.Errorf("the policy of a page is %q", got)
	}
	if b.header.Get("Strict-Transport-Security") != "max-age=31536000; includeSubDomains" {
		t.Error("a secure service does not ask for HTTPS")
	}
	alone := newSite(t, func(o *Options) { o.Secure, o.HSTSHostOnly = true, true })
	if got := alone.as(t, "").get("/sign-in").header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("a service beneath whose name others are asks for %q", got)
	}
	for _, forbidden := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*", "blob:"} {
		if strings.Contains(pageCSP, forbidden) {
			t.Errorf("the policy of pages allows %s", forbidden)
		}
	}
	for name, text := range files(t, "templates") {
		if m := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|srcdoc=`).FindString(text); m != "" {
			t.Errorf("%s has something inline: %q", name, m)
		}
	}
}

// files reads the files of a folder of this package.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name()] = string(data)
	}
	return out
}

// Every route that changes something refuses what another site's page sends, in
// whatever way the browser tells it, signing in and out included; and nothing
// has changed then.
func TestNoRouteTakesWhatOthersSend(t *testing.T) {
	s := ranSite(t)
	all := s.everyRoute(t)
	cookie := s.cookie(t, "ann")
	before := s.events(t)
	n := 0
	for name, headers := range map[string][]string{
		"another site":              {"Sec-Fetch-Site", "cross-site"},
		"a neighbour":               {"Sec-Fetch-Site", "same-site"},
		"another origin":            {"Origin", "https://evil.example"},
		"another port":              {"Origin", "http://127.0.0.1:1"},
		"no origin":                 {"Origin", "null"},
		"half an origin":            {"Origin", "http://"},
		"another site, our origin":  {"Origin", s.url, "Sec-Fetch-Site", "cross-site"},
		"an origin that looks ours": {"Origin", s.url + ".evil.example"},
		"silence":                   {},
		"a referrer only":           {"Referer", s.url + "/"},
		"a made-up token":           {"X-Csrf-Token", "abc"},
	} {
		for _, a := range all {
			if !a.unsafe() || a.Route == "" || len(headers) == 0 && (a.Route == backChannel || api.Owns(a.Path)) {
				continue
			}
			told := strings.HasPrefix(name, "a referrer") || strings.HasPrefix(name, "a made-up")
			if told && (a.Route == backChannel || api.Owns(a.Path)) {
				continue // no browser, no cookie that counts: see below
			}
			n++
			if res := s.send(a, cookie, headers...); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s %s: status %d", name, a.Method, a.Route, res.StatusCode)
			}
		}
	}
	if after := s.events(t); after != before {
		t.Errorf("%d events came on record", after-before)
	}
	if n < 500 {
		t.Errorf("only %d tries", n)
	}
}

// A page of our own name that came in the clear may be anybody's.
func TestNoChangeFromAPageInTheClear(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Secure = true })
	host := strings.TrimPrefix(s.url, "http://")
	for origin, refused := range map[string]bool{"http://" + host: true, "https://" + host: false} {
		if res := s.send(asked{Method: http.MethodPost, Path: "/sign-in/demo"}, nil, "Origin", origin); (res.StatusCode == http.StatusForbidden) != refused {
			t.Errorf("from %s: status %d", origin, res.StatusCode)
		}
	}
}

// The cookie is a lock of its own: a change that comes without it, as a form of
// another site's would, does nothing, whatever the browser says of where it was.
func TestNoChangeWithoutTheCookie(t *testing.T) {
	s := ranSite(t)
	all := s.everyRoute(t)
	before := s.events(t)
	for _, a := range all {
		if !a.unsafe() || a.Route == "" || opens(a.Route) || api.Owns(a.Path) {
			continue
		}
		anybody := slices.ContainsFunc(routes(), func(r route) bool { return r.Method == a.Method && r.Path == a.Route && r.Action == open })
		if res := s.send(a, nil, "Sec-Fetch-Site", "same-origin"); !anybody && (res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/sign-in")) {
			t.Errorf("%s %s: status %d", a.Method, a.Route, res.StatusCode)
		}
	}
	if after := s.events(t); after != before {
		t.Errorf("%d events came on record", after-before)
	}
}

// Programs are let in by their token: a browser's cookie opens nothing.
func TestCookiesOpenNothingForPrograms(t *testing.T) {
	s := ranSite(t)
	cookie := s.cookie(t, "ann")
	n := 0
	for _, a := range s.everyRoute(t) {
		if !api.Owns(a.Path) || a.Route == "" || strings.HasSuffix(a.Path, "openapi.json") {
			continue
		}
		n++
		if res := s.send(a, cookie, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"); res.StatusCode != http.StatusUnauthorized || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: status %d, cookie %q", a.Method, a.Route, res.StatusCode, res.Header.Get("Set-Cookie"))
		}
	}
	if n < 30 {
		t.Errorf("only %d routes", n)
	}
}

// Another site's page learns nothing by asking for ours as a picture, a frame
// or a script; a link still leads here.
func TestNothingIsEmbeddedElsewhere(t *testing.T) {
	s := ranSite(t)
	cookie := s.cookie(t, "ann")
	for _, a := range s.everyRoute(t) {
		if a.unsafe() || a.Route == "" || a.Route == "/confirm/go" {
			continue
		}
		for _, dest := range []string{"image", "script", "iframe", "object", "embed", "empty", "style", "worker", "serviceworker", "video"} {
			mode := "no-cors"
			if dest == "iframe" || dest == "object" || dest == "embed" {
				mode = "navigate"
			}
			for _, site := range []string{"cross-site", "same-site"} {
				if res := s.send(a, cookie, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest); res.StatusCode != http.StatusForbidden {
					t.Errorf("%s as %s from a page of another site: status %d", a.Route, dest, res.StatusCode)
				}
			}
		}
		link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
		if res := s.send(a, cookie, link...); (res.StatusCode == http.StatusForbidden && strings.Contains(text(t, res), "Another site")) != showsContents(a.Route) {
			t.Errorf("%s by a link from another site: status %d", a.Route, res.StatusCode)
		}
		if showsContents(a.Route) {
			for _, dest := range []string{"document", "script", "style", "worker", "serviceworker", "sharedworker", "object", "embed", "font", "empty"} {
				if res := s.send(a, cookie, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", dest); res.StatusCode != http.StatusForbidden {
					t.Errorf("contents come as %s: status %d", dest, res.StatusCode)
				}
			}
		}
	}
}

func TestHostAllowList(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Hosts = []string{"Sallyport.example", "localhost:*", "[::1]:*"} })
	s.as(t, "").get("/sign-in").want(http.StatusMisdirectedRequest).has("Wrong address")
	for host, want := range map[string]int{
		"sallyport.example": 200, "SALLYPORT.example": 200, "sallyport.example:80": 421, "sallyport.example.": 421, "evil.example": 421,
		"localhost": 200, "localhost:8080": 200, "localhost:x": 421, "localhost.evil.example": 421, "localhost:80.evil.example": 421, "[::1]:80": 200, "": 421,
	} {
		req := httptest.NewRequest(http.MethodGet, "/sign-in", nil)
		req.Host = host
		req.Header.Set("X-Forwarded-Host", "sallyport.example")
		rec := httptest.NewRecorder()
		s.ui.ServeHTTP(rec, req)
		if rec.Code != want {
			t.Errorf("host %q: status %d, want %d", host, rec.Code, want)
		}
	}
}

// Somebody who asks too fast waits, at one address or as one person, and nobody
// else does.
func TestPace(t *testing.T) {
	var s *site
	now := func() time.Time { return s.Now() }
	person, source := web.NewRate(now, 1, 5), web.NewRate(now, 1, 60)
	s = newSite(t, func(o *Options) { o.PerPerson, o.PerSource = person, source })
	ann, abe := s.as(t, "ann"), s.as(t, "abe")
	for ann.get("/workspaces"); ann.status == http.StatusOK; ann.get("/workspaces") {
	}
	ann.want(http.StatusTooManyRequests).has("Too fast", "Wait 1 s")
	if ann.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", ann.header.Get("Retry-After"))
	}
	abe.get("/workspaces").want(http.StatusOK)
	s.Advance(time.Second)
	ann.get("/workspaces").want(http.StatusOK)
	nobody := s.as(t, "")
	for nobody.get("/sign-in"); nobody.status == http.StatusOK; nobody.get("/sign-in") {
	}
	nobody.want(http.StatusTooManyRequests)
	nobody.get("/health").want(http.StatusOK)
	if nobody.get(api.Prefix + "/me"); nobody.status != http.StatusTooManyRequests || nobody.header.Get("Retry-After") == "" || !strings.Contains(nobody.body, "too many requests") {
		t.Errorf("a program: %d, %v, %s", nobody.status, nobody.header, nobody.body)
	}
}

// Bodies are held to what the route takes before anything is done with them.
func TestBodies(t *testing.T) {
	s := newSite(t)
	cookie := s.cookie(t, "ann")
	parts := func(n int, name string) (string, string) {
		var b strings.Builder
		w := multipart.NewWriter(&b)
		for range n {
			f, err := w.CreateFormFile("form", name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.Write([]byte("x"))
		}
		_ = w.Close()
		return w.FormDataContentType(), b.String()
	}
	one, oneBody := parts(1, "a.xlsx")
	many, manyBody := parts(maxParts+1, "a.xlsx")
	long, longBody := parts(1, strings.Repeat("n", maxUploadName)+".xlsx")
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, path, media, body string
		want                    int
	}{
		{"large", "/requests/x/details", form, "purpose=" + strings.Repeat("a", maxBody), 413},
		{"large before signing in", "/sign-in", form, "username=" + strings.Repeat("a", maxOpenBody), 413},
		{"many fields", "/requests/x/details", form, strings.Repeat("a=&", maxFields+1), 422},
		{"long name of a field", "/requests/x/details", form, strings.Repeat("a", maxFieldName+1) + "=", 422},
		{"bad escapes", "/requests/x/details", form, "a=%zz", 422},
		{"no text", "/requests/x/details", form, "%ff=1", 422},
		{"a field twice", "/requests/x/details", form, "title=a&purpose=b&title=c", 422},
		{"JSON for a form", "/requests/x/details", "application/json", "{}", 415},
		{"plain text", "/requests/x/details", "text/plain", "title=x", 415},
		{"of no type", "/requests/x/details", "", "title=x", 415},
		{"a file for a form", "/requests/x/details", one, oneBody, 415},
		{"a file before signing in", "/sign-in", one, oneBody, 415},
		{"many files", "/workspaces/cohort/form", many, manyBody, 413},
		{"a long name of a file", "/workspaces/cohort/form", long, longBody, 422},
		{"half a file", "/workspaces/cohort/form", one, oneBody[:len(oneBody)-10], 422},
		{"no boundary", "/workspaces/cohort/form", "multipart/form-data", oneBody, 422},
		{"not a workbook", "/workspaces/cohort/form", one, oneBody, 422},
	} {
		req := httptest.NewRequest(http.MethodPost, s.url+tt.path, strings.NewReader(tt.body))
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if tt.media != "" {
			req.Header.Set("Content-Type", tt.media)
		}
		req.AddCookie(cookie)
		rec := httptest.NewRecorder()
		if s.ui.ServeHTTP(rec, req); rec.Code != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, rec.Code, tt.want)
		}
	}
}
