package ui

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Built files may be kept for ever, since their names change with their bytes;
// pages may not be kept at all.
func TestStatic(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "")
	if !s.ui.AssetsBuilt() {
		b.get("/sign-in").want(http.StatusOK).has("Style and script were not built into this program.")
		return
	}
	b.get("/sign-in").want(http.StatusOK).lacks("Style and script were not built")
	for _, name := range []string{"app.css", "app.js"} {
		path := s.ui.assets.path(name)
		if !strings.Contains(b.get("/sign-in").body, path) {
			t.Errorf("the page does not use %s", path)
		}
		b.get(path).want(http.StatusOK)
		if got := b.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		plain := b.body
		for asked, want := range map[string]string{"gzip": "gzip", "gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "identity": ""} {
			req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", asked)
			if b.do(req); b.header.Get("Content-Encoding") != want || (len(b.body) < len(plain)) != (want != "") {
				t.Errorf("%s, asked for as %q, comes as %q with %d bytes", path, asked, b.header.Get("Content-Encoding"), len(b.body))
			}
		}
	}
	for _, path := range []string{"/static/../server.go", "/static/.gitkeep", "/static/none.css"} {
		if b.get(path); b.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, b.status)
		}
	}
}

// The log names routes, and holds nothing of what people ask, type or file.
func TestLogHoldsNoContents(t *testing.T) {
	var log bytes.Buffer
	s := newSite(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	request := s.draft(t, "release/secretname.csv", smallCSV)
	ann := s.as(t, "ann").get(request + "?secret=query")
	ann.get(ann.links(fileLink)[0] + "/content").want(http.StatusOK)
	ann.get("/nowhere/secretpath")
	ann.post(request+"/details", "title", "secrettitle", "purpose", "secretpurpose")
	if !strings.Contains(log.String(), "route=/requests/:request/details") {
		t.Error("the log does not name the routes")
	}
	for _, secret := range []string{"secret", "North", "rounded to the nearest", strings.TrimPrefix(request, "/requests/")} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// Who signs in after another person on the same browser sees nothing of theirs.
func TestNextPersonStartsAfresh(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ann")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request := s.draft(t, "release/rates.csv", roundedCSV)
	b.post(request+"/details", "title", "T", "purpose", "P").want(http.StatusSeeOther) // leaves a message behind
	b.post("/sign-in/demo", "person", "aud").want(http.StatusSeeOther)
	b.get("/releases").want(http.StatusOK).lacks("Saved.")
}

func TestHealthAnswersHead(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequest(http.MethodHead, s.url+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.as(t, "").do(req).want(http.StatusOK)
}

// Clients that send or read slowly are cut off, and meanwhile keep nobody out.
func TestSlowClients(t *testing.T) {
	s := newSite(t)
	srv := HTTPServer("", s.ui, slog.New(slog.DiscardHandler))
	for name, limit := range map[string]time.Duration{"header": srv.ReadHeaderTimeout, "read": srv.ReadTimeout, "write": srv.WriteTimeout, "idle": srv.IdleTimeout} {
		if limit <= 0 || limit > 5*time.Minute {
			t.Errorf("the %s limit is %v", name, limit)
		}
	}
	const hurry = 40 // times faster than in earnest
	srv.ReadHeaderTimeout, srv.ReadTimeout, srv.IdleTimeout = srv.ReadHeaderTimeout/hurry, srv.ReadTimeout/hurry, srv.IdleTimeout/hurry/10
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(at) }()
	t.Cleanup(func() { _ = srv.Close() })
	const header = "GET /sign-in HTTP/1.1\r\nHost: x\r\n"
	const post = "POST /sign-in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nusername="
	var slow sync.WaitGroup
	for name, begin := range map[string]string{"nothing": "", "half a header": header, "half a form": post, "idle": header + "\r\n"} {
		for range 20 {
			slow.Go(func() {
				conn, err := net.Dial("tcp", at.Addr().String())
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				_, _ = conn.Write([]byte(begin))
				if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: still connected", name)
				}
			})
		}
	}
	res, err := http.Get("http://" + at.Addr().String() + "/sign-in")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("others are kept out: %v", err)
	}
	slow.Wait()
	res, err = http.Get("http://" + at.Addr().String() + "/sign-in")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("others are kept out afterwards: %v", err)
	}
}
