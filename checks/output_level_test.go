package checks_test

import (
	"testing"

	"sallyport/checks"
	. "sallyport/checks/checkstest"
	"sallyport/checks/provenance"
	"sallyport/policy"
)

func TestOutputLevel(t *testing.T) {
	with := func(o *provenance.Origin) *checks.Set {
		f := File("release/t.csv", "sex,n\nF,120\nM,45")
		f.Origin = o
		return &checks.Set{Files: []checks.File{f}, Workspace: true}
	}
	Run(t, "output-level", []Case{
		{Name: "highly sensitive", Set: with(&provenance.Origin{Level: provenance.Highly, Path: "output/d.csv", Why: "Both say so."}),
			Want: []Want{{Kind: "highly-sensitive", Severity: policy.Block, Message: "Both say so.", Evidence: map[string]any{"output": "output/d.csv"}}}},
		{Name: "unknown", Set: with(&provenance.Origin{Why: "No pattern covers it."}),
			Want: []Want{{Kind: "unknown", Severity: policy.Block, Message: "No pattern covers it."}}},
		{Name: "kept back", Set: with(&provenance.Origin{Excluded: "too big", Why: "Kept back."}),
			Want: []Want{{Kind: "unknown", Evidence: map[string]any{"excluded": "too big"}}}},
		{Name: "not looked up", Set: with(nil), Want: []Want{{Kind: "unknown", Severity: policy.Block}}},
		{Name: "minimally sensitive", Set: with(&provenance.Origin{Level: provenance.Minimally}),
			Want: []Want{{Kind: "not-requestable", Severity: policy.Block}}},
		{Name: "out of date", Set: with(&provenance.Origin{Level: provenance.Moderately, OutOfDate: true}),
			Want: []Want{{Kind: "out-of-date", Severity: policy.Note}}},
		{Name: "moderately sensitive", Set: with(&provenance.Origin{Level: provenance.Moderately})},
		{Name: "no workspace", CSV: "sex,n\nF,120\nM,45"},
	})
}

func TestOutputLevelOfUnreadableFiles(t *testing.T) {
	f := File("release/t.csv", "a,\"b")
	f.Origin = &provenance.Origin{Level: provenance.Highly}
	Run(t, "output-level", []Case{{Name: "unreadable", Incomplete: true, Set: &checks.Set{Files: []checks.File{f}, Workspace: true},
		Want: []Want{{Kind: "highly-sensitive"}}}})
}

func TestTextAndJSONTables(t *testing.T) {
	stata := "\n        sex |      Freq.     Percent        Cum.\n------------+-----------------------------------\n          F |        120       93.75       93.75\n          M |          4        3.12       96.88\n          U |          4        3.12      100.00\n"
	Run(t, "small-count", []Case{
		{Name: "JSON records", Files: map[string]string{"t.json": `{"a":[{"sex":"F","n":120},{"sex":"M","n":4}]}`},
			Want: []Want{{Severity: policy.Block, Table: "$.a", Column: "n", Rows: []int{1}}}},
		{Name: "JSON object of arrays", Files: map[string]string{"t.json": `{"sex":["F","M"],"n":[120,4]}`},
			Want: []Want{{Severity: policy.Block, Table: "$", Column: "n", Rows: []int{1}}}},
		{Name: "pandas to_json", Files: map[string]string{"t.json": `{"n":{"F":120,"M":4},"pct":{"F":97,"M":3}}`},
			Want: []Want{{Severity: policy.Block, Column: "n", Rows: []int{1}}}},
		{Name: "JSON in a .txt file", Files: map[string]string{"t.txt": `[{"sex":"F","n":120},{"sex":"M","n":4}]`},
			Want: []Want{{Table: "$", Column: "n", Rows: []int{1}}}},
		{Name: "a CSV file called .txt", Files: map[string]string{"t.txt": "sex,n\nF,120\nM,4\n"}, Want: []Want{{Severity: policy.Block, Table: "", Column: "n", Rows: []int{1}}}},
		{Name: "a printed table is one level lower", Files: map[string]string{"t.txt": stata},
			Want: []Want{{Severity: policy.Warn, Table: "line 2", Column: "Freq.", Rows: []int{1, 2}}}},
		{Name: "JSON without small counts", Files: map[string]string{"t.json": `{"num_practices": 6367, "patients": 120}`}},
	})
}
