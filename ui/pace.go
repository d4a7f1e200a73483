package ui

import (
	"strconv"

	"sallyport/review"
)

// minePace says how long the reviews that wait for a checker will take them at
// the pace of their own last weeks; "" when none waits.
func minePace(p review.Pace, yours []queueRow) string {
	n := 0
	for _, r := range yours {
		if r.Request.Status != review.Reviewed {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	days, known := p.DaysFor(n)
	if !known {
		return "You handed in fewer than three reviews in the last four weeks, so how long yours will take is not foreseen."
	}
	what := "the review that waits for you takes"
	if n > 1 {
		what = "the " + strconv.Itoa(n) + " reviews that wait for you take"
	}
	return "You handed in " + plural(p.Done, "review", "reviews") + " in the last four weeks (" + plural(p.Days, "working day", "working days") +
		"). At that pace " + what + " about " + plural(days, "working day", "working days") + "."
}

// teamPace is the same for everything that is under review.
func teamPace(p review.Pace, n int) string {
	if n == 0 {
		return ""
	}
	days, known := p.DaysFor(n)
	if !known {
		return "Fewer than three reviews came to an end in the last four weeks, so how long the work will take is not foreseen."
	}
	return "In the last four weeks (" + plural(p.Days, "working day", "working days") + ") " + plural(p.Done, "review", "reviews") +
		" came to an end. At that pace, what is under review takes about " + plural(days, "working day", "working days") + "."
}

// dueClasses are the stretches that duePlot sorts work into, the most urgent first.
func dueClasses() []string {
	return []string{"Overdue", "Today", "In 1 working day", "In 2 working days", "In 3 working days", "Later"}
}

// dueClass is where in dueClasses a request belongs.
func (u *UI) dueClass(r *review.Request) int {
	now := u.now()
	if now.After(r.Due) {
		return 0
	}
	return min(1+max(0, review.WorkingDays(u.policy, now, r.Due)), len(dueClasses())-1)
}

// duePlot draws how many requests are due when.
func (u *UI) duePlot(list []*review.Request) *plot {
	if len(list) == 0 {
		return nil
	}
	counts := make([]int, len(dueClasses()))
	for _, r := range list {
		counts[u.dueClass(r)]++
	}
	var rows [][]string
	for i, name := range dueClasses() {
		rows = append(rows, []string{name, strconv.Itoa(counts[i])})
	}
	p := bars(rows, 1, "")
	p.Title, p.Desc = "When feedback is due", "How many requests are due when. The table of requests holds the day of each."
	p.Bars[0].Series = 1
	return p
}
