package ui

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks/provenance"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// What ran in the workspace of these tests, hostile where it can be.
const (
	pipelineYAML = `version: "4.0"
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        cohort: output/dataset.csv.gz
  tables:
    run: r:v2 analysis/tables.R
    needs: [extract]
    outputs:
      moderately_sensitive:
        table: output/rates*.csv
`
	manifestJSON = `{"workspace":"cohort","repo":null,"outputs":{
"output/dataset.csv.gz":{"level":"highly_sensitive","job_id":"jobextract","job_request":"req2","action":"extract","user":"ann","repo":"https://example.org/o/r","commit":"2222222222222222222222222222222222222222","size":1,"timestamp":1763400000,"content_hash":null},
"output/rates.csv":{"level":"moderately_sensitive","job_id":"jobtables","job_request":"req2","action":"tables","user":"ann","repo":"https://example.org/o/r","commit":"2222222222222222222222222222222222222222","size":1,"timestamp":1763400000,"content_hash":null},
"output/rates_old.csv":{"level":"moderately_sensitive","job_id":"jobold","job_request":"req1","action":"tables","user":"ann","repo":"https://example.org/o/r","commit":"1111111111111111111111111111111111111111","size":1,"timestamp":1763300000,"content_hash":null,"out_of_date_action":true,"out_of_date_output":true}}}`
	jobsJSON = `{"job_requests":{
"req2":{"user":"Ann <script>alert(1)</script>","backend":"TPP","branch":"main","repo":"https://example.org/o/r","commit":"2222222222222222222222222222222222222222","force_run":true,"requested_actions":["extract","tables"],"status":"succeeded","created_at":"2025-11-17T08:00:00Z","started_at":"2025-11-17T08:00:10Z","finished_at":"2025-11-17T09:01:13Z","jobs":[{"id":"jobextract","action":"extract","status":"succeeded"},{"id":"jobtables","action":"tables","status":"failed"}]},
"req1":{"commit":"1111111111111111111111111111111111111111","repo":"https://example.org/o/r","created_at":"2025-11-16T08:00:00Z"}}}`
)

// ranIn are workspaces that record what ran in them.
type ranIn struct{ *reviewtest.Workspaces }

func (ranIn) Records(context.Context, review.WorkspaceName) (*review.Records, error) {
	recorded, err := provenance.ReadJobRequests([]byte(jobsJSON))
	return &review.Records{Sources: provenance.ReadSources([]byte(pipelineYAML), []byte(manifestJSON)), Recorded: recorded}, err
}

// repository is a study's code: the script grows by a line at the second commit.
type repository struct{}

func (repository) Tree(context.Context, string, string) ([]string, error) {
	return []string{"README.md", "analysis/dataset.py", "analysis/tables.R", "odd/<b>&% name.R"}, nil
}

func (repository) File(_ context.Context, _, commit, file string) ([]byte, error) {
	files := map[string]string{
		"README.md":          "# A study\n",
		"analysis/tables.R":  "# Tables <script>alert(1)</script>\nrates <- read.csv(\"output/x.csv\")\nif (TRUE) print(1)\n",
		"odd/<b>&% name.R":   "odd <- 1\n",
		"analysis/binary.rd": "\x00\x01",
	}
	text, ok := files[file]
	if !ok {
		return nil, review.Errorf(review.NotFound, "There is no such file at that commit.")
	}
	return []byte(text), nil
}

func (repository) Compare(context.Context, string, string, string) ([]review.CodeChange, error) {
	return []review.CodeChange{{Path: "analysis/tables.R", Added: 1, Removed: 1,
		Patch: "diff --git a/x b/x\n--- a/analysis/tables.R\n+++ b/analysis/tables.R\n@@ -1,2 +1,2 @@\n # Tables\n-round(x, 1)\n+round(x, 5) <img src=x>\n"}}, nil
}

// ranSite is a site whose workspace cohort has runs, logs and code.
func ranSite(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	s := newSite(t, change...)
	s.Service.Workspaces, s.Service.Code = ranIn{s.Workspaces}, repository{}
	s.Workspaces.Write(reviewtest.Cohort, "metadata/tables.log",
		"plain\n\x1b[1;31mred <b>\x1b[0m and\x1b]0;title\x07 on\n=============JOB SUMMARY=============\nstate: succeeded\nexit_code: 0\n")
	return s
}

const second = "2222222222222222222222222222222222222222"

func TestRunsHideWhatIsOutOfDate(t *testing.T) {
	ann := ranSite(t).as(t, "ann")
	ann.get("/workspaces/cohort/jobs").want(http.StatusOK).has("req2", "req1", "1 output of out-of-date actions is hidden", "output/rates.csv", "Highly sensitive").
		lacks("output/rates_old.csv")
	if strings.Index(ann.body, "req2") > strings.Index(ann.body, "req1") {
		t.Error("the older run comes first")
	}
	ann.get("/workspaces/cohort/jobs?outputs=all").want(http.StatusOK).has("output/rates_old.csv", "out of date")
}

func TestAJobRequestShowsEverythingRecorded(t *testing.T) {
	ann := ranSite(t).as(t, "ann")
	ann.get("/workspaces/cohort/jobs/req2").want(http.StatusOK).has(
		"Ann <script>alert(1)</script>", "TPP", "main", second, "Yes", "extract", "jobtables", "Failed",
		"17 November 2025, 08:00:10 UTC", "01:01:03", "r:v2 analysis/tables.R", "output/rates*.csv", "Show project.yaml", "Compare with the previous run")
	if strings.Contains(ann.body, "<script>alert") {
		t.Error("a name is markup")
	}
	for _, link := range []string{
		"/workspaces/cohort/code/" + second + "/analysis/tables.R", "/workspaces/cohort/logs/tables", "#action-tables",
		"/workspaces/cohort/compare?from=1111111111111111111111111111111111111111&to=" + second,
	} {
		if !slices.Contains(ann.links(`[^"]*`), link) {
			t.Errorf("no link to %s among %v", link, ann.links(`[^"]*`))
		}
	}
	// The first run: nobody recorded who asked for it, where, or how it ended.
	ann.get("/workspaces/cohort/jobs/req1").want(http.StatusOK).has("Branchnot recorded", "Runtimenot recorded", "Force run dependenciesnot recorded", "nothing to compare with")
	ann.get("/workspaces/cohort/jobs/none").want(http.StatusNotFound)
}

// A run that wrote very many files makes no page of very many rows.
func TestManyOutputsMakeNoHugePage(t *testing.T) {
	s := ranSite(t)
	var outputs []string
	for i := range outputsOfJob + 30 {
		outputs = append(outputs, fmt.Sprintf(`"output/rates%d.csv":{"level":"moderately_sensitive","job_id":"j","job_request":"big","action":"tables","repo":null,"commit":null,"size":1,"timestamp":1763400000}`, i))
	}
	s.Service.Workspaces = manyOutputs{s.Workspaces, `{"workspace":"cohort","repo":null,"outputs":{` + strings.Join(outputs, ",") + "}}"}
	ann := s.as(t, "ann")
	ann.get("/workspaces/cohort/jobs").want(http.StatusOK).has("2,030 outputs", "and 2,010 more")
	ann.get("/workspaces/cohort/jobs/big").want(http.StatusOK).has("30 more outputs are not listed")
}

// manyOutputs are workspaces with a manifest of one's own.
type manyOutputs struct {
	*reviewtest.Workspaces
	manifest string
}

func (m manyOutputs) Records(context.Context, review.WorkspaceName) (*review.Records, error) {
	return &review.Records{Sources: provenance.ReadSources([]byte(pipelineYAML), []byte(m.manifest))}, nil
}

func TestRunsAreForThoseConcerned(t *testing.T) {
	s := ranSite(t)
	request := s.draft(t, "release/rates.csv", roundedCSV)
	pages := []string{"/workspaces/cohort/jobs", "/workspaces/cohort/jobs/req2", "/workspaces/cohort/logs/tables",
		"/workspaces/cohort/code/" + second + "/README.md", "/workspaces/cohort/compare?from=" + second + "&to=" + second}
	want := func(name string, status int) {
		t.Helper()
		for _, page := range pages {
			s.as(t, name).get(page).want(status)
		}
	}
	want("ann", http.StatusOK)
	want("abe", http.StatusOK)
	want("aud", http.StatusOK)
	for _, name := range []string{"tim", "carl", "lea", "ops"} {
		want(name, http.StatusNotFound)
	}
	s.submit(t, request)
	for _, b := range s.seats(t, request) {
		for _, page := range pages {
			b.get(page).want(http.StatusOK)
		}
	}
}

func TestLogsShowColoursAndNothingElse(t *testing.T) {
	ann := ranSite(t).as(t, "ann")
	ann.get("/workspaces/cohort/logs/tables").want(http.StatusOK).has("red <b> and on", "exit_code", "Succeeded").lacks("title")
	if !strings.Contains(ann.body, `<span class="app-ansi--red app-ansi--bold">red &lt;b&gt;</span>`) {
		t.Error("the colour is lost, or the text is markup")
	}
	if strings.ContainsAny(ann.body, "\x1b\x07") {
		t.Error("an escape reached the page")
	}
	ann.get("/workspaces/cohort/logs/none").want(http.StatusNotFound)
}

func TestCodeIsShownAsItRan(t *testing.T) {
	ann := ranSite(t).as(t, "ann")
	root := "/workspaces/cohort/code/" + second
	ann.get(root+"/").want(http.StatusOK).has("README.md", "analysis/")
	ann.get(root+"/analysis").want(http.StatusOK).has("tables.R", "dataset.py").lacks("README.md")
	ann.get(root+"/analysis/tables.R").want(http.StatusOK).has("# Tables <script>alert(1)</script>", "Run by the action tables", "Needs extract")
	if !strings.Contains(ann.body, `<span class="app-tok--comment"># Tables &lt;script&gt;`) {
		t.Error("the comment is not coloured, or is markup")
	}
	if strings.Contains(ann.body, "style=") {
		t.Error("the page holds inline style, which its policy refuses")
	}
	ann.get(root + "/odd").want(http.StatusOK)
	ann.get(ann.links(root + `/odd/[^"]*`)[0]).want(http.StatusOK).has("odd <- 1")
	ann.get(root + "/none.R").want(http.StatusNotFound)
	ann.get("/workspaces/cohort/code/3333333333333333333333333333333333333333/README.md").want(http.StatusNotFound)
	ann.get("/workspaces/cohort/compare?from=1111111111111111111111111111111111111111&to="+second).want(http.StatusOK).
		has("1 file, 1 line added, 1 line removed", "round(x, 5) <img src=x>")
}

// No lexer may change what is read.
func TestColouringKeepsEveryCharacter(t *testing.T) {
	texts := []string{"", "x", "a <- 'b\n\nc", "def f(:\n\t\"\"\"open", "ünïcode = \"\u202e\"\n", "\n\n\n", "# only a comment"}
	for _, name := range []string{"a.R", "a.py", "a.yaml", "a.md", "a.do", "a.sql", "a.json", "Dockerfile", "a.unknown"} {
		for _, text := range texts {
			v := viewSource(name, []byte(text))
			var lines []string
			for _, l := range v.Lines {
				var line strings.Builder
				for _, p := range l.Parts {
					line.WriteString(p.Text)
				}
				lines = append(lines, line.String())
			}
			if got, want := strings.Join(lines, "\n"), printableText(strings.TrimSuffix(text, "\n")); got != want {
				t.Errorf("%s of %q: %q", name, text, got)
			}
		}
	}
}

func TestTerminalSequences(t *testing.T) {
	type parts = []logPart
	for body, want := range map[string]parts{
		"\x1b[32mgreen\x1b[39m plain":                {{"app-ansi--green", "green"}, {"", " plain"}},
		"\x1b[1mbold\x1b[22m\x1b[38;2;1;2;3mof many": {{"app-ansi--bold", "bold"}, {"", "of many"}},
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x07":     {{"", "link"}},
		"\x1b[2Kover\x1b[1Awritten":                  {{"", "over"}, {"", "written"}},
		"\x1b[31":                                    {{"", `\u{fffd}[31`}},
		"\x1b]never ends":                            {{"", `\u{fffd}]never ends`}},
		"bell\aback\b":                               {{"", `bell\u{0007}back\u{0008}`}},
	} {
		if diff := cmp.Diff(want, logLines(body, 0)[0].Parts); diff != "" {
			t.Errorf("%q (-want +got):\n%s", body, diff)
		}
	}
	// A colour goes on in the next line; numbers go on from what was left out.
	two := logLines("\x1b[31mred\nstill", 7)
	if two[1].Parts[0].Class != "app-ansi--red" || two[1].N != 9 {
		t.Errorf("second line %+v", two[1])
	}
}

func FuzzLogLines(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m")
	f.Add("\x1b[38;5;200mx\x1b[")
	f.Add("\x1b]8;;http://x\x07link")
	f.Fuzz(func(t *testing.T, body string) {
		for _, l := range logLines(body, 3) {
			for _, p := range l.Parts {
				if strings.ContainsFunc(p.Text, func(r rune) bool { return r < ' ' && r != '\t' }) {
					t.Errorf("a control character in %q", p.Text)
				}
				if p.Class != "" && !strings.HasPrefix(p.Class, "app-ansi--") {
					t.Errorf("class %q", p.Class)
				}
			}
		}
	})
}
