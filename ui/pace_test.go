package ui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport/policy"
	"sallyport/review"
)

// How long work takes is foreseen from what was done, and not from too little.
func TestPaceInWords(t *testing.T) {
	rows := func(statuses ...review.Status) []queueRow {
		var out []queueRow
		for _, s := range statuses {
			out = append(out, queueRow{QueueItem: review.QueueItem{Request: review.Request{Status: s}}})
		}
		return out
	}
	for _, test := range []struct {
		name      string
		got, want string
	}{
		{"nothing waits", minePace(review.Pace{Days: 20, Done: 9}, rows(review.Reviewed)), ""},
		{"too little is known", minePace(review.Pace{Days: 20, Done: 2}, rows(review.Submitted)), "You handed in fewer than three reviews in the last four weeks, so how long yours will take is not foreseen."},
		{"one", minePace(review.Pace{Days: 20, Done: 10}, rows(review.Submitted)), "You handed in 10 reviews in the last four weeks (20 working days). At that pace the review that waits for you takes about 2 working days."},
		{"two of three", minePace(review.Pace{Days: 20, Done: 3}, rows(review.Submitted, review.PartiallyReviewed, review.Reviewed)), "You handed in 3 reviews in the last four weeks (20 working days). At that pace the 2 reviews that wait for you take about 14 working days."},
		{"all", teamPace(review.Pace{Days: 19, Done: 19}, 1), "In the last four weeks (19 working days) 19 reviews came to an end. At that pace, what is under review takes about 1 working day."},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestWhenWorkIsDue(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) // a Friday
	u := &UI{policy: policy.Default(), now: func() time.Time { return now }}
	var list []*review.Request
	for _, hours := range []int{-30, -1, 2, 24, 48, 72, 96, 1000} {
		list = append(list, &review.Request{Status: review.Submitted, Due: now.Add(time.Duration(hours) * time.Hour)})
	}
	var got []string
	for _, b := range u.duePlot(list).Bars {
		got = append(got, b.Label+": "+b.Value)
	}
	want := []string{"Overdue: 2", "Today: 3", "In 1 working day: 1", "In 2 working days: 1", "In 3 working days: 0", "Later: 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if u.duePlot(nil) != nil {
		t.Error("a plot of nothing")
	}
}

// Bars of people with long names stand below them: what a narrow page would shrink
// until nobody reads it stays narrow.
func TestLongNamesStandAboveTheirBars(t *testing.T) {
	load := func(name string, open, overdue int) review.Load {
		return review.Load{Person: review.Person{Name: name}, Open: open, Overdue: overdue, Trained: true}
	}
	p := loadPlot([]review.Load{load("Bartholomew Featherstonehaugh-Smythe", 8, 2), load("Ann", 4, 0)})
	if !p.Stacked || p.Width > 360 {
		t.Errorf("a plot of long names is %d wide, stacked: %t", p.Width, p.Stacked)
	}
	for i, b := range p.Bars[:2] {
		if b.LabelX != 0 || b.LabelY >= b.Y || b.Y+b.H > p.Height || i > 0 && b.LabelY < p.Bars[i-1].Y+p.Bars[i-1].H {
			t.Errorf("%+v", b)
		}
	}
	if over := p.Bars[2]; over.W != p.Bars[0].W/4 || over.Y != p.Bars[0].Y {
		t.Errorf("what is overdue is no part of its bar: %+v", over)
	}
	if short := loadPlot([]review.Load{load("Ann", 4, 0)}); short.Stacked {
		t.Error("short names need no room above")
	}
}
