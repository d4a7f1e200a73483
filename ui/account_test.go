package ui

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/password"
	"sallyport/ui/signin"
)

// realSite has passwords and second factors, as a real server does.
func realSite(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	sealer, err := signin.NewSealer([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, append([]func(*Options){func(o *Options) {
		o.Demo, o.People, o.Sealer, o.SecondFactor, o.URL = false, nil, sealer, policy.StrictRoles(), "https://localhost"
	}}, change...)...)
	encoded, err := password.Hash("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	people := reviewtest.People()
	for i := range people {
		people[i].PasswordHash = encoded
	}
	s.save(t, people...)
	return s
}

func (s *site) save(t *testing.T, people ...review.Person) {
	t.Helper()
	err := s.Store.SavePeople(context.Background(), people, nil, review.Event{At: s.Now(), Type: review.EvPeopleChanged, Actor: "system"})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) signIn(t *testing.T, name string) *browser {
	t.Helper()
	return s.as(t, "").post("/sign-in", "username", name, "password", "open sesame")
}

var shownSecret = regexp.MustCompile(`id="code-secret">([A-Z2-7]+)<`)

// code is what an app shows now.
func (s *site) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, s.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol sets up an app, and returns its secret and the recovery codes.
func (s *site) enrol(t *testing.T, b *browser) (string, []string) {
	t.Helper()
	secret := shownSecret.FindStringSubmatch(b.get("/account/code").want(http.StatusOK).body)[1]
	b.post("/account/code", "code", "000000")
	b.post("/account/code", "code", s.code(t, secret)).want(http.StatusOK).has("is set up")
	var codes []string
	for _, m := range regexp.MustCompile(`<li><code>([a-z0-9-]+)</code>`).FindAllStringSubmatch(b.body, -1) {
		codes = append(codes, m[1])
	}
	if len(codes) != signin.RecoveryCodes {
		t.Fatalf("%d recovery codes are shown", len(codes))
	}
	return secret, codes
}

// A checker can do nothing with a password alone, and everything with a code,
// each of which counts once.
func TestSecondFactor(t *testing.T) {
	s := realSite(t)
	carl := s.signIn(t, "carl").want(http.StatusOK).has("Add a second factor first")
	for _, path := range []string{"/queue", "/account/tokens", "/"} {
		if carl.get(path); carl.path != "/account" {
			t.Errorf("without a second factor, %s leads to %s", path, carl.path)
		}
	}
	secret, recovery := s.enrol(t, carl)
	if carl.get("/queue").want(http.StatusOK); carl.path != "/queue" {
		t.Errorf("with a second factor, the browser is at %s", carl.path)
	}

	s.Advance(time.Minute)
	b := s.signIn(t, "carl")
	if b.path != "/sign-in/code" {
		t.Fatalf("after the password, the browser is at %s", b.path)
	}
	if b.get("/queue"); b.path != "/sign-in" {
		t.Error("the password alone opened the queue")
	}
	b.post("/sign-in/code", "code", "123456").want(http.StatusUnprocessableEntity).has("not right")
	code := s.code(t, secret)
	b.post("/sign-in/code", "code", code).want(http.StatusOK)
	if b.get("/queue").want(http.StatusOK); b.path != "/queue" {
		t.Errorf("signed in, the browser is at %s", b.path)
	}
	s.signIn(t, "carl").post("/sign-in/code", "code", code).want(http.StatusUnprocessableEntity)
	s.signIn(t, "carl").post("/sign-in/code", "code", strings.ToUpper(recovery[0])).want(http.StatusOK)
	s.signIn(t, "carl").post("/sign-in/code", "code", recovery[0]).want(http.StatusUnprocessableEntity)

	b.post("/account/code/remove").want(http.StatusConflict).has("Add another before you remove this one")
	b.post("/account/recovery").want(http.StatusOK).has("The earlier ones no longer work")
	s.signIn(t, "carl").post("/sign-in/code", "code", recovery[1]).want(http.StatusUnprocessableEntity)
	for kind, want := range map[review.EventType]int{
		review.EvFactorAdded: 1, review.EvRecoveryMade: 2, review.EvRecoveryUsed: 1, review.EvFactorRemoved: 0,
	} {
		if got := s.events(t, kind); got != want {
			t.Errorf("%d events %s, want %d", got, kind, want)
		}
	}
	cred, err := s.ui.options.Accounts.Credentials(context.Background(), "carl")
	if err != nil || strings.Contains(string(cred.Code.Secret), secret) || slices.Contains(cred.Recovery, recovery[2]) {
		t.Errorf("secrets are kept as they are (%v)", err)
	}
}

// Whose role asks for no second factor takes each away again: the app, a passkey,
// and the recovery codes with the last.
func TestFactorsAreRemoved(t *testing.T) {
	s := realSite(t)
	ann := s.signIn(t, "ann").want(http.StatusOK)
	s.enrol(t, ann)
	err := s.ui.options.Accounts.UpdateCredentials(t.Context(), "ann", func(cred *review.Credentials) ([]review.Event, error) {
		cred.Passkeys = append(cred.Passkeys, review.Passkey{ID: []byte("laptop"), Name: "Laptop", Record: []byte("{}"), Added: s.Now()})
		return []review.Event{{At: s.Now(), Type: review.EvFactorAdded, Actor: "ann"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	remove := ann.get("/account/passkeys").want(http.StatusOK).has("Laptop").actions("/account/passkeys/")
	if len(remove) != 1 {
		t.Fatalf("the page offers %v", remove)
	}
	s.signIn(t, "abe").post(remove[0]).want(http.StatusNotFound)
	ann.post(remove[0]).want(http.StatusOK)
	ann.post("/account/code/remove").want(http.StatusOK).has("The authenticator app is removed")
	cred, err := s.ui.options.Accounts.Credentials(t.Context(), "ann")
	if err != nil || len(cred.Passkeys) != 0 || cred.Code != nil || len(cred.Recovery) != 0 {
		t.Errorf("there are still %+v, %v", cred, err)
	}
	if n := s.events(t, review.EvFactorRemoved); n != 2 {
		t.Errorf("%d events say so, want 2", n)
	}
}

// The answer and the work are the same whether there is such an account or not.
func TestSameWorkForEverybody(t *testing.T) {
	s := realSite(t)
	calls := 0
	verify := s.ui.verify
	s.ui.verify = func(encoded, pass string) bool { calls++; return verify(encoded, pass) }
	closed := reviewtest.People()[1]
	closed.Disabled = true
	none := reviewtest.People()[2]
	s.save(t, closed, none)
	var bodies []string
	for i, name := range []string{"ann", "abe", "tim", "nobody", "", strings.Repeat("x", 300)} {
		b := s.as(t, "").post("/sign-in", "username", name, "password", "wrong").want(http.StatusUnprocessableEntity)
		bodies = append(bodies, strings.ReplaceAll(b.body, `value="`+name+`"`, `value=""`))
		if calls != i+1 {
			t.Errorf("%q: %d passwords were hashed, want %d", name, calls, i+1)
		}
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Error("the pages differ")
	}
}

// A password kept with less work is kept with more once it is known.
func TestRehash(t *testing.T) {
	s := realSite(t)
	ann := reviewtest.People()[0]
	s.ui.verify = func(encoded, pass string) bool { return encoded != "" && pass == "open sesame" }
	ann.PasswordHash = "$argon2id$v=19$m=8192,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	s.save(t, ann)
	s.signIn(t, "ann").want(http.StatusOK)
	now, err := s.Store.Person(context.Background(), "ann")
	if err != nil || password.Outdated(now.PasswordHash) || !password.Verify(now.PasswordHash, "open sesame") {
		t.Errorf("kept as %s, %v", now.PasswordHash, err)
	}
}

func TestInvitation(t *testing.T) {
	s := realSite(t)
	tim := reviewtest.People()[2]
	tim.Username, tim.Name, tim.PasswordHash = "nora", "Person nora", ""
	s.save(t, tim) // new, and so without a password
	ops := s.signIn(t, "ops")
	s.enrol(t, ops)
	ops.get("/people").want(http.StatusOK).has("Person nora", "nothing")
	ops.post("/people/nora/invite").want(http.StatusOK).has("works once")
	link, err := url.Parse(regexp.MustCompile(`id="invitation-link">([^<]+)<`).FindStringSubmatch(ops.body)[1])
	if err != nil {
		t.Fatal(err)
	}
	ops.get("/people/nora").lacks(link.Path)
	b := s.as(t, "").get(link.Path).want(http.StatusOK).has("Welcome, Person nora")
	for _, tt := range []struct{ pass, again, problem string }{
		{"short", "short", "at least 12"},
		{"password1234", "password1234", "first that would be tried"},
		{"lantern gravel otter", "lantern gravel", "do not match"},
	} {
		b.post(link.Path, "password", tt.pass, "again", tt.again).want(http.StatusUnprocessableEntity).has(tt.problem)
	}
	b.post(link.Path, "password", "lantern gravel otter", "again", "lantern gravel otter").want(http.StatusOK).has("Your password is set")
	if b.get("/workspaces"); b.path != "/sign-in" {
		t.Error("the invitation signed somebody in")
	}
	b.post(link.Path, "password", "lantern gravel badger", "again", "lantern gravel badger").want(http.StatusNotFound).has("This link does not work")
	b.post("/sign-in", "username", "nora", "password", "lantern gravel otter").want(http.StatusOK).has("Person nora")

	ops.post("/people/nora/invite").want(http.StatusOK)
	link, _ = url.Parse(regexp.MustCompile(`id="invitation-link">([^<]+)<`).FindStringSubmatch(ops.body)[1])
	s.Advance(InvitationLife + time.Minute)
	s.as(t, "").get(link.Path).want(http.StatusNotFound).has("set a password with it, sign in")
	s.signIn(t, "ann").get("/people").want(http.StatusNotFound)
}

// What is grave waits until the person has shown that it is they, and is then
// exactly what it was.
func TestConfirmBeforeRelease(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	seats := s.seats(t, request)
	for _, b := range seats {
		b.vote(request, "approve", "Rounded.").post(request + "/review").want(http.StatusOK)
	}
	b := seats[0]
	s.Advance(6 * time.Minute)
	site, _ := url.Parse(s.url)
	before := b.client.Jar.Cookies(site)[0].Value
	b.post(request+"/release", "note", "<kept> & \"quoted\"").want(http.StatusOK).has("Confirm that it is you", "Release")
	if s.events(t, review.EvApproved) != 0 {
		t.Fatal("it was released before the confirmation")
	}
	if b.get("/confirm/go"); b.path != "/confirm" {
		t.Errorf("without a confirmation the browser is at %s", b.path)
	}
	b.post(request+"/release", "note", "<kept> & \"quoted\"")
	b.post("/confirm").want(http.StatusOK).has("it is you", "Release")
	if b.client.Jar.Cookies(site)[0].Value == before {
		t.Error("the token stayed the same")
	}
	if got := b.values("note"); len(got) != 1 || got[0] != "<kept> & \"quoted\"" {
		t.Errorf("the form came back as %q", got)
	}
	if action := formAction.FindAllStringSubmatch(b.body, -1); !slices.ContainsFunc(action, func(m []string) bool { return m[1] == request+"/release" }) {
		t.Fatalf("the buttons lead to %v", action)
	}
	b.post(request+"/release", "note", b.values("note")[0]).want(http.StatusOK)
	if a, c := s.events(t, review.EvApproved), s.events(t, review.EvConfirmed); a == 0 || c != 1 {
		t.Errorf("%d events of approval and %d confirmations\n%s", a, c, b.text())
	}
}

// A confirmation that was given while the clock was ahead counts for no longer than
// another, and not at all once the clock is right again.
func TestConfirmBeforeTheClockWasSetBack(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	s.submit(t, request)
	seats := s.seats(t, request)
	for _, b := range seats {
		b.vote(request, "approve", "Rounded.").post(request + "/review").want(http.StatusOK)
	}
	b := seats[0]
	s.Advance(-6 * time.Minute)
	b.post(request+"/release", "note", "n").want(http.StatusOK).has("Confirm that it is you")
	if s.events(t, review.EvApproved) != 0 {
		t.Fatal("it was released on a confirmation from the future")
	}
	b.post("/confirm").want(http.StatusOK)
	b.post(request+"/release", "note", "n").want(http.StatusOK)
	if s.events(t, review.EvApproved) == 0 {
		t.Errorf("confirmed anew, and not released: %s", b.text())
	}
}

func TestConfirmWithPasswordAndCode(t *testing.T) {
	s := realSite(t)
	b := s.signIn(t, "ops")
	secret, _ := s.enrol(t, b)
	s.Advance(6 * time.Minute)
	b.post("/people/tim/invite").want(http.StatusOK).has("Confirm that it is you")
	b.post("/confirm", "password", "open sesame").want(http.StatusUnprocessableEntity)
	b.post("/confirm", "password", "x", "code", s.code(t, secret)).want(http.StatusUnprocessableEntity)
	b.post("/confirm", "password", "open sesame", "code", s.code(t, secret)).want(http.StatusOK).has("it is you")
	b.post("/people/tim/invite").want(http.StatusOK).has("works once")

	// A new password is typed again, and kept nowhere meanwhile.
	s.Advance(6 * time.Minute)
	b.post("/account/password", "password", "lantern gravel otter", "again", "lantern gravel otter").want(http.StatusOK).has("Confirm that it is you")
	b.post("/confirm", "password", "open sesame", "code", s.code(t, secret)).want(http.StatusOK).has("The same again").lacks("lantern")
}

// Sessions are listed, and ended by their person, by an operator, by time and by
// number; the next request finds out.
func TestSessionsEnd(t *testing.T) {
	in := func(b *browser) bool { return b.get("/workspaces").path == "/workspaces" }
	t.Run("others", func(t *testing.T) {
		s := realSite(t)
		one, two := s.signIn(t, "ann"), s.signIn(t, "ann")
		one.get("/account").has("This one", "End all others").post("/account/sessions/end-others").want(http.StatusOK).has("1 session has ended")
		if in(two) || !in(one) {
			t.Error("the wrong session ended")
		}
	})
	t.Run("one, and nobody else's", func(t *testing.T) {
		s := realSite(t)
		one, two, abe := s.signIn(t, "ann"), s.signIn(t, "ann"), s.signIn(t, "abe")
		end := regexp.MustCompile(`action="(/account/sessions/[A-Z0-9]+/end)"`).FindStringSubmatch(one.get("/account").body)[1]
		abe.post(end).want(http.StatusNotFound)
		if !in(two) {
			t.Error("a stranger ended the session")
		}
		one.post(end).want(http.StatusOK)
		if in(two) || !in(one) || !in(abe) {
			t.Error("the wrong session ended")
		}
	})
	t.Run("by an operator", func(t *testing.T) {
		s := realSite(t)
		ann, ops := s.signIn(t, "ann"), s.signIn(t, "ops")
		s.enrol(t, ops)
		ops.get("/people/ann").want(http.StatusOK).has("Open sessions").post("/people/ann/sessions/end").want(http.StatusOK)
		if in(ann) {
			t.Error("the session goes on")
		}
		if s.events(t, review.EvSessionEnded) != 1 {
			t.Error("it is not on record")
		}
	})
	t.Run("by number", func(t *testing.T) {
		s := realSite(t, func(o *Options) { o.MaxSessions = 2 })
		one, two, three := s.signIn(t, "ann"), s.signIn(t, "ann"), s.signIn(t, "ann")
		if in(one) || !in(two) || !in(three) {
			t.Error("the oldest did not give way")
		}
	})
	t.Run("by a new password", func(t *testing.T) {
		s := realSite(t)
		one, two := s.signIn(t, "ann"), s.signIn(t, "ann")
		one.post("/account/password", "password", "lantern gravel otter", "again", "lantern gravel otter").want(http.StatusOK)
		if in(two) || !in(one) {
			t.Error("the wrong session ended")
		}
	})
	t.Run("by age, however much it is used", func(t *testing.T) {
		s := realSite(t)
		ann := s.signIn(t, "ann")
		for range 23 {
			s.Advance(30 * time.Minute)
			if !in(ann) {
				t.Fatal("a used session ended before its time")
			}
		}
		s.Advance(30 * time.Minute)
		if in(ann) {
			t.Error("the session goes on for ever")
		}
	})
	t.Run("by a clock that was set back", func(t *testing.T) {
		s := newSite(t)
		ann, carl := s.as(t, "ann"), s.as(t, "carl")
		s.Advance(-29 * time.Minute) // as far as anybody rests
		if !in(ann) || carl.get("/queue").path != "/queue" {
			t.Error("a small correction ended sessions")
		}
		s.Advance(-2 * time.Minute)
		if !in(ann) || carl.get("/queue").path != "/sign-in" {
			t.Error("half an hour back ends the wrong sessions")
		}
		s.Advance(-24 * time.Hour)
		if in(ann) {
			t.Error("the session waits until the clock has come to where it was")
		}
	})
	t.Run("by idleness, sooner for a checker", func(t *testing.T) {
		s := newSite(t)
		ann, carl := s.as(t, "ann"), s.as(t, "carl")
		s.Advance(31 * time.Minute)
		if !in(ann) || carl.get("/queue").path != "/sign-in" {
			t.Error("half an hour ends the wrong sessions")
		}
	})
}

// The store is told of use once a minute, not with every view.
func TestUseIsWrittenCoarsely(t *testing.T) {
	s := realSite(t)
	b := s.signIn(t, "ann")
	seen := func() time.Time {
		list, err := s.ui.options.Accounts.OpenSessions(context.Background(), review.SessionQuery{Person: "ann"})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0].Seen
	}
	first := seen()
	for range 5 {
		b.get("/workspaces").want(http.StatusOK)
	}
	if seen() != first {
		t.Error("each view is written")
	}
	s.Advance(time.Minute)
	b.get("/workspaces")
	if seen() == first {
		t.Error("the use is never written")
	}
}

// A token that somebody else put into the browser is not the one signed in with,
// and a role that changes brings a new token and counts at once.
func TestFixationAndRoles(t *testing.T) {
	s := realSite(t)
	site, _ := url.Parse(s.url)
	cookie := func(b *browser) string { return b.client.Jar.Cookies(site)[0].Value }
	b := s.as(t, "")
	b.client.Jar.SetCookies(site, []*http.Cookie{{Name: "sallyport", Value: "chosen-by-somebody-else", Path: "/"}})
	b.post("/sign-in", "username", "ann", "password", "open sesame").want(http.StatusOK)
	if cookie(b) == "chosen-by-somebody-else" {
		t.Fatal("the token was kept")
	}
	other := s.as(t, "")
	other.client.Jar.SetCookies(site, []*http.Cookie{{Name: "sallyport", Value: "chosen-by-somebody-else", Path: "/"}})
	if other.get("/workspaces"); other.path != "/sign-in" {
		t.Error("the chosen token is signed in")
	}
	b.get("/workspaces").want(http.StatusOK)
	before := cookie(b)
	ann, err := s.Store.Person(context.Background(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	ann.Roles = []policy.Role{policy.DataInvestigator}
	s.save(t, *ann)
	b.get("/workspaces").want(http.StatusOK)
	if cookie(b) == before {
		t.Error("the token stayed the same with other roles")
	}
	ann.Roles = nil
	s.save(t, *ann)
	b.get("/workspaces").want(http.StatusNotFound)
}

func TestBrowserOf(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Edg/120.0": "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0":                                                "Firefox on Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1":                               "Safari on iPhone",
		"<script>": "A browser", "": "A browser",
	} {
		if got := browserOf(agent); got != want {
			t.Errorf("%q is %s, want %s", agent, got, want)
		}
	}
}

// A token that may release is made by somebody who has just shown who they are.
func TestConfirmBeforeReleaseToken(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "carl")
	s.Advance(6 * time.Minute)
	b.post("/account/tokens", "name", "reading", "scope", "read", "days", "7").want(http.StatusOK).has("Your new token")
	b.post("/account/tokens", "name", "releasing", "scope", "release", "days", "7").want(http.StatusOK).has("Confirm that it is you").lacks("Your new token")
	b.post("/confirm").want(http.StatusOK).has("it is you")
	b.post("/account/tokens", "name", b.values("name")[0], "scope", "release", "days", "7").want(http.StatusOK).has("Your new token: releasing")
}
