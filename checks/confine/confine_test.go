package confine

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/checks"
	"sallyport/checks/checkstest"
	"sallyport/policy"
)

// The test binary is its own child.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "examine" {
		memory, err := strconv.ParseInt(os.Args[2], 10, 64)
		if err == nil {
			err = Serve(os.Stdin, os.Stdout, memory)
		}
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	// Children that fail in their own ways.
	if len(os.Args) == 3 && os.Args[1] == "stuck" {
		stuck()
	}
	os.Exit(m.Run())
}

// stuck begins the second file of every job, and does nothing more.
func stuck() {
	w := newWire(os.Stdin, os.Stdout)
	_, _, _ = w.next()
	_ = w.send(frameBegun, binary.BigEndian.AppendUint32(nil, 1))
	for {
		if _, _, err := w.next(); err != nil {
			os.Exit(0)
		}
	}
}

func newPool(t *testing.T, mode string, l Limits) *Pool {
	t.Helper()
	p, err := New([]string{os.Args[0], mode}, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// exampleSet is a few files that give each other away, with one from before.
func exampleSet() checks.Set {
	return checks.Set{
		Files: []checks.File{
			checkstest.File("a.csv", "region,count\nEast,3\nWest,12\nAll,15\n"),
			checkstest.File("b.csv", "region,count\nEast,[REDACTED]\nWest,12\nAll,15\n"),
			checkstest.File("note.txt", "Patient 943 476 5919 was seen.\n"),
			checkstest.File("empty.csv", ""),
			checkstest.File("odd.bin", "\x00\x01\x02"),
		},
		Earlier: []checks.File{checkstest.File("b.csv", "region,count\nEast,[REDACTED]\nWest,12\nAll,14\n")},
	}
}

// TestSameReport holds a report from a child to one made in this process.
func TestSameReport(t *testing.T) {
	pool, set := newPool(t, "examine", Limits{}), exampleSet()
	want, err := checks.Run(t.Context(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	var told []int
	set.Done = func(at int, r *checks.FileReport) { told = append(told, at) }
	for range 2 { // the second time by the same child
		got, err := pool.Run(t.Context(), policy.Default(), set)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(text(t, want), text(t, got)); d != "" {
			t.Fatalf("the report differs (-here +child):\n%s", d)
		}
	}
	if len(told) != 10 || pool.Use().Deaths != 0 {
		t.Errorf("told of %d files, %d children died", len(told), pool.Use().Deaths)
	}
}

func text(t *testing.T, rep *checks.Report) string {
	t.Helper()
	b, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBombs gives a child files that are built to be costly, beside an ordinary
// one. Whatever becomes of them, the ordinary one has its findings, and nothing
// that could not be examined is complete.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of work")
	}
	mb := 1 << 20
	if raceDetector {
		mb >>= 3 // which is as hard on its children
	}
	bombs := map[string]string{
		"picture.png":  picture(100_000, 100_000),
		"deep.json":    strings.Repeat("[", 2*mb) + strings.Repeat("]", 2*mb),
		"wide.json":    `{"rows":[` + strings.Repeat(`{"a":{"b":{"c":[1,2,3]}}},`, mb/5) + `{}]}`,
		"deep.html":    "<!doctype html><html><body>" + strings.Repeat("<div><table><tr><td>", 60_000),
		"deep.svg":     `<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g>", 300_000) + strings.Repeat("</g>", 300_000) + "</svg>",
		"entities.svg": `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&c;&c;&c;</text></svg>`,
		"project.yaml": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n",
		"line.txt":     strings.Repeat("0123456789 ", 16*mb/11),
		"cell.csv":     "a,b\n" + strings.Repeat("9", 15*mb) + ",1\n",
		"columns.csv":  strings.Repeat("a,", 4*mb) + "b\n" + strings.Repeat("1,", 4*mb) + "2\n",
	}
	set := checks.Set{Files: []checks.File{checkstest.File("good.csv", "region,count\nEast,3\nWest,12\n")}}
	for path, content := range bombs {
		set.Files = append(set.Files, checkstest.File(path, content))
	}
	pool := newPool(t, "examine", Limits{Memory: 256 << 20, Time: 30 * time.Second})
	rep, err := pool.Run(t.Context(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	if good := rep.Files[0]; good.Overran() || len(good.Findings) == 0 {
		t.Errorf("the file beside the bombs: %q, %d findings", good.Reason, len(good.Findings))
	}
	for _, f := range rep.Files[1:] {
		t.Logf("%-14s %-10s %d findings %s", f.Path, f.Status, len(f.Findings), f.Reason)
		// A long line is only that.
		if f.Status == "complete" && len(f.Findings) == 0 && f.Path != "line.txt" {
			t.Errorf("%s passed", f.Path)
		}
	}
	for path, content := range bombs {
		if _, _, _, err := pool.Sanitise(path, []byte(content)); err == nil && (filepath.Ext(path) == ".png" || path == "entities.svg") {
			t.Errorf("%s was cleaned", path)
		}
	}
	if _, _, _, err := pool.Sanitise("good.csv", []byte("a\n1\n")); err != nil {
		t.Errorf("after the bombs nothing is cleaned any more: %v", err)
	}
	t.Logf("%d children died", pool.Use().Deaths)
}

// picture is a PNG that says it is so large, and holds next to nothing.
func picture(width, height uint32) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, body []byte) {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(body))))
		b.WriteString(name)
		b.Write(body)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(append([]byte(name), body...))))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(head, 8, 6, 0, 0, 0))
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Close()
	chunk("IDAT", z.Bytes())
	chunk("IEND", nil)
	return b.String()
}

// TestMemory lets one file need more memory than there is: it alone is
// incomplete, and says why.
func TestMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's own memory is beyond any limit")
	}
	pool := newPool(t, "examine", Limits{Memory: 96 << 20})
	var big strings.Builder
	big.WriteString("name,count\n")
	for i := range 400_000 {
		fmt.Fprintf(&big, "category %d,%d\n", i, i*5)
	}
	set := exampleSet()
	set.Files = append(set.Files, checkstest.File("big.csv", big.String()))
	rep, err := pool.Run(t.Context(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	last := rep.Files[len(rep.Files)-1]
	if want := checks.Overran + "it needed more memory than a file may take"; last.Status != "incomplete" || !strings.Contains(last.Reason, want) {
		t.Errorf("the large file is %s: %q", last.Status, last.Reason)
	}
	if rep.Files[0].Status != "complete" || len(rep.Files[0].Findings) == 0 {
		t.Errorf("the small one is %s: %q", rep.Files[0].Status, rep.Files[0].Reason)
	}
	if pool.Use().Deaths == 0 {
		t.Error("no child died")
	}
}

// TestStuck lets a child hang: what it was at is incomplete, and in the end
// everything is, rather than the caller waiting for ever.
func TestStuck(t *testing.T) {
	pool := newPool(t, "stuck", Limits{Time: time.Second})
	set := exampleSet()
	pool.limits.Time = 50 * time.Millisecond
	rep, err := pool.Run(t.Context(), policy.Default(), set)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rep.Files {
		if f.Status != "incomplete" {
			t.Errorf("%s is %s", f.Path, f.Status)
		}
	}
	if got := rep.Files[1].Reason; !strings.Contains(got, "it took too long") {
		t.Errorf("the file it hung at: %q", got)
	}
	if rep.Summary.Incomplete != len(set.Files) {
		t.Errorf("%d incomplete", rep.Summary.Incomplete)
	}
}

func TestCancelled(t *testing.T) {
	pool := newPool(t, "stuck", Limits{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pool.Run(ctx, policy.Default(), exampleSet()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNoProgram(t *testing.T) {
	pool, err := New([]string{"/nonexistent"}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Run(t.Context(), policy.Default(), exampleSet()); err == nil {
		t.Error("checked by nothing")
	}
	if _, err := New(nil, Limits{}); err == nil {
		t.Error("a pool without a program")
	}
}

// TestGate holds the order of those that wait: the urgent first.
func TestGate(t *testing.T) {
	g := &gate{room: 1}
	if err := g.enter(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	order := make(chan string, 4)
	var all sync.WaitGroup
	wait := func(name string, urgent bool, ctx context.Context) {
		before := g.waiting()
		all.Go(func() {
			if g.enter(ctx, urgent) == nil {
				order <- name
				g.leave()
			} else {
				order <- name + " gave up"
			}
		})
		for g.waiting() == before {
			time.Sleep(time.Millisecond)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait("left", true, ctx)
	cancel()
	got := []string{<-order}
	wait("draft", false, t.Context())
	wait("submitted", true, t.Context())
	wait("draft two", false, t.Context())
	g.leave()
	for range 3 {
		got = append(got, <-order)
	}
	all.Wait()
	if d := cmp.Diff([]string{"left gave up", "submitted", "draft", "draft two"}, got); d != "" {
		t.Error(d)
	}
	if g.room != 1 {
		t.Errorf("room for %d", g.room)
	}
}

// FuzzAnswer reads answers: whatever comes over the pipe, nothing panics.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}data"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, data, err := readAnswer(body); err == nil && len(data) > len(body) {
			t.Error("more than was sent")
		}
		w := newWire(bytes.NewReader(body), &bytes.Buffer{})
		for {
			if _, _, err := w.next(); err != nil {
				return
			}
		}
	})
}

// BenchmarkFirst prints how long a request of 500 files waits for the findings
// of its first file, and for all of them.
func BenchmarkFirst(b *testing.B) {
	pool, err := New([]string{os.Args[0], "examine"}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	var set checks.Set
	for i := range 500 {
		var rows strings.Builder
		rows.WriteString("region,age,count,rate\n")
		for k := range 200 {
			fmt.Fprintf(&rows, "Region %d,%d-%d,%d,%.3f\n", k%9, k, k+4, (i+1)*5*(k%17), float64(k)/7)
		}
		set.Files = append(set.Files, checkstest.File(fmt.Sprintf("table%03d.csv", i), rows.String()))
	}
	for b.Loop() {
		began, first := time.Now(), make(chan time.Duration, len(set.Files))
		set.Done = func(int, *checks.FileReport) { first <- time.Since(began) }
		if _, err := pool.Run(b.Context(), policy.Default(), set); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((<-first).Seconds()*1000, "ms-to-first")
	}
}
