package notify_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sallyport/review"
	"sallyport/storage/notify"
)

// posted is one call that a receiver had.
type posted struct {
	header http.Header
	body   string
}

// receiver answers every call the same, and keeps them.
func receiver(t *testing.T, status int, answer string) (notify.Endpoint, *[]posted) {
	t.Helper()
	var got []posted
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, posted{r.Header, string(body)})
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return notify.Endpoint{URL: s.URL + "/hook", Private: true}, &got
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestWebhook(t *testing.T) {
	to, got := receiver(t, 204, "")
	w, err := notify.NewWebhook(to, hookSecret, func() time.Time { return time.Now().UTC() })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Send(t.Context(), returned()); err != nil {
			t.Fatal(err)
		}
	}
	verifier, err := webhooks.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	if len(*got) != 2 {
		t.Fatalf("%d calls", len(*got))
	}
	for _, call := range *got {
		if err := verifier.Verify([]byte(call.body), call.header); err != nil {
			t.Error(err)
		}
		if err := verifier.Verify([]byte(call.body+" "), call.header); err == nil {
			t.Error("the signature holds for another body")
		}
		if id := call.header.Get("webhook-id"); id != "4f1c.mail" {
			t.Errorf("webhook-id %q", id)
		}
	}
	const want = `{"type":"notice.returned","timestamp":"2026-11-20T09:30:00Z","data":{"kind":"returned",` +
		`"subject":"Your release request came back to you","text":"Read why, and submit it again.","request":"R1","workspace":"cohort",` +
		`"project":"A study","requester":"Ann Ölçer","purpose":"for the paper","link":"https://sallyport.example.org/requests/R1"}}`
	if diff := cmp.Diff(want, (*got)[0].body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Nothing that people wrote is a link, a mention or a style in a chat room.
func TestSlack(t *testing.T) {
	to, got := receiver(t, 200, "ok")
	s, err := notify.NewSlack(to)
	if err != nil {
		t.Fatal(err)
	}
	n := returned()
	n.Purpose = "<!channel> <https://evil.example.org|*click*> & @here https://evil.example.org `x`"
	n.Project = "<@U123>"
	if err := s.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	var body struct{ Text string }
	if err := json.Unmarshal([]byte((*got)[0].body), &body); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(body.Text, "<"); n != 1 || !strings.HasSuffix(body.Text, "<https://sallyport.example.org/requests/R1|Look at it>") {
		t.Errorf("%d links in\n%s", n, body.Text)
	}
	for _, not := range []string{"*click", "@here", "://evil", "`x", "<!", "<@"} {
		if strings.Contains(body.Text, not) {
			t.Errorf("%q is in\n%s", not, body.Text)
		}
	}
	if !strings.Contains(body.Text, "Requester: Ann Ölçer") {
		t.Error(body.Text)
	}
}

// The job-server's own rules: 201 with an error inside is a failure.
func TestJobServer(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		answer string
		fails  bool
	}{
		"taken":                {201, `{"status":"ok","message":""}`, false},
		"an error inside":      {201, `{"status":"error","message":"no such user"}`, true},
		"an answer of no form": {201, `<html>`, true},
		"forbidden":            {403, `{"detail":"no"}`, true},
		"broken":               {500, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			to, got := receiver(t, tt.status, tt.answer)
			j, err := notify.NewJobServer(to, "secret-token", "opensafely", "")
			if err != nil {
				t.Fatal(err)
			}
			err = j.Send(t.Context(), returned())
			if (err != nil) != tt.fails || err != nil && review.KindOf(err) != review.Unavailable {
				t.Errorf("%v", err)
			}
			if len(*got) != 1 || (*got)[0].header.Get("Authorization") != "secret-token" {
				t.Fatalf("%+v", *got)
			}
			const want = `{"event_type":"request_returned","workspace":"cohort","request":"R1","request_author":"ann","user":"carl","updates":[],"org":"opensafely"}`
			if diff := cmp.Diff(want, (*got)[0].body); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every name of the interface is spelt as the job-server spells it.
func TestJobServerKinds(t *testing.T) {
	var got []string
	for _, k := range notify.JobServerKinds() {
		got = append(got, "request_"+string(k))
	}
	want := []string{
		"request_submitted", "request_withdrawn", "request_partially_reviewed", "request_reviewed", "request_approved",
		"request_released", "request_rejected", "request_returned", "request_resubmitted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A redirect is not followed, and a private address is not connected to unless
// the configuration says that it may be.
func TestNothingButTheConfiguredAddress(t *testing.T) {
	to, got := receiver(t, 302, "")
	s, err := notify.NewSlack(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), returned()); err == nil || !strings.Contains(err.Error(), "302") || len(*got) != 1 {
		t.Errorf("%v after %d calls", err, len(*got))
	}
	for _, address := range []string{"https://127.0.0.1/x", "https://localhost/x", "https://10.1.2.3/x", "https://192.168.0.1/x", "https://169.254.169.254/latest", "https://[::1]/x", "https://[fd00::1]/x", "https://[::ffff:10.0.0.1]/x", "https://0.0.0.0/x", "https://100.64.1.1/"} {
		s, err := notify.NewSlack(notify.Endpoint{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), returned()); err == nil || !strings.Contains(err.Error(), "private network") {
			t.Errorf("%s: %v", address, err)
		}
	}
	metadata, err := notify.NewSlack(notify.Endpoint{URL: "http://169.254.169.254/latest", Private: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := metadata.Send(t.Context(), returned()); err == nil || !strings.Contains(err.Error(), "private network") {
		t.Errorf("a machine's credentials: %v", err)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "http://example.org/", "ftp://example.org/", "https://", "https://user:pass@example.org/", "example.org", "file:///etc/passwd", "https://example.org/#x", "https://%zz"} {
		if _, err := notify.NewSlack(notify.Endpoint{URL: address}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	for _, secret := range []string{"", "short", "whsec_!!!", "whsec_c2hvcnQ="} {
		if _, err := notify.NewWebhook(notify.Endpoint{URL: "https://example.org/"}, secret, at); err == nil {
			t.Errorf("the secret %q was taken", secret)
		}
	}
	if _, err := notify.NewJobServer(notify.Endpoint{URL: "https://example.org/"}, "", "", ""); err == nil {
		t.Error("a job-server without a token was taken")
	}
}

// A folder keeps each mail once, and shows the newest first.
func TestFolder(t *testing.T) {
	now := at()
	f, err := notify.OpenFolder(t.TempDir(), func() time.Time { now = now.Add(time.Second); return now })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first, second := returned(), returned()
	second.ID, second.Subject = "../x.folder", "Another"
	for _, n := range []review.Notice{first, second, second} {
		if err := f.Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	list, err := f.Letters(10)
	if err != nil || len(list) != 2 || list[0].Subject != "Another" || list[1].To != "Ann Ölçer <ann@example.org>" || !strings.Contains(list[1].Text, "for the paper") {
		t.Errorf("%v %+v", err, list)
	}
}
