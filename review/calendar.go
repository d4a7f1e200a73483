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
