package acro

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const record = `{"version":"1.0.1","results":{
"output_1":{"uid":"output_1","status":"review","type":"regression","properties":{"method":"ols","dof":807},"files":[{"name":"output_1_0.csv","sdc":{}}],"comments":["a",1],"exception":null},
"output_0":{"uid":"output_0","status":"fail","type":"table","properties":{"method":"crosstab","mitigation":"none"},
 "files":[{"name":"output_0_0.csv","sdc":{"summary":{"MinimumThresholdCheck":2},"cells":{"MinimumThresholdCheck":[[0,1],[2,1]],"NKCheck":[]}}}],"comments":[],"exception":"needed"}}}`

func TestParse(t *testing.T) {
	dof := 807.0
	want := &Results{Version: "1.0.1", Outputs: []Output{
		{UID: "output_0", Status: "fail", Type: "table", Method: "crosstab", Mitigation: "none", Exception: "needed",
			Files: []File{{Name: "output_0_0.csv", Cells: map[string][][2]int{"MinimumThresholdCheck": {{0, 1}, {2, 1}}}}}},
		{UID: "output_1", Status: "review", Type: "regression", Method: "ols", DOF: &dof, Comments: []string{"a"},
			Files: []File{{Name: "output_1_0.csv", Cells: map[string][][2]int{}}}},
	}}
	if d := cmp.Diff(want, Parse([]byte(record))); d != "" {
		t.Error(d)
	}
}

func TestParseOldNames(t *testing.T) {
	r := Parse([]byte(`{"version":"0.4.8","results":{"a":{"status":"fail","files":[{"name":"a.csv","sdc":{"cells":{"threshold":[[1,1],[-1,0],[1.5,0],[1],"x"]}}}]}}}`))
	if r == nil || len(r.Outputs) != 1 {
		t.Fatalf("%+v", r)
	}
	if d := cmp.Diff([][2]int{{1, 1}}, r.Outputs[0].Files[0].Threshold()); d != "" {
		t.Error(d)
	}
}

func TestParseOthers(t *testing.T) {
	for _, in := range []string{`{}`, `[]`, `{"version":"1"}`, `{"results":{}}`, `{"version":1,"results":{}}`, `{"version":"1","results":[]}`, `x`, `{"version":"1","version":"2","results":{}}`} {
		if r := Parse([]byte(in)); r != nil {
			t.Errorf("%s: %+v", in, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(record))
	f.Add([]byte(`{"version":"0","results":{"a":{"status":"x","type":[],"properties":{"dof":"1"},"files":[{"name":1},{"name":"b","sdc":{"cells":{"t":{}}}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Parse(data)
		if r == nil {
			return
		}
		for _, o := range r.Outputs {
			if o.Status == "" {
				t.Error("an output without a status")
			}
			for _, x := range o.Files {
				for _, at := range x.Threshold() {
					if at[0] < 0 || at[1] < 0 {
						t.Errorf("position %v", at)
					}
				}
			}
		}
	})
}
