package checks_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestAcroEvidence(t *testing.T) {
	const table = "sex,n_yes,n_no\nF,120,4\nM,130,9\nU,140,150\n"
	results := func(status, typ, exception, properties, cells string) string {
		return `{"version":"1.0.1","results":{"output_0":{"uid":"output_0","status":"` + status + `","type":"` + typ + `","properties":` + properties +
			`,"files":[{"name":"output_0_0.csv","sdc":{"summary":{"MinimumThresholdCheck":2},"cells":` + cells + `}}],"comments":[],"exception":"` + exception + `"}}}`
	}
	const two = `{"MinimumThresholdCheck":[[0,1],[1,1]],"NKCheck":[]}`
	set := func(results string, more map[string]string) map[string]string {
		m := map[string]string{"out/results.json": results, "out/output_0_0.csv": table}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	sum := sha256.Sum256([]byte(table))
	Run(t, "acro-evidence", []Case{
		{Name: "fail", Files: set(results("fail", "table", "", `{"method":"crosstab"}`, two), nil),
			Want: []Want{{Path: "out/output_0_0.csv", Kind: "fail", Severity: policy.Warn, Message: "2 cells MinimumThresholdCheck",
				Evidence: map[string]any{"compared": "both 1, ACRO only 1, service only 0", "cells: MinimumThresholdCheck": 2}}}},
		{Name: "fail, with an exception", Files: set(results("fail", "table", "needed", `{}`, two), nil), Want: []Want{{Kind: "exception", Severity: policy.Note}}},
		{Name: "review", Files: set(results("review", "table", "", `{}`, `{}`), nil), Want: []Want{{Kind: "review", Severity: policy.Note}}},
		{Name: "custom gets no credit", Files: set(results("review", "custom", "", `{}`, `{}`), nil), Want: []Want{{Kind: "custom", Severity: policy.Note}}},
		{Name: "few degrees of freedom", Files: set(results("pass", "regression", "", `{"dof":4}`, `{}`), nil), Want: []Want{{Kind: "dof", Severity: policy.Warn}}},
		{Name: "another file than ACRO wrote", Files: set(results("pass", "table", "", `{}`, `{}`), map[string]string{"out/checksums/output_0_0.csv.txt": "00" + hex.EncodeToString(sum[1:])}),
			Want: []Want{{Path: "out/output_0_0.csv", Kind: "checksum", Severity: policy.Warn}}},
		{Name: "file not in the set", Files: map[string]string{"results.json": results("fail", "table", "", `{}`, two)}, Want: []Want{{Path: "results.json", Kind: "fail"}}},
		{Name: "positions that do not fit", Files: set(results("fail", "table", "", `{}`, `{"threshold":[[99,0]]}`), nil),
			Want: []Want{{Kind: "fail", Evidence: map[string]any{"compared": "no: the positions do not fit the table"}}}},
		{Name: "pass", Files: set(results("pass", "table", "", `{}`, `{"NKCheck":[]}`), map[string]string{"out/checksums/output_0_0.csv.txt": hex.EncodeToString(sum[:])})},
		{Name: "another results.json", Files: map[string]string{"results.json": `{"n":120}`}},
	})
	// A pass takes nothing away.
	Run(t, "small-count", []Case{{Name: "ACRO passes", Files: set(results("pass", "table", "", `{}`, `{}`), nil),
		Want: []Want{{Path: "out/output_0_0.csv", Rows: []int{0}}}}})
}
