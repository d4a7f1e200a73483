package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Verdict on a statement, by the events of a request.
type Verdict string

const (
	Shown      Verdict = "shown"
	Refuted    Verdict = "contradicted"    // an event says otherwise
	Unprovable Verdict = "cannot be shown" // an event that would show it is missing
)

// Keys of the Detail of the events that end a review.
const (
	detailOutside  = "independent" // checkers found, at the decision, to be neither author nor members
	detailOverrode = "overrode"    // findings that were approved all the same: "check:severity:number", spaced
	detailFindings = "findings_on" // findings on the files that were not approved, in the same form
)

// Independence is what the events of a request show of how independent the two
// reviews behind its release were. It is made of the events and of what left,
// and of nothing else, so that whoever holds the events can make it again.
type Independence struct {
	Verdict  Verdict // the weakest of Claims
	Claims   []Claim
	Checkers []BlindReview
	// Begun, Opened and Decided are the numbers of the submission of the turn
	// that was decided, of the change after which each checker could see the
	// other's votes, and of the decision; 0 when there is no such event.
	Begun, Opened, Decided int64
	Notes                  []string // what a reader should know besides
}

// Claim is one statement, with the events that bear on it.
type Claim struct {
	Text    string
	Verdict Verdict
	Why     string // when it is not shown
	Events  []int64
}

// BlindReview is the trace of one checker's review in the turn that was decided.
type BlindReview struct {
	Checker   Username
	Routed    *Event // the newest that gave them the seat, or a file
	Submitted *Event
	Views     []Event // of files, before the review was handed in
	Votes     []Event // in this turn, before and after
}

// ProveIndependence says what the events of the release's request show.
func ProveIndependence(events []Event, rel *Release) *Independence {
	p := &proof{rel: rel, out: &Independence{Verdict: Shown}}
	for _, e := range events {
		if e.Request == rel.Request {
			p.events = append(p.events, e)
		}
	}
	slices.SortStableFunc(p.events, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	p.frame()
	p.order()
	for _, c := range p.checkers() {
		p.review(c)
	}
	p.bytes()
	for _, c := range p.out.Claims {
		if weight(c.Verdict) > weight(p.out.Verdict) {
			p.out.Verdict = c.Verdict
		}
	}
	return p.out
}

func weight(v Verdict) int { return slices.Index([]Verdict{Shown, Unprovable, Refuted}, v) }

// proof is one being made.
type proof struct {
	rel    *Release
	events []Event
	out    *Independence
}

// claim adds a statement: contradicted by what bad names, else shown by what
// good names, else not to be shown for the reason given.
func (p *proof) claim(text string, good, bad []int64, why string) {
	c := Claim{Text: text, Verdict: Shown, Events: good}
	switch {
	case len(bad) > 0:
		c.Verdict, c.Events, c.Why = Refuted, bad, "An event says otherwise."
	case len(good) == 0:
		c.Verdict, c.Why = Unprovable, why
	}
	p.out.Claims = append(p.out.Claims, c)
}

// last is the newest event before a number that fits, or nil.
func (p *proof) last(before int64, fits func(*Event) bool) *Event {
	for i := len(p.events) - 1; i >= 0; i-- {
		if e := &p.events[i]; (before == 0 || e.Seq < before) && fits(e) {
			return e
		}
	}
	return nil
}

// seqs are the numbers of the events after one number and before another that
// fit; 0 is no bound.
func (p *proof) seqs(after, before int64, fits func(*Event) bool) []int64 {
	var out []int64
	for i := range p.events {
		if e := &p.events[i]; e.Seq > after && (before == 0 || e.Seq < before) && fits(e) {
			out = append(out, e.Seq)
		}
	}
	return out
}

func ofType(types ...EventType) func(*Event) bool {
	return func(e *Event) bool { return slices.Contains(types, e.Type) }
}

// frame finds the events between which the turn that was decided lies.
func (p *proof) frame() {
	o := p.out
	decided := p.last(0, func(e *Event) bool {
		return e.Type == EvApproved && e.To == Approved && e.From == Reviewed && e.File == "" && e.Detail["release"] == p.rel.ID
	})
	if decided != nil {
		o.Decided = decided.Seq
	}
	if e := p.last(o.Decided, ofType(EvReviewed)); e != nil && e.From == PartiallyReviewed && e.To == Reviewed {
		o.Opened = e.Seq
	}
	if e := p.last(cmp.Or(o.Opened, o.Decided), ofType(EvSubmitted, EvResubmitted)); e != nil {
		o.Begun = e.Seq
	}
	if old := p.seqs(0, o.Begun, ofType(EvReviewed)); o.Begun > 0 && len(old) > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("In an earlier turn both reviews were open (event %d), so each checker knew the other's opinion of what was submitted then.", old[0]))
	}
	if again := p.seqs(o.Begun, o.Opened, ofType(EvReopened)); o.Opened > 0 && len(again) > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("A checker left after both reviews were in, and the request was open for another review (event %d).", again[0]))
	}
}

// order shows the request's own course.
func (p *proof) order() {
	o := p.out
	only := func(seq int64) []int64 {
		if seq == 0 {
			return nil
		}
		return []int64{seq}
	}
	p.claim("The request was submitted, which began the turn that was decided", only(o.Begun), nil, "There is no event of the submission.")
	p.claim("Votes became visible to both checkers at one moment", only(o.Opened), nil, "There is no event that both reviews were in.")
	p.claim("The release was decided after that", only(o.Decided), nil, "There is no event of the decision.")
}

// checkers are those whose approvals the release rests on, in its order.
func (p *proof) checkers() []Username {
	var out []Username
	for _, f := range p.rel.Files {
		for _, a := range f.Approvals {
			if !slices.Contains(out, a.Checker) {
				out = append(out, a.Checker)
			}
		}
	}
	return out
}

// review shows that one checker's review was made without the other's.
func (p *proof) review(c Username) {
	o := p.out
	by := func(types ...EventType) func(*Event) bool {
		return func(e *Event) bool { return e.Actor == c && slices.Contains(types, e.Type) }
	}
	b := BlindReview{Checker: c}
	b.Submitted = p.last(cmp.Or(o.Opened, o.Decided), func(e *Event) bool { return by(EvReviewSubmitted)(e) && e.Seq > o.Begun })
	until := cmp.Or(o.Opened, o.Decided)
	if b.Submitted != nil {
		until = b.Submitted.Seq
	}
	b.Routed = p.last(until, func(e *Event) bool {
		return e.Detail["checker"] == string(c) && ofType(EvRouted, EvClaimed, EvFileRouted)(e)
	})
	for i := range p.events {
		e := p.events[i]
		switch {
		case by(EvFileViewed, EvFileDownloaded)(&e) && e.Seq < until:
			b.Views = append(b.Views, e)
		case by(EvVoted)(&e) && e.Seq > o.Begun && (o.Decided == 0 || e.Seq < o.Decided):
			b.Votes = append(b.Votes, e)
		}
	}
	o.Checkers = append(o.Checkers, b)
	p.seat(c, b.Routed)
	p.blind(c, &b)
	p.outside(c)
}

func (p *proof) seat(c Username, routed *Event) {
	var good, bad []int64
	if routed != nil {
		good = []int64{routed.Seq}
		bad = p.seqs(routed.Seq, p.out.Decided, func(e *Event) bool {
			return e.Detail["checker"] == string(c) && ofType(EvSeatVacated, EvHandedOver, EvReassigned)(e)
		})
	}
	p.claim(fmt.Sprintf("The review was routed to %s, and stayed with them", c), good, bad, "There is no event that gave them the seat.")
}

// blind shows that the checker handed the review in before the other's could be
// seen, and that nothing the checker did before shows that it was seen.
func (p *proof) blind(c Username, b *BlindReview) {
	o := p.out
	var good, bad []int64
	if b.Submitted != nil && o.Opened > 0 && o.Begun > 0 && b.Submitted.Seq < o.Opened {
		good = []int64{b.Submitted.Seq, o.Opened}
	}
	// A submission that stands after the opening belongs to a history that was
	// put together.
	bad = p.seqs(max(o.Opened, o.Begun), o.Decided, func(e *Event) bool {
		return o.Opened > 0 && e.Actor == c && e.Type == EvReviewSubmitted
	})
	p.claim(fmt.Sprintf("%s handed the review in before the other's votes could be seen", c), good, bad, "There is no event that the review was handed in before both were open.")
	if b.Submitted == nil || b.Routed == nil || o.Begun == 0 {
		p.claim(fmt.Sprintf("Nothing %s did before shows the other's votes to them", c), nil, nil, "It is not on record when this review began and ended.")
		return
	}
	from := max(o.Begun, b.Routed.Seq)
	open := p.seqs(from, b.Submitted.Seq, func(e *Event) bool {
		return e.Actor == c && e.From != "" && !slices.Contains([]Status{Submitted, PartiallyReviewed}, e.From) ||
			e.Actor == c && e.Type == EvVoted && e.Detail["phase"] != string(Independent) ||
			e.Actor == c && e.Type == EvExported && strings.HasPrefix(e.Detail["export"], "record")
	})
	after := p.seqs(b.Submitted.Seq, o.Opened, func(e *Event) bool { return e.Actor == c && e.Type == EvVoted })
	if len(b.Votes) == 0 && !p.stands(c) {
		p.claim(fmt.Sprintf("Nothing %s did before shows the other's votes to them", c), nil, open, "No vote of theirs is on record.")
		return
	}
	p.claim(fmt.Sprintf("Nothing %s did before shows the other's votes to them, and no vote changed between handing in and the opening", c),
		[]int64{from, b.Submitted.Seq}, append(open, after...), "")
}

// stands reports whether an approval of an earlier turn is on record.
func (p *proof) stands(c Username) bool {
	return p.last(p.out.Begun, func(e *Event) bool { return e.Actor == c && e.Type == EvVoted }) != nil
}

// outside shows that the checker is neither the author nor a member.
func (p *proof) outside(c Username) {
	created := p.last(0, ofType(EvRequestCreated))
	var good, bad []int64
	if created != nil {
		good = []int64{created.Seq}
		if created.Actor == c {
			bad = good
		}
	}
	bad = append(bad, p.seqs(0, 0, func(e *Event) bool { return e.Actor == c && ofType(EvSubmitted, EvResubmitted)(e) })...)
	p.claim(fmt.Sprintf("%s is not the author", c), good, bad, "There is no event that the request was begun.")
	var at []int64
	if e := p.last(0, func(e *Event) bool { return e.Seq == p.out.Decided && p.out.Decided > 0 }); e != nil && slices.Contains(strings.Fields(e.Detail[detailOutside]), string(c)) {
		at = []int64{e.Seq}
	}
	p.claim(fmt.Sprintf("%s did not belong to the project when it was decided", c), at, nil, "The decision does not say who was found to be outside the project.")
}

// bytes shows for each file that left that both checkers approved these bytes.
func (p *proof) bytes() {
	for _, f := range p.rel.Files {
		var good []int64
		missing := len(f.Approvals) < 2
		var against []int64
		for _, a := range f.Approvals {
			v := p.last(p.out.Decided, func(e *Event) bool { return e.Type == EvVoted && e.Actor == a.Checker && e.Path == f.Path })
			switch {
			case v == nil:
				missing = true
			case v.Detail["decision"] != string(Approve) || v.Digest != f.SHA256:
				against = append(against, v.Seq)
			default:
				good = append(good, v.Seq)
				against = append(against, p.seqs(v.Seq, p.out.Decided, func(e *Event) bool {
					return e.Type == EvVoteVoided && e.Path == f.Path && e.Detail["checker"] == string(a.Checker)
				})...)
			}
		}
		if missing {
			good = nil
		}
		p.claim(fmt.Sprintf("Both checkers approved the bytes of %s that left", f.Path), good, against, "An approval of these bytes is not on record.")
	}
	if len(p.rel.Files) == 0 {
		p.claim("Both checkers approved the bytes that left", nil, nil, "The release names no file.")
	}
}
