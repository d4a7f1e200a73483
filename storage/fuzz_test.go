package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/review"
)

// Whatever a job server answers to an upload, it is a failure unless it says that
// it has the file, and nothing of its words is in ours.
func FuzzJobServerAnswer(f *testing.F) {
	f.Add(201, `{"status":"ok"}`)
	f.Add(201, `{"status":"Error","detail":"x"}`)
	f.Add(400, `{"detail":"file has already been uploaded"}`)
	f.Add(400, `{"detail":["already been uploaded"]}`)
	f.Add(403, "\x1b[31m")
	f.Add(308, "")
	f.Add(500, `[[[`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		const mark = "zqanswer"
		a := &jobAnswer{status: status, header: http.Header{}, body: []byte(strings.ReplaceAll(body, "{", `{"x":"`+mark+`",`))}
		if a.uploaded() && (status != http.StatusBadRequest || !bytes.Contains(a.body, []byte("uploaded"))) {
			t.Errorf("%d %q counts as uploaded", status, body)
		}
		if a.failed() && !json.Valid(a.body) {
			t.Errorf("%q tells of an error", body)
		}
		err := a.refusal()
		var known *review.Error
		if !errors.As(err, &known) || known.Kind != review.Unavailable || strings.Contains(err.Error(), mark) {
			t.Errorf("%d %q: %v", status, body, err)
		}
		if again := !errors.Is(err, review.ErrRefused); !again && (status < 400 || status > 499) {
			t.Errorf("%d is not tried again", status)
		}
	})
}

// The address of a study's repository comes from a workspace: whatever it is, it
// names a folder below that of the mirrors.
func FuzzRepoNames(f *testing.F) {
	for _, seed := range []string{"https://github.com/owner/name", "https://github.com/owner/name.git", "../../etc", "file:///etc/passwd", "https://x/a/..", "https://x/%2e%2e/b", `https://x/a\..\b/c`, "//", "https://x/a/b%00", "git@github.com:owner/name", "https://x/./.git", "https://x/a/.git"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, repo string) {
		owner, name, ok := repoNames(repo)
		if !ok {
			return
		}
		at := filepath.Join("/mirrors", owner, name)
		if filepath.Dir(filepath.Dir(at)) != "/mirrors" || strings.ContainsAny(owner+name, "/\\\x00\n") {
			t.Errorf("%q is the folder %q", repo, at)
		}
	})
}

// A line of a backup is values or an error; what was read can be written and read
// again.
func FuzzBackupLine(f *testing.F) {
	for _, seed := range []string{`["a",1,null,{"bytes":"AA=="}]`, `[{"text":"/w=="}]`, `[1.5]`, `[`, `[true]`, `[[]]`, `[9999999999999999999]`, `["\ud800"]`, `[{"bytes":1}]`, ` [ null ] `, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := unline(text)
		if err != nil {
			return
		}
		again, err := line(values)
		if err != nil {
			t.Fatalf("%q was read as %v: %v", text, values, err)
		}
		if back, err := unline(again); err != nil || len(back) != len(values) {
			t.Errorf("%q came back as %q: %v", text, again, err)
		}
	})
}
