package reviewtest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"sallyport/policy"
	"sallyport/review"
)

// An AccountStore keeps people and what they sign in with.
type AccountStore interface {
	review.Store
	review.Accounts
}

// RunAccounts holds a store to review.Accounts' contracts, as [Run] does.
func RunAccounts(t *testing.T, open func(t *testing.T) AccountStore) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, AccountStore)
	}{
		{"a session is kept, changed and ended once", oneSession},
		{"sessions are selected", selectSessions},
		{"the oldest sessions give way", mostSessions},
		{"credentials come back as they were", keptCredentials},
		{"a failed change of credentials keeps nothing", failedCredentials},
		{"of racing changes each sees the one before", racingCredentials},
		{"an invitation is taken once", invitations},
		{"a newer invitation ends the older", newerInvitation},
		{"an identity is one person's", identities},
		{"a person is kept as they are vouched for", vouched},
		{"failures are counted, forgiven and forgotten", failures},
		{"each of many failures at once is counted", racingFailures},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			must(t, s.SavePeople(t.Context(), []review.Person{{Username: "ada", Name: "Ada"}, {Username: "bob", Name: "Bob"}}, nil,
				review.Event{At: start, Type: review.EvPeopleChanged, Actor: "system"}))
			test.run(t, s)
		})
	}
}

func session(id string, name review.Username, minute int) review.Session {
	at := later(minute)
	return review.Session{
		ID: id, Person: name, Method: "local", Factors: "password, code", Subject: "s-" + string(name), Key: "k-" + id,
		Grant: []byte{0, 1, 2}, Started: at, Seen: at, Confirmed: at, Checked: at, Source: "private", Browser: "Firefox on Linux",
	}
}

func signIn(name review.Username) review.Event {
	return review.Event{At: start, Type: review.EvSignIn, Actor: name}
}

func oneSession(t *testing.T, s AccountStore) {
	ctx := t.Context()
	want := session("one", "ada", 0)
	must(t, s.StartSession(ctx, want, 0, signIn("ada")))
	same(t, "events", 2, len(events(t, s)))
	got, err := s.Session(ctx, "one")
	must(t, err)
	same(t, "the session", &want, got)

	want.Seen, want.Confirmed, want.Checked, want.Factors, want.Grant = later(5), later(6), later(7), "passkey", nil
	must(t, s.UpdateSession(ctx, "one", func(q *review.Session) error { *q = want; return nil }))
	got, err = s.Session(ctx, "one")
	must(t, err)
	same(t, "the changed session", &want, got)
	failed := errors.New("no")
	if err := s.UpdateSession(ctx, "one", func(q *review.Session) error { q.Factors = "x"; return failed }, signIn("ada")); !errors.Is(err, failed) {
		t.Errorf("a failing change returned %v", err)
	}
	same(t, "events after a failed change", 2, len(events(t, s)))
	wantKind(t, s.UpdateSession(ctx, "two", func(*review.Session) error { return nil }), review.NotFound)

	n, err := s.EndSessions(ctx, review.SessionQuery{ID: "one"}, later(9), signIn("ada"))
	must(t, err)
	same(t, "ended", 1, n)
	n, err = s.EndSessions(ctx, review.SessionQuery{ID: "one"}, later(10), signIn("ada"))
	must(t, err)
	same(t, "ended again", 0, n)
	same(t, "events", 3, len(events(t, s)))
	want.Ended = later(9)
	got, err = s.Session(ctx, "one")
	must(t, err)
	same(t, "the ended session", &want, got)
	wantKind(t, s.UpdateSession(ctx, "one", func(q *review.Session) error { return nil }), review.NotFound)
	_, err = s.Session(ctx, "nowhere")
	wantKind(t, err, review.NotFound)
}

func ids(t *testing.T, s AccountStore, q review.SessionQuery) string {
	t.Helper()
	list, err := s.OpenSessions(t.Context(), q)
	must(t, err)
	var out []string
	for _, q := range list {
		out = append(out, q.ID)
	}
	return strings.Join(out, " ")
}

func selectSessions(t *testing.T, s AccountStore) {
	for i, name := range []review.Username{"ada", "bob", "ada"} {
		must(t, s.StartSession(t.Context(), session(string(rune('a'+i)), name, i), 0, signIn(name)))
	}
	for want, q := range map[string]review.SessionQuery{
		"c a":   {Person: "ada"},
		"b":     {ID: "b"},
		"c":     {Person: "ada", Except: "a"},
		"c b a": {Method: "local"},
		"":      {Method: "local", Subject: "nobody"},
		"a":     {Method: "local", Key: "k-a"},
	} {
		same(t, "sessions", want, ids(t, s, q))
	}
	if _, err := s.OpenSessions(t.Context(), review.SessionQuery{Except: "a"}); err == nil {
		t.Error("a query that selects nothing selects everything")
	}
	n, err := s.EndSessions(t.Context(), review.SessionQuery{Person: "ada", Except: "c"}, later(5))
	must(t, err)
	same(t, "ended", 1, n)
	same(t, "left", "c b", ids(t, s, review.SessionQuery{Method: "local"}))
}

func mostSessions(t *testing.T, s AccountStore) {
	for i := range 4 {
		must(t, s.StartSession(t.Context(), session(string(rune('a'+i)), "ada", i), 2, signIn("ada")))
	}
	same(t, "open", "d c", ids(t, s, review.SessionQuery{Person: "ada"}))
}

func keptCredentials(t *testing.T, s AccountStore) {
	ctx := t.Context()
	_, err := s.Credentials(ctx, "eve")
	wantKind(t, err, review.NotFound)
	wantKind(t, s.UpdateCredentials(ctx, "eve", func(*review.Credentials) ([]review.Event, error) { return nil, nil }), review.NotFound)
	fresh, err := s.Credentials(ctx, "ada")
	must(t, err)
	if fresh.SecondFactor() || len(fresh.Handle) < 16 {
		t.Errorf("fresh credentials are %+v", fresh)
	}
	want := review.Credentials{
		Person: "ada", PasswordHash: "hash", Recovery: []string{"r1", "r2"},
		Code:     &review.CodeFactor{Secret: []byte{9, 8}, Added: later(1), Step: 77},
		Passkeys: []review.Passkey{{ID: []byte{1}, Name: "Key – one", Record: []byte("{}"), Added: later(2), Used: later(3)}},
	}
	must(t, s.UpdateCredentials(ctx, "ada", func(c *review.Credentials) ([]review.Event, error) {
		want.Handle = c.Handle
		*c = want
		return []review.Event{signIn("ada")}, nil
	}))
	got, err := s.Credentials(ctx, "ada")
	must(t, err)
	same(t, "credentials", &want, got)
	got, err = s.CredentialsByHandle(ctx, want.Handle)
	must(t, err)
	same(t, "credentials by handle", &want, got)
	_, err = s.CredentialsByHandle(ctx, []byte("another handle, of nobody at all"))
	wantKind(t, err, review.NotFound)
	person, err := s.Person(ctx, "ada")
	must(t, err)
	same(t, "the person's password", "hash", person.PasswordHash)
	same(t, "events", 2, len(events(t, s)))
}

func failedCredentials(t *testing.T, s AccountStore) {
	failed := errors.New("no")
	err := s.UpdateCredentials(t.Context(), "ada", func(c *review.Credentials) ([]review.Event, error) {
		c.PasswordHash = "x"
		return []review.Event{signIn("ada")}, failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("the change returned %v", err)
	}
	got, err := s.Credentials(t.Context(), "ada")
	must(t, err)
	same(t, "the password", "", got.PasswordHash)
	same(t, "events", 1, len(events(t, s)))
}

func racingCredentials(t *testing.T, s AccountStore) {
	must(t, s.UpdateCredentials(t.Context(), "ada", func(c *review.Credentials) ([]review.Event, error) {
		c.Code = &review.CodeFactor{Secret: []byte{1}}
		return nil, nil
	}))
	used := errors.New("used")
	won := 0
	for _, err := range race(8, func(int) error {
		return s.UpdateCredentials(context.WithoutCancel(t.Context()), "ada", func(c *review.Credentials) ([]review.Event, error) {
			if c.Code.Step >= 5 {
				return nil, used
			}
			c.Code.Step = 5
			return nil, nil
		})
	}) {
		if err == nil {
			won++
		} else if !errors.Is(err, used) {
			t.Error(err)
		}
	}
	same(t, "how many took the code", 1, won)
}

func invite(t *testing.T, s AccountStore, hash string) review.Invitation {
	t.Helper()
	i := review.Invitation{Hash: strings.Repeat(hash, 64), Person: "ada", By: "ops", Made: later(0), Expires: later(60)}
	must(t, s.Invite(t.Context(), i, review.Event{At: start, Type: review.EvInvited, Actor: "ops"}))
	return i
}

func invitations(t *testing.T, s AccountStore) {
	ctx := t.Context()
	want := invite(t, s, "a")
	got, err := s.Invitation(ctx, want.Hash)
	must(t, err)
	same(t, "the invitation", &want, got)
	wantKind(t, s.Invite(ctx, review.Invitation{Hash: strings.Repeat("c", 64), Person: "eve", Made: later(0), Expires: later(1)}), review.NotFound)
	wantKind(t, s.Accept(ctx, want.Hash, "late", later(60), signIn("ada")), review.NotFound)
	won := 0
	for _, err := range race(4, func(int) error {
		return s.Accept(context.WithoutCancel(ctx), want.Hash, "hash", later(5), review.Event{At: later(5), Type: review.EvPasswordSet, Actor: "ada"})
	}) {
		if err == nil {
			won++
			continue
		}
		wantKind(t, err, review.NotFound)
	}
	same(t, "how many took it", 1, won)
	_, err = s.Invitation(ctx, want.Hash)
	wantKind(t, err, review.NotFound)
	c, err := s.Credentials(ctx, "ada")
	must(t, err)
	same(t, "the password", "hash", c.PasswordHash)
	same(t, "events", 3, len(events(t, s)))
}

func newerInvitation(t *testing.T, s AccountStore) {
	old, fresh := invite(t, s, "a"), invite(t, s, "b")
	_, err := s.Invitation(t.Context(), old.Hash)
	wantKind(t, err, review.NotFound)
	wantKind(t, s.Accept(t.Context(), old.Hash, "hash", later(5), signIn("ada")), review.NotFound)
	must(t, s.Accept(t.Context(), fresh.Hash, "hash", later(5), signIn("ada")))
}

func identities(t *testing.T, s AccountStore) {
	ctx := t.Context()
	want := review.Identity{Method: "uni", Subject: "1234", Person: "ada", Linked: later(1)}
	must(t, s.Link(ctx, want, review.Event{At: start, Type: review.EvIdentityLinked, Actor: "ada"}))
	name, err := s.Identity(ctx, "uni", "1234")
	must(t, err)
	same(t, "the person", review.Username("ada"), name)
	list, err := s.Identities(ctx, "ada")
	must(t, err)
	same(t, "identities", []review.Identity{want}, list)
	_, err = s.Identity(ctx, "other", "1234")
	wantKind(t, err, review.NotFound)
	wantKind(t, s.Link(ctx, review.Identity{Method: "uni", Subject: "1234", Person: "bob", Linked: later(2)}, signIn("bob")), review.Conflict)
	wantKind(t, s.Link(ctx, review.Identity{Method: "uni", Subject: "9", Person: "eve", Linked: later(2)}, signIn("bob")), review.NotFound)
	same(t, "events", 2, len(events(t, s)))
}

func vouched(t *testing.T, s AccountStore) {
	ctx := t.Context()
	must(t, s.SavePeople(ctx, []review.Person{{Username: "ada", Name: "Ada", PasswordHash: "hash"}},
		[]review.Project{{ID: "p1", Name: "One", Workspaces: []review.WorkspaceName{"a"}}},
		review.Event{At: start, Type: review.EvPeopleChanged, Actor: "system"}))
	id := review.Identity{Method: "uni", Subject: "1234", Person: "ada", Linked: later(1)}
	ada := review.Person{Username: "ada", Name: "Ada L", Projects: []review.ProjectID{"p1", "p2"}}
	known := []review.Project{
		{ID: "p1", Name: "Other", Workspaces: []review.WorkspaceName{"b"}},
		{ID: "p2", Name: "Two", Workspaces: []review.WorkspaceName{"a", "c"}},
	}
	changed := review.Event{At: start, Type: review.EvPeopleChanged, Actor: "ada"}
	for range 2 { // again changes nothing
		must(t, s.Vouch(ctx, id, ada, known, changed))
		got, err := s.Person(ctx, "ada")
		must(t, err)
		want := ada
		want.PasswordHash = "hash"
		same(t, "the person", &want, got)
		projects, err := s.Projects(ctx)
		must(t, err)
		same(t, "projects", []review.Project{
			{ID: "p1", Name: "One", Workspaces: []review.WorkspaceName{"a", "b"}},
			{ID: "p2", Name: "Two", Workspaces: []review.WorkspaceName{"c"}},
		}, projects)
	}
	helps := review.ScopedRole{Role: policy.Copilot, Project: "p2"}
	for _, vouched := range [][]review.ScopedRole{{helps}, {helps}, nil} { // given, kept, and taken away again
		ada.Vouched = vouched
		must(t, s.Vouch(ctx, id, ada, nil, changed))
		got, err := s.Person(ctx, "ada")
		must(t, err)
		same(t, "roles in projects", vouched, got.Vouched)
		same(t, "all roles in projects", vouched, got.Scoped)
	}
	wantKind(t, s.Vouch(ctx, id, review.Person{Username: "bob", Name: "Bob"}, nil, changed), review.Conflict)
	must(t, s.Vouch(ctx, review.Identity{Method: "uni", Subject: "5", Person: "new", Linked: later(1)}, review.Person{Username: "new", Name: "New"}, nil, changed))
	name, err := s.Identity(ctx, "uni", "5")
	must(t, err)
	same(t, "the new person", review.Username("new"), name)
}

// counted reads what is kept under the keys.
func counted(t *testing.T, s AccountStore, minute int, keys ...string) (got map[string]review.Failures) {
	t.Helper()
	must(t, s.UpdateFailures(t.Context(), keys, later(minute), func(m map[string]review.Failures) { got = maps.Clone(m) }))
	return got
}

func failures(t *testing.T, s AccountStore) {
	one, two, three := strings.Repeat("1", 64), strings.Repeat("2", 64), strings.Repeat("3", 64)
	same(t, "before", map[string]review.Failures{}, counted(t, s, 0, one, two))
	kept := map[string]review.Failures{
		one: {N: 3, Last: later(1), Locked: later(5), Forget: later(10)},
		two: {N: 1, Last: later(1), Forget: later(20)},
	}
	must(t, s.UpdateFailures(t.Context(), []string{one, two, three}, later(1), func(m map[string]review.Failures) { maps.Copy(m, kept) }))
	same(t, "kept", kept, counted(t, s, 2, one, two, three))
	same(t, "only what is asked for", map[string]review.Failures{two: kept[two]}, counted(t, s, 2, two))
	must(t, s.UpdateFailures(t.Context(), []string{two}, later(2), func(m map[string]review.Failures) { m[one] = review.Failures{N: 9, Forget: later(99)} }))
	same(t, "a key that was not named", map[string]review.Failures{one: kept[one]}, counted(t, s, 3, one))
	same(t, "after the time", map[string]review.Failures{two: kept[two]}, counted(t, s, 10, one, two))
	must(t, s.UpdateFailures(t.Context(), []string{two}, later(11), func(m map[string]review.Failures) { delete(m, two) }))
	same(t, "forgiven", map[string]review.Failures{}, counted(t, s, 0, one, two)) // forgotten for good, whatever the clock says
}

func racingFailures(t *testing.T, s AccountStore) {
	key := strings.Repeat("a", 64)
	for _, err := range race(8, func(int) error {
		return s.UpdateFailures(context.WithoutCancel(t.Context()), []string{key}, later(0), func(m map[string]review.Failures) {
			m[key] = review.Failures{N: m[key].N + 1, Last: later(0), Forget: later(5)}
		})
	}) {
		must(t, err)
	}
	same(t, "failures", 8, counted(t, s, 1, key)[key].N)
}
