package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"sallyport/checks/provenance"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// recording are workspaces in which two jobs ran.
type recording struct{ *reviewtest.Workspaces }

func (recording) Records(context.Context, review.WorkspaceName) (*review.Records, error) {
	output := func(path, job, commit string) string {
		return `"` + path + `":{"level":"moderately_sensitive","job_id":"` + job + `","job_request":"of-` + job + `","action":"tables","user":"ann",` +
			`"repo":"https://example.org/o/r","commit":"` + strings.Repeat(commit, 40) + `","size":1,"timestamp":176340000` + commit + `,"content_hash":null}`
	}
	manifest := `{"workspace":"cohort","repo":null,"outputs":{` + output("output/a.csv", "first", "1") + "," + output("output/b.csv", "second", "2") + `}}`
	pipeline := "version: \"4.0\"\nactions:\n  tables:\n    run: r:v2 analysis/tables.R\n    outputs:\n      moderately_sensitive:\n        t: output/*.csv\n"
	return &review.Records{Sources: provenance.ReadSources([]byte(pipeline), []byte(manifest))}, nil
}

// mirror is a study's code, with a name and a text that are not UTF-8.
type mirror struct{}

func (mirror) Tree(context.Context, string, string) ([]string, error) {
	return []string{"analysis/tables.R", "odd\xff.R"}, nil
}

func (mirror) File(context.Context, string, string, string) ([]byte, error) {
	return []byte("x <- '\xff'\n"), nil
}

func (mirror) Compare(context.Context, string, string, string) ([]review.CodeChange, error) {
	return []review.CodeChange{{Path: "analysis/tables.R", Added: 1, Patch: "+x"}}, nil
}

// What ran in a workspace is there for programs as it is on the pages, and what
// is not text is sent as text all the same.
func TestJobs(t *testing.T) {
	s := newSite(t)
	s.Service.Workspaces, s.Service.Code = recording{s.Workspaces}, mirror{}
	s.Workspaces.Write(reviewtest.Cohort, "metadata/tables.log", "one line \xff\n")
	s.Workspaces.Write(reviewtest.Cohort, "release/odd\xff.csv", "x")
	ann, at := s.as(t, "ann"), "/workspaces/cohort"
	type jobRequest struct{ ID, Commit string }
	list := into[struct{ Items []jobRequest }](ann.get(at + "/jobs").want(http.StatusOK)).Items
	if len(list) != 2 || list[0].ID != "of-second" {
		t.Fatalf("the jobs: %+v", list)
	}
	one := into[struct {
		Job      jobRequest
		Previous *jobRequest
	}](ann.get(at + "/jobs/of-second").want(http.StatusOK))
	if one.Job.Commit != strings.Repeat("2", 40) || one.Previous == nil || one.Previous.ID != "of-first" {
		t.Errorf("the second job: %+v", one)
	}
	ann.get(at + "/jobs/none").want(http.StatusNotFound)
	if text := into[struct{ Text string }](ann.get(at + "/pipeline").want(http.StatusOK)).Text; !strings.Contains(text, "analysis/tables.R") {
		t.Errorf("the pipeline is %q", text)
	}
	if body := into[struct{ Body string }](ann.get(at + "/logs/tables").want(http.StatusOK)).Body; !strings.Contains(body, "one line") {
		t.Errorf("the log is %q", body)
	}
	code := into[struct {
		Text           string
		Files, Actions []string
	}](ann.get(at + "/code/" + one.Job.Commit + "?path=analysis/tables.R").want(http.StatusOK))
	if code.Text != "x <- '\uFFFD'\n" || len(code.Files) != 2 || len(code.Actions) != 1 {
		t.Errorf("the code: %+v", code)
	}
	ann.get(at + "/code/" + strings.Repeat("9", 40)).want(http.StatusNotFound)
	ann.get(at + "/code/" + one.Job.Commit + "/changes?from=" + one.Previous.Commit).want(http.StatusOK)
	ann.get(at + "/files").want(http.StatusOK)
	s.as(t, "aud").get(at + "/jobs").want(http.StatusOK)
	s.as(t, "tim").get(at + "/jobs").want(http.StatusNotFound)
	s.as(t, "carl").get(at + "/jobs").want(http.StatusNotFound)
}
