package filing

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/review"
)

// asked are the requests that a server got. A connection that it broke off may
// still be in its hands when the client is done.
type asked struct {
	mu  sync.Mutex
	all []*http.Request
}

func (a *asked) add(r *http.Request) (before int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, r)
	return len(a.all) - 1
}

func (a *asked) list() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// answers is a server that gives them in turn, the last for ever, and keeps what
// it was asked. One of status 0 breaks the connection off.
func answers(t *testing.T, list ...int) (*Client, *asked) {
	t.Helper()
	got := &asked{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := list[min(got.add(r), len(list)-1)]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		if status >= 400 {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, `{"id":"R1","detail":"Not so.","fields":{"b":"B is odd.","a":"A is odd."},"request_id":"q7"}`)
	}))
	t.Cleanup(srv.Close)
	c, err := NewClient(srv.URL, "sp_secret", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = time.Millisecond
	return c, got
}

// begin makes a change.
func begin(ctx context.Context, c *Client) (id string, err error) {
	var out struct{ ID string }
	err = c.post(ctx, "/requests", map[string]any{"workspace": "w"}, &out)
	return out.ID, err
}

// A call without an answer is tried again under the same key, and another call
// has another key.
func TestTryingAgain(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int
		asked   int
		kind    review.Kind // of the error; -1 for none
	}{
		"at once":               {[]int{201}, 1, -1},
		"lost":                  {[]int{0, 201}, 2, -1},
		"lost twice":            {[]int{0, 0, 201}, 3, -1},
		"lost for good":         {[]int{0}, 3, review.Internal},
		"unavailable":           {[]int{503, 201}, 2, -1},
		"down":                  {[]int{503}, 3, review.Unavailable},
		"still being done":      {[]int{0, 409, 201}, 3, -1},
		"refused":               {[]int{409}, 1, review.Conflict},
		"invalid":               {[]int{422}, 1, review.Invalid},
		"not signed in":         {[]int{401}, 1, review.Unauthenticated},
		"fault":                 {[]int{500}, 1, review.Internal},
		"sent somewhere else":   {[]int{302}, 1, review.Internal},
		"invalid after a retry": {[]int{502, 422}, 2, review.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			client, got := answers(t, c.answers...)
			id, err := begin(t.Context(), client)
			asked := got.list()
			if len(asked) != c.asked {
				t.Fatalf("asked %d times, want %d", len(asked), c.asked)
			}
			if c.kind == -1 && (err != nil || id != "R1") || c.kind != -1 && (err == nil || review.KindOf(err) != c.kind) {
				t.Errorf("got %q, %v", id, err)
			}
			key := asked[0].Header.Get("Idempotency-Key")
			for _, r := range asked {
				if r.Header.Get("Idempotency-Key") != key || key == "" || r.Header.Get("Authorization") != "Bearer sp_secret" || r.URL.Path != "/api/v1/requests" {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
			}
			_, _ = begin(t.Context(), client)
			again := got.list()
			if last := again[len(again)-1]; last.Header.Get("Idempotency-Key") == key {
				t.Error("another call has the same key")
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestProblemsInWords(t *testing.T) {
	client, _ := answers(t, 422)
	_, err := begin(t.Context(), client)
	if err == nil || err.Error() != "Not so. a: A is odd. b: B is odd." {
		t.Errorf("got %v", err)
	}
}

// Who stops waiting is not made to wait for further tries.
func TestStopping(t *testing.T) {
	client, got := answers(t, 503)
	client.pause = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := begin(ctx, client); err == nil || len(got.list()) != 1 {
		t.Errorf("asked %d times: %v", len(got.list()), err)
	}
}

func TestAddresses(t *testing.T) {
	for server, ok := range map[string]bool{
		"https://out.example.org": true, "https://out.example.org/": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true,
		"http://out.example.org": false, "http://127.0.0.1.example.org": false, "out.example.org": false, "ftp://out.example.org": false,
		"https://user:pass@out.example.org": false, "https://": false, "": false,
	} {
		if _, err := NewClient(server, "sp_x", time.Second); (err == nil) != ok {
			t.Errorf("%q: %v", server, err)
		}
	}
}
