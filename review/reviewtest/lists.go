package reviewtest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"sallyport/review"
)

// listed creates five requests and returns them, newest first, as a list shows
// them.
func listed(t *testing.T, s review.Store) []review.Request {
	t.Helper()
	full := FullRequest("r5")
	full.Created = later(5)
	list := []*review.Request{
		full,
		Draft("r4", "bob", "study", later(4)),
		Draft("r3", "ada", "other", later(3)),
		Draft("r2", "ada", "third", later(2)),
		Draft("r1", "bob", "other", later(2)), // as old as r2: the id decides
	}
	list[1].Project, list[1].Status = "p2", review.Submitted
	list[1].Seats = []review.Seat{{Checker: "carol", Assigned: start}, {Checker: "dave", Assigned: start}}
	list[2].Seats = []review.Seat{{Checker: "dave", Assigned: start}}
	list[3].Status = review.Withdrawn
	var whole []review.Request
	for _, r := range list {
		create(t, s, r)
		whole = append(whole, *r)
	}
	return whole
}

func listRequests(t *testing.T, s review.Store) {
	all := listed(t, s)
	for _, test := range []struct {
		name string
		q    review.RequestQuery
		want []int // of all
	}{
		{"all", review.RequestQuery{}, []int{0, 1, 2, 3, 4}},
		{"author", review.RequestQuery{Author: "ada"}, []int{0, 2, 3}},
		{"checker", review.RequestQuery{Checker: "dave"}, []int{1, 2}},
		{"workspace", review.RequestQuery{Workspace: "other"}, []int{2, 4}},
		{"project", review.RequestQuery{Projects: []review.ProjectID{"p2"}}, []int{1}},
		{"projects", review.RequestQuery{Projects: []review.ProjectID{"p2", "p1", "p9"}}, []int{0, 1, 2, 3, 4}},
		{"status", review.RequestQuery{Statuses: []review.Status{review.Withdrawn}}, []int{3}},
		{"statuses", review.RequestQuery{Statuses: []review.Status{review.Withdrawn, review.Submitted}}, []int{1, 3}},
		{"several", review.RequestQuery{Author: "ada", Workspace: "other", Checker: "dave"}, []int{2}},
		{"author or checker", review.RequestQuery{Person: "dave"}, []int{1, 2}},
		{"person files", review.RequestQuery{Person: "bob"}, []int{1, 4}},
		{"id", review.RequestQuery{Text: "R3"}, []int{2}},
		{"no wildcards", review.RequestQuery{Text: "%"}, nil},
		{"part of a path", review.RequestQuery{Path: strings.ToUpper(all[0].Groups[0].Files[0].Path[1:])}, []int{0}},
		{"digest of a file", review.RequestQuery{Digest: all[0].Groups[0].Files[0].Release}, []int{0}},
		{"no such digest", review.RequestQuery{Digest: "0000"}, nil},
		{"since", review.RequestQuery{Since: later(4)}, []int{0, 1}},
		{"until is exclusive", review.RequestQuery{Until: later(3)}, []int{3, 4}},
		{"nobody", review.RequestQuery{Author: "nobody"}, nil},
		{"limit", review.RequestQuery{Limit: 2}, []int{0, 1}},
		{"offset", review.RequestQuery{Limit: 2, Offset: 3}, []int{3, 4}},
		{"past the end", review.RequestQuery{Offset: 9}, nil},
		{"filter and limit", review.RequestQuery{Author: "ada", Limit: 1, Offset: 1}, []int{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := s.Requests(t.Context(), test.q)
			must(t, err)
			var want []review.Request
			for _, i := range test.want {
				r := all[i]
				r.Groups, r.Comments = nil, nil
				want = append(want, r)
			}
			same(t, "requests", want, got)
			test.q.Whole = true
			got, err = s.Requests(t.Context(), test.q)
			must(t, err)
			want = nil
			for _, i := range test.want {
				want = append(want, all[i])
			}
			same(t, "whole requests", want, got)
		})
	}
}

func pageRequests(t *testing.T, s review.Store) {
	const n = 130
	for i := range n {
		create(t, s, Draft(review.RequestID(fmt.Sprintf("r%03d", i)), "ada", review.WorkspaceName(fmt.Sprint(i)), later(i/2)))
	}
	first, err := s.Requests(t.Context(), review.RequestQuery{})
	must(t, err)
	rest, err := s.Requests(t.Context(), review.RequestQuery{Offset: len(first)})
	must(t, err)
	same(t, "first page", 100, len(first))
	for i, r := range append(first, rest...) {
		same(t, "order", review.RequestID(fmt.Sprintf("r%03d", n-1-i)), r.ID)
	}
	same(t, "all", n, len(first)+len(rest))
	all := append(first, rest...)
	for _, at := range []int{0, 1, 57, n - 2, n - 1} { // also where requests were made at the same moment
		after, err := s.Requests(t.Context(), review.RequestQuery{After: all[at].Place(), Limit: 40})
		must(t, err)
		same(t, "after a place", idsOf(all[at+1:min(n, at+41)]), idsOf(after))
		before, err := s.Requests(t.Context(), review.RequestQuery{Before: all[at].Place(), Limit: 40, Whole: true})
		must(t, err)
		same(t, "before a place", idsOf(all[max(0, at-40):at]), idsOf(before))
	}
}

func idsOf(list []review.Request) (out []review.RequestID) {
	for _, r := range list {
		out = append(out, r.ID)
	}
	return out
}

func countRequests(t *testing.T, s review.Store) {
	listed(t, s)
	got, err := s.Counts(t.Context())
	must(t, err)
	same(t, "counts", map[review.Status]int{
		review.Pending: 2, review.Submitted: 1, review.PartiallyReviewed: 1, review.Withdrawn: 1,
	}, got)
}

func fullEvent(t *testing.T, s review.Store) {
	var want review.Event
	new(filler).fill(reflect.ValueOf(&want).Elem())
	must(t, s.Append(t.Context(), want))
	want.Seq = 1
	same(t, "events", []review.Event{want}, events(t, s))
}

// numberedEvents appends from several sides at once, one and many at a time,
// with failures between.
func numberedEvents(t *testing.T, s review.Store) {
	create(t, s, Draft("r1", "ada", "study", start))
	results := race(8, func(i int) error {
		for round := range 5 {
			e := review.Event{At: start, Type: review.EvFileViewed, Actor: review.Username(fmt.Sprint(i)), Turn: round}
			second := e
			second.Path = "second"
			if err := s.Append(t.Context(), e, second); err != nil {
				return err
			}
			_, err := s.Update(t.Context(), "r1", func(r *review.Request) (review.Change, error) {
				return review.Change{Events: []review.Event{Happened(r, review.EvRequestEdited, start)}}, errTest
			})
			if err == nil {
				return fmt.Errorf("a failed change was kept")
			}
		}
		return nil
	})
	for _, err := range results {
		must(t, err)
	}
	must(t, s.Append(t.Context())) // nothing is no error
	list := events(t, s)
	same(t, "events", 1+8*5*2, len(list))
	last := map[review.Username]int{}
	for i, e := range list {
		same(t, "seq", int64(i+1), e.Seq)
		if e.Path == "second" {
			same(t, "events of one call follow one another", list[i-1].Actor, e.Actor)
		}
		if e.Turn < last[e.Actor] {
			t.Errorf("event %d of %s is out of order", e.Seq, e.Actor)
		}
		last[e.Actor] = e.Turn
	}
}

func filterEvents(t *testing.T, s review.Store) {
	for i, e := range []review.Event{
		{Type: review.EvSignIn, Actor: "ada"},
		{Type: review.EvFileViewed, Actor: "carol", Request: "r1", Workspace: "cohort", Digest: "abce", From: review.Returned, To: review.Returned},
		{Type: review.EvFileViewed, Actor: "dave", Request: "r1", Path: "release/a_b.csv"},
		{Type: review.EvVoted, Actor: "carol", Request: "r2", Digest: "abcd12", From: review.Reviewed, To: review.Returned, Path: "release/axb.csv"},
		{Type: review.EvSignIn, Actor: "carol", Policy: "ffeedd"},
	} {
		e.At = later(i)
		must(t, s.Append(t.Context(), e))
	}
	for _, test := range []struct {
		name string
		q    review.EventQuery
		want []int64
	}{
		{"all", review.EventQuery{}, []int64{1, 2, 3, 4, 5}},
		{"newest", review.EventQuery{Newest: true}, []int64{5, 4, 3, 2, 1}},
		{"request", review.EventQuery{Request: "r1"}, []int64{2, 3}},
		{"actor", review.EventQuery{Actor: "carol"}, []int64{2, 4, 5}},
		{"type", review.EventQuery{Types: []review.EventType{review.EvSignIn}}, []int64{1, 5}},
		{"types", review.EventQuery{Types: []review.EventType{review.EvSignIn, review.EvVoted}}, []int64{1, 4, 5}},
		{"after", review.EventQuery{After: 3}, []int64{4, 5}},
		{"before", review.EventQuery{Before: 3}, []int64{1, 2}},
		{"newest before", review.EventQuery{Newest: true, Before: 5, Limit: 2}, []int64{4, 3}},
		{"since", review.EventQuery{Since: later(3)}, []int64{4, 5}},
		{"until is exclusive", review.EventQuery{Until: later(3)}, []int64{1, 2, 3}},
		{"path", review.EventQuery{Path: "release/a_b.csv"}, []int64{3}},
		{"workspace", review.EventQuery{Workspace: "cohort"}, []int64{2}},
		{"digest", review.EventQuery{Digest: "ABCD"}, []int64{4}},
		{"policy", review.EventQuery{Policy: "ffee"}, []int64{5}},
		{"to", review.EventQuery{To: review.Returned}, []int64{4}},
		{"limit", review.EventQuery{Limit: 2}, []int64{1, 2}},
		{"page", review.EventQuery{After: 2, Limit: 2}, []int64{3, 4}},
		{"newest two", review.EventQuery{Newest: true, Limit: 2}, []int64{5, 4}},
		{"several", review.EventQuery{Actor: "carol", Request: "r1"}, []int64{2}},
		{"none", review.EventQuery{Actor: "nobody"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, err := s.Events(t.Context(), test.q)
			must(t, err)
			var got []int64
			for _, e := range list {
				got = append(got, e.Seq)
			}
			same(t, "seqs", test.want, got)
		})
	}
}
