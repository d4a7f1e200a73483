package storage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// busy is a World with n submitted requests of m files each, all routed to
// carl and cora, and a store that counts its reads.
func busy(t testing.TB, n, m int) (*reviewtest.World, func() int) {
	t.Helper()
	s := newStore(t)
	w := reviewtest.NewWorld(t, s)
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for i := range n {
		r := reviewtest.Draft(review.RequestID(fmt.Sprintf("r%05d", i)), "ann", review.WorkspaceName(fmt.Sprint("w", i)), start)
		r.Status, r.Project, r.Due, r.Worst = review.Submitted, reviewtest.Study, start.AddDate(0, 0, i%9), policy.Warn
		r.Seats = []review.Seat{{Checker: "carl", Assigned: start}, {Checker: "cora", Assigned: start}}
		g := review.Group{ID: "g", Name: "tables"}
		for j := range m {
			g.Files = append(g.Files, review.File{ID: review.FileID(fmt.Sprint("f", j)), Path: fmt.Sprintf("release/%d.csv", j), Kind: review.Output, Digest: "d", Release: "d"})
		}
		r.Groups = []review.Group{g}
		if err := s.Create(context.Background(), r, reviewtest.Happened(r, review.EvRequestCreated, start)); err != nil {
			t.Fatal(err)
		}
	}
	reads := 0
	watch(t, s.reader, func(*gorm.DB) { reads++ })
	return w, func() int { was := reads; reads = 0; return was }
}

// A page costs the same number of statements however much it shows.
func TestPagesTakeConstantStatements(t *testing.T) {
	var request, queue, record []int
	for _, size := range []int{2, 40} {
		w, reads := busy(t, size, size)
		carl, aud := w.As(t, "carl"), w.As(t, "aud")
		reads()
		v, err := w.Request(t.Context(), carl, "r00001")
		must(t, err)
		request = append(request, reads())
		q, err := w.Queue(t.Context(), carl)
		must(t, err)
		queue = append(queue, reads())
		_, err = w.Record(t.Context(), aud, "r00001")
		must(t, err)
		record = append(record, reads())
		if len(v.Groups[0].Files) != size || len(q) != size {
			t.Fatalf("%d files, %d requests in the queue, want %d", len(v.Groups[0].Files), len(q), size)
		}
	}
	for name, n := range map[string][]int{"request": request, "queue": queue, "record": record} {
		if n[0] != n[1] {
			t.Errorf("%s page: %d statements for little, %d for much", name, n[0], n[1])
		}
		t.Logf("%s page: %d statements", name, n[1])
	}
}

// BenchmarkRequestView is a request of 500 files with 10,000 events.
func BenchmarkRequestView(b *testing.B) {
	w, reads := busy(b, 1, 500)
	carl, aud := w.As(b, "carl"), w.As(b, "aud")
	var events []review.Event
	for range 10_000 {
		events = append(events, review.Event{At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Type: review.EvFileViewed, Actor: "carl", Request: "r00000"})
	}
	if err := w.Store.Append(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
	for name, page := range map[string]func() error{
		"request": func() error { _, err := w.Request(b.Context(), carl, "r00000"); return err },
		"record":  func() error { _, err := w.Record(b.Context(), aud, "r00000"); return err },
	} {
		b.Run(name, func(b *testing.B) {
			reads()
			for b.Loop() {
				if err := page(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(reads())/float64(b.N), "statements/op")
		})
	}
}

// BenchmarkQueue is a checker with 2,000 requests.
func BenchmarkQueue(b *testing.B) {
	w, reads := busy(b, 2000, 5)
	carl := w.As(b, "carl")
	reads()
	for b.Loop() {
		if _, err := w.Queue(b.Context(), carl); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(reads())/float64(b.N), "statements/op")
}
