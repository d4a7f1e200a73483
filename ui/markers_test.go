package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
	"sallyport/ui/form"
)

// Words that stand for what must not get about. Each place that somebody can
// write to gets its own ending.
const (
	marker       = "zqmark"
	inContents   = marker + "contents"
	inName       = marker + "name"
	inComment    = marker + "comment"
	inAddress    = marker + "address"
	inHeader     = marker + "header"
	inField      = marker + "field"
	inPanic      = marker + "panic"
	tokenOfANone = "sp_" + marker + "token"
)

// logbook is a log in memory.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *logbook) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

func (k *logbook) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.String()
}

// markedFiles are files of every type, whole and broken, with marks wherever
// something can be written.
func markedFiles(t *testing.T) map[string]string {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	const m = inContents
	return map[string]string{
		".csv":         "region,people " + m + "\nNorth " + m + ",3\nSouth,345\nEast,212\n" + m + ",95\n",
		"-broken.csv":  "a,b\n\"" + m + ",1\n2,\xff" + m + "\n",
		".json":        `{"` + m + `": [{"n": 3, "name": "` + m + `"}]}`,
		"-broken.json": `{"` + m + `": 1, "` + m + `": 2, ` + m,
		".html":        "<title>" + m + "</title><p onclick=" + m + ">" + m + "<script>" + m + "</script><table><tr><td>" + m + "</table>",
		".svg":         `<svg xmlns="http://www.w3.org/2000/svg" id="` + m + `"><text>` + m + `</text><script>` + m + `</script></svg>`,
		"-broken.svg":  `<svg xmlns="http://www.w3.org/2000/svg"><` + m + ` a="&` + m + `;"`,
		".txt":         "n = 3 " + m + "\n",
		".log":         m + "\n\x1b[1m" + m + "\n",
		".png":         picture.String() + m,
		"-broken.png":  "\x89PNG\r\n\x1a\n" + m,
		".jpg":         "\xff\xd8\xff" + m,
		".xyz":         m,
	}
}

// everyField lists the names of every field of every template, and of every
// field of the policy.
func everyField(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{"next": true, "token": true, "code": true, "reason": true}
	for _, text := range files(t, "templates") {
		for _, m := range regexp.MustCompile(`name="([a-z_.-]+)"`).FindAllStringSubmatch(text, -1) {
			names[m[1]] = true
		}
	}
	p := policy.Default()
	for _, f := range p.Context {
		names["context."+f.ID] = true
	}
	for _, f := range p.Controls {
		names["controls."+f.ID] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// markedSite is a site whose log is kept, with a request of ann's full of marks.
func markedSite(t *testing.T) (*site, *logbook, []string) {
	t.Helper()
	log := new(logbook)
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := newSite(t, func(o *Options) { o.Log = logger })
	s.Service.Log, s.Sanitiser = logger, cleaner{}
	programs, err := api.New(s.Service, api.Options{Tokens: s.ui.options.Accounts.(api.Tokens), Keys: s.ui.options.Accounts.(api.Keys), Policy: policy.Default(), Log: logger, Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.ui.options.API = programs
	u, err := New(s.Service, s.ui.options)
	if err != nil {
		t.Fatal(err)
	}
	s.ui = u
	srv := httptest.NewServer(u)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	ann := s.as(t, "ann")
	add := []string{"kind", "output", "group", "each"}
	for name, data := range markedFiles(t) {
		path := "release/" + inName + name
		s.Workspaces.Write(reviewtest.Cohort, path, data)
		add = append(add, "file", path)
	}
	ann.post("/workspaces/cohort/files", add...).want(http.StatusOK)
	request := ann.path
	ann.post(request+"/details", "title", inField, "purpose", inField, "concerns", inField, "repository", inField).want(http.StatusOK)
	group := ann.get(request).links(groupLink)[0]
	ann.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "back", group, "comment", inComment).want(http.StatusOK)
	return s, log, ann.links(fileLink)
}

// jsonFor makes a body that a route of the description takes, with marks for
// every text; nil when it takes none.
func jsonFor(doc map[string]any, schema any) any {
	m, _ := schema.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		parts := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		var at any = doc
		for _, p := range parts {
			at = at.(map[string]any)[p]
		}
		return jsonFor(doc, at)
	}
	switch m["type"] {
	case "object":
		out := map[string]any{}
		if props, ok := m["properties"].(map[string]any); ok {
			for name, p := range props {
				out[name] = jsonFor(doc, p)
			}
		} else {
			out[inField] = inField
		}
		return out
	case "array":
		return []any{jsonFor(doc, m["items"])}
	case "integer", "number":
		return 1
	case "boolean":
		return true
	default:
		return inField
	}
}

// bodies lists what is sent to a route: nothing, every field, a workbook, JSON
// as described, and JSON that is broken. The key is the type.
func bodies(t *testing.T, a asked, doc map[string]any, fields []string) map[string][]string {
	t.Helper()
	out := map[string][]string{"": {""}}
	if !a.unsafe() {
		return out
	}
	values := url.Values{inField: {inField}}
	for _, f := range fields {
		values[f] = []string{inField}
	}
	out["application/x-www-form-urlencoded"] = []string{values.Encode(), inField + "=%zz" + inField}
	broken := []string{`{"` + inField + `": "` + inField, `"` + inField + `"`, `{"` + inField + `":1,"` + inField + `":2}`}
	if op, ok := dig(doc, "paths", regexp.MustCompile(`:(\w+)`).ReplaceAllString(strings.TrimPrefix(a.Route, api.Prefix), "{$1}"), strings.ToLower(a.Method)).(map[string]any); ok {
		body, err := json.Marshal(jsonFor(doc, dig(op, "requestBody", "content", "application/json", "schema")))
		if err != nil {
			t.Fatal(err)
		}
		broken = append(broken, string(body))
	}
	out["application/json"] = broken
	book, err := form.Write(inName+".xlsx", &form.Form{Workspace: "cohort", Title: inField, Purpose: inField, Groups: []form.Group{{Name: inField, Files: []form.File{{Path: "release/" + inName + ".csv", Kind: review.Output}}}}}, &form.Guide{})
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{string(book), inContents} {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("form", inName+".xlsx")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, content)
		_ = w.Close()
		out[w.FormDataContentType()] = []string{b.String()}
	}
	return out
}

func dig(at any, path ...string) any {
	for _, p := range path {
		m, _ := at.(map[string]any)
		at = m[p]
	}
	return at
}

// What people write is in no log, on no page about an error and in nothing that
// others are told, whatever they send to whichever route, and whatever fails.
func TestNothingWrittenGetsAbout(t *testing.T) {
	s, log, files := markedSite(t)
	ann, carl := s.cookie(t, "ann"), s.cookie(t, "carl")
	strangers := map[string]*http.Cookie{"tim": s.cookie(t, "tim"), "nobody": nil}
	var doc map[string]any
	if err := json.Unmarshal([]byte(s.as(t, "").get(api.Prefix+"/openapi.json").body), &doc); err != nil {
		t.Fatal(err)
	}
	request := strings.Split(strings.TrimPrefix(files[0], "/requests/"), "/")[0]
	good := strings.NewReplacer(":workspace", "cohort", ":request", request, ":file", files[0][strings.LastIndex(files[0], "/")+1:], "/*", "/"+inAddress)
	var routes []asked
	for _, r := range s.ui.echo.Routes() {
		if r.Path == "/sign-out" || strings.Contains(r.Path, "/withdraw") || strings.Contains(r.Path, "/sessions") || r.Path == "/static/*" || r.Path == "/confirm" {
			continue // would end what the others need; markers reach their like
		}
		rest := regexp.MustCompile(`:\w+`)
		routes = append(routes, asked{r.Method, r.Path, rest.ReplaceAllString(good.Replace(r.Path), inAddress)})
		if bad := rest.ReplaceAllString(strings.ReplaceAll(r.Path, "/*", "/"+inAddress), inAddress); strings.Contains(r.Path, ":") {
			routes = append(routes, asked{r.Method, r.Path, bad})
		}
	}
	routes = append(routes, asked{http.MethodGet, "", "/" + inAddress}, asked{http.MethodDelete, "", "/" + inAddress})
	fields, n := everyField(t), 0
	round := func(what string, cookie *http.Cookie, few bool) {
		for _, a := range routes {
			for media, list := range bodies(t, a, doc, fields) {
				if few && media != "" && media != "application/x-www-form-urlencoded" {
					continue
				}
				if few {
					list = list[:1]
				}
				for _, body := range list {
					n++
					s.mark(t, what, a, cookie, media, body)
				}
			}
		}
	}
	round("ann", ann, false)
	round("carl", carl, true)
	for name, cookie := range strangers {
		round(name, cookie, true)
	}
	real := s.ui.service
	s.ui.service = panicking{real}
	round("panic", ann, true)
	s.ui.service = real
	if err := s.Store.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	round("no database", carl, true)
	if n < 1000 {
		t.Errorf("only %d requests", n)
	}
	lines := strings.Split(strings.TrimSpace(log.text()), "\n")
	faults := 0
	for _, line := range lines {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("a line of the log: %v", err)
		}
		if fields["msg"] == "fault" {
			faults++
			if fields["id"] == "" || fields["route"] == "" {
				t.Errorf("a fault without its id or route: %s", line)
			}
		}
		if strings.Contains(strings.ToLower(line), marker) {
			t.Errorf("the log holds %s", line[:min(len(line), 700)])
		}
	}
	if len(lines) < n || faults == 0 {
		t.Errorf("%d lines, %d faults for %d requests", len(lines), faults, n)
	}
}

// mark sends one request full of marks, and holds the answer to what it may say.
func (s *site) mark(t *testing.T, what string, a asked, cookie *http.Cookie, media, body string) {
	t.Helper()
	req := httptest.NewRequest(a.Method, s.url+a.Path+"?"+inAddress+"="+inAddress+"&next=/"+inAddress+"&view="+inAddress+"&find="+inAddress, strings.NewReader(body))
	for name, value := range map[string]string{
		"Sec-Fetch-Site": "same-origin", "Content-Type": media, "User-Agent": inHeader, "Referer": s.url + "/" + inHeader, "Accept-Language": inHeader,
		"X-Request-Id": inHeader, "X-Forwarded-For": inHeader, "X-" + inHeader: inHeader, "If-None-Match": `"` + inHeader + `"`, "Idempotency-Key": inHeader,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if api.Owns(a.Path) {
		req.Header.Set("Authorization", "Bearer "+tokenOfANone)
	}
	req.AddCookie(&http.Cookie{Name: inHeader, Value: inHeader})
	if cookie != nil {
		req.AddCookie(cookie)
	}
	rec := httptest.NewRecorder()
	s.ui.ServeHTTP(rec, req)
	answer, status := rec.Body.String(), rec.Code
	for name, values := range rec.Header() {
		if text := strings.Join(values, " "); strings.Contains(text, marker) && (name != "Location" || !strings.HasPrefix(text, "/")) && name != "Content-Disposition" {
			t.Errorf("%s: %s %s: header %s: %s", what, a.Method, a.Route, name, text)
		}
	}
	if status == http.StatusOK {
		answer = strings.ReplaceAll(answer, inAddress, "") // one's own address, shown to oneself: a search, a way back
	}
	foreign := what == "tim" || what == "nobody" || what == "panic" || what == "no database"
	pageOfError := slices.Contains([]int{400, 403, 404, 405, 413, 415, 421, 429, 500, 503}, status)
	mine := a.Route == "/sign-in" || strings.HasPrefix(a.Route, "/sign-in") || strings.HasPrefix(a.Route, "/account") // shows one's own field again
	if strings.Contains(answer, marker) && (pageOfError && !mine || foreign && !mine && status != http.StatusUnprocessableEntity && status != http.StatusSeeOther) {
		at := strings.Index(answer, marker)
		t.Errorf("%s: %s %s: status %d says %q", what, a.Method, a.Route, status, answer[max(0, at-80):min(len(answer), at+60)])
	}
	if status == http.StatusInternalServerError && !strings.Contains(answer, rec.Header().Get("X-Request-Id")) {
		t.Errorf("%s: %s %s: the page about a fault has no number", what, a.Method, a.Route)
	}
}

// Nothing of contents, of names or of comments is in what people are told.
func TestNoticesTellNoContents(t *testing.T) {
	s, _ := toldAbout(t, "release/"+inName+".csv", strings.ReplaceAll(roundedCSV, "region", inContents), inComment)
	n := 0
	for _, p := range reviewtest.People() {
		list, err := s.MyNotices(t.Context(), s.As(t, p.Username), 1000)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
		text := fmt.Sprintf("%+v", list)
		for _, bad := range []string{inContents, inName, inComment} {
			if strings.Contains(text, bad) {
				t.Errorf("%s is told %s", p.Username, bad)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d notices", n)
	}
}
