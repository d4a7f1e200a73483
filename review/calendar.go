package review

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/gb"

	"sallyport/policy"
)

// calendar knows the working days of a policy.
type calendar struct{ *cal.BusinessCalendar }

func newCalendar(p *policy.Policy) calendar {
	c := cal.NewBusinessCalendar()
	if p.Review.Holidays == "england" {
		c.AddHoliday(gb.Holidays...)
	}
	for _, day := range p.Review.Closed {
		d, err := time.Parse(time.DateOnly, day)
		if err == nil { // the policy was held to this when it was loaded
			c.AddHoliday(&cal.Holiday{
				Name: day, StartYear: d.Year(), EndYear: d.Year(), Month: d.Month(), Day: d.Day(), Func: cal.CalcDayOfMonth,
			})
		}
	}
	return calendar{c}
}

// after is so many working days after t, at the same time of day.
func (c calendar) after(t time.Time, days int) time.Time {
	for days > 0 {
		t = t.AddDate(0, 0, 1)
		if c.IsWorkday(t) {
			days--
		}
	}
	return t
}

// before is so many working days before t.
func (c calendar) before(t time.Time, days int) time.Time {
	for days > 0 {
		t = t.AddDate(0, 0, -1)
		if c.IsWorkday(t) {
			days--
		}
	}
	return t
}

// WorkingDays counts the working days of a policy from one time to another: 0 on
// the same day, 1 when to is on the next working day, and as many below zero when
// it lies before.
func WorkingDays(p *policy.Policy, from, to time.Time) int {
	days := newCalendar(p)
	day := func(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
	a, b, sign := day(from), day(to), 1
	if b.Before(a) {
		a, b, sign = b, a, -1
	}
	n := 0
	for n < mostWorkingDays && a.Before(b) {
		a = a.AddDate(0, 0, 1)
		if days.IsWorkday(a) {
			n++
		}
	}
	return sign * n
}

// mostWorkingDays bounds what WorkingDays counts to: nobody waits so long.
const mostWorkingDays = 1000
