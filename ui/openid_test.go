package ui

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/signin"
	"sallyport/ui/signin/openid"
)

// idp is a certified provider of OpenID Connect, running beside the test.
type idp struct {
	url string
	cmd *exec.Cmd
}

// startIDP starts the provider, which sends browsers back to the site.
func startIDP(t *testing.T, site string) *idp {
	t.Helper()
	if _, err := os.Stat("oidctest/node_modules/oidc-provider"); err != nil {
		if os.Getenv("SALLYPORT_BROWSER") == "required" {
			t.Fatal("the provider is not installed: run npm ci in ui/oidctest")
		}
		t.Skip("the provider is not installed: run npm ci in ui/oidctest")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	method := site + "/sign-in/by/uni"
	cmd := exec.Command("node", "server.mjs", fmt.Sprint(port), method+"/back", site+"/sign-in", method+"/end")
	cmd.Dir, cmd.Stderr = "oidctest", io.Discard
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &idp{fmt.Sprintf("http://127.0.0.1:%d", port), cmd}
	t.Cleanup(p.stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ready" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p
		}
	}
	t.Fatal("the provider did not start")
	return nil
}

func (p *idp) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *idp) groups(t *testing.T, sub, groups string) {
	t.Helper()
	res, err := http.Post(p.url+"/test/groups?sub="+sub+"&groups="+url.QueryEscape(groups), "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// openIDSite is a site whose people come from the provider. The site's address
// must be known before the provider starts, and the other way round.
func openIDSite(t *testing.T) (*site, *idp) {
	t.Helper()
	var p *idp
	var key [32]byte
	sealer, err := signin.NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	later := &lateMethod{}
	s := newSite(t, func(o *Options) {
		o.Demo, o.People, o.Sealer, o.Methods = false, nil, sealer, []signin.Method{later}
		o.Log = slog.New(slog.DiscardHandler)
		o.Now = func() time.Time { return time.Now().UTC().Add(later.ahead) }
	})
	s.ui.options.URL = s.url
	p = startIDP(t, s.url)
	m, err := openid.New(openid.Options{
		ID: "uni", Label: "the university", Issuer: p.url, ClientID: "sallyport", ClientSecret: "a secret for tests only",
		Scopes: []string{"profile", "email", "groups", "offline_access"}, Back: s.url + "/sign-in/by/uni/back", AfterSignOut: s.url + "/sign-in",
		Roles:      map[string]policy.Role{"scientists": policy.Researcher, "reviewers": policy.Checker},
		Projects:   map[string]review.ProjectID{"study-team": reviewtest.Study},
		InProjects: map[string]review.ScopedRole{"helpers": {Role: policy.Copilot, Project: reviewtest.Study}},
		Now:        time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	later.Sender = m
	return s, p
}

// lateMethod is a method that is made after the site.
type lateMethod struct {
	signin.Sender
	ahead time.Duration // how far the site's clock is ahead
}

func (l *lateMethod) ID() string     { return "uni" }
func (l *lateMethod) Label() string  { return "the university" }
func (l *lateMethod) Origin() string { return "" }

var formAction = regexp.MustCompile(`action="([^"]*)"`)

// submit sends the form of the provider's page.
func (b *browser) submit(pairs ...string) *browser {
	b.t.Helper()
	m := formAction.FindStringSubmatch(b.body)
	if m == nil {
		b.t.Fatalf("no form at %s:\n%s", b.where, b.body)
	}
	to, err := b.where.Parse(html.UnescapeString(m[1]))
	if err != nil {
		b.t.Fatal(err)
	}
	form := url.Values{}
	for _, h := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(b.body, -1) {
		form.Set(h[1], html.UnescapeString(h[2]))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// throughIDP signs in with the provider's forms, allowing everything.
func (b *browser) throughIDP(name string) *browser {
	b.t.Helper()
	b.get("/sign-in/by/uni?next=/workspaces")
	for range 4 {
		switch {
		case strings.Contains(b.body, `name="login"`):
			b.submit("login", name, "password", "x")
		case strings.Contains(b.body, `value="consent"`):
			b.submit()
		default:
			return b
		}
	}
	return b
}

func TestOpenID(t *testing.T) {
	s, p := openIDSite(t)
	p.groups(t, "grace", "scientists study-team strangers")
	b := s.as(t, "").throughIDP("grace").want(http.StatusOK)
	if b.path != "/workspaces" {
		t.Fatalf("signed in, the browser is at %s\n%s", b.where, b.text())
	}
	b.has("Person grace", "Researcher")
	grace, err := s.Store.Person(context.Background(), "grace")
	if err != nil || len(grace.Projects) != 1 || grace.Projects[0] != reviewtest.Study {
		t.Errorf("grace is %+v, %v", grace, err)
	}

	t.Run("nobody without a role", func(t *testing.T) {
		s.as(t, "").throughIDP("stranger").want(http.StatusUnprocessableEntity).has("no role here")
		if _, err := s.Store.Person(context.Background(), "stranger"); review.KindOf(err) != review.NotFound {
			t.Errorf("the stranger was kept: %v", err)
		}
	})
	t.Run("nobody else's account", func(t *testing.T) {
		p.groups(t, "ann", "scientists")
		s.as(t, "").throughIDP("ann").want(http.StatusUnprocessableEntity).has("nobody said that it is yours")
		err := s.ui.options.Accounts.Link(context.Background(), review.Identity{Method: "uni", Subject: "ann", Person: "ann", Linked: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		s.as(t, "").throughIDP("ann").want(http.StatusOK).has("Person ann")
	})
	t.Run("consent denied", func(t *testing.T) {
		b := s.as(t, "").get("/sign-in/by/uni")
		b.submit("login", "grace", "password", "x")
		abort := regexp.MustCompile(`href="([^"]*/abort)"`).FindStringSubmatch(b.body)
		if abort == nil {
			t.Fatalf("no way to deny:\n%s", b.body)
		}
		to, _ := b.where.Parse(abort[1])
		req, _ := http.NewRequest(http.MethodGet, to.String(), nil)
		b.do(req).want(http.StatusUnprocessableEntity).has("not allowed there")
		b.get("/workspaces")
		if b.path != "/sign-in" {
			t.Errorf("denied, the browser is at %s", b.path)
		}
	})
}

// What comes back counts for the attempt it belongs to, once.
func TestOpenIDAnswers(t *testing.T) {
	s, p := openIDSite(t)
	p.groups(t, "grace", "scientists")
	// A browser that stops before it comes back.
	stopped := func() (*browser, *url.URL) {
		b := s.as(t, "")
		var back *url.URL
		b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/back") {
				back = r.URL
				return http.ErrUseLastResponse
			}
			return nil
		}
		b.throughIDP("grace")
		if back == nil {
			t.Fatalf("the provider did not send the browser back: %s", b.body)
		}
		b.client.CheckRedirect = nil
		return b, back
	}
	for name, change := range map[string]func(url.Values){
		"another state":  func(q url.Values) { q.Set("state", "x") },
		"no state":       func(q url.Values) { q.Del("state") },
		"another code":   func(q url.Values) { q.Set("code", "x") },
		"no code":        func(q url.Values) { q.Del("code") },
		"another issuer": func(q url.Values) { q.Set("iss", "https://evil.example") },
		"no issuer":      func(q url.Values) { q.Del("iss") },
	} {
		t.Run(name, func(t *testing.T) {
			b, back := stopped()
			q := back.Query()
			change(q)
			b.get(back.Path + "?" + q.Encode()).want(http.StatusUnprocessableEntity).has("Begin again")
			b.get(back.RequestURI()).want(http.StatusUnprocessableEntity) // the attempt is used up
		})
	}
	t.Run("another browser", func(t *testing.T) {
		_, back := stopped()
		s.as(t, "").get(back.RequestURI()).want(http.StatusUnprocessableEntity).has("not begun here")
	})
	t.Run("another browser's code", func(t *testing.T) {
		_, back := stopped()
		other, own := stopped()
		q := own.Query()
		q.Set("code", back.Query().Get("code"))
		other.get(own.Path + "?" + q.Encode()).want(http.StatusUnprocessableEntity).has("Begin again")
	})
	t.Run("twice", func(t *testing.T) {
		b, back := stopped()
		b.get(back.RequestURI()).want(http.StatusOK)
		b.get(back.RequestURI()).want(http.StatusUnprocessableEntity)
	})
}

// The provider's word is asked for again; a group that is gone takes the role
// with it, and a provider that is away shuts the door in time.
func TestOpenIDRefresh(t *testing.T) {
	s, p := openIDSite(t)
	late := s.ui.options.Methods[0].(*lateMethod)
	helps := func() bool {
		grace, err := s.Store.Person(context.Background(), "grace")
		return err == nil && grace.Helps(reviewtest.Study)
	}
	p.groups(t, "grace", "scientists reviewers helpers")
	b := s.as(t, "").throughIDP("grace").want(http.StatusOK).has("Researcher", "Output checker")
	if !helps() {
		t.Error("the group gave no role in the project")
	}
	p.groups(t, "grace", "reviewers")
	b.get("/workspaces").want(http.StatusOK) // its word is young
	late.ahead = 16 * time.Minute
	b.get("/workspaces").want(http.StatusNotFound).lacks("Researcher")
	if helps() {
		t.Error("the role in the project outlives its group")
	}
	b.get("/queue").want(http.StatusOK)

	p.stop()
	late.ahead = 32 * time.Minute
	b.get("/queue").want(http.StatusOK) // within the grace
	late.ahead = 47 * time.Minute
	b.get("/queue").want(http.StatusServiceUnavailable).has("nothing can be done here but sign out", "Sign out")
	b.post("/requests/x/release").want(http.StatusServiceUnavailable)
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.post("/sign-out").want(http.StatusSeeOther)
	if got := b.header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("signing out clears %q", got)
	}
}

func TestOpenIDSignOutAndConfirm(t *testing.T) {
	s, p := openIDSite(t)
	late := s.ui.options.Methods[0].(*lateMethod)
	p.groups(t, "grace", "scientists")
	b := s.as(t, "").throughIDP("grace").want(http.StatusOK)
	late.ahead = 6 * time.Minute // nobody has confirmed for so long
	b.post("/account/recovery").want(http.StatusOK).has("Confirm with the university")
	b.get("/sign-in/by/uni")
	if !strings.Contains(b.body, `name="login"`) {
		t.Fatalf("the provider does not ask anew:\n%s", b.text())
	}
	late.ahead = 0
	for range 3 {
		if strings.Contains(b.body, `name="login"`) {
			b.submit("login", "grace", "password", "x")
		} else if strings.Contains(b.body, `value="consent"`) {
			b.submit()
		}
	}
	if b.path != "/confirm/go" {
		t.Errorf("confirmed, the browser is at %s:\n%s", b.where, b.text())
	}
	other := s.as(t, "").throughIDP("grace").want(http.StatusOK)
	b.post("/sign-out").want(http.StatusOK)
	if !strings.HasPrefix(b.where.String(), p.url) {
		t.Fatalf("signing out led to %s", b.where)
	}
	b.submit("logout", "yes").want(http.StatusOK)
	if b.path != "/sign-in" {
		t.Errorf("signed out there, the browser is at %s", b.where)
	}
	b.get("/workspaces")
	if b.path != "/sign-in" {
		t.Error("still signed in")
	}
	other.get("/workspaces").want(http.StatusOK)
	if other.path != "/workspaces" {
		t.Error("one browser's sign-out ended another's session")
	}
}

// A provider that cannot be reached lets nobody new in.
func TestOpenIDProviderDown(t *testing.T) {
	s, p := openIDSite(t)
	p.stop()
	s.as(t, "").get("/sign-in/by/uni").want(http.StatusServiceUnavailable).has("cannot be reached")
}

// Signing out at the provider, as from another application, ends the session
// here by the provider's own message; that of another browser stays.
func TestOpenIDBackChannel(t *testing.T) {
	s, p := openIDSite(t)
	p.groups(t, "grace", "scientists")
	b := s.as(t, "").throughIDP("grace").want(http.StatusOK)
	other := s.as(t, "").throughIDP("grace").want(http.StatusOK)
	req, err := http.NewRequest(http.MethodGet, p.url+"/session/end", nil)
	if err != nil {
		t.Fatal(err)
	}
	b.do(req).want(http.StatusOK)
	b.submit("logout", "yes").want(http.StatusOK)
	for deadline := time.Now().Add(10 * time.Second); s.events(t, review.EvSessionEnded) == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	b.get("/workspaces")
	if b.path != "/sign-in" {
		t.Errorf("signed out at the provider, the browser is at %s", b.path)
	}
	other.get("/workspaces").want(http.StatusOK)
	if other.path != "/workspaces" {
		t.Error("the provider's message ended another browser's session")
	}
	list, err := s.Store.Events(context.Background(), review.EventQuery{Types: []review.EventType{review.EvSessionEnded}})
	if err != nil || len(list) != 1 || list[0].Detail["why"] != "ended there" || list[0].Detail["method"] != "uni" {
		t.Errorf("on record: %+v, %v", list, err)
	}
	s.as(t, "").post("/sign-in/by/uni/end", "logout_token", "made up").want(http.StatusBadRequest)
	other.get("/workspaces").want(http.StatusOK)
}
