// Package checkstest holds each check to its examples: inputs that must be
// flagged, and near relatives that must not be. A finding of the check under
// test that a case does not expect fails it.
//
//	checkstest.Run(t, "small-count", []checkstest.Case{
//		{Name: "a visible 4", CSV: "sex,n\nF,120\nM,4",
//			Want: []checkstest.Want{{Kind: "exact", Severity: policy.Block, Column: "n", Rows: []int{1}}}},
//		{Name: "midpoint 3 is a label", CSV: "t,n_midpoint6\n1,0\n2,3\n3,9"},
//	})
package checkstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/policy"
)

// Case is one input and the findings of the check under test that it must give,
// in order. The input is CSV (a file "t.csv"), or Files by path and content, or
// a whole Set.
type Case struct {
	Name   string
	CSV    string
	Files  map[string]string
	Set    *checks.Set
	Policy func(*policy.Policy) // changes to the default policy; may be nil
	Want   []Want
	// Incomplete allows files to be incomplete; otherwise that fails the case.
	Incomplete bool
}

// Want is one expected finding. Fields left at their zero value are not
// compared, except that Rows nil means "any rows" and Rows empty means none.
type Want struct {
	Path     string
	Kind     string
	Severity policy.Severity
	Table    string
	Column   string
	Rows     []int  // 0-based data rows
	Message  string // a part of the message
	// Evidence names entries that must be there, compared by their fmt.Sprint.
	Evidence map[string]any
}

// Run runs every case as a subtest against one check of the engine's list.
func Run(t *testing.T, check string, cases []Case) {
	t.Helper()
	if _, ok := checks.Lookup(check); !ok {
		t.Fatalf("no check %q in the list", check)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Helper()
			compare(t, check, c, Report(t, c))
		})
	}
}

// Report runs all checks on a case and returns the report.
func Report(t testing.TB, c Case) *checks.Report {
	t.Helper()
	p := policy.Default()
	if c.Policy != nil {
		c.Policy(p)
	}
	report, err := checks.Run(context.Background(), p, c.set())
	if err != nil {
		t.Fatalf("the run failed: %v", err)
	}
	for _, f := range report.Files {
		if f.Status != "complete" && !c.Incomplete {
			t.Errorf("%s is %s: %s", f.Path, f.Status, f.Reason)
		}
	}
	return report
}

func (c *Case) set() checks.Set {
	if c.Set != nil {
		return *c.Set
	}
	if c.Files == nil {
		return checks.Set{Files: []checks.File{File("t.csv", c.CSV)}}
	}
	var paths []string
	for path := range c.Files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var set checks.Set
	for _, path := range paths {
		set.Files = append(set.Files, File(path, c.Files[path]))
	}
	return set
}

// File is an input with the given content.
func File(path, content string) checks.File {
	return checks.File{Path: path, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(content))), nil
	}}
}

type found struct {
	Want
	full checks.Finding
}

func compare(t *testing.T, check string, c Case, report *checks.Report) {
	t.Helper()
	var got []found
	for _, file := range report.Files {
		for _, f := range file.Findings {
			if f.Check == check {
				got = append(got, found{describe(file.Path, f), f})
			}
		}
	}
	for i, g := range got {
		if i >= len(c.Want) {
			t.Errorf("extra finding: %s", show(g.full))
			continue
		}
		w := c.Want[i]
		blank(&g.Want, w)
		if w.Message != "" && !strings.Contains(g.full.Message, w.Message) {
			t.Errorf("message %q does not contain %q", g.full.Message, w.Message)
		}
		for k, v := range w.Evidence {
			if fmt.Sprint(g.full.Evidence[k]) != fmt.Sprint(v) {
				t.Errorf("evidence %s = %v, want %v", k, g.full.Evidence[k], v)
			}
		}
		w.Message, w.Evidence = "", nil
		if d := cmp.Diff(w, g.Want); d != "" {
			t.Errorf("finding %d (-want +got):\n%s\nwhole: %s", i, d, show(g.full))
		}
	}
	for _, w := range c.Want[min(len(got), len(c.Want)):] {
		t.Errorf("missing finding: %+v", w)
	}
}

func describe(path string, f checks.Finding) Want {
	w := Want{Path: path, Kind: f.Kind, Severity: f.Severity, Table: f.Table, Column: f.Column, Rows: []int{}}
	for _, r := range f.Rows {
		if r.Row != nil {
			w.Rows = append(w.Rows, *r.Row)
		}
	}
	return w
}

// blank clears what a case does not speak of.
func blank(got *Want, want Want) {
	if want.Path == "" {
		got.Path = ""
	}
	if want.Kind == "" {
		got.Kind = ""
	}
	if want.Severity == "" {
		got.Severity = ""
	}
	if want.Table == "" {
		got.Table = ""
	}
	if want.Column == "" {
		got.Column = ""
	}
	if want.Rows == nil {
		got.Rows = nil
	}
}

func show(f checks.Finding) string {
	return fmt.Sprintf("%s/%s %s %q rows %v: %s %v", f.Check, f.Kind, f.Severity, f.Column, describe("", f).Rows, f.Message, f.Evidence)
}
