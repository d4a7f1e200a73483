package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"sallyport/checks"
	attacks "sallyport/checks/hostile"
	"sallyport/cmd/sallyport/internal/input"
	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
)

const hostile = "a\x1b[2J\nb\u202efdp.csv\xff\u200b"

func sample() (report.Result, []checks.Check) {
	all := []checks.Check{
		{Name: "small-count", Title: "Small counts", Doc: "Counts of few people.", Source: "The rule.", Example: "4", FixR: "redact()", FixPy: "redact()",
			Kinds: []checks.Kind{{Severity: policy.Block, Doc: "A count."}}},
		{Name: "file-type", Title: "File type", Doc: "Allowed types.", Source: "The rule.", Example: "x.zip", FixR: "csv", FixPy: "csv",
			Kinds: []checks.Kind{{Severity: policy.Block, Doc: "Not allowed."}}},
	}
	r := &checks.Report{
		Schema: "1", Policy: policy.Ref{Name: "p", Version: "1", SHA256: "00"}, Engine: "1",
		Files: []checks.FileReport{
			{Path: "out/clean.csv", Size: 3, SHA256: "ab", Type: "text", Status: "complete", Findings: []checks.Finding{},
				Tables: []checks.TableReport{{Rows: 2, Columns: []checks.ColumnReport{{Role: "category"}, {Role: "count"}, {Role: "unknown_numeric"}}}}},
			{Path: "out/a b#1.csv", Size: 9, SHA256: "cd", Type: "text", Status: "complete", Findings: []checks.Finding{{
				Check: "small-count", Severity: policy.Block, Confidence: 0.9, Message: "2 counts of 1 to 7 people are shown.", Column: "n", ColumnIndex: checks.Int(1),
				Rows:        []checks.Row{{Line: 3, Row: checks.Int(1), Key: "sex=F", Value: "4"}, {Line: 7, Row: checks.Int(5), Value: hostile}},
				Related:     []checks.CellRef{{Path: "out/clean.csv", Line: 2, Column: "n", Value: "10"}},
				Evidence:    map[string]any{"arithmetic": []string{"51 - 10 = 41"}, "threshold": 7},
				Fingerprint: "f1",
			}}},
			{Path: hostile, Status: "incomplete", Reason: "a link", Findings: []checks.Finding{}},
		},
		Summary: checks.Summary{Files: 3, Block: 1, Incomplete: 1},
	}
	return report.Result{Report: r, Skipped: []input.Skipped{{Path: "out/.git", Reason: "hidden"}}}, all
}

func render(t *testing.T, format string) string {
	t.Helper()
	var buf bytes.Buffer
	r, all := sample()
	if err := report.Write(&buf, format, r, all); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// Whatever names and cells hold, a terminal is shown plain characters and line
// breaks of our own only.
func TestNothingReachesTheTerminalUnescaped(t *testing.T) {
	for _, format := range []string{"text", "json", "sarif"} {
		for _, r := range render(t, format) {
			if r != '\n' && !unicode.IsPrint(r) || r == unicode.ReplacementChar && format == "text" {
				t.Errorf("%s holds %U", format, r)
			}
		}
	}
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	var got report.Result
	if err := json.Unmarshal([]byte(render(t, "json")), &got); err != nil {
		t.Fatal(err)
	}
	want, _ := sample()
	// JSON holds no bytes that are not UTF-8.
	want.Files[2].Path = strings.ToValidUTF8(want.Files[2].Path, "\uFFFD")
	want.Files[1].Findings[0].Rows[1].Value = want.Files[2].Path
	want.Files[1].Findings[0].Evidence = map[string]any{"arithmetic": []any{"51 - 10 = 41"}, "threshold": 7.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextIsOrderedAndSaysWhatIsNotKnown(t *testing.T) {
	text := render(t, "text")
	var at []int
	for _, s := range []string{
		`INCOMPLETE  a link`, "out/a b#1.csv", `BLOCK  small-count, column "n"`, "arithmetic: 51 - 10 = 41", "line 3     4   where sex=F",
		"no automated finding; 1 of 2 numeric columns understood", "not looked at: hidden", "--explain ID (here: small-count)",
		"3 files: 1 block, 0 warn, 0 notes; 1 incomplete, which is never a pass.",
	} {
		i := strings.Index(text, s)
		if i < 0 {
			t.Errorf("missing: %s", s)
		}
		at = append(at, i)
	}
	for i := 1; i < len(at); i++ {
		if at[i] < at[i-1] {
			t.Errorf("out of order:\n%s", text)
			break
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// The log is valid by the standard's schema, and has what viewers insist on: a
// relative address with a line for every result, and rules that results name.
func TestSARIFOpensInViewers(t *testing.T) {
	text := render(t, "sarif")
	log, err := sarif.FromString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Errorf("schema: %v\n%s", err, text)
	}
	run := log.Runs[0]
	for _, r := range run.Results {
		at := r.Locations[0].PhysicalLocation
		if at.Region == nil || at.Region.StartLine == nil || *at.Region.StartLine < 1 {
			t.Errorf("%s: no line", *r.RuleID)
		}
		if uri := *at.ArtifactLocation.URI; uri != "out/a%20b%231.csv" {
			t.Errorf("address %q", uri)
		}
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; *rule.ID != *r.RuleID {
			t.Errorf("rule %q at the place of %q", *rule.ID, *r.RuleID)
		}
		if r.Level != "error" || len(r.PartialFingerprints) == 0 || len(r.RelatedLocations) != 2 {
			t.Errorf("level %q, fingerprints %v, %d related", r.Level, r.PartialFingerprints, len(r.RelatedLocations))
		}
	}
	if len(run.Results) != 1 || len(run.Invocations[0].ToolExecutionNotifications) != 1 {
		t.Errorf("%d results, %d notifications", len(run.Results), len(run.Invocations[0].ToolExecutionNotifications))
	}
}

func TestReaches(t *testing.T) {
	warn := checks.Report{Files: []checks.FileReport{{Findings: []checks.Finding{{Severity: policy.Warn}}}}, Summary: checks.Summary{Files: 1, Warn: 1}}
	for level, want := range map[policy.Severity]bool{policy.Block: false, policy.Warn: true, policy.Note: true} {
		if got := report.Reaches(&warn, level); got != want {
			t.Errorf("%s: got %v, want %v", level, got, want)
		}
	}
	incomplete := checks.Report{Summary: checks.Summary{Files: 1, Incomplete: 1}}
	if !report.Reaches(&incomplete, policy.Block) {
		t.Error("an incomplete file passed")
	}
}

func FuzzSafe(f *testing.F) {
	f.Add(hostile)
	f.Add(strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Safe(s)
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %U", got, r)
			}
		}
		if len(s) > 0 && got == "" {
			t.Error("nothing is shown")
		}
	})
}

func TestSafeForEveryHostileText(t *testing.T) {
	for _, text := range attacks.Strings() {
		if got := report.Safe(text); attacks.Raw(got) != "" || strings.ContainsAny(got, "\n\t\u00a0") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

// A message of the program's own is shown whole, and still acts on no terminal.
func TestMessage(t *testing.T) {
	long := strings.Repeat("what to do about it, ", 20)
	if got := report.Message(long); got != long {
		t.Errorf("cut: %s", got)
	}
	if got := report.Message("a\x1b[2Jb\n"); got != `a\u001b[2Jb\n` {
		t.Errorf("shown as it is: %q", got)
	}
	if got := report.Message(strings.Repeat("x", 9000)); len(got) > 5000 {
		t.Errorf("%d characters", len(got))
	}
}
