package filing

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

type answering struct {
	status      int
	media, body string
	asked       int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked++
	return &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {a.media}, "Location": {"https://evil.example/"}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r, ProtoMajor: 1}, nil
}

// Whatever a server answers, a command comes to an end: it has its answer or an
// error, after no more tries than it makes, and has been nowhere else.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", `{"items":[{}],"next":""}`)
	f.Add(200, "application/json", `{"items":[],"next":"/api/v1/x"}`)
	f.Add(200, "text/html", `<p>`)
	f.Add(302, "", "")
	f.Add(409, "application/problem+json", `{"detail":"x","fields":{"a":"b"}}`)
	f.Add(503, "application/problem+json", `{"detail":[],"fields":{"a":1}}`)
	f.Add(500, "application/problem+json", `null`)
	f.Add(422, "application/problem+json", "{\"detail\":\"\x1b[31m\"")
	f.Fuzz(func(t *testing.T, status int, media, body string) {
		c, err := NewClient("https://out.example.org", "sp_x", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		a := &answering{status: status, media: media, body: body}
		c.client.Transport, c.pause = a, 0
		list, err := all[Summary](t.Context(), c, "/requests", 1000)
		if err == nil && (status < 200 || status > 299) && status >= 300 {
			t.Errorf("%d %q is a list of %d", status, body, len(list))
		}
		if most := max(tries, 1001); a.asked > most {
			t.Errorf("asked %d times", a.asked)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%d %q is an error without a word", status, body)
		}
	})
}
