package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sallyport/cmd/sallyport/internal/load"
	"sallyport/review"
)

// loadFor says for how long each part of TestLoad goes on; "make load" says so.
const loadFor = "SALLYPORT_LOAD"

// So many people at work on one server, on each engine: each researcher files
// requests of 100 kB and thinks for a second or two between two steps, checkers
// review them, an auditor looks at each release. It prints what was answered, how
// fast, and how much memory the server had.
func TestLoad(t *testing.T) {
	told := os.Getenv(loadFor)
	if told == "" {
		t.Skip("measures for minutes: set " + loadFor + ", or make load")
	}
	length, err := time.ParseDuration(told)
	must(t, err)
	for _, postgres := range []bool{false, true} {
		for _, people := range []int{10, 100, 500} {
			t.Run(fmt.Sprintf("postgres=%v/people=%d", postgres, people), func(t *testing.T) { measure(t, people, postgres, length) })
		}
	}
}

func measure(t *testing.T, people int, postgres bool, length time.Duration) {
	c := newCluster(t, load.Site{Researchers: people, Checkers: max(4, people/10), Courses: 1 + int(length/(10*time.Second)), Bytes: 100_000}, 1, postgres)
	m := c.members[0]
	m.start(0)
	defer func() { m.end(syscall.SIGKILL) }()
	if !m.answers(t.Context()) {
		t.Fatal("the server does not start")
	}
	p := &load.Players{
		Site: c.site, Tokens: c.tokens, Tally: new(load.Tally), Retry: 5 * time.Second, Audited: true,
		HTTP:   &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: people}},
		Server: func() string { return m.url },
		Think: func(ctx context.Context) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second + rand.N(time.Second)):
			}
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var released atomic.Int64
	var group errgroup.Group
	start := time.Now()
	for i := range people {
		group.Go(func() error {
			select { // people do not come all at once
			case <-ctx.Done():
			case <-time.After(rand.N(length / 4)):
			}
			for course := 0; course < c.site.Courses && ctx.Err() == nil; course++ {
				told, err := p.Course(ctx, i, course)
				if told.Released {
					released.Add(1)
				}
				if err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	took := time.Since(start)
	memory := resident(m.cmd.Process.Pid)
	m.end(syscall.SIGTERM)
	t.Logf("%d released; most memory %d MB\n%s", released.Load(), memory>>20, load.Table(p.Tally.Sums(), took))
	store := c.store()
	defer func() { must(t, store.Close()) }()
	list, err := store.Requests(t.Context(), review.RequestQuery{Statuses: []review.Status{review.Released}, Limit: 1_000_000})
	must(t, err)
	if int64(len(list)) < released.Load() {
		t.Errorf("%d are on record as released, and people were told of %d", len(list), released.Load())
	}
}

// resident is the most memory that a process has had, in bytes; 0 where that
// cannot be told.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
