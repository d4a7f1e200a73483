package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/web"
)

// Whatever is sent, the decoder answers with an error that the sender can act
// on, or with a value that says what was sent.
func FuzzDecodeBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"files":[{"path":"release/a.csv","kind":"output","group":"g"}]}`, `{"files":null}`,
		`{"files":[{"path":"a","path":"b"}]}`, `{"files":[{"path":1}]}`, `{"files":[[[[[[[[[[1]]]]]]]]]]}`, `{"FILES":[]}`,
		`{"files":[]}x`, "{\"files\":[{\"path\":\"\xff\",\"kind\":\"\",\"group\":\"\"}]}", `{"files":[{"path":"\ud800"}]}`, `{"":1}`, `{"files":1e999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in addFilesInput
		err := decodeBody(body, &in)
		if err != nil {
			if status := web.Status(err); status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d for %q: %v", status, body, err)
			}
			var known *review.Error
			if errors.As(err, &known) && known.Message == "" {
				t.Fatalf("nothing is said about %q", body)
			}
			if _, err := encode(problemOf(err, "id")); err != nil {
				t.Fatalf("the problem with %q cannot be sent: %v", body, err)
			}
			return
		}
		var plain addFilesInput
		if err := json.Unmarshal(body, &plain); err != nil || !reflect.DeepEqual(in, plain) {
			t.Fatalf("%q is read as %+v, and plainly as %+v, %v", body, in, plain, err)
		}
	})
}

func TestTableIsHeldToItsForm(t *testing.T) {
	handle := func(*call, []byte) (any, error) { return none{}, nil }
	good := route{method: "GET", path: "/a", action: open, summary: "A", handle: handle}
	if err := checkRoutes([]route{good}); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*route){
		"no action":  func(r *route) { r.action = "" },
		"no handler": func(r *route) { r.handle = nil },
		"no summary": func(r *route) { r.summary = "" },
	} {
		bad := good
		change(&bad)
		if checkRoutes([]route{bad}) == nil {
			t.Errorf("%s: the table was accepted", name)
		}
	}
	if checkRoutes([]route{good, good}) == nil {
		t.Error("twice: the table was accepted")
	}
}

// Every row that changes something takes a method that says so, and each that
// needs an action of the policy is let through by a scope.
func TestRowsFitTheirMethods(t *testing.T) {
	reads := map[policy.Action]bool{open: true, signedIn: true, policy.ReviewClaim: true, policy.AccessView: true}
	for _, row := range policy.Scopes() {
		for _, action := range row.Actions {
			if row.Scope == policy.ScopeRead || row.Scope == policy.ScopeAudit {
				reads[action] = true
			}
		}
	}
	for _, r := range routes() {
		if r.method == http.MethodGet && !reads[r.action] {
			t.Errorf("GET %s does %s", r.path, r.action)
		}
		if r.method != http.MethodGet && reads[r.action] && r.action != policy.ReviewClaim && r.action != policy.JobRetry && r.action != signedIn {
			t.Errorf("%s %s only needs %s", r.method, r.path, r.action)
		}
		if r.action != open && r.action != signedIn && len(scopesOf(r.action)) == 0 {
			t.Errorf("%s %s: no scope lets %s through", r.method, r.path, r.action)
		}
	}
}

func TestNewNeedsWhatItNeeds(t *testing.T) {
	if _, err := New(nil, Options{Now: time.Now}); err == nil {
		t.Error("an interface without a service was made")
	}
}
