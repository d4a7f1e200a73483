package ui

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
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
		req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		if b.do(req); b.header.Get("Content-Encoding") != "gzip" || len(b.body) >= len(plain) {
			t.Errorf("%s is not sent compressed", path)
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
