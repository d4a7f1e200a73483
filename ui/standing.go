package ui

import (
	"strconv"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// dueWords is when feedback on a request is due, in working days from now; ""
// for one that is not with the checkers.
func (u *UI) dueWords(r *review.Request) string {
	if r.Status.Owner() != "checkers" || r.Due.IsZero() {
		return ""
	}
	now := u.now()
	switch n := review.WorkingDays(u.policy, now, r.Due); {
	case n > 0:
		return "in " + plural(n, "working day", "working days")
	case now.Before(r.Due):
		return "today"
	case n == 0: // since this day, or since the last one that was worked on
		return "overdue"
	default:
		return "overdue by " + plural(-n, "working day", "working days")
	}
}

// nextWords is what comes next for the author of a request in a status.
func nextWords(s review.Status) string {
	switch s {
	case review.Pending:
		return "Yours to finish and submit"
	case review.Returned:
		return "Yours to mend and submit again"
	case review.Submitted, review.PartiallyReviewed, review.Reviewed:
		return "With the output checkers"
	case review.Approved:
		return "On its way out"
	default:
		return ""
	}
}

// sinceView is what the head of a request's page says has happened since its
// reader was last at work on it.
type sinceView struct {
	Last  time.Time
	Items []sinceItem
}

type sinceItem struct {
	Text string
	At   time.Time // of the newest
}

// since gathers events of a kind into one line each, in the order of the first.
func (u *UI) since(c *call, v *review.View) (*sinceView, error) {
	if v.Relation != policy.Author && v.Relation != policy.Member && v.Relation != policy.Assigned {
		return nil, nil
	}
	s, err := u.service.Since(c.ctx(), c.actor, v.Request.ID)
	if err != nil || len(s.Events) == 0 {
		return nil, err
	}
	out := &sinceView{Last: s.Last}
	at, n := map[review.EventType]int{}, map[review.EventType]int{}
	for _, e := range s.Events {
		if n[e.Type]++; n[e.Type] == 1 {
			at[e.Type] = len(out.Items)
			out.Items = append(out.Items, sinceItem{})
		}
		out.Items[at[e.Type]] = sinceItem{happenedWords(e.Type, n[e.Type]), e.At}
	}
	return out, nil
}

// happenedWords says what happened, so many times.
func happenedWords(t review.EventType, n int) string {
	switch t {
	case review.EvSubmitted:
		return "It was submitted."
	case review.EvResubmitted:
		return "It was submitted again."
	case review.EvPartiallyReviewed:
		return "One of the two reviews is in."
	case review.EvReviewed:
		return "Both reviews are in."
	case review.EvReturned:
		return "The checkers returned it. Their comments are below."
	case review.EvRejected:
		return "The checkers rejected it."
	case review.EvApproved:
		return "It was approved."
	case review.EvReleased:
		return "Its files were released."
	case review.EvRecalled:
		return "Files of it were recalled."
	case review.EvWithdrawn:
		return "It was withdrawn."
	case review.EvFileAdded:
		return plural(n, "file was added.", "files were added.")
	case review.EvFileUpdated:
		return plural(n, "file was updated: decisions on it are void.", "files were updated: decisions on them are void.")
	case review.EvFileWithdrawn:
		return plural(n, "file was withdrawn.", "files were withdrawn.")
	case review.EvGroupEdited:
		return "Descriptions of groups were changed: decisions that rested on them are void."
	case review.EvRequestEdited:
		return "What holds for the request as a whole was changed."
	case review.EvAcknowledged:
		return plural(n, "finding was answered.", "findings were answered.")
	case review.EvExceptionAsked:
		return plural(n, "exception was asked for.", "exceptions were asked for.")
	default:
		return eventWords(t) + "."
	}
}

// toldOf is a queue at first sight, in a sentence.
func toldOf(yours []queueRow) string {
	if len(yours) == 0 {
		return ""
	}
	late, left, today := 0, 0, 0
	for _, r := range yours {
		if r.Overdue {
			late++
		}
		if r.DueIn == "today" {
			today++
		}
		left += r.Files - r.Mine
	}
	parts := []string{plural(len(yours), "request waits for you", "requests wait for you")}
	if left > 0 {
		parts = append(parts, plural(left, "file is still to be decided on", "files are still to be decided on"))
	}
	if today > 0 {
		parts = append(parts, plural(today, "is due today", "are due today"))
	}
	if late > 0 {
		parts = append(parts, plural(late, "is overdue", "are overdue"))
	}
	return strings.Join(parts, "; ") + "."
}

// loadPlot draws how many reviews each checker has open, and how many of those
// are overdue.
func loadPlot(list []review.Load) *plot {
	var rows [][]string
	any := false
	for _, l := range list {
		name := printable(l.Person.Name)
		switch {
		case l.Away:
			name += " (away)"
		case !l.Trained:
			name += " (training expired)"
		}
		any = any || l.Open > 0
		rows = append(rows, []string{name, strconv.Itoa(l.Open)})
	}
	if !any {
		return nil
	}
	p := bars(rows, 1, "")
	p.Width += 70 // for the words behind the longest
	for i := range len(p.Bars) {
		p.overlay(i, list[i].Overdue, list[i].Open)
	}
	p.Legend = []string{"open", "of which overdue"}
	p.Title, p.Desc = "Open reviews of each checker", "How many reviews each checker has still to hand in, and how many of those are overdue. The table of checkers holds the same numbers."
	return p
}

// overlay marks a part of a bar: so many of its value.
func (p *plot) overlay(i, part, of int) {
	if part == 0 || of == 0 {
		return
	}
	b := p.Bars[i]
	p.Bars[i].Value += ", " + strconv.Itoa(part) + " overdue"
	b.Label, b.Value, b.W, b.Series = "", "", b.W*part/of, 1
	p.Bars = append(p.Bars, b)
}

// statusPlot draws how many requests are in each state.
func statusPlot(counts []statusCount) *plot {
	var rows [][]string
	for _, x := range counts {
		if x.N > 0 {
			rows = append(rows, []string{statusWords(x.Status), strconv.Itoa(x.N)})
		}
	}
	p := bars(rows, 1, "")
	if p != nil {
		p.Title, p.Desc = "Requests by state", "How many requests are in each state. The table below it holds the same numbers."
	}
	return p
}
