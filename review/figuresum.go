package review

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/policy"
)

// sum makes the figures of a stretch of time of what was read.
func (t *Tally) sum(since, until time.Time, promise int) *Figures {
	f := &Figures{Since: since, Until: until, Events: t.last, Promise: promise}
	in := func(at time.Time) bool {
		return (since.IsZero() || !at.Before(since)) && (until.IsZero() || at.Before(until))
	}
	var turns []turnFact
	for _, x := range t.turns {
		if in(x.Ended) {
			turns = append(turns, x)
		}
	}
	f.Turnaround = turnaround(turns, promise)
	overrode, against := map[FindingCount]int{}, map[FindingCount]int{}
	for _, x := range turns {
		switch x.End {
		case EvReturned:
			f.Returns.add(x, against)
		case EvApproved:
			f.Releases++
			if !x.Said {
				f.Unsaid++
			}
			countFindings(overrode, x.Findings)
		}
	}
	f.Overrode, f.Returns.Findings = counts(overrode), counts(against)
	f.Work = t.work(in)
	f.Pairs = t.pairs(in)
	f.Exceptions = t.exceptions(in)
	f.RecallMonths = t.recallMonths(in)
	for _, m := range f.RecallMonths {
		f.Recalls += m.Recalls
	}
	return f
}

// recallMonths sorts the recalls by month.
func (t *Tally) recallMonths(in func(time.Time) bool) []RecallMonth {
	var out []RecallMonth // events come in order, so months do
	for _, x := range t.recalls {
		if !in(x.At) {
			continue
		}
		month := time.Date(x.At.Year(), x.At.Month(), 1, 0, 0, 0, 0, time.UTC)
		if len(out) == 0 || !out[len(out)-1].Month.Equal(month) {
			out = append(out, RecallMonth{Month: month})
		}
		m := &out[len(out)-1]
		m.Recalls++
		switch x.Severity {
		case RecallLow:
			m.Low++
		case RecallModerate:
			m.Moderate++
		case RecallSerious:
			m.Serious++
		}
	}
	return out
}

func turnaround(turns []turnFact, promise int) Turnaround {
	var out Turnaround
	var all []int
	months := map[time.Time][]int{}
	for _, x := range turns {
		out.Days[x.Days-1]++
		all = append(all, x.Days)
		m := time.Date(x.Ended.Year(), x.Ended.Month(), 1, 0, 0, 0, 0, time.UTC)
		months[m] = append(months[m], x.Days)
	}
	out.Turns, out.Within, out.Median = summary(all, promise)
	for _, m := range slices.SortedFunc(maps.Keys(months), time.Time.Compare) {
		p := Period{Month: m}
		p.Turns, p.Within, p.Median = summary(months[m], promise)
		out.Months = append(out.Months, p)
	}
	return out
}

// taken is the least number of working days, at least 1 and at most as many as
// Turnaround.Days tells apart, in which what ended had begun.
func (t *Tally) taken(begun, ended time.Time) int {
	most := len(Turnaround{}.Days)
	at := begun
	for n := 1; n < most; n++ {
		for at = at.AddDate(0, 0, 1); !t.workday(at); at = at.AddDate(0, 0, 1) {
		}
		if !ended.After(at) {
			return n
		}
	}
	return most
}

func (t *Tally) workday(at time.Time) bool {
	day := at.UTC().Truncate(24 * time.Hour)
	works, known := t.days[day]
	if !known {
		works = t.calendar.IsWorkday(day)
		if t.days == nil {
			t.days = map[time.Time]bool{}
		}
		t.days[day] = works
	}
	return works
}

func summary(days []int, promise int) (n, within, median int) {
	if len(days) == 0 {
		return 0, 0, 0
	}
	for _, d := range days {
		if d <= promise {
			within++
		}
	}
	slices.Sort(days)
	return len(days), within, days[(len(days)-1)/2]
}

func (r *Returns) add(x turnFact, against map[FindingCount]int) {
	r.N++
	if x.Early {
		r.Early++
	}
	if !x.Said {
		r.Unsaid++
	}
	r.Changes += x.Changes
	r.Rejected += x.Rejected
	r.Comments += x.Public
	countFindings(against, x.Findings)
}

// countFindings reads what weighty wrote.
func countFindings(into map[FindingCount]int, text string) {
	for _, part := range strings.Fields(text) {
		fields := strings.Split(part, ":")
		if len(fields) != 3 {
			continue
		}
		if n, err := strconv.Atoi(fields[2]); err == nil {
			into[FindingCount{Check: fields[0], Severity: policy.Severity(fields[1])}] += n
		}
	}
}

// counts are the kinds of finding, most first.
func counts(of map[FindingCount]int) []FindingCount {
	var out []FindingCount
	for k, n := range of {
		k.N = n
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b FindingCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Severity, b.Severity))
	})
	return out
}

func (t *Tally) work(in func(time.Time) bool) []CheckerWork {
	byName := map[Username]*CheckerWork{}
	requests, took := map[Username]map[RequestID]bool{}, map[Username][]time.Duration{}
	for _, x := range t.reviews {
		if !in(x.At) {
			continue
		}
		if byName[x.Checker] == nil {
			byName[x.Checker], requests[x.Checker] = &CheckerWork{Checker: x.Checker}, map[RequestID]bool{}
		}
		w := byName[x.Checker]
		w.Reviews++
		w.Files += x.Files
		requests[x.Checker][x.Request] = true
		took[x.Checker] = append(took[x.Checker], x.Took)
	}
	var out []CheckerWork
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		w := byName[name]
		slices.Sort(took[name])
		w.Requests, w.Median = len(requests[name]), took[name][(len(took[name])-1)/2]
		out = append(out, *w)
	}
	return out
}

func (t *Tally) pairs(in func(time.Time) bool) []Agreement {
	all := map[[2]Username]*Agreement{}
	for _, x := range t.compared {
		if !in(x.At) {
			continue
		}
		key := [2]Username{x.A, x.B}
		if all[key] == nil {
			all[key] = &Agreement{A: x.A, B: x.B}
		}
		for i := range x.Votes {
			for j, n := range x.Votes[i] {
				all[key].Votes[i][j] += n
			}
		}
	}
	var out []Agreement
	for _, p := range all {
		p.measure()
		out = append(out, *p)
	}
	slices.SortFunc(out, func(x, y Agreement) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return out
}

// measure counts files and agreements, and works out kappa: (po - pe) / (1 - pe),
// where po is the share of files decided alike and pe the share that two people
// with these habits would decide alike by chance.
func (p *Agreement) measure() {
	var rows, columns [3]int
	for i := range p.Votes {
		for j, n := range p.Votes[i] {
			p.Files += n
			rows[i] += n
			columns[j] += n
		}
		p.Agree += p.Votes[i][i]
	}
	if p.Files == 0 {
		return
	}
	n := float64(p.Files)
	chance := 0.0
	for i := range rows {
		chance += float64(rows[i]) / n * float64(columns[i]) / n
	}
	if p.Defined = chance < 1; p.Defined {
		p.Kappa = (float64(p.Agree)/n - chance) / (1 - chance)
	}
}

func (t *Tally) exceptions(in func(time.Time) bool) []ExceptionCount {
	all := map[string]*ExceptionCount{}
	for _, x := range t.asked {
		if !in(x.At) {
			continue
		}
		c := all[x.Check]
		if c == nil {
			c = &ExceptionCount{Check: x.Check}
			all[x.Check] = c
		}
		switch {
		case x.Asked:
			c.Asked++
		case x.Accept:
			c.Accepted++
		default:
			c.Refused++
		}
	}
	var out []ExceptionCount
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[name])
	}
	return out
}
