package ui

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/ui/signin"
)

func sealer(t testing.TB) *signin.Sealer {
	t.Helper()
	s, err := signin.NewSealer([32]byte{3})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const contentHost = "contents.example"

// ticketed is a site whose contents have a host of their own, a file of ann's and
// her cookie.
func ticketed(t *testing.T) (s *site, content string, cookie *http.Cookie) {
	t.Helper()
	s = newSite(t, func(o *Options) { o.ContentHost, o.Sealer = contentHost, sealer(t) })
	request := s.draft(t, "release/rates.csv", roundedCSV)
	return s, s.as(t, "ann").get(request).links(fileLink)[0] + "/content", s.cookie(t, "ann")
}

// ask fetches what a page's frame would, and returns the path of the ticket.
func (s *site) ask(t *testing.T, content string, cookie *http.Cookie) string {
	t.Helper()
	res := s.send(asked{Method: http.MethodGet, Path: content}, cookie, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe")
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther || to.Host != contentHost || !strings.HasPrefix(to.Path, "/contents/") {
		t.Fatalf("the frame is answered with %d, to %s: %v", res.StatusCode, to, err)
	}
	return to.Path
}

// apart asks the host of contents.
func (s *site) apart(path string, headers ...string) *http.Response {
	return s.send(asked{Method: http.MethodGet, Path: path}, nil, append([]string{"Host", contentHost, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, headers...)...)
}

func TestContentHost(t *testing.T) {
	s, content, cookie := ticketed(t)
	s.send(asked{Method: http.MethodGet, Path: strings.TrimSuffix(content, "/content")}, cookie)
	before := s.events(t)
	path := s.ask(t, content, cookie)
	res := s.apart(path)
	if res.StatusCode != http.StatusOK || text(t, res) != roundedCSV {
		t.Fatalf("a ticket is answered with %d", res.StatusCode)
	}
	if s.events(t) != before {
		t.Error("what a page frames is a view of its own on record")
	}
	csp := res.Header.Get("Content-Security-Policy")
	for _, need := range []string{"default-src 'none'", "; sandbox;", "frame-ancestors " + s.url + ";"} {
		if !strings.Contains(csp, need) {
			t.Errorf("the policy of contents %q lacks %s", csp, need)
		}
	}
	for name, want := range map[string]string{
		"Cross-Origin-Resource-Policy": "cross-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cache-Control": "no-store", "Set-Cookie": "",
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "", "Content-Type": "text/plain; charset=utf-8",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s of contents is %q, want %q", name, got, want)
		}
	}
	page := s.as(t, "ann").get(strings.TrimSuffix(content, "/content")).header.Get("Content-Security-Policy")
	if !strings.Contains(page, "frame-src 'self' http://"+contentHost+";") || !strings.Contains(page, "img-src 'self' http://"+contentHost+" data:;") {
		t.Errorf("the policy of pages is %q", page)
	}
	for _, dest := range []string{"document", "script", "style", "worker", "serviceworker", "object", "embed", "font", "empty"} {
		if res := s.apart(path, "Sec-Fetch-Dest", dest); res.StatusCode != http.StatusNotFound {
			t.Errorf("contents come as %s: status %d", dest, res.StatusCode)
		}
	}
	if res := s.send(asked{Method: http.MethodGet, Path: path}, cookie); res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a ticket at the pages' host: status %d", res.StatusCode)
	}
}

// A ticket opens one file, to one session, for a minute, as long as its person
// may see the file.
func TestTicketsEnd(t *testing.T) {
	s, content, cookie := ticketed(t)
	gone := func(what, path string) {
		t.Helper()
		if res := s.apart(path); res.StatusCode != http.StatusNotFound || strings.Contains(text(t, res), "region") {
			t.Errorf("%s: status %d", what, res.StatusCode)
		}
	}
	path := s.ask(t, content, cookie)
	for i := range []int{0, 1, 2} {
		at := len("/contents/") + i*(len(path)-len("/contents/")-1)/2
		other := byte('A')
		if path[at] == other {
			other = 'B'
		}
		gone("altered", path[:at]+string(other)+path[at+1:])
	}
	gone("cut", path[:len(path)-4])
	gone("none", "/contents/none")
	sealed := s.ui.options.Sealer.Seal([]byte(`{"Session":"x","Until":"2099-01-01T00:00:00Z"}`), "new code ann")
	gone("sealed for something else", "/contents/"+base64.RawURLEncoding.EncodeToString(sealed))
	s.Advance(ticketLife)
	gone("old", path)

	path = s.ask(t, content, cookie)
	s.send(asked{Method: http.MethodPost, Path: "/sign-out"}, cookie, "Sec-Fetch-Site", "same-origin")
	gone("of a session that ended", path)

	tim := s.cookie(t, "tim") // of another project
	if res := s.send(asked{Method: http.MethodGet, Path: content}, tim, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger is answered with %d", res.StatusCode)
	}
	cookie = s.cookie(t, "ann")
	path = s.ask(t, content, cookie)
	ann := *s.As(t, "ann").Person
	ann.Disabled = true
	if err := s.Store.SavePeople(t.Context(), []review.Person{ann}, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
		t.Fatal(err)
	}
	gone("of an account that is closed", path)
}

// The host of contents has no page, no sign-in, no cookie and no interface.
func TestContentHostHasNothingElse(t *testing.T) {
	s, _, cookie := ticketed(t)
	n := 0
	for _, a := range s.everyRoute(t) {
		if a.Route == contentsRoute {
			continue
		}
		n++
		res := s.send(a, cookie, "Host", contentHost, "Sec-Fetch-Site", "same-origin")
		if res.StatusCode != http.StatusMisdirectedRequest || len(res.Cookies()) > 0 {
			t.Errorf("%s %s: status %d, %d cookies", a.Method, a.Route, res.StatusCode, len(res.Cookies()))
		}
		headersHeldApart(t, a, res)
	}
	if n < 150 {
		t.Errorf("only %d routes", n)
	}
}

// headersHeldApart fails unless an answer of the host of contents has no more
// authority than contents have.
func headersHeldApart(t *testing.T, a asked, res *http.Response) {
	t.Helper()
	for name, want := range map[string]string{"Content-Security-Policy": "sandbox", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := res.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s %s: %s is %q", a.Method, a.Route, name, got)
		}
	}
}

func TestCheckContentHost(t *testing.T) {
	for host, ok := range map[string]bool{
		"": true, "contents.example": true, "contents.example:8443": true, "pages.example": false, "pages.example:1": false, "PAGES.example": false,
		"localhost:1": false, "https://contents.example": false, "contents.example/": false, "*.example": false, "a b": false, ":80": false,
	} {
		o := Options{ContentHost: host, Hosts: []string{"Pages.example:443", "localhost:*"}, Sealer: sealer(t)}
		if problem := checkContentHost(o); (problem == "") != ok {
			t.Errorf("%q: %q", host, problem)
		}
	}
	if checkContentHost(Options{ContentHost: "contents.example"}) == "" {
		t.Error("a host of contents without a sealer is taken")
	}
}

// FuzzTicket holds whatever is no ticket of ours to open nothing.
func FuzzTicket(f *testing.F) {
	for _, seed := range []string{"", "AAAA", "e30", strings.Repeat("A", 300), "%2e%2e", "../../x", "\x00"} {
		f.Add(seed)
	}
	u := &UI{options: Options{Sealer: sealer(f)}, now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }}
	f.Fuzz(func(t *testing.T, sealed string) {
		if got := u.openTicket(sealed); got != nil {
			t.Errorf("%q opens %+v", sealed, got)
		}
	})
}
