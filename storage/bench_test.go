package storage

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// fill creates a request in an empty store.
func fill(b *testing.B, s *Store, r *review.Request) {
	b.Helper()
	must(b, s.Create(b.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, noon())))
}

// BenchmarkUpdate is one vote: read, compare, write, flushed to the disk.
func BenchmarkUpdate(b *testing.B) {
	for _, files := range []int{1, 100} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			s := newStore(b)
			fill(b, s, reviewtest.WithFiles("r1", files))
			n := 0
			for b.Loop() {
				n++
				_, err := s.Update(b.Context(), "r1", func(r *review.Request) (review.Change, error) {
					r.Groups[0].Files[0].Votes[0].Turn = n
					return review.Change{Events: []review.Event{reviewtest.Happened(r, review.EvVoted, noon())}}, nil
				})
				must(b, err)
			}
		})
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, files := range []int{10, 100, 500} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			s := newStore(b)
			fill(b, s, reviewtest.WithFiles("r1", files))
			for b.Loop() {
				_, err := s.Request(b.Context(), "r1")
				must(b, err)
			}
		})
	}
}

// BenchmarkRequests lists 2,000 requests, all at once and one page.
func BenchmarkRequests(b *testing.B) {
	s := newStore(b)
	for i := range 2000 {
		r := reviewtest.FullRequest(review.RequestID(fmt.Sprint(i)))
		r.Workspace = review.WorkspaceName(fmt.Sprint(i))
		fill(b, s, r)
	}
	for _, limit := range []int{20, 2000} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			for b.Loop() {
				list, err := s.Requests(b.Context(), review.RequestQuery{Limit: limit})
				must(b, err)
				if len(list) != limit {
					b.Fatalf("%d requests", len(list))
				}
			}
		})
	}
}

// BenchmarkEvents works on a log of 100,000 events.
func BenchmarkEvents(b *testing.B) {
	const size = 100_000
	s := newStore(b)
	event := func(i int) review.Event {
		return review.Event{
			At: noon(), Type: review.EvFileViewed, Actor: review.Username(fmt.Sprint("person", i%20)),
			Request: review.RequestID(fmt.Sprint("request", i%1000)), Path: "release/t.csv",
			Digest: digestOf("x"), Detail: map[string]string{"n": fmt.Sprint(i)},
		}
	}
	for i := 0; i < size; i += 1000 {
		list := make([]review.Event, 1000)
		for j := range list {
			list[j] = event(i + j)
		}
		must(b, s.Append(b.Context(), list...))
	}
	b.Run("append=1", func(b *testing.B) {
		for b.Loop() {
			must(b, s.Append(b.Context(), event(1)))
		}
	})
	b.Run("append=1000", func(b *testing.B) {
		list := make([]review.Event, 1000)
		for i := range list {
			list[i] = event(i)
		}
		for b.Loop() {
			must(b, s.Append(b.Context(), list...))
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			must(b, verify(s.Verify))
		}
	})
	for name, q := range map[string]review.EventQuery{
		"of a request": {Request: "request7"},
		"newest 50":    {Newest: true, Limit: 50},
		"a page of an actor": {
			Actor: "person3", After: size / 2, Limit: 50,
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				list, err := s.Events(b.Context(), q)
				must(b, err)
				if len(list) < 50 {
					b.Fatalf("%d events", len(list))
				}
			}
		})
	}
}

func BenchmarkBlobs(b *testing.B) {
	blobs, _ := newBlobs(b)
	for _, size := range []int{1 << 10, 1 << 20, 16 << 20} {
		data := strings.Repeat("x", size)
		b.Run(fmt.Sprintf("put=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				put(b, blobs, data)
			}
		})
		b.Run(fmt.Sprintf("read=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				_, err := readBlob(blobs, digestOf(data))
				must(b, err)
			}
		})
	}
}

// BenchmarkWorkspace lists a workspace again, its digests being known.
func BenchmarkWorkspace(b *testing.B) {
	w, dir := study(b)
	for i := range 500 {
		file := fmt.Sprintf("%s/release/t%d.csv", dir, i)
		write(b, file, "a,b\n")
		must(b, os.Chtimes(file, noon(), noon()))
	}
	for b.Loop() {
		_, err := w.Workspace(context.Background(), "study")
		must(b, err)
	}
}
