package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/checks/browsertest"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

func withRegister(o *Options) { o.Register = true }

var registerAddresses = []string{"/register", "/register.csv", "/register.json"}

// Where the register is not public there is no such page, for anybody.
func TestRegisterIsClosed(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"", "aud"} {
		for _, address := range registerAddresses {
			s.as(t, name).get(address).want(http.StatusNotFound).has("Page not found")
		}
	}
	s.as(t, "").get("/sign-in").lacks("register of releases")
}

// The register tells of what left, and nothing besides: no names of people,
// digests, ids, times of day, words that somebody wrote for the review, names or
// contents of files, and nothing at all of what did not leave.
func TestRegisterTellsNothingElse(t *testing.T) {
	s := newSite(t, withRegister)
	s.Public = &review.PublicRegister{}
	path := s.draft(t, "release/MARKERNAME.csv", "region,people\nMARKERCELL,120\nSouth,345\nEast,210\nWest,95\nNorth,450\nCoast,335\n")
	ann := s.as(t, "ann")
	ann.post(path+"/details", "title", "=Rates by <b>region</b>", "purpose", "MARKERPURPOSE", "concerns", "MARKERCONCERNS", "repository", "https://example.org/MARKERREPO").want(http.StatusOK)
	s.submit(t, path)
	seats := s.seats(t, path)
	for _, b := range seats {
		b.vote(path, "approve", "MARKERREASON")
		b.post(path + "/review").want(http.StatusOK)
	}
	seats[0].post(path + "/release").want(http.StatusOK)
	s.work(t)
	s.draft(t, "release/other.csv", roundedCSV) // filed, and still inside: its title would show
	id := review.RequestID(strings.TrimPrefix(path, "/requests/"))
	rel, err := s.Store.Release(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		"MARKER", "Rates by region", string(id), rel.ID, rel.Location, string(rel.Files[0].SHA256), string(rel.Files[0].SHA256)[:12], rel.Policy.SHA256[:12],
		string(rel.Findings), rel.Approved.Format("15:04"), rel.Approved.Format("15.04"), "@example.org", "Person ", "MARKERCELL",
	}
	for _, p := range reviewtest.People() {
		secrets = append(secrets, ">"+string(p.Username)+"<", `"`+string(p.Username)+`"`)
	}
	for _, name := range []string{"", "aud"} { // who is signed in sees the same
		b := s.as(t, name)
		for _, address := range registerAddresses {
			b.get(address).want(http.StatusOK)
			for _, secret := range secrets {
				if secret != "" && strings.Contains(b.body, secret) {
					t.Errorf("as %q, %s holds %q", name, address, secret)
				}
			}
			if len(b.header.Values("Set-Cookie")) > 0 || b.header.Get("Cache-Control") != "public, max-age=300" {
				t.Errorf("%s: headers %v", address, b.header)
			}
		}
	}
	nobody := s.as(t, "")
	nobody.get("/register").has("=Rates by <b>region</b>", "A study", "number 1", "cohort", "1 csv", "20 November 2026")
	about := nobody.links(`/help/register#what-it-says`)
	if len(about) != 1 {
		t.Fatalf("the register leads to %q for help about itself", about)
	}
	nobody.get(about[0]).want(http.StatusOK).has("What it says", "The public register of releases")
	if strings.Contains(nobody.body, "<b>region</b>") {
		t.Error("a title is markup")
	}
	rows := readCSV(t, []byte(nobody.get("/register.csv").body))
	want := []string{"2026-11-20", "A study", "1", "cohort", "'=Rates by <b>region</b>", "1", "1 csv", policy.Default().Version, "", "no", "", ""}
	if len(rows) == 2 {
		want[8] = rows[1][8] // how much is in the log by then
	}
	if len(rows) != 2 || want[8] == "" || !slices.Equal(rows[1], want) {
		t.Errorf("CSV: %q\nwant %q", rows, want)
	}
	nobody.get("/sign-in").has("register of releases")
}

// A recall shows within a minute, and a name only where names are shown.
func TestRegisterMarksRecalls(t *testing.T) {
	s := newSite(t, withRegister)
	s.Public = &review.PublicRegister{Names: true}
	_, id, _ := s.releasedRequest(t)
	nobody := s.as(t, "")
	nobody.get("/register").has("release/rates.csv").lacks("Recalled 20")
	err := s.Recall(t.Context(), s.As(t, "aud"), id, review.BreachInput{Words: "A small count.", Severity: review.RecallLow, Discovered: s.Now()})
	if err != nil {
		t.Fatal(err)
	}
	s.Advance(time.Minute)
	nobody.get("/register").has("Recalled 20 November 2026").lacks("release/rates.csv", "A small count")
	var got struct {
		Releases []struct {
			Names    []string
			Recalled struct {
				Day   string
				Whole bool
			}
		}
	}
	if err := json.Unmarshal([]byte(nobody.get("/register.json").body), &got); err != nil {
		t.Fatal(err)
	}
	if r := got.Releases[0]; r.Names != nil || r.Recalled.Day != "2026-11-20" || !r.Recalled.Whole {
		t.Errorf("JSON: %+v", got)
	}
}

// manyReleases is a service that has released more than a page holds.
type manyReleases struct {
	Service
	n int
}

func (m manyReleases) PublicReleases(context.Context) ([]review.PublicRelease, error) {
	list := make([]review.PublicRelease, m.n)
	for i := range list {
		list[i] = review.PublicRelease{Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Title: fmt.Sprintf("Release %03d", i), Files: []review.TypeCount{{Type: "csv", N: 1}}}
	}
	return list, nil
}

func TestRegisterPagesAndLimits(t *testing.T) {
	s := newSite(t, withRegister)
	s.ui.service = manyReleases{s.Service, 2*pageRows + 1}
	nobody := s.as(t, "")
	nobody.get("/register").has("201 releases", "Release 099").lacks("Release 100")
	nobody.get("/register?page=3").has("Release 200").lacks("Release 199")
	if next := nobody.links(`/register\?page=\d+`); !slices.Equal(next, []string{"/register?page=2"}) {
		t.Errorf("pager: %v", next)
	}
	for _, odd := range []string{"4", "-1", "x", "999999999999999999999", url.QueryEscape("<script>")} {
		nobody.get("/register?page=" + odd).want(http.StatusOK)
	}
	for range registerAtOnce + 30 { // the clock moves on while it is asked
		nobody.get("/register.json")
	}
	nobody.want(http.StatusTooManyRequests).get("/register").want(http.StatusTooManyRequests)
	if nobody.header.Get("Retry-After") != "1" || nobody.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of a refusal: %v", nobody.header)
	}
	s.Advance(2 * time.Minute)
	nobody.get("/register").want(http.StatusOK)
}

func TestRegisterInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t, withRegister)
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	s.Public = &review.PublicRegister{Names: true}
	b := &browserTab{t, browsertest.Start(t), s}
	b.look(script, "register-empty", "/register", 1440)
	s.Advance(2 * time.Minute)
	_, id, _ := s.releasedRequest(t)
	err := s.Recall(t.Context(), s.As(t, "aud"), id, review.BreachInput{Words: "A small count.", Severity: review.RecallLow, Discovered: s.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{1440, 1024, 390} {
		b.look(script, "register", "/register", width)
	}
}
