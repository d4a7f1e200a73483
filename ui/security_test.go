package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/password"
)

// Researchers' bytes come without any authority, under a name that cannot end
// its header.
func TestContentResponse(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.Workspaces.Write(reviewtest.Cohort, "release/r.html", "<h1>Report</h1><script>alert(1)</script>")
	ann := s.as(t, "ann")
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "each", "file", "release/r.html").want(http.StatusOK)
	for _, file := range ann.links(fileLink) {
		ann.get(file + "/content").want(http.StatusOK)
		if got := ann.header.Get("Content-Security-Policy"); got != contentCSP || !strings.Contains(got, "sandbox;") || strings.Contains(got, "allow-") {
			t.Errorf("policy of contents: %q", got)
		}
		if ann.header.Get("Cache-Control") != "no-store" || ann.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers of contents: %v", ann.header)
		}
		if strings.Contains(ann.body, "script>") {
			t.Error("what was not cleaned is shown")
		}
		ann.get(file + "/download").want(http.StatusOK)
		if got := ann.header.Get("Content-Type"); got != "application/octet-stream" {
			t.Errorf("a download has type %q", got)
		}
		if got := ann.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; ") {
			t.Errorf("a download has disposition %q", got)
		}
	}
	ann.get(request).want(http.StatusOK)
}

func TestDisposition(t *testing.T) {
	tests := []struct{ name, want string }{
		{"release/rates.csv", `attachment; filename="rates.csv"; filename*=UTF-8''rates.csv`},
		{"a b.csv", `attachment; filename="a b.csv"; filename*=UTF-8''a%20b.csv`},
		{`a"; x="b.csv`, `attachment; filename="a__ x=_b.csv"; filename*=UTF-8''a%22%3B%20x%3D%22b.csv`},
		{"a\r\nSet-Cookie: x.csv", `attachment; filename="a_u{000d}_u{000a}Set-Cookie: x.csv"; filename*=UTF-8''a%5Cu%7B000d%7D%5Cu%7B000a%7DSet-Cookie%3A%20x.csv`},
		{"gr\u202exslc.csv", `attachment; filename="gr_u{202e}xslc.csv"; filename*=UTF-8''gr%5Cu%7B202e%7Dxslc.csv`},
		{"été.csv", `attachment; filename="_t_.csv"; filename*=UTF-8''%C3%A9t%C3%A9.csv`},
		{"..", `attachment; filename=".."; filename*=UTF-8''..`},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, disposition("attachment", tt.name)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzDisposition(f *testing.F) {
	f.Add("a\".csv")
	f.Add("\r\nX: y")
	f.Fuzz(func(t *testing.T, name string) {
		got := disposition("inline", name)
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Count(got, `"`) != 2 {
			t.Errorf("%q gives %q", name, got)
		}
	})
}

// Names, titles, descriptions and comments are shown as text, whatever they
// hold, and cannot pose as something else.
func TestHostileTextIsInert(t *testing.T) {
	s := newSite(t)
	name := "release/<script>alert(1)</script>\"'\n\u202egnp.csv"
	s.Workspaces.Write(reviewtest.Cohort, name, "region,<img src=x onerror=alert(1)>\n\"=cmd|'/c calc'!A1\",120\n\u202eabc,345\nc,210\nd,95\ne,450\n")
	ann := s.as(t, "ann")
	ann.get("/workspaces/cohort").want(http.StatusOK)
	ann.post("/workspaces/cohort/files", "kind", "output", "group", "new", "new_group", `"><img src=x onerror=alert(2)>`, "file", name).want(http.StatusOK)
	request := ann.path
	ann.post(request+"/details", "title", "<b>T</b>{{.}}", "purpose", "</textarea><script>alert(3)</script>\u202egnp", "repository", "javascript:alert(4)").want(http.StatusOK)
	group := ann.links(groupLink)[0]
	ann.post(request+"/comments", "group", strings.TrimPrefix(group, request+"/groups/"), "back", group,
		"comment", "<script>alert(5)</script> [x](javascript:alert(6)) ![y](https://evil.example/z.png) <iframe src=x>").want(http.StatusOK)
	pages := append([]string{"/workspaces/cohort", "/requests", request, request + "/details", request + "/submit", group}, ann.get(request).links(fileLink)...)
	fields := regexp.MustCompile(`(?s)<textarea.*?</textarea>`)
	for _, page := range pages {
		ann.get(page).want(http.StatusOK)
		for _, bad := range []string{"<script>alert", "<img src=x", "<iframe", `href="javascript:`, "evil.example", "<b>T</b>"} {
			if strings.Contains(ann.body, bad) {
				t.Errorf("%s holds %q as it is", page, bad)
			}
		}
		// Only the author's own fields give back what was typed, as it was typed.
		if strings.Contains(fields.ReplaceAllString(ann.body, ""), "\u202e") {
			t.Errorf("%s lets text turn its direction", page)
		}
	}
}

// A second click does nothing twice.
func TestDoubleClicks(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann").get(request + "/submit")
	form := []string{"permitted_results", ann.values("permitted_results")[0]}
	for _, item := range ann.values("confirm") {
		form = append(form, "confirm", item)
	}
	ann.post(request+"/submit", form...).want(http.StatusOK)
	ann.post(request+"/submit", form...).want(http.StatusConflict).has("Things have moved on")
	b := s.seats(t, request)[0]
	b.vote(request, "approve", "").vote(request, "approve", "")
	b.post(request + "/review").want(http.StatusOK)
	b.post(request + "/review").want(http.StatusConflict).has("You have submitted your review")
}

// A vote is on the bytes that were shown.
func TestVoteOnOtherBytes(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	b := s.seats(t, request)[0]
	file := b.get(request).links(fileLink)[0]
	b.post(file+"/vote", "seen", strings.Repeat("0", 64), "decision", "approve").want(http.StatusConflict).has("changed since you looked")
	b.post(file+"/vote", "seen", b.get(file).values("seen")[0], "decision", "changes", "reason", " ").
		want(http.StatusUnprocessableEntity).has("Your decision was not saved", "Give a reason")
	b.post(file+"/vote", "seen", b.get(file).values("seen")[0]).want(http.StatusUnprocessableEntity).has("Choose one")
}

// withPassword gives ann a password, outside of demo mode.
func withPassword(t *testing.T) *site {
	s := newSite(t, func(o *Options) { o.Demo, o.People = false, nil })
	encoded, err := password.Hash("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	people := reviewtest.People()
	people[0].PasswordHash = encoded
	people[1].PasswordHash, people[1].Disabled = encoded, true
	if err := s.Store.SavePeople(context.Background(), people, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignIn(t *testing.T) {
	s := withPassword(t)
	b := s.as(t, "")
	b.get("/sign-in").want(http.StatusOK).lacks("Demonstration")
	for _, tt := range []struct{ name, user, pass string }{
		{"wrong password", "ann", "open sesam"},
		{"no such person", "nobody", "open sesame"},
		{"closed account", "abe", "open sesame"},
		{"no password set", "carl", ""},
		{"nothing", "", ""},
	} {
		b.post("/sign-in", "username", tt.user, "password", tt.pass)
		if b.status != http.StatusUnprocessableEntity || !strings.Contains(b.text(), "The username or the password is not right.") {
			t.Errorf("%s: status %d, want one answer for every failure", tt.name, b.status)
		}
	}
	b.post("/sign-in/demo", "person", "ann").want(http.StatusNotFound)
	b.get("/workspaces/cohort")
	if b.path != "/sign-in" || b.values("next")[0] != "/workspaces/cohort" {
		t.Fatalf("signed out, the browser is at %s with next %q", b.path, b.values("next"))
	}
	b.post("/sign-in", "username", "ann", "password", "open sesame", "next", "/workspaces/cohort").want(http.StatusOK)
	if b.path != "/workspaces/cohort" {
		t.Errorf("after signing in the browser is at %s", b.path)
	}
	b.post("/sign-out").want(http.StatusOK)
	b.get("/workspaces")
	if b.path != "/sign-in" {
		t.Errorf("signed out, the browser is at %s", b.path)
	}
	events, err := s.Store.Events(context.Background(), review.EventQuery{Types: []review.EventType{review.EvSignIn, review.EvSignInFailed, review.EvSignOut}})
	if err != nil || len(events) != 7 {
		t.Errorf("%d events of signing in and out on record (%v), want 7", len(events), err)
	}
}

// The session gets a new token at sign-in, is of no use afterwards, and ends.
func TestSession(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ann")
	site, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	old := b.client.Jar.Cookies(site)
	b.post("/sign-in/demo", "person", "ann").want(http.StatusOK)
	if now := b.client.Jar.Cookies(site); len(old) != 1 || len(now) != 1 || now[0].Value == old[0].Value {
		t.Errorf("the token stayed the same at sign-in: %v, %v", old, now)
	}
	other := s.as(t, "")
	other.client.Jar.SetCookies(site, old)
	other.get("/workspaces")
	if other.path != "/sign-in" {
		t.Error("the token from before signing in again still works")
	}
	s.Advance(30 * time.Minute)
	b.get("/workspaces").want(http.StatusOK)
	if b.path != "/workspaces" {
		t.Error("the session ended before its time")
	}
	s.Advance(61 * time.Minute)
	b.get("/workspaces")
	if b.path != "/sign-in" {
		t.Error("an idle session did not end")
	}
}

// A role taken away, or an account closed, counts at once.
func TestClosedAccountIsOut(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ann").get("/workspaces").want(http.StatusOK)
	people := reviewtest.People()[:1]
	people[0].Disabled = true
	if err := s.Store.SavePeople(context.Background(), people, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged, Actor: "system"}); err != nil {
		t.Fatal(err)
	}
	b.get("/workspaces")
	if b.path != "/sign-in" {
		t.Errorf("a closed account is at %s", b.path)
	}
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newSite(t, func(o *Options) { o.Secure = secure })
		b := s.as(t, "")
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.post("/sign-in/demo", "person", "ann").want(http.StatusSeeOther)
		cookie := b.header.Get("Set-Cookie")
		if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "Path=/") || strings.Contains(cookie, "Domain") {
			t.Errorf("cookie %q", cookie)
		}
		if strings.HasPrefix(cookie, "__Host-") != secure || strings.Contains(cookie, "Secure") != secure {
			t.Errorf("secure %v: cookie %q", secure, cookie)
		}
	}
}

// tries is a throttle under test, over the failures of a store.
type tries struct {
	*throttle
	t   *testing.T
	now time.Time
}

// newTries makes one; more of the same kept failures are more instances.
func newTries(t *testing.T, kept failures) *tries {
	w := &tries{t: t, now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	w.throttle = newThrottle(func() time.Time { return w.now }, kept)
	return w
}

// fail makes one try that fails.
func (w *tries) fail(account, source string) (wait, lock time.Duration) {
	w.t.Helper()
	wait, lock, err := w.begin(w.t.Context(), attempt{account, source})
	if err != nil {
		w.t.Fatal(err)
	}
	return wait, lock
}

// wait is how long the next try must wait; it makes none.
func (w *tries) wait(account, source string) time.Duration {
	w.t.Helper()
	wait, _ := w.fail(account, source)
	if wait == 0 {
		if err := w.undone(w.t.Context(), attempt{account, source}); err != nil {
			w.t.Fatal(err)
		}
	}
	return wait
}

func TestThrottle(t *testing.T) {
	kept := newSite(t).Store.(failures)
	one, two := newTries(t, kept), newTries(t, kept)
	for i := range failsPerPair - 1 {
		if wait, lock := []*tries{one, two}[i%2].fail("ann", "a"); wait != 0 || lock != 0 {
			t.Fatal("locked too early")
		}
	}
	for _, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if _, got := one.fail("ann", "a"); got != want {
			t.Errorf("locked for %v, want %v", got, want)
		}
		if got := two.wait("ann", "a"); got != want {
			t.Errorf("to wait %v at another instance, want %v", got, want)
		}
		if two.wait("ann", "b") != 0 {
			t.Error("a stranger locked the owner out")
		}
		if two.wait("abe", "a") != 0 {
			t.Error("one account's failures lock out another")
		}
		one.now = one.now.Add(want)
		two.now = one.now
	}
	if one.wait("ann", "a") != 0 {
		t.Error("still locked after the time")
	}
	for range 12 {
		_, lock := one.fail("ann", "a")
		if lock > longestLock {
			t.Fatalf("locked for %v", lock)
		}
		one.now = one.now.Add(lock)
	}
	if err := one.succeeded(t.Context(), attempt{"ann", "a"}); err != nil {
		t.Fatal(err)
	}
	if _, lock := one.fail("ann", "a"); lock != 0 {
		t.Error("a success does not forgive")
	}
	one.now = one.now.Add(failWindow + time.Second)
	for i := range failsPerSource {
		one.fail(strings.Repeat("x", i+1), "c")
	}
	if wait := one.wait("new", "c"); wait <= 0 || wait > failWindow {
		t.Errorf("one source can try every account after %v", wait)
	}
}

// Of many tries at once, at several instances, no more are let through than of
// as many one after the other.
func TestThrottleCountsTriesAtOnce(t *testing.T) {
	kept := newSite(t).Store.(failures)
	let := make(chan bool)
	for range 4 * failsPerPair {
		go func() {
			th := newThrottle(func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }, kept)
			wait, _, err := th.begin(context.Background(), attempt{"ann", "a"})
			let <- err == nil && wait == 0
		}()
	}
	n := 0
	for range 4 * failsPerPair {
		if <-let {
			n++
		}
	}
	if n != failsPerPair {
		t.Errorf("%d tries were let through, want %d", n, failsPerPair)
	}
}

// Whoever fails on an account from everywhere slows it down, and no more.
func TestThrottleNeverLocksAnAccountAway(t *testing.T) {
	th := newTries(t, newSite(t).Store.(failures))
	for i := range 2 * failsPerAccount {
		th.fail("ann", fmt.Sprint("source ", i))
	}
	th.now = th.now.Add(slowAccount)
	for range 3 {
		if wait, _ := th.fail("ann", "home"); wait != 0 {
			t.Error("the owner cannot try")
		}
		if wait := th.wait("ann", "home"); wait <= 0 || wait > slowAccount {
			t.Errorf("the next try waits for %v", wait)
		}
		th.now = th.now.Add(slowAccount)
	}
}

// What is kept of failures says nothing of who failed.
func TestFailureKeys(t *testing.T) {
	a := attempt{"hunter2", "192.0.2.7"}
	for _, key := range a.keys() {
		if len(key) != 64 || strings.Contains(key, "hunter2") || strings.Contains(key, "192.") {
			t.Errorf("key %q", key)
		}
	}
}

func TestNetwork(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7", "[::ffff:192.0.2.7]:80": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64", "odd": "odd",
	} {
		if got := network(remote); got != want {
			t.Errorf("%s is %s, want %s", remote, got, want)
		}
	}
}

func TestTooManyTries(t *testing.T) {
	s := withPassword(t)
	b := s.as(t, "")
	for range failsPerPair {
		b.post("/sign-in", "username", "ann", "password", "x").want(http.StatusUnprocessableEntity)
	}
	b.post("/sign-in", "username", "ann", "password", "open sesame").want(http.StatusTooManyRequests).has("too many failed tries")
	if s.events(t, review.EvLockedOut) != 1 {
		t.Error("the lock is not on record, once")
	}
	s.Advance(firstLock + time.Second)
	b.post("/sign-in", "username", "ann", "password", "open sesame").want(http.StatusOK)
}

// events counts the events of a type on record.
func (s *site) events(t *testing.T, types ...review.EventType) int {
	t.Helper()
	list, err := s.Store.Events(context.Background(), review.EventQuery{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/requests?x=1#y": "/requests?x=1#y", "": "/", "requests": "/", "//evil.example": "/", `/\evil.example`: "/", `/a\b`: "/",
		"https://evil.example/": "/", "/\t/evil.example": "/", "/%0d%0aX: y": "/%0d%0aX: y", "///x": "/", "javascript:alert(1)": "/", "/..//evil.example": "/", "/.//evil.example": "/", "/x/..//evil.example": "/", "/a/../b": "/", "/a/": "/a/", "/": "/", "/a?x=//b": "/a?x=//b",
	} {
		if got := localPath(in); got != want {
			t.Errorf("localPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLargeForm(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.as(t, "ann").post(request+"/details", "purpose", strings.Repeat("a", maxBody+1)).want(http.StatusRequestEntityTooLarge)
	s.as(t, "ann").post(request+"/details", "title", strings.Repeat("a", 400), "purpose", "kept").want(http.StatusUnprocessableEntity).has("This is too long", "kept")
}

// Whoever confirms goes back, if they leave it, to the page that they came from,
// and to no other site's; and the button says what they chose.
func TestConfirmingLeadsBack(t *testing.T) {
	for referer, want := range map[string]string{
		"": "/", "https://sallyport.example/access?x=1": "/access?x=1", "https://sallyport.example/": "/",
		"https://elsewhere.example/access": "/", "https://sallyport.example//elsewhere.example": "/", "https://sallyport.example/%0a": "/%0a", "::": "/",
		"https://sallyport.example/\\elsewhere.example": "/%5Celsewhere.example",
	} {
		r := httptest.NewRequest(http.MethodPost, "https://sallyport.example/access", nil)
		r.Header.Set("Referer", referer)
		if got := cameFrom(r); got != want {
			t.Errorf("%q leads back to %q, want %q", referer, got, want)
		}
	}
	for answer, want := range map[string]string{"yes": "Confirm the proposal", "no": "Refuse the proposal"} {
		if got := graveWords(route{Action: policy.AccessConfirm}, url.Values{"answer": {answer}}); got != want {
			t.Errorf("%s: %q", answer, got)
		}
	}
}
