package api_test

import (
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
	"sallyport/ui/api"
)

// shows says which routes that only read yield contents (of files, logs, code, or
// the record as a file), and which event each leaves; "" for those that yield
// none: names, words about files, and what people wrote. A new route that reads
// needs a row here. Routes that change something leave the event of the change.
func shows() map[string]review.EventType {
	return map[string]review.EventType{
		"/workspaces/:workspace/pipeline":                review.EvCodeViewed,
		"/workspaces/:workspace/jobs":                    review.EvCodeViewed,
		"/workspaces/:workspace/jobs/:job":               review.EvCodeViewed,
		"/workspaces/:workspace/logs/:action":            review.EvLogViewed,
		"/workspaces/:workspace/code/:commit":            review.EvCodeViewed,
		"/workspaces/:workspace/code/:commit/changes":    review.EvCodeViewed,
		"/requests/:request/files/:file/content":         review.EvFileViewed,
		"/requests/:request/files/:file/download":        review.EvFileDownloaded,
		"/requests/:request/files/:file/versions":        review.EvFileViewed,
		"/requests/:request/files/:file/versions/:which": review.EvFileViewed,
		"/requests/:request/package":                     review.EvPackageDownloaded,
		"/export/events":                                 review.EvExported,
		"/export/requests":                               review.EvExported,
		"/export/releases":                               review.EvExported,
		"/export/figures":                                review.EvExported,
		"/export/records/:request":                       review.EvExported,
		"/export/reviews/:request":                       review.EvExported,
		"/audit/checkpoints/:size":                       review.EvExported,
		"/audit/proofs/:seq":                             review.EvExported,
		"/records/:request/proof":                        review.EvExported,
		"/openapi.json":                                  "",
		"/me":                                            "",
		"/me/access":                                     "",
		"/access":                                        "",
		"/access/people/:person":                         "",
		"/policy":                                        "",
		"/tokens":                                        "",
		"/notifications":                                 "",
		"/notifications/choices":                         "",
		"/workspaces":                                    "",
		"/workspaces/:workspace":                         "",
		"/workspaces/:workspace/files":                   "",
		"/requests":                                      "",
		"/requests/:request":                             "",
		"/requests/:request/recall":                      "",
		"/queue":                                         "",
		"/claimable":                                     "",
		"/board":                                         "",
		"/releases":                                      "",
		"/records":                                       "",
		"/records/:request":                              "",
		"/records/:request/manifest":                     "", // digests and paths, which the record has too
		"/records/:request/independence":                 "",
		"/audit":                                         "",
		"/audit/checkpoints":                             "", // notes, which any witness is sent
		"/audit/key":                                     "", // public
		"/figures":                                       "",
		"/status":                                        "",
	}
}

// TestEveryReadSaysWhatItLeaves: the table is whole. What each route leaves is
// tried by TestEveryRouteByRole, as everybody whom it lets in.
func TestEveryReadSaysWhatItLeaves(t *testing.T) {
	known, all := map[string]bool{}, shows()
	for _, r := range api.Rows() {
		known[r.Path] = true
		if _, ok := all[r.Path]; !ok && r.Method == "GET" {
			t.Errorf("GET %s does not say which event it leaves: give it a row", r.Path)
		}
	}
	for path := range all {
		if !known[path] {
			t.Errorf("%s is no route any more", path)
		}
	}
}

// last is the number of the newest event.
func (s *site) last(t testing.TB) int64 {
	t.Helper()
	list, err := s.store.Events(t.Context(), review.EventQuery{Newest: true, Limit: 1})
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list[0].Seq
}

// mayChangeNothing are changes that answer well when there is nothing to do: files
// that are there already, a release that another checker was first to approve.
func mayChangeNothing(route string) bool {
	const r = "POST /requests/:request"
	return route == r+"/files" || route == r+"/wildcards" || route == r+"/release"
}

// TestRunsAreRecorded: what shows code, pipelines and logs leaves its event, where
// a workspace has them.
func TestRunsAreRecorded(t *testing.T) {
	s := newSite(t)
	s.Service.Workspaces, s.Service.Code = recording{s.Workspaces}, mirror{}
	s.Workspaces.Write(reviewtest.Cohort, "metadata/tables.log", "one line\n")
	ann, second := s.as(t, "ann"), strings.Repeat("2", 40)
	all := shows()
	for path, address := range map[string]string{
		"/workspaces/:workspace/pipeline":             "/workspaces/cohort/pipeline",
		"/workspaces/:workspace/jobs":                 "/workspaces/cohort/jobs",
		"/workspaces/:workspace/jobs/:job":            "/workspaces/cohort/jobs/of-second",
		"/workspaces/:workspace/logs/:action":         "/workspaces/cohort/logs/tables",
		"/workspaces/:workspace/code/:commit":         "/workspaces/cohort/code/" + second + "?path=project.yaml",
		"/workspaces/:workspace/code/:commit/changes": "/workspaces/cohort/code/" + second + "/changes?from=" + strings.Repeat("1", 40),
	} {
		before := s.last(t)
		if got := ann.get(address).status; got != 200 {
			t.Errorf("%s: status %d: %s", address, got, ann.body)
			continue
		}
		list, err := s.store.Events(t.Context(), review.EventQuery{After: before, Actor: "ann"})
		if err != nil || len(list) != 1 || list[0].Type != all[path] || list[0].Purpose != review.ForResearch {
			t.Errorf("%s left %+v, %v", address, list, err)
		}
	}
}

// left holds what a route left, which let somebody in, to what it says: a read of
// contents just one event of its type, another read none, and a change at least
// one; each by the person.
func (s *site) left(t testing.TB, route string, person review.Username, before int64) {
	t.Helper()
	list, err := s.store.Events(t.Context(), review.EventQuery{After: before, Actor: person})
	if err != nil {
		t.Fatal(err)
	}
	method, path, _ := strings.Cut(route, " ")
	want := shows()[path]
	switch {
	case strings.HasSuffix(path, "/pipeline") || strings.HasSuffix(path, "/jobs") || mayChangeNothing(route):
	case method != "GET" && len(list) == 0:
		t.Errorf("%s as %s changed something and left no event", route, person)
	case method == "GET" && want == "" && len(list) > 0:
		t.Errorf("%s as %s left %s, and says that it leaves nothing", route, person, list[0].Type)
	case method == "GET" && want != "" && (len(list) != 1 || list[0].Type != want || list[0].Purpose == "" || list[0].Source == ""):
		t.Errorf("%s as %s left %+v, want one %s with its purpose", route, person, list, want)
	}
}
