package provenance

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReadLog(t *testing.T) {
	text := strings.Repeat("a line\n", 1000) + "the last line\n\n" + summaryMark + "\nstate: failed\njob_id: j1\ncommit: " +
		strings.Repeat("a", 40) + "\ncreated_at: 2026-11-01T10:00:00Z\ncompleted_at: 2026-11-01T10:05:00Z\nnote: a: b\n"
	l := ReadLog([]byte(text), 100)
	if !strings.HasSuffix(l.Body, "the last line") || !strings.HasPrefix(l.Body, "a line") || len(l.Body) > 100 || l.Left < 900 {
		t.Errorf("body of %d bytes, %d lines left out: %q", len(l.Body), l.Left, l.Body)
	}
	if l.State != "failed" || l.JobID != "j1" || l.Ended.Sub(l.Created) != 5*time.Minute || len(l.Summary) != 6 || l.Summary[5].Value != "a: b" {
		t.Errorf("summary %+v", l)
	}
	if l := ReadLog([]byte("no summary yet"), 100); l.Body != "no summary yet" || l.State != "" {
		t.Errorf("an unfinished log: %+v", l)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add([]byte("x\n"+summaryMark+"\nstate: succeeded\n"), 10)
	f.Add([]byte("\xff\xfe\x1b[31m"), 2)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		most = min(max(most, 1), 1<<16)
		l := ReadLog(data, most)
		if len(l.Summary) > maxFacts || len(l.Body) > 3*most+8 {
			t.Fatalf("%d facts, a body of %d bytes where %d were asked for", len(l.Summary), len(l.Body), most)
		}
	})
}

func TestJobRequests(t *testing.T) {
	project := `version: "3.0"
actions:
  extract: {run: "ehrql:v1 x", outputs: {highly_sensitive: {d: output/d.csv}}}
  tables: {run: "r:latest t.R", needs: [extract], outputs: {moderately_sensitive: {t: "output/t_*.csv"}}}
`
	entry := func(level, action, request, job string, at int) string {
		return fmt.Sprintf(`{"level":%q,"action":%q,"job_request":%q,"job_id":%q,"user":"jane","repo":"https://example.org/r","commit":%q,"timestamp":%d,"out_of_date_output":%v}`,
			level, action, request, job, strings.Repeat("b", 40), at, request == "old")
	}
	manifest := `{"workspace":"w","outputs":{` +
		`"output/d.csv":` + entry("highly_sensitive", "extract", "new", "j1", 1700000000) + `,` +
		`"output/t_1.csv":` + entry("moderately_sensitive", "tables", "new", "j2", 1700000100) + `,` +
		`"output/t_2.csv":` + entry("highly_sensitive", "tables", "old", "j0", 1600000000) + `}}`
	recorded, err := ReadJobRequests([]byte(`{"job_requests":{"new":{"backend":"TPP","branch":"main","force_run":false,
		"requested_actions":["tables"],"status":"succeeded","started_at":"2023-11-14T22:13:20Z","finished_at":"2023-11-14T22:20:20Z",
		"jobs":[{"id":"j2","action":"tables","status":"succeeded"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := ReadSources([]byte(project), []byte(manifest)).JobRequests(recorded)
	if len(got) != 2 || got[0].ID != "new" || got[1].ID != "old" {
		t.Fatalf("job requests %+v", got)
	}
	n := got[0]
	if n.Backend != "TPP" || n.User != "jane" || n.ForceRun == nil || *n.ForceRun || n.Runtime() != 7*time.Minute || len(n.Jobs) != 2 {
		t.Errorf("the newer one: %+v", n)
	}
	if j := n.Jobs[0]; j.Action != "tables" || j.Status != "succeeded" || len(j.Outputs) != 1 || j.Outputs[0].Level != Moderately {
		t.Errorf("its recorded job: %+v", j)
	}
	// The manifest and the pipeline disagree about t_2: its level is not known.
	if o := got[1].Jobs[0].Outputs[0]; o.Level == Moderately || o.Why == "" || !got[1].Jobs[0].OutOfDate {
		t.Errorf("a disputed output: %+v", got[1].Jobs[0])
	}
}

func FuzzReadJobRequests(f *testing.F) {
	f.Add([]byte(`{"job_requests":{"a":{"jobs":[{}]}}}`))
	f.Add([]byte(`{"job_requests":{"a":{},"a":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ReadJobRequests(data); (got == nil) != (err != nil) {
			t.Fatal("job requests and an error, or neither")
		}
	})
}
