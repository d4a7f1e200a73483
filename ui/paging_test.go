package ui

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// TestPagesOfRecords goes down a long list and up again by its links, while
// requests are added at its top: no page shifts, and none lacks anything.
func TestPagesOfRecords(t *testing.T) {
	s := newSite(t)
	start := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	add := func(i int) {
		r := reviewtest.Draft(review.RequestID(fmt.Sprintf("PAST%03d", i)), "ann", review.WorkspaceName(fmt.Sprint("past-", i)), start.Add(time.Duration(i)*time.Minute))
		r.Project = reviewtest.Study // ann is in it
		if err := s.World.Store.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, r.Created)); err != nil {
			t.Fatal(err)
		}
	}
	const n = 2*pageRows + 10
	for i := range n {
		add(i)
	}
	aud := s.as(t, "aud").get("/records?status=PENDING").want(http.StatusOK)
	shows := func(page, newest, count int) {
		t.Helper()
		links := aud.links(`/records/PAST[0-9]+`)
		if len(links) != count || links[0] != fmt.Sprintf("/records/PAST%03d", newest) || !strings.Contains(aud.text(), fmt.Sprint("Page ", page)) {
			t.Errorf("page %d: %d links from %v, want %d from %d", page, len(links), links[:1], count, newest)
		}
	}
	link := func(rel string) *browser {
		t.Helper()
		before, _, found := strings.Cut(aud.body, `rel="`+rel+`"`)
		if !found {
			t.Fatalf("%s has no link %s", aud.where, rel)
		}
		_, href, _ := strings.Cut(before[strings.LastIndex(before, "<a "):], `href="`)
		href, _, _ = strings.Cut(href, `"`)
		return aud.get(strings.ReplaceAll(href, "&amp;", "&")).want(http.StatusOK)
	}
	shows(1, n-1, pageRows)
	add(n)
	link("next")
	shows(2, n-1-pageRows, pageRows)
	link("next")
	shows(3, 9, 10)
	if strings.Contains(aud.body, `rel="next"`) {
		t.Error("the last page has a next one")
	}
	link("prev")
	shows(2, n-1-pageRows, pageRows)
	link("prev")
	shows(1, n, pageRows)
	if strings.Contains(aud.body, `rel="prev"`) || !strings.Contains(aud.where.String(), "status=PENDING") {
		t.Errorf("the first page at %s", aud.where)
	}
	aud.get("/records?after=1.%00").want(http.StatusUnprocessableEntity)

	// An author finds every request that they ever filed.
	ann := s.as(t, "ann").get("/requests").want(http.StatusOK)
	for page, count := range []int{pageRows, pageRows, n + 1 - 2*pageRows, 0} {
		if page > 0 {
			ann.get(fmt.Sprint("/requests?page=", page+1)).want(http.StatusOK)
		}
		if links := ann.links(`/requests/PAST[0-9]+`); len(links) != count {
			t.Errorf("page %d of one's own requests: %d, want %d", page+1, len(links), count)
		}
		back, on := strings.Contains(ann.body, `rel="prev"`), strings.Contains(ann.body, `rel="next"`)
		if back != (page > 0) || on != (page < 2) {
			t.Errorf("page %d of one's own requests leads back: %v, on: %v", page+1, back, on)
		}
	}
}

// longLog is a service whose log has millions of events, and a checkpoint for each
// thousand of them.
type longLog struct {
	Service
	n int64
}

func (l longLog) Audit(_ context.Context, _ review.Actor, q review.EventQuery) ([]review.Event, error) {
	low, high := q.After+1, l.n
	if q.Before > 0 {
		high = q.Before - 1
	}
	var out []review.Event
	for len(out) < q.Limit && low <= high {
		seq := low
		if q.Newest {
			seq, high = high, high-1
		} else {
			low++
		}
		out = append(out, review.Event{Seq: seq, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Type: review.EvSignIn, Actor: "ann"})
	}
	return out, nil
}

func (l longLog) SignedCheckpoints(_ context.Context, _ review.Actor, before int64, limit int) ([]review.Checkpoint, error) {
	var out []review.Checkpoint
	for size := l.n / 1000 * 1000; size > 0 && len(out) < limit; size -= 1000 {
		if before == 0 || size < before {
			out = append(out, review.Checkpoint{Size: size})
		}
	}
	return out, nil
}

// TestPagesOfALongLog: a log of millions of events can be walked from its end to
// its beginning and back, whatever the numbers of its events.
func TestPagesOfALongLog(t *testing.T) {
	s := newSite(t)
	const n = 3_000_000
	s.ui.service = longLog{s.ui.service, n}
	aud := s.as(t, "aud")
	for _, tt := range []struct{ at, text string }{
		{"/audit", `id="event-3000000"`},
		{"/audit?before=2999901", `id="event-2999900"`},
		{"/audit?before=1200001", `id="event-1200000"`},
		{"/audit?after=1200000", `id="event-1200001"`},
		{"/audit?after=0", `id="event-1"`},
		{"/audit/checkpoints?before=2500000", "/audit/checkpoints/2499000"},
	} {
		if aud.get(tt.at).want(http.StatusOK); !strings.Contains(aud.body, tt.text) {
			t.Errorf("%s does not show %s", tt.at, tt.text)
		}
	}
	if older := aud.get("/audit?before=1200001").links(`/audit\?before=[0-9]+`); len(older) != 1 || older[0] != "/audit?before=1199901" {
		t.Errorf("the older ones are at %v", older)
	}
}
