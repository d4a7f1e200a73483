package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// shows says which routes that only read yield contents (of files, logs, code,
// or the record as a file), and which event each leaves; "" for those that yield
// none: names, words about files, and what people wrote. A new route that reads
// needs a row here. Routes that change something leave the event of the change,
// since a store refuses a change without one.
var shows = map[string]review.EventType{
	"/workspaces/:workspace/jobs":                     review.EvCodeViewed,
	"/workspaces/:workspace/jobs/:job":                review.EvCodeViewed,
	"/workspaces/:workspace/logs/:action":             review.EvLogViewed,
	"/workspaces/:workspace/code/:commit/*":           review.EvCodeViewed,
	"/workspaces/:workspace/compare":                  review.EvCodeViewed,
	"/requests/:request/files/:file":                  review.EvFileViewed,
	"/requests/:request/files/:file/content":          review.EvFileViewed,
	"/requests/:request/files/:file/rows":             review.EvFileViewed,
	"/requests/:request/files/:file/download":         review.EvFileDownloaded,
	"/requests/:request/files/:file/changes":          review.EvFileViewed,
	"/requests/:request/files/:file/changes/:version": review.EvFileViewed,
	"/export/events":                                  review.EvExported,
	"/export/requests":                                review.EvExported,
	"/export/releases":                                review.EvExported,
	"/export/records/:request":                        review.EvExported,
	"/export/reviews/:request":                        review.EvExported,
	"/requests/:request/package":                      review.EvPackageDownloaded,
	"/workspaces/:workspace":                          "",
	"/workspaces/:workspace/form":                     "",
	"/static/*":                                       "",
	"/health":                                         "",
	"/":                                               "",
	"/workspaces":                                     "",
	"/requests":                                       "",
	"/requests/:request":                              "",
	"/requests/:request/details":                      "",
	"/requests/:request/findings":                     "",
	"/requests/:request/groups/:group":                "",
	"/requests/:request/submit":                       "",
	"/requests/:request/withdraw":                     "",
	"/queue":                                          "",
	"/board":                                          "",
	"/requests/:request/hand-over":                    "",
	"/requests/:request/route":                        "",
	"/requests/:request/review":                       "",
	"/requests/:request/return":                       "",
	"/requests/:request/reject":                       "",
	"/requests/:request/release":                      "",
	"/export/figures":                                 review.EvExported,
	"/figures":                                        "",
	"/releases":                                       "",
	"/records":                                        "",
	"/records/:request":                               "",
	"/records/:request/print":                         review.EvExported,
	"/audit":                                          "",
	"/audit/checkpoints":                              "",
	"/audit/key":                                      "", // public
	"/audit/checkpoints/:size":                        review.EvExported,
	"/audit/proofs/:seq":                              review.EvExported,
	"/records/:request/proof":                         review.EvExported,
	"/status":                                         "",
	"/requests/:request/recall":                       "",
	"/requests/:request/recall/report":                "",
	"/requests/:request/recall/report.json":           "",
	"/requests/:request/hold":                         "",
	"/status/alarms/:alarm":                           "",
}

// areas of pages that show nobody any contents, whatever routes they have.
var contentless = []string{"/sign-in", "/invitation", "/confirm", "/account", "/people", "/access", "/notifications", "/help"}

// TestEveryRouteSaysWhatItLeaves: the table is whole, and each route that yields
// contents leaves just one event of its type, by the person, before the bytes.
func TestEveryRouteSaysWhatItLeaves(t *testing.T) {
	s := ranSite(t)
	const report = "<!doctype html><title>A report</title><p>Rates rose.</p><table><tr><th>region<th>people<tr><td>North<td>120<tr><td>South<td>340</table>"
	request := s.draft(t, "release/report.html", report)
	file := s.as(t, "ann").get(request).links(fileLink)[0]
	s.Workspaces.Write("cohort", "release/report.html", strings.Replace(report, "rose", "fell", 1))
	fill := strings.NewReplacer(":workspace", "cohort", ":request", strings.TrimPrefix(request, "/requests/"),
		":file", strings.TrimPrefix(file, request+"/files/"), "*", "analysis/tables.R", ":job", "req2", ":action", "tables", ":commit", second, ":version", "after", ":size", "1", ":seq", "1")
	known := map[string]bool{}
	for _, r := range routes() {
		known[r.Path] = true
		if r.Method != http.MethodGet || slices.ContainsFunc(contentless, func(p string) bool { return strings.HasPrefix(r.Path, p) }) {
			continue
		}
		want, ok := shows[r.Path]
		if !ok {
			t.Errorf("%s %s does not say which event it leaves: give it a row", r.Method, r.Path)
		}
		if want == "" {
			continue
		}
		if want == review.EvPackageDownloaded || r.Path == "/records/:request/proof" {
			continue // only what was released has them: TestPackage, TestReleaseProof
		}
		if r.Path == "/export/reviews/:request" {
			s.submit(t, request) // for its checkers
		}
		s.Advance(time.Hour) // a view is not the page's that was seen before
		t.Run(r.Path, func(t *testing.T) { s.leaves(t, fill.Replace(r.Path), want) })
	}
	for path := range shows {
		if !known[path] {
			t.Errorf("%s is no route any more", path)
		}
	}
}

// leaves asks for an address as whoever may have it.
func (s *site) leaves(t *testing.T, address string, want review.EventType) {
	t.Helper()
	if strings.HasSuffix(address, "/compare") {
		address += "?from=" + strings.Repeat("1", 40) + "&to=" + second
	}
	for _, name := range []string{"ann", "aud", "carl", "cora", "chen"} {
		b := s.as(t, name)
		before := s.last(t)
		if b.get(address); b.status != http.StatusOK {
			continue
		}
		list, err := s.Store.Events(t.Context(), review.EventQuery{After: before, Types: []review.EventType{want}})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || string(list[0].Actor) != name || list[0].Purpose == "" || list[0].Source == "" {
			t.Errorf("as %s it leaves %+v", name, list)
		}
		return
	}
	if strings.Contains(address, "/changes/") {
		t.Skip("versions are sent one by one of pictures only; the page of both was asked for")
	}
	t.Error("nobody is given it, so nothing is tested")
}

// last is the number of the newest event.
func (s *site) last(t *testing.T) int64 {
	t.Helper()
	list, err := s.Store.Events(t.Context(), review.EventQuery{Newest: true, Limit: 1})
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list[0].Seq
}

// TestOneViewIsOneEvent: a page and the picture that it frames are one view; the
// picture on its own is one too.
func TestOneViewIsOneEvent(t *testing.T) {
	s := newSite(t)
	request := s.draft(t, "release/figure.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>`)
	ann := s.as(t, "ann")
	file := ann.get(request).links(fileLink)[0]
	views := func(addresses ...string) int {
		before := s.last(t)
		for _, a := range addresses {
			ann.get(a).want(http.StatusOK)
		}
		list, err := s.Store.Events(t.Context(), review.EventQuery{After: before, Types: []review.EventType{review.EvFileViewed}})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := views(file + "/content"); n != 1 {
		t.Errorf("the picture alone left %d events, want 1", n)
	}
	if n := views(file, file+"/content"); n != 1 {
		t.Errorf("the page with its picture left %d events, want 1", n)
	}
}
