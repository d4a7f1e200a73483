package storage

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/review"
	"sallyport/storage/storagetest"
)

// jobServer starts a stand-in and opens a sink to it, at another address when
// one is given.
func jobServer(t *testing.T, address func(string) string) (*JobServer, *storagetest.JobServer) {
	t.Helper()
	stand := new(storagetest.JobServer)
	web := httptest.NewServer(stand)
	t.Cleanup(web.Close)
	at := web.URL + "/api/v2"
	if address != nil {
		at = address(at)
	}
	j, err := OpenJobServer(JobServerSettings{URL: at, Token: storagetest.Token, Timeout: 2 * time.Second})
	must(t, err)
	t.Cleanup(func() { must(t, j.Close()) })
	return j, stand
}

// jobPackage is a package with awkward names.
func jobPackage() *review.Package {
	p := pack("R1", "release/a.csv", "a\n", `release/"quoted\ ü.csv`, strings.Repeat("b\n", 1<<19), "release/e.txt", "")
	p.Release.Request, p.Release.By, p.Release.Approved = "REQ1", "carl", noon()
	return p
}

// arrivedOnce holds what arrived to the package: every file once.
func arrivedOnce(t *testing.T, stand *storagetest.JobServer, p *review.Package) {
	t.Helper()
	all := stand.Arrived()
	got := all[string(p.Release.Request)]
	if len(all) != 1 || got == nil {
		t.Fatalf("%d releases arrived, want one", len(all))
	}
	want := &storagetest.Arrived{
		ID: got.ID, Workspace: "study", User: "carl",
		Announced: map[string]string{}, Files: map[string]string{}, Uploads: map[string]int{},
	}
	for _, f := range p.Release.Files {
		r, err := p.Open(t.Context(), f.SHA256)
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		want.Announced[f.Path], want.Files[f.Path], want.Uploads[f.Path] = string(f.SHA256), string(data), 1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%.3000s", diff)
	}
	if said := stand.Problems(); len(said) > 0 {
		t.Errorf("the interface was not kept to: %q", said)
	}
}

func TestJobServerDeliver(t *testing.T) {
	j, stand := jobServer(t, nil)
	p := jobPackage()
	for range 3 {
		location, err := j.Deliver(t.Context(), p)
		if err != nil || !strings.HasSuffix(location, "/api/v2/releases/release/"+stand.Arrived()["REQ1"].ID) {
			t.Fatalf("Deliver = %q, %v", location, err)
		}
		arrivedOnce(t, stand, p)
	}
	what, err := j.Withdraw(t.Context(), p.Release, "somewhere")
	if !errors.Is(err, review.ErrCannotWithdraw) || !strings.Contains(what, "nothing was withdrawn") || !strings.Contains(what, "somewhere") {
		t.Errorf("Withdraw = %q, %v", what, err)
	}
}

// TestJobServerFaults: whatever goes wrong once, at any call, is told, and the
// next try makes one release of it.
func TestJobServerFaults(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request){
		"a 500":               answer(500, "oops"),
		"a 503":               answer(503, ""),
		"a 401":               answer(401, `{"detail":"no"}`),
		"another 400":         answer(400, `{"detail":"File hash does not match"}`),
		"a 201 with an error": answer(201, `{"status":"error","message":"no"}`),
		"a 200":               answer(200, `{}`),
		"an endless answer":   answer(201, strings.Repeat("x", answerLimit+1)),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"a release that is none": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Release-Id", "../../x")
			w.WriteHeader(500)
		},
		"a cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for _, after := range []bool{false, true} {
			for call := 1; call <= 4; call++ {
				j, stand := jobServer(t, nil)
				spoil := func(n int, w http.ResponseWriter, r *http.Request) bool {
					if n != call {
						return false
					}
					fault(w, r)
					return true
				}
				if after {
					stand.After = spoil
				} else {
					stand.Before = spoil
				}
				p := jobPackage()
				location, err := j.Deliver(t.Context(), p)
				if refused := name == "a 401" || name == "another 400"; errors.Is(err, review.ErrRefused) != refused {
					t.Errorf("%s at call %d: %v, and it is to be a refusal: %t", name, call, err, refused)
				}
				if err == nil || location != "" || review.KindOf(errors.Unwrap(err)) != review.Unavailable {
					t.Errorf("%s at call %d: %q, %v", name, call, location, err)
				}
				_, err = j.Deliver(t.Context(), p)
				if err != nil {
					t.Errorf("%s at call %d, and again: %v", name, call, err)
				}
				arrivedOnce(t, stand, p)
			}
		}
	}
}

// TestJobServerNetwork: the network is cut, slow, or swallows answers.
func TestJobServerNetwork(t *testing.T) {
	for name, how := range map[string]storagetest.Spoilt{
		"cut in the announcement": {CutAfter: 200},
		"cut in an upload":        {CutAfter: 200_000},
		"no answer":               {Silent: true},
		"too slow":                {Slow: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, stand := jobServer(t, func(at string) string {
				return storagetest.StartProxy(t, at, func(n int) storagetest.Spoilt {
					if n <= 1 {
						return how
					}
					return storagetest.Spoilt{}
				}).URL
			})
			p := jobPackage()
			if _, err := j.Deliver(t.Context(), p); err == nil {
				t.Error("it says that it was delivered")
			}
			_, err := j.Deliver(t.Context(), p)
			must(t, err)
			arrivedOnce(t, stand, p)
		})
	}
	t.Run("a name that nobody has", func(t *testing.T) {
		j, err := OpenJobServer(JobServerSettings{URL: "https://nowhere.invalid/api/v2", Token: "x", Timeout: 2 * time.Second})
		must(t, err)
		_, err = j.Deliver(t.Context(), jobPackage())
		if review.KindOf(err) != review.Unavailable {
			t.Errorf("Deliver: %v", err)
		}
	})
	t.Run("nobody waits", func(t *testing.T) {
		j, _ := jobServer(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := j.Deliver(ctx, jobPackage()); !errors.Is(err, context.Canceled) {
			t.Errorf("Deliver: %v", err)
		}
	})
}

// TestJobServerAnswersEarly: an answer that comes before the bytes are sent closes the
// reader on the way, and that is not told as bytes that could not be read.
func TestJobServerAnswersEarly(t *testing.T) {
	j, stand := jobServer(t, nil)
	stand.Before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n > 1 {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return n > 1
	}
	p := pack("R1", "release/a.csv", strings.Repeat("a\n", 4<<20))
	p.Release.Request, p.Release.By, p.Release.Approved = "REQ1", "carl", noon()
	if location, err := j.Deliver(t.Context(), p); err == nil {
		t.Errorf("Deliver = %q", location)
	}

	r, w := io.Pipe()
	reader := &checkedReader{r: r, left: 1}
	must(t, reader.Close())
	if _, err := reader.Read(make([]byte, 1)); err == nil || reader.failure() != nil {
		t.Errorf("read after the end: %v, told as %v", err, reader.failure())
	}
	must(t, w.Close())
}

// TestJobServerCorrupt: bytes that are not what was approved do not arrive.
func TestJobServerCorrupt(t *testing.T) {
	for name, data := range map[string]string{"shorter": "a", "longer": "a\nb"} {
		j, stand := jobServer(t, nil)
		p := jobPackage()
		p.Open = func(context.Context, review.Digest) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(data)), nil
		}
		if _, err := j.Deliver(t.Context(), p); !errors.Is(err, review.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if got := stand.Arrived()["REQ1"]; len(got.Files) > 0 {
			t.Errorf("%s: %d files arrived", name, len(got.Files))
		}
	}
}

// TestJobServerTLS: a server whom nobody vouches for is not spoken to.
func TestJobServerTLS(t *testing.T) {
	stand := new(storagetest.JobServer)
	web := httptest.NewTLSServer(stand)
	defer web.Close()
	web.Config.ErrorLog = nil
	settings := JobServerSettings{URL: web.URL + "/api/v2", Token: storagetest.Token}
	stranger, err := OpenJobServer(settings)
	must(t, err)
	if _, err := stranger.Deliver(t.Context(), jobPackage()); err == nil || stand.Calls() > 0 {
		t.Errorf("an unknown server was given the token: %v", err)
	}
	settings.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(settings.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600))
	known, err := OpenJobServer(settings)
	must(t, err)
	p := jobPackage()
	_, err = known.Deliver(t.Context(), p)
	must(t, err)
	arrivedOnce(t, stand, p)
}

func TestOpenJobServerRefuses(t *testing.T) {
	for name, s := range map[string]JobServerSettings{
		"no address":         {Token: "x"},
		"an open address":    {URL: "http://jobs.example.org/api/v2", Token: "x"},
		"a password in it":   {URL: "https://me:secret@jobs.example.org", Token: "x"},
		"no token":           {URL: "https://jobs.example.org"},
		"a token of lines":   {URL: "https://jobs.example.org", Token: "x\ny"},
		"no such CA file":    {URL: "https://jobs.example.org", Token: "x", CAFile: "/nowhere"},
		"another scheme":     {URL: "ftp://jobs.example.org", Token: "x"},
		"nothing but a host": {URL: "jobs.example.org", Token: "x"},
	} {
		if _, err := OpenJobServer(s); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
