package ui

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sallyport/policy"
	"sallyport/review"
)

// boardPage is a lead's view: what is under review, and who carries it. It
// shows nobody's decisions.
type boardPage struct {
	Rows     []boardRow
	Checkers []review.Load
	Days     int
	Plot     *plot // of the load; nil when nobody has any
	Due      *plot // of when requests are due; nil when there are none
	Pace     string
	// Late, Free and Away are counts for the head of the page.
	Late, Free, Away int
	Absent           []absent // who is away now, by name
}

// absent is a checker who is away, and until when.
type absent struct {
	Name  string
	Until time.Time // exclusive
}

type boardRow struct {
	review.BoardRow
	Title, Link string
	DueIn       string // in working days
	Seats       []boardSeat
	To          []review.Load // who could take a seat of it
}

type boardSeat struct {
	review.Seat
	Name    string
	Trouble string // why the review may not come in by itself, "" for nothing
}

func (u *UI) board(c *call) error {
	b, err := u.service.Board(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	checkers := map[review.Username]*review.Load{}
	p := boardPage{Checkers: b.Checkers, Days: u.policy.Review.FeedbackDays}
	for i := range b.Checkers {
		l := &b.Checkers[i]
		checkers[l.Person.Username] = l
		if l.Away {
			p.Away++
			p.Absent = append(p.Absent, absent{l.Person.Name, l.Person.AwayUntil(u.now())})
		}
	}
	slices.SortStableFunc(p.Absent, func(x, y absent) int { return strings.Compare(x.Name, y.Name) })
	for _, r := range b.Requests {
		if r.Overdue {
			p.Late++
		}
		if r.Unrouted {
			p.Free++
		}
		p.Rows = append(p.Rows, u.boardRow(r, b.Checkers, checkers))
	}
	p.Plot = loadPlot(b.Checkers)
	pace, err := u.service.TeamPace(c.ctx(), c.actor)
	if err != nil {
		return err
	}
	p.Pace = teamPace(pace, len(p.Rows))
	var list []*review.Request
	for i := range p.Rows {
		list = append(list, &p.Rows[i].Request)
	}
	if len(list) >= plotFrom {
		p.Due = u.duePlot(list)
	}
	return c.render(http.StatusOK, "board", frame{Title: "Board", Wide: true}, p)
}

// boardRow is a request with its seats. A lead is not shown what people wrote, so
// that its workspace stands for its title.
func (u *UI) boardRow(r review.BoardRow, list []review.Load, checkers map[review.Username]*review.Load) boardRow {
	row := boardRow{BoardRow: r, Title: string(r.Request.Workspace), Link: requestPath(r.Request.ID), DueIn: u.dueWords(&r.Request)}
	for _, s := range r.Request.Seats {
		seat := boardSeat{Seat: s, Name: string(s.Checker)}
		if l := checkers[s.Checker]; l != nil {
			seat.Name = l.Person.Name
			if l.Away && s.Submitted.IsZero() {
				seat.Trouble = "away"
			}
		}
		row.Seats = append(row.Seats, seat)
	}
	for _, l := range list {
		if !l.Away && l.Trained && !holdsSeat(&r.Request, l.Person.Username) {
			row.To = append(row.To, l)
		}
	}
	return row
}

func holdsSeat(r *review.Request, name review.Username) bool {
	for _, s := range r.Seats {
		if s.Checker == name {
			return true
		}
	}
	return false
}

// reassign moves a seat from one checker to another, or to whom the routing
// rule chooses.
func (u *UI) reassign(c *call) error {
	err := u.service.Reassign(c.ctx(), c.actor, c.requestID(), review.Username(c.FormValue("from")),
		review.Username(c.FormValue("to")), c.FormValue("reason"))
	return c.moved(err, "The seat was moved.", "/board")
}

// handOver gives one's own seat away.
func (u *UI) handOver(c *call) error {
	err := u.service.HandOver(c.ctx(), c.actor, c.requestID(), review.Username(c.FormValue("to")), c.FormValue("reason"))
	if review.KindOf(err) == review.Invalid {
		return u.showHandOver(c, http.StatusUnprocessableEntity, c.FormValue("reason"), err.Error())
	}
	return c.moved(err, "Your seat was handed over. You no longer see this request.", "/queue")
}

func (u *UI) handOverPage(c *call) error { return u.showHandOver(c, http.StatusOK, "", "") }

func (u *UI) showHandOver(c *call, status int, reason, problem string) error {
	v, err := u.viewFor(c, policy.ReviewVote)
	if err != nil {
		return err
	}
	return u.confirm(c, status, v, confirmPage{Heading: "Hand your seat over", Button: "Hand over", Warning: true,
		Text: []string{"Another checker is chosen by the same rule as at submission. Decisions you have made are void, and the record keeps them."},
		Reason: &field{ID: "reason", Name: "reason", Label: "Why can you not review it?", Help: "For example: you know the project's people, or you will be away.",
			Value: reason, Error: problem, Rows: 3}})
}

// claim takes a free seat.
func (u *UI) claim(c *call) error {
	err := u.service.Claim(c.ctx(), c.actor, c.requestID())
	return c.moved(err, "The seat is yours.", requestPath(c.requestID()))
}

// moved ends a change of seats: with what was done, or with what is wrong.
func (c *call) moved(err error, done, to string) error {
	if review.KindOf(err) == review.Invalid {
		c.setFlash(flash{Text: "The seat was not moved.", Problems: []string{err.Error()}})
	} else if err != nil {
		return err
	} else {
		c.setFlash(flash{Text: done})
	}
	return c.redirect(to)
}
