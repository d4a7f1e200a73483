package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
)

const (
	// dayFor says for how long TestDay goes on, and surgeFor TestSurge; "make load"
	// says so.
	dayFor   = "SALLYPORT_DAY"
	surgeFor = "SALLYPORT_SURGE"
	// manyFiles says how many files the request of TestManyFiles has; "make load"
	// says 500.
	manyFiles = "SALLYPORT_MANY"
)

// A day's traffic in less than an hour: people who hardly think file, review and
// release one request after the other, and the memory of the server is looked at
// every second. It prints and draws what it had, and how fast that grew in the
// second half.
func TestDay(t *testing.T) {
	length := told(t, dayFor)
	w := newWork(t, load.Site{Researchers: 16, Checkers: 8, Courses: 20 + int(length/time.Second), Mixed: true}, false, 500*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	begun := time.Now()
	var at []float64 // minutes
	var held, heap, live []load.Point
	var group errgroup.Group
	group.Go(func() error { return w.goOn(ctx, time.Second) })
	for ctx.Err() == nil {
		minutes := time.Since(begun).Minutes()
		at = append(at, minutes)
		held = append(held, load.Point{X: minutes, Y: float64(w.m.memory().now) / 1e6})
		heap = append(heap, load.Point{X: minutes, Y: w.m.number(t, "go_memstats_heap_alloc_bytes") / 1e6})
		// What the last collection found in use: the next begins at twice that.
		live = append(live, load.Point{X: minutes, Y: w.m.number(t, "go_memstats_next_gc_bytes") / 2 / 1e6})
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	most := w.m.memory().most
	w.end(t)
	sums := w.players.Tally.Sums()
	all := sums[len(sums)-1]
	t.Logf("in %.0f minutes %d requests released, %d answers; most memory %.0f MB", length.Minutes(), w.released.Load(), all.N, float64(most)/1e6)
	for part := range 6 {
		from, to := len(at)*part/6, len(at)*(part+1)/6
		t.Logf("minutes %4.1f to %4.1f: memory %.0f MB, heap %.0f MB, in use %.0f MB (medians)", at[from], at[to-1], middle(held[from:to]), middle(heap[from:to]), middle(live[from:to]))
	}
	drawn(t, "load-memory", load.Plot{
		Title: "Memory of the server under many requests in a row", X: "minutes", Y: "MB",
		Lines: []load.Line{{Name: "resident", Points: thinned(held)}, {Name: "heap", Points: thinned(heap)}, {Name: "in use", Points: thinned(live)}},
	})
}

// thinned is at most some hundreds of the points.
func thinned(points []load.Point) []load.Point {
	step := max(1, len(points)/200)
	var out []load.Point
	for i := 0; i < len(points); i += step {
		out = append(out, points[i])
	}
	return out
}

func middle(points []load.Point) float64 {
	var all []float64
	for _, p := range points {
		all = append(all, p.Y)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// number is one of the server's numbers; 0 while it cannot be had.
func (m *member) number(t *testing.T, name string) float64 {
	t.Helper()
	res, err := http.Get(m.metrics)
	if err != nil {
		return 0
	}
	defer res.Body.Close() // only read from
	text, err := io.ReadAll(res.Body)
	must(t, err)
	for line := range strings.Lines(string(text)) {
		var v float64
		if rest, found := strings.CutPrefix(line, name+" "); found {
			if _, err := fmt.Sscan(rest, &v); err == nil {
				return v
			}
		}
	}
	return 0
}

// surge is what happened to those who asked in each second.
type surge struct {
	mu             sync.Mutex
	begun          time.Time
	answered, sent map[int]int
	took           map[int][]time.Duration // of people at work: one who opens a page ten times a second
	failed         map[string]int
}

func (s *surge) second() int { return int(time.Since(s.begun).Seconds()) }

// ask opens a page once. Who is sent away is told when to come again.
func (s *surge) ask(ctx context.Context, client *http.Client, url, cookie string, counted bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	req.Header.Set("Cookie", cookie)
	second, start := s.second(), time.Now()
	res, err := client.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		err = errors.Join(err, res.Body.Close())
	}
	took := time.Since(start)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.failed[err.Error()]++
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		s.sent[second]++
	case res.StatusCode != http.StatusOK:
		s.failed[res.Status+", Retry-After "+res.Header.Get("Retry-After")]++
	default:
		s.answered[s.second()]++
		if counted {
			s.took[second] = append(s.took[second], took)
		}
	}
}

// Many more come than the server has room for, open pages one after the other
// without a rest, and go again. Most are sent away politely, nobody hears anything
// else, and once they are gone answers are as quick as before. It prints how long
// that took, and draws it.
func TestSurge(t *testing.T) {
	length := told(t, surgeFor)
	const crowd = 600
	w := newWork(t, load.Site{Researchers: 10, Checkers: 4, Courses: 200, Mixed: true}, false, 3*time.Second)
	s := &surge{begun: time.Now(), answered: map[int]int{}, sent: map[int]int{}, took: map[int][]time.Duration{}, failed: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), 3*length)
	defer cancel()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	var group errgroup.Group
	group.Go(func() error { return w.goOn(ctx, length/4) })
	group.Go(func() error { // a person who opens a page ten times a second, before, while and after
		var each sync.WaitGroup
		for ctx.Err() == nil {
			each.Go(func() {
				s.ask(ctx, client, w.m.url+"/requests", w.players.Cookies[load.Researcher(0)], true)
			})
			time.Sleep(100 * time.Millisecond)
		}
		each.Wait()
		return nil
	})
	time.Sleep(length)
	came := s.second()
	rush, over := context.WithTimeout(ctx, length)
	defer over()
	for i := range crowd {
		group.Go(func() error {
			who := []review.Username{load.Auditor, load.Researcher(i % 10)}[i%2]
			for rush.Err() == nil {
				s.ask(rush, client, w.m.url+[]string{"/records", "/workspaces"}[i%2], w.players.Cookies[who], false)
			}
			return nil
		})
	}
	<-rush.Done()
	went := s.second()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	w.end(t)
	s.report(t, came, went)
}

// report prints and draws what happened before, during and after.
func (s *surge) report(t *testing.T, came, went int) {
	t.Helper()
	for what, n := range s.failed {
		t.Errorf("%d times: %s", n, what)
	}
	last := s.second() - 1
	parts := []struct {
		name     string
		from, to int
	}{{"before", 2, came}, {"during", came, went}, {"the first five seconds after", went, went + 5}, {"after those", went + 5, last}}
	t.Log("| when | answered a second | sent away a second | a page, p50 ms | p95 ms |")
	calm := time.Duration(0)
	for _, p := range parts {
		var all []time.Duration
		answered, sent := 0, 0
		for second := p.from; second < p.to; second++ {
			all, answered, sent = append(all, s.took[second]...), answered+s.answered[second], sent+s.sent[second]
		}
		slices.Sort(all)
		if p.name == "before" {
			calm = part(all, 0.95)
		}
		n := max(1, p.to-p.from)
		t.Logf("| %s | %d | %d | %.0f | %.0f |", p.name, answered/n, sent/n, float64(part(all, 0.5).Microseconds())/1000, float64(part(all, 0.95).Microseconds())/1000)
	}
	for second := went; second < last; second++ {
		took := slices.Sorted(slices.Values(s.took[second]))
		if s.sent[second] == 0 && len(took) > 0 && part(took, 0.5) <= max(calm, 50*time.Millisecond) {
			t.Logf("recovered in the second %d after they went: nobody sent away, and half the pages as quick as nearly all before", second-went+1)
			break
		}
	}
	var took, sent, answered []load.Point
	for second := range last {
		x := float64(second)
		if len(s.took[second]) > 0 {
			took = append(took, load.Point{X: x, Y: float64(part(slices.Sorted(slices.Values(s.took[second])), 0.5).Microseconds()) / 1000})
		}
		sent, answered = append(sent, load.Point{X: x, Y: float64(s.sent[second])}), append(answered, load.Point{X: x, Y: float64(s.answered[second])})
	}
	drawn(t, "load-surge", load.Plot{
		Title: fmt.Sprintf("600 more people from second %d to %d", came, went), X: "seconds", Y: "a second, and ms", LogY: true,
		Lines: []load.Line{{Name: "answered a second", Points: answered}, {Name: "sent away a second", Points: sent}, {Name: "a page, ms (median)", Points: took}},
	})
}

// part is the time within which a part of them was done; sorted, 0 of none.
func part(took []time.Duration, share float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	return took[min(len(took)-1, int(share*float64(len(took))))]
}

// A request of many files is added behind at one of three servers, and looked at
// through another: when the answer came, when the first findings were there, and when
// all were. On PostgreSQL the bytes are in an S3 server, on SQLite in a folder.
func TestManyFiles(t *testing.T) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) { addMany(t, engine == "PostgreSQL") })
	}
}

func addMany(t *testing.T, postgres bool) {
	text := os.Getenv(manyFiles)
	if text == "" {
		t.Skip("measures: set " + manyFiles + ", or make load")
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	c := newCluster(t, load.Site{Researchers: 1, Checkers: 2, Courses: 1, Bytes: 5000, Files: n}, 3, postgres)
	for _, m := range c.members {
		m.start(0)
		defer m.end(syscall.SIGKILL)
		if !m.answers(t.Context()) {
			t.Fatal("a server does not start")
		}
	}
	p := &load.Players{Site: c.site, Tokens: c.tokens, HTTP: new(http.Client), Server: func() string { return c.members[0].url }}
	answered, first, all, err := p.First(t.Context(), 0, c.members[1].url)
	must(t, err)
	t.Logf("%d files: answered after %.2f s; at another server the first findings after %.2f s, all after %.2f s", n, answered.Seconds(), first.Seconds(), all.Seconds())
}
