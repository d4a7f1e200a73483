package checks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/checks/checkstest"
	"sallyport/policy"
)

// probe is a well-formed check that does what a test needs.
func probe(name string, file func(*checks.Pass) error) checks.Check {
	return checks.Check{Name: name, Version: 1, Title: "t", Doc: "d", Source: "s", Example: "e", FixR: "r", FixPy: "p",
		Kinds: []checks.Kind{{"", policy.Warn, "w"}, {"hard", policy.Block, "b"}}, File: file}
}

func runWith(t *testing.T, e *checks.Engine, set checks.Set) *checks.Report {
	t.Helper()
	r, err := e.Run(context.Background(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACheckThatFailsLeavesItsFileIncomplete(t *testing.T) {
	block := make(chan bool)
	defer close(block)
	tests := []struct {
		name   string
		file   func(*checks.Pass) error
		reason string
	}{
		{"an error", func(*checks.Pass) error { return errors.New("no room") }, "check probe: no room"},
		{"a panic with data in it", func(*checks.Pass) error { panic("patient 943 476 5919") }, "check probe: stopped unexpectedly"},
		{"an index out of range", func(p *checks.Pass) error { _ = p.Doc.Tables[7]; return nil }, "check probe: stopped unexpectedly (runtime error: index out of range [7] with length 1)"},
		{"too slow", func(*checks.Pass) error { <-block; return nil }, "check probe: took too long and was given up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &checks.Engine{TimeLimit: 200 * time.Millisecond, Checks: []checks.Check{
				probe("before", func(p *checks.Pass) error { p.Report(checks.Finding{Message: "seen"}); return nil }),
				probe("probe", func(p *checks.Pass) error {
					p.Report(checks.Finding{Message: "kept"})
					return tt.file(p)
				}),
			}}
			f := runWith(t, e, checks.Set{Files: []checks.File{checkstest.File("t.csv", "a,n\nF,100")}}).Files[0]
			if f.Status != "incomplete" || f.Reason != tt.reason || len(f.Findings) != 2 {
				t.Errorf("status %q, reason %q, findings %v", f.Status, f.Reason, f.Findings)
			}
		})
	}
}

func TestASetCheckThatFailsLeavesEveryFileIncomplete(t *testing.T) {
	c := probe("probe", nil)
	c.Set = func(*checks.SetPass) error { panic("boom") }
	set := checks.Set{Files: []checks.File{checkstest.File("a.csv", "a,n\nF,100"), checkstest.File("b.csv", "a,n\nF,100")}}
	r := runWith(t, &checks.Engine{Checks: []checks.Check{c}}, set)
	if r.Summary.Incomplete != 2 {
		t.Errorf("summary %+v", r.Summary)
	}
}

func TestSeverityComesFromThePolicy(t *testing.T) {
	report := func(kind string, own policy.Severity) func(*checks.Pass) error {
		return func(p *checks.Pass) error { p.Report(checks.Finding{Kind: kind, Severity: own}); return nil }
	}
	tests := []struct {
		name      string
		severity  map[string]policy.Severity
		kind      string
		own, want policy.Severity // want "" for no finding
	}{
		{"the kind's default", nil, "hard", "", policy.Block},
		{"the check's", map[string]policy.Severity{"probe": policy.Note}, "hard", "", policy.Note},
		{"the kind's before the check's", map[string]policy.Severity{"probe": policy.Note, "probe/hard": policy.Warn}, "hard", "", policy.Warn},
		{"silenced", map[string]policy.Severity{"probe/hard": policy.Off}, "hard", "", ""},
		{"the check's own word", map[string]policy.Severity{"probe": policy.Note}, "hard", policy.Warn, policy.Warn},
		{"the check's own word silenced", map[string]policy.Severity{"probe": policy.Off}, "hard", policy.Warn, ""},
		{"a kind that is not listed blocks", nil, "new", "", policy.Block},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy.Default()
			p.Severity = tt.severity
			e := &checks.Engine{Checks: []checks.Check{probe("probe", report(tt.kind, tt.own))}}
			r, err := e.Run(context.Background(), p, checks.Set{Files: []checks.File{checkstest.File("t.csv", "a,n\nF,100")}})
			if err != nil {
				t.Fatal(err)
			}
			var got policy.Severity
			if f := r.Files[0].Findings; len(f) > 0 {
				got = f[0].Severity
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// endless yields bytes without end and counts how many were taken.
type endless struct{ taken *atomic.Int64 }

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	e.taken.Add(int64(len(b)))
	return len(b), nil
}

func (endless) Close() error { return nil }

func TestAnEndlessFileIsRefusedAtTheLimit(t *testing.T) {
	var taken atomic.Int64
	f := checks.File{Path: "t.csv", Open: func() (io.ReadCloser, error) { return endless{&taken}, nil }}
	p := policy.Default()
	p.Files.MaxBytes = 1000
	r, err := checks.Run(context.Background(), p, checks.Set{Files: []checks.File{f}})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Files[0]
	if taken.Load() != 1001 || got.Status != "incomplete" || got.SHA256 != "" || len(got.Findings) == 0 || got.Findings[0].Check != "file-size" {
		t.Errorf("%d bytes taken, %+v", taken.Load(), got)
	}
}

func TestFilesThatCannotBeReadAreBlocked(t *testing.T) {
	open := func(r io.ReadCloser, err error) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return r, err }
	}
	broken := io.NopCloser(io.MultiReader(strings.NewReader("a,n\n"), iotestErr{}))
	for name, f := range map[string]checks.File{
		"missing": {Path: "t.csv", Open: open(nil, errors.New("/secret/path: no such file"))},
		"broken":  {Path: "t.csv", Open: open(broken, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			got := runWith(t, &checks.Engine{}, checks.Set{Files: []checks.File{f}}).Files[0]
			if got.Status != "incomplete" || strings.Contains(got.Reason, "secret") || len(got.Findings) == 0 || got.Findings[0].Check != "unreadable" {
				t.Errorf("%+v", got)
			}
		})
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestOrderAndRepeatability(t *testing.T) {
	var set checks.Set
	for i := range 40 {
		set.Files = append(set.Files, checkstest.File(fmt.Sprintf("f%02d.csv", 39-i), fmt.Sprintf("sex,n\nF,%d\nM,4", 100+i)))
	}
	first := runWith(t, &checks.Engine{Workers: 1}, set)
	for i, f := range first.Files {
		if f.Path != set.Files[i].Path {
			t.Fatalf("file %d is %s", i, f.Path)
		}
	}
	if d := cmp.Diff(first, runWith(t, &checks.Engine{Workers: 8}, set)); d != "" {
		t.Errorf("another number of workers, another report:\n%s", d)
	}
}

func TestFingerprints(t *testing.T) {
	find := func(path, csv string, change func(*policy.Policy)) string {
		t.Helper()
		p := policy.Default()
		if change != nil {
			change(p)
		}
		r, err := checks.Run(context.Background(), p, checks.Set{Files: []checks.File{checkstest.File(path, csv)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Files[0].Findings {
			if f.Check == "small-count" {
				return f.Fingerprint
			}
		}
		t.Fatal("no finding")
		return ""
	}
	base := find("t.csv", "sex,n\nF,120\nM,4", nil)
	if base != find("t.csv", "sex,n\nX,310\nF,120\nM,4", nil) {
		t.Error("a row added elsewhere makes another fingerprint")
	}
	for name, other := range map[string]string{
		"value":  find("t.csv", "sex,n\nF,120\nM,5", nil),
		"path":   find("u.csv", "sex,n\nF,120\nM,4", nil),
		"row":    find("t.csv", "sex,n\nF,120\nU,4", nil),
		"policy": find("t.csv", "sex,n\nF,120\nM,4", func(p *policy.Policy) { p.SHA256 = "other" }),
		"column": find("t.csv", "sex,count\nF,120\nM,4", nil),
	} {
		if other == base {
			t.Errorf("another %s, the same fingerprint", name)
		}
	}
}

func TestTheEndOfTheContextEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := checks.Run(ctx, policy.Default(), checks.Set{Files: []checks.File{checkstest.File("t.csv", "a,n\nF,1")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzRun runs every check on any CSV bytes: a report or incomplete, never a
// crash, and never complete after a reader gave up.
func FuzzRun(f *testing.F) {
	f.Add([]byte("sex,n\nF,120\nM,4"), ".csv")
	f.Add([]byte("a,b\n\"x"), ".csv")
	f.Add([]byte("n = 3 events\n"), ".txt")
	f.Add([]byte("term,or,std.error,p.value,ci_low,ci_high,n,df\na,1.5,0.9,0.6,0.3,4,12,3\nb,1.2,30,0.01,1,2,12,3"), ".csv")
	f.Add([]byte(",x,\n,n,max\ncount,20,3\n25%,1,2\nmax,104,9\nmin,2,1\nmean,3,3"), ".csv")
	f.Add([]byte("area,sum,top1,top2,p99,n\nx,5000,900,90,4,500\n=1+1,1,1,1,1,OX2 6GG"), ".csv")
	f.Add([]byte("y | Odds Ratio   z\n--+---\na |   .66   0.1\n  |   .66   0.2\nb |   .66   0.1\n"), ".log")
	f.Add([]byte(`{"version":"1","results":{"a":{"status":"fail","files":[{"name":"t.csv","sdc":{"cells":{"threshold":[[0,1]]}}}]}},"n":{"F":3,"M":4},"p":{"F":3}}`), ".json")
	f.Fuzz(func(t *testing.T, data []byte, ext string) {
		file := checks.File{Path: "t" + ext, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
		r, err := checks.Run(context.Background(), policy.Default(), checks.Set{Files: []checks.File{file}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(r.Files[0].Reason, "unexpectedly") {
			t.Fatal(r.Files[0].Reason)
		}
	})
}
