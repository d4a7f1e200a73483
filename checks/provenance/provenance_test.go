package provenance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const project = `
version: "4.0"
expectations:
  population_size: 1_000
defaults: &common
  needs: [extract]
actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/dataset.py
      --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        cohort: output/dataset.csv.gz
  describe:
    <<: *common
    run: r:latest analysis/describe.R
    config: {base: 5, by: [sex, age]}
    outputs:
      moderately_sensitive:
        tables: output/tables/*.csv
        figure: output/fig*.png
      highly_sensitive:
        rows: output/rows/*.csv
  logs:
    run: stata-mp:latest analysis/model.do
    needs: [describe]
    outputs:
      minimally_sensitive:
        log: logs/model.log
`

func TestReadPipeline(t *testing.T) {
	got, err := ReadPipeline([]byte(project))
	if err != nil {
		t.Fatal(err)
	}
	want := &Pipeline{Version: "4.0", Population: 1000, Actions: []Action{
		{Name: "extract", Run: "ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz",
			Image: "ehrql", Tag: "v1", Args: "generate-dataset analysis/dataset.py --output output/dataset.csv.gz",
			Outputs: []Output{{Highly, "cohort", "output/dataset.csv.gz"}}},
		{Name: "describe", Run: "r:latest analysis/describe.R", Image: "r", Tag: "latest", Args: "analysis/describe.R",
			Needs: []string{"extract"}, Config: "{base: 5, by: [sex, age]}",
			Outputs: []Output{{Moderately, "tables", "output/tables/*.csv"}, {Moderately, "figure", "output/fig*.png"}, {Highly, "rows", "output/rows/*.csv"}}},
		{Name: "logs", Run: "stata-mp:latest analysis/model.do", Image: "stata-mp", Tag: "latest", Args: "analysis/model.do",
			Needs: []string{"describe"}, Outputs: []Output{{Minimally, "log", "logs/model.log"}}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReadPipelineRefuses(t *testing.T) {
	action := "version: '3.0'\nactions:\n  a:\n    run: r:latest x.R\n    outputs:\n"
	bomb := "version: '3.0'\nactions:\n  a: &a0 {run: x}\n"
	for i := range 30 {
		bomb += fmt.Sprintf("  b%d: &a%d {config: [*a%d, *a%d, *a%d]}\n", i, i+1, i, i, i)
	}
	var anchors strings.Builder
	anchors.WriteString("version: '3.0'\nx:\n")
	for i := range 50_000 {
		fmt.Fprintf(&anchors, "- &a%d 1\n", i)
	}
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "empty"},
		{"only a comment", "# x\n", "empty"},
		{"no version", "actions:\n  a: {run: x}\n", "version"},
		{"no actions", "version: '3.0'\n", "no actions"},
		{"version 0", "version: '0.1'\nactions: {a: {run: x}}", "from 1 to 5"},
		{"version 6", "version: 6\nactions: {a: {run: x}}", "from 1 to 5"},
		{"version NaN", "version: NaN\nactions: {a: {run: x}}", "from 1 to 5"},
		{"not YAML", "a: [", "not valid YAML"},
		{"tab", "a:\n\tb: 1", "not valid YAML at line 2"},
		{"list", "- a\n- b\n", "not a mapping"},
		{"two documents", "version: 3\n---\nversion: 3\n", "more than one"},
		{"duplicate action", "version: 3\nactions:\n  a: {run: x}\n  a: {run: y}\n", "given twice, the second time at line 4"},
		{"duplicate level", action + "      highly_sensitive: {a: b}\n      highly_sensitive: {c: d}\n", "given twice"},
		{"unknown level", action + "      public: {a: b}\n", "sensitivity level"},
		{"pattern not text", action + "      highly_sensitive: {a: [b]}\n", "not plain text"},
		{"action not a mapping", "version: 3\nactions: {a: x}", "not a mapping"},
		{"needs not a list", "version: 3\nactions: {a: {run: x, needs: b}}", "not a list"},
		{"key not text", "version: 3\n? [a]\n: b\n", "not plain text"},
		{"alias bomb", bomb, "once its aliases are followed"},
		{"circle", "version: 3\nx: &x [*x]\nactions: {a: {run: x}}", "contains itself"},
		{"50,000 anchors", anchors.String(), "anchors"},
		{"deep", "version: 3\nx: " + strings.Repeat("[", 70) + strings.Repeat("]", 70), "levels deep"},
		{"very deep", strings.Repeat("[", 20_000), "not valid YAML"},
		{"huge", "x: " + strings.Repeat("y", 2<<20), "larger than"},
		{"merge of a scalar", "version: 3\nx:\n  <<: 1\n", "does not name a mapping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ReadPipeline([]byte(c.in))
			if err == nil {
				t.Fatalf("accepted: %+v", p)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want one with %q", err, c.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		within, all   bool
	}{
		{"output/t.csv", "output/t.csv", true, true},
		{"output/t.csv", "output/t2csv", false, false},
		{"output/*.csv", "output/t.csv", true, true},
		{"output/*.csv", "output/.csv", true, true},
		{"output/*.csv", "output/a/t.csv", false, true},
		{"output/*/t*.csv", "output/a/t1.csv", true, true},
		{"output/*a*b", "output/xaab", true, true},
		{"output/*a/b*", "output/aa/bc", true, true},
		{"output/[ab].csv", "output/a.csv", false, false},
		{"output/?.csv", "output/a.csv", false, false},
		{"*", "", true, true},
		{"", "a", false, false},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 2000), false, false},
	} {
		if got := globMatch(c.pattern, c.path, false); got != c.within {
			t.Errorf("%q on %q within folders: %v", c.pattern, c.path, got)
		}
		if got := globMatch(c.pattern, c.path, true); got != c.all {
			t.Errorf("%q on %q across folders: %v", c.pattern, c.path, got)
		}
	}
}

var (
	hashA = strings.Repeat("a1", 32)
	hashB = strings.Repeat("b2", 32)
	hashC = strings.Repeat("c3", 32)
	hashD = strings.Repeat("d4", 32)
)

func manifest() string {
	return fmt.Sprintf(`{"workspace":"w","repo":null,"outputs":{
"output/tables/t.csv":{"level":"moderately_sensitive","job_id":"j1","job_request":"r1","action":"describe","user":"u",
  "repo":"https://example.org/s","commit":"%s","size":123,"timestamp":1700000000.25,"content_hash":"%s","excluded":false,
  "message":null,"row_count":10,"col_count":3,"out_of_date_action":false,"out_of_date_output":true},
"output/fig1.png":{"level":"moderately_sensitive","action":"describe","content_hash":"%s","row_count":null},
"output/dataset.csv.gz":{"level":"highly_sensitive","action":"extract","content_hash":"%s"},
"output/rows/t.csv":{"level":"moderately_sensitive","action":"describe","content_hash":"%s"},
"output/tables/big.csv":{"level":"moderately_sensitive","action":"describe","excluded":true,"message":"too big"},
"output/tables/gone.csv":{"level":"secret","action":"describe"},
"output/elsewhere.csv":{"level":"moderately_sensitive","action":"describe"},
"other.csv":{"level":"moderately_sensitive","action":"old"},
"../up.csv":{"level":"moderately_sensitive"}
}}`, strings.Repeat("0f", 20), hashA, hashB, hashC, hashD)
}

func TestReadManifest(t *testing.T) {
	m, err := ReadManifest([]byte(manifest()))
	if err != nil {
		t.Fatal(err)
	}
	rows, cols := int64(10), int64(3)
	want := Entry{Level: Moderately, JobID: "j1", JobRequest: "r1", Action: "describe", User: "u",
		Repo: "https://example.org/s", Commit: strings.Repeat("0f", 20), Size: 123,
		Timestamp: time.Date(2023, 11, 14, 22, 13, 20, 250_000_000, time.UTC), ContentHash: hashA,
		Rows: &rows, Columns: &cols, OutOfDate: true}
	if d := cmp.Diff(want, m.Outputs["output/tables/t.csv"]); d != "" {
		t.Error(d)
	}
	if m.Workspace != "w" || m.Skipped != 1 || len(m.Outputs) != 8 {
		t.Errorf("workspace %q, skipped %d, outputs %d", m.Workspace, m.Skipped, len(m.Outputs))
	}
}

func TestReadManifestVariations(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{ // want "" accepts
		{"no outputs", `{"workspace":"w"}`, ""},
		{"null outputs", `{"workspace":"w","outputs":null}`, ""},
		{"empty object", `{}`, ""},
		{"unknown keys", `{"later":{"x":[1]},"outputs":{"a":{"new":[]}}}`, ""},
		{"absurd numbers", `{"outputs":{"a":{"timestamp":1e300,"size":-1,"row_count":0.5,"commit":"zz","content_hash":"short"}}}`, ""},
		{"empty", ``, "nothing in it"},
		{"list", `[]`, "expected sort"},
		{"outputs a list", `{"outputs":[]}`, "expected sort"},
		{"level a number", `{"outputs":{"a":{"level":1}}}`, "expected sort"},
		{"output twice", `{"outputs":{"a":{},"a":{}}}`, "given twice"},
		{"two values", `{}{}`, "follows the end"},
		{"bad UTF-8", "{\"workspace\":\"\xff\"}", "UTF-8"},
		{"deep", strings.Repeat(`{"x":`, 100_000), "nested"},
		{"cut off", `{"outputs":{"a":`, "ends in the middle"},
		{"huge", strings.Repeat(" ", 33<<20), "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ReadManifest([]byte(c.in))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want == "" && c.name == "absurd numbers" && m.Outputs["a"] != (Entry{}):
				t.Errorf("kept nonsense: %+v", m.Outputs["a"])
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	full := ReadSources([]byte(project), []byte(manifest()))
	full.Logs(map[string]string{"metadata/describe.log": strings.Repeat("ee", 32)})
	noPipeline := ReadSources(nil, []byte(manifest()))
	noManifest := ReadSources([]byte(project), nil)
	twin := ReadSources([]byte(project), []byte(strings.ReplaceAll(manifest(), hashC, hashA)))
	for _, c := range []struct {
		name       string
		s          *Sources
		path, hash string
		level      Level
		why        string // part of Why
	}{
		{"copy in release", full, "release/t.csv", hashA, Moderately, "Same bytes as output/tables/t.csv"},
		{"copy, hash in capitals", full, "release/t.csv", strings.ToUpper(hashA), Moderately, "Same bytes"},
		{"copy under another name", full, "release-2026-11-21/x/y.csv", hashA, Moderately, "both say moderately sensitive"},
		{"copy of a highly sensitive file", full, "release/d.csv", hashC, Highly, "both say highly sensitive"},
		{"same bytes at two levels", twin, "release/t.csv", hashA, Unknown, "The same bytes are"},
		{"changed after copying", full, "release/t.csv", strings.Repeat("9", 64), Unknown, "No output in the manifest"},
		{"not hashed", full, "release/t.csv", "", Unknown, "not compared"},
		{"output in place", full, "output/tables/t.csv", hashA, Moderately, "both say"},
		{"output not hashed", full, "output/tables/t.csv", "", Moderately, "both say"},
		{"output changed", full, "output/tables/t.csv", hashB, Unknown, "has changed since its job"},
		{"levels disagree", full, "output/rows/t.csv", hashD, Unknown, "manifest says moderately sensitive, but project.yaml says highly sensitive"},
		{"copy with levels that disagree", full, "release/t.csv", hashD, Unknown, "but project.yaml says highly"},
		{"excluded", full, "output/tables/big.csv.txt", "", Unknown, "kept this output back"},
		{"level unheard of", full, "output/tables/gone.csv", "", Unknown, "no level that a pipeline"},
		{"action does not write there", full, "output/elsewhere.csv", "", Unknown, "no output pattern of that action"},
		{"no pattern", full, "other.csv", "", Unknown, "No output pattern in project.yaml"},
		{"not in the manifest", full, "output/tables/new.csv", "", Unknown, "the manifest does not list the file"},
		{"not anywhere", full, "analysis/x.py", "", Unknown, "no output pattern"},
		{"log", full, "metadata/describe.log", "", Moderately, "own log of action describe"},
		{"copied log", full, "release/describe.log", strings.Repeat("ee", 32), Moderately, "own log"},
		{"changed log", full, "metadata/describe.log", hashA[:62] + "00", Unknown, "not the one"},
		{"log of no action", full, "metadata/x.log", "", Unknown, "no output pattern"},
		{"no pipeline", noPipeline, "release/t.csv", hashA, Moderately, "there is no project.yaml"},
		{"no manifest, output", noManifest, "output/tables/t.csv", hashA, Moderately, "no manifest"},
		{"no manifest, minimally", noManifest, "logs/model.log", "", Minimally, "minimally sensitive"},
		{"no manifest, deeper", noManifest, "output/tables/a/t.csv", "", Moderately, "no manifest"},
		{"no manifest, release", noManifest, "release/t.csv", hashA, Unknown, "no manifest"},
		{"nothing", ReadSources(nil, nil), "release/t.csv", hashA, Unknown, "neither"},
		{"pipeline unreadable", ReadSources([]byte("x: ["), []byte(manifest())), "release/t.csv", hashA, Unknown, "cannot be read"},
		{"manifest unreadable", ReadSources([]byte(project), []byte("{")), "output/tables/t.csv", hashA, Unknown, "cannot be read"},
		{"old manifest", ReadSources([]byte(project), []byte(`{"workspace":"w"}`)), "output/tables/t.csv", hashA, Moderately, "no manifest lists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.s.Origin(c.path, c.hash)
			if o.Level != c.level || !strings.Contains(o.Why, c.why) {
				t.Errorf("level %q, why %q; want %q, %q", o.Level, o.Why, c.level, c.why)
			}
		})
	}
}

func TestOriginCarriesTheRecord(t *testing.T) {
	s := ReadSources([]byte(project), []byte(manifest()))
	got := s.Origin("release/t.csv", hashA)
	got.Why = ""
	want := Origin{Level: Moderately, Path: "output/tables/t.csv", Action: "describe", JobID: "j1", JobRequest: "r1",
		User: "u", Repo: "https://example.org/s", Commit: strings.Repeat("0f", 20),
		Created: time.Date(2023, 11, 14, 22, 13, 20, 250_000_000, time.UTC), OutOfDate: true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if o := s.Origin("output/tables/big.csv.txt", ""); o.Excluded != "too big" || o.Path != "output/tables/big.csv" {
		t.Errorf("excluded: %+v", o)
	}
}

func TestIsRelease(t *testing.T) {
	for path, want := range map[string]bool{
		"release/t.csv": true, "release-2026-11-21/a/t.csv": true, "release_20261121/t.csv": true,
		"output/release/t.csv": false, "release": false, "release/": false, "release.csv": false, "prerelease/t.csv": false,
	} {
		if IsRelease(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// TestRealPipelines reads the pipelines of public studies.
func TestRealPipelines(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/files/*/project.yaml")
	if len(files) == 0 {
		t.Skip("no corpus of real studies beside the repository")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ReadPipeline(data)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(filepath.Dir(f)), err)
			continue
		}
		for _, a := range p.Actions {
			if a.Image == "" || len(a.Outputs) == 0 {
				t.Errorf("%s: action %s has image %q and %d outputs", filepath.Base(filepath.Dir(f)), a.Name, a.Image, len(a.Outputs))
			}
		}
	}
}

func FuzzReadPipeline(f *testing.F) {
	f.Add([]byte(project))
	f.Add([]byte("version: 3\nx: &x [*x]\nactions: {a: {run: x, outputs: {highly_sensitive: {a: 'b*'}}}}"))
	f.Add([]byte("version: 3\nx: &x {a: 1}\ny: {<<: [*x, *x]}\nactions: {a: {run: x:y z}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPipeline(data)
		if (p == nil) == (err == nil) {
			t.Fatalf("pipeline %v, error %v", p, err)
		}
		if p != nil {
			s := ReadSources(data, nil)
			if o := s.Origin("release/x.csv", hashA); o.Level != Unknown || o.Why == "" {
				t.Errorf("a copy without a manifest got level %q, why %q", o.Level, o.Why)
			}
		}
	})
}

func FuzzReadManifest(f *testing.F) {
	f.Add([]byte(manifest()))
	f.Add([]byte(`{"outputs":{"a":{"timestamp":1e300,"size":-1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadManifest(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("manifest %v, error %v", m, err)
		}
		if m == nil {
			return
		}
		for p, e := range m.Outputs {
			if !cleanPath(p) || !e.Timestamp.IsZero() && e.Timestamp.Year() > 9999 {
				t.Errorf("kept %q, %v", p, e.Timestamp)
			}
			if o := ReadSources(nil, data).Origin(p, ""); o.Level != Unknown && o.Level != e.Level {
				t.Errorf("level %q became %q", e.Level, o.Level)
			}
		}
	})
}
