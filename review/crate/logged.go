package crate

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"sallyport/review"
	"sallyport/review/ledger"
)

// Fingerprint is a public key as people compare it: the SHA-256 of its line of
// text, in groups of four digits.
func Fingerprint(key string) string { return ledger.Fingerprint(sha256.Sum256([]byte(key))) }

// eventTime is how the log writes a time.
const eventTime = "2006-01-02T15:04:05.000000Z"

// logged holds the record to the log: the checkpoint to the key, each event to
// the checkpoint, and what the record says to the events.
func (v *verifier) logged() {
	if v.keys == nil {
		return // there is no key to check with, which was said
	}
	signed, err := v.src.text(payload + checkpointFile)
	if err != nil {
		v.problem("The package holds no checkpoint of the log.")
		return
	}
	c, err := v.keys.Checkpoint(signed)
	if err != nil {
		v.problem("The checkpoint of the log cannot be relied on: %v.", err)
		return
	}
	if l := v.rec.Log; l == nil || l.Size != c.Size || l.Root != hex.EncodeToString(c.Root[:]) || !l.At.Equal(c.At) {
		v.problem("The record names another checkpoint of the log than the package holds.")
	}
	events := v.events(c)
	if events == nil {
		return
	}
	v.out.Events = len(events)
	v.approval(events)
	v.votes(events)
	v.reviews(events)
	v.walked(events)
}

// events proves and returns the events of the package, in order.
func (v *verifier) events(c review.Checkpoint) []loggedEvent {
	var p proofs
	if err := v.readStrict(proofsFile, &p); err != nil {
		v.problem("%s cannot be relied on: %v.", proofsFile, err)
		return nil
	}
	if p.Schema != proofsSchema || p.Size != c.Size {
		v.problem("%s is not about the checkpoint in the package.", proofsFile)
		return nil
	}
	var out []loggedEvent
	for _, x := range p.Events {
		ev, err := x.proven(c)
		if err != nil {
			v.problem("The log does not bear the package out: %v.", err)
			return nil
		}
		if ev.Request != v.rec.Release.Request {
			v.problem("Event %d is about another request.", ev.Seq)
		}
		if n := len(out); n > 0 && ev.Seq <= out[n-1].Seq {
			v.problem("Event %d is out of order.", ev.Seq)
		}
		out = append(out, ev)
	}
	return out
}

func (e loggedEvent) time() time.Time {
	t, err := time.Parse(eventTime, e.At)
	if err != nil {
		return time.Time{}
	}
	return t
}

// last returns the newest event that fits, or nil.
func last(events []loggedEvent, fits func(loggedEvent) bool) *loggedEvent {
	for i := len(events) - 1; i >= 0; i-- {
		if fits(events[i]) {
			return &events[i]
		}
	}
	return nil
}

// near reports whether an event and what the record says of it are of the same
// moment: they are written one after the other.
func near(a, b time.Time) bool { return a.Sub(b).Abs() <= time.Minute }

// approval holds the release, and each of its files, to the events of the
// approval.
func (v *verifier) approval(events []loggedEvent) {
	rel := v.rec.Release
	approved := func(e loggedEvent) bool { return e.Type == review.EvApproved && e.Detail["release"] == rel.ID }
	whole := last(events, func(e loggedEvent) bool { return approved(e) && e.File == "" && e.To == review.Approved })
	submitted := last(events, func(e loggedEvent) bool {
		return e.Type == review.EvSubmitted || e.Type == review.EvResubmitted
	})
	switch {
	case whole == nil:
		v.problem("The log has no approval of this release.")
		return
	case whole.Actor != rel.ReleasedBy || !near(whole.time(), rel.Approved):
		v.problem("The log says that somebody else released this, or at another time.")
	case submitted == nil || submitted.Policy != v.rec.Policy.SHA256: // another may be in force when it is released
		v.problem("The log says that this was submitted under another policy.")
	case whole.Findings != rel.Findings:
		v.problem("The log says that this was released on other findings.")
	}
	for _, f := range v.rec.Files {
		one := last(events, func(e loggedEvent) bool { return approved(e) && e.Path == f.Path })
		if one == nil || one.Digest != f.SHA256 {
			v.problem("The log has no approval of exactly the bytes of %s.", f.Path)
		}
	}
	for _, e := range events {
		if approved(e) && e.File != "" && !slices.ContainsFunc(v.rec.Files, func(f FileFacts) bool { return f.Path == e.Path }) {
			v.problem("The log has an approval of %s, and the package does not hold it.", e.Path)
		}
	}
}

// votes holds every standing approval to the newest vote of that checker on that
// file: it must approve exactly the bytes that left.
func (v *verifier) votes(events []loggedEvent) {
	for _, f := range v.rec.Files {
		for _, d := range f.Decisions {
			if !d.Standing {
				continue
			}
			vote := last(events, func(e loggedEvent) bool {
				return e.Type == review.EvVoted && e.Path == f.Path && e.Actor == d.Checker
			})
			switch {
			case vote == nil:
				v.problem("The log has no vote of %s on %s.", d.Checker, f.Path)
			case vote.Digest != f.SHA256:
				v.problem("%s voted on other bytes of %s than those that left.", d.Checker, f.Path)
			case vote.Detail["decision"] != string(review.Approve):
				v.problem("The newest vote of %s on %s is not an approval.", d.Checker, f.Path)
			case !near(vote.time(), d.At) || vote.Turn != d.Turn:
				v.problem("The log dates the vote of %s on %s differently.", d.Checker, f.Path)
			}
		}
	}
}

// reviews holds the record to two reviews handed in, both open only afterwards,
// and the release decided after that.
func (v *verifier) reviews(events []loggedEvent) {
	opened := last(events, func(e loggedEvent) bool { return e.Type == review.EvReviewed })
	if opened == nil {
		v.problem("The log does not say that both reviews were in.")
		return
	}
	begun := last(events, func(e loggedEvent) bool {
		return (e.Type == review.EvSubmitted || e.Type == review.EvResubmitted) && e.Seq < opened.Seq
	})
	if begun == nil || begun.Actor != v.rec.Release.Author {
		v.problem("The log does not say that the author submitted the request.")
		return
	}
	for _, f := range v.rec.Files {
		for _, d := range f.Decisions {
			if d.Standing && last(events, func(e loggedEvent) bool {
				return e.Type == review.EvReviewSubmitted && e.Actor == d.Checker && e.Seq > begun.Seq && e.Seq < opened.Seq
			}) == nil {
				v.problem("The log does not say that %s handed a review in before both were open.", d.Checker)
				return
			}
		}
	}
}

// walked holds the history to the events of the same number.
func (v *verifier) walked(events []loggedEvent) {
	at := map[int64]loggedEvent{}
	for _, e := range events {
		at[e.Seq] = e
	}
	for _, s := range v.rec.History {
		e, there := at[s.Seq]
		if !there {
			continue // not one by which the release was decided
		}
		if e.Type != s.Event || e.Actor != s.By || e.From != s.From || e.To != s.To || e.Turn != s.Turn || !e.time().Equal(s.At.Truncate(time.Microsecond)) {
			v.problem("The log tells event %d differently from the record.", s.Seq)
		}
	}
}
