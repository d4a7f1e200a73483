package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/ledger"
)

// viewed is an event as a reviewer leaves them: every part is filled in.
func viewed(i int) review.Event {
	return review.Event{
		At: noon().Add(time.Duration(i) * time.Second), Type: review.EvFileViewed, Actor: review.Username(fmt.Sprint("person", i%20)),
		Request: review.RequestID(fmt.Sprint("request", i%1000)), Workspace: "vaccines-2026", Group: "main", File: review.FileID(fmt.Sprint("f", i%50)),
		Path: "release/tables/counts_by_region.csv", Turn: 2, From: review.Submitted, To: review.Submitted,
		Digest: digestOf("x"), Findings: digestOf("y"), Policy: string(digestOf("z")),
		Detail: map[string]string{"view": "table"}, Source: "private", Purpose: review.ForReview,
	}
}

// BenchmarkVerifyRecord verifies a record of SALLYPORT_EVENTS events (1,000,000
// when not set), and compares that with merely reading its columns. Heap is the
// most that was in use, base what was before.
func BenchmarkVerifyRecord(b *testing.B) {
	size := 1_000_000
	if text := os.Getenv("SALLYPORT_EVENTS"); text != "" {
		_, err := fmt.Sscan(text, &size)
		must(b, err)
	}
	file := filepath.Join(b.TempDir(), "x.db")
	s, err := Open(b.Context(), file, noon)
	must(b, err)
	defer s.Close()
	for i := 0; i < size; {
		list := make([]review.Event, min(5000, size-i))
		for j := range list {
			list[j] = viewed(i)
			i++
		}
		must(b, s.Append(b.Context(), list...))
	}
	b.Run("verify", func(b *testing.B) {
		base := heap()
		stop := make(chan struct{})
		most := make(chan uint64)
		go peak(stop, most)
		for b.Loop() {
			report, err := s.VerifyRecord(b.Context())
			must(b, err)
			if report.First != nil || report.Size != int64(size) {
				b.Fatalf("%+v", report)
			}
		}
		close(stop)
		b.ReportMetric(float64(base)/1e6, "base-MB")
		b.ReportMetric(float64(<-most)/1e6, "heap-MB")
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(size)*1e6, "s/million")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			must(b, s.entries(b.Context(), int64(size), func(ledger.Entry) bool { return true }))
		}
	})
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// peak watches how much memory is in use until stop.
func peak(stop chan struct{}, most chan uint64) {
	var top uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		top = max(top, m.HeapAlloc)
		select {
		case <-stop:
			most <- top
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// BenchmarkAppend compares, turn by turn on one database, an event with a bare
// row of the same text, each committed and flushed to the disk.
func BenchmarkAppend(b *testing.B) {
	s := newStore(b)
	must(b, s.writer.Exec("CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT").Error)
	for range 20 {
		list := make([]review.Event, 1000)
		for i := range list {
			list[i] = viewed(i)
		}
		must(b, s.Append(b.Context(), list...))
	}
	text := strings.Repeat("x", len(viewed(1).Canonical()))
	db, err := s.writer.DB()
	must(b, err)
	var bare, event time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		_, err := db.Exec("INSERT INTO bare (text) VALUES (?)", text)
		must(b, err)
		middle := time.Now()
		must(b, s.Append(b.Context(), viewed(i)))
		bare += middle.Sub(begin)
		event += time.Since(middle)
	}
	b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "µs/bare")
	b.ReportMetric(float64(event.Microseconds())/float64(b.N), "µs/event")
	b.ReportMetric(float64(event)/float64(bare), "event/bare")
}
