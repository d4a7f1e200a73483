// Package acro reads what the ACRO and SACRO tools write beside a researcher's
// outputs (results.json or outputs.json): how each output was made and which of
// its cells failed which test. It is evidence to show and never a pass by
// itself, because whoever writes the outputs writes it, too.
package acro

import (
	"math"
	"path"
	"slices"
	"strings"

	"sallyport/checks/strictjson"
)

// Results is one record of a session.
type Results struct {
	Version string
	Outputs []Output // by uid
}

// Output is one output of a session.
type Output struct {
	UID        string
	Status     string // "pass", "fail" or "review"
	Type       string // "table", "regression", "survival", "custom", ...
	Method     string // "crosstab", "ols", ...
	Mitigation string // "none", "suppress", "round"
	DOF        *float64
	Exception  string // the researcher's reason, when it failed and is asked for all the same
	Comments   []string
	Files      []File
}

// File is one file of an output.
type File struct {
	Name string
	// Cells lists, by test, the positions [row, column] in the data frame that
	// failed; tests that no cell failed are left out.
	Cells map[string][][2]int
}

// maxCells bounds the positions kept of one record.
const maxCells = 200_000

// IsName says whether a file of this name may be such a record.
func IsName(name string) bool {
	base := path.Base(name)
	return base == "results.json" || base == "outputs.json"
}

type recordJSON struct {
	Version *string               `json:"version"`
	Results map[string]outputJSON `json:"results"`
}

type outputJSON struct {
	UID        any        `json:"uid"`
	Status     any        `json:"status"`
	Type       any        `json:"type"`
	Properties any        `json:"properties"`
	Files      []fileJSON `json:"files"`
	Exception  any        `json:"exception"`
	Comments   any        `json:"comments"`
}

type fileJSON struct {
	Name any `json:"name"`
	SDC  any `json:"sdc"`
}

// Parse reads a record. It returns nil for a JSON text that is not one; what is
// odd within one is left out.
func Parse(data []byte) *Results {
	var j recordJSON
	if err := strictjson.Unmarshal(strictjson.Trim(data), &j); err != nil || j.Version == nil || j.Results == nil {
		return nil
	}
	r := &Results{Version: *j.Version}
	left := maxCells
	for uid, o := range j.Results {
		if o.Files == nil || str(o.Status) == "" {
			continue
		}
		r.Outputs = append(r.Outputs, o.output(uid, &left))
	}
	slices.SortFunc(r.Outputs, func(a, b Output) int { return strings.Compare(a.UID, b.UID) })
	return r
}

func (o *outputJSON) output(uid string, left *int) Output {
	out := Output{UID: uid, Status: strings.ToLower(str(o.Status)), Type: strings.ToLower(str(o.Type)), Exception: strings.TrimSpace(str(o.Exception))}
	if p, ok := o.Properties.(map[string]any); ok {
		out.Method, out.Mitigation = str(p["method"]), str(p["mitigation"])
		if d, ok := p["dof"].(float64); ok {
			out.DOF = &d
		}
	}
	if list, ok := o.Comments.([]any); ok {
		for _, c := range list {
			if s := str(c); s != "" {
				out.Comments = append(out.Comments, s)
			}
		}
	}
	for _, f := range o.Files {
		if name := str(f.Name); name != "" {
			out.Files = append(out.Files, File{Name: name, Cells: cells(f.SDC, left)})
		}
	}
	return out
}

// cells reads sdc.cells: test -> [[row, column], ...].
func cells(sdc any, left *int) map[string][][2]int {
	m, _ := sdc.(map[string]any)
	byTest, _ := m["cells"].(map[string]any)
	out := map[string][][2]int{}
	for test, list := range byTest {
		positions, _ := list.([]any)
		for _, p := range positions {
			pair, _ := p.([]any)
			if len(pair) != 2 || *left == 0 {
				continue
			}
			row, ok1 := index(pair[0])
			col, ok2 := index(pair[1])
			if ok1 && ok2 {
				out[test] = append(out[test], [2]int{row, col})
				*left--
			}
		}
	}
	return out
}

func index(v any) (int, bool) {
	f, ok := v.(float64)
	return int(f), ok && f >= 0 && f < 1e6 && f == math.Trunc(f)
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Threshold lists the positions that failed the test for small counts, under
// the name that it has in any version.
func (f *File) Threshold() [][2]int {
	return append(slices.Clone(f.Cells["MinimumThresholdCheck"]), f.Cells["threshold"]...)
}
