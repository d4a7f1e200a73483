package ui

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/storage"
)

// Every route, asked by nobody and by each role: nobody gets to sign in, a role
// without the action gets nothing, and no role is met by a fault. The request in
// the paths is ann's, routed to two checkers.
func TestEveryRouteByRole(t *testing.T) {
	s := ranSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann").get(request)
	file, group := ann.links(fileLink)[0], ann.links(groupLink)[0]
	s.submit(t, request)
	fill := strings.NewReplacer(":workspace", "cohort", ":request", strings.TrimPrefix(request, "/requests/"),
		":file", strings.TrimPrefix(file, request+"/files/"), ":group", strings.TrimPrefix(group, request+"/groups/"), "*", "none.css",
		":job", "req2", ":action", "tables", ":commit", second, ":version", "after")
	people := []string{"", "ann", "abe", "tim", "carl", "cora", "chen", "cyn", "lea", "aud", "ops"}
	for _, name := range people {
		b := s.as(t, name)
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, r := range routes() {
			if strings.HasPrefix(r.Path, "/sign-") || r.Path == "/static/*" {
				continue
			}
			if r.Method == http.MethodPost {
				b.post(fill.Replace(r.Path))
			} else {
				b.get(fill.Replace(r.Path))
			}
			checkRoute(t, b, name, r)
		}
	}
}

func checkRoute(t *testing.T, b *browser, name string, r route) {
	t.Helper()
	var roles []policy.Role
	for _, p := range reviewtest.People() {
		if string(p.Username) == name {
			roles = p.Roles
		}
	}
	switch {
	case b.status >= 500:
		t.Errorf("%s %s as %q: status %d", r.Method, r.Path, name, b.status)
	case r.Action == open:
	case name == "":
		if to := b.header.Get("Location"); b.status != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
			t.Errorf("%s %s signed out: status %d to %q, want the way to sign in", r.Method, r.Path, b.status, to)
		}
	case r.Action != signedIn && r.Action != confirmed && !policy.Somewhere(roles, r.Action):
		if b.status != http.StatusNotFound || strings.Contains(b.body, "Rates by region") {
			t.Errorf("%s %s as %q, who may never: status %d, want 404", r.Method, r.Path, name, b.status)
		}
	}
	if name == "tim" && strings.Contains(b.body, "Rates by region") {
		t.Errorf("%s %s shows the request to a stranger", r.Method, r.Path)
	}
}

// What has no row in the table is not there, for anybody; other methods neither.
func TestNoSuchPage(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"", "ann"} {
		b := s.as(t, name)
		b.get("/nowhere").want(http.StatusNotFound).has("Page not found")
		b.post("/health").want(http.StatusMethodNotAllowed).has("That does not work here")
	}
}

func TestTableIsHeldToItsForm(t *testing.T) {
	h := (*UI).health
	for name, rows := range map[string][]route{
		"no action":  {{http.MethodGet, "/a", "", h}},
		"no handler": {{http.MethodGet, "/a", open, nil}},
		"twice":      {{http.MethodGet, "/a", open, h}, {http.MethodGet, "/a", open, h}},
	} {
		u, err := New(&review.Service{}, Options{Sessions: memstore.New(), Accounts: new(storage.Store), Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			rows[i].Path = "/test" + rows[i].Path
		}
		if err := u.register(rows); err == nil {
			t.Errorf("%s: the table was accepted", name)
		}
	}
}

// Only GET changes nothing: each row that changes something is a POST.
func TestActionsOfChangesArePosts(t *testing.T) {
	changes := []policy.Action{policy.RequestCreate, policy.RequestComment, policy.ReviewSubmit}
	for _, r := range routes() {
		if r.Method != http.MethodPost && slices.Contains(changes, r.Action) && r.Path != "/workspaces/:workspace/form" { // an empty form to fill in
			t.Errorf("%s %s changes something", r.Method, r.Path)
		}
	}
}

func TestNewNeedsWhatItNeeds(t *testing.T) {
	if _, err := New(nil, Options{}); err == nil {
		t.Error("a UI without a service was made")
	}
}
