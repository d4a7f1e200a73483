package ui

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// How busy TestPageTimes is: people at once, requests in the store, how long a
// person reads a page before they open the next (people take longer), and how
// long it all goes on.
const (
	peopleAtOnce    = 50
	requestsInStore = 2000
	readingTime     = 2 * time.Second
	busyFor         = 60 * time.Second
)

// TestPageTimes prints how long the server takes for each page while 50 people
// use it, with 2,000 requests in the store: make page-times. It judges nothing,
// since machines differ; docs/performance-of-pages.md has figures.
func TestPageTimes(t *testing.T) {
	if os.Getenv("SALLYPORT_PAGE_TIMES") == "" {
		t.Skip("takes two minutes: make page-times")
	}
	s := newSite(t)
	s.Service.Tally = new(review.Tally) // as the server has
	s.crowd(t, requestsInStore)
	pages := s.busyPages(t)
	cookies := map[string]*http.Cookie{}
	for _, p := range pages {
		if p.who != "" && cookies[p.who] == nil {
			cookies[p.who] = s.enter(t, p.who)
		}
	}
	open := func(p *busyPage) time.Duration {
		req := httptest.NewRequest(http.MethodGet, p.path, nil)
		if p.who != "" {
			req.AddCookie(cookies[p.who])
		}
		rec := httptest.NewRecorder()
		began := time.Now()
		s.ui.ServeHTTP(rec, req)
		took := time.Since(began)
		if rec.Code != http.StatusOK {
			t.Errorf("%s as %s: %d", p.path, p.who, rec.Code)
		}
		return took
	}
	for i := range pages {
		pages[i].alone(open)
	}
	var mu sync.Mutex
	var crowd sync.WaitGroup
	until := time.Now().Add(busyFor)
	for range peopleAtOnce {
		crowd.Go(func() {
			for time.Now().Before(until) {
				time.Sleep(time.Duration(rand.Int64N(int64(2 * readingTime))))
				p := &pages[rand.IntN(len(pages))]
				d := open(p)
				mu.Lock()
				p.crowded = append(p.crowded, d)
				mu.Unlock()
			}
		})
	}
	crowd.Wait()
	slices.SortFunc(pages, func(a, b busyPage) int { return -cmp.Compare(a.processor, b.processor) })
	for _, p := range pages {
		t.Logf("%-18s first %6.1f ms  processor %5.1f ms  alone %6.1f ms  with %d people, %3d views: half %6.1f ms, 95%% %6.1f ms",
			p.name, ms(p.first), ms(p.processor), ms(p.usual), peopleAtOnce, len(p.crowded), ms(at(p.crowded, .5)), ms(at(p.crowded, .95)))
	}
}

// alone opens a page with nobody else there: for the first time, and then often
// enough to tell what it costs.
func (p *busyPage) alone(open func(*busyPage) time.Duration) {
	const views = 20
	p.first = open(p)
	var times []time.Duration
	before := processorTime()
	for range views {
		times = append(times, open(p))
	}
	p.processor = (processorTime() - before) / views
	p.usual = at(times, .5)
}

// processorTime is what this process has used of all processors, which work of
// others on the machine changes little.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// at is the time within which a part of the views was done.
func at(times []time.Duration, part float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(len(times)-1, int(part*float64(len(times))))]
}

// busyPage is a page, who opens it, and how long the server took.
type busyPage struct {
	name, who, path         string
	first, usual, processor time.Duration
	crowded                 []time.Duration
}

// busyPages files a request of twenty files, has it reviewed in part, and names
// the pages that people open most.
func (s *site) busyPages(t *testing.T) []busyPage {
	t.Helper()
	var files []string
	for i := range 20 {
		files = append(files, fmt.Sprintf("release/t%02d.csv", i), smallCSV)
	}
	request := s.draft(t, files...)
	draftFile := s.as(t, "ann").get(request).links(fileLink)[0]
	group := s.as(t, "ann").get(request).links(groupLink)[0]
	s.submit(t, request)
	r, err := s.World.Store.Request(t.Context(), review.RequestID(strings.TrimPrefix(request, "/requests/")))
	if err != nil {
		t.Fatal(err)
	}
	checker := string(r.Seats[0].Checker)
	record := strings.Replace(request, "/requests/", "/records/", 1)
	var out []busyPage
	for _, p := range [][3]string{
		{"bare answer", "", "/health"}, // what the machine adds to any page
		{"workspaces", "ann", "/workspaces"}, {"workspace", "ann", "/workspaces/cohort"}, {"my requests", "ann", "/requests"},
		{"request, author", "ann", request}, {"group", "ann", group}, {"file, author", "ann", draftFile},
		{"queue", checker, "/queue"}, {"request, checker", checker, request}, {"file, checker", checker, draftFile}, {"review", checker, request + "/review"},
		{"board", "lea", "/board"}, {"access", "lea", "/access"}, {"all requests", "aud", "/records"}, {"record", "aud", record}, {"releases", "aud", "/releases"},
		{"audit", "aud", "/audit"}, {"audit, found", "aud", "/audit?find=rates"}, {"figures", "aud", "/figures"}, {"checkpoints", "aud", "/audit/checkpoints"},
		{"status", "ops", "/status"}, {"help", "ann", "/help"}, {"help, found", "ann", "/help?find=small+counts"}, {"account", "ann", "/account"},
		{"notifications", "ann", "/notifications"},
	} {
		out = append(out, busyPage{name: p[0], who: p[1], path: p[2]})
	}
	return out
}

// crowd fills the store with requests of the past year: most of them released,
// a hundred under review.
func (s *site) crowd(t *testing.T, n int) {
	t.Helper()
	ctx := t.Context()
	for i := range n {
		at := s.Now().Add(-time.Duration(n-i) * 4 * time.Hour)
		r := reviewtest.Draft(review.RequestID(fmt.Sprintf("PAST%022d", i)), []review.Username{"ann", "abe", "tim"}[i%3], review.WorkspaceName(fmt.Sprint("past-", i)), at)
		r.Title, r.Project, r.Status, r.Worst, r.Submitted = fmt.Sprint("Rates of practice ", i), reviewtest.Study, review.Submitted, policy.Warn, at
		r.Due = s.Now().AddDate(0, 0, i%9-2)
		r.Seats = []review.Seat{{Checker: "carl", Assigned: at}, {Checker: []review.Username{"cora", "chen"}[i%2], Assigned: at}}
		rel := &review.Release{ID: fmt.Sprintf("rel%05d", i), Request: r.ID, Workspace: r.Workspace, Project: r.Project, Title: r.Title, Author: r.Author, Approved: at, By: "carl", Checkers: []review.Username{"carl", r.Seats[1].Checker}}
		for g := range 5 {
			f := review.File{ID: review.FileID(fmt.Sprint("f", g)), Path: fmt.Sprintf("release/rates-%d-%d.csv", i, g), Kind: review.Output, Digest: "d", Release: "d"}
			r.Groups = append(r.Groups, review.Group{ID: review.GroupID(fmt.Sprint("g", g)), Name: fmt.Sprint("Table ", g), Files: []review.File{f}})
			rel.Files = append(rel.Files, review.ReleasedFile{Path: f.Path, SHA256: review.Digest(fmt.Sprintf("%064d", i)), Size: 900})
		}
		events := []review.Event{reviewtest.Happened(r, review.EvRequestCreated, at), reviewtest.Happened(r, review.EvSubmitted, at)}
		for _, seat := range r.Seats {
			e := reviewtest.Happened(r, review.EvRouted, at)
			e.Actor, e.Detail = "system", map[string]string{"checker": string(seat.Checker)}
			events = append(events, e)
		}
		handedIn := at.Add(time.Duration(i%100) * time.Hour)
		for _, seat := range r.Seats {
			for _, g := range r.Groups {
				for _, kind := range []review.EventType{review.EvFileViewed, review.EvVoted} {
					e := reviewtest.Happened(r, kind, handedIn)
					e.Actor, e.Group, e.File, e.Path = seat.Checker, g.ID, g.Files[0].ID, g.Files[0].Path
					e.Detail = map[string]string{"decision": string(review.Approve)}
					events = append(events, e)
				}
			}
			e := reviewtest.Happened(r, review.EvReviewSubmitted, handedIn)
			e.Actor = seat.Checker
			events = append(events, e)
		}
		events = append(events, reviewtest.Happened(r, review.EvReviewed, handedIn))
		if err := s.World.Store.Create(ctx, r, events...); err != nil {
			t.Fatal(err)
		}
		if i >= n-100 {
			continue
		}
		_, err := s.World.Store.Update(ctx, r.ID, func(r *review.Request) (review.Change, error) {
			r.Status, r.Released = review.Released, handedIn
			return review.Change{Release: rel, Events: []review.Event{reviewtest.Happened(r, review.EvApproved, handedIn)}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
