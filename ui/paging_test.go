package ui

import (
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
}
