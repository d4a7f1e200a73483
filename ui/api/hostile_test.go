package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Bodies that are not what an address takes are refused with what is wrong and
// where, and change nothing.
func TestHostileBodies(t *testing.T) {
	s := newSite(t)
	id := s.draft(t, "release/one.csv")
	ann := s.as(t, "ann")
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"nothing":                  {"", http.StatusBadRequest, ""},
		"white space":              {" \n", http.StatusBadRequest, ""},
		"not JSON":                 {"title=x", http.StatusBadRequest, ""},
		"half":                     {`{"title":"x"`, http.StatusBadRequest, ""},
		"two values":               {`{"title":"x","purpose":"y"}{}`, http.StatusBadRequest, ""},
		"a comment":                {`{"title":"x","purpose":"y"}//`, http.StatusBadRequest, ""},
		"a member twice":           {`{"title":"x","title":"y","purpose":"z"}`, http.StatusUnprocessableEntity, "title"},
		"twice, escaped":           {`{"title":"x","\u0074itle":"y","purpose":"z"}`, http.StatusUnprocessableEntity, "title"},
		"an unknown member":        {`{"title":"x","purpose":"y","status":"RELEASED"}`, http.StatusUnprocessableEntity, "status"},
		"another case":             {`{"Title":"x","purpose":"y"}`, http.StatusUnprocessableEntity, "Title"},
		"a member missing":         {`{"title":"x"}`, http.StatusUnprocessableEntity, "purpose"},
		"the wrong type":           {`{"title":1,"purpose":"y"}`, http.StatusUnprocessableEntity, "title"},
		"a list":                   {`[]`, http.StatusUnprocessableEntity, ""},
		"null":                     {`null`, http.StatusUnprocessableEntity, "title"},
		"deep":                     {deep, http.StatusBadRequest, ""},
		"deep in a list":           {strings.Repeat("[", 100_000), http.StatusBadRequest, ""},
		"not UTF-8":                {"{\"title\":\"\xff\",\"purpose\":\"y\"}", http.StatusBadRequest, ""},
		"half of a surrogate pair": {`{"title":"\ud800","purpose":"y"}`, http.StatusBadRequest, ""},
		"a zero byte":              {`{"title":"\u0000","purpose":"y"}`, http.StatusUnprocessableEntity, "title"},
		"two megabytes":            {`{"title":"` + strings.Repeat("x", 2<<20) + `","purpose":"y"}`, http.StatusRequestEntityTooLarge, ""},
		"a long title":             {`{"title":"` + strings.Repeat("x", 301) + `","purpose":"y"}`, http.StatusUnprocessableEntity, "title"},
	} {
		ann.call(http.MethodPut, v1+"/requests/"+id+"/details", c.body, "Content-Type", "application/json")
		p := into[problem](ann)
		if ann.status != c.status || c.field != "" && p.Fields[c.field] == "" {
			t.Errorf("%s: status %d, want %d, fields %v", name, ann.status, c.status, p.Fields)
		}
		if p.Detail == "" || p.Status != ann.status || p.RequestID == "" || p.RequestID != ann.header.Get("X-Request-Id") {
			t.Errorf("%s: the problem says too little: %+v", name, p)
		}
	}
	if v := into[filed](ann.get("/requests/" + id)); v.Summary.Title != "Rates by region" {
		t.Errorf("the title is now %q", v.Summary.Title)
	}
}

func TestOtherTypesOfBody(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	ann.post("/requests", nil).want(http.StatusUnsupportedMediaType)
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1", "application/jsonp", ";"} {
		ann.post("/requests", `{"workspace":"cohort"}`, "Content-Type", media).want(http.StatusUnsupportedMediaType)
	}
	ann.post("/requests", `{"workspace":"cohort"}`, "Content-Type", "Application/JSON; charset=UTF-8").want(http.StatusCreated)
	ann.post("/requests/"+into[struct{ ID string }](ann).ID+"/withdraw", `{"reason":"x"}`).want(http.StatusUnprocessableEntity)
}

// Addresses that are made up are not found, whatever they look like.
func TestHostileAddresses(t *testing.T) {
	s := newSite(t)
	ann := s.as(t, "ann")
	for _, path := range []string{
		"/nowhere", "/requests/none", "/requests/..%2F..%2Fetc%2Fpasswd", "/requests/" + url.PathEscape("' OR 1=1 --"), "/requests/%00",
		"/workspaces/..", "/workspaces/%2e%2e", "/workspaces/arms", "/requests/" + strings.Repeat("x", 4000), "/requests/%F0%9F%92%A9", "//requests",
	} {
		if ann.get(path); ann.status != http.StatusNotFound || ann.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, %s", path, ann.status, ann.header.Get("Content-Type"))
		}
	}
	if ann.call(http.MethodPatch, v1+"/requests", nil).want(http.StatusMethodNotAllowed); ann.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a wrong method is answered as %s", ann.header.Get("Content-Type"))
	}
}

// Another site's page gets nothing, with a token or without.
func TestOtherOrigins(t *testing.T) {
	s := newSite(t)
	s.as(t, "ann").post("/requests", object{"workspace": "cohort"}, "Sec-Fetch-Site", "cross-site").want(http.StatusForbidden)
}
