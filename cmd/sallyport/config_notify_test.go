package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sallyport/storage/notify"
)

// inbox is a server that takes what it is sent; answers another status when told.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	status int
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{status: http.StatusOK}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a body that breaks off is shorter
		in.mu.Lock()
		defer in.mu.Unlock()
		in.bodies, in.heads = append(in.bodies, string(body)), append(in.heads, r.Header)
		w.WriteHeader(in.status)
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) took(t *testing.T, n int) {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.bodies) != n {
		t.Fatalf("it was sent %d messages, want %d: %q", len(in.bodies), n, in.bodies)
	}
}

// TestNotifyTestCommand sends test messages by every channel that a test can
// have, through the command and a configuration file.
func TestNotifyTestCommand(t *testing.T) {
	dir := t.TempDir()
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	key := "whsec_" + base64.StdEncoding.EncodeToString(raw)
	hook, room := newInbox(t), newInbox(t)
	hookKey, roomURL := file(t, "hook", key+"\n"), file(t, "room", room.URL+"/services/s3cret\n")
	text := strings.NewReplacer("DIR", dir, "HOOKKEY", hookKey, "HOOK", hook.URL, "ROOM", roomURL).Replace(`
data: DIR/data
workspaces: DIR/ws
exports: DIR/out
public_url: http://localhost:8080
notify:
  timezone: Europe/London
  folder: DIR/mail
  webhooks:
    - {name: rota, url: HOOK/hook, secret_file: HOOKKEY, private: true}
    - {name: outside, url: "https://192.0.2.1/hook", secret_file: HOOKKEY}
  slack:
    - {name: room, secret_file: ROOM, private: true}
`)
	conf := file(t, "sallyport.yaml", text)
	for _, d := range []string{"data", "ws", "out"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o700))
	}
	people := file(t, "people.yaml", somebody+"  - {username: nora, name: Nora, roles: [auditor]}\n")
	wrote(t, exitOK, "2 people", "people", "import", "--data", filepath.Join(dir, "data"), people)
	send := []string{"notify", "test", "--config", conf, "--to"}

	wrote(t, exitOK, "rota: handed over for rota.", append(send, "rota")...)
	hook.took(t, 1)
	signer, err := webhooks.NewWebhook(key)
	must(t, err)
	if err := signer.Verify([]byte(hook.bodies[0]), hook.heads[0]); err != nil || !strings.Contains(hook.bodies[0], "A test from Sallyport") {
		t.Errorf("the webhook was sent %s: %v", hook.bodies[0], err)
	}
	wrote(t, exitOK, "room: handed over for room.", append(send, "room")...)
	room.took(t, 1)

	wrote(t, exitOK, "folder: handed over for otto@example.org.", append(send, "otto")...)
	letters, err := filepath.Glob(filepath.Join(dir, "mail", "mail-*"))
	must(t, err)
	if len(letters) != 1 {
		t.Fatalf("letters: %q", letters)
	}
	data, err := os.ReadFile(letters[0])
	must(t, err)
	var letter notify.Letter
	must(t, json.Unmarshal(data, &letter))
	if letter.To != "Otto <otto@example.org>" || letter.Subject != "A test from Sallyport" || !strings.Contains(letter.Text, "http://localhost:8080/") {
		t.Errorf("the letter is %+v", letter)
	}

	wrote(t, exitError, "nora has no mail address", append(send, "nora")...)
	wrote(t, exitError, `"nobody" is neither a person nor a channel`, append(send, "nobody")...)
	room.status = http.StatusForbidden
	if status, out := command(t, append(send, "room")...); status != exitError || !strings.Contains(out, "room: ") || strings.Contains(out, "s3cret") {
		t.Errorf("refused: status %d\n%s", status, out)
	}
	room.took(t, 2)
	hook.status = http.StatusInternalServerError
	wrote(t, exitError, "rota: ", append(send, "rota")...)
}

// TestNotifyConfig opens what a configuration says of notices, or says what is
// wrong with it.
func TestNotifyConfig(t *testing.T) {
	t.Setenv("SALLYPORT_NOTIFY_ROTA", "whsec_"+strings.Repeat("A", 32))
	t.Setenv("SALLYPORT_NOTIFY_ROOM", "https://chat.example.org/services/x")
	t.Setenv("SALLYPORT_JOB_SERVER_TOKEN", "token")
	t.Setenv("SALLYPORT_MAIL_PASSWORD", "")
	const url = "public_url: https://out.example.org\n"
	const good = url + `
mail: {host: mail.example.org, from: "Sallyport <out@example.org>"}
notify:
  webhooks: [{name: rota, url: "https://rota.example.org/", kinds: [released, partially_reviewed]}]
  slack: [{name: room, kinds: [submitted]}]
  job_server: {url: "https://jobs.example.org/airlock/events/", kinds: [submitted]}
`
	open := func(text string) (names []string, err error) {
		c, err := parseConfig([]byte("data: d\nworkspaces: w\nexports: e\n" + text))
		if err == nil {
			err = c.complete()
		}
		if err == nil {
			err = c.checkNotify()
		}
		if err != nil {
			return nil, err
		}
		n, folder, err := c.channels(time.Now)
		if folder != nil {
			must(t, folder.Close())
		}
		for _, ch := range n.Channels {
			names = append(names, ch.Name)
		}
		return names, err
	}
	if names, err := open(good); err != nil || strings.Join(names, " ") != "mail rota room job-server" {
		t.Errorf("%q, %v", names, err)
	}
	for complaint, text := range map[string]string{
		"public_url: notices need links":        `mail: {host: h, from: a@example.org}`,
		"is no address such as":                 "public_url: ftp://out.example.org",
		"public_url: \"https://o/x\" is no":     "public_url: https://o/x",
		"mail: no host is named":                url + `mail: {from: a@example.org}`,
		`from: "nobody" is no address`:          url + `mail: {host: h, from: nobody}`,
		"mail is never sent without":            url + `mail: {host: h, from: a@example.org, tls: none}`,
		"there is no port 99999":                url + `mail: {host: h, from: a@example.org, port: 99999}`,
		"SALLYPORT_MAIL_PASSWORD":               url + `mail: {host: h, from: a@example.org, username: u}`,
		"timezone":                              url + `notify: {timezone: Mars/Olympus}`,
		"each has a name of its own":            url + `notify: {webhooks: [{name: rota, url: "https://a.example.org"}, {name: rota, url: "https://b.example.org"}]}`,
		"mail\": each has a name":               url + `notify: {webhooks: [{name: mail, url: "https://a.example.org"}]}`,
		"SALLYPORT_NOTIFY_OTHER":                url + `notify: {webhooks: [{name: other, url: "https://a.example.org"}]}`,
		"has to begin with https://":            url + `notify: {webhooks: [{name: rota, url: "http://a.example.org"}]}`,
		`no notices of kind "dinner"`:           url + `notify: {webhooks: [{name: rota, url: "https://a.example.org", kinds: [dinner]}]}`,
		`"reminder" are for single people only`: url + `notify: {webhooks: [{name: rota, url: "https://a.example.org", kinds: [reminder]}]}`,
		"is a secret: put it into":              url + `notify: {slack: [{name: room, url: "https://chat.example.org/x"}]}`,
		"partially_reviewed\" are for single":   url + `notify: {slack: [{name: room, kinds: [partially_reviewed]}]}`,
		"job_server: it has no event for":       url + `notify: {job_server: {url: "https://j.example.org/", kinds: [recalled]}}`,
		"field token not found":                 url + `notify: {job_server: {url: "https://j.example.org/", token: x}}`,
	} {
		if names, err := open(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %q, %v", complaint, names, err)
		}
	}
}
