package review_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// history is the events of one turn of one request, from a submission on a
// Monday morning: two checkers vote on files, and the turn ends some working
// days later.
type history struct {
	id     review.RequestID
	begun  time.Time
	days   int
	votes  [][2]review.Decision // by carl and cora
	end    review.EventType
	detail map[string]string
}

func (h history) events() []review.Event {
	at := h.begun
	event := func(t review.EventType, who review.Username, d map[string]string) review.Event {
		at = at.Add(time.Minute)
		return review.Event{At: at, Type: t, Actor: who, Request: h.id, Detail: d}
	}
	pair := []review.Username{"carl", "cora"}
	at = at.Add(-time.Minute)
	out := []review.Event{event(review.EvSubmitted, "ann", nil)}
	for _, c := range pair {
		out = append(out, event(review.EvRouted, "system", map[string]string{"checker": string(c)}))
	}
	for i, c := range pair {
		for n, v := range h.votes {
			e := event(review.EvVoted, c, map[string]string{"decision": string(v[i]), "phase": "independent"})
			e.File = review.FileID(fmt.Sprint("f", n))
			out = append(out, e)
		}
		out = append(out, event(review.EvReviewSubmitted, c, nil))
	}
	out = append(out, event(review.EvReviewed, "cora", nil))
	out = append(out, event(review.EvCommented, "carl", map[string]string{"visibility": "public"}))
	at = h.begun.AddDate(0, 0, h.days).Add(-2 * time.Minute)
	return append(out, event(h.end, "carl", h.detail))
}

func TestFigures(t *testing.T) {
	w := newWorld(t)
	w.Tally = new(review.Tally)
	ctx := context.Background()
	monday := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	const yes, no, never = review.Approve, review.RequestChanges, review.Reject
	for _, h := range []history{
		{"r1", monday, 1, [][2]review.Decision{{yes, yes}, {yes, yes}}, review.EvApproved, map[string]string{"release": "x", "independent": "carl cora", "overrode": "small-count:block:2 rounding:warn:1"}},
		{"r2", monday, 9, [][2]review.Decision{{yes, no}, {no, no}, {never, yes}}, review.EvReturned, map[string]string{"findings_on": "small-count:block:3"}},
		{"r3", monday.AddDate(0, 1, 0), 3, [][2]review.Decision{{yes, yes}}, review.EvApproved, map[string]string{"release": "y"}},
	} {
		must(t, w.Store.Append(ctx, h.events()...))
	}
	must(t, w.Store.Append(ctx,
		review.Event{At: monday, Type: review.EvExceptionAsked, Actor: "ann", Request: "r1", Detail: map[string]string{"check": "file-size"}},
		review.Event{At: monday, Type: review.EvExceptionAnswered, Actor: "carl", Request: "r1", Detail: map[string]string{"check": "file-size", "accept": "yes"}},
		review.Event{At: monday, Type: review.EvExceptionAnswered, Actor: "cora", Request: "r1", Detail: map[string]string{"check": "file-size", "accept": "no"}},
		review.Event{At: monday, Type: review.EvRecalled, Actor: "aud", Request: "r1"},
	))
	aud := w.As(t, "aud")
	november, err := w.Figures(ctx, aud, time.Time{}, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	must(t, err)
	// r1 took one working day; r2 ended on a Wednesday, the 11th: seven.
	want := review.Turnaround{Turns: 2, Within: 1, Median: 1, Months: []review.Period{{Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Turns: 2, Within: 1, Median: 1}}}
	want.Days[0], want.Days[6] = 1, 1
	if diff := cmp.Diff(want, november.Turnaround); diff != "" {
		t.Errorf("turnaround (-want +got):\n%s", diff)
	}
	if p := november.Pairs; len(p) != 1 || p[0].A != "carl" || p[0].Files != 5 || p[0].Agree != 3 || p[0].Votes != [3][3]int{{2, 1, 0}, {0, 1, 0}, {1, 0, 0}} {
		t.Errorf("pairs %+v", p)
	} else if want := (0.6 - 0.44) / (1 - 0.44); !p[0].Defined || math.Abs(p[0].Kappa-want) > 1e-12 {
		// po = 3/5; pe = 3/5*3/5 + 1/5*2/5 + 1/5*0 = 0.44
		t.Errorf("kappa %v, want %v", p[0].Kappa, want)
	}
	if diff := cmp.Diff(review.Returns{N: 1, Changes: 2, Rejected: 1, Comments: 1, Findings: []review.FindingCount{{Check: "small-count", Severity: policy.Block, N: 3}}}, november.Returns); diff != "" {
		t.Errorf("returns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]review.FindingCount{{Check: "small-count", Severity: policy.Block, N: 2}, {Check: "rounding", Severity: policy.Warn, N: 1}}, november.Overrode); diff != "" {
		t.Errorf("overrode (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]review.ExceptionCount{{Check: "file-size", Asked: 1, Accepted: 1, Refused: 1}}, november.Exceptions); diff != "" || november.Recalls != 1 {
		t.Errorf("exceptions, with %d recalls (-want +got):\n%s", november.Recalls, diff)
	}
	if work := november.Work; len(work) != 2 || work[0].Reviews != 2 || work[0].Files != 5 || work[0].Requests != 2 || work[0].Median > 10*time.Minute || work[0].Median <= 0 {
		t.Errorf("work %+v", work)
	}
	// What was read is kept, and what is newer is added to it.
	must(t, w.Store.Append(ctx, history{"r4", monday, 1, [][2]review.Decision{{yes, yes}}, review.EvApproved, nil}.events()...))
	all, err := w.Figures(ctx, aud, time.Time{}, time.Time{})
	must(t, err)
	if all.Turnaround.Turns != 4 || all.Releases != 3 || all.Unsaid != 2 || all.Events <= november.Events {
		t.Errorf("all turns: %+v", all)
	}
	_, err = w.Figures(ctx, w.As(t, "carl"), time.Time{}, time.Time{})
	wantKind(t, err, review.NotFound)
}

// Another process goes on from what was kept, and says the same; what was kept by
// another policy, or cannot be read, is made anew.
func TestFiguresAreKept(t *testing.T) {
	w := newWorld(t)
	ctx, aud := t.Context(), w.As(t, "aud")
	votes := make([][2]review.Decision, 10)
	for i := range votes {
		votes[i] = [2]review.Decision{review.Approve, review.Decisions()[i%3]}
	}
	add := func(from, to int) {
		var batch []review.Event
		for i := from; i < to; i++ {
			h := history{review.RequestID(fmt.Sprint("r", i)), time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour), i % 12, votes, review.EvApproved, map[string]string{"overrode": "small-count:block:2"}}
			batch = append(batch, h.events()...)
		}
		must(t, w.Store.Append(ctx, batch...))
	}
	figures := func(p *policy.Policy) string {
		s := &review.Service{Store: w.Store, Policy: p, Now: w.Now}
		f, err := s.Figures(ctx, aud, time.Time{}, time.Time{})
		must(t, err)
		return reviewtest.JSON(t, f)
	}
	key := "figures-1 " + w.Policy.SHA256
	saved := func() int64 {
		last, _, err := w.Store.SavedTally(ctx, key)
		must(t, err)
		return last
	}
	add(0, 100)
	figures(w.Policy)
	if saved() != 0 {
		t.Error("a short log is kept")
	}
	add(100, 300)
	want := figures(w.Policy)
	last := saved()
	if last == 0 || figures(w.Policy) != want {
		t.Errorf("kept up to event %d, and then it says %s, not %s", last, figures(w.Policy), want)
	}
	add(300, 310)
	whole := figures(w.Policy) // goes on from there
	must(t, w.Store.SaveTally(ctx, key, last, []byte("spoilt")))
	if got := figures(w.Policy); got != whole || saved() <= last {
		t.Errorf("anew it says %s, not %s", got, whole)
	}
	other := *w.Policy
	other.SHA256 = "another"
	if got := figures(&other); got != whole || saved() != 0 {
		t.Errorf("by another policy it says %s, not %s", got, whole)
	}
}

// The figures of a played request say what was played.
func TestFiguresOfPlayed(t *testing.T) {
	w := newWorld(t)
	id, one, _ := reviewed(t, w)
	must(t, w.Release(context.Background(), one, id))
	f, err := w.Figures(context.Background(), w.As(t, "aud"), time.Time{}, time.Time{})
	must(t, err)
	if f.Releases != 1 || f.Unsaid != 0 || f.Turnaround.Within != 1 || len(f.Pairs) != 1 || f.Pairs[0].Agree != 3 || f.Pairs[0].Defined {
		t.Errorf("%+v", f)
	}
}

// BenchmarkFigures sums up the histories of many requests with ten files each:
// the first call reads all events, the next ones only new ones.
func BenchmarkFigures(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		w := reviewtest.NewWorld(b, openStore(b))
		w.Tally = new(review.Tally)
		ctx, aud := context.Background(), w.As(b, "aud")
		start := time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)
		var batch []review.Event
		for i := range n {
			votes := make([][2]review.Decision, 10)
			for j := range votes {
				votes[j] = [2]review.Decision{review.Decisions()[i*j%3], review.Decisions()[(i+j)%3]}
			}
			h := history{review.RequestID(fmt.Sprint("r", i)), start.Add(time.Duration(i) * time.Hour), i % 12, votes, review.EvApproved, map[string]string{"independent": "carl cora", "overrode": "small-count:block:2"}}
			if batch = append(batch, h.events()...); len(batch) > 5000 || i == n-1 {
				must(b, w.Store.Append(ctx, batch...))
				batch = batch[:0]
			}
		}
		b.Run(fmt.Sprintf("requests=%d/first", n), func(b *testing.B) {
			for b.Loop() {
				must(b, w.Store.SaveTally(ctx, "nothing", 1, nil)) // in place of what was kept
				fresh := &review.Service{Store: w.Store, Policy: w.Policy, Now: w.Now}
				f, err := fresh.Figures(ctx, aud, time.Time{}, time.Time{})
				must(b, err)
				if f.Turnaround.Turns != n {
					b.Fatalf("%d turns", f.Turnaround.Turns)
				}
			}
		})
		b.Run(fmt.Sprintf("requests=%d/after a start", n), func(b *testing.B) {
			for b.Loop() {
				fresh := &review.Service{Store: w.Store, Policy: w.Policy, Now: w.Now}
				f, err := fresh.Figures(ctx, aud, time.Time{}, time.Time{})
				must(b, err)
				if f.Turnaround.Turns != n {
					b.Fatalf("%d turns", f.Turnaround.Turns)
				}
			}
		})
		b.Run(fmt.Sprintf("requests=%d/again", n), func(b *testing.B) {
			_, err := w.Figures(ctx, aud, time.Time{}, time.Time{})
			must(b, err)
			for b.Loop() {
				_, err := w.Figures(ctx, aud, start.AddDate(0, 1, 0), time.Time{})
				must(b, err)
			}
		})
	}
}

// A pace counts what was done in four weeks: a checker's own reviews, and for a
// lead the turns that ended.
func TestPace(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	at := func(days int, kind review.EventType, who review.Username) review.Event {
		return review.Event{At: w.Now().AddDate(0, 0, -days), Type: kind, Actor: who}
	}
	must(t, w.Store.Append(ctx, at(40, review.EvReviewSubmitted, "carl")))
	for range 3 {
		must(t, w.Store.Append(ctx, at(5, review.EvReviewSubmitted, "carl")))
	}
	must(t, w.Store.Append(ctx, at(4, review.EvReviewSubmitted, "cleo")))
	must(t, w.Store.Append(ctx, at(3, review.EvReturned, "cleo")))
	mine, err := w.MyPace(ctx, w.As(t, "carl"))
	must(t, err)
	if mine.Done != 3 || mine.Days < 15 || mine.Days > 20 {
		t.Errorf("%+v", mine)
	}
	if days, known := mine.DaysFor(4); !known || days != (4*mine.Days+2)/3 {
		t.Errorf("%d working days, %v", days, known)
	}
	team, err := w.TeamPace(ctx, w.As(t, "lea"))
	must(t, err)
	if _, known := team.DaysFor(1); team.Done != 1 || known {
		t.Errorf("%+v", team)
	}
	for _, name := range []review.Username{"ann", "carl"} {
		if _, err := w.TeamPace(ctx, w.As(t, name)); review.KindOf(err) != review.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}
