package notify

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// answering is a receiver that always answers alike.
type answering struct {
	status int
	header http.Header
	body   string
	asked  []string
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, r.URL.String())
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r, ProtoMajor: 1}, nil
}

// Whatever a receiver answers, it is asked once, at its own address; a notice
// counts as sent by the status alone, and at the job-server by the status inside
// too; and no word of the answer is in what we say of it.
func FuzzAnswer(f *testing.F) {
	for status, body := range map[int]string{
		200: `{"status":"ok"}`, 201: `{"status":"error"}`, 204: "", 202: `{"status":["error"]}`, 302: "elsewhere", 400: `{"detail":"no"}`, 401: "", 429: "slow", 500: "\x1b[31m\x00\xff",
		203: `{"status":"ERROR"}`, 226: `[[[[`, 999: "{}", 301: "", 206: `{"status":1e999}`,
	} {
		f.Add(status, body, "https://evil.example/")
	}
	f.Fuzz(func(t *testing.T, status int, body, location string) {
		const own = "https://receiver.example/hook"
		mark := "zqanswer"
		for name, send := range map[string]func(*poster) review.Channel{
			"webhook": func(p *poster) review.Channel {
				w, err := NewWebhook(Endpoint{URL: own}, "whsec_"+strings.Repeat("MfKQ", 8), func() time.Time { return time.Unix(0, 0) })
				if err != nil {
					t.Fatal(err)
				}
				w.to = p
				return w
			},
			"chat":       func(p *poster) review.Channel { return &Slack{p} },
			"job-server": func(p *poster) review.Channel { return &JobServer{to: p, token: "t"} },
		} {
			p, err := newPoster(Endpoint{URL: own})
			if err != nil {
				t.Fatal(err)
			}
			a := &answering{status: status, body: body + mark, header: http.Header{"Location": {location + mark}, "Retry-After": {location}}}
			p.client.Transport = a
			err = send(p).Send(t.Context(), review.Notice{ID: "n", Kind: review.NoticeReturned, Subject: "s", Text: "t"})
			if len(a.asked) != 1 || a.asked[0] != own {
				t.Fatalf("%s: asked %q", name, a.asked)
			}
			good := status >= 200 && status <= 299
			if err == nil && (!good || name == "job-server") { // mark is no JSON
				t.Errorf("%s: %d %q counts as sent", name, status, body)
			}
			if err != nil && name != "job-server" && good {
				t.Errorf("%s: %d %q counts as not sent: %v", name, status, body, err)
			}
			var known *review.Error
			if err != nil && (!errors.As(err, &known) || known.Kind != review.Unavailable || strings.Contains(err.Error(), mark)) {
				t.Errorf("%s: %d %q: %v", name, status, body, err)
			}
		}
	})
}
