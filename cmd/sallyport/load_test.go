package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
)

const (
	// loadFor says for how long each part of TestLoad goes on; "make load" says so.
	loadFor = "SALLYPORT_LOAD"
	// plotsTo is the folder that plots are written to; none are when it is empty.
	plotsTo = "SALLYPORT_PLOTS"
)

func drawn(t *testing.T, name string, p load.Plot) {
	t.Helper()
	if dir := os.Getenv(plotsTo); dir != "" {
		must(t, os.WriteFile(filepath.Join(dir, name+".svg"), []byte(p.SVG()), 0o644))
	}
}

// told is for how long a test goes on that measures; the test is skipped when
// nobody said so.
func told(t *testing.T, variable string) time.Duration {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		t.Skip("measures for minutes: set " + variable + ", or make load")
	}
	length, err := time.ParseDuration(text)
	must(t, err)
	return length
}

// So many people at work on one server, on each engine: every second researcher
// and whoever checks for them use pages, the others programs. They file requests
// of one to eight files and think for some seconds between two steps, checkers
// review them, an auditor looks at each release. It prints what was answered, how
// fast, and how much memory the server had, and draws it.
func TestLoad(t *testing.T) {
	length := told(t, loadFor)
	p := load.Plot{Title: "Time to an answer, by people at work at once", X: "people", Y: "ms", LogX: true, LogY: true}
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		lines := []load.Line{{Name: engine + ", p50"}, {Name: engine + ", p95"}, {Name: engine + ", p99"}}
		for _, people := range []int{10, 100, 500} {
			t.Run(fmt.Sprintf("%s/%d", engine, people), func(t *testing.T) {
				all := measure(t, people, engine == "PostgreSQL", length)
				for i, took := range []time.Duration{all.P50, all.P95, all.P99} {
					lines[i].Points = append(lines[i].Points, load.Point{X: float64(people), Y: float64(took.Microseconds()) / 1000})
				}
			})
		}
		p.Lines = append(p.Lines, lines...)
	}
	drawn(t, "load-times", p)
}

// work is a server and people at work on it.
type work struct {
	c        *cluster
	m        *member
	players  *load.Players
	released atomic.Int64
}

// newWork starts a server for so many people, who think for some time between two
// steps.
func newWork(t *testing.T, site load.Site, postgres bool, think time.Duration) *work {
	t.Helper()
	c := newCluster(t, site, 1, postgres)
	w := &work{c: c, m: c.members[0]}
	w.m.start(0)
	t.Cleanup(func() { w.m.end(syscall.SIGKILL) })
	if !w.m.answers(t.Context()) {
		t.Fatal("the server does not start")
	}
	w.players = &load.Players{
		Site: c.site, Tokens: c.tokens, Cookies: c.cookies(), Tally: new(load.Tally), Retry: 5 * time.Second, Audited: true,
		HTTP:   &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: site.Researchers}},
		Server: func() string { return w.m.url },
		Think: func(ctx context.Context) {
			select {
			case <-ctx.Done():
			case <-time.After(think/2 + rand.N(think)):
			}
		},
	}
	return w
}

// goOn has every researcher file, and others review, one request after the other
// until ctx ends. They come over the time given, not all at once.
func (w *work) goOn(ctx context.Context, coming time.Duration) error {
	var group errgroup.Group
	for i := range w.c.site.Researchers {
		group.Go(func() error {
			select {
			case <-ctx.Done():
			case <-time.After(rand.N(coming)):
			}
			for course := 0; course < w.c.site.Courses && ctx.Err() == nil; course++ {
				told, err := w.players.Course(ctx, i, course)
				if told.Released {
					w.released.Add(1)
				}
				if err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// end ends the server and holds what people were told to the record.
func (w *work) end(t *testing.T) {
	t.Helper()
	w.m.end(syscall.SIGTERM)
	store := w.c.store()
	defer func() { must(t, store.Close()) }()
	list, err := store.Requests(t.Context(), review.RequestQuery{Statuses: []review.Status{review.Released}, Limit: 1_000_000})
	must(t, err)
	if int64(len(list)) < w.released.Load() {
		t.Errorf("%d are on record as released, and people were told of %d", len(list), w.released.Load())
	}
}

func measure(t *testing.T, people int, postgres bool, length time.Duration) load.Sum {
	w := newWork(t, load.Site{Researchers: people, Checkers: max(4, people/10), Courses: 1 + int(length/(5*time.Second)), Mixed: true}, postgres, 3*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	start := time.Now()
	if err := w.goOn(ctx, length/4); err != nil {
		t.Error(err)
	}
	took := time.Since(start)
	memory := w.m.memory()
	w.end(t)
	sums := w.players.Tally.Sums()
	t.Logf("%d released; most memory %d MB\n%s", w.released.Load(), memory.most>>20, load.Table(sums, took))
	return sums[len(sums)-1]
}

// memory is what a process has, and has had, in bytes; 0 where that cannot be told.
type memory struct{ now, most int64 }

// memory is the server's.
func (m *member) memory() memory {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		return memory{}
	}
	field := func(name string) int64 {
		var kb int64
		_, rest, _ := strings.Cut(string(text), name+":")
		if _, err := fmt.Sscan(rest, &kb); err != nil {
			return 0
		}
		return kb << 10
	}
	return memory{field("VmRSS"), field("VmHWM")}
}
