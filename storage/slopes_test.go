package storage

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// slopesTo says up to how many requests TestSlopes goes; "make load" says
// 100,000. There are ten events for each.
const slopesTo = "SALLYPORT_SLOPES"

// openAtOnce is how many of the requests are with the checkers: as many as people
// can have open does not grow with the years.
const openAtOnce = 60

// How the time of each list grows with the number of requests and events that
// there are: the exponent b of time = a * n^b, fitted over the sizes. 0 does not
// grow, 1 grows as fast as the data.
func TestSlopes(t *testing.T) {
	told := os.Getenv(slopesTo)
	if told == "" {
		t.Skip("measures for minutes: set " + slopesTo + ", or make load")
	}
	most, err := strconv.Atoi(told)
	must(t, err)
	s := newStore(t)
	w := reviewtest.NewWorld(t, s)
	w.Tally = new(review.Tally)
	w.Public = new(review.PublicRegister)
	pages := listPages(t, w)
	var sizes []int
	times := map[string][]time.Duration{}
	for n, had := 100, 0; n <= most; n, had = n*10, n {
		seed(t, s, had, n)
		sizes = append(sizes, n)
		for _, p := range pages {
			must(t, p.ask(t.Context())) // what is read once is read
			times[p.name] = append(times[p.name], quickest(t, p.ask))
		}
	}
	t.Logf("\n%s", slopeTable(sizes, pages, times))
}

// listPage is what one page asks of the service.
type listPage struct {
	name string
	ask  func(ctx context.Context) error
}

func listPages(t *testing.T, w *reviewtest.World) []listPage {
	ann, carl, lea, aud, ops := w.As(t, "ann"), w.As(t, "carl"), w.As(t, "lea"), w.As(t, "aud"), w.As(t, "ops")
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	return []listPage{
		{"own requests, first page", func(ctx context.Context) error { _, err := w.RequestsPage(ctx, ann, 50, 0); return err }},
		{"a request", func(ctx context.Context) error { _, err := w.Request(ctx, ann, seeded(7)); return err }},
		{"queue", func(ctx context.Context) error { _, err := w.Queue(ctx, carl); return err }},
		{"claimable", func(ctx context.Context) error { _, err := w.Claimable(ctx, carl); return err }},
		{"board", func(ctx context.Context) error { _, err := w.Board(ctx, lea); return err }},
		{"status", func(ctx context.Context) error { _, err := w.Status(ctx, ops); return err }},
		{"records, first page", func(ctx context.Context) error {
			_, err := w.AllRequests(ctx, aud, review.RequestQuery{Limit: 50})
			return err
		}},
		{"one record", func(ctx context.Context) error { _, err := w.Record(ctx, aud, seeded(7)); return err }},
		{"register, first page", func(ctx context.Context) error {
			_, err := w.Releases(ctx, aud, review.ReleaseQuery{Limit: 50})
			return err
		}},
		{"audit log, newest", func(ctx context.Context) error {
			_, err := w.Audit(ctx, aud, review.EventQuery{Limit: 50, Newest: true})
			return err
		}},
		{"audit log, one person", func(ctx context.Context) error {
			_, err := w.Audit(ctx, aud, review.EventQuery{Limit: 50, Newest: true, Actor: "carl"})
			return err
		}},
		{"audit log, one digest", func(ctx context.Context) error {
			_, err := w.Audit(ctx, aud, review.EventQuery{Limit: 50, Newest: true, Digest: digestOf("7")})
			return err
		}},
		{"audit log, a day", func(ctx context.Context) error {
			_, err := w.Audit(ctx, aud, review.EventQuery{Limit: 50, Newest: true, Since: day, Until: day.AddDate(0, 0, 1)})
			return err
		}},
		{"figures, read before", func(ctx context.Context) error { _, err := w.Figures(ctx, aud, day, day.AddDate(0, 0, 7)); return err }},
		{"one event more", func(ctx context.Context) error {
			return w.Store.Append(ctx, review.Event{At: noon(), Type: review.EvFileViewed, Actor: "carl", Request: seeded(7)})
		}},
	}
}

func seeded(i int) review.RequestID { return review.RequestID(fmt.Sprintf("s%06d", i)) }

// seed adds requests, from had to n, and ten events for each.
func seed(t *testing.T, s *Store, had, n int) {
	t.Helper()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	const step = 2000
	for from := had; from < n; from += step {
		var requests []requestRow
		var seats []seatRow
		var events []review.Event
		for i := from; i < min(n, from+step); i++ {
			at := start.AddDate(-5, 0, 0).Add(time.Duration(i) * 20 * time.Minute)
			r := reviewtest.Draft(seeded(i), "ann", review.WorkspaceName(fmt.Sprint("w", i)), at)
			r.Project, r.Status, r.Due, r.Version = reviewtest.Study, review.Released, at, 10
			if i < openAtOnce {
				r.Status = review.Submitted
			}
			r.Seats = []review.Seat{{Checker: "carl", Assigned: at, Submitted: at}, {Checker: "cora", Assigned: at, Submitted: at}}
			rows := rowsOf(r)
			requests, seats = append(requests, rows.request), append(seats, rows.seats...)
			for j := range 10 {
				events = append(events, review.Event{
					At: at.Add(time.Duration(j) * time.Second), Type: []review.EventType{review.EvFileViewed, review.EvVoted}[j%2], Actor: []review.Username{"ann", "carl", "cora"}[j%3],
					Request: r.ID, Workspace: r.Workspace, Path: "release/a.csv", Digest: digestOf(fmt.Sprint(i)),
				})
			}
		}
		must(t, s.writer.CreateInBatches(&requests, batch).Error)
		must(t, s.writer.CreateInBatches(&seats, batch).Error)
		must(t, s.Append(t.Context(), events...))
	}
}

// quickest is the median of some tries.
func quickest(t *testing.T, ask func(context.Context) error) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 9 {
		start := time.Now()
		must(t, ask(t.Context()))
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// slope is the exponent of the power of n that fits the times best.
func slope(sizes []int, times []time.Duration) float64 {
	var sx, sy, sxx, sxy float64
	for i, n := range sizes {
		x, y := math.Log(float64(n)), math.Log(times[i].Seconds())
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	k := float64(len(sizes))
	return (k*sxy - sx*sy) / (k*sxx - sx*sx)
}

func slopeTable(sizes []int, pages []listPage, times map[string][]time.Duration) string {
	var b strings.Builder
	b.WriteString("| ms, median of 9 |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %d requests |", n)
	}
	b.WriteString(" exponent |\n|---|" + strings.Repeat("---|", len(sizes)+1) + "\n")
	for _, p := range pages {
		fmt.Fprintf(&b, "| %s |", p.name)
		for _, d := range times[p.name] {
			fmt.Fprintf(&b, " %.2f |", float64(d.Microseconds())/1000)
		}
		fmt.Fprintf(&b, " %.2f |\n", slope(sizes, times[p.name]))
	}
	return b.String()
}

func TestSlope(t *testing.T) {
	sizes := []int{100, 1000, 10_000}
	if got := slope(sizes, []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}); math.Abs(got-1) > 0.01 {
		t.Errorf("times that grow with the size have the exponent %v", got)
	}
	if got := slope(sizes, []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}); got != 0 {
		t.Errorf("times that do not grow have the exponent %v", got)
	}
}
